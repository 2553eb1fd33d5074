//! Functions that make one kind of value of another: their rows and the plain ones; base64 and escapes are in
//! `encoding`, data URIs in `data_uri`, JSON in `json`.

mod data_uri;
mod encoding;
mod json;

use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

use super::number::{self, Culture, Number};
use super::{Args, Call, Function, Group, Parameter, content, limit, xml};
use crate::expression::{ExpressionError, Kinds, Operand};

const VALUE: &[Parameter] = &[Parameter::one("value", Kinds::ANY)];
const TEXT: &[Parameter] = &[Parameter::one("value", Kinds::TEXT)];
const TEXT_OR_NUMBER: Kinds = Kinds::TEXT.or(Kinds::NUMBER);

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    row("array", VALUE, Kinds::LIST, array, "Gives a list with one value in it.", &[("array('hello')", "[\"hello\"]")]),
    row(
        "createArray",
        &[Parameter::many("value", Kinds::ANY)],
        Kinds::LIST,
        create_array,
        "Gives a list of its values.",
        &[("createArray('h', 1, null)", "[\"h\",1,null]")],
    ),
    row(
        "base64",
        VALUE,
        Kinds::TEXT,
        encoding::to_base64,
        "Writes a text in UTF-8, or the bytes of a value that holds some, as base64. Null is an error.",
        &[("base64('hello')", "\"aGVsbG8=\"")],
    ),
    row(
        "base64ToString",
        TEXT,
        Kinds::TEXT,
        encoding::base64_to_text,
        "Reads base64 as a text in UTF-8. What is not base64 is an error.",
        &[("base64ToString('aGVsbG8=')", "\"hello\"")],
    ),
    row(
        "base64ToBinary",
        TEXT,
        Kinds::OBJECT,
        encoding::base64_to_binary,
        "Reads base64 as bytes. What is not base64 is an error.",
        &[("base64ToBinary('aGVsbG8=')", "{\"$content-type\":\"application/octet-stream\",\"$content\":\"aGVsbG8=\"}")],
    ),
    row(
        "decodeBase64",
        TEXT,
        Kinds::TEXT,
        encoding::base64_to_text,
        "The former name of `base64ToString`.",
        &[("decodeBase64('aGVsbG8=')", "\"hello\"")],
    ),
    row(
        "binary",
        VALUE,
        Kinds::OBJECT,
        encoding::binary,
        "Gives the bytes of a value's text. Null is an error.",
        &[("binary('hello')", "{\"$content-type\":\"application/octet-stream\",\"$content\":\"aGVsbG8=\"}")],
    ),
    row(
        "bool",
        VALUE,
        Kinds::BOOL,
        bool,
        "Gives true or false: of a number whether it is not 0, of the texts `true` and `false`, in any case, what they \
         say. Any other text, and null, are errors.",
        &[("bool('False')", "false"), ("bool(1)", "true")],
    ),
    row(
        "dataUri",
        VALUE,
        Kinds::TEXT,
        data_uri::from_value,
        "Writes a value as a data URI: a text in UTF-8, a list or an object as JSON, bytes with their own content type. \
         Null is an error.",
        &[("dataUri('hello')", "\"data:text/plain;charset=utf-8;base64,aGVsbG8=\"")],
    ),
    row(
        "dataUriToBinary",
        TEXT,
        Kinds::OBJECT,
        data_uri::to_binary,
        "Reads a data URI as bytes with their content type. A content type against the rules, or with an unknown \
         charset, is an error.",
        &[(
            "dataUriToBinary('data:text/plain;base64,aGk=')",
            "{\"$content-type\":\"text/plain\",\"$content\":\"aGk=\"}",
        )],
    ),
    row(
        "dataUriToString",
        TEXT,
        Kinds::TEXT,
        data_uri::to_text,
        "Reads a data URI as a text in UTF-8. Data that are not base64 are read as escaped text. Another charset is an \
         error.",
        &[
            ("dataUriToString('data:text/plain;charset=utf-8;base64,aGk=')", "\"hi\""),
            ("dataUriToString('data:,a%20b')", "\"a b\""),
        ],
    ),
    row(
        "decodeDataUri",
        TEXT,
        Kinds::OBJECT,
        data_uri::to_binary,
        "The former name of `dataUriToBinary`.",
        &[("decodeDataUri('data:,x')", "{\"$content-type\":\"text/plain\",\"$content\":\"eA==\"}")],
    ),
    row(
        "decimal",
        &[Parameter::one("value", TEXT_OR_NUMBER)],
        Kinds::DECIMAL,
        decimal,
        "Gives a number with 28 exact digits. A text with an exponent, and what does not fit, are errors. A decimal \
         that leaves an expression becomes the nearest number of JSON.",
        &[("string(decimal('1.50'))", "\"1.50\"")],
    ),
    row(
        "float",
        &[Parameter::one("value", TEXT_OR_NUMBER), Parameter::optional("locale", Kinds::TEXT)],
        Kinds::FLOAT,
        float,
        "Gives a number with a point. A text may have separators of thousands, an exponent, and its sign before or \
         after; the locale, `en-US` where none is given, says which separators. Null and an empty text are errors.",
        &[("float('10,000.333')", "10000.333"), ("float('10.000,333', 'de-DE')", "10000.333")],
    ),
    row(
        "int",
        &[Parameter::one("value", TEXT_OR_NUMBER)],
        Kinds::INT,
        int,
        "Gives a whole number. A fraction, an empty text, null and what does not fit into 64 bits are errors. As in the \
         service, a text with more than 15 digits may be rounded.",
        &[("int('10')", "10"), ("int('1.0')", "1")],
    ),
    row(
        "isInt",
        TEXT,
        Kinds::BOOL,
        is_int,
        "Whether `int` can read a text. What is no text is an error.",
        &[("isInt('10')", "true"), ("isInt('1.5')", "false")],
    ),
    row(
        "isFloat",
        &[Parameter::one("value", Kinds::TEXT), Parameter::optional("locale", Kinds::TEXT)],
        Kinds::BOOL,
        is_float,
        "Whether `float` can read a text, in the given locale or, without one, in none in particular. What is no text \
         is an error.",
        &[("isFloat('10.000,00', 'de-DE')", "true"), ("isFloat('ten')", "false")],
    ),
    row(
        "json",
        &[Parameter::one("value", Kinds::TEXT.or(Kinds::OBJECT))],
        Kinds::ANY,
        json,
        "Reads a text, or bytes, as JSON; of a key that stands twice the last one counts. As in the service, single \
         quotes, comments, a comma too many and line ends within texts are taken. XML becomes an object with `@` before \
         attributes and `#text` for text among them. An empty text and what is not JSON are errors.",
        &[("json('{\"a\":[1,2.0]}')", "{\"a\":[1,2.0]}"), ("json('{\"a\":1,\"b\":2,\"a\":3}')", "{\"b\":2,\"a\":3}")],
    ),
    row(
        "string",
        VALUE,
        Kinds::TEXT,
        string,
        "Writes a value as text: null as nothing, true as `True`, lists and objects as compact JSON, bytes decoded.",
        &[("string(10)", "\"10\""), ("string(null)", "\"\""), ("string(json('{\"a\": 1}'))", "\"{\\\"a\\\":1}\"")],
    ),
    row(
        "encodeUriComponent",
        TEXT,
        Kinds::TEXT,
        encoding::escape,
        "Writes a text so that it may stand in an address: all but letters, digits and `-_.~` of ASCII is escaped.",
        &[("encodeUriComponent('https://contoso.com')", "\"https%3A%2F%2Fcontoso.com\"")],
    ),
    row(
        "decodeUriComponent",
        TEXT,
        Kinds::TEXT,
        encoding::unescape,
        "Reads a text with the escapes of an address. A `+` stays.",
        &[("decodeUriComponent('a%20b')", "\"a b\"")],
    ),
    row(
        "uriComponent",
        TEXT,
        Kinds::TEXT,
        encoding::escape,
        "Does what `encodeUriComponent` does.",
        &[("uriComponent('a b')", "\"a%20b\"")],
    ),
    row(
        "uriComponentToString",
        TEXT,
        Kinds::TEXT,
        encoding::unescape,
        "Does what `decodeUriComponent` does.",
        &[("uriComponentToString('a%20b')", "\"a b\"")],
    ),
    row(
        "uriComponentToBinary",
        TEXT,
        Kinds::OBJECT,
        encoding::unescape_to_binary,
        "Reads a text with the escapes of an address as bytes.",
        &[("uriComponentToBinary('a%20b')", "{\"$content-type\":\"application/octet-stream\",\"$content\":\"YSBi\"}")],
    ),
    row(
        "utf8Length",
        TEXT,
        Kinds::INT,
        encoding::utf8_length,
        "Counts the bytes of a text in UTF-8.",
        &[("utf8Length('é')", "2")],
    ),
    row(
        "utf16Length",
        TEXT,
        Kinds::INT,
        encoding::utf16_length,
        "Counts the code units of a text in UTF-16.",
        &[("utf16Length('é')", "1")],
    ),
];

/// A row of this group.
const fn row(
    name: &'static str,
    parameters: &'static [Parameter],
    gives: Kinds,
    compute: super::Compute,
    about: &'static str,
    examples: &'static [(&'static str, &'static str)],
) -> Function {
    Function { name, group: Group::Conversion, parameters, gives, about, examples, call: Call::Values(compute) }
}

fn array<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    create_array(args)
}

fn create_array<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(args.values().iter().map(|value| value.clone().into_value()).collect::<Vec<_>>()))
}

fn bool<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    if let Some(number) = Number::of(args.get(0)) {
        return Ok(Operand::made(number::compare(number, Number::Int(0)) != Some(std::cmp::Ordering::Equal)));
    }
    match args.get(0).json() {
        Some(Value::Bool(truth)) => Ok(Operand::made(*truth)),
        Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("true") => Ok(Operand::made(true)),
        Some(Value::String(text)) if text.trim().eq_ignore_ascii_case("false") => Ok(Operand::made(false)),
        Some(Value::String(text)) => Err(unreadable(text, "neither true nor false")),
        _ => Err(args.wrong(0, TEXT_OR_NUMBER.or(Kinds::BOOL))),
    }
}

fn decimal<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    if let Some(number) = Number::of(args.get(0)) {
        return number.to_decimal().map(Operand::Decimal);
    }
    let text = text_or_number(args)?;
    number::decimal(text).map(Operand::Decimal).ok_or_else(|| unreadable(text, "not a decimal"))
}

fn float<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let culture = args.optional_text(1)?.map_or(Ok(Culture::ENGLISH), Culture::named)?;
    if let Some(number) = Number::of(args.get(0)) {
        return Ok(Operand::float(number.to_float()));
    }
    let text = text_or_number(args)?;
    number::float(text, &culture).map(Operand::float).ok_or_else(|| unreadable(text, "not a number"))
}

fn int<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (whole, text) = match Number::of(args.get(0)) {
        Some(Number::Int(number)) => (Some(number), String::new()),
        Some(Number::Float(number)) => (number::whole(number), args.get(0).to_text().into_owned()),
        Some(Number::Decimal(number)) => (number.is_integer().then(|| number.to_i64()).flatten(), number.to_string()),
        None => {
            let text = text_or_number(args)?;
            (number::int(text), text.to_owned())
        }
    };
    whole.map(Operand::made).ok_or_else(|| unreadable(&text, "not a whole number of 64 bits"))
}

fn text_or_number<'s>(args: &Args<'s, '_>) -> Result<&'s str, ExpressionError> {
    args.text(0).map_err(|_| args.wrong(0, TEXT_OR_NUMBER))
}

/// The error that a text is something else than it should be.
fn unreadable(text: &str, what: &str) -> ExpressionError {
    ExpressionError::new(format!("{} is {what}", limit::quoted(text)))
}

fn is_int<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(number::int(args.text(0)?).is_some()))
}

fn is_float<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let culture = args.optional_text(1)?.map_or(Ok(Culture::INVARIANT), Culture::named)?;
    Ok(Operand::made(number::float(args.text(0)?, &culture).is_some()))
}

fn json<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let wrong = || args.wrong(0, Kinds::TEXT).help("XML and bytes can be read too");
    let value = args.get(0).json().ok_or_else(wrong)?;
    match value {
        Value::String(text) => json::parse(text).map(Operand::Owned),
        Value::Object(entries) => {
            let content = content::Content::of(entries).ok_or_else(wrong)?;
            if is_xml(content.media_type) {
                return xml::to_json(value).map(Operand::Owned);
            }
            json::parse(&args.get(0).to_text()).map(Operand::Owned)
        }
        _ => Err(wrong()),
    }
}

/// Whether a content type is one of XML: `application/xml`, `text/xml`, `image/svg+xml`.
fn is_xml(media_type: &str) -> bool {
    let name = media_type.split(';').next().unwrap_or(media_type).trim().to_ascii_lowercase();
    name.ends_with("/xml") || name.ends_with("+xml")
}

fn string<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let value = args.get(0);
    if value.kind() == Kinds::TEXT { Ok(value.clone()) } else { Ok(Operand::made(value.to_text())) }
}
