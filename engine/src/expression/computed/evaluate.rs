//! Working an expression out, from the inside out; what needs no value is not worked out.

use serde_json::Value;

use super::scanner::shortened;
use super::tree::{Access, FunctionCall, Key, Node, Start};
use super::{Computed, Content, Piece, access, reading};
use crate::expression::function::{Args, Call};
use crate::expression::{ExpressionError, Kinds, Operand, Scope};

/// The longest text that `@{…}` may make, in bytes; as long as a text of the service.
pub(in crate::expression) const LONGEST_TEXT: usize = 104_857_600;

/// The value of the whole string.
pub(super) fn evaluate<'a>(computed: &'a Computed, scope: &'a dyn Scope) -> Result<Operand<'a>, ExpressionError> {
    let evaluation = Evaluation { text: &computed.text, scope };
    match &computed.content {
        Content::Literal(text) => Ok(Operand::made(text.as_str())),
        Content::Whole(node) => evaluation.value(node),
        Content::Joined(pieces) => evaluation.joined(pieces),
    }
}

/// An expression that is being worked out.
pub(super) struct Evaluation<'a> {
    /// The whole string, for errors.
    text: &'a str,
    /// Where the roots are.
    pub(super) scope: &'a dyn Scope,
}

impl<'a> Evaluation<'a> {
    /// The value of an expression.
    pub(super) fn value(&self, node: &'a Node) -> Result<Operand<'a>, ExpressionError> {
        let mut value = match &node.start {
            Start::Literal(value) => Operand::Borrowed(value),
            Start::Call(call) => {
                self.call(call).map_err(|error| self.located(error, node.span.start, node.span.end))?
            }
        };
        for access in &node.accesses {
            value =
                self.access(value, access).map_err(|error| self.located(error, node.span.start, access.span.end))?;
        }
        Ok(value)
    }

    fn joined(&self, pieces: &'a [Piece]) -> Result<Operand<'a>, ExpressionError> {
        let mut text = String::new();
        for piece in pieces {
            match piece {
                Piece::Text(plain) => text.push_str(plain),
                Piece::Value(node) => text.push_str(&self.value(node)?.to_text()),
            }
            if text.len() > LONGEST_TEXT {
                return Err(ExpressionError::new(format!("the text is longer than {LONGEST_TEXT} bytes")));
            }
        }
        Ok(Operand::Owned(Value::String(text)))
    }

    fn access(&self, from: Operand<'a>, access: &'a Access) -> Result<Operand<'a>, ExpressionError> {
        match &access.key {
            Key::Name(name) => access::named(from, name, access.optional),
            Key::Value(node) => access::down(from, &self.value(node)?, access.optional),
        }
    }

    fn call(&self, call: &'a FunctionCall) -> Result<Operand<'a>, ExpressionError> {
        let function = call
            .function
            .ok_or_else(|| ExpressionError::new(format!("there is no function `{}`", shortened(&call.name))))?;
        if let Some(wrong) = super::mistakes::wrong_count(function, call.values.len()) {
            return Err(wrong);
        }
        match function.call {
            Call::Values(compute) => {
                let values = call.values.iter().map(|value| self.value(value)).collect::<Result<Vec<_>, _>>()?;
                compute(&Args::new(&values, self.scope))
            }
            Call::If => self.chosen(&call.values),
            Call::And => self.up_to(&call.values, false),
            Call::Or => self.up_to(&call.values, true),
            Call::Coalesce => self.first_not_null(&call.values),
            Call::Read(reading) => reading::read(self, reading, call),
        }
    }

    /// The second value where the first is true, else the third.
    fn chosen(&self, values: &'a [Node]) -> Result<Operand<'a>, ExpressionError> {
        match values {
            [condition, yes, no] => self.value(if self.truth(condition)? { yes } else { no }),
            _ => Err(ExpressionError::new("`if` takes three values")),
        }
    }

    /// Whether one of the values is `wanted`; those behind it are not worked out.
    fn up_to(&self, values: &'a [Node], wanted: bool) -> Result<Operand<'a>, ExpressionError> {
        for value in values {
            if self.truth(value)? == wanted {
                return Ok(Operand::made(wanted));
            }
        }
        Ok(Operand::made(!wanted))
    }

    fn first_not_null(&self, values: &'a [Node]) -> Result<Operand<'a>, ExpressionError> {
        for value in values {
            let value = self.value(value)?;
            if !value.is_null() {
                return Ok(value);
            }
        }
        Ok(Operand::NULL)
    }

    fn truth(&self, node: &'a Node) -> Result<bool, ExpressionError> {
        let value = self.value(node)?;
        value.json().and_then(Value::as_bool).ok_or_else(|| {
            let error = ExpressionError::new(format!("it must be {}, and is {}", Kinds::BOOL, value.kind()));
            let part = node.whole();
            self.located(error, part.start, part.end)
        })
    }

    /// An error that says which part of the text gave it; the innermost part stays.
    fn located(&self, error: ExpressionError, start: usize, end: usize) -> ExpressionError {
        if error.part.is_some() {
            return error;
        }
        let part = self.text.get(start..end).unwrap_or_default();
        ExpressionError { message: format!("`{}`: {}", shortened(part), error.message), ..error }.at(start..end)
    }
}
