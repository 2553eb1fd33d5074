//! A value while an expression is worked out: borrowed where it can be, so that reading a step's value costs
//! the same whatever its size.

mod text;

use std::borrow::Cow;
use std::fmt;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use serde_json::{Number, Value};

/// What a function takes and gives.
///
/// JSON has no decimals, so one lives only while an expression is worked out; it leaves as the nearest number.
#[derive(Debug, Clone, PartialEq)]
pub enum Operand<'a> {
    /// A value that somebody else holds.
    Borrowed(&'a Value),
    /// A value that was made.
    Owned(Value),
    /// A number with 28 exact digits.
    Decimal(Decimal),
    /// A float that JSON cannot write: infinite, or not a number. It leaves as its name.
    NonFinite(f64),
}

impl<'a> Operand<'a> {
    /// Null.
    pub const NULL: Operand<'static> = Operand::Owned(Value::Null);

    /// A value that was made.
    pub fn made(value: impl Into<Value>) -> Operand<'a> {
        Operand::Owned(value.into())
    }

    /// A float, whether JSON can write it or not.
    pub fn float(number: f64) -> Operand<'a> {
        Number::from_f64(number).map_or(Operand::NonFinite(number), |number| Operand::Owned(Value::Number(number)))
    }

    /// The value as JSON, or `None` for a decimal and for a float that JSON cannot write.
    pub fn json(&self) -> Option<&Value> {
        match self {
            Operand::Borrowed(value) => Some(value),
            Operand::Owned(value) => Some(value),
            Operand::Decimal(_) | Operand::NonFinite(_) => None,
        }
    }

    /// Whether it is null.
    pub fn is_null(&self) -> bool {
        self.json().is_some_and(Value::is_null)
    }

    /// The value, copied only where somebody else holds it.
    pub fn into_value(self) -> Value {
        self.into_json().into_owned()
    }

    /// The value as JSON, without a copy.
    pub fn into_json(self) -> Cow<'a, Value> {
        match self {
            Operand::Borrowed(value) => Cow::Borrowed(value),
            Operand::Owned(value) => Cow::Owned(value),
            Operand::Decimal(decimal) => Cow::Owned(nearest_number(decimal)),
            Operand::NonFinite(number) => Cow::Owned(Value::String(text::of_float(number))),
        }
    }

    /// The value within a text: null is nothing, true is `True`, numbers stand as .NET writes them, bytes are
    /// decoded with the charset of their content type, and lists and other objects are compact JSON.
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Operand::Borrowed(value) => text::of_value(value),
            Operand::Owned(value) => text::of_value(value),
            Operand::Decimal(decimal) => Cow::Owned(decimal.to_string()),
            Operand::NonFinite(number) => Cow::Owned(text::of_float(*number)),
        }
    }

    /// What kind of value it is.
    pub fn kind(&self) -> Kinds {
        match self {
            Operand::Borrowed(value) => Kinds::of(value),
            Operand::Owned(value) => Kinds::of(value),
            Operand::Decimal(_) => Kinds::DECIMAL,
            Operand::NonFinite(_) => Kinds::FLOAT,
        }
    }
}

impl<'a> From<Cow<'a, Value>> for Operand<'a> {
    fn from(value: Cow<'a, Value>) -> Operand<'a> {
        match value {
            Cow::Borrowed(value) => Operand::Borrowed(value),
            Cow::Owned(value) => Operand::Owned(value),
        }
    }
}

/// The JSON number nearest to a decimal; like a number with a point, it is a float.
fn nearest_number(decimal: Decimal) -> Value {
    decimal.to_f64().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

/// A set of kinds of values: what a parameter takes, or what a function gives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Kinds(u8);

impl Kinds {
    /// null.
    pub const NULL: Kinds = Kinds(1);
    /// true or false.
    pub const BOOL: Kinds = Kinds(1 << 1);
    /// A whole number.
    pub const INT: Kinds = Kinds(1 << 2);
    /// A number with a point.
    pub const FLOAT: Kinds = Kinds(1 << 3);
    /// A number with exact digits.
    pub const DECIMAL: Kinds = Kinds(1 << 4);
    /// Text.
    pub const TEXT: Kinds = Kinds(1 << 5);
    /// A list.
    pub const LIST: Kinds = Kinds(1 << 6);
    /// An object; also bytes and XML, which are objects with `$content-type` and `$content`.
    pub const OBJECT: Kinds = Kinds(1 << 7);
    /// Any number.
    pub const NUMBER: Kinds = Kinds(Self::INT.0 | Self::FLOAT.0 | Self::DECIMAL.0);
    /// Anything.
    pub const ANY: Kinds = Kinds(u8::MAX);

    /// The kind of a value.
    pub fn of(value: &Value) -> Kinds {
        match value {
            Value::Null => Kinds::NULL,
            Value::Bool(_) => Kinds::BOOL,
            Value::Number(number) if number.is_f64() => Kinds::FLOAT,
            Value::Number(_) => Kinds::INT,
            Value::String(_) => Kinds::TEXT,
            Value::Array(_) => Kinds::LIST,
            Value::Object(_) => Kinds::OBJECT,
        }
    }

    /// The kinds of both.
    #[must_use]
    pub const fn or(self, other: Kinds) -> Kinds {
        Kinds(self.0 | other.0)
    }

    /// Whether some value can be of both.
    pub const fn overlaps(self, other: Kinds) -> bool {
        self.0 & other.0 != 0
    }
}

impl fmt::Display for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if *self == Kinds::ANY {
            return f.write_str("any value");
        }
        let numbers = if self.0 & Kinds::NUMBER.0 == Kinds::INT.0 { "a whole number" } else { "a number" };
        let names = [
            (Kinds::TEXT, "text"),
            (Kinds::NUMBER, numbers),
            (Kinds::BOOL, "true or false"),
            (Kinds::LIST, "a list"),
            (Kinds::OBJECT, "an object"),
            (Kinds::NULL, "null"),
        ];
        let names: Vec<&str> =
            names.into_iter().filter(|(kind, _)| self.overlaps(*kind)).map(|(_, name)| name).collect();
        f.write_str(&names.join(" or "))
    }
}

impl fmt::Debug for Kinds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}
