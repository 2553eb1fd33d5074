//! A failed run that goes on, a run that is cancelled, and runs of packs that are no more.

use std::sync::Arc;

use cosell_engine::connector::{CallError, CallErrorKind};
use cosell_engine::run::driver::{DriveError, Driven};
use cosell_engine::run::{Event, RunId, counting};
use cosell_engine::store::Store;
use jiff::Timestamp;
use serde_json::json;

use super::{Rig, ending, flow};
use crate::fake::{self, Failure};

/// Steps, what fails at first, the calls in all once the run was resumed, and the rows then.
struct Case {
    name: &'static str,
    steps: &'static str,
    writes: Vec<Option<Failure>>,
    calls: &'static [&'static str],
    ends: (&'static str, Option<&'static str>),
}

const A: &str = "create {\"of\":\"a\"}";
const B: &str = "create {\"of\":\"b\"}";

fn cases() -> Vec<Case> {
    let refuse = || Some(Failure::Refuse(CallError::new(CallErrorKind::Input, "no such column")));
    let case = |name, steps, writes, calls, ends| Case { name, steps, writes, calls, ends };
    vec![
        case(
            "what was done before is not done again",
            "a: { call: fake.create, with: { row: { of: a } } }\nb: { call: fake.create, with: { row: { of: b } } }",
            vec![None, refuse()],
            &[A, B, B],
            ("succeeded", None),
        ),
        case(
            "it fails again",
            "a: { call: fake.create, with: { row: { of: a } } }",
            vec![refuse(), refuse()],
            &[A, A],
            ("failed", Some("input")),
        ),
        case(
            "in a pass of a loop",
            "l: { for_each: [1, 2], steps: { b: { call: fake.create, with: { row: { of: b } } } } }",
            vec![None, refuse()],
            &[B, B, B],
            ("succeeded", None),
        ),
        case(
            "a handler told of it and ended the run",
            "a: { call: fake.create, with: { row: { of: a } } }\nt: { after: { a: [failed] }, call: fake.create, with: { row: { of: b } } }\nf: { after: [t], terminate: failed }",
            vec![refuse()],
            &[A, B, A],
            ("succeeded", None),
        ),
        case(
            "a write that nobody can recognise: who resumes it has looked",
            "a: { call: fake.post, with: { row: { of: a } } }",
            vec![Some(Failure::LoseAnswer)],
            &["post {\"of\":\"a\"}", "post {\"of\":\"a\"}"],
            ("succeeded", None),
        ),
        case(
            "a write beside it that was done and cannot be recognised",
            "a: { after: [], call: fake.create, with: { row: { of: a } } }\nb: { after: [], call: fake.post, with: { row: { of: b } } }",
            vec![refuse()],
            &[A, "post {\"of\":\"b\"}", A],
            ("failed", Some("unknown_result")),
        ),
        case(
            "a write beside it that was done and is found",
            "a: { after: [], call: fake.create, with: { row: { of: a } } }\nb: { after: [], call: fake.register, with: { row: { of: b } } }",
            vec![refuse()],
            &[A, "register {\"of\":\"b\"}", A, "look up"],
            ("succeeded", None),
        ),
        case(
            "in the run of another flow",
            "c: { run_flow: child }",
            vec![None, refuse()],
            &[A, B, B],
            ("succeeded", None),
        ),
    ]
}

const CHILD: &str = "flow: child\ntrigger: { child: {} }\nsteps:\n  a: { call: fake.create, with: { row: { of: a } } }\n  b: { call: fake.create, with: { row: { of: b } } }\n";

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case).await;
    }
}

async fn check(case: Case) {
    let Case { name, steps, writes, calls, ends } = case;
    let mut files = flow(steps);
    files.0.insert("child.yaml".to_owned(), CHILD.to_owned());
    let rig = Rig::of(&files);
    rig.service.lock().unwrap().write_failures.extend(writes);
    let run = rig.run("r").await.unwrap();
    assert_eq!(ending(&run).0, "failed", "{name}");
    let first = rig.record("r").await;
    let driven = rig.world.resume_failed(&id()).await.unwrap_or_else(|error| panic!("{name}: {error}"));
    let run = rig.to_end("r", driven).await.unwrap();
    assert_eq!((ending(&run).0, ending(&run).1.as_deref()), ends, "{name}: {:?}", run.ended());
    assert_eq!(rig.calls(), calls, "{name}");
    let record = rig.record("r").await;
    assert_eq!(record[..first.len()], first, "{name}: what was recorded stays");
    assert!(counting(&record).len() < record.len(), "{name}: and part of it does not count any more");
    assert!(rig.store.load().await.unwrap().runs.is_empty(), "{name}");
}

fn id() -> RunId {
    RunId("r".to_owned())
}

#[tokio::test]
async fn a_step_that_timed_out_has_its_whole_time_again() {
    let rig = Rig::new(
        "a: { wait: { for: 1 minute } }\ns: { timeout: 10 minutes, scope: { b: { wait: { for: 15 minutes } }, c: { call: fake.say } } }",
    );
    let run = rig.run("r").await.unwrap();
    assert_eq!(ending(&run), ("timed_out", Some("timed_out".to_owned())));
    let driven = rig.world.resume_failed(&id()).await.unwrap();
    assert_eq!(ending(&rig.to_end("r", driven).await.unwrap()).0, "succeeded");
}

#[tokio::test]
async fn what_cannot_be_resumed_says_why() {
    let cases = [
        ("a: { compose: 1 }", "it succeeded: only a run that failed or timed out can be resumed"),
        ("a: { terminate: cancelled }", "it cancelled: only a run that failed or timed out can be resumed"),
        (
            "a: { compose: 1, secure: [outputs] }\nb: { call: fake.fail }",
            "it held secure values, which are deleted when a run ends; resubmit its event instead",
        ),
    ];
    for (steps, why) in cases {
        let rig = Rig::new(steps);
        rig.run("r").await.unwrap();
        let record = rig.record("r").await;
        let error = rig.world.resume_failed(&id()).await.unwrap_err().to_string();
        assert_eq!(error, format!("run `r` cannot be resumed: {why}"), "{steps}");
        assert_eq!(rig.record("r").await, record, "{steps}");
    }
    let rig = Rig::new("a: { wait: { for: 1 hour } }");
    let error = rig.world.resume_failed(&id()).await.unwrap_err().to_string();
    assert_eq!(error, "run `r` cannot be resumed: there is no such run");
    assert!(matches!(rig.start("r").await.unwrap(), Driven::Sleeping(_)));
    let error = rig.world.resume_failed(&id()).await.unwrap_err().to_string();
    assert_eq!(error, "run `r` cannot be resumed: it has not ended");
}

#[tokio::test]
async fn a_sleeping_run_is_cancelled() {
    let rig = Rig::new("a: { wait: { for: 1 hour } }");
    assert!(matches!(rig.start("r").await.unwrap(), Driven::Sleeping(_)));
    for _ in 0..2 {
        rig.world.cancel(id(), "a person cancelled it").await.unwrap();
        let record = rig.record("r").await;
        let Some(Event::RunFinished { outcome, error: Some(error), .. }) = record.last() else { panic!("{record:?}") };
        assert_eq!((outcome.name(), error.code.as_str()), ("cancelled", "cancelled"));
        assert_eq!(error.message, "a person cancelled it");
    }
    assert!(rig.store.load().await.unwrap().runs.is_empty());
}

/// The pack changes while a run sleeps: it ends on the one that it began with.
#[tokio::test]
async fn a_run_ends_on_the_pack_that_it_began_with() {
    let old = flow("a: { wait: { for: 1 hour } }\nb: { respond: old }");
    let rig = Rig::of(&old);
    rig.store.keep_pack(rig.pack.content(), &json!({"files": old.0, "settings": {}})).await.unwrap();
    assert!(matches!(rig.start("r").await.unwrap(), Driven::Sleeping(_)));
    let new = Arc::new(fake::pack_of(&flow("x: { respond: new }"), &rig.service));
    let next = Rig::over(new, rig.service.clone(), rig.store.kept.clone(), Timestamp::UNIX_EPOCH);
    assert_eq!(next.run("r").await.unwrap().response().map(|answer| &*answer.value), Some(&json!("old")));
    assert_eq!(next.run("s").await.unwrap().response().map(|answer| &*answer.value), Some(&json!("new")));
}

#[tokio::test]
async fn a_run_whose_pack_is_gone_ends_as_failed() {
    let wrong =
        json!({"files": {"pack.yaml": "pack: test\nversion: 1.0.0\n", "flow.yaml": "flow: test"}, "settings": {}});
    for kept in [None, Some(json!({"files": 1})), Some(wrong)] {
        let rig = Rig::new("a: { wait: { for: 1 hour } }");
        if let Some(kept) = &kept {
            rig.store.keep_pack(rig.pack.content(), kept).await.unwrap();
        }
        assert!(matches!(rig.start("r").await.unwrap(), Driven::Sleeping(_)));
        let new = Arc::new(fake::pack_of(&flow("x: { compose: 1 }"), &rig.service));
        let next = Rig::over(new, rig.service.clone(), rig.store.kept.clone(), Timestamp::UNIX_EPOCH);
        let run = next.run("r").await.unwrap();
        assert_eq!(ending(&run), ("failed", Some("pack_gone".to_owned())), "{kept:?}");
        let record = next.record("r").await;
        assert!(matches!(next.world.resume(&id()).await, Err(DriveError::PackGone { .. })), "{kept:?}");
        assert_eq!(next.record("r").await, record, "it ends once");
    }
}
