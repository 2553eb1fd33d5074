//! Calls and child runs that are given up: since their time is used up, or since their run has ended.

use std::time::Duration;

use cosell_engine::pack::PackFiles;
use cosell_engine::run::{Event, Run};
use cosell_engine::store::{MemoryStore, RunQuery, Store};
use serde_json::json;

use super::Rig;
use crate::fake;

const CHILD: &str = "
flow: child
trigger: { child: {} }
steps:
  x: { call: fake.visit, with: { name: guest } }
  y: { respond: 1 }
";

const MIDDLE: &str = "
flow: middle
trigger: { child: {} }
steps:
  l: { for_each: [1, 2], at_once: 2, steps: { c: { run_flow: child } } }
";

fn files(steps: &str) -> PackFiles {
    let steps: String = steps.trim().lines().map(|line| format!("  {line}\n")).collect();
    let mut files = fake::files(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n{steps}"));
    files.0.insert("child.yaml".to_owned(), CHILD.to_owned());
    files.0.insert("middle.yaml".to_owned(), MIDDLE.to_owned());
    files
}

/// What hangs, how many calls do, and the runs that there are in the end, newest first.
struct Case {
    name: &'static str,
    steps: &'static str,
    hanging: usize,
    runs: &'static [(&'static str, &'static str)],
}

const OUT: &str = "out: { after: { a: [timed_out] }, respond: 1 }";

const CASES: &[Case] = &[
    Case {
        name: "a call",
        steps: "a: { call: fake.visit, with: { name: guest }, timeout: 1 minute }\nOUT",
        hanging: 1,
        runs: &[("test", "succeeded")],
    },
    Case {
        name: "a call in a scope",
        steps: "a: { timeout: 1 minute, scope: { b: { call: fake.visit, with: { name: guest } } } }\nOUT",
        hanging: 1,
        runs: &[("test", "succeeded")],
    },
    Case {
        name: "calls in a loop",
        steps: "a: { timeout: 1 minute, for_each: [1, 2, 3], at_once: 2, steps: { b: { call: fake.visit, with: { name: guest } } } }\nOUT",
        hanging: 2,
        runs: &[("test", "succeeded")],
    },
    Case {
        name: "a call in a loop with a condition",
        steps: "a: { timeout: 1 minute, until: { equals: [1, 2] }, steps: { b: { call: fake.visit, with: { name: guest } } } }\nOUT",
        hanging: 1,
        runs: &[("test", "succeeded")],
    },
    Case {
        name: "a child run",
        steps: "a: { run_flow: child, timeout: 1 minute }\nOUT",
        hanging: 1,
        runs: &[("child", "cancelled"), ("test", "succeeded")],
    },
    Case {
        name: "child runs of a child run",
        steps: "a: { run_flow: middle, timeout: 1 minute }\nOUT",
        hanging: 2,
        runs: &[("child", "cancelled"), ("child", "cancelled"), ("middle", "cancelled"), ("test", "succeeded")],
    },
    Case {
        name: "the run is ended beside its children",
        steps: "a: { run_flow: middle, after: [] }\nw: { after: [], call: fake.visit, with: { name: guest }, timeout: 1 minute }\nt: { after: { w: [timed_out] }, terminate: failed }",
        hanging: 3,
        runs: &[("child", "cancelled"), ("child", "cancelled"), ("middle", "cancelled"), ("test", "failed")],
    },
];

#[tokio::test]
async fn what_nobody_waits_for_any_more_is_given_up() {
    for case in CASES {
        check(case).await;
    }
}

async fn check(case: &Case) {
    let rig = Rig::new(&files(&case.steps.replace("OUT", OUT)));
    let run = hung(&rig, case.hanging).await;
    assert!(run.calls().is_empty(), "{}", case.name);
    assert!(rig.store.load().await.unwrap().runs.is_empty(), "{}", case.name);
    let runs = rig.store.runs(&RunQuery::default()).await.unwrap();
    let runs: Vec<(&str, &str)> =
        runs.iter().map(|run| (run.flow.as_str(), run.outcome.map_or("", |outcome| outcome.name()))).collect();
    assert_eq!(runs, case.runs, "{}", case.name);
}

/// Runs the flow until its calls hang, lets a minute pass, and waits for its end.
async fn hung(rig: &Rig, hanging: usize) -> std::sync::Arc<Run> {
    let engine = rig.engine.clone();
    let task = tokio::spawn(async move { engine.run_now("test", json!({})).await });
    rig.until_called(hanging).await;
    // What hangs for a while is kept, though nothing of it can be seen from outside.
    rig.clock.advance(Duration::from_secs(2));
    for _ in 0..100 {
        tokio::task::yield_now().await;
    }
    rig.clock.advance(Duration::from_secs(58));
    task.await.unwrap().unwrap()
}

/// The process may stop between the end of a run and that of its children.
#[tokio::test]
async fn a_child_run_that_was_left_behind_is_ended_when_the_engine_starts() {
    let files = files("a: { run_flow: middle, timeout: 1 minute }\nout: { after: { a: [timed_out] }, respond: 1 }");
    let rig = Rig::new(&files);
    let ended = hung(&rig, 2).await;
    let commits = rig.store.commits.lock().unwrap().clone();
    let left: Vec<_> = commits
        .into_iter()
        .filter(|transition| {
            let ends = matches!(transition.events.last(), Some(Event::RunFinished { .. }));
            !ends || transition.run == *ended.id()
        })
        .collect();
    let store = MemoryStore::new();
    store.commit(&left).await.unwrap();
    assert_eq!(store.load().await.unwrap().runs.len(), 3);
    let next = Rig::over(&files, fake::Shared::default(), store);
    next.engine.recover().await.unwrap();
    next.engine.idle().await;
    assert!(next.store.load().await.unwrap().runs.is_empty());
    assert!(next.calls().is_empty(), "what was left behind does not go on");
}

#[tokio::test]
async fn a_mistake_in_a_connector_fails_the_step() {
    let rig = Rig::new(&files(
        "a: { call: fake.visit, with: { name: ghost } }\nout: { after: { a: [failed] }, respond: '{{error.code}}' }",
    ));
    let run = rig.engine.run_now("test", json!({})).await.unwrap();
    assert_eq!(run.response().map(|answer| &*answer.value), Some(&json!("unexpected")));
}
