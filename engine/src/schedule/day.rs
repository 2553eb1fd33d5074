//! The days of a schedule: of every week, or of a month.

use jiff::civil::{Date, Weekday};

use crate::document::DayDocument;
use crate::expression::ExpressionError;
use crate::source::nearest;

/// A day on which a schedule fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Day {
    /// Every such day.
    Weekday(Weekday),
    /// A day of the month; -1 is the last.
    OfMonth(i8),
    /// The first of such days in a month, the second, …; -1 is the last.
    Nth(i8, Weekday),
}

pub(super) const WEEKDAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
pub(super) const ORDINALS: [(&str, i8); 5] = [("first", 1), ("second", 2), ("third", 3), ("fourth", 4), ("fifth", 5)];

impl Day {
    /// The day that a document means.
    pub(super) fn read(document: &DayDocument) -> Result<Day, ExpressionError> {
        match document {
            DayDocument::OfMonth(day) => match i8::try_from(*day) {
                Ok(day) if (1..=31).contains(&day.unsigned_abs()) => Ok(Day::OfMonth(day)),
                _ => Err(ExpressionError::new(format!("no month has a day `{day}`"))
                    .help("a day of the month is 1 to 31, or -1 for the last, -2 for the one before")),
            },
            DayDocument::Named(name) => named(name),
        }
    }

    /// The date of this day in the month that begins on `first`; a month that lacks it has none.
    pub(super) fn in_month(self, first: Date) -> Option<Date> {
        match self {
            Day::OfMonth(day @ 1..) => first.with().day(day).build().ok(),
            Day::OfMonth(day) => first.with().day(first.days_in_month().checked_add(day)?.checked_add(1)?).build().ok(),
            Day::Nth(nth, weekday) => first.nth_weekday_of_month(nth, weekday).ok(),
            Day::Weekday(_) => None,
        }
    }
}

/// `monday`, `first monday`, `last friday`, `second last friday`, in any case.
fn named(name: &str) -> Result<Day, ExpressionError> {
    let small = name.to_lowercase();
    let words: Vec<&str> = small.split_whitespace().collect();
    let ordinal = |word: &str| ORDINALS.into_iter().find(|(known, _)| *known == word).map(|(_, nth)| nth);
    let Some((weekday, before)) = words.split_last() else { return Err(unknown(name)) };
    let Some((_, weekday)) = WEEKDAYS.into_iter().find(|(known, _)| known == weekday) else {
        return Err(unknown(name));
    };
    let nth = match before {
        [] => return Ok(Day::Weekday(weekday)),
        ["last"] => Some(-1),
        [nth] => ordinal(nth),
        [nth, "last"] => ordinal(nth).map(|nth| -nth),
        _ => None,
    };
    nth.map(|nth| Day::Nth(nth, weekday)).ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> ExpressionError {
    let help = match nearest(name, WEEKDAYS.map(|(name, _)| name)) {
        Some(near) => format!("did you mean `{near}`?"),
        None => {
            "a day is a weekday, such as `monday`; of a month also `1`, `-1`, `first monday`, `last friday`".to_owned()
        }
    };
    ExpressionError::new(format!("`{name}` is no day")).help(help)
}
