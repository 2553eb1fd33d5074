//! Flows that run flows, and answers.

use cosell_engine::store::{RunQuery, Store};
use serde_json::{Value, json};

use super::Rig;
use crate::fake;

/// The steps of a child, what its parent gives it, and what the parent's step comes to.
struct Case {
    name: &'static str,
    child: &'static str,
    with: &'static str,
    ends: Result<Value, (&'static str, &'static str)>,
}

fn cases() -> Vec<Case> {
    vec![
        Case {
            name: "the response is the step's value",
            child: "a: { respond: { id: $.trigger.id, n: $.trigger.n } }",
            with: "{ id: x }",
            ends: Ok(json!({"id": "x", "n": 1})),
        },
        Case {
            name: "a child that answers nothing",
            child: "a: { compose: 1 }",
            with: "{ id: x }",
            ends: Ok(Value::Null),
        },
        Case {
            name: "a child that fails",
            child: "a: { call: fake.fail }",
            with: "{ id: x }",
            ends: Err(("E1", "the flow `child` failed: `a`: it was refused (E1, status 400)")),
        },
        Case {
            name: "a child that is cancelled",
            child: "a: { terminate: cancelled }",
            with: "{ id: x }",
            ends: Err(("terminated", "the flow `child` cancelled: `a`: the flow ended the run (terminated)")),
        },
        Case {
            name: "an answer counts, whatever came after it",
            child: "a: { respond: 1 }\nb: { call: fake.fail }",
            with: "{ id: x }",
            ends: Ok(json!(1)),
        },
        Case {
            name: "inputs that are of another type once they are known",
            child: "a: { respond: 1 }",
            with: "{ id: $.trigger.list, n: $.trigger.list }",
            ends: Err((
                "input",
                "the flow `child` could not be run: the flow `child` cannot start: the input `id` takes text; the input `n` takes a number",
            )),
        },
    ]
}

#[tokio::test]
async fn the_table() {
    for case in cases() {
        check(case).await;
    }
}

async fn check(case: Case) {
    let mut files = fake::files(&format!(
        "flow: parent\ntrigger: {{ manual: {{ inputs: {{ list: {{ type: list }} }} }} }}\nsteps:\n  a: {{ run_flow: child, with: {} }}\n",
        case.with
    ));
    let steps: String = case.child.lines().map(|line| format!("  {line}\n")).collect();
    let trigger = "trigger: { child: { inputs: { id: { type: text }, n: { type: number, default: 1 } } } }";
    files.0.insert("child.yaml".to_owned(), format!("flow: child\n{trigger}\nsteps:\n{steps}"));
    let rig = Rig::new(&files);
    let run = rig.engine.run_now("parent", json!({"list": [1]})).await.unwrap();
    let step = run.steps().remove(0);
    match case.ends {
        Ok(value) => {
            assert_eq!(step.error, None, "{}", case.name);
            assert_eq!(step.value, value, "{}", case.name);
            let runs = rig.store.runs(&RunQuery::default()).await.unwrap();
            assert_eq!(runs[0].id.0, format!("{}/a/call", run.id()), "{}", case.name);
        }
        Err((code, message)) => {
            let error = step.error.unwrap();
            assert_eq!((error.code.as_str(), error.message.as_str()), (code, message), "{}", case.name);
        }
    }
}

#[tokio::test]
async fn a_run_answers_once() {
    let cases = [
        ("one after the other", "a: { respond: 1 }\n  b: { respond: 2 }"),
        ("side by side", "a: { respond: 1, after: [] }\n  b: { respond: 2, after: [] }"),
    ];
    for (name, steps) in cases {
        let rig = Rig::new(&fake::files(&format!("flow: test\ntrigger: {{ manual: {{}} }}\nsteps:\n  {steps}\n")));
        let run = rig.engine.run_now("test", json!({})).await.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(run.response().map(|answer| &*answer.value), Some(&json!(1)), "{name}");
        let error = run.ended().unwrap().error.clone().unwrap();
        assert_eq!((error.step.as_str(), error.message.as_str()), ("b", "the run has answered already"), "{name}");
    }
}

#[tokio::test]
async fn a_flow_is_given_what_it_needs_or_does_not_start() {
    let rig = Rig::new(&fake::files(
        "flow: test\ntrigger: { manual: { inputs: { id: { type: text }, kind: { type: text, one_of: [a, b] } } } }\nsteps:\n  a: { compose: 1 }\n",
    ));
    let cases = [
        (
            json!({"kind": "c"}),
            "the flow `test` cannot start: the input `id` is needed; the input `kind` cannot be \"c\"; one of: a, b",
        ),
        (
            json!({"id": "x", "kind": "a", "knd": 1}),
            "the flow `test` cannot start: there is no input `knd`; did you mean `kind`?",
        ),
        (json!([1]), "the flow `test` cannot start: inputs are a map from name to value"),
    ];
    for (inputs, message) in cases {
        let error = rig.engine.run_now("test", inputs).await.unwrap_err();
        assert_eq!(error.to_string(), message);
    }
    let error = rig.engine.run_now("nobody", json!({})).await.unwrap_err();
    assert_eq!(error.to_string(), "the pack has no flow `nobody`");
    assert!(rig.store.runs(&RunQuery::default()).await.unwrap().is_empty());
}
