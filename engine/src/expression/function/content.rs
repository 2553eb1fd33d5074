//! Bytes in values: an object with `$content-type` and `$content`, its bytes in base64.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use encoding_rs::Encoding;
use serde_json::{Map, Value};

/// Padding is needed, as the services have it.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::RequireCanonical)
        .with_decode_allow_trailing_bits(true),
);

/// An object that holds bytes.
pub(in crate::expression) struct Content<'v> {
    /// What the bytes are, with parameters such as `charset`.
    pub(in crate::expression) media_type: &'v str,
    /// The bytes in base64.
    base64: &'v str,
}

impl<'v> Content<'v> {
    /// The content, where the object holds nothing but its type and its bytes.
    pub(in crate::expression) fn of(entries: &'v Map<String, Value>) -> Option<Content<'v>> {
        let text = |key: &str| entries.get(key).and_then(Value::as_str);
        let content = Content { media_type: text("$content-type")?, base64: text("$content")? };
        (entries.len() == 2).then_some(content)
    }

    /// Its bytes; `None` where they are not in base64.
    pub(in crate::expression) fn bytes(&self) -> Option<Vec<u8>> {
        from_base64(self.base64)
    }
}

/// The object that holds these bytes.
pub(super) fn object(media_type: &str, base64: String) -> Value {
    let entries = [("$content-type", Value::from(media_type)), ("$content", Value::from(base64))];
    Value::Object(entries.map(|(key, value)| (key.to_owned(), value)).into_iter().collect())
}

/// Bytes as base64.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    BASE64.encode(bytes)
}

/// The bytes of base64, white space within it passed over; `None` where it is not base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let dense: Vec<u8> = text.bytes().filter(|byte| !matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).collect();
    BASE64.decode(dense).ok()
}

/// The charsets that are known here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Charset {
    Utf8,
    Utf16,
    Utf16BigEndian,
    Latin1,
    Ascii,
    /// One of a language or a system, such as `windows-1252`.
    Other(&'static Encoding),
}

/// Whether the charset that a content type names is known; one that names none is UTF-8.
pub(super) fn knows_charset(media_type: &str) -> bool {
    charset_name(media_type).is_none_or(|name| charset(name).is_some())
}

/// The text of bytes in the charset of their content type, UTF-8 where it names none that is known; what is not
/// of the charset becomes U+FFFD.
pub(in crate::expression) fn decode(media_type: &str, bytes: &[u8]) -> String {
    let wide = |unit: fn([u8; 2]) -> u16| {
        let units = bytes.chunks(2).map(|pair| match pair {
            [first, second] => unit([*first, *second]),
            _ => 0xFFFD,
        });
        char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
    };
    match charset_name(media_type).and_then(charset).unwrap_or(Charset::Utf8) {
        Charset::Utf8 => String::from_utf8_lossy(bytes).into_owned(),
        Charset::Utf16 => wide(u16::from_le_bytes),
        Charset::Utf16BigEndian => wide(u16::from_be_bytes),
        Charset::Latin1 => bytes.iter().copied().map(char::from).collect(),
        Charset::Other(encoding) => encoding.decode_without_bom_handling(bytes).0.into_owned(),
        Charset::Ascii => bytes.iter().map(|byte| if byte.is_ascii() { char::from(*byte) } else { '?' }).collect(),
    }
}

/// The value of the parameter `charset`.
fn charset_name(media_type: &str) -> Option<&str> {
    media_type
        .split(';')
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .find(|(name, _)| name.trim().eq_ignore_ascii_case("charset"))
        .map(|(_, value)| value.trim().trim_matches('"'))
}

fn charset(name: &str) -> Option<Charset> {
    let known = [
        ("utf-8", Charset::Utf8),
        ("utf8", Charset::Utf8),
        ("utf-16", Charset::Utf16),
        ("utf-16le", Charset::Utf16),
        ("unicode", Charset::Utf16),
        ("utf-16be", Charset::Utf16BigEndian),
        ("iso-8859-1", Charset::Latin1),
        ("latin1", Charset::Latin1),
        ("us-ascii", Charset::Ascii),
        ("ascii", Charset::Ascii),
    ];
    let own = known.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, charset)| charset);
    own.or_else(|| Encoding::for_label_no_replacement(name.as_bytes()).map(Charset::Other))
}
