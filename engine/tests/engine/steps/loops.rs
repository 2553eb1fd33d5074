//! Loops over lists and loops until a condition holds.

use cosell_engine::run::{Event, Run, Verdict};
use jiff::Timestamp;
use serde_json::json;

use super::{Case, check, started};
use crate::outcomes::{run_to_end, started_flow};

#[test]
fn over_a_list() {
    check(&[
        Case {
            name: "names in the body",
            steps: "
l: { for_each: [a, b], steps: { s: { append: { seen: { item: $.item, of: $.items.l, pass: \"@iterationIndexes('l')\" } } } } }
out: { respond: $.variables.seen }",
            run: "succeeded",
            answer: r#"[{"item": "a", "of": "a", "pass": 0}, {"item": "b", "of": "b", "pass": 1}]"#,
        },
        Case {
            name: "a step of the body has the value of its own pass",
            steps: "
l: { for_each: $.trigger.list, at_once: 3, steps: { c: { compose: [$.item] }, s: { append: { seen: { c: $.steps.c } } } } }
out: { respond: $.variables.seen }",
            run: "succeeded",
            answer: r#"[{"c": [3]}, {"c": [1]}, {"c": [2]}]"#,
        },
        Case {
            name: "loops in loops: the nearest item, and each by its name",
            steps: "
l:
  for_each: [1, 2]
  steps:
    m: { for_each: [a, b], steps: { s: { append: { seen: \"{{item}}{{items.l}}{{items.m}}\" } } } }
out: { respond: $.variables.seen }",
            run: "succeeded",
            answer: r#"["a1a", "b1b", "a2a", "b2b"]"#,
        },
        Case {
            name: "an until in a loop keeps the item",
            steps: "
l:
  for_each: [a, b]
  steps:
    u: { until: { equals: [$.item, $.items.l] }, steps: { s: { append: { seen: { item: $.item, pass: \"@iterationIndexes('u')\" } } } } }
out: { respond: $.variables.seen }",
            run: "succeeded",
            answer: r#"[{"item": "a", "pass": 0}, {"item": "b", "pass": 0}]"#,
        },
        Case {
            name: "an empty list has no pass and succeeds",
            steps: "l: { for_each: $.trigger.empty, steps: { s: FAIL } }\nout: { respond: $.variables.seen }",
            run: "succeeded",
            answer: "[]",
        },
        Case {
            name: "null is no list",
            steps: "l: { for_each: $.trigger.none, steps: { s: FAIL } }\nout: { after: { l: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""a loop goes over a list, and this is null""#,
        },
        Case {
            name: "neither is a text",
            steps: "l: { for_each: $.trigger.text, steps: { s: FAIL } }\nout: { after: { l: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""a loop goes over a list, and this is no list""#,
        },
        Case {
            name: "a pass that fails lets the others run",
            steps: "
l:
  for_each: [1, 2, 3]
  steps:
    i: { if: { equals: [$.item, 2] }, then: { f: FAIL } }
    s: { append: { seen: $.item } }
out: { after: { l: [failed] }, respond: $.variables.seen }",
            run: "succeeded",
            answer: "[1, 3]",
        },
        Case {
            name: "one pass timed out, one failed: it failed",
            steps: "
l:
  for_each: [1, 2]
  steps:
    i: { if: { equals: [$.item, 1] }, then: { w: { wait: { for: 1 hour }, timeout: 5 minutes } }, else: { f: FAIL } }
out: { after: { l: [failed] }, respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "one pass timed out, one succeeded: it timed out",
            steps: "
l:
  for_each: [1, 2]
  steps:
    i: { if: { equals: [$.item, 1] }, then: { w: { wait: { for: 1 hour }, timeout: 5 minutes } } }
out: { after: { l: [timed_out] }, respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "a body whose steps are all skipped succeeds",
            steps: "l: { for_each: [1, 2], steps: { s: { scope: {} } } }\nout: { respond: 1 }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "variables are the run's, whatever the pass",
            steps: "
l: { for_each: [1, 2, 3, 4], at_once: 4, steps: { i: { increment: { n: $.item } } } }
out: { respond: $.variables.n }",
            run: "succeeded",
            answer: "10",
        },
    ]);
}

#[test]
fn until_a_condition_holds() {
    check(&[
        Case {
            name: "it is looked at after each pass",
            steps: "u: { until: { greater: [$.variables.n, 2] }, steps: { i: { increment: { n: 1 } } } }\nout: { respond: $.variables.n }",
            run: "succeeded",
            answer: "3",
        },
        Case {
            name: "there is one pass at least",
            steps: "u: { until: { equals: [1, 1] }, steps: { i: { increment: { n: 1 } } } }\nout: { respond: $.variables.n }",
            run: "succeeded",
            answer: "1",
        },
        Case {
            name: "the condition reads the steps of the pass",
            steps: "
u: { until: { equals: [$.steps.c, 2] }, steps: { i: { increment: { n: 1 } }, c: { compose: $.variables.n } } }
out: { respond: $.variables.n }",
            run: "succeeded",
            answer: "2",
        },
        Case {
            name: "after the most passes it goes on",
            steps: "u: { until: { equals: [1, 2] }, count: 3, steps: { i: { increment: { n: 1 } } } }\nout: { respond: $.variables.n }",
            run: "succeeded",
            answer: "3",
        },
        Case {
            name: "or fails, where it says so",
            steps: "
u: { until: { equals: [1, 2] }, count: 3, at_limit: fail, steps: { i: { increment: { n: 1 } } } }
out: { after: { u: [failed] }, respond: '{{error.step}} {{error.code}} {{variables.n}}' }",
            run: "succeeded",
            answer: r#""u limit_reached 3""#,
        },
        Case {
            name: "a condition that holds after the last pass is no limit",
            steps: "
u: { until: { equals: [$.variables.n, 3] }, count: 3, at_limit: fail, steps: { i: { increment: { n: 1 } } } }
out: { respond: $.variables.n }",
            run: "succeeded",
            answer: "3",
        },
        Case {
            name: "sixty passes where nothing is said",
            steps: "u: { until: { equals: [1, 2] }, steps: { i: { increment: { n: 1 } } } }\nout: { respond: $.variables.n }",
            run: "succeeded",
            answer: "60",
        },
        Case {
            name: "the most passes may be worked out",
            steps: "u: { until: { equals: [1, 2] }, count: $.trigger.two, steps: { i: { increment: { n: 1 } } } }\nout: { respond: $.variables.n }",
            run: "succeeded",
            answer: "2",
        },
        Case {
            name: "and must be a number that may be",
            steps: "u: { until: { equals: [1, 2] }, count: $.trigger.text, steps: { i: FAIL } }\nout: { after: { u: [failed] }, respond: '{{error.message}}' }",
            run: "succeeded",
            answer: r#""`count` must be from 1 to 5000, and is \"x\"""#,
        },
        Case {
            name: "the last pass decides: a failure before it is forgotten",
            steps: "
u:
  until: { greater: [$.variables.n, 1] }
  steps:
    i: { increment: { n: 1 } }
    c: { if: { equals: [$.variables.n, 1] }, then: { f: FAIL } }
out: { respond: $.variables.n }",
            run: "succeeded",
            answer: "2",
        },
        Case {
            name: "the last pass decides: its failure is the loop's",
            steps: "
u:
  until: { greater: [$.variables.n, 1] }
  steps:
    i: { increment: { n: 1 } }
    c: { if: { equals: [$.variables.n, 2] }, then: { f: FAIL } }
out: { after: { u: [failed] }, respond: '{{error.step}} {{variables.n}}' }",
            run: "succeeded",
            answer: r#""f 2""#,
        },
        Case {
            name: "a failure in the last pass counts more than the limit",
            steps: "
u: { until: { equals: [1, 2] }, count: 2, at_limit: fail, steps: { f: FAIL } }
out: { after: { u: [failed] }, respond: '{{error.step}}' }",
            run: "succeeded",
            answer: r#""f""#,
        },
        Case {
            name: "a condition that is neither true nor false fails",
            steps: "u: { until: $.trigger.number, steps: { i: { increment: { n: 1 } } } }\nout: { after: { u: [failed] }, respond: '{{error.step}} {{variables.n}}' }",
            run: "succeeded",
            answer: r#""u 1""#,
        },
        Case {
            name: "its time is used up within a pass: it timed out",
            steps: "
u: { until: { equals: [1, 2] }, timeout: 5 minutes, steps: { i: { increment: { n: 1 } }, w: { wait: { for: 2 minutes } } } }
out: { after: { u: [timed_out] }, respond: '{{error.step}} {{error.code}} {{variables.n}}' }",
            run: "succeeded",
            answer: r#""u timed_out 3""#,
        },
        Case {
            name: "an hour where nothing is said",
            steps: "
u: { until: { equals: [1, 2] }, count: 5000, steps: { i: { increment: { n: 1 } }, w: { wait: { for: 7 minutes } } } }
out: { after: { u: [timed_out] }, respond: $.variables.n }",
            run: "succeeded",
            answer: "9",
        },
        Case {
            name: "the error that the loop handles can be read by its condition, wherever it stands",
            steps: "
f: FAIL
s:
  after: { f: [failed] }
  scope:
    u: { until: { equals: [$.error.step, f] }, count: 2, at_limit: fail, steps: { a: { scope: { b: { scope: { i: { increment: { n: 1 } } } } } } } }
out: { after: [s], respond: $.variables.n }",
            run: "succeeded",
            answer: "1",
        },
    ]);
}

#[test]
fn passes_go_side_by_side_as_far_as_it_is_said() {
    let cases: [(&str, &str, &[&str]); 5] = [
        ("one after the other", "l: { for_each: [1, 2, 3], steps: { a: { call: fake.say } } }", &["l[0]/a"]),
        ("two", "l: { for_each: [1, 2, 3], at_once: 2, steps: { a: { call: fake.say } } }", &["l[0]/a", "l[1]/a"]),
        ("more than there are", "l: { for_each: [1], at_once: 50, steps: { a: { call: fake.say } } }", &["l[0]/a"]),
        (
            "a loop within parallel passes goes one after the other",
            "l: { for_each: [1, 2], at_once: 2, steps: { m: { for_each: [1, 2], at_once: 5, steps: { a: { call: fake.say } } } } }",
            &["l[0]/m[0]/a", "l[1]/m[0]/a"],
        ),
        (
            "a loop within passes one after the other goes side by side",
            "l: { for_each: [1, 2], steps: { m: { for_each: [1, 2], at_once: 5, steps: { a: { call: fake.say } } } } }",
            &["l[0]/m[0]/a", "l[0]/m[1]/a"],
        ),
    ];
    for (name, steps, expected) in cases {
        let run = calling(started(steps));
        let calls: Vec<String> = run.calls().iter().map(|call| call.step.to_string()).collect();
        assert_eq!(calls, expected, "{name}");
    }
}

#[test]
fn a_pass_that_ends_too_late_is_the_last_and_its_condition_still_counts() {
    let cases = [
        ("{ equals: [1, 2] }", "go_on", Verdict::AtLimit, "succeeded"),
        ("{ equals: [1, 2] }", "fail", Verdict::AtLimit, "failed"),
        ("{ equals: [1, 1] }", "fail", Verdict::Done, "succeeded"),
    ];
    for (condition, at_limit, verdict, ends) in cases {
        let steps = format!(
            "u: {{ until: {condition}, timeout: 5 minutes, at_limit: {at_limit}, steps: {{ a: {{ call: fake.say }} }} }}"
        );
        let mut run = calling(started(&steps));
        let call = run.calls().remove(0);
        let late = Timestamp::from_second(600).unwrap();
        let (result, attempts) = (Ok(json!(1).into()), 1);
        run.apply(&Event::CallFinished { step: call.step, part: call.part, result, attempts, at: late }).unwrap();
        let next = run.next(late);
        assert!(matches!(next.events[..], [Event::PassChecked { verdict: v, .. }] if v == verdict), "{next:?}");
        assert_eq!(run_to_end(run).ended().unwrap().outcome.name(), ends, "{condition} {at_limit}");
    }
}

/// 100,000 passes take seconds at most, and their record grows with them and no faster.
#[test]
fn a_long_list_takes_time_and_record_in_proportion() {
    let items: Vec<usize> = (0..100_000).collect();
    let steps = "l: { for_each: $.trigger.items, at_once: 50, steps: { s: { append: { seen: $.item } } } }";
    let flow = format!(
        "flow: test\ntrigger: {{ webhook: fake.changed }}\nvariables: {{ seen: {{ type: list }} }}\nsteps:\n  {steps}\n  out: {{ respond: $.variables.seen }}\n"
    );
    let mut run = started_flow(&flow, &json!({ "items": items }));
    let mut recorded = 0;
    while run.ended().is_none() {
        let events = run.next(Timestamp::UNIX_EPOCH).events;
        assert!(!events.is_empty());
        for event in events {
            recorded += 1;
            assert!(recorded <= 100_005, "more than one event for a pass");
            if let Event::VariableAppended { value, .. } = &event {
                assert!(value.is_number());
            }
            run.apply(&event).unwrap();
        }
    }
    assert_eq!(run.response().map(|answer| &*answer.value), Some(&json!(items)));
}

/// Lets a run decide until it waits for its calls.
fn calling(mut run: Run) -> Run {
    loop {
        let events = run.next(Timestamp::UNIX_EPOCH).events;
        if events.is_empty() {
            return run;
        }
        events.iter().for_each(|event| run.apply(event).unwrap());
    }
}
