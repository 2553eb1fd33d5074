//! A step of a flow file.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use crate::outcome::Outcome;

/// Steps by name, in written order.
pub type StepsDocument = IndexMap<String, StepDocument>;

/// One step, of exactly one kind: call, scope, if, switch, for_each, until, update_if_different, run_flow,
/// compose, set, append, increment, decrement, select, filter, join, table, parse, wait, respond or terminate.
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
    /// How often and after what waits a call is tried again, where the service says that it did nothing:
    /// `none`, or a policy.
    pub retry: Option<RetryDocument>,
    /// The longest that the step may take, such as `10 minutes` or `PT10M`; then its outcome is `timed_out`.
    /// For `until`: one hour where nothing is said.
    pub timeout: Option<String>,
    /// What is not shown in the history: `inputs`, `outputs`, or both. What is made from it is not shown either.
    pub secure: Option<Vec<SecureDocument>>,

    /// Calls an operation of a connector, such as `dataverse.get_row`; its value is what comes back.
    pub call: Option<String>,
    /// What the operation, or the flow of `run_flow`, is given.
    pub with: Option<Value>,
    /// Steps that succeed or fail together.
    pub scope: Option<StepsDocument>,
    /// A condition: all, any, not, empty, equals, greater, greater_or_equals, less, less_or_equals, contains,
    /// starts_with, ends_with; or an expression such as `"@equals(triggerBody()?['type'], 'Shared')"`.
    #[serde(rename = "if")]
    pub condition: Option<Value>,
    /// The steps for a condition that holds.
    pub then: Option<StepsDocument>,
    /// The steps for a condition that does not hold.
    #[serde(rename = "else")]
    pub otherwise: Option<StepsDocument>,
    /// A value that decides which of the `cases` is taken.
    pub switch: Option<Value>,
    /// The cases of `switch` by name; the first that fits is taken.
    pub cases: Option<IndexMap<String, CaseDocument>>,
    /// The steps where no case fits.
    pub default: Option<StepsDocument>,
    /// A list; its items are `$.item` and `$.items.STEP`, one after the other unless `at_once` says more.
    pub for_each: Option<Value>,
    /// How many items of `for_each` are worked on at once, 1 to 50.
    #[schemars(range(min = 1, max = 50))]
    pub at_once: Option<u32>,
    /// A condition, looked at after each pass: the `steps` are repeated until it holds.
    pub until: Option<Value>,
    /// The most passes of `until`, 1 to 5000; 60 where nothing is said. An expression may work it out.
    pub count: Option<Value>,
    /// What becomes of `until` when its passes or its time are used up: it goes on as a success, or fails.
    pub at_limit: Option<AtLimitDocument>,
    /// The steps for each item of `for_each`, or for each pass of `until`.
    pub steps: Option<StepsDocument>,
    /// Runs a flow with the trigger `child` and waits for its response.
    pub run_flow: Option<String>,
    /// Reads a record, compares it with another through a mapping, and writes only what differs.
    pub update_if_different: Option<UpdateDocument>,
    /// A value; it is the step's value. An explicit null must be written as a literal.
    pub compose: Option<Value>,
    /// Gives a variable another value: `set: { NAME: VALUE }`.
    pub set: Option<IndexMap<String, Value>>,
    /// Adds an item to a list, or text to a text: `append: { NAME: VALUE }`.
    pub append: Option<IndexMap<String, Value>>,
    /// Adds to a number: `increment: { NAME: BY }`.
    pub increment: Option<IndexMap<String, Value>>,
    /// Takes away from a number: `decrement: { NAME: BY }`.
    pub decrement: Option<IndexMap<String, Value>>,
    /// A list made from another one, item by item.
    pub select: Option<SelectDocument>,
    /// The items of a list for which a condition holds.
    pub filter: Option<FilterDocument>,
    /// A text made of the items of a list.
    pub join: Option<JoinDocument>,
    /// A CSV or HTML table made from a list.
    pub table: Option<TextTableDocument>,
    /// JSON text read and held against a schema.
    pub parse: Option<ParseDocument>,
    /// Waits for some time, or until a time.
    pub wait: Option<WaitDocument>,
    /// Answers whoever started the run; the value is the answer's body.
    pub respond: Option<Value>,
    /// The HTTP status of `respond`, 200 where nothing is said.
    pub status: Option<Value>,
    /// The headers of `respond`.
    pub headers: Option<Value>,
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
    /// The record to be updated, as an earlier step has read it: `read` is called only where that lacks something that
    /// the mapping reads, or where somebody has changed the record since.
    pub to: Option<Value>,
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
    Error(TerminateErrorDocument),
}

/// How a run is ended, and with what error.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TerminateErrorDocument {
    /// How the run ends.
    pub outcome: Outcome,
    /// A code for programs; it may be worked out.
    pub code: Option<String>,
    /// A text for people; it may be a template.
    pub message: Option<String>,
}

/// A case of `switch`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CaseDocument {
    /// The text or whole number that fits; the case's name where nothing is said.
    pub is: Option<Value>,
    /// The steps of the case.
    #[serde(default)]
    pub steps: StepsDocument,
}

/// What becomes of a loop that is cut short.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AtLimitDocument {
    /// It ends as if its condition held.
    GoOn,
    /// It fails.
    Fail,
}

/// How often and after what waits a call is tried again.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum RetryDocument {
    /// Never.
    Word(NoRetryDocument),
    /// By a policy.
    Policy(RetryPolicyDocument),
}

/// No second try.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum NoRetryDocument {
    /// A call is tried once.
    None,
}

/// Waits between tries. A longer `Retry-After` of the service counts instead.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RetryPolicyDocument {
    /// `exponential` where nothing is said: waits by chance, from a range that doubles. `fixed`: always the same.
    pub kind: Option<RetryKind>,
    /// How often it is tried again, 1 to 90.
    #[schemars(range(min = 1, max = 90))]
    pub count: Option<u32>,
    /// The wait, or the scale of the waits, such as `20 seconds` or `PT20S`.
    pub interval: Option<String>,
    /// The shortest wait of `exponential`.
    pub minimum: Option<String>,
    /// The longest wait of `exponential`.
    pub maximum: Option<String>,
    /// What becomes of a write that the service cannot recognise when it comes twice, where nobody knows whether it was
    /// done: its answer was lost, or the engine stopped during it. `fail` where nothing is said: the step fails with the
    /// code `unknown_result`. `repeat`: it is made again, and may be done twice.
    pub unknown: Option<UnknownDocument>,
}

/// What becomes of a write of which nobody knows whether it was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum UnknownDocument {
    /// The step fails.
    Fail,
    /// It is made again.
    Repeat,
}

/// How waits follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RetryKind {
    /// Always the same.
    Fixed,
    /// By chance, from a range that doubles each time.
    Exponential,
}

/// What is not shown in the history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SecureDocument {
    /// What the step is given.
    Inputs,
    /// What the step gives.
    Outputs,
}

/// A list made from another one, item by item.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SelectDocument {
    /// The list.
    pub from: Value,
    /// What becomes of each item, which is `$.item` here.
    pub each: Value,
}

/// The items of a list for which a condition holds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterDocument {
    /// The list.
    pub from: Value,
    /// The condition; the item is `$.item` here.
    #[serde(rename = "where")]
    pub condition: Value,
}

/// A text made of the items of a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinDocument {
    /// The list.
    pub from: Value,
    /// What stands between two items.
    pub with: Value,
}

/// A table made from a list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TextTableDocument {
    /// The list.
    pub from: Value,
    /// `csv` or `html`.
    pub format: TableFormat,
    /// The columns; without them, the keys of the items, which must be objects.
    pub columns: Option<Vec<TableColumnDocument>>,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum TableFormat {
    /// Comma-separated values, as RFC 4180 says.
    Csv,
    /// An HTML table.
    Html,
}

/// A column of a table.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableColumnDocument {
    /// What stands above it.
    #[serde(default)]
    pub header: Value,
    /// What stands in it, for each item, which is `$.item` here.
    pub value: Value,
}

/// JSON held against a schema.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParseDocument {
    /// The JSON; a text is read first.
    pub content: Value,
    /// The JSON Schema that it must fit; the step fails where it does not. Not looked at for `{{` and the like.
    #[serde(default)]
    pub schema: Value,
}

/// A wait: exactly one of the two.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WaitDocument {
    /// How long, such as `5 minutes` or `PT5M`; an expression may work it out.
    #[serde(rename = "for")]
    pub duration: Option<String>,
    /// Until when, such as `2026-01-01T08:00:00Z`; a time that is over does not wait.
    pub until: Option<String>,
}
