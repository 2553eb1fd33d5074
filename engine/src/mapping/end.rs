//! One side of a field: where its value is read and written.

use std::fmt;

use serde_json::{Map, Value};

use crate::difference::is_blank;

use super::path::FieldPath;

/// Where the value of a field stands on one side.
#[derive(Debug)]
pub(crate) enum End {
    /// One column, or several that are written together.
    Columns(Vec<FieldPath>),
    /// The first of several that holds something.
    First(Vec<FieldPath>),
    /// A reference to another record.
    Lookup(Reference),
}

/// A reference to another record, which the connector expands on reading and binds on writing.
#[derive(Debug)]
pub(crate) struct Reference {
    /// The column that holds it.
    pub(crate) column: FieldPath,
    /// The other record's columns by which it is found.
    pub(crate) by: Vec<String>,
    /// What the connector does where there is none.
    pub(crate) missing: Missing,
    /// Whether the other record as a whole is the field's value; else the one column in `by` is.
    pub(crate) whole: bool,
}

/// What happens where a reference finds nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Missing {
    Error,
    Create,
    Leave,
}

impl End {
    /// The values there, one a column; `None` where one is missing.
    pub(crate) fn read<'a>(&self, record: &'a Value) -> Vec<Option<&'a Value>> {
        match self {
            End::Columns(paths) => paths.iter().map(|path| path.read(record)).collect(),
            End::First(paths) => vec![first(paths, record)],
            End::Lookup(reference) => vec![reference.read(record)],
        }
    }

    /// The only value there; that of the first column where there are several.
    pub(crate) fn read_one<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        self.read(record).into_iter().next().flatten()
    }

    /// Writes values, one a column.
    pub(crate) fn write(&self, record: &mut Value, values: Vec<Value>) {
        for (path, value) in self.written().into_iter().zip(values) {
            let value = match self {
                End::Lookup(reference) => reference.bound(value),
                _ => value,
            };
            path.write(record, value);
        }
    }

    /// The columns that are written.
    pub(crate) fn written(&self) -> Vec<&FieldPath> {
        match self {
            End::Columns(paths) => paths.iter().collect(),
            End::First(paths) => paths.iter().take(1).collect(),
            End::Lookup(reference) => vec![&reference.column],
        }
    }

    /// The columns that are read.
    pub(crate) fn paths(&self) -> Vec<&FieldPath> {
        match self {
            End::Columns(paths) | End::First(paths) => paths.iter().collect(),
            End::Lookup(reference) => vec![&reference.column],
        }
    }
}

impl fmt::Display for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |paths: &[FieldPath], between: &str| {
            paths.iter().map(ToString::to_string).collect::<Vec<_>>().join(between)
        };
        match self {
            End::Columns(paths) => f.write_str(&list(paths, ", ")),
            End::First(paths) => f.write_str(&list(paths, " or ")),
            End::Lookup(reference) => write!(f, "{} (by {})", reference.column, reference.by.join(", ")),
        }
    }
}

impl Reference {
    /// The other record, or its one column by which it is found.
    fn read<'a>(&self, record: &'a Value) -> Option<&'a Value> {
        let row = self.column.read(record)?;
        match self.by.first() {
            Some(by) if !self.whole && !row.is_null() => row.get(by),
            _ => Some(row),
        }
    }

    /// What the connector gets to find the other record, and to make it where that is wanted.
    pub(crate) fn to(&self, found_by: Map<String, Value>, create: Value) -> Value {
        let mut reference = self.find(found_by);
        if self.missing == Missing::Create {
            reference.insert("create".to_owned(), create);
        }
        Value::Object(reference)
    }

    /// A plain value as a reference; a reference, and null to have none, as they are.
    fn bound(&self, value: Value) -> Value {
        match self.by.first() {
            Some(by) if !self.whole && !value.is_null() => {
                Value::Object(self.find(Map::from_iter([(by.clone(), value)])))
            }
            _ => value,
        }
    }

    fn find(&self, found_by: Map<String, Value>) -> Map<String, Value> {
        let missing = match self.missing {
            Missing::Error => "error",
            Missing::Create => "create",
            Missing::Leave => "leave",
        };
        Map::from_iter([("find".to_owned(), Value::Object(found_by)), ("missing".to_owned(), Value::from(missing))])
    }

    /// What identifies the other record, for people to read.
    pub(crate) fn shown(&self, record: &Value) -> Value {
        let row = self.column.read(record).filter(|row| row.is_object());
        row.map_or(Value::Null, |row| Value::Object(self.identity(row)))
    }

    /// The columns that identify the other record, as far as it has them.
    pub(crate) fn identity(&self, row: &Value) -> Map<String, Value> {
        self.by.iter().filter_map(|by| row.get(by).map(|value| (by.clone(), value.clone()))).collect()
    }
}

fn first<'a>(paths: &[FieldPath], record: &'a Value) -> Option<&'a Value> {
    let found: Vec<&Value> = paths.iter().filter_map(|path| path.read(record)).collect();
    found.iter().find(|value| !is_blank(value)).or(found.first()).copied()
}
