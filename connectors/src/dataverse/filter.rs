//! Values of columns as a filter.

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::metadata::Table;
use crate::odata::text_literal;

/// The filter for rows in which these columns have these values; `None` when all values are empty, since
/// that would not tell one row from another.
pub(super) fn equal(table: &Table, columns: &Map<String, Value>) -> Result<Option<String>, CallError> {
    if columns.values().all(is_empty) {
        return Ok(None);
    }
    let mut parts = Vec::new();
    for (column, value) in columns {
        parts.push(format!("{} eq {}", table.read_name(column)?, literal(table, column, value)?));
    }
    Ok(Some(parts.join(" and ")))
}

/// Whether a value says nothing. The service stores an empty text as null.
pub(super) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        _ => false,
    }
}

/// The value as a literal of the column's type: what is quoted for one type must not be for another.
pub(super) fn literal(table: &Table, column: &str, value: &Value) -> Result<String, CallError> {
    if is_empty(value) {
        return Ok("null".to_owned());
    }
    let text = match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        Value::Bool(flag) => flag.to_string(),
        _ => return Err(misfit(column, value, "a plain value")),
    };
    let is_date = |text: &str| text.parse::<Timestamp>().is_ok() || text.parse::<Date>().is_ok();
    match table.column_type(column).unwrap_or_default() {
        "Uniqueidentifier" | "Lookup" | "Customer" | "Owner" => match Uuid::try_parse(&text) {
            Ok(id) => Ok(id.to_string()),
            Err(_) => Err(misfit(column, value, "a GUID")),
        },
        "Boolean" if text.parse::<bool>().is_ok() => Ok(text),
        "Boolean" => Err(misfit(column, value, "true or false")),
        "Integer" | "BigInt" | "Picklist" | "State" | "Status" if text.parse::<i64>().is_ok() => Ok(text),
        "Integer" | "BigInt" | "Picklist" | "State" | "Status" => Err(misfit(column, value, "a whole number")),
        "Decimal" | "Double" | "Money" if text.parse::<f64>().is_ok_and(f64::is_finite) => Ok(text),
        "Decimal" | "Double" | "Money" => Err(misfit(column, value, "a number")),
        "DateTime" if is_date(&text) => Ok(text),
        "DateTime" => Err(misfit(column, value, "a date or an instant")),
        _ => Ok(text_literal(&text)),
    }
}

fn misfit(column: &str, value: &Value, expected: &str) -> CallError {
    CallError::new(
        CallErrorKind::Input,
        format!("`{column}` cannot be compared with `{value}`: {expected} is expected"),
    )
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::super::metadata::tests::opportunity;
    use super::*;

    const ID: &str = "11111111-1111-4111-8111-11111111111A";

    #[test]
    fn values_become_filters() {
        let cases = [
            (json!({ "name": "O'Neil", "description": null }), "name eq 'O''Neil' and description eq null"),
            (json!({ "name": 7 }), "name eq '7'"),
            (json!({ "parentaccountid": ID }), "_parentaccountid_value eq 11111111-1111-4111-8111-11111111111a"),
            (json!({ "estimatedvalue": "1.5", "statecode": 0 }), "estimatedvalue eq 1.5 and statecode eq 0"),
            (json!({ "modifiedon": "2026-01-01T00:00:00Z" }), "modifiedon eq 2026-01-01T00:00:00Z"),
            (json!({ "isrevenuesystemcalculated": false }), "isrevenuesystemcalculated eq false"),
        ];
        for (columns, expected) in cases {
            let filter = equal(&opportunity(), columns.as_object().unwrap()).unwrap();
            assert_eq!(filter.as_deref(), Some(expected));
        }
        let empty = json!({ "name": " ", "description": null });
        assert_eq!(equal(&opportunity(), empty.as_object().unwrap()).unwrap(), None);
    }

    #[test]
    fn values_of_another_type_are_refused() {
        let cases = [
            json!({ "statecode": "0 or 1 eq 1" }),
            json!({ "parentaccountid": "x" }),
            json!({ "modifiedon": "now() or true" }),
            json!({ "estimatedvalue": "NaN" }),
            json!({ "isrevenuesystemcalculated": "yes" }),
            json!({ "name": { "a": 1 } }),
            json!({ "nosuch": 1 }),
        ];
        for columns in cases {
            let error = equal(&opportunity(), columns.as_object().unwrap()).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Input, "{columns}");
        }
    }
}
