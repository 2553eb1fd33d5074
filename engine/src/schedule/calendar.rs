//! Days of every so many days, weeks or months, and times of the day.

use jiff::civil::{Date, DateTime, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Unit};

use super::day::Day;
use super::instant;
use super::interval::Interval;

/// Periods that are looked through for one that has a day: a leap day comes back within eight years, and the days of
/// the week within 400, whatever the interval.
const MOST_PERIODS: i64 = 5_000;

/// The days of each period, and the times on them.
#[derive(Debug, Clone)]
pub(super) struct Calendar {
    /// Of days, weeks or months.
    pub(super) interval: Interval,
    /// The days of a period that fire; empty for every day, or for the day that periods are counted from.
    pub(super) on: Vec<Day>,
    /// At least one, in order.
    pub(super) at: Vec<Time>,
    /// What periods are counted from, on the zone's clock; without it the interval is 1.
    pub(super) from: Option<DateTime>,
}

impl Calendar {
    /// The first of these times later than a time.
    pub(super) fn next_after(&self, after: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
        let local = zone.to_datetime(after);
        let from = self.from.unwrap_or(local);
        // A time that the clock is set forward over may be of the day before.
        let first_day = local.date().yesterday().unwrap_or(local.date());
        let near = self.passed(from, local) - 1;
        let near = if self.from.is_some() { near.max(0) } else { near };
        (near..near + MOST_PERIODS).flat_map(|k| self.days(from, k)).filter(|day| *day >= first_day).find_map(|day| {
            let times = self.at.iter().filter_map(|time| instant(day.to_datetime(*time), zone));
            times.filter(|time| *time > after).min()
        })
    }

    /// How many whole periods there are from one date to another.
    fn passed(&self, from: DateTime, to: DateTime) -> i64 {
        let from =
            if self.interval.unit == Unit::Week { monday(from.date()).unwrap_or(from.date()) } else { from.date() };
        self.interval.passed(from.to_datetime(Time::midnight()), to)
    }

    /// The days of the period with index `k`, in order. Weeks begin on Monday.
    fn days(&self, from: DateTime, k: i64) -> Vec<Date> {
        let mut days = match self.interval.unit {
            Unit::Day => {
                self.interval.point(from, k).into_iter().map(DateTime::date).filter(|day| self.fires(*day)).collect()
            }
            Unit::Week => self.days_of_week(from.date(), k),
            _ => self.days_of_month(from.date(), k),
        };
        days.sort_unstable();
        days
    }

    fn fires(&self, day: Date) -> bool {
        self.on.is_empty() || self.on.contains(&Day::Weekday(day.weekday()))
    }

    fn days_of_week(&self, from: Date, k: i64) -> Vec<Date> {
        let monday = monday(from).and_then(|monday| self.interval.point(monday.to_datetime(Time::midnight()), k));
        let Some(monday) = monday else { return Vec::new() };
        (0..7)
            .filter_map(|days| monday.date().checked_add(days.days()).ok())
            .filter(|day| if self.on.is_empty() { day.weekday() == from.weekday() } else { self.fires(*day) })
            .collect()
    }

    fn days_of_month(&self, from: Date, k: i64) -> Vec<Date> {
        if self.on.is_empty() {
            return self
                .interval
                .point(from.to_datetime(Time::midnight()), k)
                .map(DateTime::date)
                .into_iter()
                .collect();
        }
        let first = self.interval.point(from.first_of_month().to_datetime(Time::midnight()), k);
        let Some(first) = first else { return Vec::new() };
        self.on.iter().filter_map(|day| day.in_month(first.date())).collect()
    }
}

/// The Monday of the week that a day lies in.
fn monday(day: Date) -> Option<Date> {
    day.checked_sub(i64::from(day.weekday().to_monday_zero_offset()).days()).ok()
}
