//! What the sign-in service refuses, in plain words and with a way out.
//!
//! Its answers carry a kind (`invalid_grant`) and a number (`AADSTS65001`). Flows branch on the kind; people are told by
//! the number what is wrong, where the number is one of those below, and in the service's own words where it is not.

mod table;

use cosell_engine::connector::{CallError, CallErrorKind};
use serde_json::Value;

use crate::client::Reply;
use table::{Known, known};

/// A sign-in that failed, and what helps.
#[derive(Debug, Clone)]
pub(crate) struct SignInError {
    pub(crate) error: CallError,
    pub(crate) help: Option<&'static str>,
}

impl From<CallError> for SignInError {
    fn from(error: CallError) -> SignInError {
        SignInError { error, help: None }
    }
}

/// A call's error is one line.
impl From<SignInError> for CallError {
    fn from(failed: SignInError) -> CallError {
        let SignInError { mut error, help } = failed;
        if let Some(help) = help {
            error.message = format!("{}; {help}", error.message);
        }
        error
    }
}

/// The error where there is no credential that the service would take. Its status is 401 whatever the sign-in
/// service said, so that a caller tells a credential that no call can be made with from one call that is not allowed.
pub(super) fn no_credential(message: String) -> CallError {
    CallError { status: Some(401), ..CallError::new(CallErrorKind::Denied, message) }
}

/// A refusal is final until somebody changes the settings; anything else may pass.
pub(super) fn refused(reply: &Reply) -> SignInError {
    let body: Value = serde_json::from_slice(reply.body()).unwrap_or_default();
    let code = kind(&body).map(str::to_owned);
    let (said, help) = said(&body);
    let message = format!("{} was refused: {said}", reply.doing());
    let passing = matches!(reply.status(), 408 | 429 | 500..) || code.as_deref() == Some("temporarily_unavailable");
    let failure = reply.failure();
    let kind = match failure.kind {
        CallErrorKind::Throttled => CallErrorKind::Throttled,
        _ if passing => CallErrorKind::Unavailable,
        _ => {
            let error = CallError { code, request_id: failure.request_id, ..no_credential(message) };
            return SignInError { error, help };
        }
    };
    // The body belongs to the sign-in, not to the call that a flow made.
    CallError { kind, message, code, body: None, ..failure }.into()
}

/// Without a token the call itself was not made, whatever became of the request for the token.
pub(super) fn nothing_was_done(mut error: CallError) -> CallError {
    if error.kind == CallErrorKind::Unanswered {
        error.kind = CallErrorKind::Unavailable;
    }
    error
}

/// The kind of refusal in a body.
pub(super) fn kind(body: &Value) -> Option<&str> {
    body["error"].as_str()
}

/// What the body says, and what helps.
fn said(body: &Value) -> (String, Option<&'static str>) {
    // The first line says what is wrong; the others repeat the ids of the request.
    let own = body["error_description"].as_str().and_then(|text| text.lines().next());
    match number(body, own).and_then(|number| Some((number, known(number)?))) {
        Some((number, Known { what, help, .. })) => (format!("{what} (AADSTS{number})"), Some(*help)),
        None => (own.unwrap_or("no reason given").to_owned(), None),
    }
}

/// The number of the refusal: in a list of its own, or at the beginning of the text.
fn number(body: &Value, said: Option<&str>) -> Option<u64> {
    body["error_codes"][0].as_u64().or_else(|| said?.strip_prefix("AADSTS")?.split(':').next()?.parse().ok())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn refusals_are_told_in_plain_words() {
        // The answer, what is told, and what helps.
        let cases = [
            (
                json!({ "error": "invalid_client", "error_codes": [7000222],
                        "error_description": "AADSTS7000222: The provided keys are expired.\r\nTrace ID: 1" }),
                "testing was refused: the application's secret has expired (AADSTS7000222)",
                "make a new secret",
            ),
            (
                json!({ "error": "invalid_grant", "error_description": "AADSTS65001: No consent.\r\nTrace ID: 1" }),
                "testing was refused: nobody has consented to what the application wants to do (AADSTS65001)",
                "consent",
            ),
            (
                json!({ "error": "invalid_grant", "error_codes": [1], "error_description": "AADSTS1: New.\r\nTrace" }),
                "testing was refused: AADSTS1: New.",
                "",
            ),
            (json!({ "error": "invalid_grant" }), "testing was refused: no reason given", ""),
            (json!("garbage"), "testing was refused: no reason given", ""),
        ];
        for (body, message, help) in cases {
            let failed = refused(&Reply::for_test(400, &body.to_string()));
            assert_eq!(failed.error.message, message, "{body}");
            assert_eq!(failed.help.is_some(), !help.is_empty(), "{body}");
            let whole = CallError::from(failed).message;
            assert!(whole.starts_with(message) && whole.contains(help), "{whole}");
        }
    }
}
