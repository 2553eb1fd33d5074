//! What the engine knows of all work at one moment: what waits, what is driven, and what sleeps. Nothing here waits.

use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};

use jiff::Timestamp;
use tokio::task::JoinHandle;
use uuid::Uuid;

use super::work::{Begin, Deed, Item, Turn};
use crate::inbox::Lanes;
use crate::run::RunId;
use crate::store::{EventId, OrderId, StoreError};

/// Events that may wait in memory.
const MOST_WAITING: usize = 100_000;
/// About how many bytes they may take.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// What waits, what is driven, and what sleeps.
#[derive(Default)]
pub(super) struct Desk {
    pub(super) lanes: Lanes<Item>,
    /// Runs that a task drives.
    pub(super) driven: HashMap<RunId, Driving>,
    /// Runs for which nothing is to be done until then. They hold their lanes.
    asleep: BTreeMap<(Timestamp, RunId), (Turn, Deed)>,
    /// Runs that slept, and wait for a place.
    woken: VecDeque<Next>,
    /// Runs that had failed, and wait in their lanes to go on.
    pub(super) reopening: HashSet<RunId>,
    /// Orders that are being carried out.
    pub(super) in_hand: HashSet<OrderId>,
    /// Events that wait, those that others stand for too, and their bytes.
    waiting: usize,
    bytes: usize,
    /// Whether a task waits for the next run that wakes.
    pub(super) has_timer: bool,
    pub(super) is_stopping: bool,
}

/// A run that a task drives.
pub(super) struct Driving {
    pub(super) turn: Turn,
    pub(super) task: JoinHandle<()>,
    /// The order that it carries out.
    pub(super) order: Option<OrderId>,
}

/// A run that may be driven now.
pub(super) struct Next {
    pub(super) run: RunId,
    pub(super) turn: Turn,
    pub(super) keys: Vec<String>,
    pub(super) deed: Deed,
}

impl Desk {
    /// Makes room for events; refused where they are more than may wait. When nothing waits there is room for any.
    pub(super) fn reserve(&mut self, events: usize, bytes: usize) -> Result<(), StoreError> {
        let is_too_much = self.waiting + events > MOST_WAITING || self.bytes + bytes > MOST_BYTES;
        if is_too_much && self.waiting > 0 {
            return Err(StoreError::Full(format!("{} events wait for their runs", self.waiting)));
        }
        self.count(events, bytes);
        Ok(())
    }

    /// Counts events that wait already.
    pub(super) fn count(&mut self, events: usize, bytes: usize) {
        self.waiting += events;
        self.bytes += bytes;
    }

    /// Gives room back.
    pub(super) fn uncount(&mut self, events: usize, bytes: usize) {
        self.waiting = self.waiting.saturating_sub(events);
        self.bytes = self.bytes.saturating_sub(bytes);
    }

    /// Puts work in its lane; of an event that merges, the newest stands for those that wait.
    pub(super) fn push(&mut self, item: Item) {
        let bytes = &mut self.bytes;
        self.lanes.push_merging(item, |new, old| {
            let both = weight(&new) + weight(&old);
            let merged = new.merge(old);
            *bytes = bytes.saturating_sub(both - weight(&merged));
            merged
        });
    }

    /// The next run that may be driven: one that slept, else that of the lane whose turn it is.
    pub(super) fn next(&mut self, at_once: usize, most: impl Fn(&str) -> Option<usize>) -> Option<Next> {
        if self.is_stopping || self.driven.len() >= at_once {
            return None;
        }
        if let Some(next) = self.woken.pop_front() {
            return Some(next);
        }
        let (lane, Item { run, flow, keys, deed, .. }) = self.lanes.take(most)?;
        if let Deed::Begin(Begin { merged, weight, .. }) = &deed {
            self.uncount(1 + merged.len(), *weight);
        }
        Some(Next { run: run.unwrap_or_else(new_id), turn: Turn { lane, flow }, keys, deed })
    }

    /// Takes the work of an event out of its lane, with its arrival, whether it is that event's own or stands for it.
    pub(super) fn take_out(&mut self, event: EventId) -> Option<(u64, Item)> {
        let (arrival, item) = self.lanes.take_out(|item| match &item.deed {
            Deed::Begin(begin) => begin.event == event || begin.merged.contains(&event),
            _ => false,
        })?;
        if let Deed::Begin(Begin { merged, weight, .. }) = &item.deed {
            self.uncount(1 + merged.len(), *weight);
        }
        Some((arrival, item))
    }

    /// Puts it back.
    pub(super) fn put_back(&mut self, arrival: u64, item: Item) {
        if let Deed::Begin(Begin { merged, weight, .. }) = &item.deed {
            self.count(1 + merged.len(), *weight);
        }
        self.lanes.put_back(arrival, item);
    }

    /// Lets a run sleep. It keeps its lane, and counts as under way for its flow.
    pub(super) fn sleep(&mut self, until: Timestamp, run: RunId, turn: Turn, deed: Deed) {
        self.asleep.insert((until, run), (turn, deed));
    }

    /// Lets a run sleep that did so before the engine started.
    pub(super) fn sleep_on(&mut self, run: RunId, flow: String, keys: &[String], until: Timestamp) {
        let lane = self.lanes.take_up(keys, &flow);
        self.sleep(until, run, Turn { lane, flow }, Deed::Resume);
    }

    /// Wakes what has slept long enough; gives the time at which the next one wakes.
    pub(super) fn wake(&mut self, now: Timestamp) -> Option<Timestamp> {
        while let Some(first) = self.asleep.first_entry() {
            if first.key().0 > now {
                return Some(first.key().0);
            }
            let ((_, run), (turn, deed)) = first.remove_entry();
            self.woken.push_back(Next { run, turn, keys: Vec::new(), deed });
        }
        None
    }

    /// The time at which the next run wakes.
    pub(super) fn next_wake(&self) -> Option<Timestamp> {
        self.asleep.first_key_value().map(|((until, _), _)| *until)
    }

    /// Takes a run out of those that sleep or wait for a place after it.
    pub(super) fn take_sleeping(&mut self, run: &RunId) -> Option<Turn> {
        if let Some(place) = self.woken.iter().position(|next| next.run == *run) {
            return self.woken.remove(place).map(|next| next.turn);
        }
        let key = self.asleep.keys().find(|(_, asleep)| asleep == run)?.clone();
        self.asleep.remove(&key).map(|(turn, _)| turn)
    }

    /// Whether an order has a run that had failed go on, now or when it is its turn.
    pub(super) fn is_reopened(&self, run: &RunId) -> bool {
        self.reopening.contains(run) || self.driven.get(run).is_some_and(|driving| driving.order.is_some())
    }

    /// Whether a run is driven or sleeps.
    pub(super) fn is_held(&self, run: &RunId) -> bool {
        self.driven.contains_key(run)
            || self.woken.iter().any(|next| next.run == *run)
            || self.asleep.keys().any(|(_, asleep)| asleep == run)
    }

    /// Whether an order is to be carried out: it is not being, and the engine goes on.
    pub(super) fn take_in_hand(&mut self, order: OrderId) -> bool {
        !self.is_stopping && self.in_hand.insert(order)
    }

    /// Whether nothing is driven, and nothing waits to be.
    pub(super) fn is_quiet(&self) -> bool {
        self.driven.is_empty() && self.woken.is_empty()
    }
}

fn weight(item: &Item) -> usize {
    match &item.deed {
        Deed::Begin(begin) => begin.weight,
        _ => 0,
    }
}

/// Ids in the order of time, so that a store writes runs of one time side by side.
pub(super) fn new_id() -> RunId {
    RunId(Uuid::now_v7().to_string())
}
