//! What can only be seen from within.
#![expect(clippy::unwrap_used, reason = "a test may panic")]
