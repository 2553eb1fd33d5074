//! What was asked of the services, for tests and for the person at the keyboard.

use std::collections::VecDeque;

use serde::Serialize;

use crate::faults::Service;

/// Older entries give way beyond this.
const MOST: usize = 20_000;

/// One request and its outcome.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Entry {
    /// The server.
    pub(crate) service: Service,
    /// The method.
    pub(crate) method: String,
    /// Path and query, as sent.
    pub(crate) path: String,
    /// The answer's status; 0 for a connection closed on purpose.
    pub(crate) status: u16,
    /// `app`, `user`, `seller` or `nobody`.
    pub(crate) who: &'static str,
    /// Of a write that was done: whether anything is different now. A sync that works writes nothing idle.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) changed: Option<bool>,
}

/// Goes with the answer to an update, for the log.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Changed(pub(crate) bool);

/// The requests since the start, oldest first, bounded.
#[derive(Debug, Default)]
pub(crate) struct RequestLog(VecDeque<Entry>);

impl RequestLog {
    /// Adds one request.
    pub(crate) fn add(&mut self, entry: Entry) {
        if self.0.len() == MOST {
            self.0.pop_front();
        }
        self.0.push_back(entry);
    }

    /// All of them.
    pub(crate) fn list(&self) -> Vec<Entry> {
        self.0.iter().cloned().collect()
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }
}
