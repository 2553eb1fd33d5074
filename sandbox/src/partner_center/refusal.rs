//! The error answer of the referrals host (S18).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::odata::ODataError;

/// A request the referrals host refuses.
#[derive(Debug)]
pub(crate) struct Refusal {
    status: StatusCode,
    code: &'static str,
    message: String,
}

impl Refusal {
    /// 400 `invalidRequest`
    pub(crate) fn invalid(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::BAD_REQUEST, code: "invalidRequest", message: message.into() }
    }

    /// 401 `unauthenticated`: no token, a stale one, or one for another audience (S1).
    pub(crate) fn unauthenticated() -> Refusal {
        let message = "The access token is missing, expired or meant for another audience.".to_owned();
        Refusal { status: StatusCode::UNAUTHORIZED, code: "unauthenticated", message }
    }

    /// 403 `accessDenied`
    pub(crate) fn denied(message: impl Into<String>) -> Refusal {
        Refusal { status: StatusCode::FORBIDDEN, code: "accessDenied", message: message.into() }
    }

    /// 404 `itemNotFound`
    pub(crate) fn not_found(id: &str) -> Refusal {
        let message = format!("The referral {id} was not found.");
        Refusal { status: StatusCode::NOT_FOUND, code: "itemNotFound", message }
    }

    /// 405: the method is not offered here.
    pub(crate) fn method() -> Refusal {
        let message = "The method is not allowed on this resource.".to_owned();
        Refusal { status: StatusCode::METHOD_NOT_ALLOWED, code: "invalidRequest", message }
    }

    /// 412 `preconditionFailed` (S13)
    pub(crate) fn stale() -> Refusal {
        let message = "The ETag in If-Match is not the referral's current one.".to_owned();
        Refusal { status: StatusCode::PRECONDITION_FAILED, code: "preconditionFailed", message }
    }
}

impl From<ODataError> for Refusal {
    fn from(error: ODataError) -> Refusal {
        Refusal::invalid(error.to_string())
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let inner = json!({"code": self.code, "message": self.message, "innerError": {}});
        let body = json!({"error": {
            "code": self.code, "message": self.message, "target": "referral", "innerError": inner,
        }});
        (self.status, Json(body)).into_response()
    }
}
