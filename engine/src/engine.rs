//! The engine at work: takes events in, gives each its run when its turn has come, and answers what became
//! of them.
//!
//! An event is accepted by the store before anybody hears of it; then it waits in the lane of what it is
//! about, and its run is driven in a task of its own. Different lanes run side by side, up to a limit.
//!
//! `intake` takes events in, which `admission` makes of what a trigger brought; the `desk` knows what waits, what is driven and what sleeps;
//! `dispatch` drives; `orders` are what people want of it; `sweep` asks for what was missed; `tending` is done now
//! and then.

mod admission;
mod desk;
mod dispatch;
mod intake;
mod orders;
mod sweep;
mod tending;
mod work;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::{Notify, broadcast};
use tracing::error;

pub use intake::schedule_cursor;
pub use orders::Settled;
pub use sweep::{SweepError, Swept};

use crate::run::Run;
use crate::run::driver::{Beginning, DriveError, World};
use crate::store::{EventId, Keep, NewEvent, OpenRun, StoreError};
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
        world.recall(&unfinished.runs).await?;
        self.end_orphans(&unfinished.runs).await;
        let taken_up = self.take_up(unfinished.runs, unfinished.waiting);
        self.start_what_can();
        self.wake_in_time();
        self.tend();
        Ok(taken_up)
    }

    /// Ends child runs that nobody waits for.
    async fn end_orphans(&self, runs: &[OpenRun]) {
        for orphan in self.world().orphans(runs).await {
            if let Err(error) = self.world().cancel(orphan, "nobody waits for its answer any more").await {
                error!(%error, "a child run that nobody waits for could not be ended");
            }
        }
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

    /// Takes in and starts nothing any more, and waits until the calls under way have come back, but no longer than
    /// `within`; then what is still driven is broken off. The store has all of it: the next start goes on with it.
    pub async fn stop(&self, within: Duration) {
        self.desk().is_stopping = true;
        self.world().rest();
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
