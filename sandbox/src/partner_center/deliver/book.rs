//! Which events there were, and how each delivery went.

use std::collections::VecDeque;
use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};

use super::super::events::Event;
use super::MOST;

/// The record of all deliveries, and what is held back.
#[derive(Default)]
pub(super) struct Book {
    /// New events are held back.
    pub(super) hold: bool,
    /// Each event goes out so many times more.
    pub(super) duplicate: usize,
    /// Each event goes out so much later, in milliseconds.
    pub(super) delay_ms: u64,
    /// The wait between two attempts.
    pub(super) spacing: Duration,
    /// Events that are held back, each with the id of its test.
    pub(super) held: VecDeque<(Event, Option<String>)>,
    records: IndexMap<u64, Delivery>,
    next: u64,
    events: u64,
}

/// One delivery and how it went.
#[derive(Debug, Clone, Serialize)]
struct Delivery {
    event: &'static str,
    resource_uri: String,
    state: DeliveryState,
    /// The outcome of each attempt: a status or what failed.
    attempts: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum DeliveryState {
    Waiting,
    Delivered,
    Offline,
    /// Never sent, by switch.
    Lost,
}

impl Book {
    /// An empty one.
    pub(super) fn new(spacing: Duration) -> Book {
        Book { spacing, ..Book::default() }
    }

    /// Counts an event, and answers with its place: 1 is the first.
    pub(super) fn count(&mut self) -> u64 {
        self.events += 1;
        self.events
    }

    /// Notes an event that is lost on purpose.
    pub(super) fn lose(&mut self, event: &Event) {
        let number = self.open(event);
        if let Some(record) = self.records.get_mut(&number) {
            record.state = DeliveryState::Lost;
        }
    }

    /// Counts and details for the person at the keyboard.
    pub(super) fn report(&self, waiting: usize) -> Value {
        let count = |state| self.records.values().filter(|one| one.state == state).count();
        json!({
            "hold": self.hold, "held": self.held.len(), "duplicate": self.duplicate, "delay_ms": self.delay_ms,
            "spacing_ms": u64::try_from(self.spacing.as_millis()).unwrap_or(u64::MAX),
            "delivered": count(DeliveryState::Delivered), "waiting": waiting, "lost": count(DeliveryState::Lost),
            "offline": count(DeliveryState::Offline), "deliveries": self.records.values().collect::<Vec<_>>(),
        })
    }

    /// Begins the record of a delivery.
    pub(super) fn open(&mut self, event: &Event) -> u64 {
        if self.records.len() == MOST {
            self.records.shift_remove_index(0);
        }
        self.next += 1;
        let fresh = Delivery {
            event: event.name,
            resource_uri: event.resource_uri.clone(),
            state: DeliveryState::Waiting,
            attempts: Vec::new(),
        };
        self.records.insert(self.next, fresh);
        self.next
    }

    /// Notes an attempt.
    pub(super) fn note(&mut self, number: u64, outcome: &str, delivered: bool, done: bool) {
        let Some(record) = self.records.get_mut(&number) else {
            return;
        };
        record.attempts.push(outcome.to_owned());
        if delivered {
            record.state = DeliveryState::Delivered;
        } else if done {
            record.state = DeliveryState::Offline;
        }
    }
}
