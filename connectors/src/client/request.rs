//! A request before it is sent: built by plain functions, compared in tests.

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Method, Url};
use serde_json::Value;
use uuid::Uuid;

use crate::odata::encode_value;

/// What is to be sent, relative to the address of the service.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Request {
    method: Method,
    path: String,
    query: Vec<(&'static str, String)>,
    headers: Vec<(&'static str, String)>,
    body: Option<Value>,
    doing: String,
}

impl Request {
    /// A request for that path; `doing` says in error messages what it is for: "reading referral `1`".
    pub(crate) fn new(method: Method, path: impl Into<String>, doing: impl Into<String>) -> Request {
        Request {
            method,
            path: path.into(),
            query: Vec::new(),
            headers: vec![("accept", "application/json".to_owned())],
            body: None,
            doing: doing.into(),
        }
    }

    /// A request that reads.
    pub(crate) fn get(path: impl Into<String>, doing: impl Into<String>) -> Request {
        Request::new(Method::GET, path, doing)
    }

    /// Adds an option to the query; the value is encoded later.
    pub(crate) fn query(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.query.push((name, value.into()));
        self
    }

    /// Adds a header.
    pub(crate) fn header(mut self, name: &'static str, value: impl Into<String>) -> Request {
        self.headers.push((name, value.into()));
        self
    }

    /// Sets the body.
    pub(crate) fn json(mut self, body: Value) -> Request {
        self.body = Some(body);
        self
    }

    /// Adds the ids by which the service can recognise a repeat and its support can find the call: the
    /// first is the same for every attempt at the call, the second new.
    pub(crate) fn traced(self, request_id: &'static str, correlation_id: &'static str, key: &CallKey) -> Request {
        self.header(request_id, key.guid().to_string()).header(correlation_id, Uuid::new_v4().to_string())
    }

    /// What the request is for.
    pub(crate) fn doing(&self) -> &str {
        &self.doing
    }

    /// The path with the query, as it goes over the wire.
    #[cfg(test)]
    pub(crate) fn target(&self) -> String {
        self.target_below("")
    }

    fn target_below(&self, base: &str) -> String {
        let mut target = [base, &self.path].concat();
        for (index, (name, value)) in self.query.iter().enumerate() {
            let before = if index == 0 && !self.path.contains('?') { '?' } else { '&' };
            target.push(before);
            target.push_str(name);
            target.push('=');
            target.extend(encode_value(value));
        }
        target
    }

    /// The body, if there is one.
    #[cfg(test)]
    pub(crate) fn body(&self) -> Option<&Value> {
        self.body.as_ref()
    }

    /// The value of a header, if it is set.
    #[cfg(test)]
    pub(crate) fn header_value(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }

    /// The request for the service at `base`.
    pub(crate) fn build(&self, base: &Url) -> Result<reqwest::Request, CallError> {
        let refused = |reason: String| {
            let message = format!("{} is not possible: {reason}", self.doing);
            CallError::new(CallErrorKind::Input, message)
        };
        let url = self.target_below(base.as_str().trim_end_matches('/'));
        let url = Url::parse(&url).map_err(|error| refused(error.to_string()))?;
        let mut built = reqwest::Request::new(self.method.clone(), url);
        for (name, value) in &self.headers {
            let value = HeaderValue::from_str(value)
                .map_err(|_| refused(format!("the header `{name}` holds characters that no header may")))?;
            built.headers_mut().append(HeaderName::from_static(name), value);
        }
        if let Some(body) = &self.body {
            let json = HeaderValue::from_static("application/json");
            built.headers_mut().insert(reqwest::header::CONTENT_TYPE, json);
            let body = serde_json::to_vec(body).map_err(|error| refused(error.to_string()))?;
            *built.body_mut() = Some(body.into());
        }
        Ok(built)
    }
}
