//! From a place in a string's value to its place in the file's text.
//!
//! The two are walked side by side. What a quoted or folded text writes in another way is followed where it is
//! simple; elsewhere there is no answer, and a problem points to the whole string.

use std::ops::Range;

/// The bytes of the file's text `raw`, as the string is written there, that stand for these bytes of its `value`.
pub(super) fn written(raw: &str, value: &str, part: &Range<usize>) -> Option<Range<usize>> {
    let style = Style::of(raw);
    let mut at = style.opening(raw);
    let mut start = None;
    for (place, character) in value.char_indices() {
        if place == part.start {
            start = Some(at);
        }
        if place == part.end {
            return Some(start?..at);
        }
        at += style.width(raw.get(at..)?, character)?;
    }
    let end = part.end == value.len();
    let start = start.or((part.start == value.len()).then_some(at));
    end.then_some(start?..at)
}

/// How a string is written in YAML.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Style {
    Plain,
    SingleQuoted,
    DoubleQuoted,
    Block,
}

impl Style {
    fn of(raw: &str) -> Style {
        match raw.chars().next() {
            Some('\'') => Style::SingleQuoted,
            Some('"') => Style::DoubleQuoted,
            Some('|' | '>') => Style::Block,
            _ => Style::Plain,
        }
    }

    /// The bytes before the first character of the value: a quote, or the head line of a block and its indentation.
    fn opening(self, raw: &str) -> usize {
        match self {
            Style::Plain => 0,
            Style::SingleQuoted | Style::DoubleQuoted => 1,
            Style::Block => {
                let head = raw.find('\n').map_or(raw.len(), |newline| newline + 1);
                raw[head..].find(|character: char| !character.is_whitespace()).map_or(head, |text| head + text)
            }
        }
    }

    /// The bytes at the start of `raw` that stand for this character.
    fn width(self, raw: &str, character: char) -> Option<usize> {
        if self == Style::SingleQuoted && character == '\'' {
            return raw.starts_with("''").then_some(2);
        }
        if self == Style::DoubleQuoted && raw.starts_with('\\') {
            return (escaped(raw.chars().nth(1)?)? == character).then_some(2);
        }
        line_break(raw, character).or_else(|| raw.starts_with(character).then_some(character.len_utf8()))
    }
}

/// The character that a backslash and this one stand for.
fn escaped(character: char) -> Option<char> {
    match character {
        '"' | '\\' | '/' | ' ' => Some(character),
        'n' => Some('\n'),
        't' => Some('\t'),
        'r' => Some('\r'),
        _ => None,
    }
}

/// The end of a line with the indentation of the next one, where it stands for a blank or a line end.
fn line_break(raw: &str, character: char) -> Option<usize> {
    let blanks = raw.len() - raw.trim_start().len();
    let breaks = raw.get(..blanks)?.contains('\n');
    (breaks && matches!(character, ' ' | '\n')).then_some(blanks)
}

#[cfg(test)]
mod tests {
    use super::written;

    #[test]
    fn parts_of_a_value_are_found_in_the_text() {
        let cases: &[(&str, &str, &str, Option<&str>)] = &[
            ("@add(1, x)", "@add(1, x)", "x", Some("x")),
            ("'@add(1, x)'", "@add(1, x)", "x", Some("x")),
            ("'@f(''a'', x)'", "@f('a', x)", "'a'", Some("''a''")),
            ("'@f(''a'', x)'", "@f('a', x)", "x", Some("x")),
            ("\"@f('\\\"', x)\"", "@f('\"', x)", "x", Some("x")),
            ("\"@f('\\u00e4', x)\"", "@f('ä', x)", "x", None),
            ("'@f(ä, x)'", "@f(ä, x)", "x", Some("x")),
            ("'@f(a,\n    x)'", "@f(a, x)", "x", Some("x")),
            (">-\n  @f(a,\n  x)\n", "@f(a, x)", "x", Some("x")),
            ("|\n  @f(a,\n  x)\n", "@f(a,\nx)\n", "x)", Some("x)")),
            ("|\n  @f(a,\n    x)\n", "@f(a,\n  x)\n", "x", None),
            ("other", "@f(a, x)", "x", None),
        ];
        for (raw, value, part, expected) in cases {
            let found = value.find(part).and_then(|start| written(raw, value, &(start..start + part.len())));
            assert_eq!(found.and_then(|found| raw.get(found)), *expected, "{raw}");
        }
    }
}
