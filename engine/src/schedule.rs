//! When a schedule fires: a pure calculation, which the caller waits by.
//!
//! [`Schedule::check`] makes one from a document; [`Schedule::next_after`] is asked again and again, with the time of
//! the last firing, and [`Schedule::between`] what was due meanwhile. A rule is a cron expression, an `interval`, or days and times of a `calendar`; each jumps to
//! the time asked for, however long ago its start is.
//!
//! Times follow the zone's clock. A time that the clock is set forward over fires when the clock has been set; a time
//! that the clock shows twice fires at the first. Only cron expressions with `*` or `/` in minutes or hours, and
//! intervals of seconds, minutes and hours, keep their pace through both.

mod calendar;
mod check;
mod day;
mod describe;
mod interval;
mod missed;
#[cfg(test)]
mod tests;

use croner::Cron;
use jiff::civil::DateTime;
use jiff::tz::{AmbiguousOffset, TimeZone};
use jiff::{SignedDuration, Timestamp};

use calendar::Calendar;
use interval::Interval;

use crate::document::ScheduleDocument;
use crate::expression::ExpressionError;
use crate::source::Route;

/// When a flow starts by the clock.
#[derive(Debug, Clone)]
pub struct Schedule {
    rule: Rule,
    zone: TimeZone,
    /// The zone as written.
    zone_name: String,
    start: Option<Timestamp>,
    end: Option<Timestamp>,
}

#[derive(Debug, Clone)]
enum Rule {
    Cron(Box<Cron>),
    /// An interval, and the time on the zone's clock that it is counted from; without one, from the last firing.
    Every(Interval, Option<DateTime>),
    Calendar(Calendar),
}

impl Schedule {
    /// The schedule that a document means, or every mistake in it, each with its place below `at`.
    pub fn check(document: &ScheduleDocument, at: &Route) -> Result<Schedule, Vec<(Route, ExpressionError)>> {
        check::check(document, at)
    }

    /// The first firing later than a time; `None` when there is none any more.
    ///
    /// An interval without a start is counted from that time, which should be the last firing; that the first is at
    /// once is the caller's matter.
    pub fn next_after(&self, after: Timestamp) -> Option<Timestamp> {
        let just_before = |start: Timestamp| start.checked_sub(SignedDuration::from_nanos(1)).unwrap_or(start);
        let after = self.start.map_or(after, |start| after.max(just_before(start)));
        let next = match &self.rule {
            Rule::Cron(cron) => {
                cron.find_next_occurrence(&after.to_zoned(self.zone.clone()), false).ok().map(|next| next.timestamp())
            }
            Rule::Every(interval, from) => interval.next_after(after, *from, &self.zone),
            Rule::Calendar(calendar) => calendar.next_after(after, &self.zone),
        };
        next.filter(|next| self.end.is_none_or(|end| *next <= end))
    }

    /// Whether it fires as soon as it is taken up: an interval that counts from no time does, as in Power Automate.
    pub fn begins_at_once(&self) -> bool {
        matches!(self.rule, Rule::Every(_, None)) && self.start.is_none()
    }

    /// The schedule in words, such as `every week on monday at 08:00 (Europe/Berlin)`.
    pub fn describe(&self) -> String {
        describe::describe(self)
    }
}

/// When a clock of the zone shows a time: the first time that it does, or when it is set forward over it.
fn instant(local: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => offset.to_timestamp(local).ok(),
        AmbiguousOffset::Fold { before, .. } => before.to_timestamp(local).ok(),
        AmbiguousOffset::Gap { before, .. } => {
            let within = before.to_timestamp(local).ok()?;
            let later = within.checked_add(SignedDuration::from_nanos(1)).ok()?;
            zone.preceding(later).next().map(|transition| transition.timestamp())
        }
    }
}
