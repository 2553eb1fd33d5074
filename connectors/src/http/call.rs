//! One call: a request, the wait for its result, and the pages after the first.

use std::sync::Arc;

use cosell_engine::clock::Clock;
use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::header::{self, HeaderMap, HeaderName};
use reqwest::{Method, Url};

use super::operations::{HttpReply, RequestInput};
use super::{api, long_running, pages};
use crate::client::{Reply, exchange};

/// The longest body that is sent, and the longest that is read, in bytes: 100 MB, as in Power Automate.
pub(super) const LONGEST_BODY: usize = 100 * 1024 * 1024;

/// Headers that speak of the first request alone: of its body, and of the one thing that it is for.
const OF_THE_FIRST: [HeaderName; 8] = [
    header::CONTENT_ENCODING,
    header::CONTENT_TYPE,
    header::IF_MATCH,
    header::IF_MODIFIED_SINCE,
    header::IF_NONE_MATCH,
    header::IF_RANGE,
    header::IF_UNMODIFIED_SINCE,
    header::RANGE,
];

/// What calls go through.
pub(super) struct Http {
    client: reqwest::Client,
    pub(super) clock: Arc<dyn Clock>,
}

impl Http {
    /// Calls by that client, with waits by that clock.
    pub(super) fn new(client: reqwest::Client, clock: Arc<dyn Clock>) -> Http {
        Http { client, clock }
    }

    /// Performs a call to its end. Dropping the future ends it at once.
    pub(super) async fn call(&self, input: &RequestInput) -> Result<HttpReply, CallError> {
        let request = api::build(input)?;
        let first = First::of(&request);
        if let Some(pages) = &input.pages {
            pages::checked(pages, &first)?;
        }
        let mut reply = self.send(request, LONGEST_BODY).await?.accepted()?;
        if input.wait_for_result && reply.status() == 202 {
            reply = long_running::result(self, &first, reply).await?;
        }
        match &input.pages {
            Some(pages) => pages::all(self, &first, &reply, pages).await,
            None => Ok(HttpReply { body: reply.decoded(), envelope: api::envelope(&reply) }),
        }
    }

    /// Sends one request and reads up to `longest` bytes of the answer, whatever its status.
    pub(super) async fn send(&self, request: reqwest::Request, longest: usize) -> Result<Reply, CallError> {
        let doing = api::doing(request.method(), request.url());
        exchange("http", &self.client, request, &doing, longest).await
    }
}

/// What the later requests of a call take from its first.
pub(super) struct First {
    pub(super) method: Method,
    pub(super) url: Url,
    headers: HeaderMap,
}

impl First {
    /// What is to be kept of a request before it is sent.
    pub(super) fn of(request: &reqwest::Request) -> First {
        let mut headers = request.headers().clone();
        for name in OF_THE_FIRST {
            headers.remove(name);
        }
        First { method: request.method().clone(), url: request.url().clone(), headers }
    }

    /// Whether that address is on the host of the first request, by its scheme and port too.
    pub(super) fn is_same_host(&self, url: &Url) -> bool {
        self.url.origin() == url.origin()
    }

    /// A request that reads an address which an answer named. The headers, which may hold credentials, go to
    /// the host of the first request only.
    pub(super) fn follow(&self, url: Url) -> reqwest::Request {
        let headers = if self.is_same_host(&url) { self.headers.clone() } else { HeaderMap::new() };
        let mut request = reqwest::Request::new(Method::GET, url);
        *request.headers_mut() = headers;
        request
    }

    /// The address behind a link in the answer to a request of `base`.
    pub(super) fn linked(&self, base: &Url, link: &str) -> Result<Url, CallError> {
        let url = base.join(link).map_err(|error| format!("is not an address: {error}"));
        let url = url.and_then(|url| api::address(url.as_str()));
        url.map_err(|reason| self.not_followed(&format!("an address that {reason}")))
    }

    /// The error for a link that is not followed; it does not repeat the link, which may hold a secret.
    pub(super) fn not_followed(&self, to: &str) -> CallError {
        let message = format!("{} pointed to {to}; it was not followed", api::doing(&self.method, &self.url));
        CallError::new(CallErrorKind::Unexpected, message)
    }
}
