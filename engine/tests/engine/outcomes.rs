//! How steps, containers and runs end: the table of the flow model, row by row.

use std::sync::Arc;

use cosell_engine::connector::{CallError, CallErrorKind};
use cosell_engine::run::{Call, Event, Run, RunId, Work};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fake;

/// One row: what the steps are, how the run ends, how some steps end.
struct Case {
    name: &'static str,
    steps: &'static str,
    run: &'static str,
    steps_end: &'static [(&'static str, &'static str)],
}

const OK: &str = "{ call: fake.say }";
const FAIL: &str = "{ call: fake.fail }";

const CASES: &[Case] = &[
    Case { name: "a fails, nothing after", steps: "a: FAIL", run: "failed", steps_end: &[("a", "failed")] },
    Case {
        name: "a failure that is handled is a success",
        steps: "a: FAIL\nb: { call: fake.say, after: { a: [failed, timed_out] } }",
        run: "succeeded",
        steps_end: &[("b", "succeeded")],
    },
    Case {
        name: "a skipped last step hands the question to what it waited for",
        steps: "a: FAIL\nb: OK",
        run: "failed",
        steps_end: &[("b", "skipped")],
    },
    Case {
        name: "two handlers",
        steps: "a: FAIL\nb: { call: fake.say, after: { a: [succeeded, failed, skipped, timed_out] } }\nc: { call: fake.say, after: { a: [failed] } }",
        run: "succeeded",
        steps_end: &[("b", "succeeded"), ("c", "succeeded")],
    },
    Case {
        name: "branches that join again",
        steps: "a: FAIL\nb: { call: fake.say, after: { a: [succeeded] } }\nc: { call: fake.say, after: { a: [failed] } }\nd: { call: fake.say, after: { b: [succeeded, failed, skipped, timed_out], c: [succeeded, failed, skipped, timed_out] } }",
        run: "succeeded",
        steps_end: &[("b", "skipped"), ("c", "succeeded"), ("d", "succeeded")],
    },
    Case {
        name: "a skipped join asks both of its branches",
        steps: "a: FAIL\nb: { call: fake.say, after: { a: [failed] } }\nc: { call: fake.say, after: { a: [succeeded] } }\nd: { call: fake.say, after: { b: [skipped], c: [skipped] } }",
        run: "failed",
        steps_end: &[("b", "succeeded"), ("c", "skipped"), ("d", "skipped")],
    },
    Case {
        name: "try, catch, finally",
        steps: "try: { scope: { a: FAIL } }\ncatch: { after: { try: [failed, timed_out, skipped] }, scope: { b: OK } }\nfinally: { call: fake.say, after: { catch: [succeeded, failed, skipped, timed_out] } }",
        run: "succeeded",
        steps_end: &[("try", "failed"), ("catch", "succeeded"), ("finally", "succeeded")],
    },
    Case {
        name: "a catch that ends the run as failed",
        steps: "try: { scope: { a: FAIL } }\ncatch: { after: { try: [failed, timed_out] }, terminate: failed }",
        run: "failed",
        steps_end: &[("try", "failed")],
    },
    Case {
        name: "a catch that has nothing to do and is last",
        steps: "try: { scope: { a: OK } }\ncatch: { after: { try: [failed, timed_out, skipped] }, scope: { b: OK } }",
        run: "succeeded",
        steps_end: &[("try", "succeeded"), ("catch", "skipped"), ("b", "skipped")],
    },
    Case {
        name: "two roots side by side, one fails, the other still runs to its end",
        steps: "a: { call: fake.fail, after: [] }\nb: { call: fake.say, after: [] }\nc: { call: fake.say, after: [b] }",
        run: "failed",
        steps_end: &[("a", "failed"), ("b", "succeeded"), ("c", "succeeded")],
    },
    Case {
        name: "a step that lists skipped runs after a skipped one",
        steps: "a: FAIL\nb: OK\nc: { call: fake.say, after: { b: [skipped] } }",
        run: "succeeded",
        steps_end: &[("b", "skipped"), ("c", "succeeded")],
    },
    Case {
        name: "all that a skipped scope holds is skipped, its handlers too",
        steps: "a: FAIL\ns: { scope: { b: OK, c: { call: fake.say, after: { b: [skipped] } } } }",
        run: "failed",
        steps_end: &[("s", "skipped"), ("b", "skipped"), ("c", "skipped")],
    },
    Case {
        name: "a handler does not break the written chain",
        steps: "a: OK\nh: { call: fake.say, after: { a: [failed] } }\nb: OK",
        run: "succeeded",
        steps_end: &[("a", "succeeded"), ("h", "skipped"), ("b", "succeeded")],
    },
    Case {
        name: "the branch that is taken decides",
        steps: "i: { if: { equals: [1, 1] }, then: { a: FAIL }, else: { b: OK } }",
        run: "failed",
        steps_end: &[("i", "failed"), ("a", "failed"), ("b", "skipped")],
    },
    Case {
        name: "the branch that is not taken is skipped and does not count",
        steps: "i: { if: { equals: [1, 2] }, then: { a: FAIL }, else: { b: OK } }",
        run: "succeeded",
        steps_end: &[("i", "succeeded"), ("a", "skipped"), ("b", "succeeded")],
    },
    Case {
        name: "a condition without an other branch succeeds",
        steps: "i: { if: { equals: [1, 2] }, then: { a: FAIL } }\nb: OK",
        run: "succeeded",
        steps_end: &[("i", "succeeded"), ("a", "skipped"), ("b", "succeeded")],
    },
    Case {
        name: "a condition that cannot be worked out fails, and its branches are skipped",
        steps: "i: { if: { greater: [\"@string('a')\", 1] }, then: { a: OK }, else: { b: OK } }",
        run: "failed",
        steps_end: &[("i", "failed"), ("a", "skipped"), ("b", "skipped")],
    },
    Case {
        name: "an empty list succeeds",
        steps: "l: { for_each: [], steps: { a: FAIL } }",
        run: "succeeded",
        steps_end: &[("l", "succeeded")],
    },
    Case {
        name: "a loop over null fails",
        steps: "l: { for_each: { $path: $.trigger.x, or: null }, steps: { a: OK } }",
        run: "failed",
        steps_end: &[("l", "failed")],
    },
    Case {
        name: "a loop goes on after a pass that failed, and fails",
        steps: "l: { for_each: [1, 2, 3], steps: { i: { if: { equals: [$.item, 2] }, then: { a: FAIL }, else: { b: OK } } } }\nz: { call: fake.say, after: { l: [failed] } }",
        run: "succeeded",
        steps_end: &[("l", "failed"), ("z", "succeeded")],
    },
    Case {
        name: "a failure handled within each pass is none of the loop",
        steps: "l: { for_each: [1, 2], steps: { a: FAIL, h: { call: fake.say, after: { a: [failed] } } } }",
        run: "succeeded",
        steps_end: &[("l", "succeeded")],
    },
    Case {
        name: "ending the run skips what has not begun",
        steps: "a: OK\nt: { terminate: cancelled }\nb: OK",
        run: "cancelled",
        steps_end: &[("a", "succeeded"), ("b", "skipped")],
    },
    Case {
        name: "a value that is not there fails its step only",
        steps: "a: { compose: $.trigger.nothing }\nh: { call: fake.say, after: { a: [failed] } }",
        run: "succeeded",
        steps_end: &[("a", "failed"), ("h", "succeeded")],
    },
];

#[test]
fn the_table() {
    for case in CASES {
        let steps = case.steps.replace("FAIL", FAIL).replace("OK", OK);
        let run = run(&steps, &json!({}));
        assert_eq!(run.ended().unwrap().outcome.name(), case.run, "{}", case.name);
        for (name, outcome) in case.steps_end {
            let step = run
                .steps()
                .into_iter()
                .find(|step| step.step.name == *name)
                .unwrap_or_else(|| panic!("{}: no {name}", case.name));
            assert_eq!(step.outcome.unwrap().name(), *outcome, "{}: {name}", case.name);
        }
    }
}

#[test]
fn values_flow_from_step_to_step() {
    let steps = "
a: { compose: { id: $.trigger.id, text: 'Deal {{trigger.id}}', limit: $.parameters.limit } }
s:
  scope:
    b: { call: fake.say, with: { value: { seen: $.steps.a.text, none: { $path: $.steps.a.missing, or: there } } } }
l:
  for_each: $.trigger.items
  steps:
    inner: { for_each: $.item, steps: { c: { compose: ['{{items.l.[0]}}', $.item, $.steps.b.seen] } } }
i: { if: { all: [{ equals: [$.steps.b.none, there] }, { not: { empty: $.steps.a } }] }, then: { d: { respond: $.steps.b } } }";
    let run = run(steps, &json!({"id": 7, "items": [[1, 2], [3]]}));
    assert_eq!(run.ended().unwrap().outcome.name(), "succeeded", "{:?}", run.ended());
    assert_eq!(run.response().map(|answer| &*answer.value), Some(&json!({"seen": "Deal 7", "none": "there"})));
}

#[test]
fn a_handler_sees_the_first_failure_below_what_it_handles() {
    let steps = "
s: { scope: { ok: { call: fake.say }, inner: { scope: { first: { call: fake.fail } } }, later: { call: fake.fail, after: { inner: [failed] } } } }
h: { after: { s: [failed] }, scope: { tell: { compose: '{{error.step}}: {{error.message}} ({{error.code}})' }, say: { respond: $.steps.tell } } }
t: { after: [h], terminate: failed }";
    let run = run(steps, &json!({}));
    assert_eq!(run.response().map(|answer| &*answer.value), Some(&json!("first: it was refused (E1)")));
    assert_eq!(run.ended().unwrap().error, None.or(run.ended().unwrap().error.clone()));
    assert_eq!(run.ended().unwrap().outcome.name(), "failed");
}

#[test]
fn independent_steps_are_called_at_the_same_time() {
    let run = started(
        "a: { call: fake.say, after: [] }\nb: { call: fake.say, after: [] }\nc: { call: fake.say, after: [a, b] }",
        &json!({}),
    );
    let (calls, _) = settle(run);
    assert_eq!(calls, ["a", "b"]);
}

/// Runs steps to their end with a service that says what it is told and fails where it should. Time passes only
/// where nothing else can happen.
pub(crate) fn run(steps: &str, trigger: &Value) -> Run {
    run_to_end(started(steps, trigger))
}

/// Runs a run that has started to its end.
pub(crate) fn run_to_end(mut run: Run) -> Run {
    let mut now = Timestamp::UNIX_EPOCH;
    while run.ended().is_none() {
        let events = possible(&run, &mut now);
        assert!(!events.is_empty(), "the run cannot go on: {run:?}");
        for event in events {
            run.apply(&event).unwrap();
        }
    }
    run
}

/// What can happen next: what the run decides, and the results of its calls; else time passes until it decides.
pub(crate) fn possible(run: &Run, now: &mut Timestamp) -> Vec<Event> {
    let mut next = run.next(*now);
    let calls = run.calls();
    if let (true, true, Some(wake)) = (next.events.is_empty(), calls.is_empty(), next.wake) {
        *now = wake;
        next = run.next(*now);
    }
    next.events.into_iter().chain(calls.into_iter().map(|call| perform(call, *now))).collect()
}

pub(crate) fn started(steps: &str, trigger: &Value) -> Run {
    let steps: String = steps.trim().lines().map(|line| format!("  {line}\n")).collect();
    started_flow(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n{steps}"), trigger)
}

pub(crate) fn started_flow(flow: &str, trigger: &Value) -> Run {
    let pack = fake::pack(flow, &fake::Shared::default());
    let plan = Arc::clone(&pack.flow("test").unwrap().plan);
    let mut run = Run::new(RunId("r".to_owned()), plan, Arc::clone(pack.parameters()));
    run.apply(&begin(trigger)).unwrap();
    run
}

pub(crate) fn begin(trigger: &Value) -> Event {
    Event::RunStarted {
        flow: "test".to_owned(),
        pack: String::new(),
        trigger: trigger.clone(),
        resubmits: None,
        at: Timestamp::UNIX_EPOCH,
    }
}

/// Applies everything that needs no service; gives the steps that call, and the run.
fn settle(mut run: Run) -> (Vec<String>, Run) {
    loop {
        let events = run.next(Timestamp::UNIX_EPOCH).events;
        if events.is_empty() {
            return (run.calls().into_iter().map(|call| call.step.name).collect(), run);
        }
        for event in events {
            run.apply(&event).unwrap();
        }
    }
}

fn perform(call: Call, at: Timestamp) -> Event {
    let Call { step, part, work, input, .. } = call;
    let result = match work {
        Work::Operation { name, .. } if name == "fake.fail" => Err(CallError {
            code: Some("E1".to_owned()),
            status: Some(404),
            ..CallError::new(CallErrorKind::Input, "it was refused")
        }),
        Work::Operation { name, .. } if name == "fake.read" => Ok(json!({"title": "Old", "version": 1}).into()),
        Work::Operation { .. } => Ok(input.get("value").cloned().unwrap_or_default().into()),
        Work::Flow(_) => panic!("no flows here"),
    };
    Event::CallFinished { step, part, result, attempts: 1, at }
}
