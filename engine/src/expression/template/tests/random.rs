//! Templates made by chance.

use std::fmt::Debug;

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestCaseError, TestCaseResult, TestRunner};

use super::{ROOTS, scope};
use crate::expression::Template;

/// Parts of templates that are texts and paths.
const PLAIN: &[&str] = &[
    "",
    " ",
    "\n",
    "a",
    "é ",
    "\\",
    "{{trigger.name}}",
    "{{~trigger.n~}}",
    "{{{trigger.none}}}",
    "{{trigger.flag}}",
    "{{trigger.price}}",
    "{{trigger.[a b]}}",
    "{{ trigger.list.[0].q }}",
    "{{trigger.o}}",
    "{{trigger.list}}",
    "{{trigger.missing}}",
    "{{variables \"n\"}}",
    "{{! a comment }}",
];

/// Parts of any template, most of them halves.
const ANY: &[&str] = &[
    "{{",
    "}}",
    "{{{",
    "}}}",
    "{{{{",
    "}}}}",
    "{{#",
    "{{/",
    "{{^",
    "{{else",
    "{{~",
    "~}}",
    "{{>",
    "{{*",
    "{{!",
    "--",
    "(",
    ")",
    "[",
    "]",
    "\"",
    "'",
    "\\",
    " ",
    ".",
    "../",
    "./",
    "@",
    "@root",
    "=",
    "|",
    "as |x|",
    "if",
    "each",
    "with",
    "raw",
    "concat",
    "lookup",
    "coalesce",
    "trigger",
    "trigger.list",
    "this",
    "5",
    "-1",
    "null",
    "{{#if trigger.n}}",
    "{{/if}}",
    "{{#each trigger.list}}",
    "{{/each}}",
    "{{else}}",
    "{{else if trigger.n}}",
    "{{trigger.n}}",
    "{{q}}",
    "é",
    "\u{1F600}",
    "\n",
];

#[test]
fn texts_and_paths_are_the_same_written_straight_or_by_the_library() {
    let scope = scope();
    run(&texts(PLAIN, 6), |text| {
        let template = Template::parse(&text, &ROOTS).map_err(|error| TestCaseError::fail(error.message))?;
        prop_assert!(template.0.pieces.is_some(), "{}", text);
        let by_library = template.0.slots.starts(&scope).and_then(|starts| template.rendered(&starts, &scope));
        match (template.render(&scope), by_library) {
            (Ok(straight), Ok(by_library)) => prop_assert_eq!(straight, by_library),
            // The library's way looks all values up before it prints the first one.
            (straight, by_library) => prop_assert!(straight.is_err() && by_library.is_err(), "{}", text),
        }
        Ok(())
    });
}

#[test]
fn any_text_is_read_or_refused() {
    let scope = scope();
    run(&texts(ANY, 12), |text| {
        drop(Template::parse(&text, &ROOTS).and_then(|template| template.render(&scope)));
        Ok(())
    });
}

/// Runs a test for values made by chance; what fails says how to make the same again.
fn run<S: Strategy>(strategy: &S, test: impl Fn(S::Value) -> TestCaseResult)
where
    S::Value: Debug,
{
    let given = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config { cases: 2000, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, test);
    assert!(result.is_ok(), "with COSELL_TEST_SEED={seed}: {result:?}");
}

/// Texts of so many parts at most.
fn texts(parts: &'static [&'static str], most: usize) -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(parts), 0..most).prop_map(|parts| parts.concat())
}
