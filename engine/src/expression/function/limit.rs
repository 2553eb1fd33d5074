//! How big a value may get that a function makes: the service's own bounds, so that no flow can fill the memory.

use crate::expression::{ExpressionError, Operand};

/// The longest text, in UTF-16 code units; the service has the same bound.
pub(super) const TEXT: usize = 104_857_600;

/// The most items of a list that a function makes of a text.
pub(super) const PARTS: usize = 1_000_000;

/// The most items of a list that is counted out; the service's loops take no more.
pub(super) const RANGE: usize = 100_000;

/// The text, where it is not too long.
pub(super) fn text<'a>(text: String) -> Result<Operand<'a>, ExpressionError> {
    text_length(text.len()).or_else(|_| text_length(text.encode_utf16().count()))?;
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
