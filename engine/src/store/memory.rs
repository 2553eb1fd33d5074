//! A store in memory: for tests, the demo, and where nothing need outlive the process.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use indexmap::IndexMap;
use serde_json::Value;

use super::{
    Accepted, Cursor, EventId, Fate, NewEvent, RunQuery, RunSummary, Store, StoreError, Transition, Unfinished,
};
use crate::run::{Event, RunId};

/// Ended runs that are kept for the history.
const MOST_ENDED: usize = 10_000;
/// Content keys that are remembered, to know a copy of an event.
const MOST_KEYS: usize = 100_000;
/// Events that may wait; more are refused, so that the sender tries again.
const MOST_WAITING: usize = 100_000;

/// Keeps everything in memory, the oldest history within bounds.
#[derive(Debug, Default)]
pub struct MemoryStore(Mutex<Kept>);

#[derive(Debug, Default)]
struct Kept {
    next_event: u64,
    waiting: BTreeMap<EventId, NewEvent>,
    keys: HashMap<(String, String), EventId>,
    key_order: VecDeque<(String, String)>,
    runs: IndexMap<RunId, Vec<Event>>,
    ended: VecDeque<RunId>,
    cursors: IndexMap<String, Value>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> MemoryStore {
        MemoryStore::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError> {
        let mut kept = self.kept();
        if kept.waiting.len() + events.len() > MOST_WAITING {
            return Err(StoreError::Full(format!("{} events wait for their runs", kept.waiting.len())));
        }
        let accepted = events.iter().map(|event| kept.accept(event)).collect();
        if let Some(cursor) = cursor {
            kept.cursors.insert(cursor.name.clone(), cursor.value.clone());
        }
        Ok(accepted)
    }

    async fn load(&self) -> Result<Unfinished, StoreError> {
        let kept = self.kept();
        let unfinished = |events: &[Event]| !matches!(events.last(), Some(Event::RunFinished { .. }));
        Ok(Unfinished {
            waiting: kept.waiting.iter().map(|(id, event)| (*id, event.clone())).collect(),
            runs: kept
                .runs
                .iter()
                .filter(|(_, events)| unfinished(events))
                .map(|(id, events)| (id.clone(), events.clone()))
                .collect(),
            cursors: kept.cursors.clone(),
        })
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let mut lengths: HashMap<&RunId, u64> = HashMap::new();
        for transition in transitions {
            let known = kept.runs.get(&transition.run).map_or(0, |events| events.len() as u64);
            let found = lengths.entry(&transition.run).or_insert(known);
            if *found != transition.after {
                let run = transition.run.to_string();
                return Err(StoreError::OutOfStep { run, expected: transition.after, found: *found });
            }
            *found += transition.events.len() as u64;
        }
        transitions.iter().for_each(|transition| kept.commit(transition));
        Ok(())
    }

    async fn runs(&self, query: &RunQuery) -> Result<Vec<RunSummary>, StoreError> {
        let kept = self.kept();
        let wanted = |summary: &RunSummary| {
            query.flow.as_ref().is_none_or(|flow| *flow == summary.flow)
                && query.outcome.is_none_or(|outcome| Some(outcome) == summary.outcome)
        };
        let summaries = kept.runs.iter().rev().filter_map(|(id, events)| summary(id, events)).filter(wanted);
        Ok(summaries.take(query.most.unwrap_or(usize::MAX)).collect())
    }

    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        Ok(self.kept().runs.get(run).cloned().unwrap_or_default())
    }
}

impl Kept {
    fn accept(&mut self, event: &NewEvent) -> Accepted {
        let key = (event.flow.clone(), event.content_key.clone());
        if let Some(known) = self.keys.get(&key) {
            return Accepted::Duplicate(*known);
        }
        self.next_event += 1;
        let id = EventId(self.next_event);
        self.keys.insert(key.clone(), id);
        self.key_order.push_back(key);
        if self.key_order.len() > MOST_KEYS
            && let Some(oldest) = self.key_order.pop_front()
        {
            self.keys.remove(&oldest);
        }
        self.waiting.insert(id, event.clone());
        Accepted::New(id)
    }

    fn commit(&mut self, transition: &Transition) {
        self.runs.entry(transition.run.clone()).or_default().extend(transition.events.iter().cloned());
        for (event, fate) in &transition.fates {
            match fate {
                Fate::Started | Fate::Merged(_) => self.waiting.remove(event),
            };
        }
        if let Some(Event::RunFinished { .. }) = transition.events.last() {
            self.ended.push_back(transition.run.clone());
            if self.ended.len() > MOST_ENDED
                && let Some(oldest) = self.ended.pop_front()
            {
                self.runs.shift_remove(&oldest);
            }
        }
    }
}

fn summary(id: &RunId, events: &[Event]) -> Option<RunSummary> {
    let Some(Event::RunStarted { flow, at, .. }) = events.first() else { return None };
    let mut summary =
        RunSummary { id: id.clone(), flow: flow.clone(), started: *at, finished: None, outcome: None, error: None };
    if let Some(Event::RunFinished { outcome, error, at }) = events.last() {
        summary.finished = Some(*at);
        summary.outcome = Some(*outcome);
        summary.error = error.clone();
    }
    Some(summary)
}
