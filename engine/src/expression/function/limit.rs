//! How big a value may get that a function makes: the service's own bounds, so that no flow can fill the memory;
//! and how much of a value an error quotes.

use super::strings::units;
use crate::expression::{ExpressionError, Operand};

/// The longest text, in UTF-16 code units; the service has the same bound.
pub(super) const TEXT: usize = 104_857_600;

/// The most items of a list that a function makes of a text.
pub(super) const PARTS: usize = 1_000_000;

/// The most items of a list that is counted out; the service's loops take no more.
pub(super) const RANGE: usize = 100_000;

/// How much of a user's text an error quotes, in characters.
const QUOTED: usize = 60;

/// A user's text for an error: a long one is cut, so that no message is as long as the data.
pub(super) fn quoted(text: &str) -> String {
    let shown: String = text.chars().take(QUOTED).collect();
    let cut = if shown.len() < text.len() { "…" } else { "" };
    format!("`{shown}{cut}`")
}

/// A text that grows up to the bound.
#[derive(Debug, Default)]
pub(super) struct Growing {
    text: String,
    units: usize,
}

impl Growing {
    /// Adds to its end.
    pub(super) fn push(&mut self, text: &str) -> Result<(), ExpressionError> {
        self.units += units::length(text);
        text_length(self.units)?;
        self.text.push_str(text);
        Ok(())
    }

    /// The text as it is now.
    pub(super) fn finish<'a>(self) -> Operand<'a> {
        Operand::made(self.text)
    }
}

/// The text, where it is not too long.
pub(super) fn text<'a>(text: String) -> Result<Operand<'a>, ExpressionError> {
    text_length(text.len()).or_else(|_| text_length(units::length(&text)))?;
    Ok(Operand::made(text))
}

/// Whether a text of that length may be made.
pub(super) fn text_length(length: usize) -> Result<(), ExpressionError> {
    if length <= TEXT {
        return Ok(());
    }
    Err(ExpressionError::new(format!("the text would have `{length}` characters, and the most is `{TEXT}`")))
}

/// Whether a list of that length may be made, where `most` is the bound.
pub(super) fn list_length(length: usize, most: usize) -> Result<(), ExpressionError> {
    if length <= most {
        return Ok(());
    }
    Err(ExpressionError::new(format!("the list would have `{length}` items, and the most is `{most}`")))
}
