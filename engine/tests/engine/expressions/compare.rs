//! Whether a value is the expected one: numbers by their value, objects by their content, XML by its text.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosell_engine::expression::Kinds;
use serde_json::{Map, Value};

/// Whether the two are equal; `in_order` says that the order of keys counts.
pub(super) fn equal(expected: &Value, actual: &Value, in_order: bool) -> bool {
    match (expected, actual) {
        (Value::Number(expected), Value::Number(actual)) => expected == actual || expected.as_f64() == actual.as_f64(),
        (Value::Array(expected), Value::Array(actual)) => {
            expected.len() == actual.len() && expected.iter().zip(actual).all(|(e, a)| equal(e, a, in_order))
        }
        (Value::Object(expected), Value::Object(actual)) => {
            same_xml(expected, actual) || equal_objects(expected, actual, in_order)
        }
        _ => expected == actual,
    }
}

/// Whether a number is of the type that the row names.
pub(super) fn is_of_type(value: &Value, kind: Kinds, wanted: &str) -> bool {
    match wanted {
        "Integer" => value.is_i64(),
        "Float" => value.is_f64() && kind == Kinds::FLOAT,
        "Decimal" => kind == Kinds::DECIMAL,
        _ => false,
    }
}

fn equal_objects(expected: &Map<String, Value>, actual: &Map<String, Value>, in_order: bool) -> bool {
    expected.len() == actual.len()
        && (!in_order || expected.keys().eq(actual.keys()))
        && expected.iter().all(|(key, value)| actual.get(key).is_some_and(|other| equal(value, other, in_order)))
}

/// Whether two objects hold the same XML; white space before `/>` and a byte order mark are not part of it.
fn same_xml(expected: &Map<String, Value>, actual: &Map<String, Value>) -> bool {
    xml_text(expected).is_some_and(|expected| Some(expected) == xml_text(actual))
}

fn xml_text(object: &Map<String, Value>) -> Option<String> {
    object.get("$content-type")?.as_str().filter(|kind| kind.contains("xml"))?;
    let bytes = STANDARD.decode(object.get("$content")?.as_str()?).ok()?;
    String::from_utf8(bytes).ok().map(|text| text.trim_start_matches('\u{feff}').replace(" />", "/>"))
}
