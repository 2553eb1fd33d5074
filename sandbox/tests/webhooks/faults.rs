//! Events that come twice, late, in another order, or never.

use std::time::Instant;

use serde_json::{Value, json};

use super::{PATH, REFERRALS, next, receiver, registration};
use crate::harness::{Harness, Host, referral};

/// The names of the deals that events told of, after three deals were made and all came to rest.
async fn told(behaviours: &[&str]) -> (Vec<String>, Value) {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(axum::http::StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    harness.turn(behaviours).await;
    let mut ids = Vec::new();
    for _ in 0..3 {
        let made = harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
        ids.push(made["id"].as_str().unwrap().to_owned());
        // Without the pause they might overtake each other by themselves.
        if !behaviours.contains(&"reordered_events") {
            harness.settled().await;
        }
    }
    let report = harness.settled().await;
    let mut order = Vec::new();
    while let Ok((_, body)) = posts.try_recv() {
        let event: Value = serde_json::from_slice(&body).unwrap();
        let camel_case = behaviours.contains(&"camel_case_events");
        assert_eq!((event.get("eventName").is_some(), event.get("EventName").is_some()), (camel_case, !camel_case));
        let uri = event["ResourceUri"].as_str().or_else(|| event["resourceUri"].as_str()).unwrap().to_owned();
        order.push(ids.iter().position(|id| uri.ends_with(id)).unwrap().to_string());
    }
    (order, report)
}

#[tokio::test]
async fn s28_events_are_doubled_reordered_lost_and_withheld() {
    let cases: [(&[&str], &[&str], u64); 5] = [
        (&[], &["0", "1", "2"], 0),
        (&["duplicate_events"], &["0", "0", "1", "1", "2", "2"], 0),
        (&["lost_events"], &["1"], 2),
        (&["tenant_without_events"], &[], 0),
        (&["camel_case_events"], &["0", "1", "2"], 0),
    ];
    for (behaviours, expected, lost) in cases {
        let (order, report) = told(behaviours).await;
        assert_eq!(order, expected, "{behaviours:?}");
        assert_eq!(report["lost"], json!(lost), "{behaviours:?}");
    }
    let (order, _) = told(&["reordered_events"]).await;
    assert_eq!(order.first().map(String::as_str), Some("1"), "the second overtook the first: {order:?}");
    assert_eq!(order.len(), 3);
}

#[tokio::test]
async fn s30_the_audit_s_address_has_two_names() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(axum::http::StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    for (behaviours, name) in
        [(&[][..], "AuditUri"), (&["audit_url"], "AuditUrl"), (&["audit_url", "camel_case_events"], "auditUrl")]
    {
        harness.turn(behaviours).await;
        harness.json(Host::Admin, "POST", "/deals", json!({})).await;
        let (_, body) = next(&mut posts).await;
        let event: Value = serde_json::from_slice(&body).unwrap();
        let names: Vec<&String> =
            event.as_object().unwrap().keys().filter(|name| name.starts_with(['A', 'a'])).collect();
        assert_eq!(names, [name]);
    }
}

#[tokio::test]
async fn s28_events_come_late() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(axum::http::StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    for (delay_ms, late) in [(300, false), (0, true), (300, true)] {
        harness.json(Host::Admin, "POST", "/deliveries", json!({ "delay_ms": delay_ms })).await;
        harness.json(Host::Admin, "POST", "/behaviours", json!({ "late_events": late })).await;
        let begun = Instant::now();
        harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
        next(&mut posts).await;
        let expected = delay_ms + if late { 2_000 } else { 0 };
        assert!(begun.elapsed().as_millis() >= expected, "{delay_ms} {late}: {:?}", begun.elapsed());
    }
}
