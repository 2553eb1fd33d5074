//! The rows of one table, in the orders in which they are asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// Deleted rows remembered in each table. A delta token from before the oldest one is taken as expired.
const MOST_DELETED: usize = 100_000;

/// A row of any table.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Row {
    /// Its primary key, lower case.
    pub(crate) id: String,
    /// Plain columns; one that is absent is null.
    pub(crate) values: Map<String, Value>,
    /// Lookup column → where it points.
    pub(crate) links: IndexMap<String, Link>,
    /// Moves with every write; the etag is made of it (behaviour 3).
    pub(crate) version: u64,
    /// The version it was made with. Lists without `$orderby` go by it, so that a page is not upset by a write.
    pub(crate) born: u64,
}

/// Where a lookup points.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Link {
    /// Logical name of the target table.
    pub(crate) table: String,
    /// The target row.
    pub(crate) id: String,
}

impl Row {
    /// The weak etag.
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }

    /// The text in a column, if there is one.
    pub(crate) fn text(&self, column: &str) -> Option<&str> {
        self.values.get(column)?.as_str()
    }

    /// The whole number in a column, if there is one.
    pub(crate) fn number(&self, column: &str) -> Option<i64> {
        self.values.get(column)?.as_i64()
    }
}

/// The rows of one table.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    rows: HashMap<String, Arc<Row>>,
    by_birth: BTreeMap<u64, Arc<Row>>,
    by_version: BTreeMap<u64, Arc<Row>>,
    deleted: BTreeMap<u64, String>,
    /// Deletions up to here are forgotten.
    forgotten: u64,
}

/// A shelf as it is kept between two starts.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct KeptShelf {
    /// The rows, oldest first.
    pub(crate) rows: Vec<Row>,
    deleted: BTreeMap<u64, String>,
    forgotten: u64,
}

impl Shelf {
    /// What is kept of it.
    pub(crate) fn kept(&self) -> KeptShelf {
        KeptShelf { rows: self.after(0).cloned().collect(), deleted: self.deleted.clone(), forgotten: self.forgotten }
    }

    /// A shelf without rows that knows of the same deletions.
    pub(crate) fn without_rows(kept: &KeptShelf) -> Shelf {
        Shelf { deleted: kept.deleted.clone(), forgotten: kept.forgotten, ..Shelf::default() }
    }

    /// How many rows there are.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// One row.
    pub(crate) fn get(&self, id: &str) -> Option<&Row> {
        self.rows.get(id).map(Arc::as_ref)
    }

    /// The rows in order of creation, those that were born after `born`.
    pub(crate) fn after(&self, born: u64) -> impl DoubleEndedIterator<Item = &Row> {
        self.by_birth.range(born.saturating_add(1)..).map(|(_, row)| row.as_ref())
    }

    /// The rows written after a version, in order of their last write.
    pub(crate) fn changed_since(&self, version: u64) -> impl DoubleEndedIterator<Item = &Row> {
        self.by_version.range(version.saturating_add(1)..).map(|(_, row)| row.as_ref())
    }

    /// The ids deleted after a version, in order; `None` when not all of them are remembered.
    pub(crate) fn deleted_since(&self, version: u64) -> Option<impl Iterator<Item = (u64, &String)>> {
        (version >= self.forgotten)
            .then(|| self.deleted.range(version.saturating_add(1)..).map(|(deleted_at, id)| (*deleted_at, id)))
    }

    /// Puts a row in, and answers with the one it takes the place of.
    pub(crate) fn insert(&mut self, row: Row) -> Option<Row> {
        let before = self.take(&row.id);
        let row = Arc::new(row);
        self.by_birth.insert(row.born, Arc::clone(&row));
        self.by_version.insert(row.version, Arc::clone(&row));
        self.rows.insert(row.id.clone(), row);
        before
    }

    /// Takes a row out. `deleted_at` is the version to remember it by.
    pub(crate) fn remove(&mut self, id: &str, deleted_at: Option<u64>) -> Option<Row> {
        let row = self.take(id)?;
        if let Some(version) = deleted_at {
            self.deleted.insert(version, row.id.clone());
            if self.deleted.len() > MOST_DELETED
                && let Some((version, _)) = self.deleted.pop_first()
            {
                self.forgotten = version;
            }
        }
        Some(row)
    }

    /// Forgets that a row was deleted, as the deletion is undone.
    pub(crate) fn undelete(&mut self, deleted_at: u64) {
        self.deleted.remove(&deleted_at);
    }

    fn take(&mut self, id: &str) -> Option<Row> {
        let row = self.rows.remove(id)?;
        self.by_birth.remove(&row.born);
        self.by_version.remove(&row.version);
        // Nobody else has it any more, so nothing is copied.
        Some(Arc::unwrap_or_clone(row))
    }
}
