//! A flow file.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::outcome::Outcome;

/// A flow: a trigger and steps.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FlowDocument {
    /// The flow's name, unique in its pack: lower-case words joined by hyphens.
    pub flow: String,
    /// What people see instead of the name.
    pub title: Option<String>,
    /// What the flow is for; not used by the engine.
    pub note: Option<String>,
    /// What starts a run.
    pub trigger: TriggerDocument,
    /// The steps by name. Written order is running order, unless a step says `after`.
    pub steps: IndexMap<String, StepDocument>,
}

/// What starts a run: one of webhook, poll, manual, child.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TriggerDocument {
    /// A signed request from a service, such as `events.referral`.
    pub webhook: Option<String>,
    /// A question asked again and again, such as `dataverse.row_changed`.
    pub poll: Option<String>,
    /// A person starts it, with these inputs: `cosell trigger FLOW --input name=value`.
    pub manual: Option<InputsDocument>,
    /// Another flow starts it by `run_flow`, with these inputs.
    pub child: Option<InputsDocument>,
    /// What the trigger should look for; its keys are those of the connector's trigger.
    pub with: Option<Value>,
    /// Runs with the same key wait for one another, over all flows of the pack. A list of values says that
    /// all of them are names of one thing.
    pub key: Option<IndexMap<String, Value>>,
    /// `latest`: events of one key that wait become one run.
    pub merge: Option<MergeDocument>,
}

/// What becomes of events that wait.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum MergeDocument {
    /// Only the newest is run; the others keep their line in the history.
    Latest,
}

/// Inputs by name.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputsDocument {
    /// The inputs by name; they become `$.trigger.NAME`.
    #[serde(default)]
    pub inputs: IndexMap<String, InputDocument>,
}

/// One input.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InputDocument {
    /// What kind of value it is.
    #[serde(rename = "type")]
    pub kind: InputKind,
    /// What people see instead of the name.
    pub title: Option<String>,
    /// The value where none is given; without one the input must be given.
    pub default: Option<Value>,
    /// The values that it may have; for a list, its items.
    pub one_of: Option<Vec<Value>>,
}

/// The kinds of values that an input may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum InputKind {
    /// Text.
    Text,
    /// A number.
    Number,
    /// true or false.
    YesNo,
    /// A list.
    List,
    /// An object with any keys.
    Record,
}

/// One step, of exactly one kind: call, scope, if, for_each, run_flow, update_if_different, compose, respond
/// or terminate.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StepDocument {
    /// What people see instead of the name.
    pub title: Option<String>,
    /// Why the step is there; not used by the engine.
    pub note: Option<String>,
    /// The steps that must have ended before: a list, or a map from step to the outcomes that count.
    /// Without it a step follows the one above it; `[]` starts at once.
    pub after: Option<AfterDocument>,

    /// Calls an operation of a connector, such as `dataverse.get_row`; its value is what comes back.
    pub call: Option<String>,
    /// What the operation, or the flow of `run_flow`, is given.
    pub with: Option<Value>,
    /// Steps that succeed or fail together.
    pub scope: Option<IndexMap<String, StepDocument>>,
    /// A condition: all, any, not, empty, equals, greater, greater_or_equals, less, less_or_equals, contains,
    /// starts_with, ends_with.
    #[serde(rename = "if")]
    pub condition: Option<Value>,
    /// The steps for a condition that holds.
    pub then: Option<IndexMap<String, StepDocument>>,
    /// The steps for a condition that does not hold.
    #[serde(rename = "else")]
    pub otherwise: Option<IndexMap<String, StepDocument>>,
    /// A list; its items are taken one after the other, as `$.item` and `$.items.STEP`.
    pub for_each: Option<Value>,
    /// The steps for each item of `for_each`.
    pub steps: Option<IndexMap<String, StepDocument>>,
    /// Runs a flow with the trigger `child` and waits for its response.
    pub run_flow: Option<String>,
    /// Reads a record, compares it with another through a mapping, and writes only what differs.
    pub update_if_different: Option<UpdateDocument>,
    /// A value; it is the step's value. An explicit null must be written as a literal.
    pub compose: Option<Value>,
    /// Answers whoever started the run.
    pub respond: Option<Value>,
    /// Ends the run at once: `failed`, `cancelled`, `succeeded`, or with a code and a message.
    pub terminate: Option<TerminateDocument>,
}

/// The steps that must have ended before.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AfterDocument {
    /// All of them succeeded.
    Names(Vec<String>),
    /// Each ended with one of its outcomes.
    Outcomes(IndexMap<String, Vec<Outcome>>),
}

/// A record that is brought in step with another one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateDocument {
    /// The mapping between the two records.
    pub map: String,
    /// The record that leads.
    pub from: Value,
    /// The call that reads the record to be updated; `fields` is filled in from the mapping.
    pub read: CallDocument,
    /// The call that writes `$.changes`. What `read` says of the record (table, id) and the version that was
    /// read (`if_match`) need not be said again.
    pub update: CallDocument,
}

/// A call inside another step.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CallDocument {
    /// The operation, such as `dataverse.get_row`.
    pub call: String,
    /// What it is given.
    pub with: Option<Value>,
}

/// How a run is ended.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum TerminateDocument {
    /// Just the outcome; in a handler the error that it handles stands as the run's.
    Outcome(Outcome),
    /// The outcome with an error.
    Error {
        /// How the run ends.
        outcome: Outcome,
        /// A code for programs.
        code: Option<String>,
        /// A text for people; it may be a template.
        message: Option<String>,
    },
}
