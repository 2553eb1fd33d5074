//! Numbers from text, as .NET reads them: white space around, a sign before or after, groups of digits of any
//! size before the point, and for floats an exponent.

use std::str::FromStr;

use rust_decimal::Decimal;

use super::Culture;

/// A float. What is too big for one is infinite.
pub(in crate::expression::function) fn float(text: &str, culture: &Culture) -> Option<f64> {
    match plain(text, culture, true) {
        Some(plain) => plain.parse().ok(),
        None => named_float(text.trim_matches(is_white), culture),
    }
}

/// A whole number. It is read as a float, as the service does: so `1.0` and `1e3` are whole, and what has more
/// than 16 digits may be rounded.
pub(in crate::expression::function) fn int(text: &str) -> Option<i64> {
    whole(float(text, &Culture::ENGLISH)?)
}

/// A decimal, with all its digits; no exponent.
pub(in crate::expression::function) fn decimal(text: &str) -> Option<Decimal> {
    let plain = plain(text, &Culture::ENGLISH, false)?;
    Decimal::from_str(&plain).ok()
}

/// The whole number that a float is, where it is one of 64 bits.
pub(in crate::expression::function) fn whole(number: f64) -> Option<i64> {
    // 2^63 is a float, the greatest whole number of 64 bits is not.
    const END: f64 = 9_223_372_036_854_775_808.0;
    (number.fract() == 0.0 && (-END..END).contains(&number)).then_some(number as i64)
}

fn named_float(text: &str, culture: &Culture) -> Option<f64> {
    let is = |name: &str, text: &str| name.to_lowercase() == text.to_lowercase();
    if is("NaN", text.trim_start_matches(['+', '-'])) {
        return Some(f64::NAN);
    }
    match text.strip_prefix('-') {
        Some(rest) if is(culture.infinity, rest) => Some(f64::NEG_INFINITY),
        _ if is(culture.infinity, text.strip_prefix('+').unwrap_or(text)) => Some(f64::INFINITY),
        _ => None,
    }
}

/// The white space that .NET allows around a number.
fn is_white(character: char) -> bool {
    matches!(character, ' ' | '\t'..='\r')
}

/// The number in the one form that every reader takes: sign, digits, point, digits, exponent.
fn plain(text: &str, culture: &Culture, with_exponent: bool) -> Option<String> {
    let mut rest = text.trim_matches(is_white);
    let mut negative = take_sign(&mut rest);
    let mut plain = String::from("+");
    let whole = take_digits(&mut rest, &mut plain, Some(culture.group));
    let mut fraction = 0;
    if let Some(after) = rest.strip_prefix(culture.point) {
        rest = after;
        plain.push('.');
        fraction = take_digits(&mut rest, &mut plain, None);
    }
    if whole == 0 && fraction == 0 {
        return None;
    }
    if whole == 0 {
        plain.insert(1, '0');
    }
    if fraction == 0 {
        plain = plain.trim_end_matches('.').to_owned();
    }
    if with_exponent {
        take_exponent(&mut rest, &mut plain);
    }
    rest = rest.trim_start_matches(is_white);
    if negative.is_none() {
        negative = take_sign(&mut rest);
    }
    if negative == Some(true) {
        plain.replace_range(..1, "-");
    }
    rest.is_empty().then_some(plain)
}

/// Takes a sign off the front, and says whether it was a minus.
fn take_sign(rest: &mut &str) -> Option<bool> {
    let (after, negative) = match rest.strip_prefix('-') {
        Some(after) => (after, true),
        None => (rest.strip_prefix('+')?, false),
    };
    *rest = after;
    Some(negative)
}

/// Takes digits, and separators once there was a digit; gives the number of digits.
fn take_digits(rest: &mut &str, plain: &mut String, group: Option<&str>) -> usize {
    let mut count = 0;
    loop {
        if let Some(digit) = rest.chars().next().filter(char::is_ascii_digit) {
            plain.push(digit);
            count += 1;
            *rest = rest.get(1..).unwrap_or_default();
        } else if let Some(after) = group.filter(|_| count > 0).and_then(|group| strip_group(rest, group)) {
            *rest = after;
        } else {
            return count;
        }
    }
}

/// What follows a separator; a language that separates with a narrow or hard space takes any of them.
fn strip_group<'t>(rest: &'t str, group: &str) -> Option<&'t str> {
    const SPACES: [char; 3] = [' ', '\u{a0}', '\u{202f}'];
    if group.is_empty() {
        return None;
    }
    rest.strip_prefix(group).or_else(|| {
        let after = rest.strip_prefix(SPACES)?;
        (group.starts_with(SPACES) && after.starts_with(|next: char| next.is_ascii_digit())).then_some(after)
    })
}

/// Takes an exponent, where a digit follows its letter. One with more digits than any float needs is cut.
fn take_exponent(rest: &mut &str, plain: &mut String) {
    let Some(mut after) = rest.strip_prefix(['e', 'E']) else {
        return;
    };
    let negative = take_sign(&mut after) == Some(true);
    let mut digits = String::new();
    if take_digits(&mut after, &mut digits, None) == 0 {
        return;
    }
    plain.push_str(if negative { "e-" } else { "e" });
    plain.push_str(&digits);
    *rest = after;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats() {
        let cases = [
            ("  +1,000 ", "", Some(1000.0)),
            ("12,3,4,5678", "", Some(12_345_678.0)),
            (".5", "", Some(0.5)),
            ("5.", "", Some(5.0)),
            ("200-", "", Some(-200.0)),
            ("1e3-", "", Some(-1000.0)),
            ("1.7e+350", "", Some(f64::INFINITY)),
            ("1e99999999999999999999", "", Some(f64::INFINITY)),
            ("infinITY", "", Some(f64::INFINITY)),
            ("Infinity", "en-US", None),
            ("400,5", "de-DE", Some(400.5)),
            ("1 234,5", "fr-FR", Some(1234.5)),
            ("10.000,333", "de-de", Some(10_000.333)),
            ("-5-", "", None),
            (",5", "", None),
            ("(200)", "", None),
            ("1e", "", None),
            ("", "", None),
            (".", "", None),
            ("é", "", None),
            ("1é", "", None),
        ];
        for (text, locale, expected) in cases {
            let culture = Culture::named(locale).ok();
            assert_eq!(culture.and_then(|culture| float(text, &culture)), expected, "{text} in {locale}");
        }
    }

    #[test]
    fn whole_numbers_and_decimals() {
        for (text, expected) in [
            ("1.0", Some(1)),
            ("1.5", None),
            ("3e-50", None),
            ("9223372036854775807", None),
            ("-9223372036854775809.05", Some(i64::MIN)),
        ] {
            assert_eq!(int(text), expected, "{text}");
        }
        for (text, expected) in [(" 200- ", Some("-200")), ("5.00", Some("5.00")), ("7e28", None), ("1e5", None)] {
            assert_eq!(decimal(text).map(|decimal| decimal.to_string()).as_deref(), expected, "{text}");
        }
    }
}
