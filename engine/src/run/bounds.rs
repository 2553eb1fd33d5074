//! How deep and how large a value may become. Values are copied, written and dropped by going down into them, so one
//! that a loop makes deeper with each pass would in the end use the stack up; and one that a loop doubles, the memory.

use serde_json::Value;

use crate::expression::ExpressionError;

/// Below the depth to which a record can be read back.
const DEEPEST: usize = 100;
/// Values within a value: many times what the largest list of a service holds.
const MOST_PARTS: usize = 10_000_000;

/// The value, or an error where it nests too deep or has too many parts.
pub(super) fn bounded(value: Value) -> Result<Value, ExpressionError> {
    let mut parts = MOST_PARTS;
    within(&value, DEEPEST, &mut parts).map_err(ExpressionError::new)?;
    Ok(value)
}

fn within(value: &Value, levels: usize, parts: &mut usize) -> Result<(), String> {
    let below = |value: &Value| {
        let levels = levels.checked_sub(1).ok_or_else(|| format!("the value nests more than {DEEPEST} levels deep"))?;
        *parts = parts.checked_sub(1).ok_or_else(|| format!("the value has more than {MOST_PARTS} parts"))?;
        within(value, levels, parts)
    };
    match value {
        Value::Array(items) => items.iter().try_for_each(below),
        Value::Object(map) => map.values().try_for_each(below),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::within;

    #[test]
    fn depth_and_parts_are_counted() {
        let cases = [
            (json!(1), 0, 0, true),
            (json!([]), 0, 0, true),
            (json!([1]), 0, 9, false),
            (json!([1]), 1, 1, true),
            (json!([[1]]), 1, 9, false),
            (json!({"a": [1, 2], "b": {}}), 2, 4, true),
            (json!({"a": [1, 2], "b": {}}), 2, 3, false),
        ];
        for (value, levels, mut parts, fits) in cases {
            assert_eq!(within(&value, levels, &mut parts).is_ok(), fits, "{value}");
        }
    }
}
