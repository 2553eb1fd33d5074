//! Calls with their values, and what must hold for every text and format.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod calls;
mod formats;
mod property;
mod reading;

use std::borrow::Cow;

use serde_json::Value;

use crate::expression::function::{Args, Call, find};
use crate::expression::{ExpressionError, Operand, Root, Scope};

/// Nothing but a clock that shows 2018-04-15T13:00:00Z.
struct Clock;

impl Scope for Clock {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        Err(ExpressionError::new(format!("there is no `{root}` here")))
    }

    fn now(&self) -> Result<jiff::Timestamp, ExpressionError> {
        Ok("2018-04-15T13:00:00Z".parse().unwrap())
    }
}

/// What a function gives for these values.
fn call(name: &str, values: Vec<Value>) -> Result<Value, ExpressionError> {
    let Call::Values(compute) = find(name).unwrap().call else { panic!("`{name}` takes no values") };
    let values: Vec<Operand<'_>> = values.into_iter().map(Operand::Owned).collect();
    compute(&Args::new(&values, &Clock)).map(Operand::into_value)
}

/// Works out a call of texts and numbers, such as `addDays('2018-03-15', 1)`.
fn run(expression: &str) -> Result<Value, ExpressionError> {
    let (name, rest) = expression.split_once('(').unwrap();
    call(name, literals(rest.strip_suffix(')').unwrap()))
}

fn literals(list: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let mut rest = list;
    while !rest.is_empty() {
        rest = rest.trim_start_matches([',', ' ']);
        if let Some(quoted) = rest.strip_prefix('\'') {
            let mut text = String::new();
            let mut characters = quoted.chars();
            while let Some(character) = characters.next() {
                match character {
                    '\'' if characters.as_str().starts_with('\'') => {
                        characters.next();
                        text.push('\'');
                    }
                    '\'' => break,
                    other => text.push(other),
                }
            }
            found.push(Value::String(text));
            rest = characters.as_str();
        } else {
            let (number, after) = rest.split_once(',').unwrap_or((rest, ""));
            found.push(serde_json::from_str(number.trim()).unwrap());
            rest = after;
        }
    }
    found
}

/// Calls with the text that comes out, or `Err` with a part of the error's message.
fn check(cases: &[(&str, Result<&str, &str>)]) {
    for (expression, expected) in cases {
        let given = run(expression);
        match (expected, &given) {
            (Ok(expected), Ok(given)) => assert_eq!(given, expected, "{expression}"),
            (Err(part), Err(error)) => assert!(error.message.contains(part), "{expression}: {}", error.message),
            _ => panic!("{expression}: expected {expected:?}, found {given:?}"),
        }
    }
}

#[test]
fn every_example_of_the_table_is_true() {
    for function in super::FUNCTIONS {
        assert!(!function.examples.is_empty(), "{}", function.name);
        for (expression, value) in function.examples {
            assert_eq!(run(expression).unwrap(), serde_json::from_str::<Value>(value).unwrap(), "{expression}");
        }
    }
}
