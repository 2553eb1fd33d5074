//! Functions of truth: their rows and the comparisons. Those that do not look at all their values are the
//! evaluator's own.

use std::cmp::Ordering;

use serde_json::Value;

use super::number::{self, Number};
use super::{Args, Call, Function, Group, Parameter};
use crate::expression::{ExpressionError, Kinds, Operand};

const BOOLS: &[Parameter] = &[Parameter::many("expression", Kinds::BOOL)];
const ORDERED: &[Parameter] = &[
    Parameter::one("value", Kinds::NUMBER.or(Kinds::TEXT)),
    Parameter::one("compareTo", Kinds::NUMBER.or(Kinds::TEXT)),
];

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "and",
        group: Group::Logic,
        parameters: BOOLS,
        gives: Kinds::BOOL,
        about: "Whether all of its values are true. It stops at the first false; a value that it reaches and that is \
                neither true nor false is an error.",
        examples: &[("and(true, equals(1, 1))", "true"), ("and(false, int('x'))", "false")],
        call: Call::And,
    },
    Function {
        name: "or",
        group: Group::Logic,
        parameters: BOOLS,
        gives: Kinds::BOOL,
        about: "Whether one of its values is true. It stops at the first true; a value that it reaches and that is \
                neither true nor false is an error.",
        examples: &[("or(false, equals(1, 1))", "true"), ("or(true, int('x'))", "true")],
        call: Call::Or,
    },
    Function {
        name: "not",
        group: Group::Logic,
        parameters: &[Parameter::one("expression", Kinds::BOOL)],
        gives: Kinds::BOOL,
        about: "Whether a value is false. What is neither true nor false, null too, is an error.",
        examples: &[("not(false)", "true")],
        call: Call::Values(not),
    },
    Function {
        name: "if",
        group: Group::Logic,
        parameters: &[
            Parameter::one("expression", Kinds::BOOL),
            Parameter::one("valueIfTrue", Kinds::ANY),
            Parameter::one("valueIfFalse", Kinds::ANY),
        ],
        gives: Kinds::ANY,
        about: "Gives one of two values. The other one is not evaluated. A condition that is neither true nor false, \
                null too, is an error.",
        examples: &[("if(equals(1, 1), 'yes', int('x'))", "\"yes\"")],
        call: Call::If,
    },
    Function {
        name: "equals",
        group: Group::Logic,
        parameters: &[Parameter::one("value", Kinds::ANY), Parameter::one("compareTo", Kinds::ANY)],
        gives: Kinds::BOOL,
        about: "Whether two values are the same: texts with regard to case, numbers by their value, lists item by item, \
                objects whatever the order of their keys. `true` equals the text `true`; other values of two kinds \
                differ.",
        examples: &[("equals(1, 1.0)", "true"), ("equals(1, '1')", "false"), ("equals(null, '')", "false")],
        call: Call::Values(equals),
    },
    Function {
        name: "greater",
        group: Group::Logic,
        parameters: ORDERED,
        gives: Kinds::BOOL,
        about: "Whether the first of two numbers, or of two texts, is greater. Texts are compared by the codes of their \
                characters. Null, a mix, and anything else are errors.",
        examples: &[("greater(10, 5.5)", "true"), ("greater('apple', 'banana')", "false")],
        call: Call::Values(greater),
    },
    Function {
        name: "greaterOrEquals",
        group: Group::Logic,
        parameters: ORDERED,
        gives: Kinds::BOOL,
        about: "Whether the first of two numbers, or of two texts, is greater or the same. Null, a mix, and anything \
                else are errors.",
        examples: &[("greaterOrEquals(5, 5)", "true")],
        call: Call::Values(greater_or_equals),
    },
    Function {
        name: "less",
        group: Group::Logic,
        parameters: ORDERED,
        gives: Kinds::BOOL,
        about: "Whether the first of two numbers, or of two texts, is less. Null, a mix, and anything else are errors.",
        examples: &[("less(5, 10)", "true"), ("less('banana', 'apple')", "false")],
        call: Call::Values(less),
    },
    Function {
        name: "lessOrEquals",
        group: Group::Logic,
        parameters: ORDERED,
        gives: Kinds::BOOL,
        about: "Whether the first of two numbers, or of two texts, is less or the same. Null, a mix, and anything else \
                are errors.",
        examples: &[("lessOrEquals(10, 10)", "true")],
        call: Call::Values(less_or_equals),
    },
];

/// How two texts stand to each other: by UTF-16 code units, as .NET's ordinal comparison has it.
pub(super) fn ordinal(left: &str, right: &str) -> Ordering {
    left.encode_utf16().cmp(right.encode_utf16())
}

fn not<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    Ok(Operand::made(!args.bool(0)?))
}

pub(in crate::expression) fn equals<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (left, right) = (args.get(0), args.get(1));
    let same = match (Number::of(left), Number::of(right), left.json(), right.json()) {
        (Some(left), Some(right), ..) => number::compare(left, right) == Some(Ordering::Equal),
        (_, _, Some(left), Some(right)) => same(left, right),
        _ => false,
    };
    Ok(Operand::made(same))
}

fn same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::String(text), Value::Bool(truth)) | (Value::Bool(truth), Value::String(text)) => {
            text == if *truth { "true" } else { "false" }
        }
        (Value::Array(left), Value::Array(right)) => left.len() == right.len() && left.iter().zip(right).all(equal),
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left.iter().all(|(key, value)| right.get(key).is_some_and(|other| equal((value, other))))
        }
        _ => left == right,
    }
}

/// Whether two values within values are the same; numbers by their value.
fn equal((left, right): (&Value, &Value)) -> bool {
    match (Number::of_value(left), Number::of_value(right)) {
        (Some(left), Some(right)) => number::compare(left, right) == Some(Ordering::Equal),
        _ => left.is_boolean() == right.is_boolean() && same(left, right),
    }
}

pub(in crate::expression) fn greater<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    ordered(args, &[Ordering::Greater])
}

pub(in crate::expression) fn greater_or_equals<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    ordered(args, &[Ordering::Greater, Ordering::Equal])
}

pub(in crate::expression) fn less<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    ordered(args, &[Ordering::Less])
}

pub(in crate::expression) fn less_or_equals<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    ordered(args, &[Ordering::Less, Ordering::Equal])
}

/// Whether two values of one kind stand to each other in one of these ways.
fn ordered<'a>(args: &Args<'_, 'a>, wanted: &[Ordering]) -> Result<Operand<'a>, ExpressionError> {
    let order = match (Number::of(args.get(0)), Number::of(args.get(1))) {
        (Some(left), Some(right)) => number::compare(left, right),
        (Some(_), None) => return Err(args.wrong(1, Kinds::NUMBER)),
        (None, _) => match args.get(0).kind() {
            Kinds::TEXT => Some(ordinal(args.text(0)?, args.text(1)?)),
            _ => return Err(args.wrong(0, Kinds::NUMBER.or(Kinds::TEXT))),
        },
    };
    Ok(Operand::made(order.is_some_and(|order| wanted.contains(&order))))
}
