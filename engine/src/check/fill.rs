//! `{{parameters.NAME}}` put in when a flow is loaded, also in keys and within paths.
//!
//! So a column whose name begins with a prefix that differs from one CRM to the next can be found by
//! (`"{{parameters.prefix}}referralid": …`) and read (`$.steps.row.{{parameters.prefix}}referralid`).

use serde_json::{Map, Value};

use crate::source::{Route, Source};

const OPENING: &str = "{{parameters.";
const CLOSING: &str = "}}";

/// The value with the parameters put in. A name that the pack does not have stays as it is, for the checker
/// to find.
pub(super) fn fill(value: &Value, parameters: &Value) -> Value {
    match value {
        Value::String(text) => Value::String(fill_text(text, parameters)),
        Value::Array(items) => items.iter().map(|item| fill(item, parameters)).collect(),
        Value::Object(entries) => Value::Object(
            entries
                .iter()
                .map(|(key, entry)| {
                    let entry = if key == "$literal" { entry.clone() } else { fill(entry, parameters) };
                    (fill_text(key, parameters), entry)
                })
                .collect::<Map<String, Value>>(),
        ),
        scalar => scalar.clone(),
    }
}

/// Whether the string at a place was written with parameters in it, so that what was read of it stands elsewhere.
pub(super) fn is_filled(source: &Source, at: &Route) -> bool {
    source.value().pointer(at.as_str()).and_then(Value::as_str).is_some_and(|text| text.contains(OPENING))
}

/// Whether a value at a place, or below it, was written with parameters in it: it differs with the environment.
pub(super) fn is_filled_below(source: &Source, at: &Route) -> bool {
    fn has(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains(OPENING),
            Value::Array(items) => items.iter().any(has),
            Value::Object(map) => map.iter().any(|(key, entry)| key.contains(OPENING) || has(entry)),
            _ => false,
        }
    }
    source.value().pointer(at.as_str()).is_none_or(has)
}

fn fill_text(text: &str, parameters: &Value) -> String {
    let mut filled = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(OPENING) {
        let after = &rest[start + OPENING.len()..];
        let Some(end) = after.find(CLOSING) else { break };
        filled.push_str(&rest[..start]);
        match parameters.get(&after[..end]) {
            Some(Value::String(value)) => filled.push_str(value),
            Some(value @ (Value::Number(_) | Value::Bool(_))) => filled.push_str(&value.to_string()),
            _ => filled.push_str(&rest[start..start + OPENING.len() + end + CLOSING.len()]),
        }
        rest = &after[end + CLOSING.len()..];
    }
    filled.push_str(rest);
    filled
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::fill;

    #[test]
    fn parameters_are_put_in_everywhere_but_in_literals() {
        let parameters = json!({"prefix": "new_", "n": 3, "list": [1]});
        let cases: &[(Value, Value)] = &[
            (json!("{{parameters.prefix}}id"), json!("new_id")),
            (json!("$.steps.a.{{parameters.prefix}}id"), json!("$.steps.a.new_id")),
            (json!({"{{parameters.prefix}}id": ["{{parameters.n}}"]}), json!({"new_id": ["3"]})),
            (json!("{{parameters.unknown}} {{parameters.prefix}}"), json!("{{parameters.unknown}} new_")),
            (json!("{{parameters.list}}"), json!("{{parameters.list}}")),
            (json!("{{parameters.prefix"), json!("{{parameters.prefix")),
            (json!({"$literal": "{{parameters.prefix}}"}), json!({"$literal": "{{parameters.prefix}}"})),
        ];
        for (written, expected) in cases {
            assert_eq!(fill(written, &parameters), *expected, "{written}");
        }
    }
}
