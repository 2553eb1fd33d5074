//! Builds a request from a step's input, and reads the head of an answer.

use std::collections::BTreeMap;

use cosell_engine::connector::{CallError, CallErrorKind, Envelope};
use reqwest::header::{CONTENT_LENGTH, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, TRANSFER_ENCODING};
use reqwest::{Method, Url};
use uuid::Uuid;

use super::body;
use super::operations::RequestInput;
use crate::client::Reply;

/// The longest address, in characters, as Power Automate has it.
const LONGEST_ADDRESS: usize = 16_384;

/// Headers of an answer that hold credentials or ask for them: they are not shown to flows.
const HIDDEN_HEADERS: [&str; 7] = [
    "authentication-info",
    "authorization",
    "proxy-authenticate",
    "proxy-authorization",
    "set-cookie",
    "set-cookie2",
    "www-authenticate",
];

/// The request that a step asks for.
pub(super) fn build(input: &RequestInput) -> Result<reqwest::Request, CallError> {
    let method = Method::from_bytes(input.method.to_ascii_uppercase().as_bytes())
        .map_err(|_| refused(format!("`{}` is not a method", input.method)))?;
    let url = address(&input.url).map_err(|reason| refused(format!("`url` {reason}")))?;
    let mut headers = HeaderMap::new();
    for (name, value) in &input.headers {
        let (name, value) = header(name, value)?;
        // How long the body is follows from the body; a flow that says otherwise would break the connection.
        if name != CONTENT_LENGTH && name != TRANSFER_ENCODING {
            headers.append(name, value);
        }
    }
    let boundary = format!("part-{}", Uuid::new_v4().simple());
    let body = body::encode(&input.body, headers.get(CONTENT_TYPE), &boundary)?;
    let mut request = reqwest::Request::new(method, url);
    *request.headers_mut() = headers;
    if let Some(body) = body {
        request.headers_mut().insert(CONTENT_TYPE, body.content_type);
        *request.body_mut() = Some(body.bytes.into());
    }
    Ok(request)
}

/// An address from a text. The reason of a refusal goes on after its name and repeats nothing of it, since
/// an address may hold secrets.
pub(super) fn address(text: &str) -> Result<Url, String> {
    if text.chars().nth(LONGEST_ADDRESS).is_some() {
        return Err(format!("is longer than {LONGEST_ADDRESS} characters"));
    }
    let url = Url::parse(text).map_err(|error| format!("is not an address: {error}"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err(format!("begins with `{}:`; `http` or `https` is expected", url.scheme()));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("holds a user name or a password, which belong into the header `Authorization`".to_owned());
    }
    Ok(url)
}

/// One header from its texts.
pub(super) fn header(name: &str, value: &str) -> Result<(HeaderName, HeaderValue), CallError> {
    let header = HeaderName::from_bytes(name.as_bytes())
        .map_err(|_| refused(format!("`{name}` is not the name of a header")))?;
    // A value may be a secret, so the message leaves it out.
    let value = HeaderValue::from_str(value)
        .map_err(|_| refused(format!("the header `{name}` holds characters that no header may")))?;
    Ok((header, value))
}

/// What a request is called in messages: without its query, which may hold a secret.
pub(super) fn doing(method: &Method, url: &Url) -> String {
    let mut url = url.clone();
    url.set_query(None);
    url.set_fragment(None);
    format!("{method} {url}")
}

/// The status and headers of an answer; of several headers with one name the last.
pub(super) fn envelope(reply: &Reply) -> Envelope {
    let shown = reply.headers().filter(|(name, _)| !HIDDEN_HEADERS.contains(name));
    let headers: BTreeMap<String, String> = shown.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
    Envelope { status: reply.status(), headers }
}

/// The error for an input that makes no request.
pub(super) fn refused(reason: String) -> CallError {
    CallError::new(CallErrorKind::Input, format!("the request cannot be made: {reason}"))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::{Value, json};

    use super::*;

    fn input(value: Value) -> RequestInput {
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn requests_are_built() {
        let request = build(&input(json!({
            "method": "post", "url": "https://x.example/a?code=secret",
            "headers": { "X-One": "1", "Content-Length": "999" }, "body": { "a": 1 }
        })));
        let request = request.unwrap();
        assert_eq!(doing(request.method(), request.url()), "POST https://x.example/a");
        assert_eq!(request.headers()["content-type"], "application/json");
        assert_eq!(request.headers()["x-one"], "1");
        assert_eq!(request.headers().get("content-length"), None);
        assert_eq!(request.body().unwrap().as_bytes(), Some(br#"{"a":1}"#.as_slice()));
    }

    #[test]
    fn what_cannot_be_sent_is_refused() {
        let long = format!("http://x/{}", "a".repeat(LONGEST_ADDRESS));
        let cases = [
            (json!({ "method": "GE T", "url": "http://x" }), "`GE T` is not a method"),
            (json!({ "method": "GET", "url": "x" }), "`url` is not an address"),
            (json!({ "method": "GET", "url": "file:///etc/passwd" }), "`url` begins with `file:`"),
            (json!({ "method": "GET", "url": long }), "`url` is longer than 16384 characters"),
            (json!({ "method": "GET", "url": "http://name:hush@x" }), "the header `Authorization`"),
            (json!({ "method": "GET", "url": "http://hush@x" }), "the header `Authorization`"),
            (json!({ "method": "GET", "url": "http://x", "headers": { "a b": "1" } }), "`a b` is not the name"),
            (json!({ "method": "GET", "url": "http://x", "headers": { "a": "1\nhush" } }), "the header `a` holds"),
        ];
        for (value, expected) in cases {
            let error = build(&input(value)).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Input);
            assert!(error.message.contains(expected) && !error.message.contains("hush"), "{}", error.message);
        }
    }
}
