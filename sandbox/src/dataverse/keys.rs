//! Keys: how a path names a row, and the values that no two rows may share (behaviour 12).
//!
//! A read goes through [`Dataverse::find`]. A write goes through [`Dataverse::check_keys`] with the
//! row as it would be stored, so that values from the body and from the address are judged alike.

use std::collections::HashSet;

use serde_json::{Value, json};

use super::index::number_text;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::Row;
use super::tables::{AlternateKey, Table};
use crate::clock;
use crate::odata::Literal;

/// How a path names a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    /// By primary key.
    Id(String),
    /// By alternate key: columns and their values.
    Columns(Vec<(String, Literal)>),
}

impl Dataverse {
    /// The row a key names, if it is there. Columns must be those of an alternate key whose index is built.
    pub(crate) fn find(&self, table: &Table, key: &Key) -> Result<Option<&Row>, Refusal> {
        let columns = match key {
            Key::Id(id) => return Ok(self.row(&table.logical, id)),
            Key::Columns(columns) => columns,
        };
        if let [(name, Literal::Guid(id))] = columns.as_slice()
            && name == &table.key
        {
            return Ok(self.row(&table.logical, id));
        }
        let mut wanted = Vec::with_capacity(columns.len());
        for (name, literal) in columns {
            let column = table.lookup_value(name).unwrap_or(name);
            wanted.push((column, value_of(literal)));
        }
        let fits = |key: &&AlternateKey| {
            let all_there = key.columns.iter().all(|column| wanted.iter().any(|(name, _)| name == column));
            key.columns.len() == wanted.len() && all_there && key.is_active(self.now())
        };
        table.keys.iter().find(fits).ok_or_else(|| Refusal::bad_key(&table.logical))?;
        Ok(self.with_values(table, &wanted))
    }

    /// Refuses a row with a key that another row has. `beside` are rows of the same request, each
    /// with the name of its table, which are not stored yet.
    pub(crate) fn check_keys(&self, table: &Table, row: &Row, beside: &[(String, Row)]) -> Result<(), Refusal> {
        let beside = || beside.iter().filter(|(name, _)| *name == table.logical).map(|(_, other)| other);
        if beside().any(|other| other.id == row.id) {
            return Err(Refusal::duplicate_key());
        }
        for key in table.keys.iter().filter(|key| key.is_active(self.now())) {
            let Some(values) = values_of(key, row) else { continue };
            let taken = |other: &Row| other.id != row.id && holds_all(other, &values);
            self.budget.check()?;
            // A row may have the key itself already, so all that have it are looked at.
            if self.all_with(table, &values).any(taken) || beside().any(taken) {
                return Err(Refusal::key_violated(&key.title, &key.columns));
            }
        }
        Ok(())
    }

    /// Whether two rows of a table share the values of a key, so that it cannot be one.
    pub(crate) fn shares_values(&self, table: &Table, key: &AlternateKey) -> bool {
        let mut seen = HashSet::new();
        let shared = |row: &Row| {
            let values = values_of(key, row)?;
            let values: Option<Vec<String>> = values.iter().map(|(_, value)| indexed(value)).collect();
            Some(!seen.insert(values?))
        };
        self.rows(&table.logical).filter_map(shared).any(|shared| shared)
    }

    fn with_values(&self, table: &Table, values: &[(&str, Value)]) -> Option<&Row> {
        self.all_with(table, values).find(|row| holds_all(row, values))
    }

    /// The rows with the first of these values, which the index finds where the value is no long text.
    fn all_with<'a>(&'a self, table: &Table, values: &[(&str, Value)]) -> impl Iterator<Item = &'a Row> + use<'a> {
        let first = values.first().and_then(|(column, value)| Some((*column, indexed(value)?)));
        let (column, value) = first.unwrap_or_default();
        self.rows_with(&table.logical, column, &value).inspect(|_| self.budget.spend(1))
    }
}

/// The values of a key in a row; none of them is null, else nothing is enforced.
fn values_of<'a>(key: &'a AlternateKey, row: &Row) -> Option<Vec<(&'a str, Value)>> {
    let value = |column: &String| match row.values.get(column) {
        Some(Value::Null) => None,
        Some(value) => Some(value.clone()),
        None => row.links.get(column).map(|link| json!(link.id)),
    };
    key.columns.iter().map(|column| Some((column.as_str(), value(column)?))).collect()
}

fn indexed(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.to_lowercase()),
        Value::Number(number) => Some(number_text(number.as_f64()?)),
        _ => None,
    }
}

/// A literal in the form in which a column stores it.
pub(crate) fn value_of(literal: &Literal) -> Value {
    match literal {
        Literal::Null => Value::Null,
        Literal::Bool(flag) => json!(flag),
        // By way of its text, which shows a whole number without a fraction.
        Literal::Number(number) => number.to_string().parse().map_or(Value::Null, Value::Number),
        Literal::Text(text) | Literal::Guid(text) => json!(text),
        Literal::Instant(instant) => json!(clock::whole_seconds(*instant)),
        Literal::Date(day) => json!(day.to_string()),
    }
}

fn holds_all(row: &Row, values: &[(&str, Value)]) -> bool {
    values.iter().all(|(column, value)| holds(row, column, value))
}

/// Whether a row has this value. Null is nobody's key, and text is compared as in a filter,
/// upper and lower case alike.
fn holds(row: &Row, name: &str, value: &Value) -> bool {
    match (row.values.get(name), value) {
        (Some(Value::String(stored)), Value::String(value)) => stored.to_lowercase() == value.to_lowercase(),
        (Some(Value::Number(stored)), Value::Number(value)) => stored.as_f64() == value.as_f64(),
        (None, Value::String(value)) => row.links.get(name).is_some_and(|link| link.id == value.to_lowercase()),
        _ => false,
    }
}
