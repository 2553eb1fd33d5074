//! Properties that hold for every text and every tree.

use cosell_engine::expression::{Access, Computed, FunctionCall, GivenScope, Key, Node, Start};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::{Value, json};

use super::syntax::tree;

/// Runs a property with a seed that is printed, so that a failure can be repeated by setting it.
fn run<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let given = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config { cases: 400, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, property);
    assert!(result.is_ok(), "with COSELL_TEST_SEED={seed}: {result:?}");
}

#[test]
fn what_a_tree_prints_reads_as_the_same_tree() {
    run(&(node(), text(), text()), |(root, before, after)| {
        check_round_trip(&format!("@{root}"))?;
        let before = format!("x{before}+").replace("@{", "@@{");
        check_round_trip(&format!("{before}@{{{root}}}{}", after.replace("@{", "@@{")))
    });
}

#[test]
fn no_text_panics() {
    let scope = GivenScope {
        parameters: json!({ "a": [1, { "b": "c" }], "b": null }),
        trigger_body: Some(json!({ "a": { "b": [1, 2] } })),
        ..GivenScope::default()
    };
    run(&texts(), |text| match Computed::parse(&text) {
        Ok(computed) => {
            drop((computed.mistakes(), computed.reads().count(), computed.evaluate(&scope)));
            let printed = computed.to_string();
            prop_assert_eq!(Computed::parse(&printed).map(|again| again.to_string()), Ok(printed));
            Ok(())
        }
        Err(error) => {
            let part = error.part.clone().unwrap_or_default();
            prop_assert!(text.get(part).is_some(), "{:?}", error);
            Ok(())
        }
    });
}

/// Parses a printed text, and compares what is printed then and the trees of both texts.
fn check_round_trip(text: &str) -> Result<(), TestCaseError> {
    let first = Computed::parse(text).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
    let printed = first.to_string();
    prop_assert_eq!(&printed, text);
    let second = Computed::parse(&printed).map_err(|error| TestCaseError::fail(format!("{text}: {error:?}")))?;
    prop_assert_eq!(tree(&first, text), tree(&second, &printed));
    Ok(())
}

/// Trees of any form; functions need not exist, because form and meaning are apart.
fn node() -> impl Strategy<Value = Node> {
    let leaf = literal().prop_map(|value| made(Start::Literal(value), Vec::new()));
    leaf.prop_recursive(5, 40, 4, |inner| {
        let call = ("[a-zé_$][a-z0-9+*:;=<>-]{0,6}", proptest::collection::vec(inner.clone(), 0..4))
            .prop_map(|(name, values)| Start::Call(FunctionCall { name, function: None, values, root: None }));
        let start = prop_oneof![4 => call, 1 => literal().prop_map(Start::Literal)];
        (start, proptest::collection::vec(access(inner), 0..4)).prop_map(|(start, accesses)| made(start, accesses))
    })
}

fn access(inner: impl Strategy<Value = Node>) -> impl Strategy<Value = Access> {
    let key = prop_oneof!["[a-z0-9_+-]{1,5}".prop_map(Key::Name), inner.prop_map(Key::Value)];
    (any::<bool>(), key).prop_map(|(optional, key)| Access { optional, key, span: 0..0 })
}

fn literal() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_filter("JSON has finite numbers only", |float| float.is_finite()).prop_map(Value::from),
        any::<bool>().prop_map(Value::from),
        Just(Value::Null),
        ".{0,12}".prop_map(Value::from),
        "['}@{, ]{0,6}".prop_map(Value::from),
    ]
}

fn made(start: Start, accesses: Vec<Access>) -> Node {
    Node { start, span: 0..0, accesses }
}

/// Texts between values; one that ends in `@` would change the meaning of the `@{` behind it.
fn text() -> impl Strategy<Value = String> {
    ".{0,8}|[ab {}'@]{0,8}[ab]"
}

/// Texts that look like expressions.
fn texts() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        "[@{}()\\[\\]?.,' 0-9+eE\"-]{1,3}",
        Just("@{".to_owned()),
        Just("triggerBody()".to_owned()),
        Just("parameters('a')".to_owned()),
        Just("concat('".to_owned()),
        Just("?['b/c']".to_owned()),
        Just("[0]".to_owned()),
        "[a-zA-Zäß/$]{1,4}",
    ];
    let mixed = proptest::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat());
    prop_oneof![mixed.clone().prop_map(|text| format!("@{text}")), mixed, ".{0,20}"]
}
