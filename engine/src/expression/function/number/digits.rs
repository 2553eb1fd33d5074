//! The decimal digits of a number, and rounding them: what every format starts from.

use rust_decimal::Decimal;

/// A number as `0.d1d2d3… × 10^scale`; zero has no digits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Digits {
    /// Whether it is below zero.
    pub(super) negative: bool,
    /// Whether it is a double, of which a zero may keep its sign.
    float: bool,
    /// Each from 0 to 9; the first is not 0, nor is the last.
    digits: Vec<u8>,
    /// How many digits stand before the point; below zero, how many zeros follow it.
    pub(super) scale: i64,
}

impl Digits {
    /// Those of a whole number.
    pub(super) fn of_int(number: i64) -> Digits {
        Digits::read(&number.to_string(), false)
    }

    /// Those of a decimal, all of them.
    pub(super) fn of_decimal(number: Decimal) -> Digits {
        Digits::read(&number.to_string(), false)
    }

    /// So many places after the point of a double; a tie goes to the even digit.
    pub(super) fn places(number: f64, places: usize) -> Digits {
        Digits::read(&format!("{number:.places$}"), true)
    }

    /// So many digits of a double; a tie goes to the even digit.
    pub(super) fn significant(number: f64, count: usize) -> Digits {
        let places = count.saturating_sub(1);
        Digits::read(&format!("{number:.places$e}"), true)
    }

    /// Reads sign, digits with a point, and an exponent.
    fn read(text: &str, float: bool) -> Digits {
        let (number, exponent) = text.split_once('e').unwrap_or((text, "0"));
        let (negative, number) = match number.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, number),
        };
        let whole = number.split('.').next().map_or(0, str::len);
        let digits: Vec<u8> = number.bytes().filter(u8::is_ascii_digit).map(|digit| digit - b'0').collect();
        let zeros = digits.iter().take_while(|digit| **digit == 0).count();
        let exponent: i64 = exponent.parse().unwrap_or(0);
        let scale = whole as i64 - zeros as i64 + exponent;
        let mut read = Digits { negative, float, digits: digits.into_iter().skip(zeros).collect(), scale };
        read.trim();
        read
    }

    /// Whether it is zero.
    pub(super) fn is_zero(&self) -> bool {
        self.digits.is_empty()
    }

    /// How many digits there are.
    pub(super) fn len(&self) -> usize {
        self.digits.len()
    }

    /// The digit at a place, counted from the first; zero beyond both ends.
    pub(super) fn at(&self, place: i64) -> char {
        let digit = usize::try_from(place).ok().and_then(|place| self.digits.get(place)).copied();
        char::from(b'0' + digit.unwrap_or(0))
    }

    /// Keeps so many digits; the first one dropped rounds up from 5 on, away from zero.
    pub(super) fn round(&mut self, keep: i64) {
        let Ok(keep) = usize::try_from(keep) else {
            self.digits.clear();
            return self.trim();
        };
        let up = self.digits.get(keep).is_some_and(|digit| *digit >= 5);
        self.digits.truncate(keep);
        if up {
            while self.digits.last() == Some(&9) {
                self.digits.pop();
            }
            match self.digits.last_mut() {
                Some(last) => *last += 1,
                None => {
                    self.digits.push(1);
                    self.scale += 1;
                }
            }
        }
        self.trim();
    }

    /// Zeros at the end say nothing; what is left of them is zero.
    fn trim(&mut self) {
        while self.digits.last() == Some(&0) {
            self.digits.pop();
        }
        if self.digits.is_empty() {
            self.scale = 0;
            self.negative &= self.float;
        }
    }

    /// The digits before the point.
    pub(super) fn whole(&self) -> String {
        if self.scale <= 0 { "0".to_owned() } else { (0..self.scale).map(|place| self.at(place)).collect() }
    }

    /// So many digits after the point.
    pub(super) fn fraction(&self, places: usize) -> String {
        (self.scale..).take(places).map(|place| self.at(place)).collect()
    }
}
