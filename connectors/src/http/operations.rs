//! `get`, `post` and `request`: one way to call, three ways to write it.

use std::sync::Arc;

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;

use super::api;
use crate::client::exchange;

/// Reads an address.
pub struct Get(Arc<reqwest::Client>);

/// What to read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetInput {
    /// The address, with its query.
    pub url: String,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
}

/// Sends a body to an address.
///
/// A repeat sends it again: what that does is for the other side to say.
pub struct Post(Arc<reqwest::Client>);

/// What to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PostInput {
    /// The address, with its query.
    pub url: String,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a text is sent as it is, anything else as JSON.
    #[serde(default)]
    pub body: Value,
}

/// Sends a request with any method.
///
/// A repeat sends it again: what that does is for the other side to say.
pub struct Request(Arc<reqwest::Client>);

/// What to send.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RequestInput {
    /// The method, such as `PUT`.
    pub method: String,
    /// The address, with its query.
    pub url: String,
    /// Headers by name.
    #[serde(default)]
    pub headers: BTreeMap<String, String>,
    /// The body: a text is sent as it is, anything else as JSON.
    #[serde(default)]
    pub body: Value,
}

/// An answer with a status from 200 to 299; any other is an error.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HttpReply {
    /// The HTTP status.
    pub status: u16,
    /// Headers, their names in lower case; of several with one name the last.
    pub headers: BTreeMap<String, String>,
    /// JSON when the answer says that it is, else text; null when it is empty.
    pub body: Value,
}

impl Get {
    pub(super) fn new(http: &Arc<reqwest::Client>) -> Get {
        Get(Arc::clone(http))
    }
}

impl Post {
    pub(super) fn new(http: &Arc<reqwest::Client>) -> Post {
        Post(Arc::clone(http))
    }
}

impl Request {
    pub(super) fn new(http: &Arc<reqwest::Client>) -> Request {
        Request(Arc::clone(http))
    }
}

#[async_trait]
impl Operation for Get {
    const NAME: &'static str = "get";
    const EFFECT: Effect = Effect::Reads;
    type Input = GetInput;
    type Output = HttpReply;

    async fn call(&self, _: &CallKey, input: GetInput) -> Result<HttpReply, CallError> {
        let GetInput { url, headers } = input;
        send(&self.0, &RequestInput { method: "GET".to_owned(), url, headers, body: Value::Null }).await
    }
}

#[async_trait]
impl Operation for Post {
    const NAME: &'static str = "post";
    const EFFECT: Effect = Effect::Writes;
    type Input = PostInput;
    type Output = HttpReply;

    async fn call(&self, _: &CallKey, input: PostInput) -> Result<HttpReply, CallError> {
        let PostInput { url, headers, body } = input;
        send(&self.0, &RequestInput { method: "POST".to_owned(), url, headers, body }).await
    }
}

#[async_trait]
impl Operation for Request {
    const NAME: &'static str = "request";
    const EFFECT: Effect = Effect::Writes;
    type Input = RequestInput;
    type Output = HttpReply;

    async fn call(&self, _: &CallKey, input: RequestInput) -> Result<HttpReply, CallError> {
        send(&self.0, &input).await
    }
}

async fn send(http: &reqwest::Client, input: &RequestInput) -> Result<HttpReply, CallError> {
    let request = api::build(input)?;
    let doing = api::doing(&request);
    let reply = exchange("http", http, request, &doing).await?.accepted()?;
    Ok(api::read(&reply))
}
