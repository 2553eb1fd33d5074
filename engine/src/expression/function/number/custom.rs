//! Numbers by a pattern: places for digits (`0` and `#`), the point, groups and thousands (`,`), percent and per
//! mille, an exponent, text in quotes or after `\`, and up to three sections, for above, below and exactly zero.
//!
//! A pattern is read into [`Mark`]s, one section into a [`Layout`]; then the digits are laid out.

use super::digits::Digits;
use super::{Culture, Number};

/// A sign of a pattern.
#[derive(Debug, Clone, PartialEq)]
enum Mark {
    /// `0` (true) or `#`: a place for a digit.
    Digit(bool),
    /// `.`.
    Point,
    /// `,`.
    Comma,
    /// `%` or `‰`, which also multiply.
    Percent(char),
    /// `E`, `E+` or `E-` before zeros: the letter, whether `+` is written, and how many digits at least.
    Exponent(char, bool, usize),
    /// A character as it stands.
    Plain(char),
}

/// What a section says as a whole. Places are counted in digits.
#[derive(Debug, Clone, Copy, Default)]
struct Layout {
    /// All places for digits.
    places: i64,
    /// Those before the point.
    before: i64,
    /// How many digits before the point there are at least.
    least_before: i64,
    /// How many digits after the point there are at least.
    least_after: i64,
    /// Whether the digits before the point stand in groups.
    grouped: bool,
    /// By how many places the point moves: percent to the right, thousands to the left.
    shift: i64,
    /// Whether there is an exponent.
    scientific: bool,
}

/// The number by that pattern; `digits` are its own.
pub(super) fn format(digits: &Digits, number: Number, pattern: &str, culture: &Culture) -> String {
    let sections = read(pattern);
    let below = number.to_float() < 0.0;
    let chosen = if digits.is_zero() { 2 } else { usize::from(below) };
    let section = existing(&sections, chosen);
    let rounded = fit(digits, Layout::of(section_at(&sections, section)));
    // What rounds to zero is written as zero.
    let section = if rounded.is_zero() { existing(&sections, 2) } else { section };
    let marks = section_at(&sections, section);
    let mut digits = fit(digits, Layout::of(marks));
    digits.negative &= section == 0 && !digits.is_zero();
    lay_out(&digits, marks, culture)
}

/// Whether a separator stands before the last `left` digits of a whole number.
pub(super) fn ends_group(left: i64, sizes: &[i64]) -> bool {
    let mut end = 0;
    for size in sizes {
        end += size;
        if end >= left {
            return end == left;
        }
    }
    sizes.last().is_some_and(|last| *last > 0 && (left - end) % last == 0)
}

fn section_at(sections: &[Vec<Mark>], place: usize) -> &[Mark] {
    sections.get(place).map_or(&[], Vec::as_slice)
}

/// The section, or the first where it is missing or empty.
fn existing(sections: &[Vec<Mark>], wanted: usize) -> usize {
    if section_at(sections, wanted).is_empty() { 0 } else { wanted }
}

fn read(pattern: &str) -> Vec<Vec<Mark>> {
    let mut sections = Vec::new();
    let mut section = Vec::new();
    let mut rest = pattern.chars();
    while let Some(character) = rest.next() {
        match character {
            ';' => sections.push(std::mem::take(&mut section)),
            '\'' | '"' => section.extend(rest.by_ref().take_while(|next| *next != character).map(Mark::Plain)),
            '\\' => section.extend(rest.next().map(Mark::Plain)),
            '0' => section.push(Mark::Digit(true)),
            '#' => section.push(Mark::Digit(false)),
            '.' => section.push(Mark::Point),
            ',' => section.push(Mark::Comma),
            '%' | '‰' => section.push(Mark::Percent(character)),
            'e' | 'E' => section.push(exponent(character, &mut rest)),
            other => section.push(Mark::Plain(other)),
        }
    }
    sections.push(section);
    sections
}

/// An exponent where zeros follow its letter, else the letter.
fn exponent(letter: char, rest: &mut std::str::Chars<'_>) -> Mark {
    let text = rest.as_str();
    let zeros = text.strip_prefix(['+', '-']).unwrap_or(text);
    let count = zeros.chars().take_while(|next| *next == '0').count();
    if count == 0 {
        return Mark::Plain(letter);
    }
    let signs = text.len() - zeros.len();
    rest.by_ref().take(count + signs).for_each(drop);
    Mark::Exponent(letter, text.starts_with('+'), count.min(10))
}

impl Layout {
    fn of(marks: &[Mark]) -> Layout {
        let mut layout = Layout::default();
        let (mut first_zero, mut last_zero, mut point) = (None, 0, None);
        // Commas at the end of the whole digits divide by a thousand each; others ask for groups.
        let (mut comma_at, mut commas) = (None, 0);
        for mark in marks {
            match mark {
                Mark::Digit(needed) => {
                    if *needed {
                        first_zero.get_or_insert(layout.places);
                        last_zero = layout.places + 1;
                    }
                    layout.places += 1;
                }
                Mark::Point => {
                    point.get_or_insert(layout.places);
                }
                Mark::Comma if layout.places > 0 && point.is_none() => {
                    if comma_at == Some(layout.places) {
                        commas += 1;
                    } else {
                        layout.grouped |= comma_at.is_some();
                        (comma_at, commas) = (Some(layout.places), 1);
                    }
                }
                Mark::Percent(sign) => layout.shift += if *sign == '%' { 2 } else { 3 },
                Mark::Exponent(..) => layout.scientific = true,
                Mark::Comma | Mark::Plain(_) => {}
            }
        }
        layout.before = point.unwrap_or(layout.places);
        if comma_at == Some(layout.before) {
            layout.shift -= commas * 3;
        } else {
            layout.grouped |= comma_at.is_some();
        }
        layout.least_before = (layout.before - first_zero.unwrap_or(layout.before)).max(0);
        layout.least_after = (last_zero - layout.before).max(0);
        layout
    }
}

/// The digits, moved and rounded to what the section shows of them.
fn fit(digits: &Digits, layout: Layout) -> Digits {
    let mut digits = digits.clone();
    if !digits.is_zero() {
        digits.scale += layout.shift;
        let after = layout.places - layout.before;
        digits.round(if layout.scientific { layout.places } else { digits.scale + after });
    }
    digits
}

fn lay_out(digits: &Digits, marks: &[Mark], culture: &Culture) -> String {
    let layout = Layout::of(marks);
    let mut sheet = Sheet::new(digits, layout, culture);
    for mark in marks {
        match mark {
            Mark::Digit(_) => sheet.place_digit(),
            Mark::Point => sheet.place_point(),
            Mark::Comma => {}
            Mark::Percent(sign) | Mark::Plain(sign) => sheet.text.push(*sign),
            Mark::Exponent(letter, plus, width) => sheet.place_exponent(*letter, *plus, *width),
        }
    }
    sheet.text
}

/// The text as far as it is laid out.
struct Sheet<'n> {
    digits: &'n Digits,
    layout: Layout,
    culture: &'n Culture,
    /// How many of the digits stand before the point.
    whole: i64,
    /// Which whole digit the next place is for, counted from the point; zero and less are behind the point.
    place: i64,
    /// Whether a digit was placed.
    started: bool,
    text: String,
}

impl<'n> Sheet<'n> {
    fn new(digits: &'n Digits, layout: Layout, culture: &'n Culture) -> Sheet<'n> {
        // With an exponent the digits start at the first place; without one they are put around the point.
        let whole = match (digits.is_zero(), layout.scientific) {
            (true, _) => 0,
            (false, true) => layout.before,
            (false, false) => digits.scale,
        };
        let text = String::from(if digits.negative { "-" } else { "" });
        Sheet { digits, layout, culture, whole, place: layout.before, started: false, text }
    }

    /// The digit of the next place, and before the first one all those for which there is no place.
    fn place_digit(&mut self) {
        let from = if self.started { self.place } else { self.place.max(self.whole) };
        self.started = true;
        for place in (self.place..=from).rev() {
            self.write(place);
        }
        self.place -= 1;
    }

    fn write(&mut self, place: i64) {
        let shown = if place > 0 {
            place <= self.whole.max(self.layout.least_before)
        } else {
            1 - place <= self.behind().max(self.layout.least_after)
        };
        if !shown {
            return;
        }
        self.text.push(self.digits.at(self.whole - place));
        if self.layout.grouped && place > 1 && ends_group(place - 1, self.culture.groups) {
            self.text.push_str(self.culture.group);
        }
    }

    /// How many digits stand behind the point.
    fn behind(&self) -> i64 {
        self.digits.len() as i64 - self.whole
    }

    fn place_point(&mut self) {
        if self.place != 0 {
            return;
        }
        if !self.started {
            // A pattern such as `.00` has no place for whole digits; they stand before the point all the same.
            (1..=self.whole).rev().for_each(|place| self.write(place));
            self.started = true;
        }
        let wanted = self.layout.before < self.layout.places && self.behind() > 0;
        if self.layout.least_after > 0 || wanted {
            self.text.push_str(self.culture.point);
        }
    }

    fn place_exponent(&mut self, letter: char, plus: bool, width: usize) {
        let exponent = if self.digits.is_zero() { 0 } else { self.digits.scale - self.layout.before };
        let sign = match (exponent < 0, plus) {
            (true, _) => "-",
            (false, true) => "+",
            (false, false) => "",
        };
        self.text.push_str(&format!("{letter}{sign}{:0width$}", exponent.unsigned_abs()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        let cases = [
            (1_234_567_890.0, "0,0.00", "1,234,567,890.00"),
            (1234.5, "#,##0.00", "1,234.50"),
            (0.5, "#.##", ".5"),
            (0.0, "#.##", ""),
            (0.0, "0.0#", "0.0"),
            (12.0, "00000", "00012"),
            (-12.5, "0.0", "-12.5"),
            (0.125, "0.00", "0.13"),
            (0.086, "#0.##%", "8.6%"),
            (0.00354, "#0.##‰", "3.54‰"),
            (1_234_567.0, "0,,.00", "1.23"),
            (1_234_567.0, "#,##0,", "1,235"),
            (86000.0, "0.###E+0", "8.6E+4"),
            (86000.0, "0.###e-000", "8.6e004"),
            (0.00012, "0.0E0", "1.2E-4"),
            (5.0, "0;(0);zero", "5"),
            (-5.0, "0;(0);zero", "(5)"),
            (0.0, "0;(0);zero", "zero"),
            (-0.2, "0;(0);zero", "zero"),
            (-5.0, "0;;zero", "-5"),
            (5.0, "'#'0\\%\" x\"", "#5% x"),
            (5_551_234.0, "###-####", "555-1234"),
            (125_551_234.0, "(###) ###-####", "(12) 555-1234"),
            (1.5, ".00", "1.50"),
            (1.5, "abc", "abc"),
            (0.004, "0.00#", "0.004"),
        ];
        for (number, pattern, expected) in cases {
            let digits = Digits::significant(number, 15);
            let made = format(&digits, Number::Float(number), pattern, &Culture::ENGLISH);
            assert_eq!(made, expected, "{number} by {pattern}");
        }
    }
}
