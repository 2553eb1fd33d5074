//! A test file of a pack, `NAME.test.yaml`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::outcome::Outcome;

/// Records by service, such as `dataverse`, and by table, such as `opportunity`.
pub type RecordsDocument = IndexMap<String, IndexMap<String, Vec<Map<String, Value>>>>;

/// A test: what the services hold, what happens, and what must be true after.
///
/// A pack's tests are checked with it. Nothing runs them yet.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TestDocument {
    /// The test's name, unique in its pack: lower-case words joined by hyphens.
    pub test: String,
    /// What people see instead of the name.
    pub title: Option<String>,
    /// Why the test is there; not used by the engine.
    pub note: Option<String>,
    /// What the services hold before anything happens: records by service and table.
    #[serde(default)]
    pub given: RecordsDocument,
    /// Values of the pack's parameters, where they differ from those in pack.yaml.
    #[serde(default)]
    pub parameters: IndexMap<String, Value>,
    /// What happens.
    pub when: WhenDocument,
    /// What must be true after.
    pub then: ThenDocument,
}

/// What happens in a test: one run of a flow.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WhenDocument {
    /// The flow that runs.
    pub flow: String,
    /// What its trigger brings, for a webhook or a poll.
    pub event: Option<Value>,
    /// The inputs, for a flow that is started by hand or by another flow.
    pub inputs: Option<IndexMap<String, Value>>,
    /// The time that counts as now, such as `2026-01-31T08:00:00Z`.
    pub at: Option<String>,
}

/// What must be true after a test's run. What is not said may be anything.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ThenDocument {
    /// How the run ends.
    pub outcome: Option<Outcome>,
    /// How single steps end, by name.
    #[serde(default)]
    pub steps: IndexMap<String, Outcome>,
    /// What the run writes, in order. `[]` says that it writes nothing.
    pub writes: Option<Vec<WriteDocument>>,
    /// Records that must be there, by service and table. Keys that are not named may have any value.
    #[serde(default)]
    pub records: RecordsDocument,
    /// What the flow responds.
    pub answer: Option<Value>,
    /// A part of the message of a run that fails.
    pub error: Option<String>,
}

/// One write that a test expects.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct WriteDocument {
    /// The operation, such as `dataverse.update_row`.
    pub operation: String,
    /// What must be in its input. Keys that are not named may have any value.
    pub with: Option<Value>,
}
