//! What the person at the keyboard may turn: rare cases, and where the sources contradict each other.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// How this organization behaves. Each field may be sent alone.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Switches {
    /// Service protection (behaviour 14). The real ceilings depend on how many web servers an organization has, so
    /// there are none until they are asked for.
    pub(crate) limits: Option<Limits>,
    /// How long the index of a new alternate key is built, in milliseconds (behaviour 12).
    pub(crate) key_delay_ms: u32,
    /// Every delta token that is sent is too old (behaviour 13), as after a week, or after the organization was
    /// restored.
    pub(crate) delta_tokens_expired: bool,
    /// A duplicate is answered with 500, as an example in the documentation has it, and not with 412 as the table
    /// of status codes has it (behaviour 22).
    pub(crate) duplicates_are_500: bool,
    /// A closed opportunity takes no changes until it is reopened (behaviour 11). Product pages say so; the Web API
    /// is reported to take them.
    pub(crate) closed_is_read_only: bool,
    /// Whether the connector may act on behalf of others.
    pub(crate) may_impersonate: bool,
    /// Whether the connector's application is a user of the organization at all (behaviour 20).
    pub(crate) application_user: bool,
    /// Whether the connector may read whole tables, which change tracking wants (behaviour 13).
    pub(crate) reads_whole_tables: bool,
}

/// Ceilings of service protection, for each user.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Limits {
    /// Requests in the window.
    pub(crate) requests: u32,
    /// Milliseconds of work in the window, those of all requests together.
    pub(crate) milliseconds: u64,
    /// Requests at the same time.
    pub(crate) at_once: u32,
    /// Seconds the window is long.
    pub(crate) window_seconds: u32,
}

impl Default for Switches {
    fn default() -> Switches {
        Switches {
            limits: None,
            key_delay_ms: 500,
            delta_tokens_expired: false,
            duplicates_are_500: false,
            closed_is_read_only: false,
            may_impersonate: true,
            application_user: true,
            reads_whole_tables: true,
        }
    }
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { requests: 6_000, milliseconds: 1_200_000, at_once: 52, window_seconds: 300 }
    }
}

impl Switches {
    /// The same with the fields of `sent` in the place of these.
    ///
    /// # Errors
    ///
    /// When a field is unknown or of another type.
    pub(crate) fn with(&self, sent: Map<String, Value>) -> Result<Switches, serde_json::Error> {
        let mut fields = serde_json::to_value(self)?;
        if let Value::Object(fields) = &mut fields {
            fields.extend(sent);
        }
        serde_json::from_value(fields)
    }
}
