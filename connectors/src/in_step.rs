//! Versions of records that a connection wrote itself, when the record then said what the other side says.
//!
//! A record that is read at such a version is marked: whatever event led to it is the echo of our own
//! write, and there is nothing in it to bring over. So a change that somebody makes on the other side in the
//! meantime is not undone by a late echo.
//!
//! What is remembered ends with the process, and a write whose answer was lost is not remembered at all. An echo
//! that is not known as one is compared like any change: it finds nothing to do where nobody has changed the other
//! side since. Where somebody has, within the moment between our write and its echo, that change is undone; to tell
//! it from the echo takes what both sides last agreed on, kept beside the run.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, PoisonError};

use serde_json::{Map, Value};

/// The mark in a record that was read.
const MARK: &str = "@cosell.in_step";

/// Versions that are remembered; echoes come within minutes.
const MOST: usize = 20_000;

/// Versions that were written here.
#[derive(Debug, Default)]
pub(crate) struct InStep(Mutex<Versions>);

#[derive(Debug, Default)]
struct Versions {
    known: HashSet<String>,
    order: VecDeque<String>,
}

impl InStep {
    /// Notes the version that a write made, if the write put the record in step, or changed one that was.
    pub(crate) fn wrote(&self, version: Option<&str>, based_on: Option<&str>, in_step: bool) {
        let Some(version) = version else { return };
        let mut versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let on_top = based_on.is_some_and(|based_on| versions.known.contains(based_on));
        if (in_step || on_top) && versions.known.insert(version.to_owned()) {
            versions.order.push_back(version.to_owned());
            if versions.order.len() > MOST
                && let Some(oldest) = versions.order.pop_front()
            {
                versions.known.remove(&oldest);
            }
        }
    }

    /// Marks a record that was read at a version which was written here.
    pub(crate) fn mark(&self, record: &mut Map<String, Value>, version_field: &str) {
        let versions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            record.get(version_field).and_then(Value::as_str).is_some_and(|version| versions.known.contains(version));
        if known {
            record.insert(MARK.to_owned(), Value::Bool(true));
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, json};

    use super::{InStep, MARK};

    #[test]
    fn t01_d05_only_what_was_in_step_stays_in_step() {
        let versions = InStep::default();
        versions.wrote(Some("1"), None, true);
        versions.wrote(Some("2"), Some("1"), false);
        versions.wrote(Some("4"), Some("3"), false);
        versions.wrote(None, Some("1"), true);
        for (version, expected) in [("1", true), ("2", true), ("3", false), ("4", false), ("", false)] {
            let mut record = Map::from_iter([("eTag".to_owned(), json!(version))]);
            versions.mark(&mut record, "eTag");
            assert_eq!(record.contains_key(MARK), expected, "{version}");
        }
    }
}
