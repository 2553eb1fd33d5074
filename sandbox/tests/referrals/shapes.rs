//! How referrals and errors are written, with the oddities of the real service by switch.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::PATH;
use crate::harness::{Harness, Host, referral};

/// The same referral before and after behaviours are turned on.
async fn before_and_after(behaviours: &[&str]) -> (Value, Value) {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    harness.turn(behaviours).await;
    (made, harness.json(Host::Referrals, "GET", &path, Value::Null).await)
}

#[tokio::test]
async fn s06_links_have_an_unquoted_filter_and_a_misspelling_by_switch() {
    let (plain, odd) = before_and_after(&["misspelled_links"]).await;
    let link = "/links/relatedReferrals/uri";
    let filter = format!("?$filter=engagementId eq {}", plain["engagementId"].as_str().unwrap());
    let uri = plain.pointer(link).unwrap().as_str().unwrap();
    assert!(uri.ends_with(&filter) && uri.contains("/engagements/"), "{uri}");
    assert!(odd.pointer(link).unwrap().as_str().unwrap().contains("/engagments/"));
}

#[tokio::test]
async fn s18_errors_have_the_nested_shape_and_odd_spelling_by_switch() {
    let harness = Harness::start().await;
    let nobody = [("authorization", "Bearer x"), ("client-request-id", "11111111-1111-4111-8111-111111111111")];
    for (behaviours, code, inner) in
        [(&[][..], "unauthenticated", "innerError"), (&["odd_error_casing"], "unAuthorized", "innererror")]
    {
        harness.turn(behaviours).await;
        let answer = harness.send(Host::Referrals, "GET", PATH, &nobody, &Value::Null).await.unwrap();
        assert_eq!(answer.status(), 401);
        assert_eq!(answer.headers()["client-request-id"], nobody[1].1);
        for name in ["request-id", "timestamp", "x-ms-ags-diagnostic"] {
            assert!(answer.headers().contains_key(name), "{name}");
        }
        let body: Value = answer.json().await.unwrap();
        let error = &body["error"];
        assert_eq!((&error["code"], &error["target"]), (&json!(code), &json!("referral")));
        assert_eq!(error[inner]["code"], code);
        assert!(error[inner][inner].is_object());
    }
}

#[tokio::test]
async fn s19_too_much_gets_429_and_an_outage_503_with_when_to_come_again() {
    let harness = Harness::start().await;
    harness.json(Host::Admin, "POST", "/limits", json!({"service": "referrals", "requests": 2, "seconds": 60})).await;
    for expected in [200, 200, 429] {
        let answer = harness.send(Host::Referrals, "GET", PATH, &[], &Value::Null).await.unwrap();
        assert_eq!(answer.status(), expected);
        if expected == 429 {
            let seconds = answer.headers()["retry-after"].to_str().unwrap().to_owned();
            let body: Value = answer.json().await.unwrap();
            let message = format!("Rate limit is exceeded. Try again in {seconds} seconds.");
            assert_eq!(body, json!({"statusCode": 429, "message": message}));
        }
    }
    harness.json(Host::Admin, "POST", "/limits", json!({"service": "referrals", "requests": 0, "seconds": 0})).await;
    for (behaviour, status) in [("throttled", 429), ("unavailable", 503), ("cut_connections", 0), ("slow", 200)] {
        harness.json(Host::Admin, "POST", "/behaviours", json!({behaviour: true})).await;
        let mut seen = Vec::new();
        let mut slow = 0;
        for _ in 0..5 {
            let begun = Instant::now();
            let answer = harness.send(Host::Referrals, "GET", PATH, &[], &Value::Null).await;
            slow += usize::from(begun.elapsed() >= Duration::from_secs(2));
            let again = answer.as_ref().is_ok_and(|answer| answer.headers().contains_key("retry-after"));
            let status = answer.map_or(0, |answer| answer.status().as_u16());
            assert_eq!(again, matches!(status, 429 | 503), "{behaviour}: {status}");
            seen.push(status);
        }
        assert!(slow >= usize::from(behaviour == "slow"), "one of five takes two seconds longer");
        seen.sort_unstable();
        let mut expected = vec![200, 200, 200, 200, status];
        expected.sort_unstable();
        assert_eq!(seen, expected, "{behaviour}");
        harness.json(Host::Admin, "POST", "/behaviours", json!({behaviour: false})).await;
    }
}

#[tokio::test]
async fn s20_times_are_fine_and_nulls_come_in_three_ways() {
    let (plain, odd) = before_and_after(&["nulls_left_out", "ids_as_object", "offers_left_out"]).await;
    let created = plain["createdDateTime"].as_str().unwrap();
    assert!(created.len() > "2022-03-07T09:18:01.".len() && created.len() <= "2022-03-07T09:18:01.6076542Z".len());
    assert!(!created.trim_end_matches('Z').ends_with('0'), "{created}");
    let ids = "/customerProfile/ids";
    let offers = "/details/requirements/offers";
    assert_eq!((plain.pointer(ids), odd.pointer(ids)), (Some(&json!([])), Some(&json!({}))));
    assert_eq!((plain.pointer(offers), odd.pointer(offers)), (Some(&json!([])), None));
    assert_eq!((plain.get("statusReason"), odd.get("statusReason")), (Some(&Value::Null), None));
    let (_, empty) = before_and_after(&["nulls_as_empty_text"]).await;
    assert_eq!((&empty["statusReason"], &empty["closedDateTime"]), (&json!(""), &Value::Null));
}

#[tokio::test]
async fn s34_unknown_values_are_read_by_switch() {
    let (plain, odd) = before_and_after(&["unknown_enum_values"]).await;
    assert_eq!((&plain["substatus"], &odd["substatus"]), (&json!("Accepted"), &json!("Engaged")));
    assert_eq!((&plain["salesStage"], &odd["salesStage"]), (&Value::Null, &json!("Commit")));
}

#[tokio::test]
async fn s35_self_made_deals_say_incoming_by_switch() {
    let harness = Harness::start().await;
    for (behaviours, expected) in [(&[][..], "Outgoing"), (&["self_made_incoming"], "Incoming")] {
        harness.turn(behaviours).await;
        let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
        assert_eq!(made["direction"], expected);
    }
}
