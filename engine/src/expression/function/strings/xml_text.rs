//! Text and names for XML: `&lt;` and its like for text, `_x0020_` and its like for names.

use crate::expression::function::{Args, limit};
use crate::expression::{ExpressionError, Operand};

/// What XML has names for.
const ENTITIES: [(&str, char); 5] = [("lt", '<'), ("gt", '>'), ("amp", '&'), ("quot", '"'), ("apos", '\'')];

/// The longest escape that is read: `&#x10FFFF;` and `_x0010FFFF_` without their ends.
const LONGEST: usize = 10;

pub(super) fn encode_value<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let mut text = String::new();
    for character in args.text(0)?.chars() {
        match ENTITIES.iter().find(|(_, known)| *known == character) {
            Some((name, _)) => text.extend(["&", name, ";"]),
            None => text.push(character),
        }
    }
    limit::text(text)
}

pub(super) fn decode_value<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    limit::text(decode(args.text(0)?, '&', ';', entity))
}

pub(super) fn encode_name<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let name = args.text(0)?;
    let mut text = String::new();
    for (at, character) in name.char_indices() {
        let rest = name.get(at + character.len_utf8()..).unwrap_or_default();
        let fits = if at == 0 { starts_name(character) } else { continues_name(character) };
        // An underscore that would be read as an escape is escaped itself.
        let misread = character == '_' && escape(rest, '_', name_escape).is_some();
        if fits && !misread {
            text.push(character);
        } else {
            text.push_str(&format!("_x{:04X}_", u32::from(character)));
        }
    }
    limit::text(text)
}

pub(super) fn decode_name<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    limit::text(decode(args.text(0)?, '_', '_', name_escape))
}

/// The text with each escape between these ends replaced; what is no escape stays.
fn decode(text: &str, open: char, close: char, read: fn(&str) -> Option<char>) -> String {
    let mut decoded = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(open) {
        decoded.push_str(before);
        match escape(after, close, read) {
            Some((character, following)) => {
                decoded.push(character);
                rest = following;
            }
            None => {
                decoded.push(open);
                rest = after;
            }
        }
    }
    decoded + rest
}

/// The character of an escape up to its end, and what follows. Only so far is looked that it stays linear.
fn escape(text: &str, close: char, read: fn(&str) -> Option<char>) -> Option<(char, &str)> {
    let (end, _) = text.char_indices().take(LONGEST).find(|(_, character)| *character == close)?;
    Some((read(text.get(..end)?)?, text.get(end + close.len_utf8()..)?))
}

/// `lt`, `#60` or `#x3C`.
fn entity(name: &str) -> Option<char> {
    let Some(number) = name.strip_prefix('#') else {
        return ENTITIES.iter().find(|(known, _)| *known == name).map(|(_, character)| *character);
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(digits) => u32::from_str_radix(digits, 16),
        None => number.parse(),
    };
    code.ok().and_then(char::from_u32)
}

/// `x0020`, with four or eight digits.
fn name_escape(code: &str) -> Option<char> {
    let digits = code.strip_prefix('x')?;
    let fits = matches!(digits.len(), 4 | 8) && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
    fits.then(|| u32::from_str_radix(digits, 16).ok())?.and_then(char::from_u32)
}

/// What XML 1.0 lets a name start with.
fn starts_name(character: char) -> bool {
    matches!(character, 'A'..='Z' | 'a'..='z' | '_' | ':' | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}'
        | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}' | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}'
        | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}' | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}'
        | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// What a name may go on with.
fn continues_name(character: char) -> bool {
    starts_name(character)
        || matches!(character, '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}
