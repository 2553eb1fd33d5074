//! What was asked of the services, for tests and for the person at the keyboard.

use std::collections::VecDeque;

use serde::Serialize;
use tokio::sync::broadcast;

use crate::faults::Service;

/// Older entries give way beyond this.
const MOST: usize = 20_000;

/// Lines that a reader may be behind before it misses some.
const BEHIND: usize = 1_000;

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
#[derive(Debug)]
pub(crate) struct RequestLog {
    entries: VecDeque<Entry>,
    lines: broadcast::Sender<String>,
}

/// What happens in a sandbox, a line each, as it happens.
#[derive(Debug)]
pub struct Happenings(broadcast::Receiver<String>);

impl Default for RequestLog {
    fn default() -> RequestLog {
        RequestLog { entries: VecDeque::new(), lines: broadcast::channel(BEHIND).0 }
    }
}

impl RequestLog {
    /// Adds one request.
    pub(crate) fn add(&mut self, entry: Entry) {
        self.tell(|| entry.line());
        if self.entries.len() == MOST {
            self.entries.pop_front();
        }
        self.entries.push_back(entry);
    }

    /// Tells whoever listens.
    pub(crate) fn tell(&self, line: impl FnOnce() -> String) {
        if self.lines.receiver_count() > 0 {
            // An error means that the listener has just left.
            let _ = self.lines.send(line());
        }
    }

    /// From now on.
    pub(crate) fn happenings(&self) -> Happenings {
        Happenings(self.lines.subscribe())
    }

    /// All of them.
    pub(crate) fn list(&self) -> Vec<Entry> {
        self.entries.iter().cloned().collect()
    }

    /// Forgets them.
    pub(crate) fn clear(&mut self) {
        self.entries.clear();
    }
}

impl Entry {
    fn line(&self) -> String {
        let Entry { service, method, path, status, who, .. } = self;
        match status {
            0 => format!("{}: {who} {method} {path}: cut", service.name()),
            _ => format!("{}: {who} {method} {path}: {status}", service.name()),
        }
    }
}

impl Happenings {
    /// The next line; `None` once the sandbox is gone. Who reads too slowly is told how much was missed.
    pub async fn next(&mut self) -> Option<String> {
        match self.0.recv().await {
            Ok(line) => Some(line),
            Err(broadcast::error::RecvError::Lagged(missed)) => Some(format!("({missed} more)")),
            Err(broadcast::error::RecvError::Closed) => None,
        }
    }
}
