//! Runs that sleep: what they hold, what they do not, and when they wake.

use std::sync::Arc;

use cosell_engine::engine::{EngineOptions, TakenUp};
use cosell_engine::store::Store;
use jiff::{SignedDuration, Timestamp};

use super::service::Shared;
use super::{Station, changed};

fn flow(more: &str) -> String {
    format!(
        "flow: test\ntrigger:\n  webhook: deals.changed\n  key: {{ deal: $.trigger.id }}\n{more}steps:\n  i: {{ if: {{ equals: [$.trigger.version, 0] }}, then: {{ w: {{ wait: {{ for: 1 hour }} }} }} }}\n  a: {{ call: deals.write, with: {{ id: $.trigger.id, seen: $.trigger.version, version: 0 }} }}\n"
    )
}

/// Which deals have runs that sleep for an hour, how the engine works, which events come, and what is written before the
/// hour is over and at last.
struct Case {
    name: &'static str,
    trigger: &'static str,
    asleep: &'static [&'static str],
    at_once: usize,
    events: &'static [(&'static str, u64)],
    before: &'static [&'static str],
    after: &'static [&'static str],
}

const CASES: &[Case] = &[
    Case {
        name: "its deal waits for it, others do not",
        trigger: "",
        asleep: &["a"],
        at_once: 8,
        events: &[("a", 1), ("b", 2)],
        before: &["b 2"],
        after: &["b 2", "a 0", "a 1"],
    },
    Case {
        name: "it needs no place among those that are driven",
        trigger: "",
        asleep: &["a", "b", "c"],
        at_once: 1,
        events: &[("d", 1), ("e", 2)],
        before: &["d 1", "e 2"],
        after: &["d 1", "e 2", "a 0", "b 0", "c 0"],
    },
    Case {
        name: "it is one of the runs that its flow may have",
        trigger: "  at_once: 2\n",
        asleep: &["a", "b"],
        at_once: 1,
        events: &[("c", 1)],
        before: &[],
        after: &["a 0", "b 0", "c 1"],
    },
];

#[tokio::test]
async fn what_a_sleeping_run_holds() {
    for case in CASES {
        check(case).await;
    }
}

async fn check(case: &Case) {
    let options = EngineOptions { at_once: case.at_once, ..EngineOptions::default() };
    let station = Station::over(&flow(case.trigger), Shared::default(), Arc::default(), options);
    let until = Timestamp::UNIX_EPOCH + SignedDuration::from_hours(1);
    for id in case.asleep {
        station.put_asleep(&format!("run-{id}"), id, until).await;
    }
    let taken_up = station.engine.recover().await.unwrap();
    assert_eq!(taken_up, TakenUp { asleep: case.asleep.len(), ..TakenUp::default() }, "{}", case.name);
    for (id, version) in case.events {
        station.accept(&[changed(id, *version)]).await;
    }
    station.settle().await;
    assert_eq!(station.written(), case.before, "{}", case.name);
    station.clock.advance(3_599);
    station.settle().await;
    assert_eq!(station.written(), case.before, "{}: a second too early", case.name);
    station.clock.advance(1);
    station.engine.idle().await;
    assert_eq!(station.written(), case.after, "{}", case.name);
    assert!(station.store.load().await.unwrap().runs.is_empty(), "{}", case.name);
}

#[tokio::test]
async fn a_run_that_waits_gives_its_place_back_and_keeps_its_lane() {
    check(&Case {
        name: "it begins to sleep",
        trigger: "",
        asleep: &[],
        at_once: 1,
        events: &[("a", 0), ("a", 1), ("b", 2)],
        before: &["b 2"],
        after: &["b 2", "a 0", "a 1"],
    })
    .await;
}

#[tokio::test]
async fn many_sleep_and_wake_at_their_times() {
    const RUNS: usize = 2_000;
    let station = Station::new(&flow(""));
    for number in 0..RUNS {
        let minutes = i64::try_from(number * 7 % RUNS).unwrap();
        let until = Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minutes + 1);
        station.put_asleep(&format!("run-{number}"), &minutes.to_string(), until).await;
    }
    station.engine.recover().await.unwrap();
    while station.written().len() < RUNS {
        station.clock.advance(60 * 50);
        station.settle().await;
    }
    let order: Vec<usize> =
        station.written().iter().map(|written| written.split(' ').next().unwrap().parse().unwrap()).collect();
    // Those that wake together may pass one another.
    let batches: Vec<usize> = order.iter().map(|minutes| minutes / 50).collect();
    assert!(batches.is_sorted(), "{order:?}");
    station.engine.idle().await;
}
