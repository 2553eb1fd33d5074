//! From the text of one expression to its tree: a value is a literal or a call, with any number of accesses
//! behind it. The first mistake of form ends the reading; mistakes of meaning are left to [`super::mistakes`].

use serde_json::Value;

use super::DEEPEST;
use super::scanner::{Scanner, shortened};
use super::tree::{Access, FunctionCall, Key, Node, Start};
use crate::expression::ExpressionError;
use crate::expression::function::{self, Call};

/// Reads one expression from where the scanner stands, and stops behind it.
pub(super) fn expression(scanner: &mut Scanner<'_>) -> Result<Node, ExpressionError> {
    Parser { scanner, depth: 0 }.value()
}

struct Parser<'s, 't> {
    scanner: &'s mut Scanner<'t>,
    /// How many values stand around this one.
    depth: usize,
}

impl Parser<'_, '_> {
    /// A value within another one.
    fn inner(&mut self) -> Result<Node, ExpressionError> {
        if self.depth == DEEPEST {
            let at = self.scanner.at();
            let error = ExpressionError::new(format!("more than {DEEPEST} values stand within each other"));
            return Err(error.help("work out a part of it in a `compose` step before").at(at..at));
        }
        self.depth += 1;
        let node = self.value();
        self.depth -= 1;
        node
    }

    fn value(&mut self) -> Result<Node, ExpressionError> {
        self.scanner.skip_white_space();
        let begin = self.scanner.at();
        let start = self.start()?;
        let span = begin..self.scanner.at();
        let mut accesses = Vec::new();
        while let Some(access) = self.access()? {
            accesses.push(access);
        }
        Ok(Node { start, span, accesses })
    }

    fn start(&mut self) -> Result<Start, ExpressionError> {
        match self.scanner.peek() {
            Some('\'') => self.scanner.quoted().map(|text| Start::Literal(Value::String(text))),
            Some('+' | '-' | '0'..='9') => self.scanner.number().map(Start::Literal),
            Some('"' | '“' | '”' | '‘' | '’' | '`') => {
                Err(self.scanner.expected("a value").help("a text stands in single quotes: `'text'`"))
            }
            _ => self.named(),
        }
    }

    /// A constant, or a function with its values.
    fn named(&mut self) -> Result<Start, ExpressionError> {
        let begin = self.scanner.at();
        let Some(name) = self.scanner.name() else {
            return Err(self.scanner.expected("a value").help(
                "a value is a text in single quotes, a number, `true`, `false`, `null`, or a function with `(` and `)`",
            ));
        };
        if self.scanner.comes('(') {
            self.scanner.take('(');
            return self.values(name).map(|values| Start::Call(call(name, values)));
        }
        constant(name).map(Start::Literal).ok_or_else(|| not_a_value(name).at(begin..self.scanner.at()))
    }

    /// The values of a function, up to its `)`.
    fn values(&mut self, function: &str) -> Result<Vec<Node>, ExpressionError> {
        let mut values = Vec::new();
        if self.scanner.take(')') {
            return Ok(values);
        }
        loop {
            values.push(self.inner()?);
            if self.scanner.take(')') {
                return Ok(values);
            }
            if !self.scanner.take(',') {
                return Err(self.scanner.expected(&format!("`,` or `)` in `{}(…)`", shortened(function))));
            }
        }
    }

    /// The next step down, where there is one.
    fn access(&mut self) -> Result<Option<Access>, ExpressionError> {
        self.scanner.skip_white_space();
        let begin = self.scanner.at();
        let optional = self.scanner.take('?');
        let key = if self.scanner.take('.') {
            self.scanner.skip_white_space();
            let name = self.scanner.name().ok_or_else(|| self.scanner.expected("the name of a property after `.`"))?;
            Key::Name(name.to_owned())
        } else if self.scanner.take('[') {
            let key = Key::Value(self.inner()?);
            if !self.scanner.take(']') {
                return Err(self.scanner.expected("`]`"));
            }
            key
        } else if optional {
            return Err(self.scanner.expected("`.` or `[` after `?`"));
        } else {
            return Ok(None);
        };
        Ok(Some(Access { optional, key, span: begin..self.scanner.at() }))
    }
}

/// A call, with the function that is meant and, where its name is a literal, what it reads of the run.
fn call(name: &str, values: Vec<Node>) -> FunctionCall {
    let function = function::find(name);
    let root = function.and_then(|function| match function.call {
        Call::Read(reading) => reading.root(values.first().and_then(Node::literal).and_then(Value::as_str)),
        _ => None,
    });
    FunctionCall { name: name.to_owned(), function, values, root }
}

fn constant(name: &str) -> Option<Value> {
    match name {
        "true" => Some(Value::Bool(true)),
        "false" => Some(Value::Bool(false)),
        "null" => Some(Value::Null),
        _ => None,
    }
}

/// The error that a name stands alone.
fn not_a_value(name: &str) -> ExpressionError {
    let error = ExpressionError::new(format!("`{}` is not a value", shortened(name)));
    match name.to_lowercase().as_str() {
        lower @ ("true" | "false" | "null") => error.help(format!("write `{lower}`")),
        _ if function::find(name).is_some() => {
            error.help(format!("a function has its values in parentheses: `{name}(…)`"))
        }
        _ => error.help("a text stands in single quotes, a function has its values in parentheses"),
    }
}
