//! A sent value in the type of its column.

use jiff::civil::Date;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde_json::{Value, json};

use super::refusal::Refusal;
use super::tables::Column;
use crate::clock;
use crate::options::ColumnKind;

/// Checks `value` and brings it to the form in which it is stored and read.
pub(crate) fn typed(table: &str, name: &str, column: &Column, value: &Value) -> Result<Value, Refusal> {
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
        ColumnKind::Choice => option(table, name, column, value.as_i64().ok_or_else(wrong)?),
        ColumnKind::Choices => options(table, name, column, value.as_str().ok_or_else(wrong)?).ok_or_else(wrong)?,
        ColumnKind::Integer => {
            let fits = value.as_i64().is_some_and(|number| i32::try_from(number).is_ok());
            fits.then(|| value.clone()).ok_or_else(wrong)
        }
        ColumnKind::Decimal | ColumnKind::Money => value.is_number().then(|| value.clone()).ok_or_else(wrong),
        ColumnKind::Date => day(value.as_str().ok_or_else(wrong)?).ok_or_else(wrong),
        ColumnKind::Instant => instant(value.as_str().ok_or_else(wrong)?).ok_or_else(wrong),
    }
}

/// Most options that a column takes at once.
const MOST_OPTIONS: usize = 150;

/// The state and its reason have rules of their own.
fn option(table: &str, name: &str, column: &Column, value: i64) -> Result<Value, Refusal> {
    let known = column.options.is_empty() || column.options.iter().any(|(option, _)| *option == value);
    if known { Ok(json!(value)) } else { Err(Refusal::no_option(table, name, value, &column.options)) }
}

/// `None` where the text is no list of numbers.
fn options(table: &str, name: &str, column: &Column, text: &str) -> Option<Result<Value, Refusal>> {
    if text.is_empty() {
        return Some(Ok(Value::Null));
    }
    let values: Vec<i64> = text.split(',').map(|value| value.trim().parse().ok()).collect::<Option<_>>()?;
    let refused = values.iter().find_map(|value| option(table, name, column, *value).err());
    let list = values.iter().map(i64::to_string).collect::<Vec<_>>().join(",");
    (values.len() <= MOST_OPTIONS).then(|| refused.map_or(Ok(json!(list)), Err))
}

/// An empty text reads back as null.
fn text(name: &str, column: &Column, text: &str) -> Result<Value, Refusal> {
    match column.length {
        Some(limit) if text.chars().count() > limit => Err(Refusal::too_long(name, limit)),
        _ if text.is_empty() => Ok(Value::Null),
        _ => Ok(json!(text)),
    }
}

/// The earliest year that is stored.
const FIRST_YEAR: i16 = 1753;

/// A day alone; with a time part it is an error.
fn day(text: &str) -> Option<Value> {
    let day = text.parse::<Date>().ok().filter(|day| text.len() == 10 && day.year() >= FIRST_YEAR)?;
    Some(json!(day.to_string()))
}

/// An instant; without an offset it is taken as UTC.
fn instant(text: &str) -> Option<Value> {
    let local = || Some(text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok()?.timestamp());
    let instant: Timestamp = text.parse().ok().or_else(local)?;
    let late_enough = instant.to_zoned(TimeZone::UTC).year() >= FIRST_YEAR;
    late_enough.then(|| json!(clock::whole_seconds(instant)))
}

/// The name of a kind's type.
pub(crate) fn edm(kind: ColumnKind) -> &'static str {
    match kind {
        ColumnKind::Text | ColumnKind::LongText | ColumnKind::Choices => "Edm.String",
        ColumnKind::YesNo => "Edm.Boolean",
        ColumnKind::Choice | ColumnKind::Integer => "Edm.Int32",
        ColumnKind::Decimal | ColumnKind::Money => "Edm.Decimal",
        ColumnKind::Date => "Edm.Date",
        ColumnKind::Instant => "Edm.DateTimeOffset",
    }
}
