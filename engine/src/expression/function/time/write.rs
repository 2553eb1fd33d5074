//! A moment as text: standard formats of one letter, and custom formats.

use std::fmt::Write as _;

use jiff::civil::DateTime;

use super::custom::{Part, parts, wrong};
use super::locale::{Locale, english};
use super::moment::Moment;
use crate::expression::ExpressionError;

/// The letters that stand for a part of a date or a time; those in [`SINGLE`] are not repeated.
pub(super) const LETTERS: &str = "dfFghHmMstyz";
pub(super) const SINGLE: &str = "K:/";

/// `o`, in which every time is written that names no format: the zone only where it is known.
pub(super) const ROUND_TRIP: &str = "yyyy'-'MM'-'dd'T'HH':'mm':'ss'.'fffffffK";

/// The text of a moment in a format.
pub(super) fn write(moment: Moment, format: &str, locale: &Locale) -> Result<String, ExpressionError> {
    match standard(format, locale)? {
        Some((pattern, true)) => custom(moment, &pattern, english()),
        Some((pattern, false)) => custom(moment, &pattern, locale),
        None => custom(moment, format, locale),
    }
}

/// What a standard format stands for, and whether it is the same in every locale; `None` for a custom format.
pub(super) fn standard(format: &str, locale: &Locale) -> Result<Option<(String, bool)>, ExpressionError> {
    let mut characters = format.chars();
    let letter = match (characters.next(), characters.next()) {
        // Nothing at all is the general format, in .NET too.
        (None, _) => 'G',
        (Some(letter), None) => letter,
        _ => return Ok(None),
    };
    let everywhere = match letter {
        'o' | 'O' => ROUND_TRIP,
        'r' | 'R' => "ddd, dd MMM yyyy HH':'mm':'ss 'GMT'",
        's' => "yyyy'-'MM'-'dd'T'HH':'mm':'ss",
        'u' => "yyyy'-'MM'-'dd HH':'mm':'ss'Z'",
        _ => return of_locale(letter, format, locale).map(|pattern| Some((pattern, false))),
    };
    Ok(Some((everywhere.to_owned(), true)))
}

fn of_locale(letter: char, format: &str, locale: &Locale) -> Result<String, ExpressionError> {
    if !"dDfFgGmMtTUyY".contains(letter) {
        let help = format!("one of: d, D, f, F, g, G, m, o, r, s, t, T, u, U, y; for the part alone write `%{letter}`");
        return Err(wrong(format, "there is no standard format of that letter").help(help));
    }
    let Some(patterns) = locale.patterns else {
        let message = format!("the standard format `{letter}` is not known for the locale `{}`", locale.name);
        return Err(ExpressionError::new(message).help("write the format out, such as `dd.MM.yyyy`"));
    };
    let (date, time) = match letter {
        'd' => (patterns.short_date, ""),
        'D' => (patterns.long_date, ""),
        'f' => (patterns.long_date, patterns.short_time),
        'F' | 'U' => (patterns.long_date, patterns.long_time),
        'g' => (patterns.short_date, patterns.short_time),
        'G' => (patterns.short_date, patterns.long_time),
        'm' | 'M' => (patterns.month_day, ""),
        'y' | 'Y' => (patterns.year_month, ""),
        't' => ("", patterns.short_time),
        _ => ("", patterns.long_time),
    };
    Ok(format!("{date} {time}").trim().to_owned())
}

fn custom(moment: Moment, format: &str, locale: &Locale) -> Result<String, ExpressionError> {
    let parts = parts(format, LETTERS, SINGLE)?;
    let beside_day = parts.iter().any(|part| matches!(part, Part::Specifier('d', 1 | 2)));
    let writer = Writer { moment, civil: moment.civil(), locale, beside_day };
    let mut text = String::new();
    for part in parts {
        match part {
            Part::Quoted(character) | Part::Plain(character) => text.push(character),
            Part::Specifier('f' | 'F', 8..) => return Err(wrong(format, "a second has 7 digits of fraction")),
            Part::Specifier(letter, count) => writer.specifier(letter, count, &mut text),
        }
    }
    Ok(text)
}

struct Writer<'a> {
    moment: Moment,
    civil: DateTime,
    locale: &'a Locale,
    /// Whether the format has the day of the month, so that a month is called as next to a day.
    beside_day: bool,
}

impl Writer<'_> {
    fn specifier(&self, letter: char, count: usize, text: &mut String) {
        let civil = self.civil;
        match letter {
            'd' if count > 2 => self.weekday(count, text),
            'd' => number(civil.day(), count, text),
            'M' if count > 2 => self.month(count, text),
            'M' => number(civil.month(), count, text),
            'y' if count > 2 => number(civil.year(), count, text),
            'y' => number(civil.year() % 100, count, text),
            'h' => number((civil.hour() + 11) % 12 + 1, count.min(2), text),
            'H' => number(civil.hour(), count.min(2), text),
            'm' => number(civil.minute(), count.min(2), text),
            's' => number(civil.second(), count.min(2), text),
            'f' => text.push_str(self.fraction().get(..count).unwrap_or_default()),
            'F' => self.short_fraction(count, text),
            't' => self.half(count, text),
            'g' => text.push_str("A.D."),
            'z' => text.push_str(match count {
                1 => "+0",
                2 => "+00",
                _ => "+00:00",
            }),
            'K' if self.moment.is_utc() => text.push('Z'),
            ':' => text.push_str(&self.locale.time_separator),
            '/' => text.push_str(&self.locale.date_separator),
            _ => {}
        }
    }

    fn weekday(&self, count: usize, text: &mut String) {
        let names = if count == 3 { &self.locale.short_days } else { &self.locale.days };
        text.push_str(name(names, self.civil.weekday().to_sunday_zero_offset()));
    }

    fn month(&self, count: usize, text: &mut String) {
        let names = match count {
            3 => &self.locale.short_months,
            _ if self.beside_day => &self.locale.months_of_days,
            _ => &self.locale.months,
        };
        text.push_str(name(names, self.civil.month() - 1));
    }

    fn half(&self, count: usize, text: &mut String) {
        let [before, after] = self.locale.halves;
        let half = if self.civil.hour() < 12 { before } else { after };
        text.extend(half.chars().take(if count == 1 { 1 } else { usize::MAX }));
    }

    /// Seven digits.
    fn fraction(&self) -> String {
        format!("{:07}", self.moment.fraction())
    }

    /// The digits without zeros at their end; where none is left, the point before them goes too.
    fn short_fraction(&self, count: usize, text: &mut String) {
        let digits = self.fraction();
        match digits.get(..count).unwrap_or_default().trim_end_matches('0') {
            "" if text.ends_with('.') => {
                text.pop();
            }
            digits => text.push_str(digits),
        }
    }
}

/// A number with zeros up to so many digits.
fn number(value: impl Into<i64>, digits: usize, text: &mut String) {
    // Writing to a text cannot fail.
    let _ = write!(text, "{:0digits$}", value.into());
}

fn name(names: &[String], index: i8) -> &str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).map_or("", String::as_str)
}
