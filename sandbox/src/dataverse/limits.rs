//! Service protection: what a user may ask for in five minutes (behaviour 14).

use std::collections::{HashMap, VecDeque};

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::refusal::Refusal;

/// What each user may ask for. The documented numbers are those of one web server.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Ceilings {
    /// Requests in the window.
    pub(crate) requests: u32,
    /// Milliseconds of work in the window, those of all requests together.
    pub(crate) milliseconds: u64,
    /// Requests at the same time.
    pub(crate) at_once: u32,
    /// Seconds the window is long.
    pub(crate) window_seconds: u32,
}

impl Default for Ceilings {
    fn default() -> Ceilings {
        Ceilings { requests: 6_000, milliseconds: 1_200_000, at_once: 52, window_seconds: 300 }
    }
}

/// What each user has asked for lately.
#[derive(Debug, Default)]
pub(crate) struct Meters(HashMap<String, Meter>);

#[derive(Debug, Default)]
struct Meter {
    /// Requests in the window, each with the milliseconds it took.
    requests: VecDeque<(Timestamp, u64)>,
    at_once: u32,
    /// Refusals since the last request that was let through; each makes the wait longer.
    refused: u32,
}

/// What is left to a user, for the headers of an answer.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Left {
    /// Requests.
    pub(crate) requests: u64,
    /// Seconds of work.
    pub(crate) seconds: u64,
}

/// Seconds that each refused request adds to the wait.
const LONGER: u64 = 2;

impl Meters {
    /// Counts a request in, or refuses it.
    pub(crate) fn begin(&mut self, user: &str, now: Timestamp, limits: Option<Ceilings>) -> Result<Left, Refusal> {
        let ceilings = limits.unwrap_or_default();
        let window = SignedDuration::from_secs(ceilings.window_seconds.into());
        let meter = self.0.entry(user.to_owned()).or_default();
        // Without ceilings nothing is remembered, so nothing grows.
        if limits.is_none() {
            meter.requests.clear();
        }
        while meter.requests.front().is_some_and(|(at, _)| now.duration_since(*at) >= window) {
            meter.requests.pop_front();
        }
        let spent: u64 = meter.requests.iter().map(|(_, milliseconds)| milliseconds).sum();
        let asked = u64::try_from(meter.requests.len()).unwrap_or(u64::MAX);
        if limits.is_some() {
            let over = if asked >= ceilings.requests.into() {
                Some(Limit::Requests)
            } else if spent >= ceilings.milliseconds {
                Some(Limit::Time)
            } else {
                (meter.at_once >= ceilings.at_once).then_some(Limit::AtOnce)
            };
            if let Some(limit) = over {
                return Err(meter.refuse(limit, now, window, ceilings));
            }
            meter.refused = 0;
            meter.requests.push_back((now, 0));
        }
        meter.at_once += 1;
        Ok(Left {
            requests: u64::from(ceilings.requests).saturating_sub(asked + 1),
            seconds: ceilings.milliseconds.saturating_sub(spent) / 1000,
        })
    }

    /// Counts a request out again, which took so long.
    pub(crate) fn end(&mut self, user: &str, milliseconds: u64) {
        if let Some(meter) = self.0.get_mut(user) {
            meter.at_once = meter.at_once.saturating_sub(1);
            if let Some((_, spent)) = meter.requests.back_mut() {
                *spent += milliseconds;
            }
        }
    }
}

enum Limit {
    Requests,
    Time,
    AtOnce,
}

impl Meter {
    /// Going on in spite of it makes the wait longer.
    fn refuse(&mut self, limit: Limit, now: Timestamp, window: SignedDuration, ceilings: Ceilings) -> Refusal {
        self.refused = self.refused.saturating_add(1);
        let oldest = self.requests.front().map_or(now, |(at, _)| *at);
        let until_room = window - now.duration_since(oldest);
        let longer = LONGER.saturating_mul(u64::from(self.refused - 1));
        let seconds = match limit {
            Limit::AtOnce => 1,
            _ => u64::try_from(until_room.as_secs()).unwrap_or_default() + 1,
        };
        let (code, what) = match limit {
            Limit::Requests => {
                ("0x80072322", format!("Number of requests exceeded the limit of {}", ceilings.requests))
            }
            Limit::Time => {
                let seconds = ceilings.milliseconds / 1000;
                (
                    "0x80072321",
                    format!("Combined execution time of incoming requests exceeded limit of {seconds} seconds"),
                )
            }
            Limit::AtOnce => {
                ("0x80072326", format!("Number of concurrent requests exceeded the limit of {}", ceilings.at_once))
            }
        };
        let message = match limit {
            Limit::AtOnce => format!("{what}."),
            _ => {
                let seconds = ceilings.window_seconds;
                format!(
                    "{what} over time window of {seconds} seconds. Decrease number of requests or increase the duration and try again later."
                )
            }
        };
        Refusal::too_many(code, message, seconds.saturating_add(longer))
    }
}
