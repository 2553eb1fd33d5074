//! Operations: typed for their authors, erased for the engine.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::error::{CallError, CallErrorKind};
use super::{Schemas, read_input, schema_of};

/// One thing that a service can do.
///
/// The doc comments of `Input` and its fields are what the editor shows.
#[async_trait]
pub trait Operation: Send + Sync + 'static {
    /// The part after the dot in `dataverse.get_row`.
    const NAME: &'static str;
    /// Whether a call changes the service.
    const EFFECT: Effect;
    /// What may be done where nobody knows whether a call was made: the process stopped during it, or its answer was
    /// lost. Each operation that writes says in its documentation how its repeat is made harmless, and what window
    /// remains.
    const REPEAT: Repeat;
    /// The field of the output that holds the record's version (`@odata.etag`), for an update of what was
    /// read. An operation that updates takes it as its input `if_match`.
    const VERSION: Option<&'static str> = None;
    /// What the call needs; unknown keys are refused (`deny_unknown_fields`).
    type Input: DeserializeOwned + JsonSchema + Send;
    /// What the call returns: the value of the step.
    type Output: Serialize + JsonSchema;

    /// The output as JSON. An operation whose output is JSON already says so here, so that it is not copied.
    fn json(output: Self::Output) -> serde_json::Result<Value> {
        serde_json::to_value(output)
    }

    /// Performs the call. `key` is the same for every attempt at this call, so that the service can
    /// recognise a repeat where it allows for one.
    async fn call(&self, key: &CallKey, input: Self::Input) -> Result<Self::Output, CallError>;

    /// [`Operation::REPEAT`] of a call with this input, where that depends on it.
    fn repeat(_input: &Self::Input) -> Repeat {
        Self::REPEAT
    }

    /// Finds out whether an earlier attempt at this call was made: its output, or `None` if it was not. Asked for
    /// operations with [`Repeat::Verify`] only.
    async fn look_up(&self, _key: &CallKey, _input: &Self::Input) -> Result<Option<Self::Output>, CallError> {
        Ok(None)
    }

    /// The status and headers of the answer that `output` was read from. Only operations whose users care
    /// for them, such as plain HTTP, say more than that it was a success.
    fn envelope(_output: &Self::Output) -> Envelope {
        Envelope::default()
    }
}

/// What came with the body of an answer: what `outputs('X')` shows beside it in a flow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Envelope {
    /// The HTTP status; 200 for an operation that does not tell.
    pub status: u16,
    /// Headers that hold no credential, by their names in lower case.
    pub headers: BTreeMap<String, String>,
}

impl Envelope {
    /// Whether it says nothing but that it was a success.
    fn is_plain(&self) -> bool {
        *self == Envelope::default()
    }
}

impl Default for Envelope {
    fn default() -> Envelope {
        Envelope { status: 200, headers: BTreeMap::new() }
    }
}

/// What a call gave, or a run answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The output as JSON: the value of the step. The run's record and its state share it.
    #[serde(with = "crate::shared")]
    pub value: Arc<Value>,
    /// What came with it.
    #[serde(default, skip_serializing_if = "Envelope::is_plain")]
    pub envelope: Envelope,
}

impl From<Value> for Answer {
    fn from(value: Value) -> Answer {
        Answer { value: Arc::new(value), envelope: Envelope::default() }
    }
}

/// Whether an operation changes the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It may be repeated freely.
    Reads,
    /// What it does can be seen by others.
    Writes,
}

/// What may be done where nobody knows whether a call was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repeat {
    /// It is made again: it reads, or does nothing the second time.
    Safe,
    /// [`Operation::look_up`] tells, once `settle` has passed: until then the service may not show what was done.
    Verify {
        /// How long the service may take.
        settle: Duration,
    },
    /// Nobody can tell, so that the step fails with an unknown result unless it says otherwise.
    Unsafe,
}

/// The identity of one call of one run: the same for every attempt and after a restart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct CallKey(String);

impl CallKey {
    /// The key of a part of a step: `run`, the step's path, and what the step does there (`call`, `update:2`).
    pub fn new(run: impl fmt::Display, step: impl fmt::Display, part: impl fmt::Display) -> CallKey {
        CallKey(format!("{run}/{step}/{part}"))
    }

    /// The key as a GUID (version 5), for services that want one as request id or as the id of a new record.
    pub fn guid(&self) -> Uuid {
        Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("cosell:{}", self.0).as_bytes())
    }

    /// The key as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// An operation as the engine sees it: JSON in, JSON out.
#[async_trait]
pub trait AnyOperation: Send + Sync {
    /// [`Operation::NAME`].
    fn name(&self) -> &'static str;
    /// [`Operation::EFFECT`].
    fn effect(&self) -> Effect;
    /// [`Operation::REPEAT`], whatever the input.
    fn repeat(&self) -> Repeat;
    /// [`Operation::repeat`] of a call with this input.
    fn repeat_of(&self, input: &Value) -> Repeat;
    /// [`Operation::look_up`].
    async fn look_up_any(&self, key: &CallKey, input: &Value) -> Result<Option<Answer>, CallError>;
    /// [`Operation::VERSION`].
    fn version(&self) -> Option<&'static str>;
    /// The JSON Schema of the input.
    fn input_schema(&self) -> &Value;
    /// The JSON Schema of the output.
    fn output_schema(&self) -> &Value;
    /// Reads the input by its type, calls, and writes the output as JSON.
    async fn call_any(&self, key: &CallKey, input: &Value) -> Result<Answer, CallError>;
}

/// An operation with its schemas, which are made once: the checker looks at them for every read.
pub(super) struct Typed<T> {
    operation: T,
    schemas: Schemas,
}

impl<T> Typed<T> {
    /// The schemas are made when they are first asked for.
    pub(super) fn new(operation: T) -> Typed<T> {
        Typed { operation, schemas: Schemas::default() }
    }
}

#[async_trait]
impl<T: Operation> AnyOperation for Typed<T> {
    fn name(&self) -> &'static str {
        T::NAME
    }

    fn effect(&self) -> Effect {
        T::EFFECT
    }

    fn repeat(&self) -> Repeat {
        T::REPEAT
    }

    fn repeat_of(&self, input: &Value) -> Repeat {
        read_input(T::NAME, input).map_or(T::REPEAT, |input| T::repeat(&input))
    }

    async fn look_up_any(&self, key: &CallKey, input: &Value) -> Result<Option<Answer>, CallError> {
        let input = read_input(T::NAME, input)?;
        self.operation.look_up(key, &input).await?.map(answer::<T>).transpose()
    }

    fn version(&self) -> Option<&'static str> {
        T::VERSION
    }

    fn input_schema(&self) -> &Value {
        self.schemas.input.get_or_init(schema_of::<T::Input>)
    }

    fn output_schema(&self) -> &Value {
        self.schemas.output.get_or_init(schema_of::<T::Output>)
    }

    async fn call_any(&self, key: &CallKey, input: &Value) -> Result<Answer, CallError> {
        let input = read_input(T::NAME, input)?;
        answer::<T>(self.operation.call(key, input).await?)
    }
}

fn answer<T: Operation>(output: T::Output) -> Result<Answer, CallError> {
    let envelope = T::envelope(&output);
    let value = T::json(output).map_err(|error| {
        CallError::new(CallErrorKind::Unexpected, format!("the answer to `{}` is not JSON: {error}", T::NAME))
    })?;
    Ok(Answer { value: Arc::new(value), envelope })
}
