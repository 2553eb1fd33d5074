//! The error answer of the referrals host (S18).

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

use crate::odata::ODataError;

/// A request the referrals host refuses.
#[derive(Debug, Clone)]
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

    /// A request that was refused before it reached the service's own rules, as one too large.
    pub(crate) fn unreadable(status: StatusCode) -> Refusal {
        Refusal { status, code: "invalidRequest", message: "The request cannot be read.".to_owned() }
    }

    /// 405: the method is not offered here.
    pub(crate) fn method() -> Refusal {
        let message = "The method is not allowed on this resource.".to_owned();
        Refusal { status: StatusCode::METHOD_NOT_ALLOWED, code: "invalidRequest", message }
    }

    /// 412 for an ETag that is not the current one; two codes fit, and no document says which (S13).
    pub(crate) fn stale(modified: bool) -> Refusal {
        let refusal = Refusal::precondition("The ETag in If-Match is not the referral's current one.");
        Refusal { code: if modified { "resourceModified" } else { refusal.code }, ..refusal }
    }

    /// 412 `preconditionFailed`
    pub(crate) fn precondition(message: impl Into<String>) -> Refusal {
        let status = StatusCode::PRECONDITION_FAILED;
        Refusal { status, code: "preconditionFailed", message: message.into() }
    }

    /// The answer; `odd` spells it as the error page's own example does (S18).
    pub(crate) fn answer(&self, odd: bool) -> Response {
        let (code, inner_name) = match (odd, self.code) {
            (true, "unauthenticated") => ("unAuthorized", "innererror"),
            (true, code) => (code, "innererror"),
            (false, code) => (code, "innerError"),
        };
        let inner = json!({"code": code, "message": self.message, inner_name: {}});
        let body = json!({"error": {"code": code, "message": self.message, "target": "referral", inner_name: inner}});
        (self.status, Json(body)).into_response()
    }
}

impl From<ODataError> for Refusal {
    fn from(error: ODataError) -> Refusal {
        Refusal::invalid(error.to_string())
    }
}

impl IntoResponse for Refusal {
    /// The refusal goes along, so that it can be spelled otherwise on its way out.
    fn into_response(self) -> Response {
        let mut response = self.answer(false);
        response.extensions_mut().insert(self);
        response
    }
}
