//! A process that dies at any commit, before or after it is kept, and once more while another one takes the run up: the
//! service ends as if nothing had happened, or the run says that nobody can know.

use cosell_engine::run::driver::DriveError;
use cosell_engine::run::{Event, RunId};
use cosell_engine::store::Store;
use serde_json::json;

use super::{Rig, ending, flow};

/// Steps, how often the record of an undisturbed run is committed, and whether a kill may leave a result unknown.
struct Case {
    name: &'static str,
    steps: &'static str,
    commits: usize,
    may_be_unknown: bool,
}

const CASES: &[Case] = &[
    Case {
        name: "reads only",
        steps: "a: { call: fake.say }\nb: { call: fake.say }",
        commits: 1,
        may_be_unknown: false,
    },
    Case {
        name: "writes that may be repeated",
        steps: "a: { call: fake.say }\nb: { call: fake.create, with: { row: { of: b } } }\nc: { call: fake.say }\nd: { call: fake.create, with: { row: { of: d } } }",
        commits: 3,
        may_be_unknown: false,
    },
    Case {
        name: "writes that are looked up, and show only later",
        steps: "a: { call: fake.register, with: { row: { of: a } } }\nb: { call: fake.register, with: { row: { of: b } } }",
        commits: 3,
        may_be_unknown: false,
    },
    Case {
        name: "writes side by side share a commit",
        steps: "a: { after: [], call: fake.register, with: { row: { of: a } } }\nb: { after: [], call: fake.create, with: { row: { of: b } } }",
        commits: 2,
        may_be_unknown: false,
    },
    Case {
        name: "a write that nobody can recognise",
        steps: "a: { call: fake.post, with: { row: { of: a } } }\nb: { call: fake.create, with: { row: { of: b } } }",
        commits: 3,
        may_be_unknown: true,
    },
    Case {
        name: "an update",
        steps: "a: { call: fake.create, with: { row: { of: a } } }\nb: { update_if_different: { map: deal, from: { name: New, value: 5 }, read: { call: fake.read, with: { id: $.steps.a.id } }, update: { call: fake.write, with: { row: $.changes } } } }\nc: { respond: $.steps.b.changed }",
        commits: 3,
        may_be_unknown: false,
    },
    Case {
        name: "an update of a record that an earlier step has read",
        steps: "a: { call: fake.create, with: { row: { of: a, title: Old, amount: 5 } } }\nr: { call: fake.read, with: { id: $.steps.a.id } }\nb: { update_if_different: { map: deal, from: { name: New, value: 5 }, to: $.steps.r, read: { call: fake.read, with: { id: $.steps.a.id } }, update: { call: fake.write, with: { row: $.changes } } } }\nc: { respond: $.steps.b.changed }",
        commits: 3,
        may_be_unknown: false,
    },
    Case {
        name: "a write in the run of another flow",
        steps: "a: { run_flow: child }\nb: { call: fake.create, with: { row: { of: b } } }",
        commits: 5,
        may_be_unknown: false,
    },
];

const CHILD: &str =
    "flow: child\ntrigger: { child: {} }\nsteps:\n  a: { call: fake.register, with: { row: { of: child } } }\n";

#[tokio::test]
async fn a_process_may_die_at_any_commit_and_again() {
    for case in CASES {
        let whole = rig(case);
        let run = whole.run("r").await.unwrap();
        assert_eq!(ending(&run), ("succeeded", None), "{}", case.name);
        assert_eq!(whole.store.state.lock().unwrap().commits, case.commits, "{}", case.name);
        let deaths: Vec<(usize, bool)> = (0..case.commits + 1).flat_map(|at| [(at, false), (at, true)]).collect();
        for first in &deaths {
            for second in &deaths {
                check(case, &whole, *first, *second).await;
            }
        }
    }
}

fn rig(case: &Case) -> Rig {
    let mut files = flow(case.steps);
    files.0.insert("child.yaml".to_owned(), CHILD.to_owned());
    Rig::of(&files)
}

async fn check(case: &Case, whole: &Rig, first: (usize, bool), second: (usize, bool)) {
    let name = format!("{}: dies at {first:?}, then at {second:?}", case.name);
    let life = rig(case);
    life.store.state.lock().unwrap().dies = Some(first);
    let _ = life.run("r").await;
    let life = life.next();
    life.store.state.lock().unwrap().dies = Some(second);
    let _ = life.run("r").await;
    let life = life.next();
    let run = life.run("r").await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let (outcome, code) = ending(&run);
    if case.may_be_unknown && outcome == "failed" {
        assert_eq!(code.as_deref(), Some("unknown_result"), "{name}");
        assert!(life.rows().iter().filter(|row| **row == json!("a")).count() <= 1, "{name}: {:?}", life.rows());
        return;
    }
    assert_eq!(outcome, "succeeded", "{name}: {:?}", run.ended());
    assert_eq!(life.rows(), whole.rows(), "{name}: {:?}", life.calls());
    assert!(life.store.load().await.unwrap().runs.is_empty(), "{name}");
    assert_eq!(run.response().cloned(), whole.run("r").await.unwrap().response().cloned(), "{name}");
}

/// A round that the engine did not end is nobody's conflict, and counts for nothing.
#[tokio::test]
async fn a_process_may_die_in_each_of_many_writes() {
    let case = CASES.iter().find(|case| case.name == "an update").unwrap();
    let mut life = rig(case);
    // The row is there and the write was begun; from then on, the first commit of each process ends it.
    life.store.state.lock().unwrap().dies = Some((1, true));
    for _ in 0..8 {
        assert!(life.run("r").await.is_err());
        life = life.next();
        life.store.state.lock().unwrap().dies = Some((0, true));
    }
    let life = life.next();
    let run = life.run("r").await.unwrap();
    assert_eq!(ending(&run), ("succeeded", None));
    let writes = life.calls().iter().filter(|call| call.starts_with("write")).count();
    assert_eq!(writes, 1, "none was made before: {:?}", life.calls());
}

#[tokio::test]
async fn what_a_service_hears_of_is_durable_before() {
    let rig = Rig::new("a: { call: fake.say }\nb: { call: fake.create, with: { row: { of: b } } }");
    // The commit with the call fails: the service never hears of it.
    rig.store.state.lock().unwrap().dies = Some((0, false));
    assert!(rig.run("r").await.is_err());
    assert_eq!(rig.calls(), Vec::<String>::new());
    let rig = rig.next();
    rig.store.state.lock().unwrap().dies = Some((1, false));
    assert!(rig.run("r").await.is_err());
    assert_eq!(rig.calls(), ["create {\"of\":\"b\"}"]);
    let record = rig.record("r").await;
    assert!(matches!(record.last(), Some(Event::CallStarted { step, .. }) if step.name == "b"), "{record:?}");
}

/// A disk that fails once, perhaps in the run of another flow: no step fails for it, and the run goes on the next time.
#[tokio::test]
async fn a_disk_that_fails_once_fails_no_step() {
    let case = CASES.iter().find(|case| case.name == "a write in the run of another flow").unwrap();
    for at in 0..case.commits {
        let rig = rig(case);
        rig.store.state.lock().unwrap().fails = Some(at);
        assert!(matches!(rig.run("r").await, Err(DriveError::Store(_))), "at {at}");
        let run = rig.run("r").await.unwrap();
        assert_eq!(ending(&run), ("succeeded", None), "at {at}");
        assert_eq!(rig.rows(), [json!("b"), json!("child")], "at {at}: {:?}", rig.calls());
    }
}

#[tokio::test]
async fn a_full_disk_loses_nothing() {
    let rig = Rig::new("a: { call: fake.post, with: { row: { of: a } } }");
    rig.store.state.lock().unwrap().full = 4;
    let run = rig.run("r").await.unwrap();
    assert_eq!(ending(&run), ("succeeded", None));
    assert_eq!(rig.rows(), [json!("a")]);
    assert_eq!(rig.seconds(), 1 + 2 + 4 + 8, "it asks again after a while, and then less often");
}

#[tokio::test]
async fn much_is_committed_on_the_way() {
    let items: Vec<String> = (0..300).map(|item| item.to_string()).collect();
    let rig = Rig::new(&format!("l: {{ for_each: [{}], steps: {{ a: {{ call: fake.say }} }} }}", items.join(", ")));
    rig.run("r").await.unwrap();
    let record = rig.record("r").await.len();
    let commits = rig.store.state.lock().unwrap().commits;
    assert!((2..10).contains(&commits), "{record} events in {commits} commits");
}

/// A record with values that are not shown: whole while the run lives, redacted beside it.
#[tokio::test]
async fn what_is_shown_is_committed_beside_what_is_secure() {
    let rig = Rig::new(
        "a: { compose: canary-7f3a, secure: [outputs] }\nb: { call: fake.create, with: { row: { of: $.steps.a } } }",
    );
    rig.store.state.lock().unwrap().dies = Some((0, true));
    assert!(rig.run("r").await.is_err());
    let text = serde_json::to_string(&rig.record("r").await).unwrap();
    assert!(text.contains("canary"), "a living run is whole");
    let rig = rig.next();
    rig.run("r").await.unwrap();
    let text = serde_json::to_string(&rig.record("r").await).unwrap();
    assert!(!text.contains("canary"), "{text}");
    assert_eq!(rig.rows(), [json!("canary-7f3a")]);
    assert!(rig.store.record(&RunId("r".to_owned())).await.is_ok());
}
