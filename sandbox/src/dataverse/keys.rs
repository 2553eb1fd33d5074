//! Keys: how a path names a row, and the values that no two rows may share (behaviour 12).
//!
//! A read goes through [`Dataverse::find`]. A write goes through [`Dataverse::check_keys`] with the
//! row as it would be stored, so that values from the body and from the address are judged alike.

use serde_json::{Value, json};

use super::refusal::Refusal;
use super::rows::{Dataverse, Row};
use super::tables::{Column, Table};
use crate::clock;
use crate::odata::Literal;
use crate::options::ColumnKind;

/// How a path names a row.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Key {
    /// By primary key.
    Id(String),
    /// By alternate key: columns and their values.
    Columns(Vec<(String, Literal)>),
}

impl Dataverse {
    /// The row a key names, if it is there. Any text column may serve as an alternate key, and
    /// every column that was added as one.
    pub(crate) fn find(&self, table: &Table, key: &Key) -> Result<Option<&Row>, Refusal> {
        let columns = match key {
            Key::Id(id) => return Ok(self.row(&table.logical, id)),
            Key::Columns(columns) => columns,
        };
        let serves = |column: &Column| column.key || column.kind == ColumnKind::Text;
        if !columns.iter().all(|(name, _)| table.columns.get(name).is_some_and(serves)) {
            return Err(Refusal::argument(format!(
                "The key in the request URI is not valid for resource 'Microsoft.Dynamics.CRM.{}'.",
                table.logical
            )));
        }
        let named = |row: &&Row| columns.iter().all(|(name, literal)| holds(row, name, &value_of(literal)));
        Ok(self.rows(&table.logical).find(named))
    }

    /// Refuses a row with a key that another row has. `beside` are rows of the same request, each
    /// with the name of its table, which are not stored yet.
    pub(crate) fn check_keys(&self, table: &Table, row: &Row, beside: &[(String, Row)]) -> Result<(), Refusal> {
        let beside = || beside.iter().filter(|(name, _)| *name == table.logical).map(|(_, other)| other);
        if beside().any(|other| other.id == row.id) {
            return Err(Refusal::duplicate_key());
        }
        for (name, column) in table.alternate_keys() {
            let value = row.values.get(name).unwrap_or(&Value::Null);
            let taken = |other: &Row| other.id != row.id && holds(other, name, value);
            let stored = match value {
                Value::String(text) => self.rows_with(&table.logical, name, text).any(taken),
                _ => self.rows(&table.logical).any(taken),
            };
            if stored || beside().any(taken) {
                return Err(Refusal::key_violated(&column.title));
            }
        }
        Ok(())
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

/// Whether a row has this value. Null is nobody's key, and text is compared as in a filter,
/// upper and lower case alike.
fn holds(row: &Row, name: &str, value: &Value) -> bool {
    match (row.values.get(name), value) {
        (Some(Value::String(stored)), Value::String(value)) => stored.to_lowercase() == value.to_lowercase(),
        (Some(Value::Number(stored)), Value::Number(value)) => stored.as_f64() == value.as_f64(),
        _ => false,
    }
}
