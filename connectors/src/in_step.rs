//! Versions of records that a connection wrote itself, when the record then said what the other side says.
//!
//! A record that is read at such a version is marked: whatever event led to it is the echo of our own
//! write, and there is nothing in it to bring over. So a change that somebody makes on the other side in the
//! meantime is not undone by a late echo.
//!
//! A record keeps its mark in what a call gives, and so in the record of its run. From there it is learnt again when the
//! next process starts ([`InStep::recall`]). A write whose answer was lost is not remembered. An echo that is not known
//! as one is compared like any change: it finds nothing to do where nobody has changed the other side since. Where
//! somebody has, within the moment between our write and its echo, that change is undone; to tell it from the echo
//! takes what both sides last agreed on, kept beside the run.

use std::collections::{HashSet, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

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
    /// Notes the version of a record that a write made, if the write put the record in step, or changed one that was;
    /// and marks it then.
    pub(crate) fn wrote(
        &self,
        record: &mut Map<String, Value>,
        version_field: &str,
        based_on: Option<&str>,
        in_step: bool,
    ) {
        if in_step || based_on.is_some_and(|version| self.versions().known.contains(version)) {
            self.note(record, version_field);
            self.mark(record, version_field);
        }
    }

    /// Notes the version of a record that bears the mark since an earlier process.
    pub(crate) fn recall(&self, record: &Value, version_field: &str) {
        if let Value::Object(record) = record
            && record.get(MARK) == Some(&Value::Bool(true))
        {
            self.note(record, version_field);
        }
    }

    /// Marks a record that was read at a version which was written here.
    pub(crate) fn mark(&self, record: &mut Map<String, Value>, version_field: &str) {
        let version = record.get(version_field).and_then(Value::as_str);
        if version.is_some_and(|version| self.versions().known.contains(version)) {
            record.insert(MARK.to_owned(), Value::Bool(true));
        }
    }

    fn note(&self, record: &Map<String, Value>, version_field: &str) {
        let Some(version) = record.get(version_field).and_then(Value::as_str) else { return };
        let mut versions = self.versions();
        if versions.known.insert(version.to_owned()) {
            versions.order.push_back(version.to_owned());
            if versions.order.len() > MOST
                && let Some(oldest) = versions.order.pop_front()
            {
                versions.known.remove(&oldest);
            }
        }
    }

    fn versions(&self) -> MutexGuard<'_, Versions> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{InStep, MARK};

    fn record(version: &str) -> Map<String, Value> {
        Map::from_iter([("eTag".to_owned(), json!(version))])
    }

    #[test]
    fn t01_d05_only_what_was_in_step_stays_in_step() {
        let versions = InStep::default();
        let mut given = Vec::new();
        for (version, based_on, in_step, expected) in [
            ("1", None, true, true),
            ("2", Some("1"), false, true),
            ("4", Some("3"), false, false),
            ("5", Some("4"), false, false),
        ] {
            let mut written = record(version);
            versions.wrote(&mut written, "eTag", based_on, in_step);
            assert_eq!(written.contains_key(MARK), expected, "{version}");
            given.push(Value::Object(written));
        }
        versions.wrote(&mut Map::new(), "eTag", None, true);
        let next = InStep::default();
        given.iter().for_each(|record| next.recall(record, "eTag"));
        next.recall(&json!(null), "eTag");
        for (version, expected) in [("1", true), ("2", true), ("3", false), ("4", false), ("", false)] {
            for versions in [&versions, &next] {
                let mut read = record(version);
                versions.mark(&mut read, "eTag");
                assert_eq!(read.contains_key(MARK), expected, "{version}");
            }
        }
    }
}
