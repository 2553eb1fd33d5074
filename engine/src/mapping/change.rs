//! What differs between two records, and what to write for it.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::path::FieldPath;

/// One field that differs: what the target holds, and what it is to hold.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Change {
    /// The field's name in the mapping.
    pub field: String,
    /// What people call it.
    pub title: String,
    /// The target's columns (`details.dealValue`). A field inside a list stands for the whole list.
    pub target: Vec<String>,
    /// What is there now, null where nothing is; a list with one value a column where there are several.
    pub before: Value,
    /// What is to be there, in the same shape.
    pub after: Value,
}

/// The record that the changes make together: what an operation that updates is given.
pub fn changes_record(changes: &[Change]) -> Value {
    let mut record = Value::Object(Map::new());
    for change in changes {
        let whole = std::slice::from_ref(&change.after);
        let values = match (change.target.len(), &change.after) {
            (2.., Value::Array(values)) => values.as_slice(),
            _ => whole,
        };
        for (column, value) in change.target.iter().zip(values) {
            if let Ok(path) = FieldPath::parse(column) {
                path.write(&mut record, value.clone());
            }
        }
    }
    record
}

/// The values of some columns in the shape of a change.
pub(crate) fn shown(columns: &[FieldPath], record: &Value) -> Value {
    let value = |column: &FieldPath| column.read(record).cloned().unwrap_or(Value::Null);
    match columns {
        [column] => value(column),
        columns => columns.iter().map(value).collect(),
    }
}
