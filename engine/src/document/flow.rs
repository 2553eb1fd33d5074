//! A flow file.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::step::{SecureDocument, StepsDocument};

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
    /// Values that steps may change while the flow runs: `$.variables.NAME`.
    #[serde(default)]
    pub variables: IndexMap<String, VariableDocument>,
    /// The steps by name. Written order is running order, unless a step says `after`.
    pub steps: StepsDocument,
}

/// A value that steps may change while the flow runs.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct VariableDocument {
    /// What kind of value it is, and stays.
    #[serde(rename = "type")]
    pub kind: VariableKind,
    /// The value when the run begins, as it stands. Without one: empty text, 0, false, an empty list; null for
    /// a record.
    pub value: Option<Value>,
}

/// The kinds of values that a variable may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum VariableKind {
    /// Text.
    Text,
    /// A whole number.
    Integer,
    /// A number.
    Number,
    /// true or false.
    YesNo,
    /// A list.
    List,
    /// An object with any keys.
    Record,
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
    /// A condition on the event, or a list of them that must all hold; with another event no run begins.
    pub when: Option<Value>,
    /// A list in the event, such as `$.trigger.value`: each of its items becomes a run of its own, and is
    /// `$.trigger` there. An empty list starts none.
    pub split: Option<String>,
    /// How many runs of this flow may be under way at once, 1 to 100; others wait.
    #[schemars(range(min = 1, max = 100))]
    pub at_once: Option<u32>,
    /// `[outputs]`: what the event holds is not shown in the history.
    pub secure: Option<Vec<SecureDocument>>,
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

