//! How a language writes dates: names of days and months, the order of day, month and year, separators.
//!
//! Names come from the C library's locale data, standard formats from [`patterns`].

use std::borrow::Cow;
use std::str::FromStr;
use std::sync::LazyLock;

use pure_rust_locales::{Locale as CLocale, locale_match};

use super::patterns::{self, Patterns};
use crate::expression::ExpressionError;
use crate::source::nearest;

/// How a language writes dates.
#[derive(Debug, Clone)]
pub(super) struct Locale {
    /// Its name, such as `de-DE`.
    pub(super) name: String,
    /// Sunday first.
    pub(super) days: Vec<String>,
    /// Sunday first.
    pub(super) short_days: Vec<String>,
    /// As a month is called next to a day: many languages bend the word there.
    pub(super) months_of_days: Vec<String>,
    /// As a month is called alone.
    pub(super) months: Vec<String>,
    /// The months, short.
    pub(super) short_months: Vec<String>,
    /// Before noon, and after.
    pub(super) halves: [&'static str; 2],
    /// What stands between day, month and year: what `/` writes.
    pub(super) date_separator: String,
    /// What stands between hours and minutes: what `:` writes.
    pub(super) time_separator: String,
    /// What stands before the fraction of a number.
    pub(super) decimal_point: &'static str,
    /// `d`, `M` and `y` in the order of a short date.
    pub(super) order: [char; 3],
    /// Its standard formats, where they are known.
    pub(super) patterns: Option<&'static Patterns>,
}

/// English as in the United States, which everything is written in that names no locale.
pub(super) fn english() -> &'static Locale {
    static ENGLISH: LazyLock<Locale> = LazyLock::new(|| Locale::of("en-US".to_owned(), CLocale::en_US));
    &ENGLISH
}

impl Locale {
    /// The locale of that name, such as `fr-FR` or `de`, in any case; without one, English.
    pub(super) fn find(name: Option<&str>) -> Result<Cow<'static, Locale>, ExpressionError> {
        let Some(name) = name else { return Ok(Cow::Borrowed(english())) };
        if name.eq_ignore_ascii_case("en-US") {
            return Ok(Cow::Borrowed(english()));
        }
        let full_name = full_name(name);
        match CLocale::from_str(&full_name.replace('-', "_")) {
            Ok(locale) if locale != CLocale::POSIX => Ok(Cow::Owned(Locale::of(full_name, locale))),
            _ => {
                let help = match nearest(name, patterns::ALL.iter().map(|patterns| patterns.locale)) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => "a locale is a language and a country, such as `de-DE`".to_owned(),
                };
                Err(ExpressionError::new(format!("there is no locale `{name}`")).help(help))
            }
        }
    }

    fn of(name: String, locale: CLocale) -> Locale {
        let patterns = patterns::ALL.iter().find(|patterns| patterns.locale == name);
        let months_of_days = locale_match!(locale => LC_TIME::MON);
        let months = locale_match!(locale => LC_TIME::ALT_MON).unwrap_or(months_of_days);
        let short_date = patterns.map_or_else(
            || Cow::Owned(short_date(locale_match!(locale => LC_TIME::D_FMT))),
            |patterns| Cow::Borrowed(patterns.short_date),
        );
        let time = patterns.map_or("HH:mm", |patterns| patterns.short_time).trim_start_matches(['t', ' ']);
        let mut this = Locale {
            days: words(&name, locale_match!(locale => LC_TIME::DAY)),
            short_days: words(&name, locale_match!(locale => LC_TIME::ABDAY)),
            months_of_days: words(&name, months_of_days),
            months: words(&name, months),
            short_months: words(&name, locale_match!(locale => LC_TIME::ABMON)),
            halves: patterns.map_or(["AM", "PM"], |patterns| patterns.halves),
            date_separator: separator(&short_date),
            time_separator: separator(time),
            decimal_point: locale_match!(locale => LC_NUMERIC::DECIMAL_POINT),
            order: order(&short_date),
            patterns,
            name,
        };
        this.complete_names();
        this
    }

    /// Adds what the C library's data lacks: the form of months that Finnish has next to a day, and the second half
    /// that working days have in Portuguese.
    fn complete_names(&mut self) {
        if self.name.starts_with("fi-") {
            self.months_of_days.iter_mut().for_each(|month| month.push_str("ta"));
        }
        if self.name.starts_with("pt-") {
            let working_days = self.days.iter_mut().skip(1).take(5).filter(|day| !day.ends_with("-feira"));
            working_days.for_each(|day| day.push_str("-feira"));
        }
    }
}

/// `DE-de` and `de` as `de-DE`.
fn full_name(name: &str) -> String {
    match name.split_once(['-', '_']) {
        Some((language, country)) => format!("{}-{}", language.to_lowercase(), country.to_uppercase()),
        None => {
            let of_language = format!("{}-", name.to_lowercase());
            let first = patterns::ALL.iter().find(|patterns| patterns.locale.starts_with(&of_language));
            first.map_or_else(|| name.to_lowercase(), |patterns| patterns.locale.to_owned())
        }
    }
}

/// Names as they stand within a sentence: the C library's data begins some with a capital as if alone in a table.
fn words(locale: &str, words: &[&str]) -> Vec<String> {
    let small = ["cs-CZ", "ru-RU"].contains(&locale);
    words.iter().map(|word| word.trim()).map(|word| if small { word.to_lowercase() } else { word.to_owned() }).collect()
}

/// A C library's date format, such as `%d.%m.%Y`, as ours.
fn short_date(format: &str) -> String {
    let mut date = String::new();
    let mut rest = format.chars();
    while let Some(character) = rest.next() {
        if character != '%' {
            date.push(character);
            continue;
        }
        match rest.find(char::is_ascii_alphabetic) {
            Some('d' | 'e') => date.push_str("dd"),
            Some('m' | 'b') => date.push_str("MM"),
            Some('y' | 'Y') => date.push_str("yyyy"),
            Some('D') => date.push_str("MM/dd/yyyy"),
            Some('F') => date.push_str("yyyy-MM-dd"),
            _ => {}
        }
    }
    date
}

/// What stands between the first two specifiers of a format.
fn separator(format: &str) -> String {
    format
        .chars()
        .skip_while(char::is_ascii_alphabetic)
        .take_while(|character| !character.is_ascii_alphabetic())
        .collect()
}

/// The letters of a date in the order of their first use; a format without all of them is read as day, month, year.
fn order(format: &str) -> [char; 3] {
    let mut found: Vec<char> = Vec::new();
    for letter in format.chars().filter(|letter| ['d', 'M', 'y'].contains(letter)) {
        if !found.contains(&letter) {
            found.push(letter);
        }
    }
    found.try_into().unwrap_or(['d', 'M', 'y'])
}
