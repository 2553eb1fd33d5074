//! The function library: every row's examples, tables of cases by group, and values made by chance.
#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

mod cases;
mod random;

use std::collections::HashSet;

use serde_json::Value;

use super::{Call, Function, all};
use crate::expression::{Computed, ExpressionError, GivenScope, Kinds};

/// The clock that examples are written for.
fn scope() -> GivenScope {
    GivenScope { now: Some("2018-04-15T13:00:00Z".parse().unwrap()), ..GivenScope::default() }
}

/// What an expression gives, written without its `@`, and its kind.
fn evaluate(text: &str) -> Result<(Kinds, Value), ExpressionError> {
    let scope = scope();
    let computed = Computed::parse(&format!("@{text}"))?;
    let value = computed.evaluate(&scope)?;
    Ok((value.kind(), value.into_value()))
}

#[test]
fn the_examples_of_every_row_hold() {
    for function in all() {
        for (text, expected) in function.examples {
            check_example(function, text, expected);
        }
    }
}

fn check_example(function: &Function, text: &str, expected: &str) {
    let expected: Value = serde_json::from_str(expected).unwrap_or_else(|error| panic!("{expected}: {error}"));
    let (kind, value) = evaluate(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    assert_eq!(value.to_string(), expected.to_string(), "{text}");
    if text.starts_with(function.name) {
        assert!(kind.overlaps(function.gives), "{text} gives {kind}, and the row says {}", function.gives);
    }
}

#[test]
fn every_row_is_whole() {
    let mut names = HashSet::new();
    for function in all() {
        let name = function.name;
        assert!(names.insert(name.to_lowercase()), "`{name}` is there twice");
        assert!(function.about.ends_with('.') && !function.about.contains("  "), "{name}: {}", function.about);
        let needs_a_run = matches!(function.call, Call::Read(_)) || name == "guid";
        assert!(needs_a_run || !function.examples.is_empty(), "`{name}` has no example");
    }
}
