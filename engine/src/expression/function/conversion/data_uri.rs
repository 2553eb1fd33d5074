//! Data URIs: bytes or text within an address, with their content type.
//!
//! `data:` is followed by a media type with parameters, `;base64` where the data are, and the data after a comma.
//! The two readers differ as the service's do: the one for bytes holds the whole content type against the rules,
//! the one for text looks at nothing but a charset that stands first.

use percent_encoding::percent_decode_str;

use crate::expression::function::{Args, content, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

/// The content type where none is named.
const PLAIN: &str = "text/plain";

/// A data URI in its parts.
struct DataUri<'t> {
    media_type: &'t str,
    base64: bool,
    data: &'t str,
}

impl<'t> DataUri<'t> {
    fn read(text: &'t str) -> Result<DataUri<'t>, ExpressionError> {
        let scheme = text.get(..5).filter(|scheme| scheme.eq_ignore_ascii_case("data:"));
        let parts = scheme.and_then(|_| text.get(5..)?.split_once(','));
        let (head, data) = parts.ok_or_else(|| {
            ExpressionError::new("the text is no data URI").help("write it as `data:text/plain;base64,aGVsbG8=`")
        })?;
        let (before, last) = head.rsplit_once(';').unwrap_or(("", head));
        let base64 = last.eq_ignore_ascii_case("base64");
        let media_type = if base64 { before } else { head };
        if media_type.starts_with(';') {
            return Err(ExpressionError::new("the data URI has parameters but no content type"));
        }
        Ok(DataUri { media_type: if media_type.is_empty() { PLAIN } else { media_type }, base64, data })
    }

    /// The data as bytes. Where they are not base64 they are escaped as in a form, with `+` for a space.
    fn bytes(&self) -> Result<Vec<u8>, ExpressionError> {
        if self.base64 {
            return content::from_base64(self.data).ok_or_else(|| ExpressionError::new("the data are not base64"));
        }
        let spaced = self.data.replace('+', " ");
        Ok(percent_decode_str(&spaced).collect())
    }
}

pub(super) fn to_binary<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let uri = DataUri::read(args.text(0)?)?;
    check_media_type(uri.media_type)?;
    let bytes = uri.bytes()?;
    let base64 = if uri.base64 { uri.data.to_owned() } else { content::to_base64(&bytes) };
    Ok(Operand::made(content::object(uri.media_type, base64)))
}

pub(super) fn to_text<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let uri = DataUri::read(args.text(0)?)?;
    let first = uri.media_type.split(';').nth(1).and_then(|parameter| parameter.split_once('='));
    if let Some((name, charset)) = first
        && name.eq_ignore_ascii_case("charset")
        && !charset.eq_ignore_ascii_case("utf-8")
    {
        return Err(ExpressionError::new(format!("the charset must be `utf-8`, and is {}", limit::quoted(charset)))
            .help("`dataUriToBinary` takes other charsets"));
    }
    limit::text(String::from_utf8_lossy(&uri.bytes()?).into_owned())
}

pub(super) fn from_value<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let value = args.get(0);
    let media_type = match value.kind() {
        Kinds::NULL => return Err(args.wrong(0, Kinds::ANY)),
        Kinds::LIST | Kinds::OBJECT => "application/json;charset=utf-8",
        _ => "text/plain;charset=utf-8",
    };
    if let Some(content) = value.json().and_then(|value| value.as_object()).and_then(content::Content::of)
        && let Some(bytes) = content.bytes()
    {
        return limit::text(format!("data:{};base64,{}", content.media_type, content::to_base64(&bytes)));
    }
    limit::text(format!("data:{media_type};base64,{}", content::to_base64(value.to_text().as_bytes())))
}

/// Whether it is one type and one subtype, with parameters that have one value each, and a charset that is known.
fn check_media_type(media_type: &str) -> Result<(), ExpressionError> {
    let mut parts = media_type.split(';').map(str::trim);
    let name = parts.next().and_then(|name| name.split_once('/'));
    let named = name.is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype));
    let mut rest = parts.peekable();
    let mut sound = named;
    while let Some(parameter) = rest.next() {
        let ends = parameter.is_empty() && rest.peek().is_none();
        let pair = parameter.split_once('=');
        sound &= ends || pair.is_some_and(|(name, value)| is_token(name) && is_token(value.trim_matches('"')));
    }
    if !sound {
        return Err(ExpressionError::new(format!("{} is no content type", limit::quoted(media_type))));
    }
    if !content::knows_charset(media_type) {
        return Err(ExpressionError::new(format!("the charset of {} is not known", limit::quoted(media_type))));
    }
    Ok(())
}

/// Whether it is a token of MIME: something, without white space and signs of their own.
fn is_token(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|one| one.is_ascii_graphic() && !"()<>@,;:\\\"/[]?=".contains(one))
}
