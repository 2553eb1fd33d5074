//! From a status and a body to a [`CallError`].
//!
//! One table for all services, and one reader for the shapes of their errors: `{error: {code, message,
//! innerError}}` (referrals and Dataverse), `{code, description}` and `{statusCode, message}` (Partner
//! Center). Flows branch on kind, status and code; the message is for people.

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::Timestamp;
use jiff::fmt::rfc2822::DateTimeParser;
use reqwest::Method;
use serde_json::Value;

use super::reply::Reply;

/// The longest part of a service's message that is kept, in characters.
const LONGEST_MESSAGE: usize = 1024;

/// The longest body that is kept with an error, in bytes: errors are part of a run's record.
const LONGEST_KEPT_BODY: usize = 64 * 1024;

/// The headers in which services give the id of a request, in the order in which they are tried.
const REQUEST_ID_HEADERS: [&str; 4] = ["request-id", "ms-requestid", "x-ms-service-request-id", "client-request-id"];

/// The error that an answer without success makes.
pub(super) fn failure(reply: &Reply) -> CallError {
    let told = Told::read(&reply.body);
    let message = match &told.message {
        Some(message) => format!("{} failed: {message}", reply.doing),
        None => format!("{} failed with status {}", reply.doing, reply.status),
    };
    CallError {
        status: Some(reply.status),
        code: told.code,
        request_id: request_id(reply),
        retry_after_ms: reply.header("retry-after").and_then(|text| retry_after_ms(text, Timestamp::now())),
        body: kept_body(reply),
        ..CallError::new(kind(reply.status, &reply.method), message)
    }
}

/// The body, for flows that read more of it than the message. Half a body would be no JSON any more, so one
/// that is too long is left out.
fn kept_body(reply: &Reply) -> Option<Box<Value>> {
    let kept = !reply.body.is_empty() && reply.body.len() <= LONGEST_KEPT_BODY;
    kept.then(|| Box::new(reply.decoded()))
}

/// The service's id of the request.
pub(super) fn request_id(reply: &Reply) -> Option<String> {
    REQUEST_ID_HEADERS.iter().find_map(|name| reply.header(name)).map(str::to_owned)
}

/// What the status means. An error of the server leaves open whether a write was done, and so does a 502:
/// the gateway that sends it may have lost the answer only. 503 and 507 say that nothing was begun.
fn kind(status: u16, method: &Method) -> CallErrorKind {
    let reads = *method == Method::GET;
    match status {
        401 | 403 => CallErrorKind::Denied,
        404 | 410 => CallErrorKind::NotFound,
        409 | 412 | 423 => CallErrorKind::Conflict,
        429 | 509 => CallErrorKind::Throttled,
        408 if !reads => CallErrorKind::Unanswered,
        408 | 503 | 507 => CallErrorKind::Unavailable,
        400..500 => CallErrorKind::Input,
        500..600 if reads => CallErrorKind::Unavailable,
        500..600 => CallErrorKind::Unanswered,
        // Redirects are not followed, and no other status belongs to an answer of these services.
        _ => CallErrorKind::Unexpected,
    }
}

/// What the body of an error says.
#[derive(Debug, Default, PartialEq)]
struct Told {
    code: Option<String>,
    message: Option<String>,
}

impl Told {
    fn read(body: &[u8]) -> Told {
        let Ok(body) = serde_json::from_slice::<Value>(body) else {
            return Told::default();
        };
        // Either the error stands under `error`, or the body is the error.
        let error = match body.get("error") {
            Some(error) if error.is_object() => error,
            _ => &body,
        };
        let message = first_text(error, &["message", "description"]);
        let inner = inner_error(error).and_then(|inner| first_text(inner, &["message"]));
        let message = match (message, inner) {
            (Some(outer), Some(inner)) if !outer.contains(&inner) => Some(format!("{outer} ({inner})")),
            (outer, inner) => outer.or(inner),
        };
        Told {
            code: first_text(error, &["code"]).filter(|code| !code.is_empty()),
            message: message.map(|text| text.chars().take(LONGEST_MESSAGE).collect()),
        }
    }
}

/// The innermost error. Its name is spelled in two ways.
fn inner_error(error: &Value) -> Option<&Value> {
    let mut innermost = None;
    let mut next = error.get("innerError").or_else(|| error.get("innererror"));
    while let Some(inner) = next {
        innermost = Some(inner).filter(|inner| inner.get("message").is_some()).or(innermost);
        next = inner.get("innerError").or_else(|| inner.get("innererror"));
    }
    innermost
}

/// The first of these properties that is a text or a number.
fn first_text(object: &Value, names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| match object.get(name)? {
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

/// How long to wait, from seconds or from a date.
pub(super) fn retry_after_ms(text: &str, now: Timestamp) -> Option<u64> {
    if let Ok(seconds) = text.trim().parse::<u64>() {
        return Some(seconds.saturating_mul(1000));
    }
    let until = DateTimeParser::new().parse_timestamp(text.trim()).ok()?;
    u64::try_from(until.as_millisecond() - now.as_millisecond()).ok().or(Some(0))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn statuses_have_kinds() {
        use CallErrorKind::*;
        // Status, kind for a read, kind for a write.
        let cases = [
            (302, Unexpected, Unexpected),
            (400, Input, Input),
            (401, Denied, Denied),
            (403, Denied, Denied),
            (404, NotFound, NotFound),
            (405, Input, Input),
            (409, Conflict, Conflict),
            (410, NotFound, NotFound),
            (412, Conflict, Conflict),
            (413, Input, Input),
            (415, Input, Input),
            (422, Input, Input),
            (429, Throttled, Throttled),
            (500, Unavailable, Unanswered),
            (502, Unavailable, Unanswered),
            (503, Unavailable, Unavailable),
            (504, Unavailable, Unanswered),
        ];
        for (status, read, written) in cases {
            assert_eq!(kind(status, &Method::GET), read, "GET {status}");
            assert_eq!(kind(status, &Method::PATCH), written, "PATCH {status}");
        }
    }

    #[test]
    fn t30_d18_every_shape_of_error_is_read() {
        let cases = [
            (
                r#"{"error":{"code":"invalidRequest","message":"Bad.","innererror":{"innerError":{"message":"Country."}}}}"#,
                Some("invalidRequest"),
                Some("Bad. (Country.)"),
            ),
            (
                r#"{"error":{"code":"0x80060882","message":"The version does not match."}}"#,
                Some("0x80060882"),
                Some("The version does not match."),
            ),
            (r#"{"error":{"code":"","message":"No HTTP resource"}}"#, None, Some("No HTTP resource")),
            (
                r#"{"code":20002,"description":"Not allowed","data":[],"source":"PartnerFD"}"#,
                Some("20002"),
                Some("Not allowed"),
            ),
            (r#"{"statusCode":429,"message":"Try again in 57 seconds."}"#, None, Some("Try again in 57 seconds.")),
            ("<html>", None, None),
            ("[1]", None, None),
        ];
        for (body, code, message) in cases {
            let told = Told::read(body.as_bytes());
            assert_eq!((told.code.as_deref(), told.message.as_deref()), (code, message), "{body}");
        }
    }

    #[test]
    fn t31_d16_waiting_times_are_read() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let cases = [
            ("57", Some(57_000)),
            ("Sun, 06 Nov 1994 08:50:37 GMT", Some(60_000)),
            ("Sun, 06 Nov 1994 08:40:37 GMT", Some(0)),
            ("soon", None),
        ];
        for (text, expected) in cases {
            assert_eq!(retry_after_ms(text, now), expected, "{text}");
        }
    }
}
