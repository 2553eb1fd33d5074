//! Rows by the values of their columns and lookups, so that a filter for one of them, a key and the related rows
//! of a row do not look at every row.
//!
//! Equal values are found by a hash. The instants that the system keeps are also in order, for whoever asks what
//! changed since and for lists of the newest, and so is any column by which a long list was ordered once.

use std::collections::HashMap;
use std::ops::Bound;

use indexmap::IndexSet;
use jiff::Timestamp;
use serde_json::Value;

use super::order::{Ordered, Rank};
use super::shelf::Row;
use super::tables::Table;
use crate::clock;
use crate::odata::{Comparison, Expression, Literal, Order};
use crate::options::ColumnKind;

/// The longest text that is indexed, in bytes of its lower case; rows with a longer one are found one by one.
pub(crate) const LONGEST: usize = 300;

/// Columns that are asked for by range.
const IN_ORDER: [&str; 2] = ["createdon", "modifiedon"];

/// Most columns of a table that are kept in order: each makes a write dearer.
const MOST_IN_ORDER: usize = 10;

/// The indexes of all tables.
#[derive(Debug, Default)]
pub(crate) struct Index(HashMap<String, TableIndex>);

#[derive(Debug)]
struct TableIndex {
    /// Column → value in lower case → the rows that have it.
    equal: HashMap<String, HashMap<String, IndexSet<String>>>,
    /// Column, as it is named in a query → the rows in its order.
    ordered: HashMap<String, Ordered>,
}

impl Default for TableIndex {
    fn default() -> TableIndex {
        let ordered = IN_ORDER.map(|column| (column.to_owned(), Ordered::by_column(column)));
        TableIndex { equal: HashMap::new(), ordered: HashMap::from(ordered) }
    }
}

impl Index {
    /// Notes a row.
    pub(crate) fn add(&mut self, table: &str, row: &Row) {
        if !self.0.contains_key(table) {
            self.0.insert(table.to_owned(), TableIndex::default());
        }
        let Some(index) = self.0.get_mut(table) else { return };
        for (column, value) in values(row) {
            if !index.equal.contains_key(column) {
                index.equal.insert(column.to_owned(), HashMap::new());
            }
            if let Some(by_value) = index.equal.get_mut(column) {
                by_value.entry(value).or_default().insert(row.id.clone());
            }
        }
        index.ordered.values_mut().for_each(|ordered| ordered.add(row));
    }

    /// Forgets a row as it was.
    pub(crate) fn remove(&mut self, table: &str, row: &Row) {
        let Some(index) = self.0.get_mut(table) else { return };
        for (column, value) in values(row) {
            if let Some(by_value) = index.equal.get_mut(column)
                && let Some(rows) = by_value.get_mut(&value)
            {
                rows.swap_remove(&row.id);
                if rows.is_empty() {
                    by_value.remove(&value);
                }
            }
        }
        index.ordered.values_mut().for_each(|ordered| ordered.remove(row));
    }

    /// The ids of the rows with that value in a column.
    pub(crate) fn with<'a>(
        &'a self,
        table: &str,
        column: &str,
        value: &str,
    ) -> impl Iterator<Item = &'a String> + use<'a> {
        let by_value = self.0.get(table).and_then(|index| index.equal.get(column));
        by_value.and_then(|by_value| by_value.get(&value.to_lowercase())).into_iter().flatten()
    }

    /// The ids of the rows among which all are that a filter can match; `None` where there may be more than `most`.
    pub(crate) fn candidates<'a>(
        &'a self,
        table: &Table,
        filter: &'a Expression,
        most: usize,
    ) -> Option<Vec<&'a String>> {
        let candidates = |filter| self.candidates(table, filter, most);
        match filter {
            Expression::And(left, right) => match (candidates(left), candidates(right)) {
                (Some(left), Some(right)) => Some(if right.len() < left.len() { right } else { left }),
                (left, right) => left.or(right),
            },
            Expression::Or(left, right) => {
                let either: IndexSet<&String> = candidates(left)?.into_iter().chain(candidates(right)?).collect();
                (either.len() <= most).then(|| either.into_iter().collect())
            }
            Expression::Compare(comparison, left, right) => {
                let (Expression::Path(path), Expression::Literal(literal)) = (left.as_ref(), right.as_ref()) else {
                    return None;
                };
                let [name] = path.as_slice() else { return None };
                match comparison {
                    Comparison::Equal => self.equal_to(table, name, literal, most),
                    _ => self.in_range(table, name, *comparison, literal, most),
                }
            }
            _ => None,
        }
    }

    /// Keeps the rows of a table in the order of a column from now on, if that can be done.
    pub(crate) fn keep_in_order<'r>(&mut self, table: &Table, order: &Order, rows: impl Iterator<Item = &'r Row>) {
        let ([name], Some(index)) = (order.path.as_slice(), self.0.get_mut(&table.logical)) else { return };
        if index.ordered.len() >= MOST_IN_ORDER || index.ordered.contains_key(name) {
            return;
        }
        if let Some(mut ordered) = Ordered::by(table, name) {
            rows.for_each(|row| ordered.add(row));
            index.ordered.insert(name.clone(), ordered);
        }
    }

    /// Keeps the rows of a table in the order of a column no more, as the column is no more. `name` is that of a
    /// query.
    pub(crate) fn forget_order(&mut self, table: &str, name: &str) {
        if let Some(index) = self.0.get_mut(table) {
            index.ordered.remove(name);
        }
    }

    /// The ids of all rows of a table in the order of a column, equal ones by version in the same direction; `None`
    /// where no such order is kept.
    pub(crate) fn in_order_of(&self, table: &str, order: &Order) -> Option<Box<dyn Iterator<Item = &String> + '_>> {
        let [column] = order.path.as_slice() else { return None };
        let ids = self.0.get(table)?.ordered.get(column)?.ids();
        Some(if order.descending { Box::new(ids.rev()) } else { Box::new(ids) })
    }

    fn equal_to<'a>(&'a self, table: &Table, name: &str, literal: &'a Literal, most: usize) -> Option<Vec<&'a String>> {
        if name == table.key {
            let (Literal::Guid(id) | Literal::Text(id)) = literal else { return None };
            return Some(vec![id]).filter(|_| most > 0);
        }
        let column = table.lookup_value(name).or_else(|| table.columns.contains_key(name).then_some(name))?;
        let value = match literal {
            Literal::Text(text) | Literal::Guid(text) => text.to_lowercase(),
            Literal::Number(number) => number_text(*number),
            Literal::Bool(flag) => flag.to_string(),
            // A day can also be asked for where an instant is kept, which has another text.
            Literal::Date(day) if table.columns.get(column).is_some_and(|it| it.kind == ColumnKind::Date) => {
                day.to_string()
            }
            _ => return None,
        };
        // The version is no value that is written, so it is in no index.
        if column == "versionnumber" || value.len() > LONGEST {
            return None;
        }
        up_to(most, self.with(&table.logical, column, &value))
    }

    fn in_range(
        &self,
        table: &Table,
        name: &str,
        comparison: Comparison,
        literal: &Literal,
        most: usize,
    ) -> Option<Vec<&String>> {
        let Literal::Instant(instant) = literal else { return None };
        if !IN_ORDER.contains(&name) {
            return None;
        }
        let limit = |instant: Timestamp| (Rank::Text(clock::whole_seconds(instant).to_lowercase()), 0);
        let first = (Rank::Text(String::new()), 0);
        let next = || instant.checked_add(jiff::SignedDuration::from_secs(1)).ok();
        // Stored instants have whole seconds; one second more on the upper side leaves out none.
        let range = match comparison {
            Comparison::Greater | Comparison::GreaterOrEqual => (Bound::Included(limit(*instant)), Bound::Unbounded),
            Comparison::Less | Comparison::LessOrEqual => (Bound::Included(first), Bound::Excluded(limit(next()?))),
            _ => return None,
        };
        let ordered = self.0.get(&table.logical).and_then(|index| index.ordered.get(name));
        up_to(most, ordered.into_iter().flat_map(|ordered| ordered.between(range.clone())))
    }
}

/// A number as it is indexed; zero below zero is zero.
pub(crate) fn number_text(number: f64) -> String {
    (number + 0.0).to_string()
}

/// All of them, unless there are more than `most`.
fn up_to<'a>(most: usize, ids: impl Iterator<Item = &'a String>) -> Option<Vec<&'a String>> {
    let found: Vec<&String> = ids.take(most.saturating_add(1)).collect();
    (found.len() <= most).then_some(found)
}

fn values(row: &Row) -> impl Iterator<Item = (&str, String)> {
    let values = row.values.iter().filter_map(|(column, value)| {
        let value = match value {
            Value::String(text) => text.to_lowercase(),
            Value::Number(number) => number_text(number.as_f64()?),
            Value::Bool(flag) => flag.to_string(),
            _ => return None,
        };
        (value.len() <= LONGEST).then_some((column.as_str(), value))
    });
    let links = row.links.iter().map(|(column, link)| (column.as_str(), link.id.to_lowercase()));
    values.chain(links)
}
