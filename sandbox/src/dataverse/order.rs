//! Rows in the order of a column, kept for the columns that lists are ordered by, so that a page is there without
//! looking at the rows that are not on it.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::ops::RangeBounds;

use serde_json::Value;

use super::shelf::Row;
use super::tables::Table;

/// A value as `$orderby` compares it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// Nothing comes first.
    Null,
    /// No comes before yes.
    Flag(bool),
    /// A number.
    Number(Number),
    /// Text, and instants and ids, which are kept as text; in lower case.
    Text(String),
}

/// A number that can be put in order.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Number(f64);

/// Where a row has the value.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Place {
    Key,
    Column(String),
    Link(String),
}

/// The rows of a table by one column, equal ones by version.
#[derive(Debug)]
pub(crate) struct Ordered {
    place: Place,
    rows: BTreeMap<(Rank, u64), String>,
}

impl Ordered {
    /// By a plain column.
    pub(crate) fn by_column(name: &str) -> Ordered {
        Ordered { place: Place::Column(name.to_owned()), rows: BTreeMap::new() }
    }

    /// By a column as it is named in a query; `None` where its order is no plain one.
    pub(crate) fn by(table: &Table, name: &str) -> Option<Ordered> {
        let place = match table.lookup_value(name) {
            Some(column) => Place::Link(column.to_owned()),
            None if name == table.key => Place::Key,
            None if name == "versionnumber" || !table.columns.contains_key(name) => return None,
            None => Place::Column(name.to_owned()),
        };
        Some(Ordered { place, rows: BTreeMap::new() })
    }

    /// Notes a row.
    pub(crate) fn add(&mut self, row: &Row) {
        self.rows.insert((self.rank(row), row.version), row.id.clone());
    }

    /// Forgets a row as it was.
    pub(crate) fn remove(&mut self, row: &Row) {
        self.rows.remove(&(self.rank(row), row.version));
    }

    /// The ids of all rows.
    pub(crate) fn ids(&self) -> impl DoubleEndedIterator<Item = &String> {
        self.rows.values()
    }

    /// The ids of the rows between two places.
    pub(crate) fn between(&self, range: impl RangeBounds<(Rank, u64)>) -> impl Iterator<Item = &String> {
        self.rows.range(range).map(|(_, id)| id)
    }

    fn rank(&self, row: &Row) -> Rank {
        let text = |text: &str| Rank::Text(text.to_lowercase());
        match &self.place {
            Place::Key => text(&row.id),
            Place::Link(column) => row.links.get(column).map_or(Rank::Null, |link| text(&link.id)),
            Place::Column(name) => match row.values.get(name) {
                Some(Value::Bool(flag)) => Rank::Flag(*flag),
                // Zero below zero is zero.
                Some(Value::Number(number)) => Rank::Number(Number(number.as_f64().unwrap_or_default() + 0.0)),
                Some(Value::String(value)) => text(value),
                _ => Rank::Null,
            },
        }
    }
}

impl PartialEq for Number {
    fn eq(&self, other: &Number) -> bool {
        self.cmp(other).is_eq()
    }
}

impl Eq for Number {}

impl PartialOrd for Number {
    fn partial_cmp(&self, other: &Number) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Number {
    fn cmp(&self, other: &Number) -> Ordering {
        self.0.total_cmp(&other.0)
    }
}
