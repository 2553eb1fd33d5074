//! The pieces of JSON: blanks and comments, texts, numbers and constants, read once from left to right.

use serde_json::{Number, Value};

/// Why a text is not JSON.
pub(super) type Wrong = &'static str;

/// What stands for a value beside texts and numbers. JSON cannot write the floats without an end; they leave as
/// their names.
const CONSTANTS: [(&str, Constant); 7] = [
    ("true", Constant::Bool(true)),
    ("false", Constant::Bool(false)),
    ("null", Constant::Null),
    ("undefined", Constant::Null),
    ("NaN", Constant::Named),
    ("Infinity", Constant::Named),
    ("-Infinity", Constant::Named),
];

#[derive(Clone, Copy)]
enum Constant {
    Bool(bool),
    Null,
    Named,
}

/// A place in a text that moves forward only.
pub(super) struct Scanner<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Scanner<'t> {
    pub(super) fn new(text: &'t str) -> Scanner<'t> {
        Scanner { text, at: 0 }
    }

    /// The next character.
    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// Goes on by so many bytes.
    pub(super) fn skip(&mut self, bytes: usize) {
        self.at += bytes;
    }

    /// Reads the character where it is the next one.
    pub(super) fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    /// The line and the column of the next character, both from 1.
    pub(super) fn place(&self) -> (usize, usize) {
        let before = self.text.get(..self.at).unwrap_or(self.text);
        let line = before.rsplit('\n').next().unwrap_or(before);
        (before.matches('\n').count() + 1, line.chars().count() + 1)
    }

    /// Goes on behind white space and comments.
    pub(super) fn skip_blank(&mut self) -> Result<(), Wrong> {
        loop {
            self.take_while(char::is_whitespace);
            if !self.rest().starts_with('/') {
                return Ok(());
            }
            self.comment()?;
        }
    }

    fn comment(&mut self) -> Result<(), Wrong> {
        let rest = self.rest();
        let length = if rest.starts_with("//") {
            rest.find(['\r', '\n']).unwrap_or(rest.len())
        } else if let Some(inner) = rest.strip_prefix("/*") {
            inner.find("*/").ok_or("a comment has no end")? + "/**/".len()
        } else {
            return Err("a value is expected");
        };
        self.at += length;
        Ok(())
    }

    /// The name of a property without quotes.
    pub(super) fn bare_key(&mut self) -> Result<String, Wrong> {
        let key = self.take_while(|next| next.is_alphanumeric() || matches!(next, '_' | '$'));
        if key.is_empty() { Err("the name of a property is expected") } else { Ok(key.to_owned()) }
    }

    /// A text up to the quote that it starts with.
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, Wrong> {
        self.at += quote.len_utf8();
        let mut text = String::new();
        loop {
            text.push_str(self.take_while(|next| next != quote && next != '\\'));
            if self.take(quote) {
                return Ok(text);
            }
            if !self.take('\\') {
                return Err("a text has no closing quote");
            }
            text.push(self.escaped()?);
        }
    }

    /// What stands behind a backslash. Half of a pair of surrogates becomes U+FFFD.
    fn escaped(&mut self) -> Result<char, Wrong> {
        let letter = self.peek().ok_or("a text has no closing quote")?;
        let character = match letter {
            'b' => '\u{8}',
            't' => '\t',
            'n' => '\n',
            'f' => '\u{c}',
            'r' => '\r',
            '\\' | '"' | '\'' | '/' => letter,
            'u' => return self.unit_escape(),
            _ => return Err("there is no such escape"),
        };
        self.at += letter.len_utf8();
        Ok(character)
    }

    /// `u00e9`, or a pair of them.
    fn unit_escape(&mut self) -> Result<char, Wrong> {
        let first = self.unit().ok_or("four hexadecimal digits are expected")?;
        self.at += "u00e9".len();
        if let Some(character) = char::from_u32(first.into()) {
            return Ok(character);
        }
        let begin = self.at;
        if self.take('\\')
            && let Some(second) = self.unit()
            && let Some(Ok(character)) = char::decode_utf16([first, second]).next()
        {
            self.at += "u00e9".len();
            return Ok(character);
        }
        self.at = begin;
        Ok(char::REPLACEMENT_CHARACTER)
    }

    fn unit(&self) -> Option<u16> {
        let digits = self.rest().strip_prefix('u')?.get(..4)?;
        let plain = digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        plain.then(|| u16::from_str_radix(digits, 16).ok()).flatten()
    }

    /// A number; with a zero in front it is octal, with `0x` hexadecimal.
    pub(super) fn number(&mut self) -> Result<Value, Wrong> {
        if self.rest().starts_with("-I") {
            return self.constant();
        }
        let begin = self.at;
        let written = self.take_while(|next| next.is_ascii_hexdigit() || matches!(next, 'x' | 'X' | '.' | '+' | '-'));
        let number = number(written).ok_or("the number cannot be read");
        if number.is_err() || self.in_word() {
            self.at = begin;
            return Err("the number cannot be read");
        }
        number
    }

    /// `true`, `null` and the like.
    pub(super) fn constant(&mut self) -> Result<Value, Wrong> {
        let found = CONSTANTS.into_iter().find(|(name, _)| self.rest().starts_with(name));
        let (name, constant) = found.ok_or("a value is expected")?;
        self.at += name.len();
        if self.in_word() {
            self.at -= name.len();
            return Err("a value is expected");
        }
        Ok(match constant {
            Constant::Bool(truth) => Value::Bool(truth),
            Constant::Null => Value::Null,
            Constant::Named => Value::from(name),
        })
    }

    /// Whether a word goes on here.
    fn in_word(&self) -> bool {
        self.peek().is_some_and(|next| !next.is_whitespace() && !matches!(next, ',' | ']' | '}' | '/'))
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn take_while(&mut self, wanted: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let length = rest.find(|next| !wanted(next)).unwrap_or(rest.len());
        self.at += length;
        rest.get(..length).unwrap_or_default()
    }
}

/// The number that is written so. A whole number beyond 64 bits is the nearest float.
fn number(written: &str) -> Option<Value> {
    let lower = written.to_ascii_lowercase();
    if let Some(digits) = lower.strip_prefix("0x") {
        return digits.bytes().all(|digit| digit.is_ascii_hexdigit()).then(|| radix(digits, 16)).flatten();
    }
    if let Some(digits) = lower.strip_prefix('0').filter(|rest| !rest.is_empty() && !rest.starts_with(['.', 'e'])) {
        return digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| radix(digits, 8)).flatten();
    }
    if let Ok(whole) = written.parse::<i64>() {
        return Some(Value::from(whole));
    }
    if let Ok(whole) = written.parse::<u64>() {
        return Some(Value::from(whole));
    }
    written.parse().ok().and_then(Number::from_f64).map(Value::Number)
}

fn radix(digits: &str, radix: u32) -> Option<Value> {
    i64::from_str_radix(digits, radix).ok().map(Value::from)
}
