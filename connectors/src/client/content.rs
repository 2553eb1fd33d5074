//! From the bytes of an answer to a value, by its content type.
//!
//! JSON becomes the value that it writes, text becomes text, nothing becomes null. Everything else, and XML
//! with it, stays bytes: an object `{"$content-type", "$content"}` with the bytes in base64, which the
//! functions of the expression language take apart.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8};
use serde_json::{Value, json};

/// The type of bytes about which nothing is said.
const UNKNOWN: &str = "application/octet-stream";

/// The value of a body.
pub(super) fn decode(content_type: Option<&str>, body: &[u8]) -> Value {
    if body.is_empty() {
        return Value::Null;
    }
    let content_type = content_type.unwrap_or(UNKNOWN);
    let kind = essence(content_type);
    if is_json(&kind) {
        let text = text(content_type, body);
        // What claims to be JSON and is none is still worth reading, above all in an error.
        return serde_json::from_str(&text).unwrap_or_else(|_| Value::String(text.into_owned()));
    }
    if kind.starts_with("text/") && !is_xml(&kind) {
        return Value::String(text(content_type, body).into_owned());
    }
    json!({ "$content-type": content_type, "$content": STANDARD.encode(body) })
}

/// The type without its parameters, in lower case.
fn essence(content_type: &str) -> String {
    content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

fn is_json(kind: &str) -> bool {
    matches!(kind, "application/json" | "text/json") || kind.ends_with("+json")
}

fn is_xml(kind: &str) -> bool {
    kind == "text/xml" || kind.ends_with("+xml")
}

/// The text, read with the charset that the type or a byte order mark names; UTF-8 where neither does.
fn text<'a>(content_type: &str, body: &'a [u8]) -> Cow<'a, str> {
    let named = content_type.split(';').skip(1).filter_map(|parameter| parameter.split_once('='));
    let charset = named
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .find_map(|(_, label)| Encoding::for_label(label.trim().trim_matches('"').as_bytes()));
    charset.unwrap_or(UTF_8).decode(body).0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_decoded_by_their_type() {
        let bytes = |kind: &str, base64: &str| json!({ "$content-type": kind, "$content": base64 });
        let cases: [(Option<&str>, &[u8], Value); 16] = [
            (Some("application/json"), b"{\"a\":1}", json!({ "a": 1 })),
            (Some("application/json; charset=utf-8"), b"[1]", json!([1])),
            (Some("Application/Problem+JSON"), b"{}", json!({})),
            (Some("application/json"), b"\xEF\xBB\xBF{}", json!({})),
            (Some("application/json"), b"<html>", json!("<html>")),
            (Some("application/json"), b"", json!(null)),
            (Some("text/plain"), b"1", json!("1")),
            (Some("text/html; charset=\"ISO-8859-1\""), b"caf\xE9", json!("caf\u{e9}")),
            (Some("text/plain; charset=utf-16le"), b"h\0i\0", json!("hi")),
            (Some("text/plain; charset=nonsense"), b"\xC3\xA9", json!("\u{e9}")),
            (Some("text/plain"), b"\xFF", json!("\u{fffd}")),
            (Some("text/xml"), b"<a/>", bytes("text/xml", "PGEvPg==")),
            (Some("application/xml;charset=utf-8"), b"<a/>", bytes("application/xml;charset=utf-8", "PGEvPg==")),
            (Some("image/svg+xml"), b"<a/>", bytes("image/svg+xml", "PGEvPg==")),
            (Some("application/pdf"), b"\x00\x01", bytes("application/pdf", "AAE=")),
            (None, b"a", bytes("application/octet-stream", "YQ==")),
        ];
        for (content_type, body, expected) in cases {
            assert_eq!(decode(content_type, body), expected, "{content_type:?}");
        }
    }
}
