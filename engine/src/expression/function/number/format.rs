//! Numbers as text by a format of .NET: a letter with a precision here, patterns of signs in `custom`.

use super::digits::Digits;
use super::{Culture, Number, custom};
use crate::expression::{ExpressionError, Operand};

/// The most digits that a format may ask for.
const PRECISION: usize = 999;

/// The number in that format.
pub(in crate::expression::function) fn format(
    number: Number,
    format: &str,
    culture: &Culture,
) -> Result<String, ExpressionError> {
    if let Number::Float(float) = number
        && !float.is_finite()
    {
        let name = Operand::float(float).to_text().into_owned();
        return Ok(name.replace("Infinity", culture.infinity));
    }
    match standard(format)? {
        Some((letter, precision)) => by_letter(number, letter, precision, culture),
        None => Ok(custom::format(&custom_digits(number), number, format, culture)),
    }
}

/// The letter and the precision of a standard format; `None` where it is a pattern.
fn standard(format: &str) -> Result<Option<(char, Option<usize>)>, ExpressionError> {
    let mut characters = format.chars();
    let Some(letter) = characters.next() else {
        return Ok(Some(('G', None)));
    };
    let precision = characters.as_str();
    if !letter.is_ascii_alphabetic() || !precision.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(None);
    }
    if precision.is_empty() {
        return Ok(Some((letter, None)));
    }
    match precision.parse() {
        Ok(digits) if digits <= PRECISION => Ok(Some((letter, Some(digits)))),
        _ => Err(ExpressionError::new(format!("the format asks for more than `{PRECISION}` digits"))),
    }
}

/// The digits that a pattern works on: of a double no more than 15, as .NET has it.
fn custom_digits(number: Number) -> Digits {
    match number {
        Number::Int(number) => Digits::of_int(number),
        Number::Float(number) => Digits::significant(number, 15),
        Number::Decimal(number) => Digits::of_decimal(number),
    }
}

fn by_letter(
    number: Number,
    letter: char,
    precision: Option<usize>,
    culture: &Culture,
) -> Result<String, ExpressionError> {
    match (letter.to_ascii_uppercase(), number) {
        ('C', _) => {
            let digits = with_places(number, precision.unwrap_or(culture.currency_digits), 0);
            let amount = fixed(&digits, precision.unwrap_or(culture.currency_digits), Some(culture), culture);
            Ok(signed(&digits, &currency(&amount, culture)))
        }
        ('F', _) => {
            let digits = with_places(number, precision.unwrap_or(2), 0);
            Ok(signed(&digits, &fixed(&digits, precision.unwrap_or(2), None, culture)))
        }
        ('N', _) => {
            let digits = with_places(number, precision.unwrap_or(2), 0);
            Ok(signed(&digits, &fixed(&digits, precision.unwrap_or(2), Some(culture), culture)))
        }
        ('P', _) => {
            let digits = with_places(number, precision.unwrap_or(2), 2);
            let amount = fixed(&digits, precision.unwrap_or(2), Some(culture), culture);
            Ok(signed(&digits, &format!("{amount}{}%", culture.percent_gap)))
        }
        ('E', _) => {
            let places = precision.unwrap_or(6);
            let digits = with_digits(number, places + 1);
            Ok(signed(&digits, &scientific(&digits, Some(places), letter, 3, culture)))
        }
        ('G', _) => Ok(general(number, letter, precision.filter(|digits| *digits > 0), culture)),
        ('R', Number::Float(number)) => Ok(shortest(number, 'E', culture)),
        ('D', Number::Int(number)) => {
            let text = format!("{:0>1$}", number.unsigned_abs(), precision.unwrap_or(0));
            Ok(if number < 0 { format!("-{text}") } else { text })
        }
        ('X', Number::Int(number)) => {
            let width = precision.unwrap_or(0);
            Ok(if letter == 'X' { format!("{number:0>width$X}") } else { format!("{number:0>width$x}") })
        }
        ('B', Number::Int(number)) => Ok(format!("{number:0>0$b}", precision.unwrap_or(0))),
        ('D' | 'X' | 'B', _) => Err(ExpressionError::new(format!("the format `{letter}` is for whole numbers"))
            .help("make one with `int`, or take the format `F0`")),
        _ => Err(ExpressionError::new(format!("`{letter}` is no format of this number"))
            .help("the formats are C, D, E, F, G, N, P, R, X and B, or a pattern such as `#,##0.00`")),
    }
}

/// The digits, rounded to so many places after the point once that has moved to the right by `shift`.
fn with_places(number: Number, places: usize, shift: i64) -> Digits {
    let exact = places.saturating_add(usize::try_from(shift).unwrap_or(0));
    let mut digits = match number {
        Number::Float(number) => Digits::places(number, exact),
        other => custom_digits(other),
    };
    if !digits.is_zero() {
        digits.scale += shift;
        digits.round(digits.scale.saturating_add(places as i64));
    }
    digits
}

/// So many digits.
fn with_digits(number: Number, count: usize) -> Digits {
    match number {
        Number::Float(number) => Digits::significant(number, count),
        other => {
            let mut digits = custom_digits(other);
            digits.round(count as i64);
            digits
        }
    }
}

fn signed(digits: &Digits, text: &str) -> String {
    if digits.negative { format!("-{text}") } else { text.to_owned() }
}

/// Digits around a point, those before it in the groups of a culture.
fn fixed(digits: &Digits, places: usize, groups: Option<&Culture>, culture: &Culture) -> String {
    let mut text = groups.map_or_else(|| digits.whole(), |culture| grouped(&digits.whole(), culture));
    if places > 0 {
        text.push_str(culture.point);
        text.push_str(&digits.fraction(places));
    }
    text
}

fn grouped(whole: &str, culture: &Culture) -> String {
    let mut text = String::new();
    for (place, digit) in whole.chars().enumerate() {
        text.push(digit);
        let left = whole.len() - place - 1;
        if left > 0 && custom::ends_group(left as i64, culture.groups) {
            text.push_str(culture.group);
        }
    }
    text
}

fn currency(amount: &str, culture: &Culture) -> String {
    let Culture { currency, currency_gap: gap, .. } = culture;
    if culture.currency_first { format!("{currency}{gap}{amount}") } else { format!("{amount}{gap}{currency}") }
}

/// One digit, the point, the others, and the exponent with so many digits at least.
fn scientific(digits: &Digits, places: Option<usize>, letter: char, width: usize, culture: &Culture) -> String {
    let exponent = if digits.is_zero() { 0 } else { digits.scale - 1 };
    let places = places.unwrap_or(digits.len().saturating_sub(1));
    let mut text = String::from(digits.at(0));
    if places > 0 {
        text.push_str(culture.point);
        text.extend((1..).take(places).map(|place| digits.at(place)));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{text}{letter}{sign}{:0width$}", exponent.unsigned_abs())
}

/// The shorter of plain and scientific; with a precision, so many digits.
fn general(number: Number, letter: char, precision: Option<usize>, culture: &Culture) -> String {
    let digits = match (precision, number) {
        (Some(count), _) => with_digits(number, count),
        (None, Number::Float(number)) => return shortest(number, exponent_letter(letter), culture),
        (None, Number::Int(number)) => return number.to_string(),
        (None, Number::Decimal(number)) => return number.to_string().replace('.', culture.point),
    };
    let most = precision.and_then(|count| i64::try_from(count).ok()).unwrap_or(15);
    let text = if digits.scale > most || digits.scale < -3 {
        scientific(&digits, None, exponent_letter(letter), 2, culture)
    } else {
        let places = (digits.len() as i64).saturating_sub(digits.scale);
        fixed(&digits, usize::try_from(places).unwrap_or(0), None, culture)
    };
    signed(&digits, &text)
}

/// `E` for a capital `G`, `e` for a small one.
fn exponent_letter(letter: char) -> char {
    if letter.is_ascii_lowercase() { 'e' } else { 'E' }
}

fn shortest(number: f64, letter: char, culture: &Culture) -> String {
    let text = Operand::float(number).to_text().into_owned();
    text.replace('.', culture.point).replace('E', if letter == 'e' { "e" } else { "E" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use rust_decimal::Decimal;

    fn check(number: Number, name: &str, locale: &str, expected: &str) {
        let made = Culture::named(locale).and_then(|culture| format(number, name, &culture));
        assert_eq!(made.as_deref(), Ok(expected), "{number:?} as {name} in {locale}");
    }

    #[test]
    fn formats_of_floats() {
        let cases = [
            (17.35, "C2", "en-US", "$17.35"),
            (-17.35, "C", "en-US", "-$17.35"),
            (1234.5, "C", "de-DE", "1.234,50\u{a0}€"),
            (1_234_567_890.0, "0,0.00", "en-us", "1,234,567,890.00"),
            (2.5, "F0", "", "2"),
            (3.5, "F0", "", "4"),
            (-0.001, "F2", "", "-0.00"),
            (1234.567, "N", "", "1,234.57"),
            (1_234_567.0, "N0", "de-DE", "1.234.567"),
            (1_234_567.0, "N0", "en-IN", "12,34,567"),
            (0.12345, "P1", "en-US", "12.3%"),
            (0.5, "P0", "de-DE", "50\u{a0}%"),
            (12345.6789, "E", "", "1.234568E+004"),
            (0.00012, "e2", "", "1.20e-004"),
            (0.0, "E2", "", "0.00E+000"),
            (123_456.0, "G3", "", "1.23E+05"),
            (0.00001, "g", "", "1e-05"),
            (0.1, "G17", "", "0.10000000000000001"),
            (0.1, "R", "", "0.1"),
            (1.5, "", "de-DE", "1,5"),
            (f64::NEG_INFINITY, "N", "en-US", "-∞"),
            (1e300, "F0", "", &format!("{:.0}", 1e300)),
        ];
        for (number, name, locale, expected) in cases {
            check(Number::Float(number), name, locale, expected);
        }
    }

    #[test]
    fn formats_of_whole_numbers_and_decimals() {
        let cases = [
            (Number::Int(-42), "D5", "-00042"),
            (Number::Int(255), "x4", "00ff"),
            (Number::Int(-1), "X", "FFFFFFFFFFFFFFFF"),
            (Number::Int(5), "B8", "00000101"),
            (Number::Int(i64::MIN), "N0", "-9,223,372,036,854,775,808"),
            (Number::Int(123), "G2", "1.2E+02"),
            (Number::Int(12), "F", "12.00"),
            (Number::Decimal(Decimal::new(25, 1)), "F0", "3"),
            (Number::Decimal(Decimal::new(5000, 4)), "G", "0.5000"),
        ];
        for (number, name, expected) in cases {
            check(number, name, "", expected);
        }
    }

    #[test]
    fn formats_that_there_are_not() {
        for (number, name) in [(Number::Float(1.5), "D"), (Number::Int(1), "Q"), (Number::Int(1), "F1000")] {
            assert!(format(number, name, &Culture::INVARIANT).is_err(), "{name}");
        }
    }
}
