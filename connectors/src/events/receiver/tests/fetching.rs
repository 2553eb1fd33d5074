//! What strangers can make the receiver fetch, and what they cannot.

use std::time::Instant;

use super::super::certificates::Known;
use super::*;

/// A request that names another certificate of the server.
fn naming(server: &TestServer, index: usize, signature: &str) -> Incoming {
    let mut request = request(server, signature, BODY);
    set(&mut request, "x-ms-certificate-url", Some(&address_of(server, index)));
    request
}

fn address_of(server: &TestServer, index: usize) -> String {
    format!("{}/cert/{index}.cer", server.url)
}

#[tokio::test]
async fn t11_a_kept_certificate_waits_for_no_fetch() {
    let authority = Authority::new("Microsoft Corporation");
    let sender = authority.sender(NAME);
    let server = serving(sender.der.clone()).await;
    let receiver = receiver(&server, &authority);
    let request = request(&server, &sender.sign(BODY), BODY);
    receiver.receive(&request).await.unwrap();
    let _fetching = receiver.certificates.fetching.lock().await;
    let received = tokio::time::timeout(Duration::from_secs(10), receiver.receive(&request)).await;
    assert!(received.unwrap().unwrap().is_some());
}

#[tokio::test]
async fn a_failure_is_remembered_for_a_while() {
    let authority = Authority::new("Microsoft Corporation");
    // What the server answers, and the status of the refusal.
    for (answer, status) in [(Answer::bytes(500, b""), 503), (Answer::bytes(200, b"garbage"), 401)] {
        let server = TestServer::ruled(move |_| Some(answer.clone())).await;
        let receiver = receiver(&server, &authority);
        for _ in 0..3 {
            let refusal = receiver.receive(&naming(&server, 0, "c2ln")).await.unwrap_err();
            assert_eq!(refusal.status, status);
        }
        assert_eq!(server.asked().len(), 1);
        let url = Url::parse(&address_of(&server, 0)).unwrap();
        let mut book = receiver.certificates.book.lock().unwrap();
        assert!(book.look(&url, None, Instant::now() + Duration::from_secs(11)).unwrap().is_none());
    }
}

#[tokio::test]
async fn unknown_addresses_are_fetched_a_few_times_a_minute() {
    let authority = Authority::new("Microsoft Corporation");
    let sender = authority.sender(NAME);
    let server = serving(sender.der.clone()).await;
    let receiver = receiver(&server, &authority);
    receiver.certificates.book.lock().unwrap().fetch_again_after = Duration::from_secs(3600);
    let right = naming(&server, 0, &sender.sign(BODY));
    receiver.receive(&right).await.unwrap();
    for index in 1..20 {
        let refusal = receiver.receive(&naming(&server, index, "c2ln")).await.unwrap_err();
        assert_eq!(refusal.status, if index < 8 { 401 } else { 503 }, "{index}");
    }
    assert_eq!(server.asked().len(), 8);
    assert!(receiver.receive(&right).await.unwrap().is_some(), "what is kept needs no fetch");
    let other = Url::parse(&address_of(&server, 99)).unwrap();
    let mut book = receiver.certificates.book.lock().unwrap();
    assert!(book.look(&other, None, Instant::now() + Duration::from_secs(61)).unwrap().is_none());
}

#[tokio::test]
async fn a_proven_certificate_stays() {
    let authority = Authority::new("Microsoft Corporation");
    let sender = authority.sender(NAME);
    let server = serving(sender.der.clone()).await;
    let receiver = receiver(&server, &authority);
    let right = naming(&server, 0, &sender.sign(BODY));
    receiver.receive(&right).await.unwrap();
    let url = |index: usize| Url::parse(&address_of(&server, index)).unwrap();
    let known = receiver.certificates.get(&url(0), None).await.unwrap();
    assert!(known.proven);
    let is_kept = |index: usize| {
        let mut book = receiver.certificates.book.lock().unwrap();
        matches!(book.look(&url(index), None, Instant::now()), Ok(Some(_)))
    };
    let keep = |index: usize, proven: bool| {
        let known = Known { fetched: Instant::now(), proven, ..known.clone() };
        receiver.certificates.book.lock().unwrap().keep(&url(index), known);
    };
    (1..20).for_each(|index| keep(index, false));
    assert!(is_kept(0) && !is_kept(1) && is_kept(19), "the oldest that proved nothing goes");
    (21..28).for_each(|index| keep(index, true));
    keep(29, false);
    assert!(is_kept(0) && !is_kept(29), "nothing proven goes for what proved nothing");
    keep(30, true);
    assert!(!is_kept(0) && is_kept(30), "among the proven the oldest goes");
}
