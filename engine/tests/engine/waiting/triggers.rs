//! What a trigger makes of an event: conditions, several runs of one event, and how many at once.

use cosell_engine::store::{RunQuery, Store};
use serde_json::{Value, json};

use super::{Rig, event};
use crate::fake;

/// What the trigger says, the event, and what becomes of it: how each run ended, oldest first, and why.
struct Case {
    name: &'static str,
    trigger: &'static str,
    body: Value,
    calls: &'static [&'static str],
    wrong: Option<&'static str>,
}

fn cases() -> Vec<Case> {
    let list = |value: Value| json!({"kind": "a", "n": 1, "list": value});
    let case = |name, trigger, body, calls| Case { name, trigger, body, calls, wrong: None };
    let both = &["1 comes", "2 comes", "1 goes", "2 goes"];
    let one = &["1 comes", "1 goes"];
    let items = || list(json!([{"n": 1}, {"n": 2}]));
    vec![
        case("a condition that holds", "when: { equals: [$.trigger.kind, a] }", list(json!([])), one),
        case("a condition that does not hold", "when: { equals: [$.trigger.kind, b] }", list(json!([])), &[]),
        case(
            "all of several must hold",
            "when: [{ equals: [$.trigger.kind, a] }, { equals: [$.trigger.n, 2] }]",
            list(json!([])),
            &[],
        ),
        case(
            "a condition may read the record of the trigger",
            "when: { equals: [\"@trigger()['outputs']['body']['kind']\", a] }",
            list(json!([])),
            one,
        ),
        case("a run for each item", "split: $.trigger.list", items(), both),
        case("a run for each item, by an expression", "split: \"@triggerBody()?['list']\"", items(), both),
        case("no item, no run", "split: $.trigger.list", list(json!([])), &[]),
        case("null, no run", "split: $.trigger.list", list(Value::Null), &[]),
        case(
            "the condition is about the whole event",
            "when: { equals: [$.trigger.kind, a] }\n  split: $.trigger.list",
            items(),
            both,
        ),
        case(
            "one run at once",
            "split: $.trigger.list\n  at_once: 1",
            items(),
            &["1 comes", "1 goes", "2 comes", "2 goes"],
        ),
        case(
            "one after the other for one key",
            "split: $.trigger.list\n  key: { deal: \"@triggerOutputs()?['body/k']\" }",
            list(json!([{"n": 1, "k": "x"}, {"n": 2, "k": "x"}])),
            &["1 comes", "1 goes", "2 comes", "2 goes"],
        ),
        Case {
            wrong: Some("the trigger splits a list, and this is an object"),
            ..case("what is no list", "split: $.trigger.list", list(json!({"n": 1})), &[])
        },
        Case {
            wrong: Some("a condition of the trigger: "),
            ..case(
                "a condition that cannot be worked out",
                "when: { greater: [$.trigger.kind, 1] }",
                list(json!([])),
                &[],
            )
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
    let rig = Rig::new(&fake::files(&format!(
        "flow: test\ntrigger:\n  webhook: fake.changed\n  {}\nsteps:\n  a: {{ call: fake.visit, with: {{ name: $.trigger.n }} }}\n",
        case.trigger
    )));
    rig.accept(&[event("k", case.body.clone())]).await;
    rig.accept(&[event("k", case.body)]).await;
    rig.engine.idle().await;
    assert_eq!(rig.calls(), case.calls, "{}", case.name);
    let runs = rig.store.runs(&RunQuery::default()).await.unwrap();
    let wrong: Vec<String> = runs.iter().filter_map(|run| Some(run.error.as_ref()?.message.clone())).collect();
    match case.wrong {
        None => assert_eq!((runs.len(), wrong.len()), (case.calls.len() / 2, 0), "{}: {wrong:?}", case.name),
        Some(message) => {
            assert_eq!(runs.len(), 1, "{}", case.name);
            assert!(wrong.iter().all(|wrong| wrong.starts_with(message)), "{}: {wrong:?}", case.name);
        }
    }
    assert!(rig.store.load().await.unwrap().waiting.is_empty(), "{}", case.name);
}

/// What may not begin yet keeps its turn, and the runs of other flows go past it.
#[tokio::test]
async fn a_flow_with_few_runs_at_once_does_not_hold_up_others() {
    let flow = |name: &str, more: &str| {
        format!(
            "flow: {name}\ntrigger:\n  webhook: fake.changed\n  with: {{ kind: {name} }}\n{more}steps:\n  a: {{ call: fake.visit, with: {{ name: $.trigger.n }} }}\n"
        )
    };
    let mut files = fake::files(&flow("few", "  at_once: 1\n"));
    files.0.insert("other.yaml".to_owned(), flow("many", ""));
    let rig = Rig::new(&files);
    let events: Vec<_> = [("few", 1), ("few", 2), ("many", 3), ("few", 4)]
        .map(|(kind, n)| event(&n.to_string(), json!({"kind": kind, "n": n})))
        .into();
    rig.accept(&events).await;
    rig.engine.idle().await;
    assert_eq!(rig.calls(), ["1 comes", "3 comes", "1 goes", "3 goes", "2 comes", "2 goes", "4 comes", "4 goes"]);
}
