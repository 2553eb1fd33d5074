//! Runs that outlive the process, the service and the disk: a process that dies at any commit, calls of which nobody
//! knows whether they were made, waits that are kept, services that are down.

mod children;
mod circuits;
mod doubt;
mod failed;
mod killed;
mod sleeping;
mod week;

use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::{CallError, CallErrorKind};
use cosell_engine::pack::{Pack, PackFiles};
use cosell_engine::run::driver::{Beginning, DriveError, Driven, World};
use cosell_engine::run::{Event, Run, RunId};
use cosell_engine::store::{Around, MemoryStore, Store, StoreError, Transition};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::fake::{self, Failure, Shared};

/// A world over the fake service. It can die, and another one go on with what is left.
struct Rig {
    service: Shared,
    store: Arc<Mortal>,
    clock: Arc<VirtualClock>,
    pack: Arc<Pack>,
    world: Arc<World>,
}

impl Rig {
    fn new(steps: &str) -> Rig {
        Rig::of(&flow(steps))
    }

    fn of(files: &PackFiles) -> Rig {
        let service = Shared::default();
        let pack = Arc::new(fake::pack_of(files, &service));
        Rig::over(pack, service, Arc::default(), Timestamp::UNIX_EPOCH)
    }

    /// Another process after this one, with the same service, time and disk.
    fn next(&self) -> Rig {
        Rig::over(Arc::clone(&self.pack), Arc::clone(&self.service), Arc::clone(&self.store.kept), self.clock.now())
    }

    fn over(pack: Arc<Pack>, service: Shared, kept: Arc<MemoryStore>, now: Timestamp) -> Rig {
        let clock = Arc::new(VirtualClock::at(now));
        let store = Arc::new(Mortal { kept, state: Mutex::default() });
        service.lock().unwrap().clock = Some(Arc::clone(&clock) as Arc<dyn Clock>);
        let world = Arc::new(World::new(
            Arc::clone(&pack),
            fake::connectors(&service),
            Arc::clone(&store) as Arc<dyn Store>,
            Arc::clone(&clock) as Arc<dyn Clock>,
        ));
        Rig { service, store, clock, pack, world }
    }

    async fn start(&self, id: &str) -> Result<Driven, DriveError> {
        let (id, flow) = (RunId(id.to_owned()), "test".to_owned());
        self.world.start(Beginning { id, flow, trigger: json!({}), ..Beginning::default() }).await
    }

    /// Drives a run to its end, or until the process dies: begins it, or goes on with it.
    async fn run(&self, id: &str) -> Result<Run, DriveError> {
        let driven = match self.record(id).await.is_empty() {
            true => self.start(id).await?,
            false => self.world.resume(&RunId(id.to_owned())).await?,
        };
        self.to_end(id, driven).await
    }

    async fn to_end(&self, id: &str, mut driven: Driven) -> Result<Run, DriveError> {
        loop {
            match driven {
                Driven::Ended(run) => return Ok(*run),
                Driven::Sleeping(until) => self.clock.sleep_until(until).await,
            }
            driven = self.world.resume(&RunId(id.to_owned())).await?;
        }
    }

    async fn record(&self, id: &str) -> Vec<Event> {
        self.store.kept.record(&RunId(id.to_owned())).await.unwrap()
    }

    fn calls(&self) -> Vec<String> {
        self.service.lock().unwrap().calls.clone()
    }

    fn rows(&self) -> Vec<Value> {
        let service = self.service.lock().unwrap();
        let mut rows: Vec<Value> = service.rows.values().map(|row| row["of"].clone()).collect();
        rows.sort_by_key(ToString::to_string);
        rows
    }

    fn seconds(&self) -> i64 {
        self.clock.now().duration_since(Timestamp::UNIX_EPOCH).as_secs()
    }

    fn fail_writes(&self, failures: impl IntoIterator<Item = Failure>) {
        self.service.lock().unwrap().write_failures.extend(failures.into_iter().map(Some));
    }

    fn fail_reads(&self, failures: impl IntoIterator<Item = CallError>) {
        self.service.lock().unwrap().read_failures.extend(failures);
    }
}

fn flow(steps: &str) -> PackFiles {
    let steps: String = steps.trim().lines().map(|line| format!("  {line}\n")).collect();
    fake::files(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n{steps}"))
}

fn down() -> CallError {
    CallError { status: Some(503), ..CallError::new(CallErrorKind::Unavailable, "it is down") }
}

fn refused() -> CallError {
    CallError { status: Some(401), ..CallError::new(CallErrorKind::Denied, "who are you") }
}

fn lost() -> CallError {
    CallError::new(CallErrorKind::Unanswered, "no answer came")
}

fn throttled(seconds: u64) -> CallError {
    CallError { retry_after_ms: Some(seconds * 1000), ..CallError::new(CallErrorKind::Throttled, "slow down") }
}

/// How a run ended, and the code of its error.
fn ending(run: &Run) -> (&'static str, Option<String>) {
    let ended = run.ended().unwrap();
    (ended.outcome.name(), ended.error.as_ref().map(|error| error.code.clone()))
}

fn at(seconds: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_secs(seconds)
}

/// A store whose process dies at a commit, and whose disk may be full for some.
struct Mortal {
    kept: Arc<MemoryStore>,
    state: Mutex<Life>,
}

#[derive(Default)]
struct Life {
    commits: usize,
    /// At which commit the process dies, from 0, and whether that is still kept.
    dies: Option<(usize, bool)>,
    /// At which commit the disk fails once, from 0.
    fails: Option<usize>,
    /// At which commit a mistake of the engine breaks off what commits, from 0.
    breaks_off: Option<usize>,
    /// So many commits find the disk full.
    full: usize,
}

#[async_trait]
impl Around for Mortal {
    fn inner(&self) -> &dyn Store {
        &*self.kept
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let dead = || StoreError::Broken("the process is dead".to_owned());
        let (dies, keeps) = {
            let mut life = self.state.lock().unwrap();
            if life.full > 0 {
                life.full -= 1;
                return Err(StoreError::Full("no space".to_owned()));
            }
            let number = life.commits;
            life.commits += 1;
            let breaks_off = life.breaks_off == Some(number);
            if life.fails == Some(number) {
                return Err(StoreError::Broken("as ordered".to_owned()));
            }
            if breaks_off {
                drop(life);
                panic!("a mistake, made on purpose");
            }
            match life.dies {
                Some((at, keeps)) if number >= at => (true, keeps && number == at),
                _ => (false, true),
            }
        };
        if keeps {
            self.kept.commit(transitions).await?;
        }
        if dies { Err(dead()) } else { Ok(()) }
    }
}
