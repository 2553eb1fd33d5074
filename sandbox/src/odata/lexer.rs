//! Text into tokens.
//!
//! OData literals carry their type in their shape: a bare GUID, a date and a number all begin
//! with a digit, so a whole run is read first and then told apart.

use jiff::{Timestamp, civil::Date};

use super::ODataError;

/// A typed constant, and also what a property evaluates to.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Literal {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; the precision of a double is enough for a sandbox.
    Number(f64),
    /// A quoted string, its doubled quotes resolved.
    Text(String),
    /// A bare GUID, in lower case.
    Guid(String),
    /// An instant with its offset.
    Instant(Timestamp),
    /// A day.
    Date(Date),
}

/// One token.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A property, an operator word or a function.
    Name(String),
    /// A constant.
    Literal(Literal),
    /// `(`
    Open,
    /// `)`
    Close,
    /// `,`
    Comma,
    /// `/`
    Slash,
    /// `:` of a lambda
    Colon,
    /// `=` between the name and the value of an argument
    Equals,
    /// `[`
    OpenList,
    /// `]`
    CloseList,
    /// `@name`, which stands for a value given elsewhere in the query string
    Alias(String),
}

/// Tokens with the byte position at which each begins.
pub(crate) fn tokens(text: &str) -> Result<Vec<(usize, Token)>, ODataError> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(next) = text[at..].chars().next() {
        if next.is_whitespace() {
            at += next.len_utf8();
            continue;
        }
        let (token, length) = token(text, at, next)?;
        found.push((at, token));
        at += length;
    }
    Ok(found)
}

fn token(text: &str, at: usize, first: char) -> Result<(Token, usize), ODataError> {
    let rest = &text[at..];
    let token = match first {
        '(' => Token::Open,
        ')' => Token::Close,
        ',' => Token::Comma,
        '/' => Token::Slash,
        ':' => Token::Colon,
        '=' => Token::Equals,
        '[' => Token::OpenList,
        ']' => Token::CloseList,
        '@' => return alias(text, at),
        '\'' | '"' => return quoted(text, at, first),
        '-' | '0'..='9' => return literal_run(text, at),
        _ if first.is_alphabetic() || first == '_' => return Ok(word(rest)),
        _ => return Err(syntax(text, at, "a name, a literal or a parenthesis")),
    };
    Ok((token, 1))
}

fn alias(text: &str, at: usize) -> Result<(Token, usize), ODataError> {
    let name = run(&text[at + 1..], |c| c.is_alphanumeric() || c == '_');
    if name.is_empty() {
        return Err(syntax(text, at, "the name of a parameter"));
    }
    Ok((Token::Alias(format!("@{name}")), name.len() + 1))
}

/// A text in single quotes; lists of values come with double ones as well.
fn quoted(text: &str, at: usize, quote: char) -> Result<(Token, usize), ODataError> {
    let mut value = String::new();
    let mut chars = text[at + 1..].char_indices().peekable();
    while let Some((offset, next)) = chars.next() {
        if next != quote {
            value.push(next);
        } else if chars.next_if(|(_, after)| *after == quote).is_some() {
            value.push(quote);
        } else {
            return Ok((Token::Literal(Literal::Text(value)), offset + 2));
        }
    }
    Err(syntax(text, at, "a closing quote"))
}

fn literal_run(text: &str, at: usize) -> Result<(Token, usize), ODataError> {
    let run = run(&text[at..], |c| c.is_ascii_alphanumeric() || "-.:+".contains(c));
    let literal = guid(run)
        .or_else(|| run.parse().ok().map(Literal::Instant))
        .or_else(|| run.parse().ok().map(Literal::Date))
        .or_else(|| number(run))
        .ok_or_else(|| syntax(text, at, "a number, a GUID or a date"))?;
    Ok((Token::Literal(literal), run.len()))
}

fn word(rest: &str) -> (Token, usize) {
    // A GUID may begin with a letter, and its hyphens would end a name.
    let with_hyphens = run(rest, |c| c.is_ascii_alphanumeric() || c == '-');
    if let Some(literal) = guid(with_hyphens) {
        return (Token::Literal(literal), with_hyphens.len());
    }
    let name = run(rest, |c| c.is_alphanumeric() || c == '_' || c == '.');
    let token = match name {
        "null" => Token::Literal(Literal::Null),
        "true" => Token::Literal(Literal::Bool(true)),
        "false" => Token::Literal(Literal::Bool(false)),
        _ => Token::Name(name.to_owned()),
    };
    (token, name.len())
}

fn run(rest: &str, part: impl Fn(char) -> bool) -> &str {
    let end = rest.find(|c| !part(c)).unwrap_or(rest.len());
    &rest[..end]
}

fn guid(run: &str) -> Option<Literal> {
    let hyphenated = run.len() == 36 && uuid::Uuid::try_parse(run).is_ok();
    hyphenated.then(|| Literal::Guid(run.to_ascii_lowercase()))
}

fn number(run: &str) -> Option<Literal> {
    // `parse` would also take "1e400" for infinity.
    run.parse().ok().filter(|number: &f64| number.is_finite()).map(Literal::Number)
}

pub(super) fn syntax(text: &str, at: usize, expected: &'static str) -> ODataError {
    ODataError::Syntax { at, text: text.to_owned(), expected }
}
