//! Dates, times and zones.

use super::Function;

/// The rows of the table.
pub(super) const FUNCTIONS: &[Function] = &[];
