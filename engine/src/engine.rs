//! The engine at work: takes events in, gives each its run when its turn has come, and answers what became
//! of them.
//!
//! An event is accepted by the store before anybody hears of it; then it waits in the lane of what it is
//! about, and its run is driven in a task of its own. Different lanes run side by side, up to a limit.

mod admission;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, Semaphore, broadcast};
use tracing::{Instrument, error, info_span};
use uuid::Uuid;

use crate::connector::TriggerEvent;
use crate::flow::{EventTrigger, Trigger};
use crate::inbox::{LaneId, Lanes};
use crate::pack::PlannedFlow;
use crate::run::driver::{DriveError, World};
use crate::run::{Run, RunId};
use crate::store::{Accepted, Cursor, EventId, Fate, NewEvent, StoreError};
use admission::TriggerScope;

/// Runs that are driven side by side.
const MOST_RUNS: usize = 64;
/// Ended runs that a slow listener may be behind.
const MOST_UNHEARD: usize = 1024;

/// Takes events in and drives their runs. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

struct Shared {
    world: Arc<World>,
    lanes: Mutex<Lanes<Waiting>>,
    places: Arc<Semaphore>,
    /// How many runs of each flow are under way.
    under_way: Mutex<HashMap<String, usize>>,
    idle: Notify,
    ended: broadcast::Sender<Arc<Run>>,
}

/// An event whose run has not started.
#[derive(Debug)]
struct Waiting {
    event: Option<EventId>,
    flow: String,
    keys: Vec<String>,
    body: Value,
    /// Why the run can only fail.
    wrong: Option<String>,
    /// Events that this one stands for.
    merged: Vec<EventId>,
    /// A run that was under way when the process ended.
    resume: Option<RunId>,
}

impl Engine {
    /// An engine in its world. Nothing is taken up before [`Engine::recover`].
    pub fn new(world: World) -> Engine {
        let (ended, _) = broadcast::channel(MOST_UNHEARD);
        Engine(Arc::new(Shared {
            world: Arc::new(world),
            lanes: Mutex::new(Lanes::default()),
            places: Arc::new(Semaphore::new(MOST_RUNS)),
            under_way: Mutex::default(),
            idle: Notify::new(),
            ended,
        }))
    }

    /// What the runs see.
    pub fn world(&self) -> &Arc<World> {
        &self.0.world
    }

    /// Every run from now on, when it has ended.
    pub fn ended_runs(&self) -> broadcast::Receiver<Arc<Run>> {
        self.0.ended.subscribe()
    }

    /// Takes up what the store says is not done: runs under way, and events that wait.
    pub async fn recover(&self) -> Result<(), StoreError> {
        let unfinished = self.0.world.store.load().await?;
        for orphan in self.0.world.orphans(&unfinished.runs) {
            if let Err(error) = self.0.world.cancel(orphan).await {
                error!(%error, "a child run that nobody waits for could not be ended");
            }
        }
        for (id, events) in unfinished.runs {
            let Some(crate::run::Event::RunStarted { flow, trigger, .. }) = events.first() else { continue };
            if id.is_child() {
                // A child goes on with the run that waits for it.
                continue;
            }
            let keys = self.keys(flow, trigger);
            self.push(Waiting {
                event: None,
                flow: flow.clone(),
                keys,
                body: trigger.clone(),
                wrong: None,
                merged: Vec::new(),
                resume: Some(id),
            });
        }
        for (id, event) in unfinished.waiting {
            self.enqueue(id, event);
        }
        self.start_what_can();
        Ok(())
    }

    /// Takes in what a trigger brought, for every flow that wants it; returns how many were new. `cursor` is
    /// where a poll of that flow goes on.
    pub async fn accept(
        &self,
        trigger: &str,
        events: &[TriggerEvent],
        cursor: Option<Cursor>,
    ) -> Result<usize, StoreError> {
        let world = &self.0.world;
        let Some(known) = world.connectors.trigger(trigger) else { return Ok(0) };
        let only = cursor.as_ref().map(|cursor| cursor.name.as_str());
        let mut new = Vec::new();
        for event in events {
            for (planned, used) in
                event_flows(world, trigger).filter(|(planned, _)| only.is_none_or(|only| only == planned.flow.name))
            {
                if known.wants_any(&used.with, event) {
                    new.extend(admission::admit(&planned.flow.name, used, event, world));
                }
            }
        }
        if new.is_empty() && cursor.is_none() {
            return Ok(0);
        }
        let accepted = world.store.accept(&new, cursor.as_ref()).await?;
        let mut count = 0;
        for (accepted, event) in accepted.into_iter().zip(new) {
            if let Accepted::New(id) = accepted {
                self.enqueue(id, event);
                count += 1;
            }
        }
        self.start_what_can();
        Ok(count)
    }

    /// Takes in that the clock has started a flow at that time; the same time once more is a copy.
    pub async fn fire(&self, flow: &str, at: Timestamp) -> Result<(), StoreError> {
        let (flow, content_key) = (flow.to_owned(), at.to_string());
        let event = NewEvent { flow, body: Value::Null, content_key, at, wrong: None };
        for accepted in self.0.world.store.accept(std::slice::from_ref(&event), None).await? {
            if let Accepted::New(id) = accepted {
                self.enqueue(id, event.clone());
            }
        }
        self.start_what_can();
        Ok(())
    }

    /// Runs a flow now, for a person, outside of any lane, and waits for its end.
    pub async fn run_now(&self, flow: &str, inputs: Value) -> Result<Arc<Run>, DriveError> {
        let inputs = self.0.world.inputs(flow, inputs)?;
        let run = Arc::new(self.0.world.start(new_id(), flow, inputs, Vec::new()).await?);
        let _ = self.0.ended.send(Arc::clone(&run));
        Ok(run)
    }

    /// Waits until no event waits and no run is under way.
    pub async fn idle(&self) {
        loop {
            let notified = self.0.idle.notified();
            tokio::pin!(notified);
            notified.as_mut().enable();
            if self.lanes().is_idle() {
                return;
            }
            notified.await;
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes<Waiting>> {
        self.0.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn enqueue(&self, id: EventId, event: NewEvent) {
        let NewEvent { flow, body, wrong, .. } = event;
        let keys = self.keys(&flow, &body);
        self.push(Waiting { event: Some(id), flow, keys, body, wrong, merged: Vec::new(), resume: None });
    }

    fn push(&self, waiting: Waiting) {
        let merges =
            self.trigger(&waiting.flow).is_some_and(|trigger| trigger.merge_latest) && waiting.resume.is_none();
        let (flow, keys) = (waiting.flow.clone(), waiting.keys.clone());
        let same = |other: &Waiting| other.resume.is_none() && other.flow == flow && other.keys == keys;
        // Taking out what the newest stands for and putting it in is one step: the lock is held.
        let mut lanes = self.lanes();
        let mut merged = if merges { lanes.take_waiting(&keys, same) } else { Vec::new() };
        merged.push(waiting);
        // Two that come in at once may get here in another order than the store gave them.
        merged.sort_by_key(|waiting| waiting.event);
        if let Some(mut newest) = merged.pop() {
            let older = merged.into_iter().flat_map(|older| older.merged.into_iter().chain(older.event));
            newest.merged.extend(older);
            lanes.push(&keys, newest);
        }
    }

    fn trigger(&self, flow: &str) -> Option<&EventTrigger> {
        match &self.0.world.pack.flow(flow)?.flow.trigger {
            Trigger::Event(trigger) => Some(trigger),
            _ => None,
        }
    }

    /// The names of what an event is about; those that are empty or not there do not count.
    fn keys(&self, flow: &str, body: &Value) -> Vec<String> {
        let Some(trigger) = self.trigger(flow) else { return Vec::new() };
        let scope = TriggerScope { body, world: &self.0.world };
        let mut keys = Vec::new();
        for (kind, expressions) in &trigger.key {
            for expression in expressions {
                match expression.evaluate(&scope) {
                    Ok(Value::String(text)) if !text.is_empty() => keys.push(format!("{kind}/{}", text.to_lowercase())),
                    Ok(Value::Number(number)) => keys.push(format!("{kind}/{number}")),
                    _ => {}
                }
            }
        }
        keys
    }

    /// Starts runs while there is work whose turn it is and a place for it.
    fn start_what_can(&self) {
        loop {
            let Ok(place) = Arc::clone(&self.0.places).try_acquire_owned() else { return };
            let Some((lane, waiting)) = self.take() else { return };
            let flow = waiting.flow.clone();
            let engine = self.clone();
            let span = info_span!("run", flow = waiting.flow);
            let task = async move {
                engine.run(waiting).await;
                drop(place);
                engine.done(lane, &flow);
            };
            tokio::spawn(task.instrument(span));
        }
    }

    async fn run(&self, waiting: Waiting) {
        let world = &self.0.world;
        let result = match waiting.resume {
            Some(id) => match world.store.record(&id).await {
                Ok(events) => world.resume(id, &events).await,
                Err(error) => Err(error.into()),
            },
            None => {
                let mut fates: Vec<(EventId, Fate)> = Vec::new();
                if let Some(event) = waiting.event {
                    fates.extend(waiting.merged.into_iter().map(|older| (older, Fate::Merged(event))));
                    fates.push((event, Fate::Started));
                }
                match waiting.wrong {
                    None => world.start(new_id(), &waiting.flow, waiting.body, fates).await,
                    Some(wrong) => world.refuse(new_id(), &waiting.flow, waiting.body, fates, wrong).await,
                }
            }
        };
        match result {
            Ok(run) => {
                let _ = self.0.ended.send(Arc::new(run));
            }
            Err(error) => error!(%error, "the run could not be driven to its end"),
        }
    }

    /// The next event whose run may begin: its lane is free, and so is a place of its flow.
    fn take(&self) -> Option<(LaneId, Waiting)> {
        let mut under_way = self.under_way();
        let has_place = |waiting: &Waiting| {
            let most = self.0.world.pack.flow(&waiting.flow).and_then(|planned| planned.flow.at_once());
            most.is_none_or(|most| under_way.get(&waiting.flow).is_none_or(|count| *count < most))
        };
        let taken = self.lanes().take(has_place)?;
        *under_way.entry(taken.1.flow.clone()).or_default() += 1;
        Some(taken)
    }

    fn under_way(&self) -> MutexGuard<'_, HashMap<String, usize>> {
        self.0.under_way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn done(&self, lane: LaneId, flow: &str) {
        if let Some(count) = self.under_way().get_mut(flow) {
            *count = count.saturating_sub(1);
        }
        self.lanes().release(lane);
        self.start_what_can();
        self.0.idle.notify_waiters();
    }
}

/// The flows that a trigger starts, with their use of it.
fn event_flows<'a>(
    world: &'a World,
    trigger: &'a str,
) -> impl Iterator<Item = (&'a Arc<PlannedFlow>, &'a EventTrigger)> {
    world.pack.flows().filter_map(move |planned| match &planned.flow.trigger {
        Trigger::Event(used) if used.name == trigger => Some((planned, used.as_ref())),
        _ => None,
    })
}

fn new_id() -> RunId {
    RunId(Uuid::new_v4().to_string())
}
