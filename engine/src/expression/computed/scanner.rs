//! The letters of the language: white space, names, numbers and quoted texts, read once from left to right.

use std::ops::Range;

use serde_json::Value;

use crate::expression::ExpressionError;

/// The longest piece of a text that an error shows, in characters.
const SHOWN: usize = 40;

/// A place in a string value that moves forward only.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    /// Starts at a byte.
    pub(super) fn new(text: &'t str, at: usize) -> Scanner<'t> {
        Scanner { text, at }
    }

    /// The byte that is read next.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Everything that has not been read.
    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Reads the character where it is the next one, after white space.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        self.skip_white_space();
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// Whether the character is the next one after white space.
    pub(super) fn comes(&self, wanted: char) -> bool {
        self.rest().trim_start().starts_with(wanted)
    }

    /// Reads on to the next character that is no white space.
    pub(super) fn skip_white_space(&mut self) {
        self.take_while(char::is_whitespace);
    }

    /// A name: at least one character that has no other meaning.
    pub(super) fn name(&mut self) -> Option<&'t str> {
        Some(self.take_while(is_name)).filter(|name| !name.is_empty())
    }

    /// A number; its first character is a digit or a sign.
    pub(super) fn number(&mut self) -> Result<Value, ExpressionError> {
        let start = self.at;
        let written = self.take_while(|character| is_name(character) || character == '.');
        number(written).map_err(|why| ExpressionError::new(why).at(start..self.at))
    }

    /// A text in single quotes, in which two quotes stand for one; its first character is the quote.
    pub(super) fn quoted(&mut self) -> Result<String, ExpressionError> {
        let start = self.at;
        let mut text = String::new();
        self.at += 1;
        loop {
            text.push_str(self.take_while(|character| character != '\''));
            match self.rest().as_bytes() {
                [b'\'', b'\'', ..] => {
                    text.push('\'');
                    self.at += 2;
                }
                [b'\'', ..] => {
                    self.at += 1;
                    return Ok(text);
                }
                _ => {
                    return Err(ExpressionError::new("a text starts with `'` and has no closing `'`")
                        .help("a quote within a text is written twice: `'it''s'`")
                        .at(start..self.text.len()));
                }
            }
        }
    }

    /// The error that something else was expected here.
    pub(super) fn expected(&self, wanted: &str) -> ExpressionError {
        let (found, part) = self.found();
        ExpressionError::new(format!("expected {wanted}, found {found}")).at(part)
    }

    /// What stands here in words, and its bytes.
    fn found(&self) -> (String, Range<usize>) {
        let rest = self.rest();
        let Some(first) = rest.chars().next() else {
            return ("the end".to_owned(), self.at..self.at);
        };
        let length =
            if is_name(first) { rest.find(|other| !is_name(other)).unwrap_or(rest.len()) } else { first.len_utf8() };
        let found = rest.get(..length).unwrap_or_default();
        (format!("`{}`", shortened(found)), self.at..self.at + length)
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|character| !wanted(character)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

/// A text, cut where it is too long to be shown.
pub(in crate::expression) fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

/// Whether the character can be part of a name.
fn is_name(character: char) -> bool {
    !matches!(character, '.' | ',' | '(' | ')' | '{' | '}' | '@' | '[' | ']' | '?' | '\'') && !character.is_whitespace()
}

/// A whole number of 64 bits, or a number with a point or an exponent.
fn number(written: &str) -> Result<Value, String> {
    let digits = written.strip_prefix(['+', '-']).unwrap_or(written);
    if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let whole = written.parse::<i64>().map(Value::from);
        return whole.map_err(|_| format!("`{}` is too big for a whole number", shortened(written)));
    }
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit() || b".eE+-".contains(&byte));
    let float: f64 = plain
        .then(|| written.parse().ok())
        .flatten()
        .ok_or_else(|| format!("`{}` is not a number", shortened(written)))?;
    serde_json::Number::from_f64(float)
        .map(Value::Number)
        .ok_or_else(|| format!("`{}` is too big for a number", shortened(written)))
}
