//! Runs that are finished, written into a store as an engine would: an event that waits, then the transitions of its run.

use cosell_engine::outcome::Outcome;
use cosell_engine::run::{Event, RunId, StepError};
use cosell_engine::store::{Accepted, Fate, NewEvent, SqliteStore, Store, Transition};
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::Failure;

/// Runs in one commit.
const BATCH: usize = 500;
/// Transitions of one run: before its first write, before its second, and at its end.
const TRANSITIONS: usize = 3;
/// Deals that the runs are about.
const DEALS: usize = 300_000;
/// How long ago the first run began; what is older would be forgotten.
const AGO: SignedDuration = SignedDuration::from_hours(29 * 24);
/// One run of so many did not succeed, in one of [`ends`].
const ONE_OF: usize = 10;

/// Writes so many runs, each with one of the records.
pub(super) async fn fill(store: &SqliteStore, records: &[Vec<Event>], runs: usize) -> Result<(), Failure> {
    let now = Timestamp::now();
    for first in (0..runs).step_by(BATCH) {
        let batch: Vec<Finished> = (first..runs.min(first + BATCH))
            .zip(records.iter().cycle().skip(first % records.len().max(1)))
            .map(|(number, record)| Finished::new(number, now - AGO + AGO * number as i32 / runs as i32, record))
            .collect();
        let events: Vec<NewEvent> = batch.iter().map(Finished::event).collect();
        let accepted = store.accept(&events, None).await?;
        let transitions = batch.into_iter().zip(accepted).flat_map(|(run, accepted)| run.transitions(accepted));
        store.commit(&transitions.collect::<Vec<_>>()).await?;
    }
    Ok(())
}

/// A run to be written.
struct Finished {
    number: usize,
    at: Timestamp,
    events: Vec<Event>,
}

impl Finished {
    fn new(number: usize, began: Timestamp, record: &[Event]) -> Finished {
        let mut events = record.to_vec();
        if let Some(Event::RunStarted { at, .. }) = events.first_mut() {
            *at = began;
        }
        if let Some(Event::RunFinished { outcome, error, at }) = events.last_mut() {
            (*outcome, *error) = end(number);
            *at = began + SignedDuration::from_millis(100);
        }
        Finished { number, at: began, events }
    }

    fn key(&self) -> String {
        format!("deal/{}", self.number % DEALS)
    }

    /// The event that it was begun for.
    fn event(&self) -> NewEvent {
        let (flow, body) = match self.events.first() {
            Some(Event::RunStarted { flow, trigger, .. }) => (flow.clone(), trigger.clone()),
            _ => Default::default(),
        };
        let content_key = format!("million/{}", self.number);
        NewEvent { flow, body, content_key, keys: vec![self.key()], at: self.at, ..NewEvent::default() }
    }

    fn transitions(self, accepted: Accepted) -> Vec<Transition> {
        let (Accepted::New(event) | Accepted::Duplicate(event)) = accepted;
        // Ids of runs grow with time.
        let run = RunId(Uuid::from_u128(self.number as u128).to_string());
        let mut transitions: Vec<Transition> = Vec::new();
        let part = self.events.len().div_ceil(TRANSITIONS).max(1);
        for (index, events) in self.events.chunks(part).enumerate() {
            let after = (index * part) as u64;
            transitions.push(Transition { run: run.clone(), after, events: events.to_vec(), ..Transition::default() });
        }
        if let Some(first) = transitions.first_mut() {
            first.fates = vec![(event, Fate::Started)];
            first.keys = vec![self.key()];
        }
        transitions
    }
}

/// How a run ended: most succeeded, and the others did not in several ways.
fn end(number: usize) -> (Outcome, Option<StepError>) {
    if !number.is_multiple_of(ONE_OF) {
        return (Outcome::Succeeded, None);
    }
    let error = |code: &str| {
        let error = StepError::value("audit", "creating an `annotation` row: the service did not answer as it should");
        Some(StepError { code: code.to_owned(), ..error })
    };
    match number / ONE_OF % 10 {
        0 => (Outcome::Cancelled, None),
        1 => (Outcome::TimedOut, error("timed_out")),
        2 => (Outcome::Failed, error("0x80048306")),
        _ => (Outcome::Failed, error("unavailable")),
    }
}
