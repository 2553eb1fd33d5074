//! The error answers of Entra ID: a kind, a numbered text, and the ids by which support finds the request.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::behaviours::{Behaviour, Behaviours};

/// A request that Entra ID refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    pub(super) error: &'static str,
    pub(super) code: u32,
    pub(super) text: String,
    pub(super) suberror: Option<&'static str>,
}

impl Refusal {
    /// 400 with one of the documented kinds and a numbered text.
    pub(super) fn new(error: &'static str, code: u32, text: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, error, code, text: text.into(), suberror: None }
    }

    /// The application did not prove who it is.
    pub(super) fn client(code: u32, text: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::UNAUTHORIZED, ..Refusal::new("invalid_client", code, text) }
    }

    /// The person's grant does not do.
    pub(super) fn grant(code: u32, text: impl Into<String>) -> Refusal {
        Refusal::new("invalid_grant", code, text)
    }

    /// A part of the form is not there.
    pub(super) fn missing(name: &str) -> Refusal {
        let text = format!("The request body must contain the following parameter: '{name}'");
        Refusal::new("invalid_request", 900_144, text)
    }

    pub(super) fn unknown_resource(resource: &str, tenant: &str) -> Refusal {
        let text = format!("The resource principal named {resource} was not found in the tenant named {tenant}");
        Refusal::new("invalid_resource", 500_011, text)
    }

    /// Names what a library should do about it.
    pub(super) fn because(self, suberror: &'static str) -> Refusal {
        Refusal { suberror: Some(suberror), ..self }
    }

    /// The samples answer 400 to an application that does not prove who it is; the standard has 401 for it.
    pub(super) fn with_status_by(self, behaviours: &Behaviours) -> Refusal {
        match self.error {
            "invalid_client" if behaviours.on(Behaviour::InvalidClientIs400) => {
                Refusal { status: StatusCode::BAD_REQUEST, ..self }
            }
            _ => self,
        }
    }

    /// The answer; `correlation` is the caller's own id of the request, if it sent one.
    pub(super) fn answer(&self, now: Timestamp, correlation: Option<Uuid>) -> Response {
        let (trace, correlation) = (Uuid::new_v4(), correlation.unwrap_or_else(Uuid::new_v4));
        let timestamp = now.strftime("%Y-%m-%d %H:%M:%SZ").to_string();
        let description = format!(
            "AADSTS{}: {}.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}",
            self.code, self.text
        );
        let mut body = json!({
            "error": self.error, "error_description": description, "error_codes": [self.code],
            "timestamp": timestamp, "trace_id": trace, "correlation_id": correlation,
            "error_uri": format!("https://login.microsoftonline.com/error?code={}", self.code),
        });
        if let Some(suberror) = self.suberror {
            body["suberror"] = Value::from(suberror);
        }
        (self.status, Json(body)).into_response()
    }
}
