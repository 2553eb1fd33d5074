//! What an expression gives, and how one kind becomes another.

use super::super::name::is_space;
use super::axes::Spot;

/// What an expression gives.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    /// Nodes, in document order, each once.
    Nodes(Vec<Spot>),
    Number(f64),
    Text(String),
    Bool(bool),
}

impl Answer {
    /// Whether it counts as true: nodes and texts where there are any, numbers other than 0.
    pub(super) fn is_true(&self) -> bool {
        match self {
            Answer::Nodes(nodes) => !nodes.is_empty(),
            Answer::Number(number) => *number != 0.0 && !number.is_nan(),
            Answer::Text(text) => !text.is_empty(),
            Answer::Bool(bool) => *bool,
        }
    }
}

/// A number as text: never with an exponent, and a whole one without a point.
pub(super) fn number_text(number: f64) -> String {
    if number.is_nan() {
        "NaN".to_owned()
    } else if number.is_infinite() {
        if number > 0.0 { "Infinity".to_owned() } else { "-Infinity".to_owned() }
    } else if number == 0.0 {
        "0".to_owned()
    } else {
        number.to_string()
    }
}

/// The number that a text writes, or NaN. There is no plus sign and no exponent.
pub(super) fn text_number(text: &str) -> f64 {
    let text = text.trim_matches(is_space);
    let digits = text.strip_prefix('-').unwrap_or(text);
    let is_number = digits.chars().all(|char| char.is_ascii_digit() || char == '.')
        && digits.chars().filter(|char| *char == '.').count() <= 1
        && digits.chars().any(|char| char.is_ascii_digit());
    if is_number { text.parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// The nearest whole number; of two, the greater.
pub(super) fn rounded(number: f64) -> f64 {
    let floor = number.floor();
    if number - floor >= 0.5 { floor + 1.0 } else { floor }
}
