//! What a text says of a date and time, gathered piece by piece, and the moment that the pieces make.

use jiff::civil::{Date, DateTime, Time};

use super::moment::{Moment, TICKS_PER_SECOND};

/// Why a text is no date and time.
pub(super) type Why = &'static str;

/// The pieces. What is missing is filled in from today.
#[derive(Debug, Clone, Default)]
pub(super) struct Fields {
    pub(super) year: Option<i64>,
    pub(super) month: Option<i64>,
    pub(super) day: Option<i64>,
    /// Sunday is 0; it must be the date's.
    pub(super) weekday: Option<i64>,
    pub(super) hour: Option<i64>,
    pub(super) minute: Option<i64>,
    pub(super) second: Option<i64>,
    /// Of a second, in ticks; a fraction rounded up may be a whole second.
    pub(super) fraction: Option<i64>,
    /// Whether an hour of twelve is after noon.
    pub(super) afternoon: Option<bool>,
    /// Seconds east of UTC.
    pub(super) offset: Option<i64>,
}

impl Fields {
    /// Sets a piece; a text that says it twice must say the same.
    pub(super) fn set<T: PartialEq>(piece: &mut Option<T>, value: T) -> Result<(), Why> {
        match piece {
            Some(known) if *known != value => Err("it says one part in two ways"),
            _ => {
                *piece = Some(value);
                Ok(())
            }
        }
    }

    /// Whether some part of the date is known.
    pub(super) fn has_date(&self) -> bool {
        self.year.is_some() || self.month.is_some() || self.day.is_some()
    }

    /// The moment, in UTC where the text names a zone. Without a date it is today; without a year, this year.
    pub(super) fn moment(&self, today: Date) -> Result<Moment, Why> {
        let missing =
            if self.has_date() { Date::constant(1, 1, 1).with().year(today.year()).build() } else { Ok(today) };
        let missing = missing.unwrap_or(today);
        let date = date(
            self.year.unwrap_or_else(|| missing.year().into()),
            self.month.unwrap_or_else(|| missing.month().into()),
            self.day.unwrap_or_else(|| missing.day().into()),
        )?;
        if self.weekday.is_some_and(|weekday| weekday != i64::from(date.weekday().to_sunday_zero_offset())) {
            return Err("the date is of another day of the week");
        }
        let local = Moment::of_civil(DateTime::from_parts(date, self.time()?), self.offset.is_some());
        let shift = self.fraction.unwrap_or(0) - self.offset.unwrap_or(0) * TICKS_PER_SECOND;
        local
            .and_then(|local| Moment::of_ticks(local.ticks() + shift, local.is_utc()))
            .map_err(|_| "it is outside of the years 1 to 9999")
    }

    fn time(&self) -> Result<Time, Why> {
        let hour = self.hour.unwrap_or(0);
        let hour = match self.afternoon {
            Some(_) if hour > 12 => return Err("with a half of the day, hours go to 12"),
            Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
            None => hour,
        };
        let parts = [hour, self.minute.unwrap_or(0), self.second.unwrap_or(0)].map(i8::try_from);
        let [Ok(hour), Ok(minute), Ok(second)] = parts else { return Err("there is no such time of day") };
        Time::new(hour, minute, second, 0).map_err(|_| "there is no such time of day")
    }
}

fn date(year: i64, month: i64, day: i64) -> Result<Date, Why> {
    let (Ok(year), Ok(month), Ok(day)) = (i16::try_from(year), i8::try_from(month), i8::try_from(day)) else {
        return Err("there is no such date");
    };
    Date::new(year, month, day).ok().filter(|date| date.year() > 0).ok_or("there is no such date")
}

/// A year as written: of two digits, 00 to 49 are of this century and 50 to 99 of the last.
pub(super) fn full_year(value: i64, digits: usize) -> i64 {
    match digits {
        0..3 if value < 50 => value + 2000,
        0..3 => value + 1900,
        _ => value,
    }
}

/// Seconds east of UTC; no zone is further than 14 hours away.
pub(super) fn offset(west: bool, hours: i64, minutes: i64) -> Result<i64, Why> {
    let seconds = hours.saturating_mul(3600).saturating_add(minutes.saturating_mul(60));
    if minutes > 59 || seconds > 14 * 3600 {
        return Err("no zone is so far from UTC");
    }
    Ok(if west { -seconds } else { seconds })
}

/// The digits of a fraction in ticks, rounded to the nearest.
pub(super) fn fraction(digits: &str) -> i64 {
    let mut ticks = 0;
    for place in 0..8 {
        let digit = digits.as_bytes().get(place).map_or(0, |digit| i64::from(digit.saturating_sub(b'0')));
        ticks = ticks * 10 + digit;
    }
    (ticks + 5) / 10
}
