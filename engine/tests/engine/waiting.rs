//! Events, lanes, retries, child runs and recovery: everything that waits for something, without waiting.

mod cut;
mod events;
mod flows;
mod recovery;
mod retries;
mod triggers;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::TriggerEvent;
use cosell_engine::engine::Engine;
use cosell_engine::pack::PackFiles;
use cosell_engine::run::driver::World;
use cosell_engine::store::{Around, MemoryStore, Store, StoreError, Transition};
use jiff::Timestamp;
use serde_json::Value;

use crate::fake::{self, Shared};

/// An engine over the fake service, with everything around it that a test looks at.
struct Rig {
    service: Shared,
    store: Arc<Watched>,
    clock: Arc<VirtualClock>,
    engine: Engine,
}

impl Rig {
    fn new(files: &PackFiles) -> Rig {
        Rig::over(files, Shared::default(), MemoryStore::new())
    }

    fn over(files: &PackFiles, service: Shared, store: MemoryStore) -> Rig {
        let store = Arc::new(Watched { store, commits: Mutex::default() });
        let clock = Arc::new(VirtualClock::at(Timestamp::UNIX_EPOCH));
        let engine = Engine::new(World::new(
            Arc::new(fake::pack_of(files, &service)),
            fake::connectors(&service),
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::clone(&clock) as Arc<dyn Clock>,
        ));
        Rig { service, store, clock, engine }
    }

    /// Brings events to the flows that start with `fake.changed`; says how many were new.
    async fn accept(&self, events: &[TriggerEvent]) -> usize {
        self.engine.accept("fake.changed", events, None).await.unwrap()
    }

    fn calls(&self) -> Vec<String> {
        self.service.lock().unwrap().calls.clone()
    }

    /// Lets the runs go on until the service was called this often.
    async fn until_called(&self, times: usize) {
        for _ in 0..10_000 {
            if self.calls().len() >= times {
                return;
            }
            tokio::task::yield_now().await;
        }
        panic!("the service was not called {times} times: {:?}", self.calls());
    }
}

fn event(content_key: &str, body: Value) -> TriggerEvent {
    TriggerEvent { body, content_key: content_key.to_owned() }
}

/// A store that remembers what was committed.
struct Watched {
    store: MemoryStore,
    commits: Mutex<Vec<Transition>>,
}

#[async_trait]
impl Around for Watched {
    fn inner(&self) -> &dyn Store {
        &self.store
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        self.store.commit(transitions).await?;
        self.commits.lock().unwrap().extend_from_slice(transitions);
        Ok(())
    }
}
