//! Each kind of step, run to its end without services: what it gives, and how it ends.

mod answers;
mod bounds;
mod data;
mod loops;
mod names;
mod records;
mod secrecy;
mod timeouts;
mod variables;

use cosell_engine::run::Run;
use serde_json::{Value, json};

use crate::outcomes::{run_to_end, started_flow};

/// A flow's steps, how its run ends, and what it answers.
struct Case {
    name: &'static str,
    /// YAML; `FAIL` is a call that fails, `ALWAYS` every outcome.
    steps: &'static str,
    run: &'static str,
    /// JSON.
    answer: &'static str,
}

/// The variables that every case has, one of each kind.
const VARIABLES: &str = "
  text: { type: text }
  n: { type: integer }
  number: { type: number }
  flag: { type: yes_no }
  seen: { type: list }
  record: { type: record }
";

fn check(cases: &[Case]) {
    for case in cases {
        let run = run(case.steps);
        let ended = run.ended().unwrap();
        assert_eq!(ended.outcome.name(), case.run, "{}: {:?}", case.name, ended.error);
        let expected: Value =
            serde_json::from_str(case.answer).unwrap_or_else(|error| panic!("{}: {error}", case.name));
        let answer = run.response().map(|answer| (*answer.value).clone()).unwrap_or_default();
        assert_eq!(answer, expected, "{}: {:?}", case.name, ended.error);
    }
}

/// Runs steps to their end, for an event with a value of each kind.
fn run(steps: &str) -> Run {
    run_to_end(started(steps))
}

fn started(steps: &str) -> Run {
    let steps =
        steps.replace("FAIL", "{ call: fake.fail }").replace("ALWAYS", "[succeeded, failed, skipped, timed_out]");
    let steps: String = steps.trim().lines().map(|line| format!("  {line}\n")).collect();
    let flow = format!("flow: test\ntrigger: {{ webhook: fake.changed }}\nvariables:{VARIABLES}steps:\n{steps}");
    started_flow(&flow, &trigger())
}

fn trigger() -> Value {
    json!({
        "none": null,
        "text": "x",
        "number": 1.5,
        "two": 2,
        "yes": true,
        "empty": [],
        "list": [3, 1, 2],
        "record": {"a": 1},
        "people": [{"name": "Ann", "age": 31}, {"name": "Bo, \"B\"", "age": null}, {"name": "C\nD <&>", "city": "Oslo"}],
    })
}
