//! The expression language of Power Automate: a string that starts with `@`, or holds `@{…}`.

use super::{ExpressionError, Operand, Read, Scope};

/// A string of the expression language, parsed.
#[derive(Debug, Clone)]
pub struct Computed {}

impl Computed {
    /// Reads the whole string value, `@f(…)`, `text @{…}` or `@@literal`.
    pub fn parse(text: &str) -> Result<Computed, ExpressionError> {
        Err(ExpressionError::new(format!("`{text}` cannot be computed yet")))
    }

    /// The value, its type kept; a text where `@{…}` stands inside text.
    pub fn evaluate<'a>(&'a self, _scope: &'a dyn Scope) -> Result<Operand<'a>, ExpressionError> {
        Ok(Operand::NULL)
    }

    /// Everything that it reads.
    pub fn reads(&self) -> impl Iterator<Item = Read> {
        std::iter::empty()
    }
}
