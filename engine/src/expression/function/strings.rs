//! Functions of text: their rows, and the plain ones; finding is in `search`, UTF-16 in `units`, letters in
//! `case`, XML's escapes in `xml_text`.

pub(super) mod case;
mod search;
pub(super) mod units;
mod xml_text;

use serde_json::Value;

pub(in crate::expression) use search::{ends_with, starts_with};

use super::number::{self, Culture};
use super::{Args, Call, Function, Group, Parameter, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

const TEXT: Parameter = Parameter::one("text", Kinds::TEXT);
const SEARCH: Parameter = Parameter::one("search", Kinds::TEXT);

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "concat",
        group: Group::Strings,
        parameters: &[Parameter::many("text", Kinds::ANY)],
        gives: Kinds::TEXT,
        about: "Puts values together as one text. Null is nothing, true is `True`, a number stands without needless \
                zeros, bytes are decoded, lists and objects are compact JSON. A text of more than 104,857,600 \
                characters is an error.",
        examples: &[("concat('a', 1, true)", "\"a1True\""), ("concat('a', null, createArray(1))", "\"a[1]\"")],
        call: Call::Values(concat),
    },
    Function {
        name: "substring",
        group: Group::Strings,
        parameters: &[TEXT, Parameter::one("start", Kinds::INT), Parameter::optional("length", Kinds::INT)],
        gives: Kinds::TEXT,
        about: "Gives the part of a text from a place on, counted from 0. A place or a length outside of the text is \
                an error; `slice` is lenient.",
        examples: &[("substring('hello world', 6, 5)", "\"world\""), ("substring('hello', 3)", "\"lo\"")],
        call: Call::Values(substring),
    },
    Function {
        name: "slice",
        group: Group::Strings,
        parameters: &[TEXT, Parameter::one("start", Kinds::INT), Parameter::optional("end", Kinds::INT)],
        gives: Kinds::TEXT,
        about: "Gives the part of a text from one place up to another. A negative place counts from the end, one \
                outside of the text is its end, and an end before the start gives an empty text.",
        examples: &[("slice('Hello World', 3, -1)", "\"lo Worl\""), ("slice('abc', 39, 10)", "\"\"")],
        call: Call::Values(slice),
    },
    Function {
        name: "replace",
        group: Group::Strings,
        parameters: &[TEXT, Parameter::one("old", Kinds::TEXT), Parameter::one("new", Kinds::TEXT)],
        gives: Kinds::TEXT,
        about: "Replaces one text by another wherever it stands; capital and small letters differ. Replacing an empty \
                text is an error.",
        examples: &[("replace('the old string', 'old', 'new')", "\"the new string\"")],
        call: Call::Values(replace),
    },
    Function {
        name: "guid",
        group: Group::Strings,
        parameters: &[Parameter::optional("format", Kinds::TEXT)],
        gives: Kinds::TEXT,
        about: "Gives a new identifier, in the format `N`, `D` (the default), `B`, `P` or `X`. A repeated evaluation of \
                a step gives the same one.",
        examples: &[],
        call: Call::Values(guid),
    },
    Function {
        name: "toLower",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Writes a text in small letters, by the rules of no language in particular.",
        examples: &[("toLower('Hello World')", "\"hello world\"")],
        call: Call::Values(to_lower),
    },
    Function {
        name: "toUpper",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Writes a text in capital letters, by the rules of no language in particular.",
        examples: &[("toUpper('Hello World')", "\"HELLO WORLD\"")],
        call: Call::Values(to_upper),
    },
    Function {
        name: "indexOf",
        group: Group::Strings,
        parameters: &[TEXT, SEARCH],
        gives: Kinds::INT,
        about: "Gives the first place of one text in another, counted from 0, without regard to case; -1 where it is \
                not there. An empty text is at 0.",
        examples: &[("indexOf('hello world', 'WORLD')", "6"), ("indexOf('hello', 'x')", "-1")],
        call: Call::Values(search::index_of),
    },
    Function {
        name: "nthIndexOf",
        group: Group::Strings,
        parameters: &[TEXT, SEARCH, Parameter::one("occurrence", Kinds::INT)],
        gives: Kinds::INT,
        about: "Gives the place where one text stands in another for the n-th time, without regard to case; -1 where \
                it does not stand so often. A negative number counts from the end, and 0 is an error. Occurrences do \
                not overlap.",
        examples: &[
            ("nthIndexOf('123456789123465789', '1', 2)", "9"),
            ("nthIndexOf('one two one three one', 'one', -1)", "18"),
        ],
        call: Call::Values(search::nth_index_of),
    },
    Function {
        name: "lastIndexOf",
        group: Group::Strings,
        parameters: &[TEXT, SEARCH],
        gives: Kinds::INT,
        about: "Gives the last place of one text in another, counted from 0, without regard to case; -1 where it is \
                not there. An empty text is at the last character.",
        examples: &[("lastIndexOf('hello world hello world', 'world')", "18"), ("lastIndexOf('abc', '')", "2")],
        call: Call::Values(search::last_index_of),
    },
    Function {
        name: "startsWith",
        group: Group::Strings,
        parameters: &[TEXT, SEARCH],
        gives: Kinds::BOOL,
        about: "Whether a text starts with another one, without regard to case.",
        examples: &[("startsWith('hello world', 'HELLO')", "true")],
        call: Call::Values(search::starts_with),
    },
    Function {
        name: "endsWith",
        group: Group::Strings,
        parameters: &[TEXT, SEARCH],
        gives: Kinds::BOOL,
        about: "Whether a text ends with another one, without regard to case.",
        examples: &[("endsWith('hello world', 'WORLD')", "true")],
        call: Call::Values(search::ends_with),
    },
    Function {
        name: "split",
        group: Group::Strings,
        parameters: &[TEXT, Parameter::one("separator", Kinds::TEXT)],
        gives: Kinds::LIST,
        about: "Gives the parts of a text between separators, empty ones too. Where the separator is empty or is not \
                there, the list has the text as its one item.",
        examples: &[("split('a_b_c', '_')", "[\"a\",\"b\",\"c\"]"), ("split('ab', '')", "[\"ab\"]")],
        call: Call::Values(split),
    },
    Function {
        name: "trim",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Takes the white space off both ends of a text.",
        examples: &[("trim('  a b ')", "\"a b\"")],
        call: Call::Values(trim),
    },
    Function {
        name: "formatNumber",
        group: Group::Strings,
        parameters: &[
            Parameter::one("number", Kinds::NUMBER),
            Parameter::one("format", Kinds::TEXT),
            Parameter::optional("locale", Kinds::TEXT),
        ],
        gives: Kinds::TEXT,
        about: "Writes a number by a format of .NET: a letter with a precision, such as `C2` or `N0`, or a pattern, such \
                as `#,##0.00`. The locale is `en-US` where none is given.",
        examples: &[
            ("formatNumber(17.35, 'C2')", "\"$17.35\""),
            ("formatNumber(1234567.891, '#,##0.0', 'de-DE')", "\"1.234.567,9\""),
        ],
        call: Call::Values(format_number),
    },
    Function {
        name: "trimByteOrderMark",
        group: Group::Strings,
        parameters: &[Parameter::one("content", Kinds::TEXT.or(Kinds::OBJECT))],
        gives: Kinds::TEXT,
        about: "Takes the mark U+FEFF off the start of a text, or of bytes as text. Files that name their encoding by \
                such a mark need it before `json` or `xml`.",
        examples: &[("trimByteOrderMark('a')", "\"a\"")],
        call: Call::Values(trim_byte_order_mark),
    },
    Function {
        name: "encodeXmlValue",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Writes a text so that it may stand in XML: `<` as `&lt;`, and so on.",
        examples: &[("encodeXmlValue('a<b')", "\"a&lt;b\"")],
        call: Call::Values(xml_text::encode_value),
    },
    Function {
        name: "decodeXmlValue",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Reads a text as it stands in XML: `&lt;` as `<`, and so on. What is no escape stays as it is.",
        examples: &[("decodeXmlValue('a&lt;b&#x21;')", "\"a<b!\"")],
        call: Call::Values(xml_text::decode_value),
    },
    Function {
        name: "encodeXmlName",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Writes a text so that it may be a name in XML: a character that no name has as `_xHHHH_`.",
        examples: &[("encodeXmlName('a b')", "\"a_x0020_b\"")],
        call: Call::Values(xml_text::encode_name),
    },
    Function {
        name: "decodeXmlName",
        group: Group::Strings,
        parameters: &[TEXT],
        gives: Kinds::TEXT,
        about: "Reads a name of XML: `_xHHHH_` is a character by its number.",
        examples: &[("decodeXmlName('a_x0020_b')", "\"a b\"")],
        call: Call::Values(xml_text::decode_name),
    },
];

fn concat<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let mut joined = limit::Growing::default();
    for value in args.values() {
        joined.push(&value.to_text())?;
    }
    Ok(joined.finish())
}

fn substring<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let text = args.text(0)?;
    let (start, length) = (args.count(1)?, units::length(text));
    let count = if args.given() > 2 { args.count(2)? } else { length.saturating_sub(start) };
    if start.saturating_add(count) > length || start > length {
        return Err(ExpressionError::new(format!(
            "the text has `{length}` characters, and `{count}` from `{start}` on are asked for"
        ))
        .help("`slice` takes what there is"));
    }
    Ok(Operand::made(units::part(text, start, count)))
}

fn slice<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let text = args.text(0)?;
    let length = units::length(text);
    let place = |at: i64| {
        let distance = usize::try_from(at.unsigned_abs()).unwrap_or(usize::MAX);
        if at < 0 { length.saturating_sub(distance) } else { distance.min(length) }
    };
    let start = place(args.int(1)?);
    let end = if args.given() > 2 { place(args.int(2)?) } else { length };
    Ok(Operand::made(units::part(text, start, end.saturating_sub(start))))
}

fn replace<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, old, new) = (args.text(0)?, args.text(1)?, args.text(2)?);
    if old.is_empty() {
        return Err(ExpressionError::new("the text to replace is empty"));
    }
    let count = text.matches(old).count();
    let kept = text.len().saturating_sub(count.saturating_mul(old.len()));
    limit::text_length(kept.saturating_add(count.saturating_mul(new.len())))?;
    Ok(Operand::made(text.replace(old, new)))
}

fn guid<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let format = args.optional_text(0)?.unwrap_or("D");
    let id = uuid::Builder::from_random_bytes(args.random()?.to_be_bytes()).into_uuid();
    let text = match format.to_ascii_uppercase().as_str() {
        "N" => id.simple().to_string(),
        "D" | "" => id.to_string(),
        "B" => id.braced().to_string(),
        "P" => format!("({id})"),
        "X" => {
            let (first, second, third, rest) = id.as_fields();
            let rest: Vec<String> = rest.iter().map(|byte| format!("0x{byte:02x}")).collect();
            format!("{{0x{first:08x},0x{second:04x},0x{third:04x},{{{}}}}}", rest.join(","))
        }
        _ => {
            return Err(ExpressionError::new(format!("{} is no format of an identifier", limit::quoted(format)))
                .help("the formats are `N`, `D`, `B`, `P` and `X`"));
        }
    };
    Ok(Operand::made(text))
}

fn to_lower<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(case::lower(args.text(0)?)))
}

fn to_upper<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(case::upper(args.text(0)?)))
}

fn split<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (text, separator) = (args.text(0)?, args.text(1)?);
    if separator.is_empty() {
        return Ok(Operand::made(vec![text]));
    }
    limit::list_length(text.matches(separator).count() + 1, limit::PARTS)?;
    Ok(Operand::made(text.split(separator).map(Value::from).collect::<Vec<_>>()))
}

fn trim<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(args.text(0)?.trim()))
}

fn format_number<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let culture = args.optional_text(2)?.map_or(Ok(Culture::ENGLISH), Culture::named)?;
    limit::text(number::format(args.number(0)?, args.text(1)?, &culture)?)
}

fn trim_byte_order_mark<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    if !args.get(0).kind().overlaps(Kinds::TEXT.or(Kinds::OBJECT)) {
        return Err(args.wrong(0, Kinds::TEXT.or(Kinds::OBJECT)));
    }
    Ok(Operand::made(args.get(0).to_text().trim_start_matches('\u{feff}')))
}
