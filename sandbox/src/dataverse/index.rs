//! Rows by the values of their text columns and lookups, so that a filter for one of them, a key and the
//! related rows of a row do not look at every row.

use std::collections::HashMap;

use indexmap::IndexSet;
use serde_json::Value;

use super::rows::{Link, Row};
use super::tables::Table;
use crate::odata::{Comparison, Expression, Literal};

/// The longest text that is indexed; longer ones are nobody's key.
const LONGEST: usize = 300;

/// Table, column and value in lower case → the rows that have it, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Index(HashMap<(String, String), HashMap<String, IndexSet<String>>>);

impl Index {
    /// Notes a row.
    pub(crate) fn add(&mut self, table: &str, row: &Row) {
        for (column, value) in values(row) {
            let column = self.0.entry((table.to_owned(), column.to_owned())).or_default();
            column.entry(value).or_default().insert(row.id.clone());
        }
    }

    /// Forgets a row as it was.
    pub(crate) fn remove(&mut self, table: &str, row: &Row) {
        for (column, value) in values(row) {
            if let Some(column) = self.0.get_mut(&(table.to_owned(), column.to_owned()))
                && let Some(rows) = column.get_mut(&value)
            {
                rows.shift_remove(&row.id);
                if rows.is_empty() {
                    column.remove(&value);
                }
            }
        }
    }

    /// The ids of the rows with that value in a column.
    pub(crate) fn with(&self, table: &str, column: &str, value: &str) -> impl Iterator<Item = &String> {
        let rows = self.0.get(&(table.to_owned(), column.to_owned()));
        rows.and_then(|rows| rows.get(&value.to_lowercase())).into_iter().flatten()
    }

    /// The ids of the rows among which all are that a filter can match; `None` where every row may.
    pub(crate) fn candidates(&self, table: &Table, filter: &Expression) -> Option<Vec<&String>> {
        match filter {
            Expression::And(left, right) => self.candidates(table, left).or_else(|| self.candidates(table, right)),
            Expression::Compare(Comparison::Equal, left, right) => {
                let (Expression::Path(path), Expression::Literal(Literal::Text(value) | Literal::Guid(value))) =
                    (left.as_ref(), right.as_ref())
                else {
                    return None;
                };
                let [name] = path.as_slice() else { return None };
                let column = table.lookup_value(name).or_else(|| table.is_text(name).then_some(name.as_str()))?;
                (value.len() <= LONGEST).then(|| self.with(&table.logical, column, value).collect())
            }
            _ => None,
        }
    }
}

fn values(row: &Row) -> impl Iterator<Item = (&str, String)> {
    let texts = row.values.iter().filter_map(|(column, value)| match value {
        Value::String(text) if text.len() <= LONGEST => Some((column.as_str(), text.to_lowercase())),
        _ => None,
    });
    let links = row.links.iter().map(|(column, Link { id, .. })| (column.as_str(), id.to_lowercase()));
    texts.chain(links)
}
