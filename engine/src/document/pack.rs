//! A pack's own file, `pack.yaml`.

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

/// A pack: flows, mappings, parameters and connections that are shipped together.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PackDocument {
    /// The pack's name.
    pub pack: String,
    /// Its version, `major.minor.patch`.
    pub version: String,
    /// What people see instead of the name.
    pub title: Option<String>,
    /// What the pack is for; not used by the engine.
    pub note: Option<String>,
    /// The connections that the flows use; an environment binds them to address and credentials.
    #[serde(default)]
    pub connections: IndexMap<String, ConnectionDocument>,
    /// Values that an environment may set: `$.parameters.NAME`.
    #[serde(default)]
    pub parameters: IndexMap<String, ParameterDocument>,
    /// Tables and columns that the pack needs in the CRM; the parameter `prefix` stands before each name
    /// that is new.
    #[serde(default)]
    pub tables: IndexMap<String, TableDocument>,
    /// How often the services are asked for changes that nobody told of, as a webhook may get lost. Without it: never.
    pub reconcile: Option<ReconcileDocument>,
}

/// How often the services are asked for changes that nobody told of. Each flow that events start is fed with what is
/// new, where its trigger can be asked what changed since a time.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReconcileDocument {
    /// The time between two sweeps, from a minute to 30 days, such as `1 hour`.
    pub every: String,
    /// How far before the last sweep the next one begins, up to 7 days, since a service may show a change late. Without
    /// it: `10 minutes`.
    pub overlap: Option<String>,
}

/// A use of a connector.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ConnectionDocument {
    /// The connector: partner_center, events, dataverse or http.
    pub connector: String,
    /// What people see instead of the name.
    pub title: Option<String>,
}

/// A value that an environment may set.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ParameterDocument {
    /// The value where the environment sets none. Another value must be of the same type.
    pub value: Value,
    /// What it is for.
    pub note: Option<String>,
}

/// A table that the pack adds to the CRM, or columns that it adds to a standard one.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableDocument {
    /// What people see.
    pub title: Option<String>,
    /// For a new table: the table whose rows its rows belong to.
    pub of: Option<String>,
    /// The columns, by name without the prefix.
    #[serde(default)]
    pub columns: IndexMap<String, ColumnDocument>,
}

/// A column that the pack adds.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ColumnDocument {
    /// What kind of value it holds.
    #[serde(rename = "type")]
    pub kind: ColumnKind,
    /// What people see.
    pub title: String,
    /// What it is for.
    pub note: Option<String>,
    /// For text: the most characters.
    pub length: Option<u32>,
    /// For a choice: the labels, in the order of their values.
    pub options: Option<Vec<String>>,
    /// Whether rows can be found by it (an alternate key).
    #[serde(default)]
    pub key: bool,
}

/// The kinds of columns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// One line of text.
    Text,
    /// Several lines of text.
    LongText,
    /// true or false.
    YesNo,
    /// One of several numbered labels.
    Choice,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// An amount of money.
    Money,
    /// A day.
    Date,
    /// A point in time.
    Instant,
}
