//! A week of an engine whose service throttles, goes down, loses answers and refuses the credential, and which is
//! started anew now and then: every event has its effect once.

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::TriggerEvent;
use cosell_engine::engine::Engine;
use cosell_engine::outcome::Outcome;
use cosell_engine::run::driver::World;
use cosell_engine::store::{MemoryStore, RunQuery, Store};
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::{down, lost, refused, throttled};
use crate::fake::{self, Failure, Shared};

const FLOW: &str = "
flow: test
trigger: { webhook: fake.changed, key: { deal: $.trigger.deal } }
steps:
  known: { call: fake.read, with: { id: known }, retry: { kind: fixed, count: 90, interval: 5 minutes } }
  made: { call: fake.create, with: { row: { of: $.trigger.number } }, retry: { kind: fixed, count: 90, interval: 5 minutes } }
";
const HOURS: u64 = 7 * 24;
/// What is by chance is the same each time.
const SEED: u64 = 20_261_122;

/// What stays when an engine goes.
struct Week {
    service: Shared,
    store: Arc<MemoryStore>,
    clock: Arc<VirtualClock>,
    chance: u64,
}

impl Week {
    fn new() -> Week {
        let clock = Arc::new(VirtualClock::at(Timestamp::UNIX_EPOCH));
        let service = Shared::default();
        let mut told = service.lock().unwrap();
        told.clock = Some(Arc::clone(&clock) as Arc<dyn Clock>);
        told.rows.insert("known".to_owned(), json!({"version": 1}));
        drop(told);
        Week { service, store: Arc::default(), clock, chance: SEED }
    }

    async fn engine(&self) -> Engine {
        let world = World::new(
            Arc::new(fake::pack_of(&fake::files(FLOW), &self.service)),
            fake::connectors(&self.service),
            Arc::clone(&self.store) as Arc<dyn Store>,
            Arc::clone(&self.clock) as Arc<dyn Clock>,
        );
        let engine = Engine::new(world);
        engine.recover().await.unwrap();
        engine
    }

    /// A number below `end`, by chance.
    fn pick(&mut self, end: u64) -> u64 {
        self.chance = self.chance.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.chance >> 33) % end
    }

    /// What the service does wrong in this hour, if anything.
    fn go_wrong(&mut self) {
        let times = usize::try_from(self.pick(12)).unwrap();
        let failure = match self.pick(6) {
            0 => throttled(90),
            1 => down(),
            2 => refused(),
            3 => lost(),
            _ => return,
        };
        let mut service = self.service.lock().unwrap();
        service.read_failures.extend(vec![failure.clone(); times / 2]);
        service
            .write_failures
            .extend(std::iter::repeat_with(|| Some(Failure::Refuse(failure.clone()))).take(times / 2));
        service.write_failures.push_back(Some(Failure::LoseAnswer));
    }
}

#[tokio::test]
async fn every_event_of_a_week_has_its_effect_once() {
    let mut week = Week::new();
    let mut engine = week.engine().await;
    for hour in 0..HOURS {
        let due = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(i64::try_from(hour).unwrap());
        week.clock.advance(Duration::try_from(due.duration_since(week.clock.now())).unwrap_or_default());
        week.go_wrong();
        let body = json!({ "deal": hour % 5, "number": hour });
        let event = TriggerEvent { body, content_key: hour.to_string() };
        engine.accept("fake.changed", &[event.clone(), event], None).await.unwrap();
        if week.pick(7) == 0 {
            // Whatever is under way breaks off here.
            engine.stop(Duration::ZERO).await;
            engine = week.engine().await;
        }
    }
    engine.idle().await;
    let runs = week.store.runs(&RunQuery::default()).await.unwrap();
    let failed: Vec<_> = runs.iter().filter(|run| run.outcome != Some(Outcome::Succeeded)).collect();
    assert!(failed.is_empty(), "seed {SEED}: {failed:?}");
    assert_eq!(runs.len() as u64, HOURS, "seed {SEED}");
    let mut made: Vec<u64> = week.service.lock().unwrap().rows.values().filter_map(|row| row["of"].as_u64()).collect();
    made.sort_unstable();
    assert_eq!(made, (0..HOURS).collect::<Vec<u64>>(), "seed {SEED}");
    assert!(week.clock.now() >= Timestamp::UNIX_EPOCH + SignedDuration::from_hours(7 * 24 - 1));
}
