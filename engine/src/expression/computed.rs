//! The expression language of Power Automate: a string that starts with `@`, or holds `@{…}`.
//!
//! A string becomes a tree once ([`scanner`], [`parser`], [`tree`]); [`mistakes`] finds what could never work,
//! [`reads`] what it needs of the run, [`evaluate`] works it out as often as it is needed.

mod access;
mod evaluate;
mod form_data;
mod mistakes;
mod parser;
mod reading;
mod reads;
mod scanner;
mod tree;

use std::fmt;

pub(super) use self::access::find_property;
pub(super) use self::evaluate::LONGEST_TEXT;
pub(super) use self::mistakes::{near, wrong_count, wrong_literal};
use self::scanner::Scanner;
pub(super) use self::scanner::shortened;
pub use self::tree::{Access, FunctionCall, Key, Node, Start};
use super::{ExpressionError, Operand, Read, Scope};

/// How many values may stand within each other: more than people write, and few enough for the stack of a thread.
pub(super) const DEEPEST: usize = 100;

/// The longest string value, in characters.
pub(super) const LONGEST: usize = 131_072;

/// A string of the expression language, parsed.
#[derive(Debug, Clone)]
pub struct Computed {
    text: String,
    content: Content,
}

/// What a string of the expression language is.
#[derive(Debug, Clone)]
pub enum Content {
    /// A text as it stands: `@@text` without its first `@`.
    Literal(String),
    /// One expression, whose value keeps its type.
    Whole(Box<Node>),
    /// Texts and values, joined to one text.
    Joined(Vec<Piece>),
}

/// A part of a text with values.
#[derive(Debug, Clone)]
pub enum Piece {
    /// A text as it stands.
    Text(String),
    /// `@{…}`.
    Value(Box<Node>),
}

impl Computed {
    /// Reads the whole string value, `@f(…)`, `text @{…}` or `@@literal`. The error is the first mistake of form;
    /// its part counts in bytes of the whole string value. [`Computed::mistakes`] finds the others.
    pub fn parse(text: &str) -> Result<Computed, ExpressionError> {
        if text.chars().nth(LONGEST).is_some() {
            return Err(ExpressionError::new(format!("an expression of more than {LONGEST} characters is too long")));
        }
        Ok(Computed { text: text.to_owned(), content: content(text)? })
    }

    /// What the string is.
    pub fn content(&self) -> &Content {
        &self.content
    }

    /// What could never work, each with its part: names that no function has, values too many or too few, literals
    /// that a function does not take. At most 20 are given.
    pub fn mistakes(&self) -> Vec<ExpressionError> {
        mistakes::of(self.nodes())
    }

    /// The value, its type kept; a text where `@{…}` stands inside text. An error names the part of the text
    /// that gave it.
    pub fn evaluate<'a>(&'a self, scope: &'a dyn Scope) -> Result<Operand<'a>, ExpressionError> {
        evaluate::evaluate(self, scope)
    }

    /// Everything that it reads. What is read of a step's or the trigger's body is given as read of its value:
    /// `body('X')?['k']`, `outputs('X')?['body/k']` and `actions('X')?['outputs']?['body']?['k']` are all
    /// [`super::Root::Step`] `X` with the key `k`, `triggerBody()?['k']` is `trigger` with the key `k`. What is
    /// named by an expression is not known before the run, and left out.
    ///
    /// A read is guarded where every access down to the key has its `?`. Without any access, it is guarded in
    /// `coalesce`, `empty` and `equals`, which take null.
    pub fn reads(&self) -> impl Iterator<Item = Read> {
        reads::of(self.nodes()).into_iter()
    }

    /// The expressions in it.
    fn nodes(&self) -> impl Iterator<Item = &Node> {
        let (whole, pieces) = match &self.content {
            Content::Literal(_) => (None, &[][..]),
            Content::Whole(node) => (Some(node.as_ref()), &[][..]),
            Content::Joined(pieces) => (None, pieces.as_slice()),
        };
        whole.into_iter().chain(pieces.iter().filter_map(|piece| match piece {
            Piece::Text(_) => None,
            Piece::Value(node) => Some(node.as_ref()),
        }))
    }
}

/// Prints it from the tree: a text that reads as the same tree.
impl fmt::Display for Computed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.content {
            Content::Literal(text) if text.starts_with('@') && text != "@" => write!(f, "@{text}"),
            Content::Literal(text) => f.write_str(text),
            Content::Whole(node) => write!(f, "@{node}"),
            Content::Joined(pieces) => pieces.iter().try_for_each(|piece| match piece {
                Piece::Text(text) => f.write_str(&text.replace("@{", "@@{")),
                Piece::Value(node) => write!(f, "@{{{node}}}"),
            }),
        }
    }
}

/// A string is one expression, a text with values, or a literal; its first characters say which.
fn content(text: &str) -> Result<Content, ExpressionError> {
    match text.strip_prefix('@') {
        Some("") => Ok(Content::Literal(text.to_owned())),
        Some(rest) if rest.starts_with('@') => Ok(Content::Literal(rest.to_owned())),
        Some(rest) if !rest.starts_with('{') => whole(text),
        _ if text.contains("@{") => joined(text),
        _ => Ok(Content::Literal(text.to_owned())),
    }
}

/// `@` and one expression.
fn whole(text: &str) -> Result<Content, ExpressionError> {
    let mut scanner = Scanner::new(text, 1);
    let node = parser::expression(&mut scanner)?;
    scanner.skip_white_space();
    if scanner.rest().is_empty() {
        return Ok(Content::Whole(Box::new(node)));
    }
    Err(scanner
        .expected("the end of the expression")
        .help("a text with values in it has each of them in `@{…}`; a text that starts with `@` has it twice"))
}

/// Texts, and expressions in `@{…}`; `@@{` stands for `@{`.
fn joined(text: &str) -> Result<Content, ExpressionError> {
    let mut pieces = Vec::new();
    let mut plain = String::new();
    let mut at = 0;
    while let Some(found) = text.get(at..).and_then(|rest| rest.find("@{")) {
        let begin = at + found;
        let before = text.get(at..begin).unwrap_or_default();
        let doubled = before.ends_with('@');
        plain.push_str(before.strip_suffix('@').unwrap_or(before));
        if doubled {
            plain.push_str("@{");
            at = begin + 2;
            continue;
        }
        if !plain.is_empty() {
            pieces.push(Piece::Text(std::mem::take(&mut plain)));
        }
        let (node, end) = value(text, begin)?;
        pieces.push(Piece::Value(Box::new(node)));
        at = end;
    }
    plain.push_str(text.get(at..).unwrap_or_default());
    if !plain.is_empty() {
        pieces.push(Piece::Text(plain));
    }
    Ok(Content::Joined(pieces))
}

/// The expression of the `@{` at `begin`, and the byte behind its `}`.
fn value(text: &str, begin: usize) -> Result<(Node, usize), ExpressionError> {
    let mut scanner = Scanner::new(text, begin + 2);
    let node = parser::expression(&mut scanner)?;
    if scanner.take('}') {
        return Ok((node, scanner.at()));
    }
    Err(scanner.expected("`}` at the end of `@{…}`").help("a plain `@{` in a text is written `@@{`"))
}
