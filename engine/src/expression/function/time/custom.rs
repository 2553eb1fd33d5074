//! A custom format, such as `yyyy-MM-dd 'at' HH:mm`, taken apart; writing, exact reading and time spans share it.
//!
//! The rules are those of .NET: a run of one letter is a specifier, `'…'` and `"…"` are literal, `\c` is a literal
//! character, `%c` is a specifier that stands alone.

use crate::expression::ExpressionError;

/// Characters that a format may have: far more than anybody writes, few enough to bound what comes out.
const MOST_CHARACTERS: usize = 1_000;

/// A part of a custom format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// A letter that stands for something, and how often it is repeated.
    Specifier(char, usize),
    /// A character that stands for itself because it is quoted or escaped.
    Quoted(char),
    /// A character that stands for itself because it means nothing.
    Plain(char),
}

/// The parts of a format in which these letters are specifiers. Of those in `single` each stands for itself, however
/// often it is repeated.
pub(super) fn parts(format: &str, letters: &str, single: &str) -> Result<Vec<Part>, ExpressionError> {
    if format.chars().nth(MOST_CHARACTERS).is_some() {
        return Err(ExpressionError::new(format!("the format is longer than {MOST_CHARACTERS} characters")));
    }
    let mut parts = Vec::new();
    let mut rest = format.chars().peekable();
    while let Some(character) = rest.next() {
        match character {
            '\'' | '"' => loop {
                match rest.next() {
                    Some(end) if end == character => break,
                    Some('\\') => parts.push(escaped(rest.next(), format)?),
                    Some(quoted) => parts.push(Part::Quoted(quoted)),
                    None => return Err(wrong(format, "a quotation mark is not closed")),
                }
            },
            '\\' => parts.push(escaped(rest.next(), format)?),
            '%' => match rest.next() {
                None | Some('%') => return Err(wrong(format, "`%` needs a specifier after it")),
                Some(letter) if is_specifier(letter, letters, single) => parts.push(Part::Specifier(letter, 1)),
                Some(plain) => parts.push(Part::Plain(plain)),
            },
            letter if single.contains(letter) => parts.push(Part::Specifier(letter, 1)),
            letter if letters.contains(letter) => {
                let mut count = 1;
                while rest.next_if_eq(&letter).is_some() {
                    count += 1;
                }
                parts.push(Part::Specifier(letter, count));
            }
            plain => parts.push(Part::Plain(plain)),
        }
    }
    Ok(parts)
}

fn is_specifier(letter: char, letters: &str, single: &str) -> bool {
    letters.contains(letter) || single.contains(letter)
}

fn escaped(character: Option<char>, format: &str) -> Result<Part, ExpressionError> {
    character.map(Part::Quoted).ok_or_else(|| wrong(format, "`\\` needs a character after it"))
}

/// The error of a format that means nothing.
pub(super) fn wrong(format: &str, why: &str) -> ExpressionError {
    ExpressionError::new(format!("the format `{format}` cannot be used: {why}"))
}
