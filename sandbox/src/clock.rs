//! The sandbox's clock, which can be moved, and instants as each service writes them.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp, ToSpan, tz::TimeZone};

/// As far as the clock can be moved either way, in seconds: a hundred years.
const FARTHEST: i64 = 100 * 366 * 24 * 3600;

/// The time by which the services live: the machine's, moved by some seconds. Copies share the move.
#[derive(Debug, Clone, Default)]
pub(crate) struct Clock(Arc<AtomicI64>);

impl Clock {
    /// The time it is in the sandbox.
    pub(crate) fn now(&self) -> Timestamp {
        let ahead = SignedDuration::from_secs(self.ahead());
        Timestamp::now().checked_add(ahead).unwrap_or(Timestamp::MAX)
    }

    /// How many seconds the clock is ahead of the machine's; less than nothing when it is behind.
    pub(crate) fn ahead(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    /// Puts the clock so many seconds ahead of the machine's.
    pub(crate) fn set_ahead(&self, seconds: i64) {
        self.0.store(seconds.clamp(-FARTHEST, FARTHEST), Ordering::Relaxed);
    }
}

/// Partner Center's form (S20): up to seven fraction digits without trailing zeros,
/// `2022-03-07T09:18:01.6076542Z`.
pub(crate) fn fine(instant: Timestamp) -> String {
    let text = instant.strftime("%Y-%m-%dT%H:%M:%S.%7f").to_string();
    format!("{}Z", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Dataverse's form: whole seconds, `2022-03-07T09:18:01Z`.
pub(crate) fn whole_seconds(instant: Timestamp) -> String {
    instant.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// When an unanswered referral expires (S17): 14 days after its creation day, at midnight UTC.
pub(crate) fn expiry(created: Timestamp) -> String {
    let day = created.to_zoned(TimeZone::UTC).date().saturating_add(14.days());
    day.strftime("%Y-%m-%dT00:00:00Z").to_string()
}
