//! The body of a request and its content type, from what a flow gives.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use cosell_engine::connector::CallError;
use reqwest::header::{CONTENT_TYPE, HeaderValue};
use serde_json::{Map, Value};
use url::form_urlencoded::Serializer;

use super::api::{header, refused};
use super::call::LONGEST_BODY;

/// Bytes to send, and what they are.
#[derive(Debug)]
pub(super) struct Encoded {
    pub(super) bytes: Vec<u8>,
    pub(super) content_type: HeaderValue,
}

/// The body that a value asks for; none for null. `given` is the content type among the step's headers, and
/// `boundary` is what divides the parts of a body in parts: a text that stands in none of them.
pub(super) fn encode(value: &Value, given: Option<&HeaderValue>, boundary: &str) -> Result<Option<Encoded>, CallError> {
    let encoded = match marked(value, "$multipart") {
        Some(parts) => Some(multipart(parts, declared(value), given, boundary)?),
        None => single(value, given)?,
    };
    match encoded {
        Some(encoded) if encoded.bytes.len() > LONGEST_BODY => {
            Err(refused(format!("`body` is longer than {LONGEST_BODY} bytes")))
        }
        encoded => Ok(encoded),
    }
}

/// A body that is not in parts.
fn single(value: &Value, given: Option<&HeaderValue>) -> Result<Option<Encoded>, CallError> {
    let (bytes, kind) = if let Some(base64) = marked(value, "$content") {
        (content(base64)?, declared(value).unwrap_or("application/octet-stream"))
    } else if let Some(fields) = marked(value, "$formdata") {
        (form(fields)?.into_bytes(), "application/x-www-form-urlencoded")
    } else {
        match value {
            Value::Null => return Ok(None),
            Value::String(text) => (text.clone().into_bytes(), "text/plain; charset=utf-8"),
            other => (other.to_string().into_bytes(), "application/json"),
        }
    };
    let content_type = match given {
        Some(given) => given.clone(),
        None => content_type(kind)?,
    };
    Ok(Some(Encoded { bytes, content_type }))
}

/// What an object holds under `mark` where it stands for a body of a special kind. One with other fields
/// beside is data that happens to use the name.
fn marked<'a>(value: &'a Value, mark: &str) -> Option<&'a Value> {
    let object = value.as_object()?;
    let alone = object.keys().all(|key| key == mark || key == "$content-type");
    object.get(mark).filter(|_| alone)
}

fn content(base64: &Value) -> Result<Vec<u8>, CallError> {
    let bytes = base64.as_str().and_then(|text| STANDARD.decode(text).ok());
    bytes.ok_or_else(|| refused("`$content` in the body is not base64".to_owned()))
}

/// Keys and values as a form sends them.
fn form(fields: &Value) -> Result<String, CallError> {
    let wrong = || refused("`$formdata` is a list of objects with `key` and `value`".to_owned());
    let mut form = Serializer::new(String::new());
    for field in fields.as_array().ok_or_else(wrong)? {
        let key = field.get("key").and_then(Value::as_str).ok_or_else(wrong)?;
        let value = match field.get("value") {
            None | Some(Value::Null) => String::new(),
            Some(Value::String(text)) => text.clone(),
            Some(other) => other.to_string(),
        };
        form.append_pair(key, &value);
    }
    Ok(form.finish())
}

/// A body in parts, each with headers of its own.
fn multipart(
    parts: &Value,
    declared: Option<&str>,
    given: Option<&HeaderValue>,
    boundary: &str,
) -> Result<Encoded, CallError> {
    let wrong = || refused("`$multipart` is a list of objects with `headers` and `body`".to_owned());
    let mut bytes = Vec::new();
    for part in parts.as_array().ok_or_else(wrong)? {
        let part = part.as_object().ok_or_else(wrong)?;
        bytes.extend_from_slice(format!("--{boundary}\r\n").as_bytes());
        append_part(&mut bytes, part)?;
        bytes.extend_from_slice(b"\r\n");
    }
    bytes.extend_from_slice(format!("--{boundary}--\r\n").as_bytes());
    // The boundary is ours, so a type that was given with another one keeps its name only.
    let kind = given.and_then(|given| given.to_str().ok()).or(declared).unwrap_or("multipart/form-data");
    let name = kind.split(';').next().unwrap_or_default().trim();
    Ok(Encoded { bytes, content_type: content_type(&format!("{name}; boundary={boundary}"))? })
}

fn append_part(bytes: &mut Vec<u8>, part: &Map<String, Value>) -> Result<(), CallError> {
    let body = part.get("body").unwrap_or(&Value::Null);
    if marked(body, "$multipart").is_some() {
        return Err(refused("a part of `$multipart` is itself in parts".to_owned()));
    }
    let mut given = None;
    for (name, value) in part.get("headers").and_then(Value::as_object).into_iter().flatten() {
        let text = value.as_str().ok_or_else(|| refused(format!("the header `{name}` of a part is not a text")))?;
        let (name, value) = header(name, text)?;
        append_header(bytes, name.as_str(), &value);
        given = given.or((name == CONTENT_TYPE).then_some(value));
    }
    if let Some(encoded) = single(body, given.as_ref())? {
        if given.is_none() {
            append_header(bytes, CONTENT_TYPE.as_str(), &encoded.content_type);
        }
        bytes.extend_from_slice(b"\r\n");
        bytes.extend_from_slice(&encoded.bytes);
    } else {
        bytes.extend_from_slice(b"\r\n");
    }
    Ok(())
}

fn append_header(bytes: &mut Vec<u8>, name: &str, value: &HeaderValue) {
    bytes.extend_from_slice(name.as_bytes());
    bytes.extend_from_slice(b": ");
    bytes.extend_from_slice(value.as_bytes());
    bytes.extend_from_slice(b"\r\n");
}

fn declared(value: &Value) -> Option<&str> {
    value.get("$content-type").and_then(Value::as_str)
}

fn content_type(text: &str) -> Result<HeaderValue, CallError> {
    header(CONTENT_TYPE.as_str(), text).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use cosell_engine::connector::CallErrorKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn bodies_are_encoded_by_their_kind() {
        let parts = json!({ "$multipart": [
            { "headers": { "Content-Disposition": "form-data; name=\"a\"" }, "body": "text" },
            { "headers": { "content-type": "image/png" }, "body": { "$content-type": "x/y", "$content": "AAE=" } },
            { "body": { "a": 1 } },
            {}
        ] });
        let in_parts = "--B\r\ncontent-disposition: form-data; name=\"a\"\r\n\
            content-type: text/plain; charset=utf-8\r\n\r\ntext\r\n\
            --B\r\ncontent-type: image/png\r\n\r\n\u{0}\u{1}\r\n\
            --B\r\ncontent-type: application/json\r\n\r\n{\"a\":1}\r\n--B\r\n\r\n\r\n--B--\r\n";
        let form =
            json!({ "$formdata": [{ "key": "a b", "value": "1&2" }, { "key": "c", "value": 3 }, { "key": "d" }] });
        let content = json!({ "$content-type": "text/csv", "$content": "YSxi" });
        let mixed = json!({ "$content-type": "multipart/mixed", "$multipart": [] });
        // The body, the content type among the headers, and the type and text that are sent.
        let cases = [
            (json!({ "b": 1, "a": [] }), None, "application/json", r#"{"b":1,"a":[]}"#),
            (json!([1.5]), None, "application/json", "[1.5]"),
            (json!(false), None, "application/json", "false"),
            (json!({ "a": 1 }), Some("application/vnd.x+json"), "application/vnd.x+json", r#"{"a":1}"#),
            (json!("é"), None, "text/plain; charset=utf-8", "é"),
            (json!("<a/>"), Some("text/xml"), "text/xml", "<a/>"),
            (content.clone(), None, "text/csv", "a,b"),
            (content, Some("text/plain"), "text/plain", "a,b"),
            (json!({ "$content": "YSxi" }), None, "application/octet-stream", "a,b"),
            (json!({ "$content": 1, "a": 2 }), None, "application/json", r#"{"$content":1,"a":2}"#),
            (form, None, "application/x-www-form-urlencoded", "a+b=1%262&c=3&d="),
            (parts.clone(), None, "multipart/form-data; boundary=B", in_parts),
            (parts, Some("multipart/form-data; boundary=x"), "multipart/form-data; boundary=B", in_parts),
            (mixed, None, "multipart/mixed; boundary=B", "--B--\r\n"),
        ];
        for (value, given, kind, expected) in cases {
            let given = given.map(HeaderValue::from_static);
            let encoded = encode(&value, given.as_ref(), "B").unwrap().unwrap();
            assert_eq!(String::from_utf8(encoded.bytes).unwrap(), expected, "{value}");
            assert_eq!(encoded.content_type, kind, "{value}");
        }
        assert!(encode(&Value::Null, None, "B").unwrap().is_none());
    }

    #[test]
    fn bodies_that_are_none_are_refused() {
        let cases = [
            (json!({ "$content": "!" }), "is not base64"),
            (json!({ "$content": 1 }), "is not base64"),
            (json!({ "$content": "", "$content-type": "a\nb" }), "characters that no header may"),
            (json!({ "$formdata": {} }), "`$formdata` is a list"),
            (json!({ "$formdata": [{ "value": 1 }] }), "`$formdata` is a list"),
            (json!({ "$multipart": "x" }), "`$multipart` is a list"),
            (json!({ "$multipart": [1] }), "`$multipart` is a list"),
            (json!({ "$multipart": [{ "body": { "$multipart": [] } }] }), "is itself in parts"),
            (json!({ "$multipart": [{ "headers": { "a": 1 } }] }), "of a part is not a text"),
            (json!({ "$multipart": [{ "headers": { "a": "b\r\nc: d" } }] }), "characters that no header may"),
            (json!("x".repeat(LONGEST_BODY + 1)), "`body` is longer than"),
        ];
        for (value, expected) in cases {
            let error = encode(&value, None, "B").unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Input);
            assert!(error.message.contains(expected), "{}", error.message);
        }
    }
}
