//! Many events at once, as services send them: in bursts, some twice, some late, and the process stops in between.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use cosell_engine::connector::TriggerEvent;
use cosell_engine::engine::EngineOptions;
use cosell_engine::store::{RunQuery, Store};

use super::service::Shared;
use super::{Station, changed};

const EVENTS: usize = 10_000;
const KEYS: usize = 500;
/// How many events a late one may be overtaken by.
const LATE: usize = 60;

/// Numbers by chance, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % most
    }
}

/// Changes of deals in the order in which they are told.
fn told(chance: &mut Chance) -> Vec<TriggerEvent> {
    let mut versions: HashMap<usize, u64> = HashMap::new();
    let mut events: Vec<(usize, TriggerEvent)> = Vec::new();
    for place in 0..EVENTS {
        // Some deals change far more often than others.
        let deal = chance.below(KEYS).min(chance.below(KEYS));
        let version = versions.entry(deal).and_modify(|version| *version += 1).or_insert(1);
        let event = changed(&format!("d{deal}"), *version);
        let late = if chance.below(10) == 0 { chance.below(LATE) } else { 0 };
        events.push((place + late, event.clone()));
        if chance.below(5) == 0 {
            events.push((place + chance.below(20 * LATE), event));
        }
    }
    events.sort_by_key(|(place, _)| *place);
    events.into_iter().map(|(_, event)| event).collect()
}

fn flow(more: &str) -> String {
    format!(
        "flow: test\ntrigger:\n  webhook: deals.changed\n  key: {{ deal: $.trigger.id }}\n{more}steps:\n  r: {{ call: deals.read, with: {{ id: $.trigger.id }} }}\n  w: {{ call: deals.write, with: {{ id: $.trigger.id, seen: $.trigger.version, version: $.steps.r }} }}\n"
    )
}

#[tokio::test]
async fn each_event_has_its_run_in_order() {
    for seed in [1] {
        let (station, accepted) = bring(&flow(""), seed).await;
        let mut seen: HashMap<String, Vec<u64>> = HashMap::new();
        for written in &station.service.lock().unwrap().written {
            let seen = seen.entry(written.id.clone()).or_default();
            // A write that was broken off when the process stopped is done once more, right after.
            if seen.last() != Some(&written.seen) {
                seen.push(written.seen);
            }
        }
        assert_eq!(seen, accepted, "seed {seed}: each deal has seen its events once, in order");
        let runs = station.store.runs(&RunQuery::default()).await.unwrap().len();
        assert_eq!(runs, EVENTS, "seed {seed}: one run each");
    }
}

#[tokio::test]
async fn where_events_merge_the_last_is_never_left_out() {
    for seed in [2] {
        let (station, accepted) = bring(&flow("  merge: latest\n"), seed).await;
        let mut last: HashMap<String, u64> = HashMap::new();
        let mut runs: HashSet<(String, u64)> = HashSet::new();
        for written in &station.service.lock().unwrap().written {
            last.insert(written.id.clone(), written.seen);
            runs.insert((written.id.clone(), written.seen));
        }
        for (deal, events) in &accepted {
            assert_eq!(last.get(deal), events.last(), "seed {seed}: {deal}");
        }
        assert!(runs.len() < EVENTS, "seed {seed}: some merged");
    }
}

/// Brings the events in bursts to an engine that is stopped half way, and a second one over the same store. What holds
/// whatever the flow does is checked here. Gives the events of each deal in the order in which they were accepted.
async fn bring(flow: &str, seed: u64) -> (Station, HashMap<String, Vec<u64>>) {
    let mut chance = Chance(seed);
    let events = told(&mut chance);
    let options = EngineOptions { at_once: 32, ..EngineOptions::default() };
    let mut station = Station::over(flow, Shared::default(), Arc::default(), options);
    let mut accepted: HashMap<String, Vec<u64>> = HashMap::new();
    let mut known = HashSet::new();
    let mut rest = events.as_slice();
    let mut is_stopped = false;
    while !rest.is_empty() {
        let (burst, after) = rest.split_at((1 + chance.below(50)).min(rest.len()));
        rest = after;
        for event in burst {
            let (id, version) =
                (event.body["id"].as_str().unwrap().to_owned(), event.body["version"].as_u64().unwrap());
            let mut service = station.service.lock().unwrap();
            let newest = service.versions.entry(id.clone()).or_default();
            *newest = (*newest).max(version);
            if known.insert(event.content_key.clone()) {
                accepted.entry(id).or_default().push(version);
            }
        }
        station.accept(burst).await;
        for _ in 0..chance.below(40) {
            tokio::task::yield_now().await;
        }
        if !is_stopped && rest.len() < events.len() / 2 {
            is_stopped = true;
            station.engine.stop(Duration::ZERO).await;
            let (service, store) = (Arc::clone(&station.service), Arc::clone(&station.store));
            station = Station::over(flow, service, store, options);
            station.engine.recover().await.unwrap();
        }
    }
    station.engine.idle().await;
    let unfinished = station.store.load().await.unwrap();
    assert!(unfinished.waiting.is_empty() && unfinished.runs.is_empty(), "seed {seed}: nothing is left over");
    {
        let service = station.service.lock().unwrap();
        assert_eq!(service.overlaps, Vec::<String>::new(), "seed {seed}: one at a time for each deal");
        let newest: HashMap<&String, u64> =
            service.written.iter().map(|written| (&written.id, written.version)).collect();
        let expected: HashMap<&String, u64> = service.versions.iter().map(|(id, version)| (id, *version)).collect();
        assert_eq!(newest, expected, "seed {seed}: each deal ends in its newest state");
    }
    (station, accepted)
}
