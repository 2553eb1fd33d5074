//! Every operation that writes, called as an engine calls it that lost an answer and does not know what was done.
//!
//! A case is data (`cases.rs`). For each request that writes within its call, the connection is cut: after the
//! service has done the work, or before it has seen the request; and once more after the work while lists show
//! nothing new yet. Then, with new connectors as after a restart, what the operation declares is done: the call is made
//! again, or looked up first. In the end the answer and what the services hold must be those of an undisturbed call.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod cases;
mod stage;

use std::collections::BTreeSet;
use std::time::Duration;

use cosell_connectors::{Connections, standard};
use cosell_engine::connector::{CallErrorKind, CallKey, Effect, Repeat};
use serde_json::{Value, json};

use cases::Case;
use stage::{Stage, masked};

/// Where a connection is cut: at the request with that number among those that a service is asked.
struct Cut {
    service: String,
    number: u64,
    /// The work is done first.
    after: bool,
    /// Lists show it only later.
    lagging: bool,
}

/// What a call gave, and what the services hold after it.
type Outcome = (Value, Vec<Value>);

#[tokio::test]
async fn rows_are_written_once() {
    check(cases::rows()).await;
}

#[tokio::test]
async fn texts_are_appended_once() {
    check(cases::audits()).await;
}

#[tokio::test]
async fn referrals_are_written_once() {
    check(cases::referrals()).await;
}

#[tokio::test]
async fn registrations_and_addresses_are_written_once() {
    check(cases::registrations()).await;
}

#[test]
fn every_write_has_a_case() {
    let covered: BTreeSet<&str> = cases::all().iter().map(|case| case.operation).collect();
    for connector in standard(&Connections::default()).unwrap().iter() {
        for operation in connector.operations().filter(|operation| operation.effect() == Effect::Writes) {
            let name = format!("{}.{}", connector.name(), operation.name());
            assert!(covered.contains(name.as_str()), "no case in `cases.rs` repeats `{name}`");
        }
        for operation in connector.operations().filter(|operation| operation.effect() == Effect::Reads) {
            assert_eq!(operation.repeat(), Repeat::Safe, "{}", operation.name());
        }
    }
}

#[test]
fn what_an_input_decides_is_declared() {
    let connectors = standard(&Connections::default()).unwrap();
    let verified = Repeat::Verify { settle: Duration::from_secs(30) };
    let cases = [
        ("http.post", json!({ "url": "x" }), Repeat::Unsafe),
        ("http.post", json!({ "url": "x", "headers": { "IDEMPOTENCY-KEY": "1" } }), Repeat::Safe),
        ("http.post", json!({ "url": "x", "headers": { "Idempotency-Key": " " } }), Repeat::Unsafe),
        ("http.request", json!({ "url": "x", "method": "patch" }), Repeat::Unsafe),
        ("http.request", json!({ "url": "x", "method": "delete" }), Repeat::Safe),
        ("http.request", json!({ "url": "x", "method": "PUT" }), Repeat::Safe),
        ("partner_center.create_referral", json!({ "referral": { "externalReferenceId": "1" } }), verified),
        ("partner_center.create_referral", json!({ "referral": { "externalReferenceId": "" } }), Repeat::Unsafe),
        ("partner_center.create_referral", json!({ "referral": {} }), Repeat::Unsafe),
    ];
    for (name, input, expected) in cases {
        assert_eq!(connectors.operation(name).unwrap().repeat_of(&input), expected, "{name} {input}");
    }
}

async fn check(cases: Vec<Case>) {
    for case in cases {
        let (expected, writes) = undisturbed(&case).await;
        assert!(!writes.is_empty(), "{}: nothing was written", case.title);
        for (service, number) in writes {
            for (after, lagging) in [(true, false), (false, false), (true, true)] {
                let what = format!("{}: request {number} of {service}, after {after}, lagging {lagging}", case.title);
                let outcome = disturbed(&case, Cut { service: service.clone(), number, after, lagging }, &what).await;
                assert_eq!(outcome, expected, "{what}");
            }
        }
    }
}

/// The outcome of a call with which nothing happens, and which of its requests write: the service and the request's
/// number there, from 1.
async fn undisturbed(case: &Case) -> (Outcome, Vec<(String, u64)>) {
    let stage = Stage::start().await;
    let begun = stage.prepare(case).await;
    stage.admin("DELETE", "/log", json!({})).await;
    let answer = stage.call(&key(), case.operation, &begun.input).await.unwrap();
    let mut writes = Vec::new();
    let mut numbers = std::collections::BTreeMap::<String, u64>::new();
    for entry in stage.admin("GET", "/log", json!(null)).await.as_array().unwrap() {
        let service = entry["service"].as_str().unwrap().to_owned();
        let number = numbers.entry(service.clone()).or_default();
        *number += 1;
        if service != "entra" && entry["method"] != "GET" {
            writes.push((service, *number));
        }
    }
    let held = stage.observe(case).await;
    ((masked(&answer), held), writes)
}

async fn disturbed(case: &Case, cut: Cut, what: &str) -> Outcome {
    let mut stage = Stage::start().await;
    let begun = stage.prepare(case).await;
    stage.lag(if cut.lagging { 3600 } else { 0 }).await;
    // Requests before the one that is meant pass.
    let passing = json!({ "service": cut.service, "times": cut.number - 1 });
    stage.admin("POST", "/faults", passing).await;
    let fault = json!({ "service": cut.service, "drop": true, "after": cut.after });
    stage.admin("POST", "/faults", fault).await;
    let error = stage.call(&key(), case.operation, &begun.input).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unanswered, "{what}: {error}");
    stage.admin("DELETE", "/faults", json!(null)).await;
    stage.restart();
    let answer = again(&stage, case, &begun.input, what).await;
    stage.lag(0).await;
    (masked(&answer), stage.observe(case).await)
}

/// What the engine does where nobody knows whether a call was made.
async fn again(stage: &Stage, case: &Case, input: &Value, what: &str) -> Value {
    let operation = stage.operation(case.operation);
    match operation.repeat_of(input) {
        Repeat::Safe => {}
        Repeat::Verify { .. } => {
            // The time to settle has passed.
            stage.lag(0).await;
            if let Some(answer) = operation.look_up_any(&key(), input).await.unwrap() {
                return Value::clone(&answer.value);
            }
        }
        Repeat::Unsafe => assert_eq!(what, "a call that may be repeated"),
    }
    let answer = stage.call(&key(), case.operation, input).await;
    answer.map_err(|error| format!("{what}: {error}")).unwrap()
}

fn key() -> CallKey {
    CallKey::new("run", "step", "call")
}
