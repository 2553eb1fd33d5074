//! A number of units of time, and the grid that it makes from a start.

use jiff::civil::DateTime;
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Span, Timestamp, Unit};

use super::instant;

/// So many units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Interval {
    /// At least 1.
    pub(super) count: i64,
    pub(super) unit: Unit,
}

/// The units by their names.
pub(super) const UNITS: [(&str, Unit); 7] = [
    ("second", Unit::Second),
    ("minute", Unit::Minute),
    ("hour", Unit::Hour),
    ("day", Unit::Day),
    ("week", Unit::Week),
    ("month", Unit::Month),
    ("year", Unit::Year),
];

impl Interval {
    /// The first point of the grid later than a time. Seconds, minutes and hours pass evenly; days, weeks, months and
    /// years go by the zone's clock and calendar, and a month's end stays within its month.
    pub(super) fn next_after(self, after: Timestamp, from: Option<DateTime>, zone: &TimeZone) -> Option<Timestamp> {
        let Some(from) = from else {
            let local = zone.to_datetime(after);
            return match self.seconds() {
                Some(seconds) => after.checked_add(SignedDuration::from_secs(seconds)).ok(),
                None => instant(self.point(local, 1)?, zone).filter(|next| *next > after),
            };
        };
        if let Some(seconds) = self.seconds() {
            return evenly(after, instant(from, zone)?, seconds);
        }
        let near = self.passed(from, zone.to_datetime(after)).saturating_sub(1).max(0);
        (near..near.saturating_add(4)).find_map(|k| instant(self.point(from, k)?, zone).filter(|next| *next > after))
    }

    /// The point of the grid at index `k`.
    pub(super) fn point(self, from: DateTime, k: i64) -> Option<DateTime> {
        let span = Span::new();
        let count = self.count.checked_mul(k)?;
        let span = match self.unit {
            Unit::Day => span.try_days(count),
            Unit::Week => span.try_weeks(count),
            Unit::Month => span.try_months(count),
            _ => span.try_years(count),
        };
        from.checked_add(span.ok()?).ok()
    }

    /// How many whole intervals of days or more there are from one date to another; negative before it.
    pub(super) fn passed(self, from: DateTime, to: DateTime) -> i64 {
        let units = match self.unit {
            Unit::Day | Unit::Week => {
                let days = from.date().until(to.date()).map_or(0, |span| i64::from(span.get_days()));
                days.div_euclid(if self.unit == Unit::Week { 7 } else { 1 })
            }
            unit => {
                let months = i64::from(to.year() - from.year()) * 12 + i64::from(to.month() - from.month());
                months.div_euclid(if unit == Unit::Month { 1 } else { 12 })
            }
        };
        units.div_euclid(self.count.max(1))
    }

    /// The length of what passes evenly.
    fn seconds(self) -> Option<i64> {
        match self.unit {
            Unit::Second => Some(self.count),
            Unit::Minute => Some(self.count.saturating_mul(60)),
            Unit::Hour => Some(self.count.saturating_mul(3600)),
            _ => None,
        }
    }
}

/// The first of the times `seconds` apart, counted from a start, that is later than `after`.
fn evenly(after: Timestamp, start: Timestamp, seconds: i64) -> Option<Timestamp> {
    if start > after {
        return Some(start);
    }
    let passed = after.duration_since(start).as_secs() / seconds.max(1);
    let next = passed.checked_add(1)?.checked_mul(seconds)?;
    start.checked_add(SignedDuration::from_secs(next)).ok()
}
