//! `get`, `post` and `request`: one way to call, three ways to write it.

use std::collections::BTreeMap;
use std::sync::Arc;

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Envelope, Operation, Repeat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::call::Http;

/// Reads an address.
pub struct Get(Arc<Http>);

/// What to read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetInput {
    /// The address, with its query: 16,384 characters at most, without user name and password.
    pub url: String,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// Follows the links to the next page. Only the first page is read by default.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// Whether to wait where the answer is 202 with the address of a result: asks there until the result is
    /// ready, and gives that. `false` gives the answer 202 itself.
    #[serde(default = "waits")]
    pub wait_for_result: bool,
}

/// Sends a body to an address.
///
/// Nobody can tell whether a repeat is harmless, so that where the answer is lost, the step fails with an unknown
/// result. With a header `Idempotency-Key` the other side recognises a repeat by it, and it is made.
pub struct Post(Arc<Http>);

/// What to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostInput {
    /// The address, with its query: 16,384 characters at most, without user name and password.
    pub url: String,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body. A text is sent as it is, `{"$content-type", "$content"}` as the bytes that `$content` holds
    /// in base64, `{"$multipart": [{headers, body}]}` in parts, `{"$formdata": [{key, value}]}` as a form,
    /// anything else as JSON. A header `Content-Type` goes before the type that follows from the body.
    #[serde(default)]
    pub body: Value,
    /// Whether to wait where the answer is 202 with the address of a result: asks there until the result is
    /// ready, and gives that. `false` gives the answer 202 itself.
    #[serde(default = "waits")]
    pub wait_for_result: bool,
}

/// Sends a request with any method.
///
/// A repeat is harmless for the methods that HTTP defines so (GET, HEAD, OPTIONS, TRACE, PUT and DELETE), and it is
/// made; the window that remains is that a DELETE that was done may answer 404 the second time, and that a PUT undoes
/// what somebody else has put in between. For other methods it is as for `post`.
pub struct Request(Arc<Http>);

/// What to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestInput {
    /// The method, such as `PUT`.
    pub method: String,
    /// The address, with its query: 16,384 characters at most, without user name and password.
    pub url: String,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body, as in `post`.
    #[serde(default)]
    pub body: Value,
    /// Follows the links to the next page; for the method GET. Only the first page is read by default.
    #[serde(default)]
    pub pages: Option<Pages>,
    /// Whether to wait where the answer is 202 with the address of a result: asks there until the result is
    /// ready, and gives that. `false` gives the answer 202 itself.
    #[serde(default = "waits")]
    pub wait_for_result: bool,
}

/// How far to follow the links to the next page (`nextLink` or `@odata.nextLink`, on the same host). The
/// result is one object whose list `value` holds the items of all pages.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Pages {
    /// Reads on until there are so many items, or no more pages. Pages are kept whole, so it may be more.
    #[schemars(range(min = 1, max = 100_000))]
    pub at_least: usize,
}

/// The body of an answer with a status from 200 to 299; any other status is an error.
///
/// JSON is the value that it writes, text is text, an empty body null. Anything else is an object
/// `{"$content-type", "$content"}` with the bytes in base64, and so is XML.
#[derive(Debug, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct HttpReply {
    /// The body.
    pub body: Value,
    /// Status and headers, which stand beside the body and not in it.
    #[serde(skip)]
    pub envelope: Envelope,
}

impl Get {
    pub(super) fn new(http: &Arc<Http>) -> Get {
        Get(Arc::clone(http))
    }
}

impl Post {
    pub(super) fn new(http: &Arc<Http>) -> Post {
        Post(Arc::clone(http))
    }
}

impl Request {
    pub(super) fn new(http: &Arc<Http>) -> Request {
        Request(Arc::clone(http))
    }
}

#[async_trait]
impl Operation for Get {
    const NAME: &'static str = "get";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = GetInput;
    type Output = HttpReply;

    async fn call(&self, _: &CallKey, input: GetInput) -> Result<HttpReply, CallError> {
        let GetInput { url, headers, pages, wait_for_result } = input;
        let method = "GET".to_owned();
        self.0.call(&RequestInput { method, url, headers, body: Value::Null, pages, wait_for_result }).await
    }

    fn envelope(output: &HttpReply) -> Envelope {
        output.envelope.clone()
    }
}

#[async_trait]
impl Operation for Post {
    const NAME: &'static str = "post";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Unsafe;
    type Input = PostInput;
    type Output = HttpReply;

    async fn call(&self, _: &CallKey, input: PostInput) -> Result<HttpReply, CallError> {
        let PostInput { url, headers, body, wait_for_result } = input;
        let method = "POST".to_owned();
        self.0.call(&RequestInput { method, url, headers, body, pages: None, wait_for_result }).await
    }

    fn repeat(input: &PostInput) -> Repeat {
        repeat_of("POST", &input.headers)
    }

    fn envelope(output: &HttpReply) -> Envelope {
        output.envelope.clone()
    }
}

#[async_trait]
impl Operation for Request {
    const NAME: &'static str = "request";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Unsafe;
    type Input = RequestInput;
    type Output = HttpReply;

    async fn call(&self, _: &CallKey, input: RequestInput) -> Result<HttpReply, CallError> {
        self.0.call(&input).await
    }

    fn repeat(input: &RequestInput) -> Repeat {
        repeat_of(&input.method, &input.headers)
    }

    fn envelope(output: &HttpReply) -> Envelope {
        output.envelope.clone()
    }
}

/// Methods that do the same however often they are sent (RFC 9110, section 9.2.2).
const IDEMPOTENT: [&str; 6] = ["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"];

/// What a repeat of a request does, as far as HTTP and the request itself say.
fn repeat_of(method: &str, headers: &BTreeMap<String, String>) -> Repeat {
    let idempotent = IDEMPOTENT.iter().any(|known| known.eq_ignore_ascii_case(method));
    let has_key =
        headers.iter().any(|(name, value)| name.eq_ignore_ascii_case("idempotency-key") && !value.trim().is_empty());
    if idempotent || has_key { Repeat::Safe } else { Repeat::Unsafe }
}

fn waits() -> bool {
    true
}
