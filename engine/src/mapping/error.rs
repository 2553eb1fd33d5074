//! Why a record could not be mapped.

use crate::difference::Unreadable;
use crate::expression::ExpressionError;

/// A field of a record that its mapping cannot carry over.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("the mapping `{mapping}` cannot carry `{field}` over: {reason}")]
pub struct MappingError {
    /// The mapping's name.
    pub mapping: String,
    /// The field's name; with those of nested mappings behind dots.
    pub field: String,
    /// What is wrong with which value.
    pub reason: String,
    /// The way out, where one is known.
    pub help: Option<String>,
}

impl From<MappingError> for ExpressionError {
    fn from(error: MappingError) -> ExpressionError {
        ExpressionError { message: error.to_string(), help: error.help, part: None }
    }
}

/// What is wrong with a value, before it is known which field it belongs to.
#[derive(Debug)]
pub(crate) struct Unmappable {
    below: Option<String>,
    reason: String,
    help: Option<String>,
}

impl Unmappable {
    /// The reason as a fragment that quotes the value.
    pub(crate) fn new(reason: impl Into<String>, help: impl Into<String>) -> Unmappable {
        Unmappable { below: None, reason: reason.into(), help: Some(help.into()) }
    }

    /// Says which field of which mapping it was.
    pub(crate) fn in_field(self, mapping: &str, field: &str) -> MappingError {
        let field = self.below.map_or_else(|| field.to_owned(), |below| format!("{field}.{below}"));
        MappingError { mapping: mapping.to_owned(), field, reason: self.reason, help: self.help }
    }
}

impl From<MappingError> for Unmappable {
    /// The error of a nested mapping, on its way to the mapping around it.
    fn from(error: MappingError) -> Unmappable {
        Unmappable { below: Some(error.field), reason: error.reason, help: error.help }
    }
}

impl From<Unreadable> for Unmappable {
    fn from(error: Unreadable) -> Unmappable {
        let help = "correct the value in the record that it comes from, or the field's `as` in the mapping";
        Unmappable::new(error.to_string(), help)
    }
}

impl From<ExpressionError> for Unmappable {
    fn from(error: ExpressionError) -> Unmappable {
        Unmappable { below: None, reason: error.message, help: error.help }
    }
}
