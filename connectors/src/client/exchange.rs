//! One request, one answer: the only place that waits for a network.

use std::error::Error;
use std::time::{Duration, Instant};

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::{Method, Request, Response, Url};
use tracing::Instrument;

use super::reply::Reply;
use crate::settings::SettingsError;

/// The longest answer that is read of a service with a connector of its own, in bytes. The largest page that
/// is asked for stays far below it.
pub(crate) const LONGEST_BODY: usize = 16 * 1024 * 1024;

/// How long a connection may take to be made.
const CONNECT_DEADLINE: Duration = Duration::from_secs(10);

/// How many idle connections to one host are kept for the next calls, each for a minute and a half: as many as the
/// runs that an engine works on at once, so that none of them pays for a new one.
const MOST_IDLE: usize = 512;

/// What is made ready for a body before its first byte, in bytes, whatever length an answer claims.
const LARGEST_RESERVE: usize = 64 * 1024;

/// A client that follows no redirects, with a deadline for a whole request.
pub(crate) fn plain_client(deadline: Duration) -> Result<reqwest::Client, SettingsError> {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .connect_timeout(CONNECT_DEADLINE.min(deadline))
        .timeout(deadline)
        .pool_max_idle_per_host(MOST_IDLE)
        .user_agent(concat!("cosell/", env!("CARGO_PKG_VERSION")))
        .build()
        .map_err(|error| SettingsError::Client(with_causes(error)))
}

/// Sends the request and reads the answer, up to `longest` bytes of body. What is logged holds no value of the query and no header.
pub(crate) async fn exchange(
    service: &'static str,
    http: &reqwest::Client,
    request: Request,
    doing: &str,
    longest: usize,
) -> Result<Reply, CallError> {
    let method = request.method().clone();
    let span = tracing::debug_span!("call", service, %method, path = loggable(request.url()));
    async {
        let started = Instant::now();
        let result = send(http, request, method, doing, longest).await;
        let status = match &result {
            Ok(reply) => Some(reply.status()),
            Err(error) => error.status,
        };
        let ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::debug!(status, ms, "answered");
        result
    }
    .instrument(span)
    .await
}

/// The body, unless it is longer than `limit` bytes.
pub(crate) async fn body_up_to(mut response: Response, limit: usize) -> Result<Option<Vec<u8>>, reqwest::Error> {
    let claimed = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or(0);
    let mut body = Vec::with_capacity(claimed.min(limit).min(LARGEST_RESERVE));
    while let Some(chunk) = response.chunk().await? {
        if body.len() + chunk.len() > limit {
            return Ok(None);
        }
        body.extend_from_slice(&chunk);
    }
    Ok(Some(body))
}

async fn send(
    http: &reqwest::Client,
    request: Request,
    method: Method,
    doing: &str,
    longest: usize,
) -> Result<Reply, CallError> {
    let mut response = http.execute(request).await.map_err(|error| unsent_or_unanswered(error, &method, doing))?;
    let status = response.status().as_u16();
    let headers = std::mem::take(response.headers_mut());
    match body_up_to(response, longest).await {
        Ok(Some(body)) => Ok(Reply { status, headers, body, method, doing: doing.to_owned() }),
        Ok(None) => {
            let message = format!("{doing}: the answer is longer than {longest} bytes");
            Err(CallError { status: Some(status), ..CallError::new(CallErrorKind::Unexpected, message) })
        }
        Err(error) => Err(unsent_or_unanswered(error, &method, doing)),
    }
}

/// A write whose answer is missing may have been done; a read may simply be repeated.
fn unsent_or_unanswered(error: reqwest::Error, method: &Method, doing: &str) -> CallError {
    let timed_out = error.is_timeout();
    let unsent = error.is_connect();
    let reason = with_causes(error);
    if unsent {
        CallError::new(CallErrorKind::Unavailable, format!("{doing}: no connection could be made: {reason}"))
    } else if *method == Method::GET {
        CallError::new(CallErrorKind::Unavailable, format!("{doing}: no answer came: {reason}"))
    } else {
        let how = if timed_out { "within the deadline" } else { "before the connection was closed" };
        let message = format!("{doing}: no answer came {how}, so it may have been done: {reason}");
        CallError::new(CallErrorKind::Unanswered, message)
    }
}

/// The error with its causes; without the address, whose query may hold data.
fn with_causes(error: reqwest::Error) -> String {
    let error = error.without_url();
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

/// The path with the names of the query's options, but not their values.
fn loggable(url: &Url) -> String {
    let names: Vec<String> = url.query_pairs().map(|(name, _)| name.into_owned()).collect();
    if names.is_empty() { url.path().to_owned() } else { format!("{}?{}", url.path(), names.join("&")) }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn t42_what_is_logged_holds_no_values() {
        let url = Url::parse("https://x.example/rows?$filter=email%20eq%20'a@b.example'&$top=1").unwrap();
        assert_eq!(loggable(&url), "/rows?$filter&$top");
        assert_eq!(loggable(&Url::parse("https://x.example/rows").unwrap()), "/rows");
    }
}
