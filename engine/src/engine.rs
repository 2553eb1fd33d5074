//! The engine at work: takes events in, gives each its run when its turn has come, and answers what became
//! of them.
//!
//! An event is accepted by the store before anybody hears of it; then it waits in the lane of what it is
//! about, and its run is driven in a task of its own. Different lanes run side by side, up to a limit.
//!
//! `admission` makes events of what a trigger brought; the `desk` knows what waits, what is driven and what sleeps;
//! `dispatch` drives; `orders` are what people want of it; `sweep` asks for what was missed; `tending` is done now
//! and then.

mod admission;
mod desk;
mod dispatch;
mod orders;
mod sweep;
mod tending;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::{Notify, broadcast};
use tracing::error;

pub use orders::Settled;
pub use sweep::{SweepError, Swept};

use crate::connector::TriggerEvent;
use crate::flow::{EventTrigger, Trigger};
use crate::pack::PlannedFlow;
use crate::run::Run;
use crate::run::driver::{Beginning, DriveError, World};
use crate::store::{Accepted, Cursor, EventId, Keep, NewEvent, OpenRun, StoreError};
use desk::Desk;
use work::{Deed, Item};

/// Ended runs that a slow listener may be behind.
const MOST_UNHEARD: usize = 1024;

/// How an engine works.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EngineOptions {
    /// How many runs are driven side by side; those that sleep do not count.
    pub at_once: usize,
    /// How much is kept of what is done.
    pub keep: Keep,
}

impl Default for EngineOptions {
    fn default() -> EngineOptions {
        EngineOptions { at_once: 512, keep: Keep::default() }
    }
}

/// Takes events in and drives their runs. Cheap to clone.
#[derive(Clone)]
pub struct Engine(Arc<Shared>);

struct Shared {
    world: Arc<World>,
    options: EngineOptions,
    desk: Mutex<Desk>,
    /// Where polls, schedules and sweeps go on.
    cursors: Mutex<IndexMap<String, Value>>,
    /// Told when a run has ended or sleeps.
    changed: Notify,
    /// Told when an order is settled.
    settled: Notify,
    /// Held while orders are looked at, by one at a time.
    ordering: tokio::sync::Mutex<()>,
    ended: broadcast::Sender<Arc<Run>>,
}

impl Engine {
    /// An engine in its world. Nothing is taken up before [`Engine::recover`].
    pub fn new(world: World) -> Engine {
        Engine::with(world, EngineOptions::default())
    }

    /// An engine that works as the options say.
    pub fn with(world: World, options: EngineOptions) -> Engine {
        let (ended, _) = broadcast::channel(MOST_UNHEARD);
        Engine(Arc::new(Shared {
            world: Arc::new(world),
            options,
            desk: Mutex::default(),
            cursors: Mutex::default(),
            changed: Notify::new(),
            settled: Notify::new(),
            ordering: tokio::sync::Mutex::default(),
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

    /// Takes up what the store says is not done: runs under way, runs that sleep, and events that wait. From now on
    /// orders are looked for, and what is old is forgotten.
    pub async fn recover(&self) -> Result<TakenUp, StoreError> {
        let world = self.world();
        world.store.keep_pack(world.pack.content(), world.pack.kept()).await?;
        let unfinished = world.store.load().await?;
        *self.cursors() = unfinished.cursors;
        self.end_orphans(&unfinished.runs).await?;
        let taken_up = self.take_up(unfinished.runs, unfinished.waiting);
        self.start_what_can();
        self.wake_in_time();
        self.tend();
        Ok(taken_up)
    }

    /// Ends child runs that nobody waits for.
    async fn end_orphans(&self, runs: &[OpenRun]) -> Result<(), StoreError> {
        for orphan in self.world().orphans(runs).await? {
            if let Err(error) = self.world().cancel(orphan, "nobody waits for its answer any more").await {
                error!(%error, "a child run that nobody waits for could not be ended");
            }
        }
        Ok(())
    }

    fn take_up(&self, runs: Vec<OpenRun>, waiting: Vec<(EventId, NewEvent)>) -> TakenUp {
        let now = self.world().clock.now();
        let mut desk = self.desk();
        let mut taken_up = TakenUp { waiting: waiting.len(), ..TakenUp::default() };
        // A child goes on with the run that waits for it. Those that sleep hold their lanes before others line up.
        let own = runs.into_iter().filter(|run| !run.id.is_child());
        let (asleep, open): (Vec<_>, Vec<_>) = own.partition(|run| run.sleeps_until.is_some_and(|until| until > now));
        for OpenRun { id, flow, keys, sleeps_until, .. } in asleep {
            taken_up.asleep += 1;
            desk.sleep_on(id, flow, &keys, sleeps_until.unwrap_or(now));
        }
        for OpenRun { id, flow, keys, .. } in open {
            taken_up.runs += 1;
            desk.lanes.push(Item { run: Some(id), flow, keys, deed: Deed::Resume, merges: false });
        }
        for (id, event) in waiting {
            desk.count(1, work::weight(&event));
            let merges = self.merges(&event.flow);
            desk.push(Item::event(id, event, merges));
        }
        taken_up
    }

    /// Where a poll, a schedule (`schedule/FLOW`) or a sweep (`reconcile/FLOW`) goes on.
    pub fn cursor(&self, name: &str) -> Option<Value> {
        self.cursors().get(name).cloned()
    }

    /// Keeps where something goes on that has brought nothing.
    pub async fn keep_cursor(&self, cursor: Cursor) -> Result<(), StoreError> {
        self.keep(Vec::new(), Some(cursor)).await.map(drop)
    }

    /// Takes in what a trigger brought, for every flow that wants it; returns how many were new. `cursor` is
    /// where a poll of that flow goes on.
    pub async fn accept(
        &self,
        trigger: &str,
        events: &[TriggerEvent],
        cursor: Option<Cursor>,
    ) -> Result<usize, StoreError> {
        let only = cursor.as_ref().map(|cursor| cursor.name.clone());
        self.take_in(trigger, events, only.as_deref(), cursor).await
    }

    async fn take_in(
        &self,
        trigger: &str,
        events: &[TriggerEvent],
        only: Option<&str>,
        cursor: Option<Cursor>,
    ) -> Result<usize, StoreError> {
        let world = self.world();
        let Some(known) = world.connectors.trigger(trigger) else { return Ok(0) };
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
        self.keep(new, cursor).await
    }

    /// Takes in that the clock has started a flow at these times; one that is known is a copy. The last of them is
    /// where its schedule goes on.
    pub async fn fire(&self, flow: &str, times: &[Timestamp]) -> Result<usize, StoreError> {
        let event = |at: &Timestamp| {
            let (flow, content_key) = (flow.to_owned(), at.to_string());
            NewEvent { flow, content_key, at: *at, ..NewEvent::default() }
        };
        let cursor = times.last().map(|last| schedule_cursor(flow, *last));
        self.keep(times.iter().map(event).collect(), cursor).await
    }

    /// Has the store keep events and where they came from, and puts those that are new in line; gives how many
    /// these are. Who asked may go away in the middle: what is kept is in line then all the same.
    async fn keep(&self, events: Vec<NewEvent>, cursor: Option<Cursor>) -> Result<usize, StoreError> {
        if events.is_empty() && cursor.is_none() {
            return Ok(0);
        }
        let engine = self.clone();
        let kept = tokio::spawn(async move { engine.keep_now(events, cursor).await }).await;
        kept.unwrap_or_else(|error| Err(StoreError::Broken(error.to_string())))
    }

    async fn keep_now(&self, events: Vec<NewEvent>, cursor: Option<Cursor>) -> Result<usize, StoreError> {
        let weights: Vec<usize> = events.iter().map(work::weight).collect();
        {
            let mut desk = self.desk();
            if desk.is_stopping {
                return Err(StoreError::Full("the engine is being stopped".to_owned()));
            }
            desk.reserve(events.len(), weights.iter().sum())?;
        }
        let accepted = match self.world().store.accept(&events, cursor.as_ref()).await {
            Ok(accepted) => accepted,
            Err(error) => {
                self.desk().uncount(events.len(), weights.iter().sum());
                return Err(error);
            }
        };
        if let Some(Cursor { name, value }) = cursor {
            self.cursors().insert(name, value);
        }
        let mut count = 0;
        let mut desk = self.desk();
        for ((accepted, event), weight) in accepted.into_iter().zip(events).zip(weights) {
            match accepted {
                Accepted::New(id) => {
                    let merges = self.merges(&event.flow);
                    desk.push(Item::event(id, event, merges));
                    count += 1;
                }
                Accepted::Duplicate(_) => desk.uncount(1, weight),
            }
        }
        drop(desk);
        self.start_what_can();
        Ok(count)
    }

    /// Runs a flow now, for a person, outside of any lane, and waits for its end.
    pub async fn run_now(&self, flow: &str, inputs: Value) -> Result<Arc<Run>, DriveError> {
        let trigger = self.world().inputs(flow, inputs)?;
        let beginning = Beginning { id: desk::new_id(), flow: flow.to_owned(), trigger, ..Beginning::default() };
        let run = Arc::new(self.world().start_to_end(beginning).await?);
        let _ = self.0.ended.send(Arc::clone(&run));
        Ok(run)
    }

    /// Waits until no event waits and no run is under way; one that sleeps is.
    pub async fn idle(&self) {
        self.until(|desk| desk.lanes.is_idle()).await;
    }

    /// Takes in and starts nothing any more, and waits until what is driven has ended or sleeps, but no longer than
    /// `within`; then what is still driven is broken off. The store has all of it: the next start goes on with it.
    pub async fn stop(&self, within: Duration) {
        self.desk().is_stopping = true;
        self.0.changed.notify_waiters();
        if tokio::time::timeout(within, self.until(|desk| desk.driven.is_empty())).await.is_ok() {
            return;
        }
        let driven: Vec<_> = self.desk().driven.drain().map(|(_, driving)| driving.task).collect();
        for task in driven {
            task.abort();
            let _ = task.await;
        }
        self.0.changed.notify_waiters();
    }

    async fn until(&self, holds: impl Fn(&Desk) -> bool) {
        loop {
            let changed = self.0.changed.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            if holds(&self.desk()) {
                return;
            }
            changed.await;
        }
    }

    fn desk(&self) -> MutexGuard<'_, Desk> {
        self.0.desk.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn cursors(&self) -> MutexGuard<'_, IndexMap<String, Value>> {
        self.0.cursors.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether events of a flow that wait merge.
    fn merges(&self, flow: &str) -> bool {
        let trigger = self.world().pack.flow(flow).map(|planned| &planned.flow.trigger);
        matches!(trigger, Some(Trigger::Event(trigger)) if trigger.merge_latest)
    }
}

/// What an engine took up when it started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct TakenUp {
    /// Runs that were under way.
    pub runs: usize,
    /// Runs that sleep.
    pub asleep: usize,
    /// Events that wait for their runs.
    pub waiting: usize,
}

/// The cursor of a schedule that has fired at that time, or that is taken up then for the first time.
pub fn schedule_cursor(flow: &str, at: Timestamp) -> Cursor {
    Cursor { name: format!("schedule/{flow}"), value: Value::from(at.to_string()) }
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
