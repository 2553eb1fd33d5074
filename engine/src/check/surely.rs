//! What a value surely is before a run, held against what its place takes.
//!
//! Of most values nothing is known; of text, lists and objects as they stand, and of templates, the kind is.

use super::steps::StepChecker;
use crate::expression::{Expression, Kinds};
use crate::source::{Code, Problem, Route};

impl StepChecker<'_> {
    /// Tells of a value that is surely not of the kinds that its place takes.
    pub(super) fn wants(&mut self, wanted: Kinds, place: &str, value: &Expression, at: &Route, help: &str) {
        let found = surely(value);
        if !found.overlaps(wanted) {
            let message = format!("{place}, and this is {found}");
            self.problem(Problem::error(self.source, at, message).help(help).of_kind(Code::WrongType));
        }
    }
}

/// The kinds that a value may be of.
fn surely(value: &Expression) -> Kinds {
    match value {
        Expression::Literal(value) => Kinds::of(value),
        Expression::Template(_) => Kinds::TEXT,
        Expression::List(_) => Kinds::LIST,
        Expression::Object(_) => Kinds::OBJECT,
        Expression::Path(path) if path.is_query() => Kinds::LIST,
        _ => Kinds::ANY,
    }
}
