//! Requests to the registration service, and what is read from its answers.
//!
//! Its samples write properties in Pascal case and in camel case, so names are read without case.

use cosell_engine::connector::{CallError, CallKey};
use reqwest::Method;
use serde_json::{Value, json};

use super::registration::Registration;
use super::validation::{Attempt, ValidationReport};
use crate::client::{Reply, Request};
use crate::odata::encode_segment;

/// Where the registration lives, below the service's address. A tenant has one.
const REGISTRATION: &str = "/webhooks/v1/registration";

pub(crate) fn view() -> Request {
    Request::get(REGISTRATION, "reading the registration for events")
}

/// Registers an address, with POST for the first and PUT for another. The signature is asked for in a
/// header of its own, since some receivers keep `Authorization` for themselves.
pub(super) fn write(method: Method, url: &str, events: &[String]) -> Request {
    Request::new(method, REGISTRATION, "registering for events").json(json!({
        "WebhookUrl": url,
        "WebhookEvents": events,
        "SignatureTokenToMsSignatureHeader": true,
    }))
}

pub(crate) fn event_names() -> Request {
    Request::get(format!("{REGISTRATION}/events"), "listing the events that can be registered")
}

pub(super) fn request_validation() -> Request {
    Request::new(Method::POST, format!("{REGISTRATION}/validationEvents"), "asking for a test event")
        .header("content-length", "0")
}

pub(super) fn validation(correlation_id: &str) -> Request {
    let path = format!("{REGISTRATION}/validationEvents/{}", encode_segment(correlation_id));
    Request::get(path, "reading how the test event went")
}

pub(crate) fn traced(request: Request, key: &CallKey) -> Request {
    request.traced("ms-requestid", "ms-correlationid", key)
}

pub(crate) fn read_registration(reply: &Reply) -> Result<Registration, CallError> {
    let body = reply.json()?;
    let url = field(&body, "WebhookUrl").and_then(Value::as_str).map(str::to_owned);
    let events = field(&body, "WebhookEvents").map(texts).unwrap_or_default();
    if url.is_none() {
        return Err(reply.unexpected("has no `WebhookUrl`"));
    }
    Ok(Registration { registered: true, url, events })
}

pub(crate) fn read_event_names(reply: &Reply) -> Result<Vec<String>, CallError> {
    match reply.json()? {
        list @ Value::Array(_) => Ok(texts(&list)),
        _ => Err(reply.unexpected("is no list of events")),
    }
}

pub(super) fn read_correlation_id(reply: &Reply) -> Result<String, CallError> {
    let body = reply.json()?;
    let id = field(&body, "correlationId").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| reply.unexpected("has no `correlationId`"))
}

pub(super) fn read_validation(reply: &Reply) -> Result<ValidationReport, CallError> {
    let body = reply.json()?;
    let text = |value: &Value, name| field(value, name).and_then(Value::as_str).map(str::to_owned);
    let results = field(&body, "results").and_then(Value::as_array);
    Ok(ValidationReport {
        status: text(&body, "status").ok_or_else(|| reply.unexpected("has no `status`"))?,
        url: text(&body, "callbackUrl"),
        results: results
            .into_iter()
            .flatten()
            .map(|result| Attempt {
                response_code: text(result, "responseCode"),
                response_message: text(result, "responseMessage"),
                system_error: field(result, "systemError").and_then(Value::as_bool),
                // The service leaves out the zone; it is UTC.
                at: text(result, "dateTimeUtc"),
            })
            .collect(),
    })
}

/// A property whose name is compared without case.
pub(super) fn field<'a>(object: &'a Value, name: &str) -> Option<&'a Value> {
    object.as_object()?.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn texts(list: &Value) -> Vec<String> {
    list.as_array().into_iter().flatten().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn registrations_are_written_and_read_back() {
        let events = ["referral-created".to_owned()];
        let request = write(Method::PUT, "https://x.example/in", &events);
        let reply = Reply::for_test(200, &request.body().unwrap().to_string());
        let read = read_registration(&reply).unwrap();
        assert_eq!((read.url.as_deref(), read.events.as_slice()), (Some("https://x.example/in"), &events[..]));
        assert_eq!(request.body().unwrap()["SignatureTokenToMsSignatureHeader"], json!(true));

        let camel = Reply::for_test(200, r#"{"webhookUrl":"u","webhookEvents":["a"]}"#);
        assert_eq!(read_registration(&camel).unwrap().events, ["a"]);
    }

    #[test]
    fn validations_are_read() {
        let reply = Reply::for_test(
            200,
            r#"{"Status":"completed","callbackUrl":"u","results":[{"responseCode":"OK","systemError":false}]}"#,
        );
        let report = read_validation(&reply).unwrap();
        assert_eq!(report.status, "completed");
        assert_eq!(report.results[0].response_code.as_deref(), Some("OK"));
        assert!(read_correlation_id(&Reply::for_test(200, "{}")).is_err());
        assert!(read_event_names(&Reply::for_test(200, "{}")).is_err());
        assert_eq!(validation("a/b").target(), "/webhooks/v1/registration/validationEvents/a%2Fb");
    }
}
