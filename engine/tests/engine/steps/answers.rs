//! Steps that wait, answer, or end the run.

use cosell_engine::run::Event;
use jiff::Timestamp;
use serde_json::json;

use super::{Case, check, run, started};
use crate::outcomes::{run_to_end, started_flow};

#[test]
fn waits_last_as_long_as_they_say() {
    let cases = [
        ("{ for: 90 seconds }", Ok(90)),
        ("{ for: PT1H30M }", Ok(5400)),
        ("{ for: 1 month }", Ok(31 * 86_400)),
        ("{ for: -5 minutes }", Ok(0)),
        ("{ for: '{{trigger.two}} minutes' }", Ok(120)),
        ("{ until: '1970-01-01T00:10:00Z' }", Ok(600)),
        ("{ until: '1970-01-01T02:10:00+02:00' }", Ok(600)),
        ("{ until: '1970-01-01T00:10:00' }", Ok(600)),
        ("{ until: '1960-01-01T00:00:00Z' }", Ok(0)),
        ("{ for: $.trigger.two }", Err("a wait takes a text, and this is 2")),
        (
            "{ for: '{{trigger.text}}' }",
            Err("`x` is not a length of time; write it like `90 seconds`, `10 minutes`, `1h 30m` or `PT10M`"),
        ),
        ("{ until: '{{trigger.text}}' }", Err("`x` is not a time; write it like `2026-01-31T08:00:00Z`")),
    ];
    for (wait, expected) in cases {
        let run = run(&format!("w: {{ wait: {wait} }}"));
        let ended = run.ended().unwrap();
        let actual = match &ended.error {
            None => Ok(ended.at.as_second()),
            Some(error) => Err(error.message.as_str()),
        };
        assert_eq!(actual, expected, "{wait}");
    }
}

#[test]
fn a_run_that_waits_sleeps_until_the_first_of_its_times() {
    let mut run = started(
        "a: { wait: { for: 10 minutes }, after: [] }\nb: { wait: { for: 3 minutes }, after: [] }\nc: { call: fake.say, timeout: 5 minutes, after: [] }",
    );
    let second = |seconds: i64| Timestamp::from_second(seconds).unwrap();
    for event in run.next(second(0)).events {
        run.apply(&event).unwrap();
    }
    let mut times = Vec::new();
    let mut now = second(0);
    for _ in 0..20 {
        let next = run.next(now);
        next.events.iter().for_each(|event| run.apply(event).unwrap());
        if let ([], Some(wake)) = (next.events.as_slice(), next.wake) {
            assert!(wake > now, "it would wake again at once");
            times.push(wake.as_second());
            now = wake;
        }
    }
    assert_eq!(times, [180, 300, 600]);
    assert_eq!(run.ended().map(|ended| ended.outcome.name()), Some("timed_out"));
}

#[test]
fn a_run_answers_with_status_headers_and_body() {
    let cases = [
        ("respond: $.trigger.record", Ok((200, json!({}), json!({"a": 1})))),
        ("respond: 1, status: 404", Ok((404, json!({}), json!(1)))),
        ("respond: 1, status: '201'", Ok((201, json!({}), json!(1)))),
        ("respond: 1, headers: { a: b, n: $.trigger.two }", Ok((200, json!({"a": "b", "n": "2"}), json!(1)))),
        ("respond: 1, status: $.trigger.two", Err("the status of an answer is 2xx, 4xx or 5xx, and this is 2")),
        ("respond: 1, status: '@add(300, 2)'", Err("the status of an answer is 2xx, 4xx or 5xx, and this is 302")),
        ("respond: 1, status: $.trigger.text", Err("the status of an answer is 2xx, 4xx or 5xx, and this is \"x\"")),
        ("respond: 1, headers: $.trigger.list", Err("the headers of an answer are an object, and this is a list")),
    ];
    for (step, expected) in cases {
        let run = run(&format!("out: {{ {step} }}"));
        let error = run.ended().unwrap().error.as_ref().map(|error| error.message.as_str());
        let actual = match run.response() {
            Some(answer) => {
                assert_eq!(error, None, "{step}");
                Ok((answer.envelope.status, json!(answer.envelope.headers), (*answer.value).clone()))
            }
            None => Err(error.unwrap_or_default()),
        };
        assert_eq!(actual, expected, "{step}");
    }
    check(&[
        Case {
            name: "the answer that was given can be read",
            steps: "a: { respond: { x: 1 }, status: 202 }\nb: { compose: \"@outputs('a')?['statusCode']\" }\nc: { if: { equals: [$.steps.b, 202] }, then: { f: FAIL } }",
            run: "failed",
            answer: r#"{"x": 1}"#,
        },
        Case {
            name: "the first answer counts, and the second step fails",
            steps: "a: { respond: 1 }\nb: { respond: 2 }\nc: { after: { b: [failed] }, compose: 1 }",
            run: "succeeded",
            answer: "1",
        },
    ]);
}

#[test]
fn a_run_is_ended() {
    // The step, the run's outcome, its code and its message.
    let cases = [
        ("t: { terminate: succeeded }", "succeeded", None),
        ("t: { terminate: failed }", "failed", Some(("t", "terminated", "the flow ended the run"))),
        ("t: { terminate: cancelled }", "cancelled", Some(("t", "terminated", "the flow ended the run"))),
        (
            "t: { terminate: { outcome: failed, code: '{{trigger.text}}1', message: 'no {{trigger.two}}' } }",
            "failed",
            Some(("t", "x1", "no 2")),
        ),
        ("t: { terminate: { outcome: failed, code: E7 } }", "failed", Some(("t", "E7", "the flow ended the run"))),
        ("a: FAIL\nt: { after: { a: [failed] }, terminate: failed }", "failed", Some(("a", "E1", "it was refused"))),
        (
            "a: FAIL\nt: { after: { a: [failed] }, terminate: { outcome: failed, message: mine } }",
            "failed",
            Some(("t", "terminated", "mine")),
        ),
        (
            "s: { scope: { a: FAIL } }\nh: { after: { s: [failed] }, scope: { b: { compose: 1 }, t: { terminate: failed } } }",
            "failed",
            Some(("a", "E1", "it was refused")),
        ),
    ];
    for (steps, outcome, expected) in cases {
        let run = run(steps);
        let ended = run.ended().unwrap();
        let error = ended.error.as_ref();
        let actual = error.map(|error| (error.step.as_str(), error.code.as_str(), error.message.as_str()));
        assert_eq!((ended.outcome.name(), actual), (outcome, expected), "{steps}");
    }
}

#[test]
fn the_end_of_a_run_stops_everything_else() {
    let mut run = started(
        "
a: { call: fake.say, after: [] }
w: { wait: { for: 1 hour }, after: [] }
l: { after: [], for_each: [1, 2], at_once: 2, steps: { b: { call: fake.say } } }
c: { after: [a], compose: 1 }
p: { after: [], compose: 1 }
t: { after: [p], terminate: succeeded }",
    );
    while run.ended().is_none() {
        let events = run.next(Timestamp::UNIX_EPOCH).events;
        assert!(!events.is_empty());
        let end = events.iter().position(|event| matches!(event, Event::RunFinished { .. }));
        assert!(end.is_none_or(|end| end + 1 == events.len()), "something is decided after the end: {events:?}");
        events.iter().for_each(|event| run.apply(event).unwrap());
    }
    let ends: Vec<(String, &str)> =
        run.steps().into_iter().map(|step| (step.step.name, step.outcome.unwrap().name())).collect();
    let ends: Vec<(&str, &str)> = ends.iter().map(|(name, outcome)| (name.as_str(), *outcome)).collect();
    let expected = [
        ("a", "cancelled"),
        ("w", "cancelled"),
        ("l", "cancelled"),
        ("c", "skipped"),
        ("p", "succeeded"),
        ("t", "skipped"),
    ];
    assert_eq!(ends, expected);
    assert!(run.calls().is_empty());
    assert_eq!(run.next(Timestamp::UNIX_EPOCH), cosell_engine::run::Next::default());
}

/// Two ways lead from each layer to the one before it: 2^40 ways in all.
#[test]
fn an_error_is_looked_for_in_each_step_once() {
    let mut steps = "  a0: { compose: 1, after: [] }\n  b0: { compose: 1, after: [] }\n".to_owned();
    for layer in 1..40 {
        let before = layer - 1;
        steps.push_str(&format!("  a{layer}: {{ compose: 1, after: [a{before}, b{before}] }}\n  b{layer}: {{ compose: 1, after: [a{before}, b{before}] }}\n"));
    }
    steps.push_str("  t: { terminate: failed, after: [a39, b39] }\n");
    let run =
        run_to_end(started_flow(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n{steps}"), &json!({})));
    assert_eq!(run.ended().unwrap().outcome.name(), "failed");
}
