//! What a flow may not do without end: values that nest deeper with each pass, flows of very many steps.

use std::fmt::Write as _;
use std::time::{Duration, Instant};

use serde_json::json;

use super::{run, started};
use crate::outcomes::run_to_end;

#[test]
fn a_value_that_nests_deeper_with_each_pass_is_stopped() {
    let cases = [
        "set: { seen: \"@createArray(variables('seen'))\" }",
        "set: { record: \"@addProperty(json('{}'), 'in', variables('record'))\" }",
        "set: { seen: [$.variables.seen] }",
    ];
    for step in cases {
        let steps = format!("l: {{ until: {{ equals: [1, 2] }}, count: 150, steps: {{ s: {{ {step} }} }} }}");
        let run = run(&steps);
        let ended = run.ended().unwrap();
        let message = ended.error.as_ref().map(|error| error.message.as_str()).unwrap_or_default();
        assert_eq!(message, "the value nests more than 100 levels deep", "{step}");
    }
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    for (levels, outcome) in [(101, "succeeded"), (102, "failed")] {
        let run = run(&format!("a: {{ compose: \"@json('{}')\" }}", deep(levels)));
        assert_eq!(run.ended().unwrap().outcome.name(), outcome, "{levels}");
    }
}

/// Checking, planning and deciding take time in proportion to a flow's steps.
#[test]
fn a_flow_of_two_thousand_steps_takes_seconds_at_most() {
    let mut steps = String::from("all:\n  scope:\n    s0: { compose: 0 }\n");
    for step in 1..2000 {
        let _ = writeln!(steps, "    s{step}: {{ compose: '{{{{steps.s{}}}}}', secure: [outputs] }}", step - 1);
    }
    steps.push_str("out: { respond: $.trigger.two }\n");
    let begun = Instant::now();
    let run = run_to_end(started(&steps));
    assert_eq!(run.response().map(|answer| (*answer.value).clone()), Some(json!(2)));
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(20), "{took:?}");
}
