//! What is kept of a node that has ended: its outcome, and what others may read of it.

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::connector::{Answer, CallError};
use crate::outcome::Outcome;
use crate::run::event::{Change, Ending, StepError};

static NULL: Value = Value::Null;

/// A node that has ended.
#[derive(Debug)]
pub(in crate::run) struct Ended {
    pub(in crate::run) outcome: Outcome,
    pub(in crate::run) error: Option<StepError>,
    pub(in crate::run) changes: Vec<Change>,
    /// What a call was given; what decided a branch.
    pub(in crate::run) inputs: Value,
    /// What `outputs('STEP')` gives.
    pub(in crate::run) outputs: Value,
    /// Whether the step's value stands under `body` in its outputs.
    pub(super) has_body: bool,
    /// What became of the steps of all passes of a loop, where somebody asks for it.
    pub(in crate::run) records: Value,
    /// The branch that was taken.
    pub(in crate::run) branch: Option<usize>,
    pub(in crate::run) at: Timestamp,
}

impl Ended {
    /// An ending without a value.
    pub(in crate::run) fn plain(outcome: Outcome, at: Timestamp) -> Ended {
        Ended {
            outcome,
            error: None,
            changes: Vec::new(),
            inputs: Value::Null,
            outputs: Value::Null,
            has_body: false,
            records: Value::Null,
            branch: None,
            at,
        }
    }

    /// A decision for a branch.
    pub(super) fn branch(branch: usize, value: Value, at: Timestamp) -> Ended {
        Ended { branch: Some(branch), inputs: value, ..Ended::plain(Outcome::Succeeded, at) }
    }

    /// A success with a service's answer, or with ours.
    pub(super) fn answer(answer: Answer, inputs: Value, at: Timestamp) -> Ended {
        let outputs = envelope(answer.envelope.status, json!(answer.envelope.headers), answer.value);
        Ended { outputs, has_body: true, inputs, ..Ended::plain(Outcome::Succeeded, at) }
    }

    /// A call that failed for good. Where a service answered, the answer can be read in the outputs.
    pub(super) fn failed_call(step: &str, error: &CallError, attempts: u32, inputs: Value, at: Timestamp) -> Ended {
        let outputs = error.status.map_or(Value::Null, |status| {
            let told = || json!({"error": {"code": error.code, "message": error.message}});
            envelope(status, json!({}), error.body.as_deref().cloned().unwrap_or_else(told))
        });
        let error = Some(StepError::call(step, error, attempts));
        Ended { error, outputs, inputs, ..Ended::plain(Outcome::Failed, at) }
    }

    /// An ending as it stands in the record. `bare`: the outputs are the value itself.
    pub(super) fn by(ending: Ending, bare: bool, at: Timestamp) -> Ended {
        let Ending { outcome, value, error, changes } = ending;
        let has_body = !bare && !value.is_null();
        let outputs = if has_body { json!({ "body": value }) } else { value };
        Ended { outcome, error, changes, outputs, has_body, ..Ended::plain(outcome, at) }
    }

    /// The step's value: what `$.steps.NAME` gives.
    pub(in crate::run) fn value(&self) -> &Value {
        match self.has_body {
            true => self.outputs.get("body").unwrap_or(&NULL),
            false if self.error.is_some() => &NULL,
            false => &self.outputs,
        }
    }
}

fn envelope(status: u16, headers: Value, body: Value) -> Value {
    let mut envelope = serde_json::Map::with_capacity(3);
    envelope.insert("statusCode".to_owned(), Value::from(status));
    envelope.insert("headers".to_owned(), headers);
    envelope.insert("body".to_owned(), body);
    Value::Object(envelope)
}
