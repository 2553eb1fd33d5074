//! What must hold for every text and every format.

use proptest::prelude::*;
use proptest::test_runner::Config;
use serde_json::Value;

use super::call;
use crate::expression::function::time::locale::english;
use crate::expression::function::time::moment::Moment;
use crate::expression::function::time::read::read;
use crate::expression::function::time::write::{ROUND_TRIP, write};

/// Texts that look like dates or formats, and some that do not.
fn texts() -> impl Strategy<Value = String> {
    prop_oneof![
        "[0-9TZ:/.+ ,-]{0,30}",
        "[dfFghHmMstyzK:/'\"\\\\% .a-e]{0,20}",
        "(Mar|May|日|GMT|PM|3|15| |,){0,6}",
        ".{0,30}"
    ]
}

proptest! {
    // What fails is shown in its smallest form, which is kept as a case of a table; no file remembers it.
    #![proptest_config(Config { failure_persistence: None, ..Config::default() })]

    #[test]
    fn nothing_panics(text in texts(), format in texts(), locale in "(de|en-US|ja-JP|fi-FI|hu-HU|zz|.{0,3})", count: i64) {
        let calls = [
            ("formatDateTime", vec![Value::from(text.clone()), format.clone().into(), locale.clone().into()]),
            ("formatDateTime", vec!["2016-02-29T23:59:59.9999999Z".into(), format.clone().into(), locale.clone().into()]),
            ("parseDateTime", vec![text.clone().into(), locale.clone().into()]),
            ("parseDateTime", vec![text.clone().into(), locale.clone().into(), format.clone().into()]),
            ("formatTimeSpan", vec![text.clone().into(), format.clone().into()]),
            ("formatTimeSpan", vec!["-1.02:03:04.5".into(), format.clone().into(), locale.into()]),
            ("addToTime", vec!["2016-02-29".into(), count.into(), "Month".into(), format.into()]),
            ("subtractFromTime", vec!["2016-02-29".into(), count.into(), "Day".into()]),
            ("convertToUtc", vec![text.clone().into(), "Europe/Berlin".into()]),
            ("convertFromUtc", vec!["2016-02-29".into(), text.into()]),
        ];
        for (name, values) in calls {
            if let Ok(Value::String(text)) = call(name, values) {
                prop_assert!(text.len() < 4_000);
            }
        }
    }

    #[test]
    fn what_is_written_is_read_again(ticks in 0..=3_155_378_975_999_999_999_i64, utc: bool) {
        let moment = Moment::of_ticks(ticks, utc).unwrap();
        let text = write(moment, ROUND_TRIP, english()).unwrap();
        let read = read(&text, english(), || panic!("the year is there"));
        prop_assert_eq!(read.unwrap(), moment);
        prop_assert_eq!(Moment::of_civil(moment.civil(), utc).unwrap(), moment);
    }

    #[test]
    fn a_format_reads_what_it_writes(seconds in 0..315_537_897_600_i64, index in 0..5_usize) {
        let format = ["o", "F", "r", "dddd d MMMM yyyy h:mm:ss.FFF tt", "yyyyMMdd HHmmss"][index];
        let moment = Moment::of_ticks(seconds * 10_000_000, false).unwrap();
        let text = Value::from(write(moment, format, english()).unwrap());
        let read = call("parseDateTime", vec![text.clone(), "en-US".into(), format.into()]).unwrap();
        prop_assert_eq!(read, write(moment, ROUND_TRIP, english()).unwrap(), "{} by {}", text, format);
    }
}
