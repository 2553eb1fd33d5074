//! Functions of lists, and of texts taken as lists.

use super::Function;

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[];
