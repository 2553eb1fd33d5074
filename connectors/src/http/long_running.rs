//! Work that a service takes on and finishes later: it answers 202 and names an address, which is asked
//! until it answers with something else. That is the result.
//!
//! From the 202 on, the first request must not be repeated, since its work is under way. So questions that
//! go wrong in passing are asked again here, and where that does not help, the error of a call that writes
//! is of a kind that nobody repeats by himself.

use std::time::Duration;

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::{SignedDuration, Timestamp};
use reqwest::{Method, Url};

use super::api;
use super::call::{First, Http, LONGEST_BODY};
use crate::client::Reply;

/// Where the address of the result stands, in the order in which they are tried.
const LINKS: [&str; 2] = ["location", "azure-asyncoperation"];

/// How long to wait between two questions where the service does not say.
const USUAL_WAIT: Duration = Duration::from_secs(10);

/// The shortest wait: a service that says "at once" again and again is not asked without a pause.
const SHORTEST_WAIT: Duration = Duration::from_secs(1);

/// The longest wait between two questions.
const LONGEST_WAIT: Duration = Duration::from_secs(3600);

/// How long the whole may take. A step's own `timeout` may end it earlier.
const LONGEST_WORK: SignedDuration = SignedDuration::from_hours(24);

/// How many questions in a row may go wrong.
const MOST_FAILURES: u32 = 5;

/// The result of the work that `accepted` tells of; `accepted` itself when it names no address.
pub(super) async fn result(http: &Http, first: &First, accepted: Reply) -> Result<Reply, CallError> {
    let started = http.clock.now();
    let Some(mut url) = link(first, &first.url, &accepted)? else { return Ok(accepted) };
    let mut wait = wait_after(&accepted, http.clock.now());
    let mut failures = 0;
    loop {
        http.clock.sleep(wait).await;
        match http.send(first.follow(url.clone()), LONGEST_BODY).await.and_then(Reply::accepted) {
            Ok(reply) if reply.status() != 202 => return Ok(reply),
            Ok(reply) => {
                failures = 0;
                url = link(first, &url, &reply)?.unwrap_or(url);
                wait = wait_after(&reply, http.clock.now());
            }
            Err(error) if is_passing(&error) && failures < MOST_FAILURES => {
                failures += 1;
                wait = error.retry_after().unwrap_or(USUAL_WAIT).clamp(SHORTEST_WAIT, LONGEST_WAIT);
            }
            Err(error) => return Err(under_way(first, error)),
        }
        if http.clock.now().duration_since(started) > LONGEST_WORK {
            let message = format!("{}: no result came within 24 hours", api::doing(&first.method, &first.url));
            return Err(CallError::new(CallErrorKind::Unanswered, message));
        }
    }
}

/// The address of the result, from the headers of an answer to a request of `base`.
fn link(first: &First, base: &Url, reply: &Reply) -> Result<Option<Url>, CallError> {
    LINKS.iter().find_map(|name| reply.header(name)).map(|link| followed(first, base, link)).transpose()
}

fn followed(first: &First, base: &Url, link: &str) -> Result<Url, CallError> {
    let url = first.linked(base, link)?;
    // An address that is encrypted must not hand its result over to everybody on the way.
    if first.url.scheme() == "https" && url.scheme() != "https" {
        return Err(first.not_followed("an address without encryption"));
    }
    Ok(url)
}

fn wait_after(reply: &Reply, now: Timestamp) -> Duration {
    reply.retry_after(now).unwrap_or(USUAL_WAIT).clamp(SHORTEST_WAIT, LONGEST_WAIT)
}

fn is_passing(error: &CallError) -> bool {
    matches!(error.kind, CallErrorKind::Throttled | CallErrorKind::Unavailable)
}

/// The error of a question, as the error of the call.
fn under_way(first: &First, mut error: CallError) -> CallError {
    let doing = api::doing(&first.method, &first.url);
    error.message = format!("{doing} was taken on, but its result could not be read: {}", error.message);
    if is_passing(&error) && first.method != Method::GET {
        error.kind = CallErrorKind::Unanswered;
    }
    error
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn t09_links_are_followed_with_care() {
        let url = |text: &str| Url::parse(text).unwrap();
        let first = First::of(&reqwest::Request::new(Method::POST, url("https://x.example/a/b?c=d")));
        let cases = [
            ("/e", Some("https://x.example/e")),
            ("e?f=g", Some("https://x.example/a/e?f=g")),
            ("//y.example/e", Some("https://y.example/e")),
            ("https://x.example:444/e", Some("https://x.example:444/e")),
            ("http://x.example/e", None),
            ("https://name:hush@x.example/e", None),
            ("data:text/plain,e", None),
            ("https://[/", None),
        ];
        for (link, expected) in cases {
            let result = followed(&first, &first.url, link).map(String::from).ok();
            assert_eq!(result.as_deref(), expected, "{link}");
        }
    }
}
