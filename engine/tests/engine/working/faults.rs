//! A store that fails now and then: the run that it hits is taken up again in a minute, and the others go on.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cosell_engine::engine::EngineOptions;
use cosell_engine::outcome::Outcome;
use cosell_engine::run::{Event, RunId};
use cosell_engine::store::{Around, MemoryStore, Order, RunQuery, Store, StoreError, Transition};
use jiff::Timestamp;
use serde_json::Value;

use super::service::Shared;
use super::{Station, changed};

const FLOW: &str = "
flow: test
trigger: { webhook: deals.changed, key: { deal: $.trigger.id } }
steps:
  a: { call: deals.write, with: { id: $.trigger.id, seen: $.trigger.version, version: 0 } }
";

/// What becomes of a commit.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Fault {
    None,
    /// It is not kept.
    Before,
    /// It is kept, and nobody hears of it.
    After,
    /// It breaks off.
    Panic,
}

use Fault::{After, Before};

/// What becomes of the first commits; the deal `b` comes behind `a`, and both have their runs in the end.
const CASES: &[&[Fault]] = &[
    &[Before],
    &[After],
    &[Fault::None, Before],
    &[Fault::None, After],
    &[Before, Before, After, Before],
    &[After, After, After, Before, Fault::None, After],
];

#[tokio::test]
async fn a_commit_that_fails_loses_nothing() {
    for faults in CASES {
        check(faults).await;
    }
}

async fn check(faults: &[Fault]) {
    let kept = Arc::new(MemoryStore::new());
    let store = Arc::new(Faulty {
        store: Arc::clone(&kept),
        faults: Mutex::new(faults.iter().copied().collect()),
        unreadable: None,
    });
    let station = Station::over_store(FLOW, Shared::default(), Arc::clone(&kept), store, EngineOptions::default());
    station.accept(&[changed("a", 1), changed("a", 2), changed("b", 1)]).await;
    for _ in 0..20 {
        station.settle().await;
        station.clock.advance(60);
    }
    station.engine.idle().await;
    let mut written = station.written();
    // A write whose result was not kept is done once more.
    written.dedup();
    written.sort();
    written.dedup();
    assert_eq!(written, ["a 1", "a 2", "b 1"], "{faults:?}");
    let unfinished = kept.load().await.unwrap();
    assert!(unfinished.waiting.is_empty() && unfinished.runs.is_empty(), "{faults:?}");
    let runs = kept.runs(&RunQuery::default()).await.unwrap();
    assert_eq!(runs.len(), 3, "{faults:?}");
    let order: Vec<_> = station.written().into_iter().filter(|written| written.starts_with('a')).collect();
    assert!(order.is_sorted(), "{faults:?}: {order:?}");
}

/// A mistake that breaks off the driving of a run ends that run, and nothing else: its lane and its place are free again.
#[tokio::test]
async fn a_run_whose_driving_breaks_off_ends_as_failed() {
    breaks_off(&[Fault::None, Fault::Panic], &["a 1", "b 1", "a 2"], "a").await;
    // Before anything of the run was kept.
    breaks_off(&[Fault::Panic], &["b 1", "a 2"], "trigger").await;
}

async fn breaks_off(faults: &[Fault], written: &[&str], step: &str) {
    let kept = Arc::new(MemoryStore::new());
    let faults = Mutex::new(faults.iter().copied().collect());
    let store = Arc::new(Faulty { store: Arc::clone(&kept), faults, unreadable: None });
    let options = EngineOptions { at_once: 1, ..EngineOptions::default() };
    let station = Station::over_store(FLOW, Shared::default(), Arc::clone(&kept), store, options);
    station.accept(&[changed("a", 1), changed("a", 2), changed("b", 1)]).await;
    station.settle().await;
    let left = kept.load().await.unwrap();
    assert!(left.runs.is_empty() && left.waiting.is_empty());
    assert_eq!(station.written(), written);
    let failed = RunQuery { outcome: Some(Outcome::Failed), ..RunQuery::default() };
    let failed = kept.runs(&failed).await.unwrap();
    let error = failed[0].error.as_ref().unwrap();
    assert_eq!((failed.len(), error.step.as_str(), error.code.as_str()), (1, step, "internal"), "{error}");
}

/// One record that cannot be read, of a run that waits for another: the engine starts all the same, and an order for it
/// keeps no other from its turn.
#[tokio::test]
async fn a_record_that_cannot_be_read_stops_nothing_else() {
    let kept = Arc::new(MemoryStore::new());
    for id in ["parent", "parent/step/call"] {
        let (flow, at) = ("test".to_owned(), Timestamp::UNIX_EPOCH);
        let events = vec![Event::RunStarted { flow, pack: String::new(), trigger: Value::Null, resubmits: None, at }];
        kept.commit(&[Transition { run: RunId(id.to_owned()), events, ..Transition::default() }]).await.unwrap();
    }
    let unreadable = Some(RunId("parent".to_owned()));
    let store = Arc::new(Faulty { store: Arc::clone(&kept), faults: Mutex::default(), unreadable });
    let station = Station::over_store(FLOW, Shared::default(), Arc::clone(&kept), store, EngineOptions::default());
    station.engine.recover().await.unwrap();
    station.accept(&[changed("a", 1)]).await;
    station.settle().await;
    assert_eq!(station.written(), ["a 1"]);
    assert_eq!(kept.load().await.unwrap().runs.len(), 2, "its child is left alone");
    let bad = kept.place(&Order::Resume { run: RunId("parent".to_owned()) }).await.unwrap();
    let said = station.engine.place(&Order::Resume { run: RunId("none".to_owned()) }).await.unwrap();
    assert_eq!(said, Err("there is no run `none`".to_owned()));
    assert_eq!(kept.settled(bad).await.unwrap(), Some(Err("the store failed: as ordered".to_owned())));
}

/// A store whose commits fail as they are told to.
struct Faulty {
    store: Arc<MemoryStore>,
    faults: Mutex<VecDeque<Fault>>,
    /// The run whose record cannot be read.
    unreadable: Option<RunId>,
}

#[async_trait]
impl Around for Faulty {
    fn inner(&self) -> &dyn Store {
        &*self.store
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let fault = self.faults.lock().unwrap().pop_front().unwrap_or(Fault::None);
        assert!(fault != Fault::Panic, "a mistake, made on purpose");
        if fault != Before {
            self.store.commit(transitions).await?;
        }
        if fault == Fault::None { Ok(()) } else { Err(StoreError::Broken("as ordered".to_owned())) }
    }

    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        if self.unreadable.as_ref() == Some(run) {
            return Err(StoreError::Broken("as ordered".to_owned()));
        }
        self.store.record(run).await
    }
}
