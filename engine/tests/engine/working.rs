//! The engine around the runs: many events, runs that sleep, orders of people, bounds, sweeps and stopping.

mod faults;
mod leftovers;
mod many;
mod orders;
mod service;
mod sleeping;
mod stopping;
mod sweeps;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::{Connectors, TriggerEvent};
use cosell_engine::engine::{Engine, EngineOptions};
use cosell_engine::run::driver::World;
use cosell_engine::run::{Event, RunId, StepPath};
use cosell_engine::store::{Cursor, MemoryStore, Store, Transition};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fake;
use service::Shared;

/// An engine over the service, its store, and a clock that only the test moves.
struct Station {
    service: Shared,
    store: Arc<MemoryStore>,
    clock: Arc<StillClock>,
    engine: Engine,
}

impl Station {
    fn new(flow: &str) -> Station {
        Station::over(flow, Shared::default(), Arc::default(), EngineOptions::default())
    }

    fn over(flow: &str, service: Shared, store: Arc<MemoryStore>, options: EngineOptions) -> Station {
        let same = Arc::clone(&store);
        Station::over_store(flow, service, store, same, options)
    }

    /// An engine over `used`, which keeps what it is given in `store`.
    fn over_store(
        flow: &str,
        service: Shared,
        store: Arc<MemoryStore>,
        used: Arc<dyn Store>,
        options: EngineOptions,
    ) -> Station {
        let connectors = Connectors::new([service::connector(&service)]);
        let pack = fake::files(flow);
        let files = pack.0.into_iter().filter(|(name, _)| name != "mapping.yaml").collect();
        let pack = cosell_engine::pack::PackFiles(files).check("", &IndexMap::new(), &connectors);
        let pack = pack.unwrap_or_else(|problems| panic!("{problems}"));
        let clock = Arc::new(StillClock(VirtualClock::at(Timestamp::UNIX_EPOCH)));
        let world = World::new(Arc::new(pack), connectors, used, Arc::clone(&clock) as Arc<dyn Clock>);
        Station { service, store, clock, engine: Engine::with(world, options) }
    }

    /// Brings events; says how many were new.
    async fn accept(&self, events: &[TriggerEvent]) -> usize {
        self.engine.accept("deals.changed", events, None).await.unwrap()
    }

    /// What was written, as `deal event`, oldest first.
    fn written(&self) -> Vec<String> {
        let service = self.service.lock().unwrap();
        service.written.iter().map(|written| format!("{} {}", written.id, written.seen)).collect()
    }

    /// Puts a run of the flow into the store that waits in its step `w`, within `i`, until then.
    async fn put_asleep(&self, run: &str, id: &str, until: Timestamp) {
        let at = Timestamp::UNIX_EPOCH;
        let trigger = json!({"id": id, "version": 0});
        let flow = "test".to_owned();
        let step = |name: &str| StepPath { loops: Vec::new(), name: name.to_owned() };
        let events = vec![
            Event::RunStarted { flow, pack: String::new(), trigger, resubmits: None, at },
            Event::BranchTaken { step: step("i"), branch: 0, value: Value::from(true), at },
            Event::WaitStarted { step: step("w"), until, at },
        ];
        let (run, keys) = (RunId(run.to_owned()), vec![format!("deal/{id}")]);
        let transition = Transition { run, events, keys, sleeps_until: Some(until), ..Transition::default() };
        self.store.commit(&[transition]).await.unwrap();
    }

    /// Lets everything go on that can.
    async fn settle(&self) {
        for _ in 0..500 {
            tokio::task::yield_now().await;
        }
    }
}

/// An event about a deal.
fn changed(id: &str, version: u64) -> TriggerEvent {
    TriggerEvent { body: json!({"id": id, "version": version}), content_key: format!("{id}/{version}") }
}

fn cursor(name: &str, value: impl Into<Value>) -> Cursor {
    Cursor { name: name.to_owned(), value: value.into() }
}

/// A clock that only a test moves: who sleeps waits for it.
struct StillClock(VirtualClock);

impl StillClock {
    fn advance(&self, seconds: u64) {
        self.0.advance(Duration::from_secs(seconds));
    }
}

#[async_trait]
impl Clock for StillClock {
    fn now(&self) -> Timestamp {
        self.0.now()
    }

    async fn sleep(&self, duration: Duration) {
        let step = jiff::SignedDuration::try_from(duration).unwrap();
        self.0.reached(self.0.now().checked_add(step).unwrap()).await;
    }

    async fn reached(&self, time: Timestamp) {
        self.0.reached(time).await;
    }
}
