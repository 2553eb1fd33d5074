//! Text and bytes in base64 and in escapes of addresses.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, percent_encode_byte, utf8_percent_encode};

use crate::expression::function::strings::units;
use crate::expression::function::{Args, content, limit};
use crate::expression::{ExpressionError, Operand};

/// Everything but what RFC 3986 calls unreserved.
const ESCAPED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The content type of bytes that nothing is known of.
const OCTETS: &str = "application/octet-stream";

pub(super) fn to_base64<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    limit::text(content::to_base64(&bytes_of(args)?))
}

pub(super) fn binary<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(content::object(OCTETS, content::to_base64(&bytes_of(args)?))))
}

/// The bytes of a value: those that it holds, or its text in UTF-8.
fn bytes_of(args: &Args<'_, '_>) -> Result<Vec<u8>, ExpressionError> {
    let value = args.get(0);
    if value.is_null() {
        return Err(ExpressionError::new("the value must not be null"));
    }
    let content = value.json().and_then(|value| value.as_object()).and_then(content::Content::of);
    Ok(content.and_then(|content| content.bytes()).unwrap_or_else(|| value.to_text().into_owned().into_bytes()))
}

pub(super) fn base64_to_text<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let bytes = content::from_base64(args.text(0)?).ok_or_else(not_base64)?;
    limit::text(String::from_utf8_lossy(&bytes).into_owned())
}

pub(super) fn base64_to_binary<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let text = args.text(0)?;
    content::from_base64(text).ok_or_else(not_base64)?;
    Ok(Operand::made(content::object(OCTETS, text.to_owned())))
}

fn not_base64() -> ExpressionError {
    ExpressionError::new("the text is not base64")
}

pub(super) fn escape<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    limit::text(utf8_percent_encode(args.text(0)?, ESCAPED).to_string())
}

pub(super) fn unescape<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(unescaped(args.text(0)?)))
}

/// The text without its escapes; as in .NET, those that are not UTF-8 stay.
fn unescaped(text: &str) -> String {
    let bytes: Vec<u8> = percent_decode_str(text).collect();
    let mut plain = String::new();
    for chunk in bytes.utf8_chunks() {
        plain.push_str(chunk.valid());
        chunk.invalid().iter().for_each(|byte| plain.push_str(percent_encode_byte(*byte)));
    }
    plain
}

pub(super) fn unescape_to_binary<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let bytes: Vec<u8> = percent_decode_str(args.text(0)?).collect();
    Ok(Operand::made(content::object(OCTETS, content::to_base64(&bytes))))
}

/// How many bytes a text has in UTF-8.
pub(super) fn utf8_length<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(u64::try_from(args.text(0)?.len()).unwrap_or(u64::MAX)))
}

/// How many code units a text has in UTF-16.
pub(super) fn utf16_length<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(u64::try_from(units::length(args.text(0)?)).unwrap_or(u64::MAX)))
}
