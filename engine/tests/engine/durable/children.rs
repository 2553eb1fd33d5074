//! Runs that wait for child runs sleep with them, and are not in memory; whoever is given up ends.

use std::time::Duration;

use cosell_engine::clock::Clock;
use cosell_engine::run::driver::Driven;
use cosell_engine::run::{Event, RunId};
use cosell_engine::store::Store;

use super::{Rig, at, ending, refused};
use crate::fake::{self, Failure};

/// The steps of a parent and of the child that it runs, what goes wrong with writes, until when both sleep at first, how
/// the parent ends, and how the child does.
struct Case {
    name: &'static str,
    parent: &'static str,
    child: &'static str,
    writes: Vec<Failure>,
    sleeps: i64,
    ends: (&'static str, Option<&'static str>),
    child_ends: &'static str,
}

const RUN: &str = "a: { run_flow: child }";
const POST: &str = "a: { call: fake.post, with: { row: { of: a } } }";
const WAIT: &str = "w: { wait: { for: 1 hour } }";

fn cases() -> Vec<Case> {
    let case = |name, parent, child, writes, sleeps| {
        let (ends, child_ends) = (("succeeded", None), "succeeded");
        Case { name, parent, child, writes, sleeps, ends, child_ends }
    };
    let refuse = || vec![Failure::Refuse(refused()), Failure::Refuse(refused())];
    vec![
        case("a service that refuses the credential", RUN, POST, refuse(), 60),
        case("a wait", RUN, WAIT, vec![], 3600),
        case("a grandchild", "a: { run_flow: middle }", WAIT, vec![], 3600),
        case(
            "the parent has a wait of its own that is longer",
            "a: { run_flow: child, after: [] }\nb: { wait: { for: 2 hours }, after: [] }",
            WAIT,
            vec![],
            3600,
        ),
        Case {
            ends: ("timed_out", Some("timed_out")),
            child_ends: "cancelled",
            ..case("the parent has no more time", "a: { run_flow: child, timeout: 10 minutes }", WAIT, vec![], 600)
        },
        Case {
            child_ends: "cancelled",
            ..case(
                "the parent is done without it",
                "a: { run_flow: child, after: [] }\nb: { wait: { for: 10 minutes }, after: [] }\nc: { after: [b], terminate: succeeded }",
                WAIT,
                vec![],
                600,
            )
        },
    ]
}

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case, false).await;
    }
    for case in cases() {
        check(case, true).await;
    }
}

/// Each time that it sleeps it may be another process that goes on.
async fn check(case: Case, dies: bool) {
    let Case { name, parent, child, writes, sleeps, ends, child_ends } = case;
    let mut rig = rig(parent, child);
    rig.fail_writes(writes);
    let mut driven = rig.start("r").await.unwrap();
    assert!(matches!(driven, Driven::Sleeping(until) if until == at(sleeps)), "{name}: {driven:?}");
    for run in rig.store.load().await.unwrap().runs {
        assert!(run.sleeps_until.is_some(), "{name}: {} does not sleep", run.id);
    }
    let run = loop {
        match driven {
            Driven::Ended(run) => break run,
            Driven::Sleeping(until) => rig.clock.sleep_until(until).await,
        }
        rig = if dies { rig.next() } else { rig };
        driven = rig.world.resume(&RunId("r".to_owned())).await.unwrap();
    };
    let (outcome, code) = ending(&run);
    assert_eq!((outcome, code.as_deref()), ends, "{name}");
    assert!(rig.store.load().await.unwrap().runs.is_empty(), "{name}: a run is left");
    let child = if parent.contains("middle") { "r/a/call/a/call" } else { "r/a/call" };
    let record = rig.record(child).await;
    let Some(Event::RunFinished { outcome, .. }) = record.last() else { panic!("{name}: {record:?}") };
    assert_eq!(outcome.name(), child_ends, "{name}");
}

/// Who is woken early sleeps on, and nothing is written for it.
#[tokio::test]
async fn a_parent_that_is_woken_early_sleeps_on() {
    let rig = rig(RUN, WAIT);
    rig.start("r").await.unwrap();
    let commits = rig.store.state.lock().unwrap().commits;
    rig.clock.advance(Duration::from_secs(60));
    let driven = rig.world.resume(&RunId("r".to_owned())).await.unwrap();
    assert!(matches!(driven, Driven::Sleeping(until) if until == at(3600)), "{driven:?}");
    assert_eq!(rig.store.state.lock().unwrap().commits, commits);
}

/// A mistake that breaks off the driving of a child run ends it, and the step that waits for it fails.
#[tokio::test]
async fn a_child_run_whose_driving_breaks_off_ends_as_failed() {
    let create = |name: &str| format!("{name}: {{ call: fake.create, with: {{ row: {{ of: {name} }} }} }}");
    // Before the first commit of the child, and at a later one.
    for (commit, internal) in [(1, 0), (2, 1)] {
        let rig = rig(RUN, &format!("{}\n{}", create("a"), create("b")));
        rig.store.state.lock().unwrap().breaks_off = Some(commit);
        let run = rig.run("r").await.unwrap();
        assert_eq!(ending(&run), ("failed", Some("internal".to_owned())), "{commit}");
        assert!(rig.store.load().await.unwrap().runs.is_empty(), "{commit}: a run is left");
        let ends = rig.record("r/a/call").await;
        let ends = ends
            .iter()
            .filter(|event| matches!(event, Event::RunFinished { error: Some(error), .. } if error.code == "internal"));
        assert_eq!(ends.count(), internal, "{commit}");
    }
}

fn rig(parent: &str, child: &str) -> Rig {
    let flow = |name: &str, trigger: &str, steps: &str| {
        let steps: String = steps.lines().map(|line| format!("  {line}\n")).collect();
        format!("flow: {name}\ntrigger: {{ {trigger}: {{}} }}\nsteps:\n{steps}")
    };
    let mut files = fake::files(&flow("test", "manual", parent));
    files.0.insert("middle.yaml".to_owned(), flow("middle", "child", RUN));
    files.0.insert("child.yaml".to_owned(), flow("child", "child", child));
    Rig::of(&files)
}
