//! Content objects: `{"$content-type": …, "$content": base64}`, how XML and other bytes stand in a flow.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use encoding_rs::{Encoding, UTF_8, UTF_16BE, UTF_16LE};
use serde_json::{Value, json};

use super::document::Kind;
use super::{Document, read};
use crate::expression::ExpressionError;

/// Bytes with what they are.
pub(super) struct Content<'v> {
    kind: &'v str,
    bytes: Vec<u8>,
}

impl<'v> Content<'v> {
    /// What an object holds, if it is a content object.
    pub(super) fn of(value: &'v Value) -> Option<Result<Content<'v>, ExpressionError>> {
        let kind = value.get("$content-type")?.as_str()?;
        let content = value.get("$content")?.as_str()?;
        let bytes = STANDARD.decode(content).map_err(|error| {
            ExpressionError::new(format!("`$content` is not base64: {}", error.to_string().to_lowercase()))
        });
        Some(bytes.map(|bytes| Content { kind, bytes }))
    }

    /// Whether its type says that it is XML.
    pub(super) fn is_xml(&self) -> bool {
        let kind = self.kind.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
        matches!(kind.as_str(), "application/xml" | "text/xml") || kind.ends_with("+xml")
    }

    /// The text. The encoding is that of a byte order mark, of the type's charset, of the declaration, or UTF-8.
    pub(super) fn text(&self) -> Result<String, ExpressionError> {
        let encoding = match self.charset() {
            Some(charset) => Encoding::for_label(charset.as_bytes())
                .ok_or_else(|| ExpressionError::new(format!("the charset `{charset}` is not known")))?,
            None => self.declared().unwrap_or(UTF_8),
        };
        let (text, used, broken) = encoding.decode(&self.bytes);
        if broken {
            return Err(ExpressionError::new(format!("the content is not {} text", used.name())));
        }
        Ok(text.into_owned())
    }

    fn charset(&self) -> Option<&'v str> {
        let parameters = self.kind.split(';').skip(1);
        parameters
            .filter_map(|parameter| parameter.split_once('='))
            .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
            .map(|(_, value)| value.trim().trim_matches('"'))
    }

    /// The encoding that the declaration names; the declaration itself can be read only if it is not UTF-16.
    fn declared(&self) -> Option<&'static Encoding> {
        let start = self.bytes.get(..self.bytes.len().min(200))?;
        let start = String::from_utf8_lossy(start);
        let (declaration, _) = start.strip_prefix("<?xml")?.split_once("?>")?;
        let (_, value) = declaration.split_once("encoding")?;
        let value = value.trim_start().strip_prefix('=')?.trim_start();
        let quote = value.chars().next().filter(|char| matches!(char, '"' | '\''))?;
        Encoding::for_label(value.strip_prefix(quote)?.split(quote).next()?.as_bytes())
    }
}

/// XML as a content object.
pub(super) fn of_xml(text: &str) -> Value {
    json!({"$content-type": "application/xml;charset=utf-8", "$content": STANDARD.encode(text)})
}

/// Reads a document of which the declaration must fit its bytes: one that says UTF-16 of them does not, and one
/// that names no known encoding could say anything.
pub(super) fn read_strictly(text: &str) -> Result<Document, ExpressionError> {
    let document = read::read(text)?;
    let declared = document.children(0).find_map(|child| match document.kind(child) {
        Kind::Declaration { encoding, .. } => encoding.as_deref(),
        _ => None,
    });
    match declared.map(|label| (label, Encoding::for_label(label.as_bytes()))) {
        Some((label, None)) => Err(ExpressionError::new(format!("the XML's encoding `{label}` is not known"))),
        Some((label, Some(encoding))) if encoding == UTF_16LE || encoding == UTF_16BE => {
            Err(ExpressionError::new(format!("the XML declares the encoding `{label}`, and is not in it"))
                .help("take the declaration away, or let it say `utf-8`"))
        }
        _ => Ok(document),
    }
}
