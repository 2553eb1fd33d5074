//! One lane: the work that waits for one thing.

use std::collections::{BTreeMap, HashMap};

use super::{LaneId, Work};

/// The work that waits for one thing, by its arrival.
#[derive(Debug)]
pub(super) struct Lane<T> {
    pub(super) keys: Vec<String>,
    /// How much of its work is under way: more than one only where lanes were joined meanwhile.
    pub(super) busy: usize,
    pub(super) standing: Standing,
    /// Lanes that became part of this one while their work was under way.
    pub(super) aliases: Vec<LaneId>,
    waiting: BTreeMap<u64, T>,
    /// The arrivals of what newer work may stand for, by flow and keys.
    replaceable: HashMap<(String, Vec<String>), u64>,
}

/// Where a lane stands, with its ticket there.
#[derive(Debug)]
pub(super) enum Standing {
    /// Nowhere: its work is under way.
    Busy,
    /// It is its turn.
    Ready(u64),
    /// It is its turn, and that flow has no place.
    Blocked(u64, String),
    /// It has no work.
    Idle(u64),
}

impl<T> Default for Lane<T> {
    fn default() -> Lane<T> {
        Lane {
            keys: Vec::new(),
            busy: 0,
            standing: Standing::Busy,
            aliases: Vec::new(),
            waiting: BTreeMap::new(),
            replaceable: HashMap::new(),
        }
    }
}

impl<T> Lane<T> {
    /// How much it costs to move what it holds.
    pub(super) fn size(&self) -> usize {
        self.keys.len() + self.waiting.len() + self.aliases.len()
    }
}

impl<T: Work> Lane<T> {
    pub(super) fn push(&mut self, arrival: u64, work: T) {
        if work.is_replaceable() {
            self.replaceable.insert(name(work.flow(), work.keys()), arrival);
        }
        self.waiting.insert(arrival, work);
    }

    pub(super) fn first(&self) -> Option<&T> {
        self.waiting.first_key_value().map(|(_, work)| work)
    }

    pub(super) fn pop_first(&mut self) -> Option<T> {
        let (_, work) = self.waiting.pop_first()?;
        if work.is_replaceable() {
            self.replaceable.remove(&name(work.flow(), work.keys()));
        }
        Some(work)
    }

    /// The arrival of the first work that is wanted.
    pub(super) fn find(&self, wanted: impl Fn(&T) -> bool) -> Option<u64> {
        self.waiting.iter().find(|(_, work)| wanted(work)).map(|(arrival, _)| *arrival)
    }

    pub(super) fn remove(&mut self, arrival: u64) -> Option<T> {
        let work = self.waiting.remove(&arrival)?;
        let name = name(work.flow(), work.keys());
        if self.replaceable.get(&name) == Some(&arrival) {
            self.replaceable.remove(&name);
        }
        Some(work)
    }

    pub(super) fn take_replaceable(&mut self, flow: &str, keys: &[String]) -> Option<T> {
        let arrival = self.replaceable.remove(&name(flow, keys))?;
        self.waiting.remove(&arrival)
    }

    /// Takes in what another lane holds.
    pub(super) fn absorb(&mut self, other: Lane<T>) {
        self.keys.extend(other.keys);
        self.busy += other.busy;
        self.replaceable.extend(other.replaceable);
        self.waiting.extend(other.waiting);
    }
}

fn name(flow: &str, keys: &[String]) -> (String, Vec<String>) {
    (flow.to_owned(), keys.to_vec())
}
