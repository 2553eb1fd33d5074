//! What is kept of a node that has ended: its outcome, and what others may read of it.

use std::sync::{Arc, LazyLock, OnceLock};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::connector::{Answer, CallError, Envelope};
use crate::outcome::Outcome;
use crate::run::event::{Change, Ending, StepError};

static NULL: Value = Value::Null;
/// One for all endings of steps that were given nothing.
static NOTHING: LazyLock<Arc<Value>> = LazyLock::new(Arc::default);

/// A node that has ended.
#[derive(Debug)]
pub(in crate::run) struct Ended {
    pub(in crate::run) outcome: Outcome,
    pub(in crate::run) error: Option<StepError>,
    pub(in crate::run) changes: Vec<Change>,
    /// What a call was given; what decided a branch.
    pub(in crate::run) inputs: Arc<Value>,
    pub(super) outputs: Outputs,
    /// What became of the steps of all passes of a loop, where somebody asks for it.
    pub(in crate::run) records: Value,
    /// The branch that was taken.
    pub(in crate::run) branch: Option<usize>,
    pub(in crate::run) at: Timestamp,
}

/// What `outputs('STEP')` gives.
#[derive(Debug)]
pub(super) enum Outputs {
    /// The value of the step.
    Bare(Value),
    /// An object that holds it as `body`.
    Body(Value),
    /// An answer that the record holds too. What `outputs('STEP')` gives of it is made when somebody asks: most only
    /// read its value.
    Answer(Answer, OnceLock<Value>),
}

impl Ended {
    /// An ending without a value.
    pub(in crate::run) fn plain(outcome: Outcome, at: Timestamp) -> Ended {
        Ended {
            outcome,
            error: None,
            changes: Vec::new(),
            inputs: Arc::clone(&NOTHING),
            outputs: Outputs::Bare(Value::Null),
            records: Value::Null,
            branch: None,
            at,
        }
    }

    /// A decision for a branch.
    pub(super) fn branch(branch: usize, value: Value, at: Timestamp) -> Ended {
        Ended { branch: Some(branch), inputs: Arc::new(value), ..Ended::plain(Outcome::Succeeded, at) }
    }

    /// A success with a service's answer, or with ours.
    pub(super) fn answer(answer: Answer, inputs: Arc<Value>, at: Timestamp) -> Ended {
        let outputs = Outputs::Answer(answer, OnceLock::new());
        Ended { outputs, inputs, ..Ended::plain(Outcome::Succeeded, at) }
    }

    /// A call that failed for good. Where a service answered, the answer can be read in the outputs.
    pub(super) fn failed_call(
        step: &str,
        error: &CallError,
        attempts: u32,
        inputs: Arc<Value>,
        at: Timestamp,
    ) -> Ended {
        let outputs = Outputs::Bare(error.status.map_or(Value::Null, |status| {
            let told = || json!({"error": {"code": error.code, "message": error.message}});
            envelope(&Envelope { status, ..Envelope::default() }, error.body.as_deref().cloned().unwrap_or_else(told))
        }));
        let error = Some(StepError::call(step, error, attempts));
        Ended { error, outputs, inputs, ..Ended::plain(Outcome::Failed, at) }
    }

    /// An ending as it stands in the record. `bare`: the outputs are the value itself.
    pub(super) fn by(ending: Ending, bare: bool, at: Timestamp) -> Ended {
        let Ending { outcome, value, error, changes } = ending;
        let outputs =
            if bare || value.is_null() { Outputs::Bare(value) } else { Outputs::Body(json!({ "body": value })) };
        Ended { outcome, error, changes, outputs, ..Ended::plain(outcome, at) }
    }

    /// The step's value: what `$.steps.NAME` gives.
    pub(in crate::run) fn value(&self) -> &Value {
        match &self.outputs {
            Outputs::Answer(answer, _) => &answer.value,
            Outputs::Body(whole) => whole.get("body").unwrap_or(&NULL),
            Outputs::Bare(_) if self.error.is_some() => &NULL,
            Outputs::Bare(value) => value,
        }
    }

    /// What `outputs('STEP')` gives.
    pub(in crate::run) fn outputs(&self) -> &Value {
        match &self.outputs {
            Outputs::Answer(answer, whole) => {
                whole.get_or_init(|| envelope(&answer.envelope, Value::clone(&answer.value)))
            }
            Outputs::Body(value) | Outputs::Bare(value) => value,
        }
    }
}

fn envelope(Envelope { status, headers }: &Envelope, body: Value) -> Value {
    let mut envelope = serde_json::Map::with_capacity(3);
    envelope.insert("statusCode".to_owned(), Value::from(*status));
    envelope.insert("headers".to_owned(), json!(headers));
    envelope.insert("body".to_owned(), body);
    Value::Object(envelope)
}
