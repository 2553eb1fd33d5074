//! Lengths of time as people write them: `10 minutes`, `1h 30m`, or `PT10M` as ISO 8601 has it.

use std::time::Duration;

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, SpanRelativeTo, Timestamp};

use crate::expression::ExpressionError;

/// Reads a length of time in which days have 24 hours; months and years have no fixed length.
pub fn read(text: &str) -> Result<Duration, ExpressionError> {
    let span = span(text)?;
    let length = span.to_duration(SpanRelativeTo::days_are_24_hours()).map_err(|_| {
        ExpressionError::new(format!("`{text}` has no fixed length")).help("say it in days or shorter units")
    })?;
    Duration::try_from(length).map_err(|_| ExpressionError::new(format!("`{text}` is less than nothing")))
}

/// The time after a length of time, counted in the calendar of UTC; a negative one is no wait.
pub fn after(start: Timestamp, text: &str) -> Result<Timestamp, ExpressionError> {
    let span = span(text)?;
    let end = start.to_zoned(TimeZone::UTC).checked_add(span).map_err(|_| {
        ExpressionError::new(format!("`{text}` from {start} on is later than time can be told"))
    })?;
    Ok(end.timestamp().max(start))
}

/// A moment: a timestamp with its offset from UTC, or without one, which is UTC.
pub fn moment(text: &str) -> Result<Timestamp, ExpressionError> {
    let text = text.trim();
    let local = || text.parse::<jiff::civil::DateTime>().and_then(|local| TimeZone::UTC.to_timestamp(local));
    text.parse::<Timestamp>().or_else(|_| local()).map_err(|_| {
        ExpressionError::new(format!("`{text}` is not a time")).help("write it like `2026-01-31T08:00:00Z`")
    })
}

/// A duration as a span of time that can be added to a timestamp, at most some centuries.
pub fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

fn span(text: &str) -> Result<Span, ExpressionError> {
    text.trim().parse().map_err(|_| {
        ExpressionError::new(format!("`{text}` is not a length of time"))
            .help("write it like `90 seconds`, `10 minutes`, `1h 30m` or `PT10M`")
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{after, read};

    #[test]
    fn lengths_of_time_are_read_as_people_write_them() {
        let cases = [
            ("90 seconds", Some(90)),
            ("10 minutes", Some(600)),
            ("1h 30m", Some(5400)),
            ("PT10M", Some(600)),
            ("P1DT1H", Some(90_000)),
            ("2 days", Some(172_800)),
            ("1 month", None),
            ("-5 minutes", None),
            ("soon", None),
            ("", None),
            ("5", None),
        ];
        for (text, expected) in cases {
            assert_eq!(read(text).ok(), expected.map(Duration::from_secs), "{text}");
        }
    }

    #[test]
    fn months_are_counted_in_the_calendar() {
        let start = "2026-01-31T08:00:00Z".parse().unwrap_or_default();
        let cases = [
            ("1 month", Some("2026-02-28T08:00:00Z")),
            ("PT0S", Some("2026-01-31T08:00:00Z")),
            ("-3 days", Some("2026-01-31T08:00:00Z")),
            ("99999 years", None),
        ];
        for (text, expected) in cases {
            let actual = after(start, text).ok().map(|end| end.to_string());
            assert_eq!(actual.as_deref(), expected, "{text}");
        }
    }
}
