//! Each rule is a table: two values, and whether they mean the same.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use jiff::tz::TimeZone;
use serde_json::{Value, json};

use super::{Rule, is_zero};

fn check(rule: &Rule, cases: &[(Value, Value, bool)]) {
    for (source, target, expected) in cases {
        assert_eq!(rule.equal(source, target), Ok(*expected), "{rule:?}: {source} and {target}");
        assert_eq!(rule.equal(target, source), Ok(*expected), "{rule:?}: {target} and {source}");
        let written = rule.written(source, false).unwrap();
        assert_eq!(rule.equal(source, &written), Ok(true), "{rule:?}: {source} is written as {written}");
    }
}

fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap()
}

#[test]
fn nothing_is_null_and_empty_in_every_rule() {
    let utc = TimeZone::UTC;
    let rules = [
        Rule::Natural,
        Rule::Text,
        Rule::Decimal,
        Rule::Date(utc.clone()),
        Rule::Instant(utc),
        Rule::Option,
        Rule::Boolean,
        Rule::Guid,
    ];
    for rule in rules {
        check(&rule, &[(json!(null), json!(""), true), (json!(null), json!("  "), true)]);
    }
}

#[test]
fn natural_goes_by_the_value_s_own_type() {
    check(
        &Rule::Natural,
        &[
            (json!(4), json!(4.0), true),
            (json!(4), json!("4"), false),
            (json!(1.5), json!(1.25), false),
            (json!("a\r\nb "), json!("a\nb"), true),
            (json!({"a": 1, "b": null}), json!({"b": "", "a": 1.0, "c": null}), true),
            (json!([1, "x"]), json!([1.0, "x "]), true),
            (json!([1, 2]), json!([2, 1]), false),
            (json!(false), json!(null), false),
        ],
    );
}

#[test]
fn text_folds_line_ends_and_blanks_around_it() {
    check(
        &Rule::Text,
        &[
            (json!(" a\r\nb\rc "), json!("a\nb\nc"), true),
            (json!("a b"), json!("a  b"), false),
            (json!("A"), json!("a"), false),
            (json!(7), json!("7"), true),
        ],
    );
}

#[test]
fn decimals_go_by_value() {
    check(
        &Rule::Decimal,
        &[
            (json!(1000), json!("1000.0000"), true),
            (json!(1000.5), json!("1000.50"), true),
            (json!(0.1), json!("0.1"), true),
            (json!(1e3), json!(1000), true),
            (json!("0.1234567890123456789"), json!("0.12345678901234567890"), true),
            (json!(1000), json!(1000.01), false),
            (json!(0), json!(null), false),
        ],
    );
    assert_eq!(Rule::Decimal.written(&json!("1000.50"), false), Ok(json!(1000.5)));
    assert_eq!(Rule::Decimal.written(&json!("1000.0000"), false), Ok(json!(1000)));
    assert_eq!(Rule::Decimal.equal(&json!("a lot"), &json!(1)).unwrap_err().to_string(), "`a lot` is not a number");
    assert_eq!(Rule::Decimal.equal(&json!(1), &json!("a lot")), Ok(false), "what the target holds is overwritten");
    assert!(is_zero(&json!("0.00")) && is_zero(&json!(0)) && is_zero(&json!("")) && !is_zero(&json!(0.01)));
}

#[test]
fn dates_go_by_the_day_in_the_zone() {
    let kolkata = Rule::Date(zone("Asia/Kolkata"));
    check(
        &kolkata,
        &[
            (json!("2022-03-24T18:30:00Z"), json!("2022-03-25"), true),
            (json!("2022-03-24T18:29:59.9999999Z"), json!("2022-03-24"), true),
            (json!("2022-03-24T18:30:00Z"), json!("2022-03-24"), false),
            (json!("2022-03-25"), json!("2022-03-25T00:00:00"), true),
        ],
    );
    assert_eq!(kolkata.written(&json!("2022-03-25"), true), Ok(json!("2022-03-24T18:30:00Z")));
    assert_eq!(kolkata.written(&json!("2022-03-24T18:30:00Z"), false), Ok(json!("2022-03-25")));
    assert_eq!(Rule::Date(TimeZone::UTC).written(&json!("2022-03-25"), true), Ok(json!("2022-03-25T00:00:00Z")));
    assert_eq!(kolkata.canonical(&json!("soon")).unwrap_err().to_string(), "`soon` is not a date");
}

#[test]
fn instants_go_by_instant() {
    check(
        &Rule::Instant(zone("Europe/Stockholm")),
        &[
            (json!("2022-03-07T09:18:01.6076542Z"), json!("2022-03-07T10:18:01.607654200+01:00"), true),
            (json!("2022-03-07T10:00:00"), json!("2022-03-07T09:00:00Z"), true),
            (json!("2022-03-07"), json!("2022-03-06T23:00:00Z"), true),
            (json!("2022-03-07T09:18:01Z"), json!("2022-03-07T09:18:02Z"), false),
        ],
    );
}

#[test]
fn options_go_by_number() {
    check(
        &Rule::Option,
        &[
            (json!(1), json!("1"), true),
            (json!(1), json!(1.0), true),
            (json!("Won"), json!("Won "), true),
            (json!(1), json!(2), false),
        ],
    );
}

#[test]
fn booleans_are_read_from_text_and_numbers() {
    check(
        &Rule::Boolean,
        &[(json!(true), json!("True"), true), (json!(false), json!(0), true), (json!(true), json!(false), false)],
    );
    assert_eq!(Rule::Boolean.canonical(&json!("maybe")).unwrap_err().to_string(), "`maybe` is not true or false");
}

#[test]
fn guids_go_without_case_and_braces() {
    let plain = json!("11111111-1111-4111-8111-aaaaaaaaaaaa");
    check(
        &Rule::Guid,
        &[
            (plain.clone(), json!("{11111111-1111-4111-8111-AAAAAAAAAAAA}"), true),
            (plain, json!("11111111-1111-4111-8111-aaaaaaaaaaab"), false),
            (json!("OPP-7"), json!("opp-7"), true),
        ],
    );
}
