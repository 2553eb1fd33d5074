//! Intervals, calendars and cron, and what the clocks' changes do to them.

use super::{check, schedule};

#[test]
fn intervals_are_counted_from_their_start_and_missed_ones_are_dropped() {
    check(&[
        ("{ every: 15 minutes }", &["2026-01-01T00:00:07Z", "2026-01-01T00:15:07Z", "2026-01-01T00:30:07Z"]),
        ("{ every: second }", &["2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"]),
        ("{ every: month }", &["2026-01-31T00:00:00Z", "2026-02-28T00:00:00Z", "2026-03-28T00:00:00Z"]),
        (
            "{ every: 2 hours, start: 2020-01-01T01:00:00 }",
            &["2026-06-01T00:00:00Z", "2026-06-01T01:00:00Z", "2026-06-01T03:00:00Z"],
        ),
        (
            "{ every: 7 minutes, start: 2026-01-01T00:00:00, end: 2026-01-01T00:10:00 }",
            &["2020-01-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-01-01T00:07:00Z", "never"],
        ),
        (
            "{ every: 3 days, start: 2026-01-01T08:00:00, zone: Europe/Berlin }",
            &["2026-03-26T07:00:00Z", "2026-03-29T06:00:00Z", "2026-04-01T06:00:00Z"],
        ),
        (
            "{ every: 1 month, start: 2026-01-31T08:00:00Z }",
            &["2026-01-31T08:00:00Z", "2026-02-28T08:00:00Z", "2026-03-31T08:00:00Z", "2026-04-30T08:00:00Z"],
        ),
        ("{ every: 2 weeks, start: 2026-01-01 }", &["2026-01-02T00:00:00Z", "2026-01-15T00:00:00Z"]),
        (
            "{ every: year, start: 2024-02-29 }",
            &[
                "2024-03-01T00:00:00Z",
                "2025-02-28T00:00:00Z",
                "2026-02-28T00:00:00Z",
                "2027-02-28T00:00:00Z",
                "2028-02-29T00:00:00Z",
            ],
        ),
        ("{ every: year, start: 2024-02-29T12:00:00+02:00, end: 2025-01-01 }", &["2024-02-29T10:00:00Z", "never"]),
    ]);
}

#[test]
fn calendars_have_days_and_times() {
    check(&[
        (
            "{ every: day, at: ['08:00', '17:30'] }",
            &["2026-01-01T08:00:00Z", "2026-01-01T17:30:00Z", "2026-01-02T08:00:00Z"],
        ),
        ("{ every: day, at: ['00:00:30'] }", &["2026-01-01T00:00:00Z", "2026-01-01T00:00:30Z"]),
        (
            "{ every: day, on: [monday, Friday], at: ['08:00'] }",
            &["2026-01-01T00:00:00Z", "2026-01-02T08:00:00Z", "2026-01-05T08:00:00Z", "2026-01-09T08:00:00Z"],
        ),
        (
            "{ every: 2 days, at: ['08:00', '9:00'], start: 2026-01-01T08:30:00 }",
            &["2025-01-01T00:00:00Z", "2026-01-01T09:00:00Z", "2026-01-03T08:00:00Z", "2026-01-03T09:00:00Z"],
        ),
        (
            "{ every: week, on: [friday, monday], at: ['17:30', '08:00'], zone: America/New_York }",
            &["2026-01-01T00:00:00Z", "2026-01-02T13:00:00Z", "2026-01-02T22:30:00Z", "2026-01-05T13:00:00Z"],
        ),
        (
            // January 1 of 2026 is a Thursday; the week after it is left out.
            "{ every: 2 weeks, on: [sunday, monday], start: 2026-01-01T08:00:00 }",
            &[
                "2026-01-01T00:00:00Z",
                "2026-01-04T08:00:00Z",
                "2026-01-12T08:00:00Z",
                "2026-01-18T08:00:00Z",
                "2026-01-26T08:00:00Z",
            ],
        ),
        (
            "{ every: week, at: ['06:00'], start: 2026-01-01T08:00:00 }",
            &["2026-01-01T00:00:00Z", "2026-01-08T06:00:00Z", "2026-01-15T06:00:00Z"],
        ),
        (
            "{ every: month, on: [31, 1, -1], at: ['06:00'] }",
            &[
                "2026-01-02T00:00:00Z",
                "2026-01-31T06:00:00Z",
                "2026-02-01T06:00:00Z",
                "2026-02-28T06:00:00Z",
                "2026-03-01T06:00:00Z",
            ],
        ),
        (
            "{ every: month, on: [first monday, second last friday, last sunday], at: ['06:00'] }",
            &[
                "2026-01-01T00:00:00Z",
                "2026-01-05T06:00:00Z",
                "2026-01-23T06:00:00Z",
                "2026-01-25T06:00:00Z",
                "2026-02-02T06:00:00Z",
            ],
        ),
        ("{ every: month, on: [fifth friday], at: ['06:00'] }", &["2026-02-01T00:00:00Z", "2026-05-29T06:00:00Z"]),
        (
            "{ every: 12 months, on: [29], start: 2024-02-01T06:00:00 }",
            &["2024-02-01T00:00:00Z", "2024-02-29T06:00:00Z", "2028-02-29T06:00:00Z"],
        ),
        (
            "{ every: 3 months, at: ['06:00'], start: 2025-11-30T00:00:00 }",
            &["2026-01-01T00:00:00Z", "2026-02-28T06:00:00Z", "2026-05-30T06:00:00Z"],
        ),
    ]);
}

#[test]
fn cron_is_by_the_clock_of_its_zone() {
    check(&[
        ("{ cron: '30 2 * * *' }", &["2026-01-01T02:30:00Z", "2026-01-02T02:30:00Z"]),
        ("{ cron: '*/15 * * * * *' }", &["2026-01-01T00:00:01Z", "2026-01-01T00:00:15Z"]),
        (
            "{ cron: '0 9 * * MON-FRI', zone: W. Europe Standard Time }",
            &["2026-01-02T12:00:00Z", "2026-01-05T08:00:00Z", "2026-01-06T08:00:00Z"],
        ),
        ("{ cron: '0 0 29 2 *' }", &["2026-01-01T00:00:00Z", "2028-02-29T00:00:00Z"]),
        (
            "{ cron: '0 0 * * *', start: 2026-02-01, end: 2026-02-02 }",
            &["2026-01-01T00:00:00Z", "2026-02-01T00:00:00Z", "2026-02-02T00:00:00Z", "never"],
        ),
    ]);
}

#[test]
fn what_the_clock_is_set_forward_over_fires_when_it_has_been_set() {
    check(&[
        (
            "{ cron: '30 2 * * *', zone: Europe/Berlin }",
            &["2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            "{ every: day, at: ['02:30'], zone: Europe/Berlin }",
            &["2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            "{ every: day, at: ['02:15', '02:45', '03:00'], zone: Europe/Berlin }",
            &["2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:15:00Z"],
        ),
        (
            "{ every: day, start: 2026-03-01T02:30:00, zone: Europe/Berlin }",
            &["2026-03-28T12:00:00Z", "2026-03-29T01:00:00Z", "2026-03-30T00:30:00Z"],
        ),
        (
            "{ cron: '30 2 * * *', zone: America/New_York }",
            &["2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
        ),
        (
            "{ every: day, at: ['02:30'], zone: Eastern Standard Time }",
            &["2026-03-07T12:00:00Z", "2026-03-08T07:00:00Z", "2026-03-09T06:30:00Z"],
        ),
        (
            "{ cron: '*/30 * * * *', zone: Europe/Berlin }",
            &["2026-03-29T00:30:00Z", "2026-03-29T01:00:00Z", "2026-03-29T01:30:00Z"],
        ),
        (
            "{ every: hour, start: 2026-03-29T00:30:00, zone: Europe/Berlin }",
            &["2026-03-29T00:00:00Z", "2026-03-29T00:30:00Z", "2026-03-29T01:30:00Z"],
        ),
    ]);
}

#[test]
fn what_the_clock_shows_twice_fires_once_and_a_pace_is_kept() {
    check(&[
        (
            "{ cron: '30 2 * * *', zone: Europe/Berlin }",
            &["2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "{ every: day, at: ['02:30'], zone: Europe/Berlin }",
            &["2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "{ every: day, start: 2026-10-01T02:30:00, zone: Europe/Berlin }",
            &["2026-10-24T12:00:00Z", "2026-10-25T00:30:00Z", "2026-10-26T01:30:00Z"],
        ),
        (
            "{ cron: '30 1 * * *', zone: America/New_York }",
            &["2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        (
            "{ every: day, at: ['01:30'], zone: America/New_York }",
            &["2026-10-31T12:00:00Z", "2026-11-01T05:30:00Z", "2026-11-02T06:30:00Z"],
        ),
        (
            "{ cron: '*/30 * * * *', zone: Europe/Berlin }",
            &["2026-10-25T00:30:00Z", "2026-10-25T01:00:00Z", "2026-10-25T01:30:00Z", "2026-10-25T02:00:00Z"],
        ),
        (
            "{ every: 30 minutes, start: 2026-10-25T00:00:00, zone: America/New_York }",
            &["2026-11-01T05:30:00Z", "2026-11-01T06:00:00Z", "2026-11-01T06:30:00Z"],
        ),
    ]);
}

#[test]
fn a_schedule_says_itself_in_words() {
    let cases = [
        ("{ every: 15 minutes }", "every 15 minutes (UTC)"),
        ("{ cron: '30 2 * * *', zone: Europe/Berlin }", "by cron `30 2 * * *` (Europe/Berlin)"),
        (
            "{ every: week, on: [monday, friday], at: ['08:00', '17:30'], start: 2026-01-01T00:00:00 }",
            "every week on monday and friday at 08:00 and 17:30 from 2026-01-01 00:00 (UTC)",
        ),
        (
            "{ every: 2 months, on: [1, -1, -2, first monday, last friday, second last sunday], at: ['08:00:30'], start: 2026-01-01, end: 2027-01-01 }",
            "every 2 months on day 1, the last day, day -2 from the end, the first monday, the last friday and the second last sunday at 08:00:30 from 2026-01-01 00:00 until 2027-01-01 00:00 (UTC)",
        ),
    ];
    for (yaml, words) in cases {
        assert_eq!(schedule(yaml).describe(), words);
    }
}
