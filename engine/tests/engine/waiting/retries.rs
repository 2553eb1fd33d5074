//! When a call is tried again, how often, and how long the engine waits in between.

use std::time::Duration;

use cosell_engine::clock::Clock;
use cosell_engine::connector::{CallError, CallErrorKind};
use cosell_engine::run::Event;
use cosell_engine::store::Store;
use jiff::{SignedDuration, Timestamp};
use serde_json::json;

use super::Rig;
use crate::fake::{self, Failure};

/// A call, what the service answers at first, how often it is called, for how long, and how it ends.
struct Case {
    name: &'static str,
    call: &'static str,
    answers: Vec<CallError>,
    tries: u32,
    /// The shortest and the longest wait in all.
    seconds: (i64, i64),
    /// The code of the error, where the step fails.
    code: Option<&'static str>,
}

const READ: &str = "{ call: fake.read, with: { id: row } }";
const WRITE: &str = "{ call: fake.write, with: { id: row, row: { x: 1 } } }";

fn cases() -> Vec<Case> {
    use CallErrorKind::{Conflict, Denied, Input, NotFound, Throttled, Unanswered, Unavailable, Unexpected};
    let mut cases = vec![
        Case {
            name: "throttled without a word: up to 1, 2, 4, 8 seconds, then no more",
            call: WRITE,
            answers: vec![error(Throttled, None); 5],
            tries: 5,
            seconds: (7, 15),
            code: Some("throttled"),
        },
        Case {
            name: "throttled three times, then done",
            call: WRITE,
            answers: vec![error(Throttled, None); 3],
            tries: 4,
            seconds: (3, 7),
            code: None,
        },
        Case {
            name: "the service says how long to wait",
            call: WRITE,
            answers: vec![error(Throttled, Some(30)), error(Throttled, Some(12))],
            tries: 3,
            seconds: (42, 42),
            code: None,
        },
        Case {
            name: "the service asks for less than we wait anyway",
            call: READ,
            answers: vec![error(Throttled, Some(0)), error(Throttled, Some(1))],
            tries: 3,
            seconds: (1, 3),
            code: None,
        },
        Case {
            name: "the service asks for a long time: it gets it",
            call: READ,
            answers: vec![error(Throttled, Some(7200))],
            tries: 2,
            seconds: (7200, 7200),
            code: None,
        },
        Case {
            name: "nothing was done: a write may be tried again",
            call: WRITE,
            answers: vec![error(Unavailable, None)],
            tries: 2,
            seconds: (0, 1),
            code: None,
        },
        Case {
            name: "no answer to a read: it may be tried again",
            call: READ,
            answers: vec![error(Unanswered, None)],
            tries: 2,
            seconds: (0, 1),
            code: None,
        },
        Case {
            name: "no answer to a write: it may have been done",
            call: WRITE,
            answers: vec![error(Unanswered, None)],
            tries: 1,
            seconds: (0, 0),
            code: Some("unknown_result"),
        },
        Case {
            name: "no answer to a write that may be done twice",
            call: "{ call: fake.create, with: { row: { x: 1 } } }",
            answers: vec![error(Unanswered, None)],
            tries: 2,
            seconds: (0, 1),
            code: None,
        },
        Case {
            name: "no answer to a write, and its author wants it again",
            call: "{ call: fake.write, with: { id: row, row: { x: 1 } }, retry: { unknown: repeat } }",
            answers: vec![error(Unanswered, None)],
            tries: 2,
            seconds: (0, 1),
            code: None,
        },
        Case {
            name: "not allowed to do this: the caller's business",
            call: READ,
            answers: vec![CallError { status: Some(403), ..error(Denied, None) }],
            tries: 1,
            seconds: (0, 0),
            code: Some("denied"),
        },
    ];
    let steady = "{ call: fake.read, with: { id: row }, retry: { kind: fixed, count: 2, interval: 20 seconds } }";
    let once = "{ call: fake.read, with: { id: row }, retry: none }";
    let answers = || vec![error(Unavailable, None); 3];
    let code = Some("unavailable");
    let name = "a fixed interval";
    cases.push(Case { name, call: steady, answers: answers(), tries: 3, seconds: (40, 40), code });
    let name = "no second try";
    cases.push(Case { name, call: once, answers: answers(), tries: 1, seconds: (0, 0), code });
    for kind in [Input, NotFound, Conflict, Unexpected] {
        let answers = vec![error(kind, None)];
        let name = "what another try would not change";
        cases.push(Case { name, call: READ, answers, tries: 1, seconds: (0, 0), code: Some(kind.name()) });
    }
    cases
}

fn error(kind: CallErrorKind, retry_after: Option<u64>) -> CallError {
    CallError { retry_after_ms: retry_after.map(|seconds| seconds * 1000), ..CallError::new(kind, "it went wrong") }
}

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case).await;
    }
}

async fn check(case: Case) {
    let Case { name, call, answers, tries, seconds, code } = case;
    let rig = Rig::new(&fake::files(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n  a: {call}\n")));
    {
        let mut service = rig.service.lock().unwrap();
        service.rows.insert("row".to_owned(), json!({"version": 1}));
        if call.contains("fake.read") {
            service.read_failures.extend(answers);
        } else {
            service.write_failures.extend(answers.into_iter().map(|error| Some(Failure::Refuse(error))));
        }
    }
    let run = rig.engine.run_now("test", json!({})).await.unwrap();
    assert_eq!(rig.calls().len(), tries as usize, "{name}");
    let waited = rig.clock.now().duration_since(Timestamp::UNIX_EPOCH);
    let (shortest, longest) = (SignedDuration::from_secs(seconds.0), SignedDuration::from_secs(seconds.1));
    assert!(shortest <= waited && waited <= longest, "{name}: {waited:?}");
    let record = rig.store.record(run.id()).await.unwrap();
    let attempts = record.iter().find_map(|event| match event {
        Event::CallFinished { attempts, .. } => Some(*attempts),
        _ => None,
    });
    assert_eq!(attempts, Some(tries), "{name}");
    let found = run.ended().unwrap().error.clone();
    assert_eq!(found.as_ref().map(|error| error.code.as_str()), code, "{name}");
    assert!(found.is_none_or(|error| error.attempts == tries), "{name}");
}

#[tokio::test]
async fn the_virtual_clock_jumps() {
    let clock = cosell_engine::clock::VirtualClock::at(Timestamp::UNIX_EPOCH);
    clock.sleep(Duration::from_secs(3600)).await;
    assert_eq!(clock.now().as_second(), 3600);
    clock.sleep(Duration::MAX).await;
    assert_eq!(clock.now(), Timestamp::MAX);
}
