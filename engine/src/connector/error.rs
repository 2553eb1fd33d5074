//! What went wrong in a call, and whether it may be tried again.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A call that did not give a result. It is part of a run's record, so it never holds a secret.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, thiserror::Error)]
pub struct CallError {
    /// The kind decides what may be done about it.
    pub kind: CallErrorKind,
    /// What was being done and what the service said: a lower-case fragment.
    pub message: String,
    /// The HTTP status, where there was an answer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<u16>,
    /// The service's own code, such as `0x80060882` or `preconditionFailed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The service's id of the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// How long the service asked to wait, in milliseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<u64>,
    /// What the service answered, decoded: the body that a flow can still read of a failed call. Left out
    /// when it is longer than 64 KiB. Boxed, since every result of a call has room for an error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub body: Option<Box<Value>>,
}

/// The few kinds of failed calls. Connectors branch on status and code, never on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallErrorKind {
    /// The input was refused, by us before the call or by the service (400).
    Input,
    /// The record is not there (404, 410).
    NotFound,
    /// Somebody changed the record since it was read (412), or it exists already (409).
    Conflict,
    /// The credential is missing, expired or not allowed to (401, 403).
    Denied,
    /// The service asked to slow down (429).
    Throttled,
    /// Nothing was done: no connection, or the service said that it cannot now (503).
    Unavailable,
    /// The request was sent and no answer came, or an error that leaves open whether it was done (500, 504).
    Unanswered,
    /// The answer could not be understood.
    Unexpected,
}

impl CallError {
    /// An error of that kind, with a lower-case message that says what was being done.
    pub fn new(kind: CallErrorKind, message: impl Into<String>) -> CallError {
        let message = message.into();
        CallError { kind, message, status: None, code: None, request_id: None, retry_after_ms: None, body: None }
    }

    /// How long the service asked to wait.
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after_ms.map(Duration::from_millis)
    }
}

impl CallErrorKind {
    /// The name used in files and records.
    pub fn name(self) -> &'static str {
        match self {
            CallErrorKind::Input => "input",
            CallErrorKind::NotFound => "not_found",
            CallErrorKind::Conflict => "conflict",
            CallErrorKind::Denied => "denied",
            CallErrorKind::Throttled => "throttled",
            CallErrorKind::Unavailable => "unavailable",
            CallErrorKind::Unanswered => "unanswered",
            CallErrorKind::Unexpected => "unexpected",
        }
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)?;
        let details = [
            self.status.map(|status| format!("status {status}")),
            self.code.as_ref().map(|code| format!("code {code}")),
            self.request_id.as_ref().map(|id| format!("request id {id}")),
        ];
        let details: Vec<String> = details.into_iter().flatten().collect();
        if details.is_empty() { Ok(()) } else { write!(f, " ({})", details.join(", ")) }
    }
}
