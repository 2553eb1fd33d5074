//! Builds a request from a step's input and reads the answer.

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::header::{CONTENT_TYPE, HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use std::collections::BTreeMap;

use super::operations::{HttpReply, RequestInput};
use crate::client::Reply;

/// The request that a step asks for.
pub(super) fn build(input: &RequestInput) -> Result<reqwest::Request, CallError> {
    let method = Method::from_bytes(input.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| refused(format!("`{}` is not a method", input.method)))?;
    let url = Url::parse(&input.url).map_err(|error| refused(format!("`url` is not an address: {error}")))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(refused(format!("`url` begins with `{}:`; `http` or `https` is expected", url.scheme())));
    }
    let mut request = reqwest::Request::new(method, url);
    for (name, value) in &input.headers {
        let header = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| refused(format!("`{name}` is not the name of a header")))?;
        // A value may be a secret, so the message leaves it out.
        let value = HeaderValue::from_str(value)
            .map_err(|_| refused(format!("the header `{name}` holds characters that no header may")))?;
        request.headers_mut().append(header, value);
    }
    if let Some((body, kind)) = body(&input.body) {
        *request.body_mut() = Some(body.into());
        request.headers_mut().entry(CONTENT_TYPE).or_insert(HeaderValue::from_static(kind));
    }
    Ok(request)
}

/// What the request is called in messages: without its query, which may hold a secret.
pub(super) fn doing(request: &reqwest::Request) -> String {
    let mut url = request.url().clone();
    url.set_query(None);
    url.set_fragment(None);
    format!("{} {url}", request.method())
}

/// The answer as a step's value.
pub(super) fn read(reply: &Reply) -> HttpReply {
    let headers: BTreeMap<String, String> =
        reply.headers().map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    let is_json = reply.header("content-type").is_some_and(|kind| kind.contains("json"));
    let json = if is_json { serde_json::from_slice(reply.body()).ok() } else { None };
    let body = json.unwrap_or_else(|| match reply.body() {
        [] => Value::Null,
        bytes => Value::String(String::from_utf8_lossy(bytes).into_owned()),
    });
    HttpReply { status: reply.status(), headers, body }
}

/// A text is sent as it is, anything else as JSON.
fn body(value: &Value) -> Option<(String, &'static str)> {
    match value {
        Value::Null => None,
        Value::String(text) => Some((text.clone(), "text/plain; charset=utf-8")),
        other => Some((other.to_string(), "application/json")),
    }
}

fn refused(reason: String) -> CallError {
    CallError::new(CallErrorKind::Input, format!("the request cannot be made: {reason}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;

    fn input(value: Value) -> RequestInput {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn requests_are_built() {
        let request = build(&input(json!({
            "method": "post", "url": "https://x.example/a?code=secret",
            "headers": { "X-One": "1" }, "body": { "a": 1 }
        })));
        let request = request.unwrap();
        assert_eq!(doing(&request), "POST https://x.example/a");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["x-one"], "1");
        assert_eq!(request.body().unwrap().as_bytes(), Some(br#"{"a":1}"#.as_slice()));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let cases = [
            (json!({ "method": "GE T", "url": "http://x" }), "`GE T` is not a method"),
            (json!({ "method": "GET", "url": "x" }), "`url` is not an address"),
            (json!({ "method": "GET", "url": "file:///etc/passwd" }), "`url` begins with `file:`"),
            (json!({ "method": "GET", "url": "http://x", "headers": { "a b": "1" } }), "`a b` is not the name"),
            (json!({ "method": "GET", "url": "http://x", "headers": { "a": "1\n2" } }), "the header `a` holds"),
        ];
        for (value, expected) in cases {
            let error = build(&input(value)).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Input);
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }
}
