//! How much work one request may make, alone or with all parts of a batch together.
//!
//! The real service slows down and then refuses queries that ask too much of it. Work is counted in values: each that
//! is read to judge a row, and each that is shown.

use std::cell::Cell;

use super::refusal::Refusal;

/// Most values of one request: eight full pages of a table with ninety columns are less.
const MOST: usize = 4_000_000;

/// Bytes of an answer that count as one value.
const BYTES: usize = 16;

/// What the request under way has spent.
#[derive(Debug)]
pub(crate) struct Budget {
    spent: Cell<usize>,
    most: usize,
}

impl Default for Budget {
    fn default() -> Budget {
        Budget { spent: Cell::new(0), most: MOST }
    }
}

impl Budget {
    /// One of another size.
    #[cfg(test)]
    pub(crate) fn of(most: usize) -> Budget {
        Budget { spent: Cell::new(0), most }
    }

    /// How many values were spent.
    #[cfg(test)]
    pub(crate) fn spent(&self) -> usize {
        self.spent.get()
    }

    /// Begins anew, for another request.
    pub(crate) fn renew(&self) {
        self.spent.set(0);
    }

    /// Counts values. Who does it in a loop looks at [`Budget::check`] there.
    pub(crate) fn spend(&self, values: usize) {
        self.spent.set(self.spent.get().saturating_add(values));
    }

    /// Counts an answer that is kept until all others are there.
    pub(crate) fn spend_bytes(&self, bytes: usize) {
        self.spend(bytes / BYTES);
    }

    /// Whether nothing is left.
    pub(crate) fn is_spent(&self) -> bool {
        self.spent.get() > self.most
    }

    /// Refuses a request that has asked too much.
    pub(crate) fn check(&self) -> Result<(), Refusal> {
        if self.is_spent() { Err(Refusal::throttled()) } else { Ok(()) }
    }
}
