//! `request_validation` and `validation_result`: does the registered address work?

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api;
use super::registration::Nothing;
use crate::client::Client;
use crate::connection::Connection;

/// Has a test event sent to the registered address. The registration must name `test-created`; the service
/// allows this twice a minute.
///
/// A repeat is harmless: it carries the same request id, by which the service is documented to know it. Should it not,
/// another test event is sent, which starts nothing.
pub struct RequestValidation(Connection<Client>);

/// Reads how a test event went. The service keeps that for seven days.
pub struct ValidationResult(Connection<Client>);

/// A test event that was asked for.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValidationRequested {
    /// Its id, for `validation_result`.
    pub correlation_id: String,
}

/// Which test event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ValidationResultInput {
    /// What `request_validation` returned.
    pub correlation_id: String,
}

/// How a test event went.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ValidationReport {
    /// Such as `completed`.
    pub status: String,
    /// The address that it was sent to.
    pub url: Option<String>,
    /// One entry an attempt.
    pub results: Vec<Attempt>,
}

/// One attempt to deliver a test event.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Attempt {
    /// What the address answered.
    pub response_code: Option<String>,
    /// What it said.
    pub response_message: Option<String>,
    /// Whether the service itself failed.
    pub system_error: Option<bool>,
    /// When it was made (UTC, without a zone).
    pub at: Option<String>,
}

impl RequestValidation {
    pub(super) fn new(connection: &Connection<Client>) -> RequestValidation {
        RequestValidation(connection.clone())
    }
}

impl ValidationResult {
    pub(super) fn new(connection: &Connection<Client>) -> ValidationResult {
        ValidationResult(connection.clone())
    }
}

#[async_trait]
impl Operation for RequestValidation {
    const NAME: &'static str = "request_validation";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = Nothing;
    type Output = ValidationRequested;

    async fn call(&self, key: &CallKey, _: Nothing) -> Result<ValidationRequested, CallError> {
        let reply = self.0.bound()?.send(&api::traced(api::request_validation(), key)).await?;
        Ok(ValidationRequested { correlation_id: api::read_correlation_id(&reply)? })
    }
}

#[async_trait]
impl Operation for ValidationResult {
    const NAME: &'static str = "validation_result";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = ValidationResultInput;
    type Output = ValidationReport;

    async fn call(&self, key: &CallKey, input: ValidationResultInput) -> Result<ValidationReport, CallError> {
        let reply = self.0.bound()?.send(&api::traced(api::validation(&input.correlation_id), key)).await?;
        api::read_validation(&reply)
    }
}
