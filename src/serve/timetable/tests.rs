//! When schedules start their flows: from the first start on, after the process was down, and when the clock jumps.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::Connectors;
use cosell_engine::engine::{Engine, schedule_cursor};
use cosell_engine::pack::PackFiles;
use cosell_engine::run::Event;
use cosell_engine::run::driver::World;
use cosell_engine::store::{MemoryStore, RunQuery, Store};
use indexmap::IndexMap;
use jiff::Timestamp;
use tokio::sync::watch;

use super::Timetable;

/// An engine with one flow of that schedule, over a store.
async fn engine(schedule: &str, store: Arc<MemoryStore>, clock: Arc<dyn Clock>) -> Engine {
    let flow = format!("flow: timed\ntrigger: {{ schedule: {{ {schedule} }} }}\nsteps:\n  a: {{ compose: 1 }}\n");
    let pack = "pack: timed\nversion: 1.0.0\n".to_owned();
    let files = PackFiles(IndexMap::from([("pack.yaml".to_owned(), pack), ("flow.yaml".to_owned(), flow)]));
    let connectors = Connectors::default();
    let pack = files.check("", &IndexMap::new(), &connectors).unwrap_or_else(|wrong| panic!("{wrong}"));
    let engine = Engine::new(World::new(Arc::new(pack), connectors, store, clock));
    engine.recover().await.unwrap();
    engine
}

fn timetable(engine: &Engine) -> Timetable {
    super::of(engine).pop().unwrap()
}

/// When the first runs of a flow with that schedule begin, from eight o'clock on.
async fn starts(schedule: &str) -> Vec<String> {
    let clock = Arc::new(VirtualClock::at("2026-03-02T08:00:00Z".parse().unwrap()));
    let engine = engine(schedule, Arc::default(), clock.clone()).await;
    let mut ended = engine.ended_runs();
    let (stop, stopped) = watch::channel(false);
    let task = tokio::spawn(timetable(&engine).run(stopped));
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    let mut starts = Vec::new();
    while starts.len() < 3 {
        let Ok(run) = ended.try_recv() else {
            clock.advance(Duration::from_secs(60));
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            continue;
        };
        let record = engine.world().store.record(run.id()).await.unwrap();
        let Some(Event::RunStarted { at, .. }) = record.first() else { panic!("the run has no beginning") };
        starts.push(at.strftime("%d %H:%M").to_string());
    }
    stop.send(true).unwrap();
    task.await.unwrap();
    starts
}

#[tokio::test]
async fn a_flow_starts_at_its_times() {
    assert_eq!(starts("every: 90 minutes").await, ["02 08:00", "02 09:30", "02 11:00"]);
    assert_eq!(starts("every: day, at: [\"06:30\"]").await, ["03 06:30", "04 06:30", "05 06:30"]);
    assert_eq!(starts("cron: \"0 9 * * *\"").await, ["02 09:00", "03 09:00", "04 09:00"]);
}

/// The schedule, when it fired last, what the clock shows when the engine looks, one look after the other, and how many
/// runs there are after each.
type Case = (&'static str, Option<&'static str>, &'static [(&'static str, usize)]);

const CASES: &[Case] = &[
    ("every: hour", None, &[("08:00:00", 1), ("08:59:59", 1), ("09:00:00", 2), ("10:00:20", 3)]),
    ("cron: \"0 * * * *\"", None, &[("08:10:00", 0), ("09:00:00", 1)]),
    // Missed while the process was down.
    ("cron: \"0 * * * *\"", Some("04:00:00"), &[("08:10:00", 1), ("08:50:00", 1), ("09:00:00", 2)]),
    ("cron: \"0 * * * *\", missed: once", Some("04:00:00"), &[("08:00:10", 1), ("09:00:00", 2)]),
    ("cron: \"0 * * * *\", missed: skip", Some("04:00:00"), &[("08:10:00", 0), ("09:00:00", 1)]),
    ("cron: \"0 * * * *\", missed: skip", Some("04:00:00"), &[("08:00:30", 1), ("09:00:00", 2)]),
    ("cron: \"0 * * * *\", missed: all", Some("04:00:00"), &[("08:10:00", 4), ("09:00:00", 5)]),
    ("every: 30 minutes, missed: all", Some("06:10:00"), &[("08:10:00", 4), ("08:40:00", 5)]),
    ("cron: \"* * * * * *\", missed: all", Some("04:00:00"), &[("08:10:00", 1_000)]),
    ("cron: \"0 * * * *\"", Some("08:00:00"), &[("08:10:00", 0), ("09:00:00", 1)]),
    // The machine slept.
    ("cron: \"0 * * * *\"", Some("08:00:00"), &[("08:10:00", 0), ("11:30:00", 1), ("12:00:00", 2)]),
    // A few seconds of a busy process are not missed.
    ("cron: \"*/10 * * * * *\"", Some("08:00:00"), &[("08:00:35", 3)]),
    // The clock is set back: what has fired does not fire again, what is new does.
    ("cron: \"0 * * * *\"", Some("07:00:00"), &[("08:00:00", 1), ("07:59:00", 1), ("08:00:00", 1), ("09:00:00", 2)]),
    ("cron: \"0 * * * *\"", Some("20:00:00"), &[("08:10:00", 0), ("09:00:00", 1), ("10:00:00", 2)]),
];

#[tokio::test]
async fn what_was_missed() {
    for case in CASES {
        check(case).await;
    }
}

async fn check((schedule, last, looks): &Case) {
    let time = |clock: &str| -> Timestamp { format!("2026-03-02T{clock}Z").parse().unwrap() };
    let store = Arc::new(MemoryStore::new());
    if let Some(last) = last {
        store.accept(&[], Some(&schedule_cursor("timed", time(last)))).await.unwrap();
    }
    for (look, (shown, expected)) in looks.iter().enumerate() {
        // Each look is made after a start anew, so that nothing but the store remembers.
        let clock = Arc::new(VirtualClock::at(time(shown)));
        let engine = engine(schedule, Arc::clone(&store), clock).await;
        timetable(&engine).fire_what_is_due().await.unwrap();
        engine.idle().await;
        let runs = store.runs(&RunQuery::default()).await.unwrap().len();
        assert_eq!(runs, *expected, "{schedule} at look {look}, {shown}");
    }
}
