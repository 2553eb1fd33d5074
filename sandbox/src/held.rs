//! State behind a lock that cannot be held across an await.

use std::sync::{Mutex, PoisonError};

/// A value that is only reached inside a closure.
#[derive(Debug, Default)]
pub(crate) struct Held<T>(Mutex<T>);

impl<T> Held<T> {
    pub(crate) fn new(value: T) -> Held<T> {
        Held(Mutex::new(value))
    }

    /// Runs `work` with the value. A panic elsewhere does not poison the state for others: one
    /// failed request must not take the whole sandbox with it.
    pub(crate) fn with<R>(&self, work: impl FnOnce(&mut T) -> R) -> R {
        work(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
