//! The registration and the poll against a server that answers as told.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use serde_json::{Value, json};

use super::*;
use crate::test_server::{Answer, TestServer};

fn connected(server: &TestServer) -> Connector {
    let settings =
        json!({ "url": server.url, "sign_in": { "tenant": "t", "client_id": "c", "login_url": server.url } });
    let settings: EventsSettings = serde_json::from_value(settings).unwrap();
    let client = Connection::of("events", Some(settings.client().unwrap()));
    connector(&client, Connection::of("events", None), &client)
}

async fn call(server: &TestServer, operation: &str, input: Value) -> Result<Value, CallError> {
    let key = CallKey::new("run", "step", "call");
    connected(server)
        .operation(operation)
        .unwrap()
        .call_any(&key, &input)
        .await
        .map(|answer| Value::clone(&answer.value))
}

#[tokio::test]
async fn t32_a_registration_is_not_overwritten_by_register() {
    let server = TestServer::start([
        Answer::json(404, json!({ "code": 2000, "description": "No registration." })),
        Answer::json(409, json!({ "code": 2001, "description": "There is one." })),
        Answer::json(200, json!({ "WebhookUrl": "https://y.example/in", "WebhookEvents": [] })),
        Answer::json(200, json!({ "SubscriberId": "s" })),
    ])
    .await;
    let none = call(&server, "view_registration", json!({})).await.unwrap();
    assert_eq!(none, json!({ "registered": false, "url": null, "events": [] }));
    let input = json!({ "url": "https://x.example/in", "events": ["referral-created"] });
    let error = call(&server, "register", input.clone()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (CallErrorKind::Conflict, Some("2001")));
    assert_eq!(call(&server, "update_registration", input).await.unwrap()["registered"], json!(true));
    let asked = server.asked();
    let methods: Vec<&str> = asked.iter().map(|asked| asked.method.as_str()).collect();
    assert_eq!(methods, ["GET", "POST", "GET", "PUT"]);
    assert!(asked[1].header("ms-requestid").is_some());
}

#[tokio::test]
async fn a_test_event_is_asked_for_and_looked_up() {
    let server = TestServer::start([
        Answer::json(200, json!({ "correlationId": "c-1" })),
        Answer::json(200, json!({ "status": "completed", "results": [] })),
        Answer::json(200, json!(["referral-created", "test-created"])),
    ])
    .await;
    let requested = call(&server, "request_validation", json!({})).await.unwrap();
    let report = call(&server, "validation_result", requested).await.unwrap();
    assert_eq!(report["status"], json!("completed"));
    let names = call(&server, "list_events", json!({})).await.unwrap();
    assert_eq!(names, json!({ "events": ["referral-created", "test-created"] }));
}

#[tokio::test]
async fn t33_polling_starts_now_and_gives_what_is_wanted() {
    let referral =
        |id: &str, at: &str| json!({ "id": id, "createdDateTime": "2026-01-01T00:00:00Z", "updatedDateTime": at });
    let list = |list: &[Value]| Answer::json(200, json!({ "value": list }));
    let (one, two) = (referral("1", "2026-01-01T10:00:00Z"), referral("2", "2026-01-01T10:01:00Z"));
    let server = TestServer::start([
        list(std::slice::from_ref(&one)),
        list(std::slice::from_ref(&one)),
        list(&[one.clone(), two.clone()]),
        list(&[one, two]),
    ])
    .await;
    let connector = connected(&server);
    let trigger = connector.trigger("referral").unwrap();
    let first = trigger.poll_any(&json!({}), None).await.unwrap();
    assert_eq!(first.events, []);
    let second = trigger.poll_any(&json!({}), Some(first.cursor.clone())).await.unwrap();
    let bodies: Vec<&Value> = second.events.iter().map(|event| &event.body).collect();
    let expected = json!({ "event": "referral-updated", "referral_id": "2", "changed": "2026-01-01T10:01:00Z" });
    assert_eq!(bodies, [&expected]);
    let other = trigger.poll_any(&json!({ "events": ["referral-created"] }), Some(first.cursor)).await.unwrap();
    assert_eq!(other.events, []);
    assert!(server.lines()[1].contains("updatedDateTime%20ge%202026-01-01T09:58:00Z"), "{:?}", server.lines());
}
