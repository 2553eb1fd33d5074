//! What a schedule cannot mean.

use super::document;
use crate::schedule::Schedule;
use crate::source::Route;

#[test]
fn every_mistake_has_a_place() {
    let cases: &[(&str, &[(&str, &str)])] = &[
        ("{}", &[("", "how often it fires is not clear")]),
        ("{ cron: '* * * * *', every: day }", &[("", "how often it fires is not clear")]),
        ("{ cron: 'at noon' }", &[("/cron", "`at noon` is no cron expression")]),
        ("{ cron: '0 0 30 2 *' }", &[("", "it never fires")]),
        (
            "{ cron: '0 0 * * *', at: ['08:00'], on: [monday] }",
            &[("/at", "`at` does not go"), ("/on", "`on` does not go")],
        ),
        ("{ every: 0 days }", &[("/every", "`0 days` is no interval")]),
        ("{ every: -1 days }", &[("/every", "is no interval")]),
        ("{ every: 99999999999 days }", &[("/every", "is no interval")]),
        ("{ every: fortnight }", &[("/every", "is no interval")]),
        ("{ every: day, zone: Europe/Berlinn }", &[("/zone", "there is no time zone `Europe/Berlinn`")]),
        ("{ every: day, start: soon, end: later }", &[("/start", "`soon` is no date"), ("/end", "`later` is no date")]),
        ("{ every: day, start: 2026-01-02, end: 2026-01-01 }", &[("", "it never fires")]),
        ("{ every: hour, at: ['08:00'] }", &[("/at", "`at` does not go with `every: hour`")]),
        ("{ every: year, on: [1] }", &[("/on", "`on` does not go with `every: year`")]),
        ("{ every: day, start: '-000001-01-01' }", &[("/start", "is no date and time")]),
        (
            "{ every: day, at: ['8', '24:00', '08:00pm', '+8:00'] }",
            &[("/at/0", "`8` is no time"), ("/at/1", "`24:00`"), ("/at/2", "`08:00pm`"), ("/at/3", "`+8:00`")],
        ),
        ("{ every: day, at: [] }", &[("/at", "a day has 1 to 1440 times")]),
        ("{ every: week, at: ['08:00'], on: [] }", &[("/on", "a schedule has 1 to 140 days")]),
        (
            "{ every: week, at: ['08:00'], on: [munday, 1, third friday] }",
            &[
                ("/on/0", "`munday` is no day"),
                ("/on/1", "a week has no such day"),
                ("/on/2", "a week has no such day"),
            ],
        ),
        (
            "{ every: month, at: ['08:00'], on: [32, 0, friday, sixth friday] }",
            &[
                ("/on/0", "no month has a day `32`"),
                ("/on/1", "no month has a day `0`"),
                ("/on/3", "`sixth friday` is no day"),
                ("/on/2", "a month has several such days"),
            ],
        ),
        ("{ every: week, at: ['08:00'] }", &[("/every", "the day of the week is not clear")]),
        ("{ every: week, on: [monday] }", &[("/every", "the time of the day is not clear")]),
        ("{ every: 2 days, at: ['08:00'] }", &[("/every", "from when on every 2 days are counted is not clear")]),
        ("{ every: 12 months, on: [30], start: 2024-02-01 }", &[("", "it never fires")]),
    ];
    for (yaml, expected) in cases {
        let mistakes = Schedule::check(&document(yaml), &Route::root()).unwrap_err();
        let found: Vec<(&str, &str)> =
            mistakes.iter().map(|(at, error)| (at.as_str(), error.message.as_str())).collect();
        assert_eq!(found.len(), expected.len(), "{yaml}: {found:?}");
        for ((place, message), (wanted_place, part)) in found.iter().zip(*expected) {
            assert!(place == wanted_place && message.contains(part), "{yaml}: {found:?}");
        }
    }
}
