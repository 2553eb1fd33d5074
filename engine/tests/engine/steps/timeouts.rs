//! What becomes of steps whose time is used up, of what they hold and of what comes back too late.

use cosell_engine::run::{Event, Run, StepPath};
use jiff::Timestamp;
use serde_json::json;

use super::{Case, check, started};

#[test]
fn a_step_ends_when_its_time_is_used_up() {
    check(&[
        Case {
            name: "a wait",
            steps: "a: { wait: { for: 1 hour }, timeout: 1 minute }\nout: { after: { a: [timed_out] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""it was not done after 1m""#,
        },
        Case {
            name: "one that nobody handles times the run out",
            steps: "a: { wait: { for: 1 hour }, timeout: 1 minute }\nb: { respond: 1 }",
            run: "timed_out",
            answer: "null",
        },
        Case {
            name: "a scope: what it holds is cancelled or skipped",
            steps: "
s: { timeout: 1 minute, scope: { a: { compose: 1 }, w: { wait: { for: 1 hour } }, b: { compose: 1 } } }
y: { after: { s: [timed_out] }, select: { from: \"@result('s')\", each: '{{item.status}}' } }
out: { after: [y], respond: $.steps.y }",
            run: "succeeded",
            answer: r#"["Succeeded", "Cancelled", "Skipped"]"#,
        },
        Case {
            name: "the outermost of several that end at once",
            steps: "
s: { timeout: 1 minute, scope: { t: { timeout: 1 minute, scope: { w: { wait: { for: 1 hour }, timeout: 1 minute } } } } }
out: { after: { s: [timed_out] }, respond: \"@result('s')[0]?['status']\" }",
            run: "succeeded",
            answer: r#""Cancelled""#,
        },
        Case {
            name: "a step in a loop: its own pass only",
            steps: "
l: { for_each: [1, 90, 2], steps: { w: { wait: { for: '{{item}} seconds' }, timeout: 1 minute }, s: { append: { seen: $.item } } } }
out: { after: { l: [timed_out] }, respond: $.variables.seen }",
            run: "succeeded",
            answer: "[1, 2]",
        },
        Case {
            name: "a loop over a list",
            steps: "
l: { timeout: 5 minutes, for_each: $.trigger.list, steps: { s: { append: { seen: $.item } }, w: { wait: { for: 3 minutes } } } }
out: { after: { l: [timed_out] }, respond: $.variables.seen }",
            run: "succeeded",
            answer: "[3, 1]",
        },
        Case {
            name: "a step in a branch that is not taken has no time to use up",
            steps: "i: { if: { equals: [1, 2] }, then: { a: { wait: { for: 1 hour }, timeout: 1 minute } } }\nw: { wait: { for: 2 minutes } }\nout: { respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "time counts from a step's turn, not from the run's start",
            steps: "w: { wait: { for: 1 hour } }\na: { wait: { for: 30 seconds }, timeout: 1 minute }\nout: { respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "no time at all",
            steps: "a: { compose: 1, timeout: 0 seconds }\nout: { after: { a: [timed_out] }, respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
    ]);
}

#[test]
fn a_result_that_comes_too_late_does_not_fit() {
    let cases = [
        ("a: { call: fake.say, timeout: 1 minute }", "a"),
        ("s: { timeout: 1 minute, scope: { a: { call: fake.say } } }", "a"),
        ("l: { timeout: 1 minute, for_each: [1], steps: { a: { call: fake.say } } }", "l[0]/a"),
    ];
    for (steps, name) in cases {
        let mut run = started(&format!("{steps}\nw: {{ after: [], wait: {{ for: 1 hour }} }}"));
        decide(&mut run, Timestamp::UNIX_EPOCH);
        let call = run.calls().remove(0);
        assert_eq!(call.step.to_string(), name);
        let late = Timestamp::from_second(60).unwrap();
        decide(&mut run, late);
        assert!(!run.awaits(&call.step, call.part), "{steps}");
        let finished = finished(call.step, late);
        assert!(run.apply(&finished).is_err(), "{steps}");
    }
}

#[test]
fn an_event_that_does_not_fit_changes_nothing() {
    let mut run = started(
        "a: { wait: { for: 1 hour } }\nb: { append: { text: x } }\nc: { respond: 1 }\nd: { respond: $.variables.text }",
    );
    decide(&mut run, Timestamp::UNIX_EPOCH);
    let step = |name: &str| StepPath { loops: Vec::new(), name: name.to_owned() };
    let at = Timestamp::UNIX_EPOCH;
    let ending = cosell_engine::run::Ending::succeeded(json!(1));
    let wrong = [
        Event::VariableAppended { step: step("b"), variable: "text".to_owned(), value: json!("y"), at },
        Event::VariableSet { step: step("b"), variable: "text".to_owned(), value: json!("y"), at },
        Event::Responded { step: step("c"), answer: json!(2).into(), at },
        Event::StepFinished { step: step("b"), ending: ending.clone(), at },
        Event::StepFinished { step: step("nobody"), ending, at },
        Event::LoopStarted { step: step("b"), items: vec![], at },
        Event::BranchTaken { step: step("a"), branch: 0, value: json!(true), at },
        Event::WaitStarted { step: step("a"), until: at, at },
        finished(step("a"), at),
    ];
    for event in wrong {
        assert!(run.apply(&event).is_err(), "{event:?}");
        assert_eq!(run.response(), None, "{event:?}");
    }
    decide(&mut run, Timestamp::from_second(3600).unwrap());
    assert_eq!(run.response().map(|answer| &*answer.value), Some(&json!(1)));
}

fn finished(step: StepPath, at: Timestamp) -> Event {
    let (part, result, attempts) = (cosell_engine::run::Part::Call, Ok(json!(1).into()), 1);
    Event::CallFinished { step, part, result, attempts, at }
}

/// Applies everything that is decided at a time.
fn decide(run: &mut Run, now: Timestamp) {
    loop {
        let events = run.next(now).events;
        if events.is_empty() {
            return;
        }
        events.iter().for_each(|event| run.apply(event).unwrap());
    }
}
