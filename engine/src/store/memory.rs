//! A store in memory: for tests, the demo, and where nothing need outlive the process.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;

use super::{
    Accepted, Cursor, EventId, Fate, Keep, MOST_SETTLED, NewEvent, OpenRun, Order, OrderId, RunQuery, RunSummary,
    SETTLED_FOR, Store, StoreError, Transition, Unfinished, WaitingEvent,
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
    runs: IndexMap<RunId, KeptRun>,
    ended: VecDeque<RunId>,
    cursors: IndexMap<String, Value>,
    packs: HashMap<String, Value>,
    next_order: u64,
    orders: BTreeMap<OrderId, Order>,
    settled: HashMap<OrderId, Result<String, String>>,
    /// The same orders by the time at which they were settled.
    settled_at: BTreeSet<(Timestamp, OrderId)>,
}

#[derive(Debug, Default)]
struct KeptRun {
    keys: Vec<String>,
    events: Vec<Event>,
    /// The same as people may see it.
    shown: Vec<Event>,
    sleeps_until: Option<Timestamp>,
}

impl KeptRun {
    fn has_ended(&self) -> bool {
        matches!(self.events.last(), Some(Event::RunFinished { .. }))
    }
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
        let open = |(id, run): (&RunId, &KeptRun)| {
            let Some(Event::RunStarted { flow, pack, .. }) = run.events.first() else { return None };
            let (flow, pack) = (flow.clone(), pack.clone());
            Some(OpenRun { id: id.clone(), flow, pack, keys: run.keys.clone(), sleeps_until: run.sleeps_until })
        };
        Ok(Unfinished {
            waiting: kept.waiting.iter().map(|(id, event)| (*id, event.clone())).collect(),
            runs: kept.runs.iter().filter(|(_, run)| !run.has_ended()).filter_map(open).collect(),
            cursors: kept.cursors.clone(),
        })
    }

    async fn waiting_event(&self, event: EventId) -> Result<Option<NewEvent>, StoreError> {
        Ok(self.kept().waiting.get(&event).cloned())
    }

    async fn waiting(&self, most: usize) -> Result<Vec<WaitingEvent>, StoreError> {
        let kept = self.kept();
        Ok(kept.waiting.iter().take(most).map(|(id, event)| WaitingEvent::of(*id, event.clone())).collect())
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let mut kept = self.kept();
        let mut lengths: HashMap<&RunId, u64> = HashMap::new();
        for transition in transitions {
            let known = kept.runs.get(&transition.run).map_or(0, |run| run.events.len() as u64);
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
        let summaries = kept.runs.iter().rev().filter_map(|(id, run)| summary(id, run));
        let summaries = summaries.filter(|summary| query.wants(summary));
        Ok(summaries.take(query.most.unwrap_or(usize::MAX)).collect())
    }

    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        let kept = self.kept();
        let events = |run: &KeptRun| if run.has_ended() { run.shown.clone() } else { run.events.clone() };
        Ok(kept.runs.get(run).map(events).unwrap_or_default())
    }

    async fn keep_pack(&self, content: &str, pack: &Value) -> Result<(), StoreError> {
        self.kept().packs.entry(content.to_owned()).or_insert_with(|| pack.clone());
        Ok(())
    }

    async fn pack(&self, content: &str) -> Result<Option<Value>, StoreError> {
        Ok(self.kept().packs.get(content).cloned())
    }

    async fn place(&self, order: &Order) -> Result<OrderId, StoreError> {
        let mut kept = self.kept();
        kept.next_order += 1;
        let id = OrderId(kept.next_order);
        kept.orders.insert(id, order.clone());
        Ok(id)
    }

    async fn orders(&self) -> Result<Vec<(OrderId, Order)>, StoreError> {
        Ok(self.kept().orders.iter().map(|(id, order)| (*id, order.clone())).collect())
    }

    async fn settle(&self, order: OrderId, result: Result<String, String>, at: Timestamp) -> Result<(), StoreError> {
        let mut kept = self.kept();
        kept.orders.remove(&order);
        kept.settled.insert(order, result);
        kept.settled_at.insert((at, order));
        let old = at.saturating_sub(SETTLED_FOR).unwrap_or(Timestamp::MIN);
        while let Some((first, order)) = kept.settled_at.first().copied()
            && (first < old || kept.settled_at.len() as u64 > MOST_SETTLED)
        {
            kept.settled_at.remove(&(first, order));
            kept.settled.remove(&order);
        }
        Ok(())
    }

    async fn settled(&self, order: OrderId) -> Result<Option<Result<String, String>>, StoreError> {
        Ok(self.kept().settled.get(&order).cloned())
    }

    /// What is kept here has bounds of its own, which are smaller.
    async fn prune(&self, _: &Keep, _: Timestamp) -> Result<usize, StoreError> {
        Ok(0)
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
        let run = self.runs.entry(transition.run.clone()).or_default();
        run.events.extend(transition.events.iter().cloned());
        run.shown.extend(transition.shown.as_ref().unwrap_or(&transition.events).iter().cloned());
        run.sleeps_until = transition.sleeps_until;
        if transition.after == 0 {
            run.keys.clone_from(&transition.keys);
        }
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

fn summary(id: &RunId, run: &KeptRun) -> Option<RunSummary> {
    let Some(Event::RunStarted { flow, resubmits, at, .. }) = run.shown.first() else { return None };
    let mut summary = RunSummary {
        id: id.clone(),
        flow: flow.clone(),
        about: run.keys.clone(),
        resubmits: resubmits.clone(),
        started: *at,
        sleeps_until: run.sleeps_until,
        finished: None,
        outcome: None,
        error: None,
    };
    if let Some(Event::RunFinished { outcome, error, at }) = run.shown.last() {
        summary.finished = Some(*at);
        summary.outcome = Some(*outcome);
        summary.error = error.clone();
    }
    Some(summary)
}
