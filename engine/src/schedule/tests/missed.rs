//! What was due while nobody looked.

use jiff::Timestamp;

use super::schedule;

/// The schedule, the last firing, now, how many are asked for, and what was due.
type Case = (&'static str, &'static str, &'static str, usize, &'static [&'static str]);

const CASES: &[Case] = &[
    ("every: hour", "2026-03-02T08:10:00Z", "2026-03-02T08:40:00Z", 9, &[]),
    ("every: hour", "2026-03-02T08:10:00Z", "2026-03-02T11:40:00Z", 9, &["09:10:00", "10:10:00", "11:10:00"]),
    ("every: hour", "2026-03-02T08:10:00Z", "2026-03-02T11:10:00Z", 2, &["10:10:00", "11:10:00"]),
    ("every: hour", "1995-03-02T08:10:30Z", "2026-03-02T11:40:00Z", 1, &["11:10:30"]),
    ("every: second", "1995-03-02T08:10:30Z", "2026-03-02T11:40:00Z", 2, &["11:39:59", "11:40:00"]),
    (
        "cron: \"*/20 * * * *\"",
        "1995-03-02T08:10:30Z",
        "2026-03-02T11:50:00Z",
        3,
        &["11:00:00", "11:20:00", "11:40:00"],
    ),
    ("every: day, at: [\"06:30\"]", "2026-02-27T06:30:00Z", "2026-03-02T11:50:00Z", 1, &["06:30:00"]),
    (
        "every: day, at: [\"06:30\"], start: \"2027-01-01T00:00:00\"",
        "1995-03-02T06:30:00Z",
        "2026-03-02T11:50:00Z",
        9,
        &[],
    ),
    (
        "every: hour, end: \"2026-03-02T09:00:00\"",
        "2026-03-02T07:00:00Z",
        "2026-03-02T11:50:00Z",
        9,
        &["08:00:00", "09:00:00"],
    ),
    ("every: hour", "2026-03-02T08:10:00Z", "2026-03-02T08:10:00Z", 9, &[]),
    ("every: hour", "2026-03-02T09:10:00Z", "2026-03-02T08:10:00Z", 9, &[]),
    ("every: hour", "2026-03-02T08:10:00Z", "2026-03-02T18:10:00Z", 0, &[]),
];

#[test]
fn what_was_due() {
    for (yaml, last, now, most, expected) in CASES {
        let (last, now): (Timestamp, Timestamp) = (last.parse().unwrap(), now.parse().unwrap());
        let due = schedule(yaml).between(last, now, *most);
        let shown: Vec<String> = due.iter().map(|due| due.strftime("%H:%M:%S").to_string()).collect();
        assert_eq!(shown, *expected, "{yaml} from {last} to {now}, {most} at most");
    }
}
