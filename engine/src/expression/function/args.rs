//! What a function is given, and how it asks for it: a value of another kind is an error that says which.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::number::Number;
use crate::expression::{ExpressionError, Kinds, Operand, Scope};

/// The values of a call.
pub struct Args<'s, 'a> {
    values: &'s [Operand<'a>],
    scope: &'a dyn Scope,
}

impl<'s, 'a> Args<'s, 'a> {
    /// The values, and where time and chance come from.
    pub fn new(values: &'s [Operand<'a>], scope: &'a dyn Scope) -> Args<'s, 'a> {
        Args { values, scope }
    }

    /// All values.
    pub fn values(&self) -> &'s [Operand<'a>] {
        self.values
    }

    /// The value at a place; null where none was given.
    pub fn get(&self, place: usize) -> &'s Operand<'a> {
        self.values.get(place).unwrap_or(&Operand::NULL)
    }

    /// A text.
    pub fn text(&self, place: usize) -> Result<&'s str, ExpressionError> {
        self.get(place).json().and_then(Value::as_str).ok_or_else(|| self.wrong(place, Kinds::TEXT))
    }

    /// A text that may have been left out.
    pub fn optional_text(&self, place: usize) -> Result<Option<&'s str>, ExpressionError> {
        if self.values.len() <= place { Ok(None) } else { self.text(place).map(Some) }
    }

    /// A whole number.
    pub fn int(&self, place: usize) -> Result<i64, ExpressionError> {
        self.get(place).json().and_then(Value::as_i64).ok_or_else(|| self.wrong(place, Kinds::INT))
    }

    /// true or false.
    pub fn bool(&self, place: usize) -> Result<bool, ExpressionError> {
        self.get(place).json().and_then(Value::as_bool).ok_or_else(|| self.wrong(place, Kinds::BOOL))
    }

    /// A list.
    pub fn list(&self, place: usize) -> Result<&'s [Value], ExpressionError> {
        self.get(place)
            .json()
            .and_then(Value::as_array)
            .map(Vec::as_slice)
            .ok_or_else(|| self.wrong(place, Kinds::LIST))
    }

    /// An object.
    pub fn object(&self, place: usize) -> Result<&'s Map<String, Value>, ExpressionError> {
        self.get(place).json().and_then(Value::as_object).ok_or_else(|| self.wrong(place, Kinds::OBJECT))
    }

    /// How many values were given.
    pub fn given(&self) -> usize {
        self.values.len()
    }

    /// A part of a value, copied only where nobody else holds the value.
    pub fn part(&self, place: usize, pick: impl for<'v> FnOnce(&'v Value) -> Option<&'v Value>) -> Option<Operand<'a>> {
        match self.get(place) {
            Operand::Borrowed(value) => pick(value).map(Operand::Borrowed),
            Operand::Owned(value) => pick(value).cloned().map(Operand::Owned),
            Operand::Decimal(_) | Operand::NonFinite(_) => None,
        }
    }

    /// A number of any kind.
    pub(super) fn number(&self, place: usize) -> Result<Number, ExpressionError> {
        Number::of(self.get(place)).ok_or_else(|| self.wrong(place, Kinds::NUMBER))
    }

    /// A whole number that is not negative: a count or a place.
    pub(super) fn count(&self, place: usize) -> Result<usize, ExpressionError> {
        let count = self.int(place)?;
        usize::try_from(count).map_err(|_| {
            ExpressionError::new(format!("the {} value must not be negative, and is `{count}`", ordinal(place)))
        })
    }

    /// The time that counts as now.
    pub fn now(&self) -> Result<Timestamp, ExpressionError> {
        self.scope.now()
    }

    /// Bits that nobody can guess.
    pub fn random(&self) -> Result<u128, ExpressionError> {
        self.scope.random()
    }

    /// The error that a value is not of the kind that is needed.
    pub fn wrong(&self, place: usize, wanted: Kinds) -> ExpressionError {
        let given = self.get(place).kind();
        ExpressionError::new(format!("the {} value must be {wanted}, and is {given}", ordinal(place)))
    }
}

/// A place in words, counted from 1.
fn ordinal(place: usize) -> String {
    const WORDS: [&str; 6] = ["first", "second", "third", "fourth", "fifth", "sixth"];
    WORDS.get(place).map_or_else(|| format!("{}th", place + 1), |word| (*word).to_owned())
}
