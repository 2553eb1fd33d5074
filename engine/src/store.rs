//! Where events and runs are kept.
//!
//! A store commits transitions, not single events: what belongs together is there together or not at all.
//! It never says yes before what it was given is as safe as it promises; the one in memory promises nothing
//! beyond the process.

mod around;
mod memory;
mod sqlite;
mod vault;

use std::time::Duration;

use async_trait::async_trait;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use around::Around;
pub use memory::MemoryStore;
pub use sqlite::{Options, SqliteStore};

use crate::outcome::Outcome;
use crate::run::{Event, RunId, StepError};

/// How long it is remembered what became of an order, for whoever gave it. Of very many, those settled first go earlier.
pub const SETTLED_FOR: Duration = Duration::from_secs(86_400);
/// Settled orders that are remembered at most.
const MOST_SETTLED: u64 = 100_000;

/// Keeps events that came in, runs, cursors, packs and orders.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes events in, in order, and with them where the poll that found them goes on. An event whose flow
    /// and content key are known is a duplicate: it is not taken again.
    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError>;

    /// Everything that is not done: events without a run, runs without an end, and all cursors.
    async fn load(&self) -> Result<Unfinished, StoreError>;

    /// An event that waits for its run; nothing where it does not.
    async fn waiting_event(&self, event: EventId) -> Result<Option<NewEvent>, StoreError>;

    /// The events that wait for their runs, oldest first, at most so many.
    async fn waiting(&self, most: usize) -> Result<Vec<WaitingEvent>, StoreError>;

    /// Commits transitions, each whole. One that starts behind the end of its run's record, or leaves a gap,
    /// is refused with all others: two drive one run. What this commits is durable when a later commit is.
    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError>;

    /// The runs that are asked for, those that began last first.
    async fn runs(&self, query: &RunQuery) -> Result<Vec<RunSummary>, StoreError>;

    /// The record of a run; empty where there is none. While the run lives it is whole; of one that has ended it is
    /// what people may see. Of one that ended and goes on again, what it had before may be so too.
    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError>;

    /// Keeps the pack of that content, for the runs that begin with it; what is kept already stays.
    async fn keep_pack(&self, content: &str, pack: &Value) -> Result<(), StoreError>;

    /// The pack of that content.
    async fn pack(&self, content: &str) -> Result<Option<Value>, StoreError>;

    /// Takes an order of a person for the engine that works on this store, now or when it starts.
    async fn place(&self, order: &Order) -> Result<OrderId, StoreError>;

    /// The orders that are not carried out, oldest first. One that cannot be read is among them as
    /// [`Order::Unreadable`].
    async fn orders(&self) -> Result<Vec<(OrderId, Order)>, StoreError>;

    /// Says what became of an order, and when: what was done in words, or why it was not.
    async fn settle(&self, order: OrderId, result: Result<String, String>, at: Timestamp) -> Result<(), StoreError>;

    /// What became of an order; `None` while it waits, and where there is no such order any more. It is remembered for
    /// [`SETTLED_FOR`].
    async fn settled(&self, order: OrderId) -> Result<Option<Result<String, String>>, StoreError>;

    /// Forgets some of what is older or more than is to be kept, of runs that have ended; returns how many runs and
    /// content keys went. It is called again while there are any, so that others are not held up for long. A pack goes
    /// with its last run, but not one that was kept since the store was opened: runs are to begin with it.
    async fn prune(&self, keep: &Keep, now: Timestamp) -> Result<usize, StoreError>;
}

/// An event that came in for a flow.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The flow that wants it.
    pub flow: String,
    /// `$.trigger`.
    pub body: Value,
    /// Tells copies of one event from different ones.
    pub content_key: String,
    /// The names of what it is about: those that share one have their runs one after the other.
    pub keys: Vec<String>,
    /// Whether the body must not be kept in clear text.
    pub secure: bool,
    /// When it came in.
    pub at: Timestamp,
    /// Why its run can only fail: the trigger could not be worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
    /// The run that is to be done once more with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub resubmits: Option<RunId>,
}

/// The number of an event in the store: later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

/// An event that waits, in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct WaitingEvent {
    /// Its number.
    pub id: EventId,
    /// The flow that wants it; not told where the event is secure.
    pub flow: Option<String>,
    /// The names of what it is about; not told where the event is secure.
    pub about: Vec<String>,
    /// When it came in; not known where its content key has been forgotten since.
    pub at: Option<Timestamp>,
}

impl WaitingEvent {
    fn of(id: EventId, event: NewEvent) -> WaitingEvent {
        let at = Some(event.at);
        if event.secure {
            return WaitingEvent { id, flow: None, about: Vec::new(), at };
        }
        WaitingEvent { id, flow: Some(event.flow), about: event.keys, at }
    }
}

/// What became of an event that was brought to the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is kept, and waits for its run.
    New(EventId),
    /// It was kept before.
    Duplicate(EventId),
}

/// Where a poll goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct Cursor {
    /// What is polled: the flow's name.
    pub name: String,
    /// The trigger's own mark.
    pub value: Value,
}

/// What belongs together in one commit.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Transition {
    /// The run.
    pub run: RunId,
    /// How many events its record has before.
    pub after: u64,
    /// Its new events.
    pub events: Vec<Event>,
    /// The same events as people may see them, where that differs: `events` are then kept encrypted, and only while
    /// the run lives.
    pub shown: Option<Vec<Event>>,
    /// What became of events that waited.
    pub fates: Vec<(EventId, Fate)>,
    /// The names of what the run is about, with the first event of its record.
    pub keys: Vec<String>,
    /// Until when nothing is to be done for the run.
    pub sleeps_until: Option<Timestamp>,
}

/// What became of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fate {
    /// It has its run.
    Started,
    /// A newer one of the same key stands for it.
    Merged(EventId),
}

/// What is not done yet.
#[derive(Debug, Clone, Default)]
pub struct Unfinished {
    /// Events that wait for their run, oldest first.
    pub waiting: Vec<(EventId, NewEvent)>,
    /// Runs without an end, oldest first.
    pub runs: Vec<OpenRun>,
    /// Where polls go on.
    pub cursors: IndexMap<String, Value>,
}

/// A run without an end. Its record is read when it goes on.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenRun {
    /// Its identity.
    pub id: RunId,
    /// The flow's name.
    pub flow: String,
    /// The content of the pack that it began with.
    pub pack: String,
    /// The names of what it is about.
    pub keys: Vec<String>,
    /// Until when nothing is to be done for it.
    pub sleeps_until: Option<Timestamp>,
}

/// Which runs are asked for: those to which all of it applies.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Of this flow only.
    pub flow: Option<String>,
    /// With this outcome only.
    pub outcome: Option<Outcome>,
    /// Only those that have ended, or only those that have not.
    pub ended: Option<bool>,
    /// Begun at this time or later.
    pub since: Option<Timestamp>,
    /// Begun before this time.
    pub until: Option<Timestamp>,
    /// About the thing of this name, with its kind (`deal/17`) or without (`17`); case does not count.
    pub about: Option<String>,
    /// Failed with this code.
    pub code: Option<String>,
    /// Doing that run once more.
    pub resubmits: Option<RunId>,
    /// At most so many; all where it says none.
    pub most: Option<usize>,
}

impl RunQuery {
    /// Whether a run is among those that are asked for; how many there may be does not count here.
    pub fn wants(&self, run: &RunSummary) -> bool {
        let is_about = |name: &String| run.about.iter().any(|key| is_name(key, name));
        let failed_with = |code: &String| run.error.as_ref().is_some_and(|error| error.code == *code);
        self.flow.as_ref().is_none_or(|flow| *flow == run.flow)
            && self.outcome.is_none_or(|outcome| Some(outcome) == run.outcome)
            && self.ended.is_none_or(|ended| ended == run.finished.is_some())
            && self.since.is_none_or(|since| run.started >= since)
            && self.until.is_none_or(|until| run.started < until)
            && self.about.as_ref().is_none_or(is_about)
            && self.code.as_ref().is_none_or(failed_with)
            && self.resubmits.as_ref().is_none_or(|of| run.resubmits.as_ref() == Some(of))
    }
}

/// Whether a thing is meant by a name with its kind or without.
fn is_name(key: &str, name: &str) -> bool {
    key.eq_ignore_ascii_case(name) || key.split_once('/').is_some_and(|(_, bare)| bare.eq_ignore_ascii_case(name))
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// Its identity.
    pub id: RunId,
    /// The flow's name.
    pub flow: String,
    /// The names of what it is about.
    pub about: Vec<String>,
    /// The run that it does once more.
    pub resubmits: Option<RunId>,
    /// When it began.
    pub started: Timestamp,
    /// Until when nothing is to be done for it.
    pub sleeps_until: Option<Timestamp>,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why, where it failed.
    pub error: Option<StepError>,
}

/// What a person wants of the engine, while it works or before it starts.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "order", rename_all = "snake_case")]
pub enum Order {
    /// The run's event once more, with a run of its own.
    Resubmit {
        /// The run.
        run: RunId,
    },
    /// An end to the run.
    Cancel {
        /// The run.
        run: RunId,
    },
    /// An end to the event, which waits: it has a run that is cancelled before it begins.
    CancelEvent {
        /// The event.
        event: EventId,
    },
    /// The run goes on from the step at which it failed.
    Resume {
        /// The run.
        run: RunId,
    },
    /// What changed since then, as if it had just been told.
    Backfill {
        /// Since when.
        since: Timestamp,
        /// For this flow only.
        flow: Option<String>,
    },
    /// What was kept as an order and cannot be read: a newer program gave it, or it is damaged.
    #[serde(skip)]
    Unreadable {
        /// Why.
        why: String,
    },
}

/// The number of an order: later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct OrderId(pub u64);

/// How much is kept of what is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Of runs that have ended: those that ended within this time.
    pub age: Duration,
    /// Of these at most so many, the newest.
    pub runs: u64,
    /// How long the content keys of events are remembered, to know a copy.
    pub keys: Duration,
}

impl Default for Keep {
    /// A month, a million runs; services repeat an event for days at most.
    fn default() -> Keep {
        let days = |days: u64| Duration::from_secs(days * 86_400);
        Keep { age: days(30), runs: 1_000_000, keys: days(14) }
    }
}

/// A store that could not do what it was asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Somebody else has written to the run.
    #[error("the record of run `{run}` has {found} events, not {expected}: something else drives it")]
    OutOfStep {
        /// The run.
        run: String,
        /// How many events were expected.
        expected: u64,
        /// How many there are.
        found: u64,
    },
    /// It can take no more.
    #[error("the store is full: {0}")]
    Full(String),
    /// Another process works on it.
    #[error("the store is in use: {0}")]
    InUse(String),
    /// It is broken.
    #[error("the store failed: {0}")]
    Broken(String),
}
