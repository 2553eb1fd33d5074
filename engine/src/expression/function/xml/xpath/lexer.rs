//! The tokens of an expression. A name or `*` after an operand is an operator, by the rule of XPath 1.0, 3.7.

use super::super::name::{continues_name, is_space, starts_name};
use super::syntax::Operator;
use crate::expression::ExpressionError;

/// A token.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    /// A name before anything that makes it a function, an axis or a kind of node.
    Name(String),
    /// `prefix:name` or `prefix:*`.
    Prefixed(String, String),
    Star,
    Operator(Operator),
    Open,
    Close,
    OpenPredicate,
    ClosePredicate,
    Dot,
    Parent,
    At,
    Comma,
    Axis,
    Slash,
    Slashes,
    Union,
}

/// The tokens of a text.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, ExpressionError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start_matches(is_space);
    while !rest.is_empty() {
        let (token, length) = token(rest, tokens.last().is_some_and(ends_operand))?;
        tokens.push(token);
        rest = rest.get(length..).unwrap_or_default().trim_start_matches(is_space);
    }
    Ok(tokens)
}

/// Whether an operator may follow.
fn ends_operand(token: &Token) -> bool {
    matches!(
        token,
        Token::Number(_)
            | Token::Text(_)
            | Token::Name(_)
            | Token::Prefixed(..)
            | Token::Star
            | Token::Close
            | Token::ClosePredicate
            | Token::Dot
            | Token::Parent
    )
}

/// The first token, and its length.
fn token(text: &str, after_operand: bool) -> Result<(Token, usize), ExpressionError> {
    if let Some(found) = number(text) {
        return Ok(found);
    }
    if let Some((token, length)) = symbol(text) {
        let token = if token == Token::Star && after_operand { Token::Operator(Operator::Multiply) } else { token };
        return Ok((token, length));
    }
    match text.chars().next() {
        Some(quote @ ('"' | '\'')) => literal(text, quote),
        Some(char) if starts_name(char) => word(text, after_operand),
        Some('$') => Err(ExpressionError::new("an XPath expression has no variables here")
            .help("put the value into the text of the path with `concat(…)`")),
        Some(char) => Err(ExpressionError::new(format!("`{char}` has no meaning in an XPath expression"))),
        None => Err(ExpressionError::new("the XPath expression ends too early")),
    }
}

fn symbol(text: &str) -> Option<(Token, usize)> {
    // The longer of two that start alike stands first.
    const SYMBOLS: &[(&str, Token)] = &[
        ("//", Token::Slashes),
        ("/", Token::Slash),
        ("::", Token::Axis),
        ("..", Token::Parent),
        (".", Token::Dot),
        ("!=", Token::Operator(Operator::NotEqual)),
        ("<=", Token::Operator(Operator::AtMost)),
        (">=", Token::Operator(Operator::AtLeast)),
        ("<", Token::Operator(Operator::Less)),
        (">", Token::Operator(Operator::Greater)),
        ("=", Token::Operator(Operator::Equal)),
        ("+", Token::Operator(Operator::Add)),
        ("-", Token::Operator(Operator::Subtract)),
        ("(", Token::Open),
        (")", Token::Close),
        ("[", Token::OpenPredicate),
        ("]", Token::ClosePredicate),
        ("@", Token::At),
        (",", Token::Comma),
        ("|", Token::Union),
        ("*", Token::Star),
    ];
    SYMBOLS.iter().find(|(symbol, _)| text.starts_with(symbol)).map(|(symbol, token)| (token.clone(), symbol.len()))
}

/// `1`, `1.`, `1.5` or `.5`.
fn number(text: &str) -> Option<(Token, usize)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let whole = digits(text);
    let fraction = text.get(whole..).and_then(|rest| rest.strip_prefix('.')).map(digits);
    let length = match (whole, fraction) {
        (0, None | Some(0)) => return None,
        (_, None) => whole,
        (_, Some(fraction)) => whole + 1 + fraction,
    };
    let number = text.get(..length)?.parse().ok()?;
    Some((Token::Number(number), length))
}

fn literal(text: &str, quote: char) -> Result<(Token, usize), ExpressionError> {
    let inner = text.strip_prefix(quote).and_then(|rest| rest.split_once(quote));
    let (inner, _) = inner.ok_or_else(|| ExpressionError::new(format!("the text `{text}` is not closed")))?;
    Ok((Token::Text(inner.to_owned()), inner.len() + 2))
}

/// A name, a name with a prefix, or an operator that is a word.
fn word(text: &str, after_operand: bool) -> Result<(Token, usize), ExpressionError> {
    let (name, rest) = split_name(text);
    if after_operand {
        let operator = match name {
            "and" => Operator::And,
            "or" => Operator::Or,
            "div" => Operator::Divide,
            "mod" => Operator::Remainder,
            _ => return Err(ExpressionError::new(format!("`{name}` stands where an operator is needed"))),
        };
        return Ok((Token::Operator(operator), name.len()));
    }
    let Some(local) = rest.strip_prefix(':').filter(|local| !local.starts_with(':')) else {
        return Ok((Token::Name(name.to_owned()), name.len()));
    };
    let local = if local.starts_with('*') { "*" } else { split_name(local).0 };
    if local.is_empty() {
        return Err(ExpressionError::new(format!("a name is missing after `{name}:`")));
    }
    Ok((Token::Prefixed(name.to_owned(), local.to_owned()), name.len() + 1 + local.len()))
}

/// The name at the start of a text, and what follows it.
fn split_name(text: &str) -> (&str, &str) {
    if !text.starts_with(starts_name) {
        return ("", text);
    }
    let end = text.find(|char| !continues_name(char)).unwrap_or(text.len());
    text.split_at_checked(end).unwrap_or((text, ""))
}
