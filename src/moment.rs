//! Points in time as people type and read them: how long ago (`2h`, `3 days`), or when (`2026-11-20`, `2026-11-20T08:00`,
//! `2026-11-20T08:00:00+01:00`). Without a zone it is UTC, as in all that the command prints.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The point in time that a text names, for the command line.
///
/// # Errors
///
/// What may be written instead.
pub(crate) fn parse(text: &str) -> Result<Timestamp, String> {
    seen_from(text, Timestamp::now())
}

/// A time to the second, as the command prints it.
pub(crate) fn shown(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d %H:%M:%S UTC").to_string()
}

fn seen_from(text: &str, now: Timestamp) -> Result<Timestamp, String> {
    let named = text.parse::<Timestamp>().ok();
    let civil = || text.parse::<DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    let ago = || now.to_zoned(TimeZone::UTC).checked_sub(text.parse::<Span>().ok()?.abs()).ok();
    named
        .or_else(|| Some(civil()?.timestamp()))
        .or_else(|| Some(ago()?.timestamp()))
        .ok_or_else(|| "write how long ago (`2h`, `3 days`) or when (`2026-11-20`, `2026-11-20T08:00`)".to_owned())
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::seen_from;

    #[test]
    fn a_moment_is_a_time_or_how_long_ago() {
        let now = "2026-11-22T12:00:00Z".parse().unwrap();
        let cases = [
            ("2h", Some("2026-11-22T10:00:00Z")),
            ("90 minutes", Some("2026-11-22T10:30:00Z")),
            ("3 days", Some("2026-11-19T12:00:00Z")),
            ("1w 1d", Some("2026-11-14T12:00:00Z")),
            ("2026-11-20", Some("2026-11-20T00:00:00Z")),
            ("2026-11-20T08:00", Some("2026-11-20T08:00:00Z")),
            ("2026-11-20 08:00:30", Some("2026-11-20T08:00:30Z")),
            ("2026-11-20T08:00:00+01:00", Some("2026-11-20T07:00:00Z")),
            ("yesterday", None),
            ("2026-13-01", None),
            ("999999999 years", None),
            ("", None),
        ];
        for (text, expected) in cases {
            let found = seen_from(text, now).ok().map(|time| time.to_string());
            assert_eq!(found.as_deref(), expected, "{text}");
        }
    }
}
