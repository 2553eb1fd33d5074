//! A scope that is written down: what an expression reads, when no flow is running.
//!
//! [`written`] reads it, and says how to write what is missing.

mod written;

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::computed::find_property;
use super::{ExpressionError, Root, Scope};

/// What `cosell eval --with FILE` reads: a JSON object with any of these keys. Names of steps, loops, parameters and
/// variables may be in any case.
///
/// ```json
/// {
///   "parameters": { "name": "value" },
///   "triggerBody": { "id": 7 },
///   "outputs": { "Get_row": { "statusCode": 200, "body": { "id": 7 } } },
///   "now": "2026-01-31T12:00:00Z"
/// }
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct GivenScope {
    /// The values of parameters: an object with their names.
    pub parameters: Value,
    /// The values of variables: an object with their names.
    pub variables: Value,
    /// The body of the event: `triggerBody()`, `$.trigger`.
    pub trigger_body: Option<Value>,
    /// The headers and the body of the event: `triggerOutputs()`. It is made from `triggerBody` or `trigger` where
    /// it is not given.
    pub trigger_outputs: Option<Value>,
    /// The record of the trigger: `trigger()`. It is made from the outputs where it is not given.
    pub trigger: Option<Value>,
    /// What the steps gave, by name: `outputs('NAME')`; with `statusCode`, `headers` and `body`, where the step has
    /// an envelope.
    pub outputs: Map<String, Value>,
    /// The records of steps, by name: `actions('NAME')`. They are made from `outputs` where they are not given.
    pub actions: Map<String, Value>,
    /// The records of the steps in a scope or a loop, by its name: `result('NAME')`.
    pub result: Map<String, Value>,
    /// The current item: `item()`.
    pub item: Option<Value>,
    /// The current items, by the name of the loop: `items('NAME')`.
    pub items: Map<String, Value>,
    /// The numbers of the passes, by the name of the loop: `iterationIndexes('NAME')`.
    pub iteration_indexes: Map<String, Value>,
    /// The flow and its run: `workflow()`.
    pub workflow: Option<Value>,
    /// The error that is handled: `$.error`.
    pub error: Option<Value>,
    /// The record that leads, in `update_if_different`: `$.from`.
    pub from: Option<Value>,
    /// The record that is to be updated, in `update_if_different`: `$.to`.
    pub to: Option<Value>,
    /// What is to be written, in `update_if_different`: `$.changes`.
    pub changes: Option<Value>,
    /// The time that counts as now: `utcNow()`.
    pub now: Option<Timestamp>,
}

impl Scope for GivenScope {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        let value = match root {
            Root::Named(name) => self.named(name),
            Root::Step(name) => self.value(name),
            Root::Outputs(name) => of(&self.outputs, name),
            Root::Record(name) => self.record(name),
            Root::Items(name) => of(&self.items, name),
            Root::Result(name) => of(&self.result, name),
            Root::Pass(name) => of(&self.iteration_indexes, name),
            Root::TriggerOutputs => self.trigger_outputs(),
            Root::TriggerRecord => self.trigger_record(),
            Root::Workflow => self.workflow.as_ref().map(Cow::Borrowed),
        };
        value.ok_or_else(|| written::missing(root))
    }

    fn now(&self) -> Result<Timestamp, ExpressionError> {
        self.now.ok_or_else(|| ExpressionError::new("no `now` is given"))
    }

    /// A random identifier has six bits that are fixed; those of a second one, turned by half, make up for them.
    fn random(&self) -> Result<u128, ExpressionError> {
        Ok(Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64))
    }
}

impl GivenScope {
    fn named(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name {
            "parameters" => Some(Cow::Borrowed(&self.parameters)),
            "variables" => Some(Cow::Borrowed(&self.variables)),
            "trigger" => self.trigger_outputs().map(|outputs| body(outputs).unwrap_or_default()),
            "item" => self.item.as_ref().map(Cow::Borrowed),
            "error" => self.error.as_ref().map(Cow::Borrowed),
            "from" => self.from.as_ref().map(Cow::Borrowed),
            "to" => self.to.as_ref().map(Cow::Borrowed),
            "changes" => self.changes.as_ref().map(Cow::Borrowed),
            _ => None,
        }
    }

    /// The value of a step: the body of its envelope, where it has one.
    fn value(&self, step: &str) -> Option<Cow<'_, Value>> {
        let outputs = of(&self.outputs, step)?;
        Some(body(outputs.clone()).unwrap_or(outputs))
    }

    fn record(&self, step: &str) -> Option<Cow<'_, Value>> {
        of(&self.actions, step)
            .or_else(|| of(&self.outputs, step).map(|outputs| Cow::Owned(json!({ "name": step, "outputs": outputs }))))
    }

    fn trigger_outputs(&self) -> Option<Cow<'_, Value>> {
        let made = || self.trigger_body.as_ref().map(|body| Cow::Owned(json!({ "body": body })));
        let recorded = || self.trigger.as_ref()?.get("outputs").map(Cow::Borrowed);
        self.trigger_outputs.as_ref().map(Cow::Borrowed).or_else(made).or_else(recorded)
    }

    fn trigger_record(&self) -> Option<Cow<'_, Value>> {
        let made = || self.trigger_outputs().map(|outputs| Cow::Owned(json!({ "outputs": outputs })));
        self.trigger.as_ref().map(Cow::Borrowed).or_else(made)
    }
}

/// The entry of that name, in any case.
fn of<'m>(map: &'m Map<String, Value>, name: &str) -> Option<Cow<'m, Value>> {
    find_property(map, name).map(Cow::Borrowed)
}

/// The body of an envelope.
fn body(envelope: Cow<'_, Value>) -> Option<Cow<'_, Value>> {
    match envelope {
        Cow::Borrowed(envelope) => envelope.get("body").map(Cow::Borrowed),
        Cow::Owned(mut envelope) => envelope.get_mut("body").map(|body| Cow::Owned(body.take())),
    }
}
