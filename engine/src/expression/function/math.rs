//! Functions of numbers. Two of two kinds meet in the wider one: a whole number becomes a float, both become a
//! decimal. What does not fit into the kind is an error.

use std::cmp::Ordering;

use rust_decimal::Decimal;
use serde_json::Value;

use super::number::{self, Number, Pair};
use super::{Args, Call, Function, Group, Parameter, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

const TWO: &[Parameter] = &[Parameter::one("first", Kinds::NUMBER), Parameter::one("second", Kinds::NUMBER)];
const NUMBERS: &[Parameter] = &[Parameter::many("numbers", Kinds::NUMBER.or(Kinds::LIST))];

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[
    Function {
        name: "add",
        group: Group::Math,
        parameters: TWO,
        gives: Kinds::NUMBER,
        about: "Adds two numbers. A whole number and a float give a float. A result that does not fit into 64 bits is \
                an error, and so is null.",
        examples: &[("add(1, 1.5)", "2.5"), ("add(2147483647, 1)", "2147483648")],
        call: Call::Values(add),
    },
    Function {
        name: "sub",
        group: Group::Math,
        parameters: TWO,
        gives: Kinds::NUMBER,
        about: "Subtracts the second number from the first. A result that does not fit into 64 bits is an error, and \
                so is null.",
        examples: &[("sub(10.3, 0.3)", "10.0")],
        call: Call::Values(sub),
    },
    Function {
        name: "mul",
        group: Group::Math,
        parameters: TWO,
        gives: Kinds::NUMBER,
        about: "Multiplies two numbers. A result that does not fit into 64 bits is an error, and so is null.",
        examples: &[("mul(1.5, 2)", "3.0"), ("mul(2, 5)", "10")],
        call: Call::Values(mul),
    },
    Function {
        name: "div",
        group: Group::Math,
        parameters: TWO,
        gives: Kinds::NUMBER,
        about: "Divides the first number by the second. Two whole numbers give a whole number, its fraction cut off; \
                make one a float for more. Dividing by 0 is an error.",
        examples: &[("div(11, 5)", "2"), ("div(11, 5.0)", "2.2"), ("div(-7, 2)", "-3")],
        call: Call::Values(div),
    },
    Function {
        name: "mod",
        group: Group::Math,
        parameters: TWO,
        gives: Kinds::NUMBER,
        about: "Gives what is left of the first number after dividing by the second; it has the first one's sign. \
                Dividing by 0 is an error.",
        examples: &[("mod(3, 2)", "1"), ("mod(-5, 2)", "-1")],
        call: Call::Values(modulo),
    },
    Function {
        name: "min",
        group: Group::Math,
        parameters: NUMBERS,
        gives: Kinds::NUMBER,
        about: "Gives the least of its numbers, or of the numbers in one list. An empty list is an error.",
        examples: &[("min(1, 2, 3)", "1"), ("min(createArray(3, 2))", "2")],
        call: Call::Values(min),
    },
    Function {
        name: "max",
        group: Group::Math,
        parameters: NUMBERS,
        gives: Kinds::NUMBER,
        about: "Gives the greatest of its numbers, or of the numbers in one list. An empty list is an error.",
        examples: &[("max(1, 2, 3)", "3"), ("max(createArray(3, 2))", "3")],
        call: Call::Values(max),
    },
    Function {
        name: "rand",
        group: Group::Math,
        parameters: &[Parameter::one("minValue", Kinds::INT), Parameter::one("maxValue", Kinds::INT)],
        gives: Kinds::INT,
        about: "Gives a whole number that nobody can guess, from the first one on and below the second. A repeated \
                evaluation of a step gives the same one.",
        examples: &[("rand(5, 6)", "5")],
        call: Call::Values(rand),
    },
    Function {
        name: "range",
        group: Group::Math,
        parameters: &[Parameter::one("startIndex", Kinds::INT), Parameter::one("count", Kinds::INT)],
        gives: Kinds::LIST,
        about: "Gives a list of whole numbers, so many from the first one on; 100,000 at most, as many as a loop takes. \
                A negative count is an error.",
        examples: &[("range(1, 4)", "[1,2,3,4]")],
        call: Call::Values(range),
    },
];

/// One kind of sum, in each kind of number; `None` where the result does not fit.
struct Operation {
    ints: fn(i64, i64) -> Option<i64>,
    floats: fn(f64, f64) -> f64,
    decimals: fn(Decimal, Decimal) -> Option<Decimal>,
}

fn add<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    calculate(
        args,
        &Operation { ints: i64::checked_add, floats: |left, right| left + right, decimals: Decimal::checked_add },
    )
}

fn sub<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    calculate(
        args,
        &Operation { ints: i64::checked_sub, floats: |left, right| left - right, decimals: Decimal::checked_sub },
    )
}

fn mul<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    calculate(args, &Operation { ints: i64::checked_mul, floats: |left, right| left * right, decimals: product })
}

fn div<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    divisor_is_not_zero(args)?;
    calculate(args, &Operation { ints: i64::checked_div, floats: |left, right| left / right, decimals: quotient })
}

/// The product of two decimals. As in .NET, even zero has as many places as both have together.
fn product(left: Decimal, right: Decimal) -> Option<Decimal> {
    let mut product = left.checked_mul(right)?;
    if product.is_zero() {
        product.rescale((left.scale() + right.scale()).min(Decimal::MAX_SCALE));
    }
    Some(product)
}

/// The quotient of two decimals. As in .NET, it has as many places as the first has more than the second where that
/// is enough, and no zero at its end where it is not.
fn quotient(left: Decimal, right: Decimal) -> Option<Decimal> {
    let mut quotient = left.checked_div(right)?.normalize();
    let places = left.scale().saturating_sub(right.scale());
    if quotient.scale() < places {
        quotient.rescale(places);
    }
    Some(quotient)
}

fn modulo<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    divisor_is_not_zero(args)?;
    calculate(
        args,
        &Operation {
            // The least number and -1 leave nothing, though their quotient does not fit.
            ints: |left, right| Some(left.wrapping_rem(right)),
            floats: |left, right| left % right,
            decimals: Decimal::checked_rem,
        },
    )
}

fn divisor_is_not_zero(args: &Args<'_, '_>) -> Result<(), ExpressionError> {
    let zero = match args.number(1)? {
        Number::Int(number) => number == 0,
        Number::Float(number) => number == 0.0,
        Number::Decimal(number) => number.is_zero(),
    };
    if zero { Err(ExpressionError::new("the second value is `0`, and nothing can be divided by it")) } else { Ok(()) }
}

fn calculate<'a>(args: &Args<'_, '_>, operation: &Operation) -> Result<Operand<'a>, ExpressionError> {
    let too_big = |kind: &str| ExpressionError::new(format!("the result does not fit into {kind}"));
    match Pair::of(args.number(0)?, args.number(1)?)? {
        Pair::Ints(left, right) => (operation.ints)(left, right).map(Operand::made).ok_or_else(|| {
            too_big("a whole number of 64 bits").help("`float` or `decimal` around one value gives room")
        }),
        Pair::Floats(left, right) => Ok(Operand::float((operation.floats)(left, right))),
        Pair::Decimals(left, right) => {
            (operation.decimals)(left, right).map(Operand::Decimal).ok_or_else(|| too_big("a decimal"))
        }
    }
}

fn min<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    extreme(args, Ordering::Less)
}

fn max<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    extreme(args, Ordering::Greater)
}

/// The number before which no other comes, in the widest kind of all of them.
fn extreme<'a>(args: &Args<'_, 'a>, wanted: Ordering) -> Result<Operand<'a>, ExpressionError> {
    let numbers = numbers(args)?;
    let mut rest = numbers.into_iter();
    let mut found = rest.next().ok_or_else(|| ExpressionError::new("the list has no numbers"))?;
    for number in rest {
        found = found.widened_to(number)?;
        let number = number.widened_to(found)?;
        if number::compare(number, found) == Some(wanted) {
            found = number;
        }
    }
    Ok(found.operand())
}

/// The numbers given, or those of the one list given.
fn numbers(args: &Args<'_, '_>) -> Result<Vec<Number>, ExpressionError> {
    if args.given() != 1 || args.get(0).kind() != Kinds::LIST {
        return (0..args.given()).map(|place| args.number(place)).collect();
    }
    let number = |(place, value): (usize, &Value)| {
        Number::of_value(value).ok_or_else(|| {
            ExpressionError::new(format!("item `{place}` of the list must be a number, and is {}", Kinds::of(value)))
        })
    };
    args.list(0)?.iter().enumerate().map(number).collect()
}

fn rand<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (least, end) = (args.int(0)?, args.int(1)?);
    if least > end {
        return Err(ExpressionError::new(format!("the least value `{least}` is above the end `{end}`")));
    }
    // Between two numbers of 64 bits there are fewer than 2^64 others, so both steps stay in their bounds; as many
    // random bits again make every number as likely as the next.
    let width = u128::from(end.abs_diff(least)).max(1);
    let step = args.random()? % width;
    Ok(Operand::made(least.wrapping_add_unsigned(u64::try_from(step).unwrap_or(0))))
}

fn range<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (start, count) = (args.int(0)?, args.count(1)?);
    limit::list_length(count, limit::RANGE)?;
    let end = i64::try_from(count).ok().and_then(|count| start.checked_add(count));
    let end = end.ok_or_else(|| ExpressionError::new("the last number does not fit into 64 bits"))?;
    Ok(Operand::made((start..end).map(Value::from).collect::<Vec<_>>()))
}
