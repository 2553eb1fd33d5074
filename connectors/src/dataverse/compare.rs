//! Whether a row says already what is to be written: how a repeat finds out that it has nothing to do.

use serde_json::{Map, Value};

use super::filter;
use super::metadata::Table;

/// Whether a row that was read holds all that a body writes, lookups too. In doubt it does not.
pub(super) fn holds(table: &Table, row: &Map<String, Value>, body: &Map<String, Value>) -> bool {
    body.iter().all(|(name, value)| match name.strip_suffix("@odata.bind") {
        Some(navigation) => points_to(table, row, navigation, value),
        None => equal(value, row.get(name)),
    })
}

/// The columns of a wanted row that can be compared: all but bound lookups, which related rows are not read
/// with.
pub(super) fn compared(row: &Map<String, Value>) -> impl Iterator<Item = (&String, &Value)> {
    row.iter().filter(|(name, _)| !name.contains('@'))
}

/// Whether two values mean the same: numbers by value, and nothing is nothing however it is written.
pub(super) fn equal(wanted: &Value, there: Option<&Value>) -> bool {
    let there = there.unwrap_or(&Value::Null);
    match (wanted, there) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        _ => wanted == there || filter::is_empty(wanted) && filter::is_empty(there),
    }
}

/// Whether the lookup that is written by that name points where it should: `/accounts(GUID)`, or nowhere.
fn points_to(table: &Table, row: &Map<String, Value>, navigation: &str, wanted: &Value) -> bool {
    let Some(column) = table.written_by(navigation) else { return false };
    let there = row.get(&format!("_{column}_value")).and_then(Value::as_str);
    match (wanted.as_str(), there) {
        (None, None) => wanted.is_null(),
        (Some(wanted), Some(there)) => wanted.to_lowercase().ends_with(&format!("({})", there.to_lowercase())),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::super::metadata::tests::opportunity;
    use super::*;

    #[test]
    fn d05_a_row_that_holds_all_needs_no_write() {
        let id = "11111111-1111-4111-8111-11111111111a";
        let row = json!({ "name": "Deal", "estimatedvalue": 10.0, "description": null, "_parentaccountid_value": id });
        let to = |id: &str| json!({ "parentaccountid@odata.bind": format!("/accounts({id})") });
        let cases = [
            (json!({}), true),
            (json!({ "name": "Deal", "estimatedvalue": 10, "description": "" }), true),
            (json!({ "name": "Other" }), false),
            (json!({ "name": "Deal", "closeprobability": 5 }), false),
            (to(&id.to_uppercase()), true),
            (to("22222222-2222-4222-8222-222222222222"), false),
            (json!({ "parentaccountid@odata.bind": null }), false),
            (json!({ "transactioncurrencyid@odata.bind": null }), true),
            (json!({ "nosuch@odata.bind": null }), false),
        ];
        for (body, expected) in cases {
            let holds = holds(&opportunity(), row.as_object().unwrap(), body.as_object().unwrap());
            assert_eq!(holds, expected, "{body}");
        }
    }
}
