//! What is remembered of a certificate, and for how long.

use std::sync::Arc;

use super::*;
use crate::events::certificate::Chain;

fn begin_of(year: i32) -> UnixTime {
    let seconds = rcgen::date_time_ymd(year, 1, 1).unix_timestamp();
    UnixTime::since_unix_epoch(Duration::from_secs(seconds.try_into().unwrap()))
}

/// What becomes of an event that comes at the begin of a year: nothing, or why it is refused.
async fn at(receiver: &Receiver, request: &Incoming, year: i32) -> Option<String> {
    let signed = receiver.signed(request).unwrap();
    let refusal = receiver.verify(&signed, &request.body, begin_of(year)).await.err()?;
    assert_eq!(refusal.status, 401);
    Some(refusal.message)
}

async fn known(receiver: &Receiver, request: &Incoming) -> Known {
    let signed = receiver.signed(request).unwrap();
    receiver.certificates.get(&signed.certificate, None).await.unwrap()
}

#[tokio::test]
async fn a_certificate_is_good_for_as_long_as_its_whole_chain() {
    let root = Authority::new("Another Corporation");
    let between = root.below_until("Microsoft Corporation", 2060);
    // Until when the certificate itself is valid, until when it is good, and when events come, with whether they are
    // taken: years.
    type Events = &'static [(i32, bool)];
    let cases: [(i32, i32, Events); 2] = [
        (2100, 2060, &[(2030, true), (2061, false), (2031, true), (2000, false), (2101, false), (2060, true)]),
        (2050, 2050, &[(2061, false), (2050, true), (2051, false), (2049, true)]),
    ];
    for (own, good_until, events) in cases {
        let sender = between.sender_until(NAME, own);
        let server = serving(sender.der.clone()).await;
        let receiver = receiver(&server, &between);
        let request = request(&server, &sender.sign(BODY), BODY);
        for (year, is_taken) in events {
            let refused = at(&receiver, &request, *year).await;
            assert_eq!(refused.is_none(), *is_taken, "{own}: {year}: {refused:?}");
        }
        assert_eq!(known(&receiver, &request).await.good, Some(begin_of(2001)..=begin_of(good_until)));
    }
}

#[tokio::test]
async fn what_is_remembered_is_of_one_certificate_only() {
    let authority = Authority::new("Microsoft Corporation");
    let right = authority.sender(NAME);
    let wrong = [
        Authority::new("Microsoft Corporation").sender(NAME),
        authority.sender("site.example"),
        authority.sender_until(NAME, 2002),
    ];
    for wrong in wrong {
        let (mut first, then) = (Some(right.der.clone()), wrong.der.clone());
        let server = TestServer::ruled(move |_| Some(Answer::bytes(200, first.take().as_ref().unwrap_or(&then)))).await;
        let receiver = receiver(&server, &authority);
        let of_right = request(&server, &right.sign(BODY), BODY);
        assert_eq!(at(&receiver, &of_right, 2030).await, None);
        let of_wrong = request(&server, &wrong.sign(BODY), BODY);
        for _ in 0..2 {
            assert!(at(&receiver, &of_wrong, 2030).await.is_some(), "another certificate under the same address");
        }
        let known = known(&receiver, &of_wrong).await;
        assert_eq!((known.proven, known.good), (true, None), "a bad one is not remembered as good");
    }
}

#[tokio::test]
async fn only_the_certificate_that_is_kept_is_proven() {
    let authority = Authority::new("Microsoft Corporation");
    let (old, new) = (authority.sender(NAME), authority.sender(NAME));
    let server = serving(new.der.clone()).await;
    let receiver = receiver(&server, &authority);
    let request = request(&server, &new.sign(BODY), BODY);
    let kept = known(&receiver, &request).await;
    // An event that was checked with the certificate before this one comes to its end only now.
    let late = Known {
        chain: Arc::new(Chain::read(&old.der).unwrap()),
        fetched: kept.fetched.checked_sub(Duration::from_secs(1)).unwrap(),
        proven: false,
        good: Some(begin_of(2001)..=begin_of(2100)),
    };
    receiver.certificates.prove(&receiver.signed(&request).unwrap().certificate, late);
    let known = known(&receiver, &request).await;
    assert_eq!((known.chain, known.good), (kept.chain, None));
}
