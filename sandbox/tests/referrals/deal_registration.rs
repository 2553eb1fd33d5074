//! Registration of deals that were won.

use serde_json::{Value, json};

use super::PATH;
use crate::harness::{Harness, Host, referral};

const SELLER: [(&str, &str); 1] = [("authorization", "Bearer sandbox-seller")];

/// A deal won so many hours after it was made.
async fn won(harness: &Harness, hours: i64) -> String {
    let mut body = referral();
    body["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
    let made = harness.send(Host::Referrals, "POST", PATH, &SELLER, &body).await.unwrap();
    let made: Value = made.json().await.unwrap();
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": hours * 3600})).await;
    let win = json!([
        {"op": "replace", "path": "/status", "value": "Closed"},
        {"op": "replace", "path": "/substatus", "value": "Won"},
    ]);
    assert_eq!(harness.send(Host::Referrals, "PATCH", &path, &SELLER, &win).await.unwrap().status(), 204);
    path
}

async fn patch(harness: &Harness, path: &str, op: &str, at: &str, value: Value) -> (u16, String) {
    let body = json!([{"op": op, "path": at, "value": value}]);
    // The published definition gives the operations of one referral addresses with slashes at their end.
    let path = &format!("{path}{}", if op == "add" { "/" } else { "//" });
    let answer = harness.send(Host::Referrals, "PATCH", path, &SELLER, &body).await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

#[tokio::test]
async fn s36_a_won_deal_is_registered_by_its_rules() {
    let harness = Harness::start().await;
    let path = won(&harness, 73).await;
    let now: Value = harness.json(Host::Admin, "GET", "/clock", Value::Null).await;
    let now = now["now"].as_str().unwrap();
    let good = json!({
        "type": "AzureIPCoSell",
        "contract": {"value": "25000", "currency": "USD", "startDateTime": now, "signDateTime": now, "term": "Finite"},
        "solutionDetails": [{"id": "SOL-1234-ABC", "value": 25000, "currency": "USD"}],
    });
    let with = |at: &str, value: Value| {
        let mut body = good.clone();
        *body.pointer_mut(at).unwrap() = value;
        body
    };
    let add = "/registrations/-";
    let cases = [
        ("another type", with("/type", json!("Other")), "AzureIPCoSell"),
        ("too little", with("/contract/value", json!(24_999)), "25000"),
        ("too little a year", with("/contract/term", json!("Perpetual")), "25000"),
        ("no term", with("/contract/term", json!("Long")), "Perpetual or Finite"),
        ("signed tomorrow", with("/contract/signDateTime", json!("2049-01-01T00:00:00Z")), "future"),
        ("signed long ago", with("/contract/signDateTime", json!("2020-01-01T00:00:00Z")), "60 days"),
        ("another solution", with("/solutionDetails/0/id", json!("SOL-9")), "one of the deal's"),
    ];
    for (title, value, part) in cases {
        let (status, text) = patch(&harness, &path, "add", add, value).await;
        assert!(status == 400 && text.contains(part), "{title}: {status} {text}");
    }
    assert_eq!(patch(&harness, &path, "add", add, good.clone()).await.0, 204);
    assert!(patch(&harness, &path, "add", add, good.clone()).await.1.contains("registered already"));
    let value = "/registrations/0/contract/value";
    assert_eq!(patch(&harness, &path, "replace", value, json!("30000")).await.0, 204);
    assert_eq!(patch(&harness, &path, "replace", value, json!("1")).await.0, 400);
    assert_eq!(patch(&harness, &path, "replace", "/registrations/0/status", json!("Approved")).await.0, 400);
    assert_eq!(patch(&harness, &path, "replace", "/details/notes", json!("late")).await.0, 400);
    let judged = format!("/deals/{}/registration", path.rsplit('/').next().unwrap());
    let body = harness.json(Host::Admin, "POST", &judged, json!({"status": "Approved"})).await;
    let registration = &body["registrations"][0];
    assert_eq!((&registration["status"], &body["registrationStatus"]), (&json!("Approved"), &json!("Approved")));
    assert_eq!(registration["contract"]["value"], json!(30000));
    for (entered, is) in [("reviewPendingDateTime", true), ("approvedDateTime", true), ("failedDateTime", false)] {
        assert_eq!(registration["statusHistory"][entered].is_string(), is, "{entered}");
    }
    let hasty = won(&harness, 71).await;
    let (status, text) = patch(&harness, &hasty, "add", add, good).await;
    assert!(status == 400 && text.contains("72 hours"), "{text}");
}
