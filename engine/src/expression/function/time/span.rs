//! A length of time, as .NET's time spans: `[-][d.]hh:mm:ss[.fffffff]`.

use std::fmt::{self, Write as _};

use super::custom::{Part, parts, wrong};
use super::fields::fraction;
use super::locale::Locale;
use super::moment::{TICKS_PER_DAY, TICKS_PER_HOUR, TICKS_PER_MINUTE, TICKS_PER_SECOND};
use crate::expression::ExpressionError;

/// A length of time in ticks of 100 nanoseconds; it may be negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span(pub(super) i64);

/// The constant format `c`.
impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = self.parts();
        let sign = if self.0 < 0 { "-" } else { "" };
        f.write_str(sign)?;
        if parts.days > 0 {
            write!(f, "{}.", parts.days)?;
        }
        write!(f, "{:02}:{:02}:{:02}", parts.hours, parts.minutes, parts.seconds)?;
        if parts.fraction > 0 { write!(f, ".{:07}", parts.fraction) } else { Ok(()) }
    }
}

/// The parts of a length without its sign.
struct Parts {
    days: u64,
    hours: u64,
    minutes: u64,
    seconds: u64,
    fraction: u64,
}

impl Span {
    /// Reads `d`, `hh:mm`, `hh:mm:ss`, `d.hh:mm…` or `d:hh:mm:ss`, each with `-` before it and a fraction after
    /// seconds.
    pub(super) fn read(text: &str) -> Result<Span, ExpressionError> {
        Span::ticks(text.trim()).map(Span).ok_or_else(|| {
            let shown: String = text.chars().take(60).collect();
            ExpressionError::new(format!("`{shown}` cannot be read as a length of time"))
                .help("write it as days, hours, minutes and seconds: `1.02:03:04`; hours go to 23")
        })
    }

    fn ticks(text: &str) -> Option<i64> {
        let (negative, text) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let fields: Vec<&str> = text.splitn(5, ':').collect();
        let (days, hours, minutes, seconds) = match fields.as_slice() {
            [days] => (*days, "0", "0", "0"),
            [first, minutes] => {
                let (days, hours) = first.split_once('.').unwrap_or(("0", *first));
                (days, hours, *minutes, "0")
            }
            [first, minutes, seconds] => {
                let (days, hours) = first.split_once('.').unwrap_or(("0", *first));
                (days, hours, *minutes, *seconds)
            }
            [days, hours, minutes, seconds] => (*days, *hours, *minutes, *seconds),
            _ => return None,
        };
        let (seconds, rest) = seconds.split_once('.').unwrap_or((seconds, "0"));
        let rest = number(rest, 9_999_999).map(|_| fraction(rest))?;
        let ticks = number(days, 10_675_199)?.checked_mul(TICKS_PER_DAY)?;
        let ticks = ticks.checked_add(number(hours, 23)? * TICKS_PER_HOUR)?;
        let ticks = ticks.checked_add(number(minutes, 59)? * TICKS_PER_MINUTE)?;
        let ticks = ticks.checked_add(number(seconds, 59)? * TICKS_PER_SECOND + rest)?;
        Some(if negative { -ticks } else { ticks })
    }

    /// The text in a standard format (`c`, `t`, `T`, `g`, `G`) or a custom one.
    pub(super) fn write(self, format: &str, locale: &Locale) -> Result<String, ExpressionError> {
        let Parts { days, hours, minutes, seconds, fraction } = self.parts();
        let sign = if self.0 < 0 { "-" } else { "" };
        let point = locale.decimal_point;
        match format {
            "" | "c" | "t" | "T" => Ok(self.to_string()),
            "g" => {
                let days = if days > 0 { format!("{days}:") } else { String::new() };
                let digits = format!("{fraction:07}");
                let digits = digits.trim_end_matches('0');
                let point = if digits.is_empty() { "" } else { point };
                Ok(format!("{sign}{days}{hours}:{minutes:02}:{seconds:02}{point}{digits}"))
            }
            "G" => Ok(format!("{sign}{days}:{hours:02}:{minutes:02}:{seconds:02}{point}{fraction:07}")),
            _ if format.chars().nth(1).is_none() => {
                Err(wrong(format, "there is no such standard format").help("one of: c, g, G"))
            }
            _ => self.custom(format),
        }
    }

    /// A custom format has no sign, and every character that is not a specifier must be quoted or escaped.
    fn custom(self, format: &str) -> Result<String, ExpressionError> {
        let span = self.parts();
        let mut text = String::new();
        for part in parts(format, "dhmsfF", "")? {
            let (value, most, count) = match part {
                Part::Quoted(character) => {
                    text.push(character);
                    continue;
                }
                Part::Plain(_) => {
                    let help = "quote what stands for itself, such as `hh':'mm`, or write `\\` before it";
                    return Err(wrong(format, "it has a character that is no specifier").help(help));
                }
                Part::Specifier('d', count) => (span.days, 8, count),
                Part::Specifier('h', count) => (span.hours, 2, count),
                Part::Specifier('m', count) => (span.minutes, 2, count),
                Part::Specifier('s', count) => (span.seconds, 2, count),
                Part::Specifier(letter, count) => {
                    let digits = format!("{:07}", span.fraction);
                    let digits =
                        digits.get(..count).ok_or_else(|| wrong(format, "a second has 7 digits of fraction"))?;
                    text.push_str(if letter == 'F' { digits.trim_end_matches('0') } else { digits });
                    continue;
                }
            };
            if count > most {
                return Err(wrong(format, "it repeats a specifier too often"));
            }
            // Writing to a text cannot fail.
            let _ = write!(text, "{value:0count$}");
        }
        Ok(text)
    }

    fn parts(self) -> Parts {
        let ticks = self.0.unsigned_abs();
        let part = |length: i64| ticks / length.unsigned_abs();
        Parts {
            days: part(TICKS_PER_DAY),
            hours: part(TICKS_PER_HOUR) % 24,
            minutes: part(TICKS_PER_MINUTE) % 60,
            seconds: part(TICKS_PER_SECOND) % 60,
            fraction: ticks % TICKS_PER_SECOND.unsigned_abs(),
        }
    }
}

/// A number of digits only, up to `most`.
fn number(digits: &str, most: i64) -> Option<i64> {
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok().filter(|value| *value <= most)
}
