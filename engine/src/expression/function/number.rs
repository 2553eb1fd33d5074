//! Numbers of three kinds, and how two of them meet: a whole number gives way to a float, and both to a decimal.
//!
//! [`Number::of`] takes one out of a value, [`Pair::of`] brings two to one kind, `parse` reads one from a text and
//! `format` writes one by a format of .NET.

mod culture;
mod custom;
mod digits;
mod format;
mod parse;

use std::cmp::Ordering;
use std::str::FromStr;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::Value;

pub(super) use culture::Culture;
pub(super) use format::format;
pub(super) use parse::{decimal, float, int, whole};

use crate::expression::{ExpressionError, Operand};

/// A number of some kind.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Number {
    /// A whole number of 64 bits.
    Int(i64),
    /// A double.
    Float(f64),
    /// A number with 28 exact digits.
    Decimal(Decimal),
}

impl Number {
    /// The number that an operand is.
    pub(super) fn of(operand: &Operand<'_>) -> Option<Number> {
        match operand {
            Operand::Borrowed(value) => Number::of_value(value),
            Operand::Owned(value) => Number::of_value(value),
            Operand::Decimal(decimal) => Some(Number::Decimal(*decimal)),
            Operand::NonFinite(number) => Some(Number::Float(*number)),
        }
    }

    /// The number that a value is. A whole number that does not fit into 64 bits counts as a float.
    pub(super) fn of_value(value: &Value) -> Option<Number> {
        value.as_i64().map(Number::Int).or_else(|| value.as_f64().map(Number::Float))
    }

    /// As an operand.
    pub(super) fn operand<'a>(self) -> Operand<'a> {
        match self {
            Number::Int(number) => Operand::made(number),
            Number::Float(number) => Operand::float(number),
            Number::Decimal(number) => Operand::Decimal(number),
        }
    }

    /// As a double, the nearest where it has more digits.
    pub(super) fn to_float(self) -> f64 {
        match self {
            Number::Int(number) => number as f64,
            Number::Float(number) => number,
            Number::Decimal(number) => number.to_f64().unwrap_or(f64::NAN),
        }
    }

    /// As a decimal: of a float the first 15 digits, which are the ones that it holds for certain.
    pub(super) fn to_decimal(self) -> Result<Decimal, ExpressionError> {
        let float = match self {
            Number::Int(number) => return Ok(Decimal::from(number)),
            Number::Decimal(number) => return Ok(number),
            Number::Float(number) => number,
        };
        let unfit =
            || ExpressionError::new(format!("`{}` does not fit into a decimal", Operand::float(float).to_text()));
        if !float.is_finite() || float.abs() >= 1e29 {
            return Err(unfit());
        }
        let rounded: f64 = format!("{float:.14e}").parse().map_err(|_| unfit())?;
        // Below 28 places after the point nothing is left of a decimal.
        let plain = format!("{rounded}");
        Decimal::from_str(&plain).map(|decimal| decimal.normalize()).map_err(|_| unfit())
    }

    fn rank(self) -> u8 {
        match self {
            Number::Int(_) => 0,
            Number::Float(_) => 1,
            Number::Decimal(_) => 2,
        }
    }

    /// The number in the kind of the other, where that one is wider.
    pub(super) fn widened_to(self, other: Number) -> Result<Number, ExpressionError> {
        if self.rank() >= other.rank() {
            return Ok(self);
        }
        match other {
            Number::Decimal(_) => self.to_decimal().map(Number::Decimal),
            _ => Ok(Number::Float(self.to_float())),
        }
    }
}

/// Two numbers of one kind.
#[derive(Debug, Clone, Copy)]
pub(super) enum Pair {
    /// Two whole numbers.
    Ints(i64, i64),
    /// Two doubles.
    Floats(f64, f64),
    /// Two decimals.
    Decimals(Decimal, Decimal),
}

impl Pair {
    /// Both in the wider of their kinds; an error where a float does not fit into a decimal.
    pub(super) fn of(left: Number, right: Number) -> Result<Pair, ExpressionError> {
        Ok(match (left, right) {
            (Number::Int(left), Number::Int(right)) => Pair::Ints(left, right),
            (Number::Decimal(left), right) => Pair::Decimals(left, right.to_decimal()?),
            (left, Number::Decimal(right)) => Pair::Decimals(left.to_decimal()?, right),
            (left, right) => Pair::Floats(left.to_float(), right.to_float()),
        })
    }
}

/// How two numbers stand to each other; `None` where one is not a number.
pub(super) fn compare(left: Number, right: Number) -> Option<Ordering> {
    match Pair::of(left, right) {
        Ok(Pair::Ints(left, right)) => Some(left.cmp(&right)),
        Ok(Pair::Decimals(left, right)) => Some(left.cmp(&right)),
        Ok(Pair::Floats(left, right)) => left.partial_cmp(&right),
        // A float that does not fit into a decimal is far from every decimal.
        Err(_) => left.to_float().partial_cmp(&right.to_float()),
    }
}
