//! The calls that met an outage themselves: perhaps it is they that do not work, and not their service.
//!
//! A try at such a call counts when the service has worked for another one since the try before. So a call that fails
//! alone uses up its tries, and where all calls fail none does.

use indexmap::IndexMap;

use crate::connector::CallKey;

/// Calls that are remembered. Of one that is forgotten a try counts later, or not.
const MOST: usize = 1_000;

/// The calls that met an outage, by their keys, each with the number of successes that the service had until then.
#[derive(Debug, Default)]
pub(super) struct Suspects {
    calls: IndexMap<CallKey, u64>,
    successes: u64,
}

impl Suspects {
    /// Whether a call has met an outage.
    pub(super) fn has(&self, call: &CallKey) -> bool {
        self.calls.contains_key(call)
    }

    /// The service has worked.
    pub(super) fn worked(&mut self) {
        self.successes = self.successes.saturating_add(1);
    }

    /// A call came back with an answer.
    pub(super) fn clear(&mut self, call: &CallKey) {
        if !self.calls.is_empty() {
            self.calls.shift_remove(call);
        }
    }

    /// A call met an outage. Gives whether the service has worked since it met one before.
    pub(super) fn met(&mut self, call: &CallKey) -> bool {
        if let Some(successes) = self.calls.get_mut(call) {
            let has_worked = self.successes > *successes;
            *successes = self.successes;
            return has_worked;
        }
        if self.calls.len() >= MOST {
            self.calls.shift_remove_index(0);
        }
        self.calls.insert(call.clone(), self.successes);
        false
    }
}
