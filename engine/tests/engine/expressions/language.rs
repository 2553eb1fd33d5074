//! Our own tables: forms of strings, ways down, functions of the run, laziness, mistakes, bounds.

mod bounds;
mod forms;
mod mistakes;
mod run;
mod ways;

use cosell_engine::expression::{Computed, ExpressionError, GivenScope};
use serde_json::{Value, json};

/// An expression, and its value as JSON or its error: message, help and the part of the text.
type Case = (&'static str, Result<&'static str, &'static str>);

fn check((text, expected): &Case) {
    let scope = scope();
    let computed = Computed::parse(text);
    let value = computed.as_ref().map_err(Clone::clone).and_then(|computed| computed.evaluate(&scope));
    let value = value.map(|value| value.into_value().to_string()).map_err(|error| shown(&error, text));
    assert_eq!(value, expected.map(str::to_owned).map_err(str::to_owned), "{text}");
}

fn shown(error: &ExpressionError, text: &str) -> String {
    let help = error.help.as_ref().map(|help| format!(" ({help})")).unwrap_or_default();
    let part = error.part.clone().map(|part| format!(" at `{}`", &text[part])).unwrap_or_default();
    format!("{error}{help}{part}")
}

fn scope() -> GivenScope {
    let many: serde_json::Map<String, Value> = (0..12).map(|number| (format!("k{number}"), Value::Null)).collect();
    let given = json!({
        "parameters": { "one": 1, "Two": 2, "two": 22 },
        "variables": { "List": ["a", "b"] },
        "triggerBody": {
            "Name": "upper", "name": "lower", "list": [1, 2], "none": null, "one": 1, "key": "list", "step": "ROW",
            "object": { "inner": { "value": 7 } }, "a/b": "exact", "a": { "b": "way" }, "ÄÖ": "umlauts", "many": many
        },
        "outputs": {
            "Row": { "statusCode": 200, "body": { "id": 7 } },
            "Composed": "text",
            "Form": { "body": { "$formdata": [
                { "key": "k", "value": "1" }, { "key": "twice", "value": "2" }, { "key": "twice", "value": "3" }
            ] } },
            "Parts": { "body": { "$multipart": [{ "headers": {}, "body": "a" }, { "headers": {}, "body": { "x": 1 } }] } }
        },
        "item": null,
        "items": { "Loop": 3 },
        "iterationIndexes": { "Loop": 4 }
    });
    serde_json::from_value(given).unwrap()
}
