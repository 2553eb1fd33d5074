//! A moment from text in any usual form: ISO 8601, `03/15/2018 1:00 PM`, `Thu, 15 Mar 2018 13:00:00 GMT`.
//!
//! As .NET does, the reader takes the text apart into numbers, words and marks, and finds out from their order and
//! the locale what each number is. It goes through the text once.

use std::cell::LazyCell;

use jiff::civil::Date;

use super::fields::{Fields, Why, fraction, full_year, offset};
use super::locale::{Locale, english};
use super::moment::Moment;
use crate::expression::ExpressionError;

/// Characters that a text may have: far more than any date has.
const MOST_CHARACTERS: usize = 200;
/// The scripts of China, Japan and Korea begin here.
const FIRST_EAST_ASIAN: char = '\u{2e80}';
/// Words that stand within dates and say nothing: `20 de octubre`, `den 20. oktober`, `2018 г.`
const FILLERS: [&str; 3] = ["de", "den", "г"];
/// What stands after the numbers of a date in East Asia: `2018年3月15日`.
const NUMBER_SUFFIXES: &str = "年月日년월일";

/// Reads a text; `today` stands in for what it does not say of the date.
pub(super) fn read(
    text: &str,
    locale: &Locale,
    today: impl FnOnce() -> Result<Date, ExpressionError>,
) -> Result<Moment, ExpressionError> {
    let fields = fields(text, locale).map_err(|why| wrong(text, why))?;
    // The clock is asked only where it is needed.
    let today = if fields.year.is_some() { Date::MIN } else { today()? };
    fields.moment(today).map_err(|why| wrong(text, why))
}

/// The error of a text that is no date and time.
pub(super) fn wrong(text: &str, why: Why) -> ExpressionError {
    let shown: String = text.chars().take(60).collect();
    let rest = if shown.len() < text.len() { "…" } else { "" };
    ExpressionError::new(format!("`{shown}{rest}` cannot be read as a date and time: {why}"))
        .help("write it as in `2018-03-15T13:00:00Z`; with slashes the month comes first: `03/15/2018 13:00:00`")
}

fn fields(text: &str, locale: &Locale) -> Result<Fields, Why> {
    if text.chars().nth(MOST_CHARACTERS).is_some() {
        return Err("it is too long");
    }
    let tokens = tokens(text, locale)?;
    let mut reader = Reader { tokens: &tokens, at: 0, time_end: None, fields: Fields::default(), numbers: Vec::new() };
    while reader.at < tokens.len() {
        reader.next()?;
    }
    reader.date(locale.order)?;
    Ok(reader.fields)
}

/// A piece of the text, and whether it follows the piece before it without a space.
#[derive(Debug, Clone, Copy)]
struct Token<'a> {
    kind: Kind<'a>,
    close: bool,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Kind<'a> {
    Digits(&'a str),
    Mark(char),
    /// From 1.
    Month(i64),
    /// Sunday is 0.
    Weekday(i64),
    /// Whether it is after noon.
    Half(bool),
    /// `T` between date and time.
    Between,
    /// `Z` or `GMT`.
    Utc,
    /// Says nothing.
    Filler,
}

fn tokens<'a>(text: &'a str, locale: &Locale) -> Result<Vec<Token<'a>>, Why> {
    // Most texts have no words: their table is made for the first.
    let words = LazyCell::new(|| Words::new(locale));
    let mut tokens = Vec::new();
    let mut rest = text;
    loop {
        let trimmed = rest.trim_start();
        let close = trimmed.len() == rest.len();
        let Some(first) = trimmed.chars().next() else { break };
        let (piece, after) = trimmed.split_at_checked(length(trimmed, first)).unwrap_or((trimmed, ""));
        let (kind, after) = match piece {
            "T" | "t" => (Kind::Between, after),
            "Z" | "z" => (Kind::Utc, after),
            digits if first.is_ascii_digit() => (Kind::Digits(digits), after),
            _ if close && NUMBER_SUFFIXES.contains(first) && ends_in_digits(&tokens) => {
                (Kind::Filler, trimmed.get(first.len_utf8()..).unwrap_or_default())
            }
            word if first.is_alphabetic() => words.find(trimmed, word)?,
            _ => (Kind::Mark(first), after),
        };
        tokens.push(Token { kind, close });
        rest = after;
    }
    if tokens.is_empty() { Err("it is empty") } else { Ok(tokens) }
}

fn ends_in_digits(tokens: &[Token<'_>]) -> bool {
    tokens.last().is_some_and(|last| matches!(last.kind, Kind::Digits(_)))
}

/// The bytes of the run of digits or letters, or of the mark, that a text begins with.
fn length(text: &str, first: char) -> usize {
    let end = if first.is_ascii_digit() {
        text.find(|c: char| !c.is_ascii_digit())
    } else if first.is_alphabetic() {
        text.find(|c: char| !c.is_alphabetic())
    } else {
        Some(first.len_utf8())
    };
    end.unwrap_or(text.len())
}

/// The words of a locale; English ones are known everywhere.
struct Words {
    /// In small letters, the longest first.
    names: Vec<(String, Kind<'static>)>,
}

impl Words {
    fn new(locale: &Locale) -> Words {
        let mut names: Vec<(String, Kind<'static>)> = Vec::new();
        for locale in [locale, english()] {
            for months in [&locale.months, &locale.months_of_days, &locale.short_months] {
                names.extend((1..).zip(months).map(|(month, name)| (name.to_lowercase(), Kind::Month(month))));
            }
            for days in [&locale.days, &locale.short_days] {
                names.extend((0..).zip(days).map(|(day, name)| (name.to_lowercase(), Kind::Weekday(day))));
            }
            let [before, after] = locale.halves;
            names.extend([(before.to_lowercase(), Kind::Half(false)), (after.to_lowercase(), Kind::Half(true))]);
        }
        names.push(("gmt".to_owned(), Kind::Utc));
        names.extend(FILLERS.map(|word| (word.to_owned(), Kind::Filler)));
        for (name, _) in &mut names {
            // A text may leave out the point of a shortened word; where it has one, it is a mark.
            name.truncate(name.trim_end_matches('.').len());
        }
        names.sort_by_key(|(name, _)| std::cmp::Reverse(name.len()));
        Words { names }
    }

    /// What the text begins with, and what follows. A name may have hyphens and spaces in it, and must not end within
    /// a word; in the scripts of East Asia nothing stands between words.
    fn find<'a>(&self, text: &'a str, word: &str) -> Result<(Kind<'static>, &'a str), Why> {
        self.names
            .iter()
            .filter(|(name, _)| name.starts_with(char::is_alphabetic))
            .find_map(|(name, kind)| {
                let after = strip_prefix(text, name)?;
                let within_word = text.len() - after.len() < word.len();
                let may_end = !within_word || name.ends_with(|last| last >= FIRST_EAST_ASIAN);
                may_end.then_some((*kind, after))
            })
            .ok_or("it has a word that is no day, no month and no zone")
    }
}

struct Reader<'a> {
    tokens: &'a [Token<'a>],
    at: usize,
    /// The token after the time, where a minus begins an offset.
    time_end: Option<usize>,
    fields: Fields,
    /// The numbers of the date, with their digits.
    numbers: Vec<(i64, usize)>,
}

impl<'a> Reader<'a> {
    fn next(&mut self) -> Result<(), Why> {
        let Some(kind) = self.peek(0) else { return Ok(()) };
        match kind {
            Kind::Digits(_) if self.begins_time() => return self.time(),
            Kind::Digits(digits) => {
                self.numbers.push((value(digits)?, digits.len()));
                if self.numbers.len() > 3 {
                    return Err("it has too many numbers");
                }
            }
            Kind::Month(month) => Fields::set(&mut self.fields.month, month)?,
            Kind::Weekday(day) => Fields::set(&mut self.fields.weekday, day)?,
            Kind::Half(_) => return Err("a half of the day stands after a time"),
            Kind::Utc => Fields::set(&mut self.fields.offset, 0)?,
            Kind::Mark(sign @ ('+' | '-')) if sign == '+' || self.time_end == Some(self.at) => {
                return self.offset(sign == '-');
            }
            Kind::Mark(mark) => return self.mark(mark),
            Kind::Between if !matches!(self.peek(1), Some(Kind::Digits(_))) => {
                return Err("after `T` a time is missing");
            }
            Kind::Between | Kind::Filler => {}
        }
        self.at += 1;
        Ok(())
    }

    fn peek(&self, ahead: usize) -> Option<Kind<'a>> {
        self.tokens.get(self.at + ahead).map(|token| token.kind)
    }

    /// Whether the number here is an hour: minutes follow, or a half of the day.
    fn begins_time(&self) -> bool {
        matches!(self.peek(1), Some(Kind::Mark(':') | Kind::Half(_)))
    }

    /// `13`, `13:00`, `13:00:00`, `13:00:00.0000000`, `1:00 PM`.
    fn time(&mut self) -> Result<(), Why> {
        if self.fields.hour.is_some() {
            return Err("it has two times");
        }
        self.fields.hour = Some(self.number()?);
        if self.take(':') {
            self.fields.minute = Some(self.number()?);
            if self.take(':') {
                self.fields.second = Some(self.number()?);
                self.fraction();
            }
        }
        if let Some(Kind::Half(afternoon)) = self.peek(0) {
            self.fields.afternoon = Some(afternoon);
            self.at += 1;
            self.take('.');
        }
        self.time_end = Some(self.at);
        Ok(())
    }

    fn fraction(&mut self) {
        let close = self.tokens.get(self.at + 1).is_some_and(|token| token.close);
        if let (Some(Kind::Mark('.')), Some(Kind::Digits(digits)), true) = (self.peek(0), self.peek(1), close) {
            self.fields.fraction = Some(fraction(digits));
            self.at += 2;
        }
    }

    /// `+02:00`, `-0500`, `+2`.
    fn offset(&mut self, west: bool) -> Result<(), Why> {
        self.at += 1;
        let (hours, minutes) = match self.peek(0) {
            Some(Kind::Digits(digits)) if digits.len() == 4 => {
                let value = self.number()?;
                (value / 100, value % 100)
            }
            _ => {
                let hours = self.number()?;
                (hours, if self.take(':') { self.number()? } else { 0 })
            }
        };
        Fields::set(&mut self.fields.offset, offset(west, hours, minutes)?)
    }

    /// A mark separates two parts; a comma or a point may also end one.
    fn mark(&mut self, mark: char) -> Result<(), Why> {
        let after_part = self
            .at
            .checked_sub(1)
            .and_then(|before| self.tokens.get(before))
            .is_some_and(|token| !matches!(token.kind, Kind::Mark(_)) || mark == ',');
        let ends = matches!(self.peek(1), None | Some(Kind::Mark(_)));
        if !after_part || !['/', '-', '.', ','].contains(&mark) || (ends && !['.', ','].contains(&mark)) {
            return Err("it has a mark that no date has there");
        }
        self.at += 1;
        Ok(())
    }

    fn take(&mut self, mark: char) -> bool {
        let found = self.peek(0) == Some(Kind::Mark(mark));
        self.at += usize::from(found);
        found
    }

    fn number(&mut self) -> Result<i64, Why> {
        let Some(Kind::Digits(digits)) = self.peek(0) else { return Err("a number is missing") };
        let number = value(digits)?;
        self.at += 1;
        Ok(number)
    }

    /// Finds out what the numbers of the date are: one of three digits or more is the year, and the locale says the
    /// order of the others.
    fn date(&mut self, order: [char; 3]) -> Result<(), Why> {
        let long = |(_, digits): (i64, usize)| digits > 2;
        let day_first = order.iter().position(|part| *part == 'd') < order.iter().position(|part| *part == 'M');
        let year_first = order.first() == Some(&'y');
        let named = self.fields.month.is_some();
        let letters = match (named, self.numbers.as_slice()) {
            (true, []) => "",
            (true, [one]) if long(*one) => "y",
            (true, [_]) => "d",
            (true, [first, second]) if long(*first) || (year_first && !long(*second)) => "yd",
            (true, [_, _]) => "dy",
            (false, [first, _, _])
                if long(*first) || (year_first && !self.numbers.last().is_some_and(|n| long(*n))) =>
            {
                "yMd"
            }
            (false, [_, _, _]) if day_first => "dMy",
            (false, [_, _, _]) => "Mdy",
            (false, [first, _]) if long(*first) => "yM",
            (false, [_, second]) if long(*second) => "My",
            (false, [_, _]) if day_first => "dM",
            (false, [_, _]) => "Md",
            (false, []) if self.fields.hour.is_some() => "",
            _ => return Err("it has no date"),
        };
        for (letter, (value, digits)) in letters.chars().zip(self.numbers.iter().copied()) {
            match letter {
                'y' => self.fields.year = Some(full_year(value, digits)),
                'M' => self.fields.month = Some(value),
                _ => self.fields.day = Some(value),
            }
        }
        Ok(())
    }
}

/// What follows `wanted`, without regard to case.
pub(super) fn strip_prefix<'a>(text: &'a str, wanted: &str) -> Option<&'a str> {
    let mut letters = text.chars();
    for wanted in wanted.chars() {
        let letter = letters.next()?;
        if letter != wanted && !letter.to_lowercase().eq(wanted.to_lowercase()) {
            return None;
        }
    }
    Some(letters.as_str())
}

fn value(digits: &str) -> Result<i64, Why> {
    if digits.len() > 4 {
        Err("it has a number of more than 4 digits")
    } else {
        digits.parse().map_err(|_| "it has a wrong number")
    }
}
