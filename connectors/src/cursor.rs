//! Where a poll goes on.
//!
//! A change may become visible a little after its own time, so each poll looks back over a short overlap
//! again and remembers which versions it has already given. What is remembered never reaches further back
//! than the overlap, and never holds more versions than the poll read.
//!
//! A poll gives up to [`MOST_NEW`] changes and reads as many records more as it has given before, so that however
//! many lie within the overlap, or share an instant, each poll gets further. After a full poll the next goes on at
//! the newest change that was read, without the overlap.

use std::collections::BTreeSet;

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// How many changes one poll reads beyond those that were given before; what is left comes with the next.
pub(crate) const MOST_NEW: usize = 5000;

/// A version of a record: its id, and what changes with every write.
pub(crate) type Version = (String, String);

/// Where the next poll goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Cursor {
    /// Changes from here on are read.
    pub(crate) since: Timestamp,
    /// The versions from there on that were given already.
    seen: BTreeSet<Version>,
}

impl Cursor {
    /// A cursor for a first poll: from the overlap before `now`.
    pub(crate) fn starting(now: Timestamp, overlap: SignedDuration) -> Cursor {
        Cursor { since: back(now, overlap), seen: BTreeSet::new() }
    }

    /// A cursor that finds what changed at that time or later.
    pub(crate) fn since(time: Timestamp) -> Cursor {
        Cursor { since: time, seen: BTreeSet::new() }
    }

    /// The cursor that an earlier poll wrote.
    pub(crate) fn read(cursor: Value) -> Result<Cursor, CallError> {
        serde_json::from_value(cursor).map_err(|error| {
            let message = format!("the cursor is not one that an earlier poll wrote: {error}");
            CallError::new(CallErrorKind::Input, message)
        })
    }

    /// The cursor for the engine to keep.
    pub(crate) fn written(&self) -> Result<Value, CallError> {
        serde_json::to_value(self).map_err(|error| {
            CallError::new(CallErrorKind::Unexpected, format!("the cursor cannot be written: {error}"))
        })
    }

    /// Whether the version was given already.
    pub(crate) fn has_seen(&self, version: &Version) -> bool {
        self.seen.contains(version)
    }

    /// How many records the poll at this cursor reads, of which `most_read` are the most: more than were given
    /// already, so that it finds something new, if there is anything.
    pub(crate) fn reads(&self, most_read: usize) -> usize {
        self.seen.len().saturating_add(MOST_NEW).min(most_read)
    }

    /// The cursor after a poll that found these changes. `full` says that it found as many as a poll
    /// reads: then the next one must not read the same again, and there is no overlap.
    pub(crate) fn after(&self, changes: Vec<(Timestamp, Version)>, overlap: SignedDuration, full: bool) -> Cursor {
        let newest = changes.iter().map(|(at, _)| *at).max();
        let since = match newest {
            Some(newest) if full => newest,
            Some(newest) => back(newest, overlap).max(self.since),
            None => self.since,
        };
        let kept = changes.into_iter().filter(|(at, _)| *at >= since);
        Cursor { since, seen: kept.map(|(_, version)| version).collect() }
    }
}

fn back(at: Timestamp, overlap: SignedDuration) -> Timestamp {
    at.checked_sub(overlap).unwrap_or(at)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn at(second: u32) -> Timestamp {
        format!("2026-01-01T10:00:{second:02}Z").parse().unwrap()
    }

    fn change(second: u32, id: &str) -> (Timestamp, Version) {
        (at(second), (id.to_owned(), "v".to_owned()))
    }

    #[test]
    fn d07_d23_a_cursor_moves_on_behind_the_newest_change() {
        let overlap = SignedDuration::from_secs(5);
        let start = Cursor { since: at(10), seen: BTreeSet::new() };
        // What was found, whether that was as much as a poll reads, and the cursor after it.
        let cases = [
            (vec![], false, at(10), 0),
            (vec![change(12, "a")], false, at(10), 1),
            (vec![change(12, "a"), change(30, "b")], false, at(25), 1),
            (vec![change(12, "a"), change(30, "b"), change(30, "c")], true, at(30), 2),
        ];
        for (changes, full, since, seen) in cases {
            let next = start.after(changes, overlap, full);
            assert_eq!((next.since, next.seen.len()), (since, seen));
            assert_eq!(Cursor::read(next.written().unwrap()).unwrap(), next);
        }
        assert_eq!(Cursor::starting(at(30), overlap).since, at(25));
        assert_eq!(Cursor::read(Value::Null).unwrap_err().kind, CallErrorKind::Input);
    }
}
