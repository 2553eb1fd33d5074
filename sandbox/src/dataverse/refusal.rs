//! The error answer of the Web API (behaviour 15).

use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};

use super::call::Annotations;
use super::reply::Reply;
use crate::odata::ODataError;

/// A request Dataverse refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
    /// Seconds to wait.
    retry_after: Option<u64>,
}

impl Refusal {
    fn new(status: StatusCode, code: &'static str, message: impl Into<String>) -> Refusal {
        Refusal { status, code, message: message.into(), retry_after: None }
    }

    /// 400 with the code of an undeclared or unreadable member.
    pub(crate) fn payload(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80048d19", message)
    }

    /// 400 for an annotation on a navigation property that the table does not have (behaviour 5).
    pub(crate) fn undeclared(table: &str, name: &str) -> Refusal {
        Refusal::payload(format!(
            "An undeclared property '{name}' which only has property annotations in the payload but no property value \
             was found in the payload of 'Microsoft.Dynamics.CRM.{table}'."
        ))
    }

    /// 400 for a batch that cannot be read (behaviour 16).
    pub(crate) fn unreadable_batch() -> Refusal {
        Refusal::payload(
            "An error occurred while reading the batch: the stream could not be read to the end. Check the boundaries \
             and that every line ends in CRLF.",
        )
    }

    /// 400 for a property the table does not have (behaviour 4).
    pub(crate) fn unknown_property(table: &str, name: &str) -> Refusal {
        let message = format!(
            "An error occurred while validating input parameters: Invalid property '{name}' was found in entity \
             'Microsoft.Dynamics.CRM.{table}'."
        );
        Refusal::new(StatusCode::BAD_REQUEST, "0x0", message)
    }

    /// 400 for a key that the table does not have, or not with these columns.
    pub(crate) fn bad_key(table: &str) -> Refusal {
        let message = format!("The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{table}'.");
        Refusal::argument(message)
    }

    /// 400 for an option that its column does not have.
    pub(crate) fn no_option(table: &str, column: &str, value: i64, known: &[(i64, String)]) -> Refusal {
        let known = known.iter().map(|(value, _)| value.to_string()).collect::<Vec<_>>().join(",");
        let message = format!(
            "A validation error occurred. The value {value} of '{column}' on record of type '{table}' is outside the \
             valid range. Accepted Values: {known}"
        );
        Refusal::new(StatusCode::BAD_REQUEST, "0x8004431a", message)
    }

    /// 400 for what a step of custom logic does not let through.
    pub(crate) fn by_custom_logic(reason: &str) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80040265", format!("A step of custom logic failed: {reason}."))
    }

    /// 403 for whoever lacks a privilege.
    pub(crate) fn no_privilege(privilege: &str, user: &str) -> Refusal {
        let message = format!("Principal user (Id={user}) is missing {privilege} privilege.");
        Refusal::new(StatusCode::FORBIDDEN, "0x80040220", message)
    }

    /// 403 for somebody who is no user here.
    pub(crate) fn no_member() -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, "0x80072560", "The user is not a member of the organization.")
    }

    /// 404 for a name that leads to nothing among the definitions.
    pub(crate) fn no_definition(what: &str, name: &str) -> Refusal {
        let message = format!("Could not find {what} with the name or id '{name}'.");
        Refusal::new(StatusCode::NOT_FOUND, "0x80040217", message)
    }

    /// 405 for something that this table does not do.
    pub(crate) fn not_here(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::METHOD_NOT_ALLOWED, "0x80040800", message)
    }

    /// 400 for a delta token from before what is remembered. The reference names no code; this is the one that the
    /// list of codes has for a version stamp that has expired.
    pub(crate) fn expired_token() -> Refusal {
        let message = "Version stamp associated with the client has expired. Please perform a full sync.";
        Refusal::new(StatusCode::BAD_REQUEST, "0x80044352", message)
    }

    /// 412 or 500 for a row that a rule takes for one that is there.
    pub(crate) fn duplicate(as_500: bool) -> Refusal {
        let status = if as_500 { StatusCode::INTERNAL_SERVER_ERROR } else { StatusCode::PRECONDITION_FAILED };
        let message = "A record was not created or updated because a duplicate of the current record already exists.";
        Refusal::new(status, "0x80040333", message)
    }

    /// 413 for a body that is too long.
    pub(crate) fn too_large() -> Refusal {
        Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, "0x80048d19", "The payload is too large.")
    }

    /// 429 with the seconds to wait.
    pub(crate) fn too_many(code: &'static str, message: String, seconds: u64) -> Refusal {
        Refusal { retry_after: Some(seconds), ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, code, message) }
    }

    /// 400 for a query that asks too much, in the words of the service's query throttling. Unlike the limits of a user
    /// it will not do better when it is sent again, so there is nothing to wait for.
    pub(crate) fn throttled() -> Refusal {
        let message = "This query cannot be executed because it conflicts with query throttling.";
        Refusal::new(StatusCode::BAD_REQUEST, "0x80048544", message)
    }

    /// 501 for what the service has and the sandbox has not.
    pub(crate) fn not_played(what: &str) -> Refusal {
        let message = format!("The sandbox does not play {what}.");
        Refusal::new(StatusCode::NOT_IMPLEMENTED, "0x80040800", message)
    }

    /// 400 for more rows than the service sums up.
    pub(crate) fn too_many_rows(most: usize) -> Refusal {
        let message = format!("The maximum record limit of {most} is exceeded. Reduce the number of records.");
        Refusal::new(StatusCode::BAD_REQUEST, "0x8004e023", message)
    }

    /// 400 for an argument that cannot be.
    pub(crate) fn argument(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80040203", message)
    }

    /// 400 for a query that cannot be.
    pub(crate) fn query(message: impl Into<String>) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, "0x80060888", message)
    }

    /// 400 for a property in a query that the table does not have (behaviour 4).
    pub(crate) fn no_property(table: &str, name: &str) -> Refusal {
        Refusal::query(format!("Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{table}'."))
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

    /// 400 for an etag on a table that has no use for one.
    pub(crate) fn no_concurrency(table: &str) -> Refusal {
        let message = format!("Optimistic concurrency isn't enabled for entity type {table}.");
        Refusal::new(StatusCode::BAD_REQUEST, "0x80060893", message)
    }

    /// 412 for an etag that is not current; older samples have no code for it.
    pub(crate) fn stale(without_code: bool) -> Refusal {
        let message = "The version of the existing record doesn't match the RowVersion property provided.";
        let code = if without_code { "" } else { "0x80060882" };
        Refusal::new(StatusCode::PRECONDITION_FAILED, code, message)
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
    pub(crate) fn key_violated(title: &str, columns: &[String]) -> Refusal {
        let columns = columns.join(",");
        let message = format!(
            "Entity Key {title} violated. A record with the same value for {columns} already exists. A duplicate \
             record cannot be created. Select one or more unique values and try again."
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

impl Refusal {
    /// The answer, with details where the reader asked for them.
    pub(crate) fn reply(&self, annotations: &Annotations) -> Reply {
        let mut error = Map::new();
        error.insert("code".to_owned(), json!(self.code));
        error.insert("message".to_owned(), json!(self.message));
        let details: [(&str, Value); 4] = [
            ("ErrorDetails.OperationStatus", json!("0")),
            ("HelpLink", json!(format!("http://go.microsoft.com/fwlink/?LinkID=398563&error={}", self.code))),
            ("TraceText", json!("")),
            ("InnerError.Message", json!(self.message)),
        ];
        for (name, value) in details {
            let name = format!("Microsoft.PowerApps.CDS.{name}");
            if annotations.want(&name) {
                error.insert(format!("@{name}"), value);
            }
        }
        let mut reply = Reply::json(self.status, json!({ "error": error }));
        if self.status == StatusCode::UNAUTHORIZED {
            reply = reply.with("www-authenticate", "Bearer");
        }
        match self.retry_after {
            Some(seconds) => reply.with("retry-after", seconds.to_string()),
            None => reply,
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        self.reply(&Annotations::default()).into_response()
    }
}
