//! How many requests a service takes in a while before it says 429 (S19). No document says how many, so there is no
//! limit until one is set.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::faults::Service;

/// A limit as the admin API takes it; no requests at all means no limit.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Limit {
    service: Service,
    requests: u32,
    seconds: u32,
}

/// The limits that are set, one for a service.
#[derive(Debug, Default)]
pub(crate) struct Limits(Vec<Window>);

#[derive(Debug)]
struct Window {
    limit: Limit,
    begun: Instant,
    taken: u32,
}

impl Limits {
    /// Sets a limit, in place of the service's last one.
    pub(crate) fn set(&mut self, limit: Limit) {
        self.0.retain(|window| window.limit.service != limit.service);
        if limit.requests > 0 {
            self.0.push(Window { limit, begun: Instant::now(), taken: 0 });
        }
    }

    /// The limits that are set.
    pub(crate) fn list(&self) -> Vec<Limit> {
        self.0.iter().map(|window| window.limit).collect()
    }

    /// Takes a request in; `Some` is for how long there is no more room, in whole seconds.
    pub(crate) fn take(&mut self, service: Service) -> Option<u64> {
        let window = self.0.iter_mut().find(|window| window.limit.service == service)?;
        let length = Duration::from_secs(window.limit.seconds.into());
        let passed = window.begun.elapsed();
        if passed >= length {
            window.begun = Instant::now();
            window.taken = 0;
        }
        if window.taken < window.limit.requests {
            window.taken += 1;
            return None;
        }
        Some(length.saturating_sub(passed).as_secs().max(1))
    }
}
