//! A date and time, as the functions of time hold one.
//!
//! The rules are those of .NET: 100 nanoseconds fine, from year 1 to year 9999, and either in UTC or of a zone that
//! nobody named. A text with an offset is brought to UTC when it is read.

use jiff::civil::{Date, DateTime};
use jiff::{Timestamp, ToSpan};

use crate::expression::ExpressionError;
use crate::source::nearest;

/// 100 nanoseconds each.
pub(super) const TICKS_PER_SECOND: i64 = 10_000_000;
pub(super) const TICKS_PER_MINUTE: i64 = 60 * TICKS_PER_SECOND;
pub(super) const TICKS_PER_HOUR: i64 = 60 * TICKS_PER_MINUTE;
pub(super) const TICKS_PER_DAY: i64 = 24 * TICKS_PER_HOUR;

/// The last tick of year 9999.
const LAST_TICK: i64 = 3_155_378_975_999_999_999;
const FIRST_DAY: Date = Date::constant(1, 1, 1);

/// A date and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Moment {
    /// Since midnight of January 1 of year 1; never outside of the years 1 to 9999.
    ticks: i64,
    /// Whether it is in UTC; else its zone is not known.
    utc: bool,
}

/// What time is counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl Moment {
    /// A moment on the clock of UTC, to the 100 nanoseconds.
    pub(super) fn of_timestamp(timestamp: Timestamp) -> Result<Moment, ExpressionError> {
        Moment::of_civil(jiff::tz::Offset::UTC.to_datetime(timestamp), true)
    }

    /// What a calendar and a clock show.
    pub(super) fn of_civil(civil: DateTime, utc: bool) -> Result<Moment, ExpressionError> {
        let days = FIRST_DAY.until(civil.date()).map(|span| i64::from(span.get_days())).map_err(|_| out_of_range())?;
        let time = civil.time();
        let seconds = (i64::from(time.hour()) * 60 + i64::from(time.minute())) * 60 + i64::from(time.second());
        let fraction = i64::from(time.subsec_nanosecond()) / 100;
        Moment::of_ticks(days * TICKS_PER_DAY + seconds * TICKS_PER_SECOND + fraction, utc)
    }

    /// So many ticks after the start of year 1.
    pub(super) fn of_ticks(ticks: i64, utc: bool) -> Result<Moment, ExpressionError> {
        if (0..=LAST_TICK).contains(&ticks) { Ok(Moment { ticks, utc }) } else { Err(out_of_range()) }
    }

    /// What a calendar and a clock show.
    pub(super) fn civil(self) -> DateTime {
        let days = self.ticks / TICKS_PER_DAY;
        let date = FIRST_DAY.checked_add(days.days()).unwrap_or(FIRST_DAY);
        let nanoseconds = (self.ticks % TICKS_PER_DAY).saturating_mul(100);
        let midnight = date.to_datetime(jiff::civil::Time::midnight());
        midnight.checked_add(nanoseconds.nanoseconds()).unwrap_or(midnight)
    }

    /// Ticks since the start of year 1.
    pub(super) fn ticks(self) -> i64 {
        self.ticks
    }

    /// Ticks since the start of the second.
    pub(super) fn fraction(self) -> i64 {
        self.ticks % TICKS_PER_SECOND
    }

    /// Whether it is in UTC; else its zone is not known.
    pub(super) fn is_utc(self) -> bool {
        self.utc
    }

    /// A moment so many units later, or earlier. A month's end stays within its month: a month after January 31 is
    /// the last day of February.
    pub(super) fn plus(self, count: i64, unit: Unit) -> Result<Moment, ExpressionError> {
        let length = match unit {
            Unit::Second => TICKS_PER_SECOND,
            Unit::Minute => TICKS_PER_MINUTE,
            Unit::Hour => TICKS_PER_HOUR,
            Unit::Day => TICKS_PER_DAY,
            Unit::Week => 7 * TICKS_PER_DAY,
            Unit::Month => return self.plus_months(count),
            Unit::Year => return self.plus_months(count.checked_mul(12).ok_or_else(out_of_range)?),
        };
        let ticks = count.checked_mul(length).and_then(|step| self.ticks.checked_add(step));
        Moment::of_ticks(ticks.ok_or_else(out_of_range)?, self.utc)
    }

    /// A moment on the clock of another zone. At the ends of all years it stays within them, as .NET does: a last
    /// date that means `never` can be brought to any zone.
    pub(super) fn shifted(self, seconds: i64, utc: bool) -> Moment {
        let ticks = self.ticks.saturating_add(seconds.saturating_mul(TICKS_PER_SECOND));
        Moment { ticks: ticks.clamp(0, LAST_TICK), utc }
    }

    /// The start of the period of `length` ticks that it lies in.
    pub(super) fn floor(self, length: i64) -> Moment {
        Moment { ticks: self.ticks - self.ticks % length, ..self }
    }

    fn plus_months(self, count: i64) -> Result<Moment, ExpressionError> {
        let span = jiff::Span::new().try_months(count).map_err(|_| out_of_range())?;
        let civil = self.civil().checked_add(span).map_err(|_| out_of_range())?;
        Moment::of_civil(civil, self.utc)
    }
}

impl Unit {
    const NAMES: [(&'static str, Unit); 7] = [
        ("Second", Unit::Second),
        ("Minute", Unit::Minute),
        ("Hour", Unit::Hour),
        ("Day", Unit::Day),
        ("Week", Unit::Week),
        ("Month", Unit::Month),
        ("Year", Unit::Year),
    ];

    /// The unit of that name, in any case.
    pub(super) fn find(name: &str) -> Result<Unit, ExpressionError> {
        if let Some((_, unit)) = Unit::NAMES.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Ok(unit);
        }
        let names = Unit::NAMES.map(|(name, _)| name);
        let help = match nearest(name, names) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("one of: {}", names.join(", ")),
        };
        Err(ExpressionError::new(format!("`{name}` is no unit of time")).help(help))
    }
}

/// The error of a moment that cannot be.
fn out_of_range() -> ExpressionError {
    ExpressionError::new("the time is outside of the years 1 to 9999")
}
