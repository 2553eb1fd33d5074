//! What expressions see of other steps: outputs, records of steps, of scopes and of loops.

use super::{Case, check};

#[test]
fn outputs_are_values_in_their_envelope() {
    check(&[
        Case {
            name: "a call",
            steps: "a: { call: fake.say, with: { value: { id: 7 } } }\nout: { respond: [\"@outputs('a')\", \"@body('a')\", $.steps.a] }",
            run: "succeeded",
            answer: r#"[{"statusCode": 200, "headers": {}, "body": {"id": 7}}, {"id": 7}, {"id": 7}]"#,
        },
        Case {
            name: "compose: the value itself",
            steps: "a: { compose: { id: 7 } }\nout: { respond: \"@outputs('a')\" }",
            run: "succeeded",
            answer: r#"{"id": 7}"#,
        },
        Case {
            name: "a data operation: the value as a body",
            steps: "a: { join: { from: $.trigger.list, with: '' } }\nout: { respond: \"@outputs('a')\" }",
            run: "succeeded",
            answer: r#"{"body": "312"}"#,
        },
        Case {
            name: "a switch: what decided",
            steps: "a: { switch: $.trigger.text, cases: { x: {} } }\nout: { respond: \"@outputs('a')\" }",
            run: "succeeded",
            answer: r#"{"expression": "x"}"#,
        },
        Case {
            name: "a call that failed: what the service answered",
            steps: "a: FAIL\nout: { after: { a: [failed] }, respond: [\"@outputs('a')?['statusCode']\", \"@body('a')?['error']?['message']\", $.steps.a] }",
            run: "succeeded",
            answer: r#"[404, "it was refused", null]"#,
        },
        Case {
            name: "a step that was skipped: null",
            steps: "a: FAIL\nb: { compose: 1 }\nout: { after: { b: [skipped] }, respond: [\"@outputs('b')\", \"@body('b')\", $.steps.b] }",
            run: "succeeded",
            answer: "[null, null, null]",
        },
        Case {
            name: "a condition: null, whatever decided",
            steps: "a: { if: { equals: [$.trigger.text, x] }, then: { b: { compose: 1 } } }\nout: { respond: \"@outputs('a')\" }",
            run: "succeeded",
            answer: "null",
        },
        Case {
            name: "a scope: null",
            steps: "a: { scope: { b: { compose: 1 } } }\nout: { respond: [\"@outputs('a')\", $.steps.b] }",
            run: "succeeded",
            answer: "[null, 1]",
        },
    ]);
}

/// Status, code, and the code of the error, as `actions('x')` has them.
#[test]
fn a_record_says_how_a_step_ended_in_the_words_of_the_language() {
    let cases = [
        ("x: { call: fake.say }", r#"["Succeeded", "OK", null]"#),
        ("x: { compose: 1 }", r#"["Succeeded", "OK", null]"#),
        ("x: { set: { n: 1 } }", r#"["Succeeded", "NotSpecified", null]"#),
        ("x: { scope: { a: { compose: 1 } } }", r#"["Succeeded", "NotSpecified", null]"#),
        ("x: { for_each: [], steps: { a: { compose: 1 } } }", r#"["Succeeded", "NotSpecified", null]"#),
        ("x: FAIL", r#"["Failed", "NotFound", "E1"]"#),
        ("x: { compose: $.trigger.nothing }", r#"["Failed", "BadRequest", "InvalidTemplate"]"#),
        ("x: { scope: { a: FAIL } }", r#"["Failed", "ActionFailed", "ActionFailed"]"#),
        ("x: { for_each: [1], steps: { a: FAIL } }", r#"["Failed", "ActionFailed", "ActionFailed"]"#),
        ("x: { if: $.trigger.text, then: { a: FAIL } }", r#"["Failed", "BadRequest", "InvalidTemplate"]"#),
        ("x: { for_each: $.trigger.none, steps: { a: FAIL } }", r#"["Failed", "BadRequest", "InvalidTemplate"]"#),
        (
            "x: { until: $.trigger.text, steps: { a: { compose: 1 } } }",
            r#"["Failed", "BadRequest", "InvalidTemplate"]"#,
        ),
        ("x: { wait: { for: 1 hour }, timeout: 1 minute }", r#"["TimedOut", "ActionTimedOut", "ActionTimedOut"]"#),
        (
            "x: { timeout: 1 minute, scope: { a: { wait: { for: 1 hour } } } }",
            r#"["TimedOut", "ActionTimedOut", "ActionTimedOut"]"#,
        ),
        ("f: FAIL\nx: { compose: 1 }", r#"["Skipped", "ActionSkipped", "ActionDependencyFailed"]"#),
        (
            "i: { if: { equals: [1, 2] }, then: { x: { compose: 1 } } }",
            r#"["Skipped", "ActionSkipped", "ActionBranchingConditionNotSatisfied"]"#,
        ),
        ("f: FAIL\ns: { scope: { x: { compose: 1 } } }", r#"["Skipped", "ActionSkipped", "ActionSkipped"]"#),
        ("s: { timeout: 1 minute, scope: { x: { wait: { for: 1 hour } } } }", r#"["Cancelled", "Cancelled", null]"#),
    ];
    for (steps, expected) in cases {
        let last = steps.lines().last().unwrap_or_default().split(':').next().unwrap_or_default();
        let steps = format!(
            "{steps}\nout: {{ after: {{ {last}: ALWAYS }}, respond: [\"@actions('x')['status']\", \"@actions('x')['code']\", \"@actions('x')?['error']?['code']\"] }}"
        );
        let run = super::run(&steps);
        let expected: serde_json::Value = serde_json::from_str(expected).unwrap();
        assert_eq!(run.response().map(|answer| &*answer.value), Some(&expected), "{steps}: {:?}", run.ended());
    }
}

#[test]
fn a_record_has_inputs_outputs_and_times() {
    check(&[
        Case {
            name: "a call",
            steps: "w: { wait: { for: 1 minute } }\nx: { call: fake.say, with: { value: 7 } }\ny: { compose: \"@actions('x')\" }\nout: { respond: [$.steps.y.name, $.steps.y.inputs, $.steps.y.outputs.body, $.steps.y.startTime, $.steps.y.endTime] }",
            run: "succeeded",
            answer: r#"["x", {"value": 7}, 7, "1970-01-01T00:01:00.0000000Z", "1970-01-01T00:01:00.0000000Z"]"#,
        },
        Case {
            name: "a condition",
            steps: "x: { if: { equals: [1, 2] }, then: { a: { compose: 1 } } }\nout: { respond: \"@actions('x')?['inputs']\" }",
            run: "succeeded",
            answer: r#"{"expressionResult": false}"#,
        },
        Case {
            name: "a skipped step has no times",
            steps: "f: FAIL\nx: { compose: 1 }\nout: { after: { x: [skipped] }, respond: [\"@actions('x')?['startTime']\", \"@actions('x')?['error']?['message']\"] }",
            run: "succeeded",
            answer: r#"[null, "`f`, which it waits for, failed"]"#,
        },
        Case {
            name: "the names are found in any case",
            steps: "Get_it: { compose: 1 }\nout: { respond: [\"@outputs('GET_IT')\", \"@actions('get_it')['name']\"] }",
            run: "succeeded",
            answer: r#"[1, "Get_it"]"#,
        },
    ]);
}

#[test]
fn the_result_of_a_scope_is_the_records_of_its_steps() {
    check(&[
        Case {
            name: "in written order, one for each that it holds, skipped ones too",
            steps: "
s: { scope: { a: { compose: 1 }, t: { scope: { f: FAIL } }, b: { compose: 2 } } }
y: { after: { s: ALWAYS }, select: { from: \"@result('s')\", each: ['{{item.name}}', '{{item.status}}'] } }
out: { after: [y], respond: $.steps.y }",
            run: "succeeded",
            answer: r#"[["a", "Succeeded"], ["t", "Failed"], ["b", "Skipped"]]"#,
        },
        Case {
            name: "the usual way to tell what went wrong",
            steps: "
s: { scope: { a: { compose: 1 }, f: FAIL } }
y: { after: { s: [failed] }, filter: { from: \"@result('s')\", where: { equals: [$.item.status, Failed] } } }
out: { after: [y], respond: ['$.steps.y[0].error.message', '$.steps.y[0].outputs.statusCode'] }",
            run: "succeeded",
            answer: r#"["it was refused", 404]"#,
        },
        Case {
            name: "of a condition, those of all branches",
            steps: "
i: { if: { equals: [1, 1] }, then: { a: { compose: 1 } }, else: { b: { compose: 1 } } }
y: { select: { from: \"@result('i')\", each: ['{{item.name}}', '{{item.status}}'] } }
out: { respond: $.steps.y }",
            run: "succeeded",
            answer: r#"[["a", "Succeeded"], ["b", "Skipped"]]"#,
        },
        Case {
            name: "of a loop, one for each of its steps, with the values of all passes",
            steps: "
l: { for_each: [1, 2], steps: { a: { compose: $.item }, i: { if: { equals: [$.item, 2] }, then: { f: FAIL } } } }
y: { after: { l: ALWAYS }, select: { from: \"@result('l')\", each: ['{{item.name}}', '{{item.status}}', $.item.outputs] } }
out: { after: [y], respond: $.steps.y }",
            run: "succeeded",
            answer: r#"[["a", "Succeeded", [1, 2]], ["i", "Failed", [null, null]]]"#,
        },
        Case {
            name: "of an until",
            steps: "
u: { until: { greater: [$.variables.n, 2] }, steps: { i: { increment: { n: 1 } }, c: { compose: $.variables.n } } }
out: { respond: \"@result('u')[1]?['outputs']\" }",
            run: "succeeded",
            answer: "[1, 2, 3]",
        },
        Case {
            name: "of a loop that was cut short, those of the passes that it had",
            steps: "
u: { until: { equals: [1, 2] }, timeout: 5 minutes, steps: { i: { increment: { n: 1 } }, c: { compose: $.variables.n }, w: { wait: { for: 2 minutes } } } }
y: { after: { u: [timed_out] }, select: { from: \"@result('u')\", each: ['{{item.name}}', '{{item.status}}', $.item.outputs] } }
out: { after: [y], respond: ['$.steps.y[1]', '$.steps.y[2][1]'] }",
            run: "succeeded",
            answer: r#"[["c", "Succeeded", [1, 2, 3]], "Cancelled"]"#,
        },
        Case {
            name: "of a loop in a scope that was cut short",
            steps: "
s: { timeout: 5 minutes, scope: { l: { for_each: [1, 2, 3, 4], steps: { c: { compose: $.item }, w: { wait: { for: 2 minutes } } } } } }
out: { after: { s: [timed_out] }, respond: \"@result('l')[0]?['outputs']\" }",
            run: "succeeded",
            answer: "[1, 2, 3]",
        },
        Case {
            name: "of an empty loop and of a skipped one: nothing",
            steps: "
l: { for_each: [], steps: { a: { compose: 1 } } }
f: FAIL
m: { for_each: [1], steps: { b: { compose: 1 } } }
out: { after: { m: [skipped] }, respond: [\"@result('l')\", \"@result('m')\"] }",
            run: "succeeded",
            answer: "[[], []]",
        },
    ]);
}

#[test]
fn the_trigger_and_the_run_can_be_read() {
    check(&[
        Case {
            name: "the event",
            steps: "out: { respond: [\"@triggerBody()?['text']\", \"@triggerOutputs()?['body']?['two']\", \"@trigger()?['outputs']?['body']?['yes']\", \"@trigger()['status']\"] }",
            run: "succeeded",
            answer: r#"["x", 2, true, "Succeeded"]"#,
        },
        Case {
            name: "the flow and its run",
            steps: "out: { respond: [\"@workflow()['name']\", \"@workflow()['run']['name']\"] }",
            run: "succeeded",
            answer: r#"["test", "r"]"#,
        },
    ]);
}
