//! An answer, before it is known whether it goes out alone or as a part of a batch.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::Value;

use crate::log::Changed;

/// Status, headers and body.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: StatusCode,
    /// Headers beside those that every answer has.
    pub(crate) headers: Vec<(&'static str, String)>,
    /// The body.
    pub(crate) content: Content,
    /// Of an update: whether anything is different now.
    pub(crate) changed: Option<bool>,
}

/// What a body is.
#[derive(Debug)]
pub(crate) enum Content {
    /// Nothing.
    None,
    /// JSON in the form of OData.
    Json(Value),
    /// Anything else, with its type.
    Text(&'static str, String),
    /// The parts of a batch, and what stands between them.
    Parts(String, String),
}

impl Reply {
    /// 204.
    pub(crate) fn nothing() -> Reply {
        Reply { status: StatusCode::NO_CONTENT, headers: Vec::new(), content: Content::None, changed: None }
    }

    /// A body of JSON.
    pub(crate) fn json(status: StatusCode, value: impl Into<Value>) -> Reply {
        Reply { status, content: Content::Json(value.into()), ..Reply::nothing() }
    }

    /// A body of another type.
    pub(crate) fn text(kind: &'static str, text: String) -> Reply {
        Reply { status: StatusCode::OK, content: Content::Text(kind, text), ..Reply::nothing() }
    }

    /// The same with one more header.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Reply {
        self.headers.push((name, value.into()));
        self
    }

    /// The type of the body, and the body.
    pub(crate) fn body(&self) -> Option<(String, String)> {
        match &self.content {
            Content::None => None,
            Content::Json(value) => Some(("application/json; odata.metadata=minimal".to_owned(), value.to_string())),
            Content::Text(kind, text) => Some(((*kind).to_owned(), text.clone())),
            Content::Parts(boundary, text) => Some((format!("multipart/mixed; boundary={boundary}"), text.clone())),
        }
    }
}

impl IntoResponse for Reply {
    fn into_response(self) -> Response {
        let body = self.body();
        let mut response = Response::new(Body::empty());
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        headers.insert("odata-version", HeaderValue::from_static("4.0"));
        for (name, value) in self.headers {
            if let Ok(value) = HeaderValue::from_str(&value) {
                headers.append(HeaderName::from_static(name), value);
            }
        }
        if let Some((kind, text)) = body {
            if let Ok(kind) = HeaderValue::from_str(&kind) {
                headers.insert(CONTENT_TYPE, kind);
            }
            *response.body_mut() = Body::from(text);
        }
        if let Some(changed) = self.changed {
            response.extensions_mut().insert(Changed(changed));
        }
        response
    }
}
