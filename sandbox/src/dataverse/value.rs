//! A sent value in the type of its column.

use jiff::civil::Date;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::tables::Column;
use crate::clock;
use crate::options::ColumnKind;

/// Checks `value` and brings it to the form in which it is stored and read.
pub(crate) fn typed(name: &str, column: &Column, value: &Value) -> Result<Value, Refusal> {
    if value.is_null() {
        return Ok(Value::Null);
    }
    let wrong = || {
        let kind = edm(column.kind);
        Refusal::payload(format!("Cannot convert the literal '{value}' of '{name}' to the expected type '{kind}'."))
    };
    match column.kind {
        ColumnKind::Text | ColumnKind::LongText => text(name, column, value.as_str().ok_or_else(wrong)?),
        ColumnKind::YesNo => value.is_boolean().then(|| value.clone()).ok_or_else(wrong),
        ColumnKind::Choice | ColumnKind::Integer => value.is_i64().then(|| value.clone()).ok_or_else(wrong),
        ColumnKind::Decimal | ColumnKind::Money => value.is_number().then(|| value.clone()).ok_or_else(wrong),
        ColumnKind::Date => day(value.as_str().ok_or_else(wrong)?).ok_or_else(wrong),
        ColumnKind::Instant => instant(value.as_str().ok_or_else(wrong)?).ok_or_else(wrong),
    }
}

/// An empty text reads back as null.
fn text(name: &str, column: &Column, text: &str) -> Result<Value, Refusal> {
    match column.length {
        Some(limit) if text.chars().count() > limit => Err(Refusal::too_long(name, limit)),
        _ if text.is_empty() => Ok(Value::Null),
        _ => Ok(json!(text)),
    }
}

/// A day alone; with a time part it is an error.
fn day(text: &str) -> Option<Value> {
    let plain = text.len() == 10 && text.parse::<Date>().is_ok();
    plain.then(|| json!(text))
}

/// An instant; without an offset it is taken as UTC.
fn instant(text: &str) -> Option<Value> {
    let local = || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let instant: Timestamp = text.parse().ok().or_else(local)?;
    Some(json!(clock::whole_seconds(instant)))
}

fn edm(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::LongText => "Edm.String",
        ColumnKind::YesNo => "Edm.Boolean",
        ColumnKind::Choice | ColumnKind::Integer => "Edm.Int32",
        ColumnKind::Decimal | ColumnKind::Money => "Edm.Decimal",
        ColumnKind::Date => "Edm.Date",
        ColumnKind::Instant => "Edm.DateTimeOffset",
    }
}
