//! Which prefix stands for which namespace, element by element.

use std::sync::Arc;

use crate::expression::ExpressionError;

/// The namespace of the prefix `xml`, which nobody has to declare.
pub(super) const XML: &str = "http://www.w3.org/XML/1998/namespace";

/// More declarations than that at one place are a mistake or an attack; each name is looked up among them.
const MOST_DECLARATIONS: usize = 1_000;

/// The declarations that hold at a place, innermost last.
#[derive(Debug, Default)]
pub(super) struct Namespaces {
    declared: Vec<(String, Arc<str>)>,
    elements: Vec<usize>,
}

impl Namespaces {
    /// Goes into an element.
    pub(super) fn enter(&mut self) {
        self.elements.push(self.declared.len());
    }

    /// Leaves the innermost element: its declarations end.
    pub(super) fn leave(&mut self) {
        self.declared.truncate(self.elements.pop().unwrap_or(0));
    }

    /// Declares a prefix; an empty prefix is the default, an empty namespace is none.
    pub(super) fn declare(&mut self, prefix: &str, namespace: &str) -> Result<(), ExpressionError> {
        if self.declared.len() >= MOST_DECLARATIONS {
            return Err(ExpressionError::new(format!("more than {MOST_DECLARATIONS} namespaces hold at one place")));
        }
        self.declared.push((prefix.to_owned(), Arc::from(namespace)));
        Ok(())
    }

    /// The namespace of a prefix; for no prefix, the default or none. `None` where a prefix is not declared.
    pub(super) fn resolve(&self, prefix: &str) -> Option<Arc<str>> {
        let declared = self.declared.iter().rev().find(|(known, _)| known == prefix);
        match declared {
            Some((_, namespace)) => Some(Arc::clone(namespace)).filter(|uri| prefix.is_empty() || !uri.is_empty()),
            None if prefix.is_empty() => Some(Arc::from("")),
            None if prefix == "xml" => Some(Arc::from(XML)),
            None => None,
        }
    }
}
