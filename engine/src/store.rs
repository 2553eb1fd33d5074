//! Where events and runs are kept.
//!
//! A store commits transitions, not single events: what belongs together is there together or not at all.
//! It never says yes before what it was given is as safe as it promises; the one in memory promises nothing
//! beyond the process.

mod memory;

use async_trait::async_trait;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

pub use memory::MemoryStore;

use crate::outcome::Outcome;
use crate::run::{Event, RunId, StepError};

/// Keeps events that came in, runs and cursors.
#[async_trait]
pub trait Store: Send + Sync {
    /// Takes events in, in order, and with them where the poll that found them goes on. An event whose flow
    /// and content key are known is a duplicate: it is not taken again.
    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError>;

    /// Everything that is not done: events without a run, runs without an end, and all cursors.
    async fn load(&self) -> Result<Unfinished, StoreError>;

    /// Commits transitions, each whole. One that starts behind the end of its run's record, or leaves a gap,
    /// is refused with all others: two drive one run.
    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError>;

    /// The newest runs first.
    async fn runs(&self, query: &RunQuery) -> Result<Vec<RunSummary>, StoreError>;

    /// The record of a run; empty where there is none.
    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError>;
}

/// An event that came in for a flow.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewEvent {
    /// The flow that wants it.
    pub flow: String,
    /// `$.trigger`.
    pub body: Value,
    /// Tells copies of one event from different ones.
    pub content_key: String,
    /// When it came in.
    pub at: Timestamp,
    /// Why its run can only fail: the trigger could not be worked out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wrong: Option<String>,
}

/// The number of an event in the store: later ones are greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct EventId(pub u64);

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
#[derive(Debug, Clone, PartialEq)]
pub struct Transition {
    /// The run.
    pub run: RunId,
    /// How many events its record has before.
    pub after: u64,
    /// Its new events.
    pub events: Vec<Event>,
    /// What became of events that waited.
    pub fates: Vec<(EventId, Fate)>,
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
    /// Runs without an end, with their records.
    pub runs: IndexMap<RunId, Vec<Event>>,
    /// Where polls go on.
    pub cursors: IndexMap<String, Value>,
}

/// Which runs are asked for.
#[derive(Debug, Clone, Default)]
pub struct RunQuery {
    /// Of this flow only.
    pub flow: Option<String>,
    /// With this outcome only.
    pub outcome: Option<Outcome>,
    /// At most so many; all where it says none.
    pub most: Option<usize>,
}

/// A run in a list.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct RunSummary {
    /// Its identity.
    pub id: RunId,
    /// The flow's name.
    pub flow: String,
    /// When it began.
    pub started: Timestamp,
    /// When it ended.
    pub finished: Option<Timestamp>,
    /// How it ended.
    pub outcome: Option<Outcome>,
    /// Why, where it failed.
    pub error: Option<StepError>,
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
    /// It is broken.
    #[error("the store failed: {0}")]
    Broken(String),
}
