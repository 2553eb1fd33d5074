//! What the run knows: its trigger, its steps, its variables.

use super::Function;

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[];
