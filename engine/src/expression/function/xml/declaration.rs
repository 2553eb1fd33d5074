//! `<?xml version="1.0" encoding="utf-8" standalone="yes"?>`: read from text and from fields, and written.

use quick_xml::events::attributes::Attributes;

use super::document::Kind;
use super::read::wrong;
use crate::expression::ExpressionError;

/// Reads what stands between `<?` and `?>`.
pub(super) fn parse(text: &str) -> Result<Kind, ExpressionError> {
    let fields = Attributes::new(text, "xml".len())
        .map(|field| field.map(|field| (field.key.0.to_owned(), field.value.into_owned())))
        .collect::<Result<Vec<_>, _>>()
        .map_err(wrong)?;
    let keys: Vec<&str> = fields.iter().map(|(key, _)| key.as_str()).collect();
    let ordered = matches!(
        keys[..],
        ["version"] | ["version", "encoding"] | ["version", "standalone"] | ["version", "encoding", "standalone"]
    );
    if !ordered {
        return Err(wrong("the declaration takes `version`, `encoding` and `standalone`, in this order"));
    }
    let field = |name: &str| fields.iter().find(|(key, _)| key == name).map(|(_, value)| value.clone());
    checked(field("version").as_deref(), field("encoding"), field("standalone"))
}

/// A declaration of these fields.
pub(super) fn checked(
    version: Option<&str>,
    encoding: Option<String>,
    standalone: Option<String>,
) -> Result<Kind, ExpressionError> {
    if version.is_some_and(|version| version != "1.0") {
        return Err(wrong("the version of XML must be `1.0`"));
    }
    if encoding.as_deref().is_some_and(|encoding| !is_encoding_name(encoding)) {
        return Err(wrong("the declaration's `encoding` is not the name of an encoding"));
    }
    if standalone.as_deref().is_some_and(|standalone| !matches!(standalone, "yes" | "no")) {
        return Err(wrong("the declaration's `standalone` must be `yes` or `no`"));
    }
    Ok(Kind::Declaration { encoding, standalone })
}

/// The declaration as it is written.
pub(super) fn written(encoding: Option<&str>, standalone: Option<&str>) -> String {
    let encoding = encoding.map(|encoding| format!(" encoding=\"{encoding}\"")).unwrap_or_default();
    let standalone = standalone.map(|standalone| format!(" standalone=\"{standalone}\"")).unwrap_or_default();
    format!("<?xml version=\"1.0\"{encoding}{standalone}?>")
}

fn is_encoding_name(text: &str) -> bool {
    text.starts_with(|char: char| char.is_ascii_alphabetic())
        && text.chars().all(|char| char.is_ascii_alphanumeric() || matches!(char, '.' | '_' | '-'))
}
