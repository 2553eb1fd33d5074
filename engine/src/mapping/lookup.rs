//! A record on one side that is a reference to a record of its own on the other.

use std::borrow::Cow;

use serde_json::{Map, Value};

use crate::difference::{Rule, is_blank};

use super::Nested;
use super::carry::Work;
use super::end::Reference;
use super::error::Unmappable;

/// The reference for the source's record; `None` where the target refers to that record already.
///
/// Only what identifies the record is compared: writing a reference never changes the record behind it, so a
/// difference in its other columns would be found again for ever.
pub(crate) fn reference(
    nested: &Nested,
    reference: &Reference,
    source: &Value,
    target: &Value,
    work: &Work<'_>,
) -> Result<Option<Value>, Unmappable> {
    let row = nested.directed(work.to).create(source, work.scope)?;
    let found_by: Map<String, Value> =
        reference.by.iter().map(|by| (by.clone(), row.get(by).cloned().unwrap_or(Value::Null))).collect();
    if found_by.values().all(is_blank) {
        return Ok(None);
    }
    let referred = reference.column.read(target).map(|row| reference.identity(row)).unwrap_or_default();
    if found_by.iter().all(|(by, value)| same(value, referred.get(by))) {
        return Ok(None);
    }
    Ok(Some(reference.to(found_by, row)))
}

/// The target's record with what differs in the one that the source refers to; `None` where nothing does.
pub(crate) fn record(
    nested: &Nested,
    source: &Value,
    target: Option<&Value>,
    work: &Work<'_>,
) -> Result<Option<Value>, Unmappable> {
    let mut record = target.map_or(Cow::Owned(Value::Null), Cow::Borrowed);
    let changes = nested.directed(work.to).change(work.occasion_of(target), source, &mut record, work.scope)?;
    Ok(if changes.is_empty() { None } else { Some(record.into_owned()) })
}

fn same(value: &Value, referred: Option<&Value>) -> bool {
    Rule::Natural.equal(value, referred.unwrap_or(&Value::Null)).unwrap_or(false)
}
