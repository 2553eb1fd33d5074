//! A service that answers wrongly, or not at all: a clear message, and nothing written.

use cosell::rehearsal::Rehearsal;
use serde_json::{Value, json};

use crate::harness::{deal, errors, fault, rehearsal, rows, runs};

/// What a service does wrong with every request, and a piece of what the run says.
fn faults() -> Vec<(&'static str, Value, &'static str)> {
    let answer = |status: u16, code: &str| json!({ "status": status, "body": { "error": { "code": code, "message": "said the service" } } });
    vec![
        ("401", answer(401, "unauthenticated"), "401"),
        ("403", answer(403, "accessDenied"), "accessDenied"),
        ("404", answer(404, "itemNotFound"), "itemNotFound"),
        ("412", answer(412, "preconditionFailed"), "preconditionFailed"),
        (
            "429",
            json!({ "status": 429, "headers": { "Retry-After": "3" }, "body": { "statusCode": 429, "message": "Try again in 3 seconds." } }),
            "tried 5 times",
        ),
        ("500", answer(500, "generalException"), "500"),
        ("503", answer(503, "serviceNotAvailable"), "tried 5 times"),
        ("garbage", json!({ "status": 200, "body": "<html>not JSON</html>" }), "unexpected"),
        ("no answer", json!({ "drop": true }), "tried 5 times"),
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
        // A write without an answer may have been done: it is not tried again.
        let expected = if name == "no answer" { "unanswered" } else { expected };
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
    for (name, what, expected) in
        [("refused", refused, "invalid_client"), ("garbage", json!({ "status": 200, "body": "{}" }), "token")]
    {
        let rehearsal = rehearsal().await;
        rehearsal.people.admin(reqwest::Method::POST, "tokens", Some(&json!({ "revoke": true }))).await.unwrap();
        run_into(&rehearsal, "signing in", name, what, json!({ "service": "entra" }), expected, &[]).await;
        rehearsal.stop().await;
    }
}

async fn check(what: &str, name: &str, fault: Value, place: Value, expected: &str, named: &[&str]) {
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
    expected: &str,
    named: &[&str],
) {
    for (key, value) in place.as_object().unwrap() {
        wrong[key] = value.clone();
    }
    wrong["times"] = json!(1_000);
    fault(rehearsal, wrong).await;
    rehearsal.people.create_deal(&deal("Harbour pilot")).await.unwrap();
    // The event is there at the latest when its run has failed.
    while !runs(rehearsal.engine.world())
        .await
        .iter()
        .any(|run| run.flow == "partner-center-to-dynamics365" && run.finished.is_some())
    {
        tokio::task::yield_now().await;
    }
    let errors = errors(rehearsal.engine.world()).await;
    assert!(!errors.is_empty(), "{what}, {name}: nothing failed");
    assert!(errors[0].contains(expected), "{what}, {name}: `{}` does not say `{expected}`", errors[0]);
    for named in named {
        assert!(errors[0].contains(named), "{what}, {name}: `{}` does not name `{named}`", errors[0]);
    }
    rehearsal.people.admin(reqwest::Method::DELETE, "faults", None).await.unwrap();
    assert_eq!(rows(rehearsal, "opportunities").await.len(), 0, "{what}, {name}: something was written");
}
