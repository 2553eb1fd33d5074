//! Triggers: what starts a run from outside, by a request that comes in or by asking again and again.

use async_trait::async_trait;
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::error::CallError;
use super::{Schemas, read_input, schema_of};

/// Something outside that starts runs.
#[async_trait]
pub trait Trigger: Send + Sync + 'static {
    /// The part after the dot in `events.referral`.
    const NAME: &'static str;
    /// The ways in which it can be had; the first is the usual one.
    const MODES: &'static [Mode];
    /// What a flow says under `with`.
    type Input: DeserializeOwned + JsonSchema + Send + Sync;
    /// The body of the event: `$.trigger`.
    type Output: JsonSchema;

    /// Whether a flow with this input wants the event.
    fn wants(&self, input: &Self::Input, event: &TriggerEvent) -> bool;

    /// Verifies a request from outside and reads the event in it. `None` is a request that was right and
    /// starts nothing, such as a test.
    async fn receive(&self, request: &Incoming) -> Result<Option<TriggerEvent>, Refusal>;

    /// Asks the service what happened since `cursor`, which is what the last answer gave; without one
    /// nothing has been asked yet, and only what happens from now on counts.
    async fn poll(&self, input: &Self::Input, cursor: Option<Value>) -> Result<Polled, CallError>;

    /// The cursor with which a poll finds what changed at `time` or later; `None` where the service cannot say.
    fn since(&self, _time: Timestamp) -> Option<Value> {
        None
    }
}

/// How a trigger learns of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// The service sends a request.
    Webhook,
    /// The engine asks.
    Poll,
}

/// A request from outside, with its body as it came: a signature is made over bytes.
#[derive(Debug, Clone, Default)]
pub struct Incoming {
    /// Header names in lower case, and their values.
    pub headers: Vec<(String, String)>,
    /// The raw body.
    pub body: Vec<u8>,
}

impl Incoming {
    /// The first header of that lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// An event before any flow has seen it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TriggerEvent {
    /// What `$.trigger` is in the flow.
    pub body: Value,
    /// What tells two copies of one event from two events: the same for every delivery of it.
    pub content_key: String,
}

/// What a poll found.
#[derive(Debug, Clone, PartialEq)]
pub struct Polled {
    /// The events, oldest first.
    pub events: Vec<TriggerEvent>,
    /// Where the next poll goes on; kept only once the events are accepted.
    pub cursor: Value,
}

/// A request that is not taken: nothing of it is used.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// The HTTP status to answer with.
    pub status: u16,
    /// Why, as a lower-case fragment without anything secret: the sender sees it.
    pub message: String,
}

impl Refusal {
    /// A refusal with that HTTP status.
    pub fn new(status: u16, message: impl Into<String>) -> Refusal {
        Refusal { status, message: message.into() }
    }
}

/// A trigger as the engine sees it.
#[async_trait]
pub trait AnyTrigger: Send + Sync {
    /// [`Trigger::NAME`].
    fn name(&self) -> &'static str;
    /// [`Trigger::MODES`].
    fn modes(&self) -> &'static [Mode];
    /// The JSON Schema of what a flow says under `with`.
    fn input_schema(&self) -> &Value;
    /// The JSON Schema of the event's body.
    fn output_schema(&self) -> &Value;
    /// [`Trigger::wants`]; an input that is not as it should be wants nothing.
    fn wants_any(&self, input: &Value, event: &TriggerEvent) -> bool;
    /// [`Trigger::receive`].
    async fn receive_any(&self, request: &Incoming) -> Result<Option<TriggerEvent>, Refusal>;
    /// [`Trigger::poll`].
    async fn poll_any(&self, input: &Value, cursor: Option<Value>) -> Result<Polled, CallError>;
    /// [`Trigger::since`].
    fn since(&self, time: Timestamp) -> Option<Value>;
}

/// A trigger with its schemas, which are made once.
pub(super) struct Typed<T> {
    trigger: T,
    schemas: Schemas,
}

impl<T> Typed<T> {
    /// The schemas are made when they are first asked for.
    pub(super) fn new(trigger: T) -> Typed<T> {
        Typed { trigger, schemas: Schemas::default() }
    }
}

#[async_trait]
impl<T: Trigger> AnyTrigger for Typed<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn modes(&self) -> &'static [Mode] {
        T::MODES
    }

    fn input_schema(&self) -> &Value {
        self.schemas.input.get_or_init(schema_of::<T::Input>)
    }

    fn output_schema(&self) -> &Value {
        self.schemas.output.get_or_init(schema_of::<T::Output>)
    }

    fn wants_any(&self, input: &Value, event: &TriggerEvent) -> bool {
        read_input(T::NAME, input).is_ok_and(|input| self.trigger.wants(&input, event))
    }

    async fn receive_any(&self, request: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        self.trigger.receive(request).await
    }

    async fn poll_any(&self, input: &Value, cursor: Option<Value>) -> Result<Polled, CallError> {
        let input = read_input(T::NAME, input)?;
        self.trigger.poll(&input, cursor).await
    }

    fn since(&self, time: Timestamp) -> Option<Value> {
        self.trigger.since(time)
    }
}
