//! Values as text, as the services write them: [`of_value`] for a whole value, [`of_float`] for one float.

use std::borrow::Cow;
use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};
use serde_json::{Map, Value};

use crate::expression::function::content;

/// The text of a value within another text.
pub(super) fn of_value(value: &Value) -> Cow<'_, str> {
    match value {
        Value::Null => Cow::Borrowed(""),
        Value::Bool(true) => Cow::Borrowed("True"),
        Value::Bool(false) => Cow::Borrowed("False"),
        Value::Number(number) => match number.as_f64() {
            Some(float) if number.is_f64() => Cow::Owned(of_float(float)),
            _ => Cow::Owned(number.to_string()),
        },
        Value::String(text) => Cow::Borrowed(text),
        Value::Array(_) => Cow::Owned(compact_json(value)),
        Value::Object(entries) => Cow::Owned(of_content(entries).unwrap_or_else(|| compact_json(value))),
    }
}

/// The fewest digits that read back as the same float, without a point where there is no fraction; with an
/// exponent from 1E+15 on and below 0.0001, as .NET Core writes a double.
pub(super) fn of_float(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity" } else { "-Infinity" }.to_owned();
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((digits, exponent)) => match exponent.parse::<i32>() {
            Ok(exponent) if exponent >= 15 => format!("{digits}E+{exponent:02}"),
            Ok(exponent) if exponent <= -5 => format!("{digits}E-{:02}", exponent.unsigned_abs()),
            _ => number.to_string(),
        },
        None => number.to_string(),
    }
}

/// The text that bytes stand for, or `None` where the object does not hold bytes.
fn of_content(entries: &Map<String, Value>) -> Option<String> {
    let content = content::Content::of(entries)?;
    Some(content::decode(content.media_type, &content.bytes()?))
}

/// JSON without white space. A float keeps a point, so that it is read back as one.
fn compact_json(value: &Value) -> String {
    let mut bytes = Vec::new();
    let written = value.serialize(&mut Serializer::with_formatter(&mut bytes, Compact(CompactFormatter)));
    // Writing into memory does not fail; if it ever did, the plain form of JSON is right but for its floats.
    written.ok().and_then(|()| String::from_utf8(bytes).ok()).unwrap_or_else(|| value.to_string())
}

/// Compact JSON with the floats of .NET.
struct Compact(CompactFormatter);

impl Formatter for Compact {
    fn write_f64<W: ?Sized + io::Write>(&mut self, writer: &mut W, value: f64) -> io::Result<()> {
        let text = of_float(value);
        writer.write_all(text.as_bytes())?;
        if text.contains(['.', 'E']) { Ok(()) } else { writer.write_all(b".0") }
    }

    fn write_string_fragment<W: ?Sized + io::Write>(&mut self, writer: &mut W, fragment: &str) -> io::Result<()> {
        // The three line ends that JSON allows in a string and the services escape all the same.
        for piece in fragment.split_inclusive(['\u{85}', '\u{2028}', '\u{2029}']) {
            let plain = piece.trim_end_matches(['\u{85}', '\u{2028}', '\u{2029}']);
            self.0.write_string_fragment(writer, plain)?;
            if let Some(end) = piece.strip_prefix(plain).and_then(|ends| ends.chars().next()) {
                write!(writer, "\\u{:04x}", u32::from(end))?;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn floats_stand_as_the_services_write_them() {
        let cases = [
            (5.0, "5"),
            (0.1, "0.1"),
            (-0.0, "-0"),
            (0.0001, "0.0001"),
            (0.00001, "1E-05"),
            (1.5e-7, "1.5E-07"),
            (999_999_999_999_999.0, "999999999999999"),
            (1e15, "1E+15"),
            (9_223_372_036_854_775_809.5, "9.223372036854776E+18"),
            (5e-324, "5E-324"),
            (1.7e308, "1.7E+308"),
            (f64::INFINITY, "Infinity"),
            (f64::NAN, "NaN"),
        ];
        for (number, text) in cases {
            assert_eq!(of_float(number), text);
        }
    }

    #[test]
    fn values_stand_as_text_or_compact_json() {
        let cases = [
            (json!(null), ""),
            (json!(true), "True"),
            (json!([true, null, 5.0, 1e16, "a\"b\u{2028}\u{85}c"]), "[true,null,5.0,1E+16,\"a\\\"b\\u2028\\u0085c\"]"),
            (json!({"b": 1, "a": {}}), "{\"b\":1,\"a\":{}}"),
            (json!({"$content-type": "text/plain", "$content": "w6k="}), "é"),
            (json!({"$content-type": "text/plain;charset=latin1", "$content": "6Q=="}), "é"),
            (json!({"$content-type": "text/plain; charset=\"utf-16\"", "$content": "6QA="}), "é"),
            (
                json!({"$content-type": "text/plain", "$content": "#"}),
                "{\"$content-type\":\"text/plain\",\"$content\":\"#\"}",
            ),
        ];
        for (value, text) in cases {
            assert_eq!(of_value(&value), text);
        }
    }
}
