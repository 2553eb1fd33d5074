//! What every operation of every connector owes its callers, whatever it does: driven by what it declares, and by one
//! right input for each (`inputs.rs`), against a service that answers anything (`service.rs`).
//!
//! What a repeat of a write does has a suite of its own, `repeat`.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod inputs;
mod service;

use std::sync::Arc;

use cosell_connectors::settings::{DataverseSettings, EventsSettings, PartnerCenterSettings};
use cosell_connectors::{Connections, Secret, SignIn, standard};
use cosell_engine::connector::{AnyOperation, CallError, CallErrorKind, CallKey, Effect, Repeat};
use serde_json::{Value, json};

use CallErrorKind::*;
use service::{Service, Told};

/// More than any connector to a service of its own reads.
const MORE_THAN_READ: usize = 40 * 1024 * 1024;

/// An operation with its connector's name before it, and a right input.
struct Called {
    name: String,
    operation: Arc<dyn AnyOperation>,
    input: Value,
}

impl Called {
    async fn call(&self, input: &Value) -> Result<(), CallError> {
        let key = CallKey::new("run", "step", "call");
        self.operation.call_any(&key, input).await.map(drop)
    }

    fn writes(&self) -> bool {
        self.operation.effect() == Effect::Writes
    }

    fn is_http(&self) -> bool {
        self.name.starts_with("http.")
    }
}

/// All connections lead to the service.
fn connections(service: &Service) -> Connections {
    let sign_in = SignIn {
        client_secret: Some(Secret::given("hush-secret")),
        login_url: service.url.clone(),
        ..SignIn::new("tenant", "client")
    };
    Connections {
        partner_center: Some(PartnerCenterSettings::new(&service.url, sign_in.clone())),
        events: Some(EventsSettings::new(&service.url, sign_in.clone())),
        dataverse: Some(DataverseSettings::new(&service.url, sign_in)),
    }
}

/// Every operation, bound to the service.
fn all(service: &Service) -> Vec<Called> {
    let mut called = Vec::new();
    for connector in standard(&connections(service)).unwrap().iter() {
        for operation in connector.operations() {
            let name = format!("{}.{}", connector.name(), operation.name());
            let input = inputs::right(&name, &service.url);
            called.push(Called { name, operation: Arc::clone(operation), input });
        }
    }
    called
}

#[tokio::test]
async fn what_goes_in_is_closed_and_every_write_says_what_a_repeat_does() {
    for Called { name, operation, .. } in all(&Service::start().await) {
        let schema = operation.input_schema();
        assert_eq!((&schema["type"], &schema["additionalProperties"]), (&json!("object"), &json!(false)), "{name}");
        assert!(operation.output_schema().is_object() || operation.output_schema().is_boolean(), "{name}");
        assert!(operation.effect() == Effect::Writes || operation.repeat() == Repeat::Safe, "{name}");
    }
}

#[tokio::test]
async fn mistakes_are_refused_before_anything_is_sent() {
    let service = Service::start().await;
    for called in all(&service) {
        let mut wrong = vec![json!(null), json!("text"), json!([]), json!([null])];
        let mut unknown = called.input.clone();
        unknown["no_such_member"] = json!(1);
        wrong.push(unknown);
        let required = called.operation.input_schema()["required"].clone();
        for name in required.as_array().into_iter().flatten().filter_map(Value::as_str) {
            let mut missing = called.input.clone();
            missing.as_object_mut().unwrap().remove(name);
            let mut of_another_type = called.input.clone();
            of_another_type[name] = json!([[]]);
            wrong.extend([missing, of_another_type]);
        }
        for input in wrong {
            let error = called.call(&input).await.unwrap_err();
            assert_eq!(error.kind, Input, "{} {input}: {error}", called.name);
        }
    }
    assert_eq!(service.asked(), 0);
}

#[tokio::test]
async fn statuses_become_the_right_kind_of_error() {
    let service = Service::start().await;
    // What a service answers, and the kinds of error that this may be. Unanswered is for writes only.
    let cases: [(u16, &[CallErrorKind]); 9] = [
        (302, &[Unexpected]),
        (400, &[Input]),
        (401, &[Denied]),
        (403, &[Denied]),
        (404, &[NotFound]),
        (412, &[Conflict]),
        (429, &[Throttled]),
        (500, &[Unavailable, Unanswered]),
        (503, &[Unavailable]),
    ];
    for called in all(&service) {
        for (status, kinds) in cases {
            service.tells(Told::status(status));
            let result = called.call(&called.input).await;
            // That there is no registration is an answer.
            if called.name == "events.view_registration" && status == 404 {
                assert!(result.is_ok());
                continue;
            }
            let error = result.map(|()| format!("{} {status} is no error", called.name)).unwrap_err();
            let what = format!("{} {status}: {error}", called.name);
            assert!(kinds.contains(&error.kind), "{what}");
            assert!(error.kind != Unanswered || called.writes(), "{what}");
            assert_eq!(error.status, Some(status), "{what}");
            assert_eq!(error.retry_after_ms, Some(7000), "{what}");
            assert!(!format!("{error:?}").contains("hush"), "{what}");
        }
    }
}

#[tokio::test]
async fn a_poll_that_fails_tells_nothing_and_can_be_made_again() {
    let service = Service::start().await;
    let connectors = standard(&connections(&service)).unwrap();
    let cases = [
        (Told::status(401), Denied),
        (Told::status(403), Denied),
        (Told::status(429), Throttled),
        (Told::status(500), Unavailable),
        (Told::status(503), Unavailable),
        (Told::body("<html>hush-token</html>"), Unexpected),
        (Told::Endless, Unexpected),
        (Told::Cut, Unavailable),
        (Told::Silence, Unavailable),
    ];
    for (name, input) in [("events.referral", json!({})), ("dataverse.row_changed", json!({ "table": "opportunity" }))]
    {
        let trigger = connectors.trigger(name).unwrap();
        assert_eq!(trigger.input_schema()["additionalProperties"], json!(false), "{name}");
        for no_object in [json!(null), json!([]), json!("text")] {
            assert_eq!(trigger.poll_any(&no_object, None).await.unwrap_err().kind, Input, "{name} {no_object}");
        }
        for (told, kind) in &cases {
            service.tells(told.clone());
            let error = trigger.poll_any(&input, None).await.unwrap_err();
            assert_eq!(error.kind, *kind, "{name} {told:?}: {error}");
            assert!(!format!("{error:?}").contains("hush"), "{error:?}");
        }
        let cursor_of_another = trigger.poll_any(&input, Some(json!("no cursor"))).await.unwrap_err();
        assert!(!matches!(cursor_of_another.kind, Unavailable | Unanswered), "{name}: {cursor_of_another}");
    }
}

#[tokio::test]
async fn answers_that_are_none_are_errors() {
    let service = Service::start().await;
    let mut taken = Vec::new();
    for called in all(&service).into_iter().filter(|called| !called.is_http()) {
        for body in ["<html>hush-token</html>", "", "[]", "null", "\u{0}"] {
            service.tells(Told::body(body));
            match called.call(&called.input).await {
                Ok(()) => taken.push(format!("{} {body:?}", called.name)),
                Err(error) => {
                    assert_eq!(error.kind, Unexpected, "{} {body:?}: {error}", called.name);
                    assert!(!format!("{error:?}").contains("hush"), "{error:?}");
                }
            }
        }
    }
    // An empty list is one, and these two do not look into an answer that is a success.
    taken.retain(|name| !name.starts_with("events.register ") && !name.starts_with("events.update_registration "));
    assert_eq!(taken, ["events.list_events \"[]\""]);
}

#[tokio::test]
async fn an_answer_that_is_cut_leaves_only_writes_open() {
    let service = Service::start().await;
    for called in all(&service) {
        for told in [Told::Cut, Told::Silence] {
            service.tells(told);
            let error = called.call(&called.input).await.unwrap_err();
            let expected = matches!(error.kind, Unavailable) || called.writes() && error.kind == Unanswered;
            assert!(expected, "{}: {error}", called.name);
        }
    }
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let service = Service::start().await;
    service.tells(Told::Endless);
    for called in all(&service).into_iter().filter(|called| !called.is_http()) {
        let before = service.sent();
        let error = called.call(&called.input).await.unwrap_err();
        assert_eq!(error.kind, Unexpected, "{}: {error}", called.name);
        assert!(service.sent() - before < MORE_THAN_READ, "{}: {} bytes", called.name, service.sent() - before);
    }
}
