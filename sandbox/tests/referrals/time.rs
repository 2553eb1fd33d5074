//! What becomes of deals by themselves: they expire, and Microsoft answers.

use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{PATH, share};
use crate::harness::{Harness, Host, referral};
use crate::webhooks::{next, receiver};

const DAY: i64 = 24 * 3600;

async fn advance(harness: &Harness, seconds: i64) {
    harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": seconds})).await;
    // The tokens have ended with the time that passed.
    harness.json(Host::Admin, "GET", "/clock", Value::Null).await;
}

async fn read(harness: &Harness, deal: &Value) -> Value {
    let path = format!("{PATH}/{}", deal["id"].as_str().unwrap());
    let seller = [("authorization", "Bearer sandbox-seller")];
    harness.send(Host::Referrals, "GET", &path, &seller, &Value::Null).await.unwrap().json().await.unwrap()
}

#[tokio::test]
async fn s17_unanswered_deals_expire_after_fourteen_days() {
    let harness = Harness::start().await;
    harness.json(Host::Admin, "POST", "/clock", json!({"set": "2026-10-30T21:03:00Z"})).await;
    let lead = json!({"status": "New", "category": "qualified_lead"});
    let lead = harness.json(Host::Admin, "POST", "/deals", lead).await;
    let taken = harness.json(Host::Admin, "POST", "/deals", json!({})).await;
    let (own, copy) = share(&harness).await;
    assert_eq!(lead["expirationDateTime"], "2026-11-13T00:00:00Z");
    harness.json(Host::Admin, "POST", "/clock", json!({"set": "2026-11-12T23:59:00Z"})).await;
    assert_eq!(read(&harness, &lead).await["status"], "New");
    advance(&harness, 61).await;
    for deal in [&lead, &copy] {
        let expired = read(&harness, deal).await;
        assert_eq!((&expired["status"], &expired["substatus"]), (&json!("Closed"), &json!("Expired")));
        assert!(expired["closedDateTime"].is_string());
        assert_ne!(expired["eTag"], deal["eTag"]);
    }
    assert_eq!(read(&harness, &lead).await["customerProfile"]["team"], json!([]), "an expired lead hides its contact");
    for deal in [&taken, &own] {
        assert_eq!(read(&harness, deal).await["status"], "Active");
    }
}

#[tokio::test]
async fn s21_microsoft_accepts_later_than_it_is_asked_and_an_event_tells_it() {
    for by_switch in [false, true] {
        let harness = Harness::start().await;
        let (url, mut posts) = receiver(StatusCode::OK).await;
        let registration = json!({"WebhookUrl": url, "WebhookEvents": ["related-referral-updated"]});
        harness.json(Host::PartnerCenter, "POST", "/webhooks/v1/registration", registration).await;
        if by_switch {
            harness.turn(&["microsoft_accepts"]).await;
        }
        let (own, copy) = share(&harness).await;
        assert_eq!((&copy["status"], &copy["substatus"]), (&json!("New"), &json!("Pending")), "not at once");
        for deal in [&own, &copy] {
            assert_eq!(deal["trackingInfo"]["microsoftMsxId"], Value::Null);
        }
        if by_switch {
            advance(&harness, 3).await;
        } else {
            advance(&harness, DAY).await;
            assert_eq!(read(&harness, &copy).await["status"], "New", "nobody answers by themselves");
            assert!(posts.try_recv().is_err());
            let path = format!("/deals/{}", copy["id"].as_str().unwrap());
            harness.json(Host::Admin, "POST", &path, json!({"status": "Active"})).await;
        }
        let (_, body) = next(&mut posts).await;
        let event: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(event["EventName"], "related-referral-updated");
        assert!(event["ResourceUri"].as_str().unwrap().ends_with(copy["id"].as_str().unwrap()), "{event}");
        let accepted = read(&harness, &copy).await;
        assert_eq!((&accepted["status"], &accepted["substatus"]), (&json!("Active"), &json!("Accepted")));
        let number = &accepted["trackingInfo"]["microsoftMsxId"];
        assert!(number.is_string());
        let ours = read(&harness, &own).await;
        assert_eq!(&ours["trackingInfo"]["microsoftMsxId"], number);
        assert_ne!(ours["eTag"], own["eTag"]);
    }
}

#[tokio::test]
async fn s22_microsoft_declines_or_lets_it_expire_and_ours_stays() {
    for how in ["declined", "declined by itself", "expired"] {
        let harness = Harness::start().await;
        let (own, copy) = share(&harness).await;
        match how {
            "declined" => {
                let path = format!("/deals/{}", copy["id"].as_str().unwrap());
                let change = json!({"status": "Closed", "substatus": "Declined", "statusReason": "No seller"});
                harness.json(Host::Admin, "POST", &path, change).await;
            }
            "expired" => advance(&harness, 15 * DAY).await,
            _ => {
                harness.turn(&["microsoft_declines"]).await;
                advance(&harness, 3).await;
            }
        }
        let theirs = read(&harness, &copy).await;
        assert_eq!(theirs["status"], "Closed", "{how}");
        assert_eq!(theirs["substatus"] == "Expired", how == "expired");
        let ours = read(&harness, &own).await;
        assert_eq!((&ours["status"], &ours["trackingInfo"]["microsoftMsxId"]), (&json!("Active"), &Value::Null));
    }
}

#[tokio::test]
async fn s28_a_read_by_id_can_come_too_early() {
    let harness = Harness::start().await;
    harness.json(Host::Admin, "POST", "/lag", json!({"service": "referrals", "seconds": 3600})).await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let status = async || harness.send(Host::Referrals, "GET", &path, &[], &Value::Null).await.unwrap().status();
    assert_eq!(status().await, 200);
    harness.turn(&["reads_lag"]).await;
    assert_eq!(status().await, 404);
    harness.json(Host::Admin, "POST", "/behaviours", json!({"reads_lag": false})).await;
    assert_eq!(status().await, 200);
}
