//! No function panics, whatever it is given.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use rust_decimal::Decimal;
use serde_json::Value;

use super::scope;
use crate::expression::Operand;
use crate::expression::function::{Args, Call, Function, all};

#[test]
fn no_function_panics() {
    let given = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config { cases: 400, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let functions: Vec<&'static Function> = all().collect();
    let result = TestRunner::new(config).run(&proptest::collection::vec(operand(), 4), |values| {
        functions.iter().for_each(|function| call(function, &values));
        Ok(())
    });
    assert!(result.is_ok(), "with COSELL_TEST_SEED={seed}: {result:?}");
}

/// Calls a function with as many of the values as it may be given.
fn call(function: &Function, values: &[Operand<'static>]) {
    let Call::Values(compute) = function.call else {
        return;
    };
    let (fewest, most) = function.arity();
    let scope = scope();
    for count in fewest..=most.unwrap_or(values.len()).min(values.len()) {
        let result = compute(&Args::new(values.get(..count).unwrap_or_default(), &scope));
        if let Ok(value) = result {
            drop(value.to_text().into_owned());
            drop(value.into_value());
        }
    }
}

/// Values of every kind, and more of those that functions look into.
fn operand() -> impl Strategy<Value = Operand<'static>> {
    prop_oneof![
        8 => value().prop_map(Operand::Owned),
        1 => (any::<i64>(), 0_u32..29).prop_map(|(digits, scale)| Operand::Decimal(Decimal::new(digits, scale))),
        1 => prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(f64::NEG_INFINITY)].prop_map(Operand::NonFinite),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    let plain = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        int().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
        text().prop_map(Value::from),
        int().prop_map(Value::from),
    ];
    plain.prop_recursive(3, 24, 6, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            proptest::collection::vec((text(), inner), 0..6)
                .prop_map(|entries| Value::Object(entries.into_iter().collect())),
            (text(), text()).prop_map(|(kind, data)| serde_json::json!({ "$content-type": kind, "$content": data })),
        ]
    })
}

fn int() -> impl Strategy<Value = i64> {
    prop_oneof![any::<i64>(), -3_i64..12, Just(i64::MIN), Just(i64::MAX), 99_990_i64..100_010]
}

/// Texts of what functions read: formats, addresses, numbers, dates, JSON and XML, and of characters of any width.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[aéΣı😀\u{301}\u{feff} ]{0,8}",
        "[+-]?[0-9,.]{0,12}([eE][+-]?[0-9]{0,4})?[ -]?",
        "[#0,.%‰eE+;'\"\\\\-]{0,12}",
        "[CDEFGNPRXBcdefgnprxb][0-9]{0,4}",
        "(data:)?[a-z]{0,4}(/[a-z]{1,3})?(;charset=(utf-8|utf-16|x))?(;base64)?,[A-Za-z0-9+/=%]{0,9}",
        "(https?|mailto|x)?:?/{0,2}[a-z@:\\[\\]%é.]{0,9}(:[0-9]{0,6})?/?\\??[a-z=]{0,4}",
        "[&_][#x0-9A-Fa-z]{0,6}[;_]?",
        "[\\[{]?(\"a\":)?[0-9\"a,]{0,6}[\\]}]?",
        "<[a-z]{1,2}( x='1')?>(<b/>|t)?</[a-z]{1,2}>",
        "(en-US|de-DE|fr-FR|hi-IN|zh|xx-XX|-|)",
        "20[0-9]{2}-[01][0-9]-[0-3][0-9](T[0-9:.]{0,12}Z?)?",
        "[dfMyHhmstzK:/ ]{0,8}",
    ]
}
