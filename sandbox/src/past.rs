//! What the lists of a service show while they lag behind its writes.
//!
//! Some services answer a read by id from the record itself, and a list or a filter from an index that follows
//! some seconds later. Nothing says how long, so the person at the keyboard sets it.

use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

use jiff::{SignedDuration, Timestamp};

/// Changes remembered; beyond this the oldest shows in lists at once.
const MOST: usize = 10_000;

/// Records as they were before each recent change.
#[derive(Debug)]
pub(crate) struct Past<K, T> {
    lag: SignedDuration,
    changes: VecDeque<Change<K, T>>,
}

#[derive(Debug)]
struct Change<K, T> {
    at: Timestamp,
    key: K,
    /// `None` where the record was made by this change.
    before: Option<T>,
}

impl<K, T> Default for Past<K, T> {
    fn default() -> Past<K, T> {
        Past { lag: SignedDuration::ZERO, changes: VecDeque::new() }
    }
}

impl<K: Eq + Hash, T> Past<K, T> {
    /// Lets lists lag behind by so much from now on; zero shows everything at once, what is noted already too.
    pub(crate) fn set_lag(&mut self, lag: SignedDuration) {
        self.lag = lag;
        if !self.lags() {
            self.changes.clear();
        }
    }

    /// How far lists lag behind.
    pub(crate) fn lag(&self) -> SignedDuration {
        self.lag
    }

    /// Lets them lag behind by so much where they do not lag at all.
    pub(crate) fn lag_at_least(&mut self, lag: SignedDuration) {
        if !self.lags() {
            self.set_lag(lag);
        }
    }

    /// Whether lists lag behind at all: else nothing need be noted.
    pub(crate) fn lags(&self) -> bool {
        self.lag.is_positive()
    }

    /// Notes a record as it was before a change that is about to be made.
    pub(crate) fn note(&mut self, key: K, before: Option<T>) {
        if !self.lags() {
            return;
        }
        let at = Timestamp::now();
        while self.changes.front().is_some_and(|change| at.duration_since(change.at) >= self.lag)
            || self.changes.len() >= MOST
        {
            self.changes.pop_front();
        }
        self.changes.push_back(Change { at, key, before });
    }

    /// The records that lists do not show as they are, each as lists show it: `None` is not there yet.
    pub(crate) fn shown(&self) -> HashMap<&K, Option<&T>> {
        let now = Timestamp::now();
        let recent = self.changes.iter().filter(|change| now.duration_since(change.at) < self.lag);
        let mut shown = HashMap::new();
        for change in recent {
            // The oldest of several changes knows how the record was before all of them.
            shown.entry(&change.key).or_insert(change.before.as_ref());
        }
        shown
    }
}
