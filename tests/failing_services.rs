//! A service that answers wrongly, or not at all: a clear message and nothing written, or the run waits until the
//! service is well again.

use cosell::rehearsal::Rehearsal;
use cosell_engine::store::RunSummary;
use cosell_engine::traffic::Outage;
use serde_json::{Value, json};

use crate::harness::{deal, errors, fault, rehearsal, rows, runs};

/// What comes of a service that does wrong.
#[derive(Clone, Copy)]
enum Then {
    /// The run fails, and says this.
    Fails(&'static str),
    /// The run waits until the service is well again.
    Waits(Outage),
}

/// What a service does wrong with every request, and what comes of it.
fn faults() -> Vec<(&'static str, Value, Then)> {
    let answer = |status: u16, code: &str| json!({ "status": status, "body": { "error": { "code": code, "message": "said the service" } } });
    vec![
        ("401", answer(401, "unauthenticated"), Then::Waits(Outage::Refused)),
        ("403", answer(403, "accessDenied"), Then::Fails("accessDenied")),
        ("404", answer(404, "itemNotFound"), Then::Fails("itemNotFound")),
        ("412", answer(412, "preconditionFailed"), Then::Fails("preconditionFailed")),
        (
            "429",
            json!({ "status": 429, "headers": { "Retry-After": "3" }, "body": { "statusCode": 429, "message": "Try again in 3 seconds." } }),
            Then::Fails("tried 5 times"),
        ),
        ("500", answer(500, "generalException"), Then::Waits(Outage::Down)),
        ("503", answer(503, "serviceNotAvailable"), Then::Waits(Outage::Down)),
        ("garbage", json!({ "status": 200, "body": "<html>not JSON</html>" }), Then::Fails("unexpected")),
        ("no answer", json!({ "drop": true }), Then::Waits(Outage::Down)),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_the_referral_fails() {
    for (name, what, expected) in faults() {
        check(
            "reading the referral",
            name,
            what,
            json!({ "service": "referrals", "method": "GET" }),
            expected,
            &["referral"],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reading_the_crm_fails() {
    for (name, what, expected) in faults() {
        check(
            "reading the CRM",
            name,
            what,
            json!({ "service": "dataverse", "method": "GET" }),
            expected,
            &["opportunity"],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writing_to_the_crm_fails() {
    for (name, what, expected) in faults() {
        check(
            "writing to the CRM",
            name,
            what,
            json!({ "service": "dataverse", "method": "POST" }),
            expected,
            &["create_opportunity"],
        )
        .await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_fails() {
    let refused =
        json!({ "status": 400, "body": { "error": "invalid_client", "error_description": "AADSTS7000215: no" } });
    for (name, what, expected) in [
        ("refused", refused, Then::Waits(Outage::Refused)),
        ("garbage", json!({ "status": 200, "body": "{}" }), Then::Fails("token")),
    ] {
        let rehearsal = rehearsal().await;
        rehearsal.people.admin(reqwest::Method::POST, "tokens", Some(&json!({ "revoke": true }))).await.unwrap();
        run_into(&rehearsal, "signing in", name, what, json!({ "service": "entra" }), expected, &[]).await;
        rehearsal.stop().await;
    }
}

async fn check(what: &str, name: &str, fault: Value, place: Value, expected: Then, named: &[&str]) {
    let rehearsal = rehearsal().await;
    run_into(&rehearsal, what, name, fault, place, expected, named).await;
    rehearsal.stop().await;
}

async fn run_into(
    rehearsal: &Rehearsal,
    what: &str,
    name: &str,
    mut wrong: Value,
    place: Value,
    expected: Then,
    named: &[&str],
) {
    for (key, value) in place.as_object().unwrap() {
        wrong[key] = value.clone();
    }
    wrong["times"] = json!(1_000_000);
    fault(rehearsal, wrong).await;
    rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    let expected = match expected {
        Then::Fails(expected) => expected,
        Then::Waits(outage) => return waits(rehearsal, &format!("{what}, {name}"), outage).await,
    };
    // The event is there at the latest when its run has failed.
    ended(rehearsal).await;
    let errors = errors(rehearsal.engine.world()).await;
    assert!(!errors.is_empty(), "{what}, {name}: nothing failed");
    assert!(errors[0].contains(expected), "{what}, {name}: `{}` does not say `{expected}`", errors[0]);
    for named in named {
        assert!(errors[0].contains(named), "{what}, {name}: `{}` does not name `{named}`", errors[0]);
    }
    mend(rehearsal).await;
    assert_eq!(rows(rehearsal, "opportunities").await.len(), 0, "{what}, {name}: something was written");
}

/// The run waits, and does its work once the service is well again.
async fn waits(rehearsal: &Rehearsal, case: &str, outage: Outage) {
    let world = rehearsal.engine.world();
    while !world.traffic.states().iter().any(|state| state.open.is_some_and(|open| open.outage == outage)) {
        assert_eq!(errors(world).await, Vec::<String>::new(), "{case}");
        tokio::task::yield_now().await;
    }
    mend(rehearsal).await;
    ended(rehearsal).await;
    assert_eq!(errors(world).await, Vec::<String>::new(), "{case}");
    assert_eq!(rows(rehearsal, "opportunities").await.len(), 1, "{case}");
}

/// Waits until a run of the event has ended.
async fn ended(rehearsal: &Rehearsal) {
    let is_ended = |run: &RunSummary| run.flow == "partner-center-to-dynamics365" && run.finished.is_some();
    while !runs(rehearsal.engine.world()).await.iter().any(is_ended) {
        tokio::task::yield_now().await;
    }
}

async fn mend(rehearsal: &Rehearsal) {
    rehearsal.people.admin(reqwest::Method::DELETE, "faults", None).await.unwrap();
}
