//! The error answer of the Web API (behaviour 15).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::odata::ODataError;

/// A request Dataverse refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into() }
    }

    /// 400 with the code of an undeclared or unreadable member.
    pub(crate) fn payload(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80048d19", message)
    }

    /// 400 for a property the table does not have (behaviour 4).
    pub(crate) fn unknown_property(table: &str, name: &str) -> Refusal {
        let message = format!(
            "An error occurred while validating input parameters: Invalid property '{name}' was found in entity \
             'Microsoft.Dynamics.CRM.{table}'."
        );
        Refusal::new(StatusCode::BAD_REQUEST, "0x0", message)
    }

    /// 400 for an argument that cannot be.
    pub(crate) fn argument(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80040203", message)
    }

    /// 400 for a query that cannot be.
    pub(crate) fn query(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80060888", message)
    }

    /// 400 for text longer than its column.
    pub(crate) fn too_long(column: &str, limit: usize) -> Refusal {
        let message = format!(
            "A validation error occurred. The length of the '{column}' attribute exceeded the maximum allowed \
             length of '{limit}'."
        );
        Refusal::new(StatusCode::BAD_REQUEST, "0x80044331", message)
    }

    /// 404 for a row that is not there.
    pub(crate) fn no_row(table: &str, key: &str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, "0x80040217", format!("{table} With Id = {key} Does Not Exist"))
    }

    /// 404 for a path segment that names nothing.
    pub(crate) fn no_segment(segment: &str) -> Refusal {
        let message = format!("Resource not found for the segment '{segment}'.");
        Refusal::new(StatusCode::NOT_FOUND, "0x8006088a", message)
    }

    /// 404 without a code: the path exists, but not for this method.
    pub(crate) fn no_method(path: &str) -> Refusal {
        let message = format!("No HTTP resource was found that matches the request URI '{path}'.");
        Refusal::new(StatusCode::NOT_FOUND, "", message)
    }

    /// 412 for an etag that is not current.
    pub(crate) fn stale() -> Refusal {
        let message = "The version of the existing record doesn't match the RowVersion property provided.";
        Refusal::new(StatusCode::PRECONDITION_FAILED, "0x80060882", message)
    }

    /// 412 for `If-None-Match: *` on a row that is there.
    pub(crate) fn exists() -> Refusal {
        let message = "A record with matching key values already exists.";
        Refusal::new(StatusCode::PRECONDITION_FAILED, "0x80040237", message)
    }

    /// 412 for a primary key that is taken.
    pub(crate) fn duplicate_key() -> Refusal {
        Refusal::new(StatusCode::PRECONDITION_FAILED, "0x80040237", "Cannot insert duplicate key.")
    }

    /// 412 for an alternate key that is taken.
    pub(crate) fn key_violated(title: &str) -> Refusal {
        let message = format!(
            "Entity Key {title} violated. A record with the same value for {title} already exists. A duplicate record \
             cannot be created. Select one or more unique values and try again."
        );
        Refusal::new(StatusCode::PRECONDITION_FAILED, "0x80060892", message)
    }

    /// 401; the body's shape is not documented.
    pub(crate) fn unauthenticated() -> Refusal {
        Refusal::new(
            StatusCode::UNAUTHORIZED,
            "",
            "The access token is missing, expired or meant for another audience.",
        )
    }
}

impl From<ODataError> for Refusal {
    fn from(error: ODataError) -> Refusal {
        Refusal::query(error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = json!({"error": {"code": self.code, "message": self.message}});
        let mut response = (self.status, Json(body)).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response.headers_mut().insert("www-authenticate", axum::http::HeaderValue::from_static("Bearer"));
        }
        response
    }
}
