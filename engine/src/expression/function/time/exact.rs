//! A moment from text in a format that is given: the reverse of writing.

use jiff::civil::Date;

use super::custom::{Part, parts};
use super::fields::{Fields, Why, fraction, full_year, offset};
use super::locale::{Locale, english};
use super::moment::Moment;
use super::read::{strip_prefix, wrong};
use super::write::{LETTERS, SINGLE, standard};
use crate::expression::ExpressionError;

/// Reads a text that is written in exactly this format; `today` stands in for what the format does not have.
pub(super) fn read_exact(
    text: &str,
    format: &str,
    locale: &Locale,
    today: impl FnOnce() -> Result<Date, ExpressionError>,
) -> Result<Moment, ExpressionError> {
    let pattern = standard(format, locale)?;
    let (pattern, locale) = match &pattern {
        Some((pattern, true)) => (pattern.as_str(), english()),
        Some((pattern, false)) => (pattern.as_str(), locale),
        None => (format, locale),
    };
    let parts = parts(pattern, LETTERS, SINGLE)?;
    let not_so = |why: Why| wrong(text, why).help(format!("the text must be written as the format `{format}` says"));
    let fields = Cursor { rest: text, locale, fields: Fields::default() }.read(&parts).map_err(not_so)?;
    // The clock is asked only where it is needed.
    let today = if fields.year.is_some() { Date::MIN } else { today()? };
    fields.moment(today).map_err(not_so)
}

struct Cursor<'a> {
    rest: &'a str,
    locale: &'a Locale,
    fields: Fields,
}

impl Cursor<'_> {
    fn read(mut self, parts: &[Part]) -> Result<Fields, Why> {
        for (index, part) in parts.iter().enumerate() {
            match part {
                // Where nothing was left of a fraction, the point before it was not written either.
                Part::Plain('.')
                    if !self.rest.starts_with('.') && matches!(parts.get(index + 1), Some(Part::Specifier('F', _))) => {
                }
                Part::Quoted(character) | Part::Plain(character) => self.literal(*character)?,
                Part::Specifier(letter, count) => self.specifier(*letter, *count)?,
            }
        }
        if self.rest.is_empty() { Ok(self.fields) } else { Err("it goes on after the format's end") }
    }

    fn literal(&mut self, character: char) -> Result<(), Why> {
        self.rest = self.rest.strip_prefix(character).ok_or("it lacks a character that the format has")?;
        Ok(())
    }

    fn specifier(&mut self, letter: char, count: usize) -> Result<(), Why> {
        let locale = self.locale;
        match letter {
            'd' if count > 3 => {
                self.named(&[&locale.days], 0).and_then(|day| Fields::set(&mut self.fields.weekday, day))
            }
            'd' if count == 3 => {
                self.named(&[&locale.short_days], 0).and_then(|day| Fields::set(&mut self.fields.weekday, day))
            }
            'M' if count > 3 => self
                .named(&[&locale.months_of_days, &locale.months], 1)
                .and_then(|month| Fields::set(&mut self.fields.month, month)),
            'M' if count == 3 => {
                self.named(&[&locale.short_months], 1).and_then(|month| Fields::set(&mut self.fields.month, month))
            }
            'd' => self.number(count, 2).and_then(|(day, _)| Fields::set(&mut self.fields.day, day)),
            'M' => self.number(count, 2).and_then(|(month, _)| Fields::set(&mut self.fields.month, month)),
            'y' => self.year(count),
            'h' => {
                let (hour, _) = self.number(count.min(2), 2)?;
                if hour > 12 { Err("hours of `h` go to 12") } else { Fields::set(&mut self.fields.hour, hour) }
            }
            'H' => self.number(count.min(2), 2).and_then(|(hour, _)| Fields::set(&mut self.fields.hour, hour)),
            'm' => self.number(count.min(2), 2).and_then(|(minute, _)| Fields::set(&mut self.fields.minute, minute)),
            's' => self.number(count.min(2), 2).and_then(|(second, _)| Fields::set(&mut self.fields.second, second)),
            'f' | 'F' => self.fraction(count, letter == 'F'),
            't' => self.half(count),
            'z' => self.offset(count > 2),
            'K' if self.strip("Z") => Fields::set(&mut self.fields.offset, 0),
            'K' if self.rest.starts_with(['+', '-']) => self.offset(true),
            ':' => self.text(&locale.time_separator),
            '/' => self.text(&locale.date_separator),
            'g' => self.text("A.D."),
            _ => Ok(()),
        }
    }

    fn year(&mut self, count: usize) -> Result<(), Why> {
        let (value, digits) = match count {
            1 | 2 => self.number(count, 2)?,
            _ => self.number(count.min(4), 4)?,
        };
        let year = if count < 3 { full_year(value, digits) } else { value };
        Fields::set(&mut self.fields.year, year)
    }

    /// A number: of one digit up to `most` where the format has one letter, else of as many digits as letters.
    fn number(&mut self, count: usize, most: usize) -> Result<(i64, usize), Why> {
        let digits = self.digits(if count == 1 { most } else { count });
        if digits.is_empty() || (count > 1 && digits.len() != count) {
            return Err("a number lacks digits");
        }
        Ok((digits.parse().map_err(|_| "it has a wrong number")?, digits.len()))
    }

    fn fraction(&mut self, count: usize, may_be_shorter: bool) -> Result<(), Why> {
        if count > 7 {
            return Err("a second has 7 digits of fraction");
        }
        let digits = self.digits(count);
        if digits.len() < count && !may_be_shorter {
            return Err("a number lacks digits");
        }
        let ticks = fraction(digits);
        Fields::set(&mut self.fields.fraction, ticks)
    }

    fn offset(&mut self, with_minutes: bool) -> Result<(), Why> {
        let west = match self.rest.chars().next() {
            Some('+') => false,
            Some('-') => true,
            _ => return Err("it lacks an offset from UTC"),
        };
        self.rest = self.rest.get(1..).unwrap_or_default();
        let (hours, _) = self.number(1, 2)?;
        let minutes = if with_minutes {
            self.text(":")?;
            self.number(2, 2)?.0
        } else {
            0
        };
        Fields::set(&mut self.fields.offset, offset(west, hours, minutes)?)
    }

    fn half(&mut self, count: usize) -> Result<(), Why> {
        let halves = self.locale.halves;
        for (half, afternoon) in halves.into_iter().zip([false, true]) {
            let wanted: String = half.chars().take(if count == 1 { 1 } else { usize::MAX }).collect();
            if self.strip(&wanted) {
                return Fields::set(&mut self.fields.afternoon, afternoon);
            }
        }
        Err("it lacks the half of the day")
    }

    /// The place of the name that the text goes on with, counted from `first`; the longest of those that fit.
    fn named(&mut self, lists: &[&Vec<String>], first: i64) -> Result<i64, Why> {
        let found = lists
            .iter()
            .flat_map(|names| (first..).zip(names.iter()))
            .filter_map(|(index, name)| strip_prefix(self.rest, name).map(|rest| (rest, index)))
            .min_by_key(|(rest, _)| rest.len());
        let (rest, index) = found.ok_or("it lacks the name of a day or a month")?;
        self.rest = rest;
        Ok(index)
    }

    fn text(&mut self, wanted: &str) -> Result<(), Why> {
        if self.strip(wanted) { Ok(()) } else { Err("it lacks a character that the format has") }
    }

    fn strip(&mut self, wanted: &str) -> bool {
        let rest = strip_prefix(self.rest, wanted);
        self.rest = rest.unwrap_or(self.rest);
        rest.is_some()
    }
}

impl<'a> Cursor<'a> {
    fn digits(&mut self, most: usize) -> &'a str {
        let length = self.rest.bytes().take(most).take_while(u8::is_ascii_digit).count();
        let (digits, rest) = self.rest.split_at_checked(length).unwrap_or(("", self.rest));
        self.rest = rest;
        digits
    }
}
