//! An answer, read to its end.

use std::time::Duration;

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::Timestamp;
use reqwest::Method;
use reqwest::header::HeaderMap;
use serde_json::Value;

use super::{content, failure};

/// What a service answered, whatever its status.
#[derive(Debug)]
pub(crate) struct Reply {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: Vec<u8>,
    pub(super) method: Method,
    pub(super) doing: String,
}

impl Reply {
    /// The HTTP status.
    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    /// What the request was for.
    pub(crate) fn doing(&self) -> &str {
        &self.doing
    }

    /// A header as text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// All headers that are text.
    pub(crate) fn headers(&self) -> impl Iterator<Item = (&str, &str)> {
        self.headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)))
    }

    /// How long the service asks to wait, counted from `now`.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.header("retry-after")?;
        failure::retry_after_ms(text, now).map(Duration::from_millis)
    }

    /// The body as it came.
    pub(crate) fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as a value, whatever its type.
    pub(crate) fn decoded(&self) -> Value {
        content::decode(self.header("content-type"), &self.body)
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Result<Value, CallError> {
        serde_json::from_slice(&self.body).map_err(|error| self.unexpected(&format!("is not JSON: {error}")))
    }

    /// The list under `value` in the body, which is how OData answers with a collection.
    pub(crate) fn list(&self) -> Result<(Vec<Value>, Option<String>), CallError> {
        let mut body = self.json()?;
        let next = body.get("@odata.nextLink").and_then(Value::as_str).map(str::to_owned);
        match body.get_mut("value").map(Value::take) {
            Some(Value::Array(items)) => Ok((items, next)),
            _ => Err(self.unexpected("has no list `value`")),
        }
    }

    /// The error for an answer that is not what the service promises.
    pub(crate) fn unexpected(&self, what: &str) -> CallError {
        CallError {
            status: Some(self.status),
            request_id: failure::request_id(self),
            ..CallError::new(CallErrorKind::Unexpected, format!("{}: the answer {what}", self.doing))
        }
    }

    /// The answer if it is a success, else the error that it makes.
    pub(crate) fn accepted(self) -> Result<Reply, CallError> {
        if (200..300).contains(&self.status) { Ok(self) } else { Err(self.failure()) }
    }

    /// The error that an answer without success makes.
    pub(crate) fn failure(&self) -> CallError {
        failure::failure(self)
    }
}

#[cfg(test)]
impl Reply {
    /// An answer to a GET, for tests of the functions that read answers.
    pub(crate) fn for_test(status: u16, body: &str) -> Reply {
        Reply {
            status,
            headers: HeaderMap::new(),
            body: body.as_bytes().to_vec(),
            method: Method::GET,
            doing: "testing".to_owned(),
        }
    }

    /// The same with a header.
    pub(crate) fn with_header(mut self, name: &'static str, value: Option<&'static str>) -> Reply {
        self.headers.extend(value.map(|value| {
            (reqwest::header::HeaderName::from_static(name), reqwest::header::HeaderValue::from_static(value))
        }));
        self
    }
}
