//! Which events there were, and how each delivery went.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use indexmap::IndexMap;
use serde::Serialize;
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::super::events::Event;
use super::{MOST_REMEMBERED, MOST_WAITING};

/// Why a delivery ends before its last attempt.
pub(super) const GIVEN_UP: &str = "given up, too many wait";

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
    /// Deliveries that are not over, the oldest first.
    waiting: BTreeMap<u64, Waiting>,
    next: u64,
    events: u64,
}

/// A delivery that is not over.
pub(super) struct Waiting {
    /// The event's name.
    pub(super) event: &'static str,
    /// The id of its test.
    pub(super) validation: Option<String>,
    /// As long as this lives, the delivery goes on.
    _goes_on: oneshot::Sender<()>,
}

/// A delivery that has begun.
pub(super) struct Opened {
    /// By which its attempts are noted.
    pub(super) number: u64,
    /// Resolves when it is over, or given up.
    pub(super) given_up: oneshot::Receiver<()>,
    /// The delivery that had to make room.
    pub(super) oldest: Option<Waiting>,
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
        let number = self.record(event);
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

    /// Begins a delivery. Where too many wait, the oldest is over.
    pub(super) fn open(&mut self, event: &Event, validation: Option<&str>) -> Opened {
        let full = self.waiting.len() >= MOST_WAITING;
        let oldest = if full { self.waiting.pop_first() } else { None };
        if let Some((number, _)) = &oldest {
            self.note(*number, GIVEN_UP, false, true);
        }
        let number = self.record(event);
        let (goes_on, given_up) = oneshot::channel();
        let waiting = Waiting { event: event.name, validation: validation.map(str::to_owned), _goes_on: goes_on };
        self.waiting.insert(number, waiting);
        Opened { number, given_up, oldest: oldest.map(|(_, waiting)| waiting) }
    }

    /// Begins the record of a delivery.
    fn record(&mut self, event: &Event) -> u64 {
        if self.records.len() == MOST_REMEMBERED {
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

    /// Notes an attempt; after the last one the delivery waits no more.
    pub(super) fn note(&mut self, number: u64, outcome: &str, delivered: bool, done: bool) {
        if done {
            self.waiting.remove(&number);
        }
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

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::MOST_HELD;
    use super::*;

    #[test]
    fn the_oldest_delivery_makes_room_where_too_many_wait() {
        let event = Event {
            name: "referral-updated",
            resource_uri: String::new(),
            resource_name: "referral",
            changed: jiff::Timestamp::UNIX_EPOCH,
        };
        let mut book = Book::new(Duration::ZERO);
        let mut first = book.open(&event, Some("test"));
        let mut second = book.open(&event, None);
        // A release sends all that was held at once.
        for _ in 2..MOST_HELD {
            assert!(book.open(&event, None).oldest.is_none());
        }
        let gone = book.open(&event, None).oldest.unwrap();
        assert_eq!((gone.event, gone.validation.as_deref()), ("referral-updated", Some("test")));
        drop(gone);
        assert!(first.given_up.try_recv() == Err(oneshot::error::TryRecvError::Closed), "its task ends");
        let report = book.report(0);
        assert_eq!((&report["offline"], &report["deliveries"][0]["attempts"]), (&json!(1), &json!([GIVEN_UP])));
        assert!(second.given_up.try_recv() == Err(oneshot::error::TryRecvError::Empty), "the others go on");
        book.note(second.number, "OK", true, true);
        assert!(book.open(&event, None).oldest.is_none(), "what is over makes room as well");
    }
}
