//! What must hold for every text and every format.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use serde_json::Value;

use super::call;
use crate::expression::function::time::locale::english;
use crate::expression::function::time::moment::Moment;
use crate::expression::function::time::read::read;
use crate::expression::function::time::write::{ROUND_TRIP, write};

const LAST_TICK: i64 = 3_155_378_975_999_999_999;

/// Texts that look like dates or formats, and some that do not.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9TZ:/.+ ,-]{0,30}",
        "[dfFghHmMstyzK:/'\"\\\\% .a-e]{0,20}",
        "(Mar|May|日|GMT|PM|3|15| |,){0,6}",
        ".{0,30}"
    ]
}

#[test]
fn nothing_panics_and_what_comes_out_is_short() {
    let locales = "(de|en-US|ja-JP|fi-FI|hu-HU|zz|.{0,3})";
    run(&(texts(), texts(), locales, any::<i64>()), |(text, format, locale, count)| {
        let (text, format, locale) = (Value::from(text), Value::from(format), Value::from(locale));
        let some_time = Value::from("2016-02-29T23:59:59.9999999Z");
        let calls = [
            ("formatDateTime", vec![text.clone(), format.clone(), locale.clone()]),
            ("formatDateTime", vec![some_time.clone(), format.clone(), locale.clone()]),
            ("parseDateTime", vec![text.clone(), locale.clone()]),
            ("parseDateTime", vec![text.clone(), locale.clone(), format.clone()]),
            ("formatTimeSpan", vec![text.clone(), format.clone()]),
            ("formatTimeSpan", vec!["-1.02:03:04.5".into(), format.clone(), locale]),
            ("addToTime", vec![some_time.clone(), count.into(), "Month".into(), format]),
            ("subtractFromTime", vec![some_time.clone(), count.into(), "Day".into()]),
            ("convertToUtc", vec![text.clone(), "Europe/Berlin".into()]),
            ("convertFromUtc", vec![some_time, text]),
        ];
        for (name, values) in calls {
            if let Ok(Value::String(text)) = call(name, values) {
                prop_assert!(text.len() < 2_000);
            }
        }
        Ok(())
    });
}

#[test]
fn what_is_written_is_read_again() {
    run(&(0..=LAST_TICK, any::<bool>()), |(ticks, utc)| {
        let moment = Moment::of_ticks(ticks, utc).unwrap();
        let text = write(moment, ROUND_TRIP, english()).unwrap();
        let read = read(&text, english(), || panic!("the year is there"));
        prop_assert_eq!(read.unwrap(), moment);
        prop_assert_eq!(Moment::of_civil(moment.civil(), utc).unwrap(), moment);
        Ok(())
    });
}

#[test]
fn a_format_reads_what_it_writes() {
    let formats = ["o", "F", "r", "dddd d MMMM yyyy h:mm:ss.FFF tt", "yyyyMMdd HHmmss"];
    run(&(0..LAST_TICK, prop::sample::select(formats.to_vec())), |(ticks, format)| {
        let moment = Moment::of_ticks(ticks - ticks % 10_000_000, false).unwrap();
        let text = Value::from(write(moment, format, english()).unwrap());
        let read = call("parseDateTime", vec![text.clone(), "en-US".into(), format.into()]).unwrap();
        prop_assert_eq!(read, write(moment, ROUND_TRIP, english()).unwrap(), "{} by {}", text, format);
        Ok(())
    });
}

/// Runs a property with a seed that is printed, so that a failure can be repeated by setting it.
fn run<S: Strategy>(strategy: &S, property: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let given = std::env::var("COSELL_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed: u64 = given.unwrap_or_else(|| uuid::Uuid::new_v4().as_u64_pair().0);
    let config = Config { cases: 300, rng_seed: RngSeed::Fixed(seed), failure_persistence: None, ..Config::default() };
    let result = TestRunner::new(config).run(strategy, property);
    assert!(result.is_ok(), "with COSELL_TEST_SEED={seed}: {result:?}");
}
