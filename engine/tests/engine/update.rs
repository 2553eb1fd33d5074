//! `update_if_different`, driven against a service that refuses, loses answers and is changed by others.

use std::sync::Arc;

use cosell_engine::clock::VirtualClock;
use cosell_engine::connector::{CallError, CallErrorKind};
use cosell_engine::engine::Engine;
use cosell_engine::run::driver::World;
use cosell_engine::store::MemoryStore;
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::fake::{self, Failure};

const FLOW: &str = "
flow: test
trigger: { manual: { inputs: { deal: { type: record }, known: { type: record } } } }
steps:
  a:
    update_if_different:
      map: deal
      from: $.trigger.deal
      to: $.trigger.known
      read: { call: fake.read, with: { id: row } }
      update: { call: fake.write, with: { row: $.changes } }
";

/// One row of the table: what leads, what is there, what an earlier step has read of it, what goes wrong, and what must
/// come of it.
struct Case {
    name: &'static str,
    deal: Value,
    row: Option<Value>,
    known: Value,
    failures: Vec<Option<Failure>>,
    calls: Vec<&'static str>,
    ends: Ends,
}

/// How the step ends.
enum Ends {
    /// It succeeds, with this value.
    Value(Value),
    /// It fails, with this code and message.
    Error(&'static str, &'static str),
}

fn cases() -> Vec<Case> {
    let renamed = || changed(&[("name", "title", json!("Old"), json!("New"))]);
    let untouched = || changed(&[]);
    let old = || Some(json!({"title": "Old", "amount": 5, "version": 7}));
    let new = || json!({"name": "New", "value": 5});
    vec![
        Case {
            name: "no difference is no write",
            deal: json!({"name": " Old ", "value": "5.00"}),
            row: old(),
            known: json!({}),
            failures: vec![],
            calls: vec!["read row"],
            ends: Ends::Value(untouched()),
        },
        Case {
            name: "a difference is one write of what differs, over the version that was read",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![],
            calls: vec!["read row", "write row {\"title\":\"New\"} over 7"],
            ends: Ends::Value(renamed()),
        },
        Case {
            name: "somebody else wrote the same just before",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![Some(Failure::Overtake(json!({"title": "New"})))],
            calls: vec!["read row", "write row {\"title\":\"New\"} over 7", "read row"],
            ends: Ends::Value(untouched()),
        },
        Case {
            name: "somebody else wrote something else just before",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![Some(Failure::Overtake(json!({"amount": 6})))],
            calls: vec![
                "read row",
                "write row {\"title\":\"New\"} over 7",
                "read row",
                "write row {\"title\":\"New\",\"amount\":5} over 8",
            ],
            ends: Ends::Value(changed(&[
                ("name", "title", json!("Old"), json!("New")),
                ("value", "amount", json!(6), json!(5)),
            ])),
        },
        Case {
            name: "somebody else is faster three times",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![overtaken(), overtaken(), overtaken()],
            calls: vec![
                "read row",
                "write row {\"title\":\"New\"} over 7",
                "read row",
                "write row {\"title\":\"New\"} over 8",
                "read row",
                "write row {\"title\":\"New\"} over 9",
            ],
            ends: Ends::Error("conflict", "the row has changed"),
        },
        Case {
            name: "an answer that is lost: what was sent has arrived",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![Some(Failure::LoseAnswer)],
            calls: vec!["read row", "write row {\"title\":\"New\"} over 7", "read row"],
            ends: Ends::Value(renamed()),
        },
        Case {
            name: "a request that is lost: what was sent is sent again",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![Some(Failure::Refuse(CallError::new(CallErrorKind::Unanswered, "no answer came")))],
            calls: vec![
                "read row",
                "write row {\"title\":\"New\"} over 7",
                "read row",
                "write row {\"title\":\"New\"} over 7",
            ],
            ends: Ends::Value(renamed()),
        },
        Case {
            name: "a write that is refused is not tried again",
            deal: new(),
            row: old(),
            known: json!({}),
            failures: vec![Some(Failure::Refuse(CallError::new(CallErrorKind::Input, "no such column")))],
            calls: vec!["read row", "write row {\"title\":\"New\"} over 7"],
            ends: Ends::Error("input", "no such column"),
        },
        Case {
            name: "a row that is not there",
            deal: new(),
            row: None,
            known: json!({}),
            failures: vec![],
            calls: vec!["read row"],
            ends: Ends::Error("not_found", "there is no row `row`"),
        },
        Case {
            name: "a value that its field cannot have",
            deal: json!({"name": "New", "value": "much"}),
            row: old(),
            known: json!({}),
            failures: vec![],
            calls: vec!["read row"],
            ends: Ends::Error("invalid_value", "`much` is not a number"),
        },
    ]
}

/// Those in which an earlier step has read the row.
fn known_cases() -> Vec<Case> {
    let renamed = || Ends::Value(changed(&[("name", "title", json!("Old"), json!("New"))]));
    let row = |version: u32| json!({"title": "Old", "amount": 5, "version": version});
    let new = || json!({"name": "New", "value": 5});
    let case = |name, known: Value, calls: &[&'static str], ends| Case {
        name,
        deal: new(),
        row: Some(row(7)),
        known,
        failures: vec![],
        calls: calls.to_vec(),
        ends,
    };
    let write = "write row {\"title\":\"New\"} over 7";
    vec![
        Case {
            deal: json!({"name": "Old", "value": 5}),
            ..case("known and the same: no call", row(7), &[], Ends::Value(changed(&[])))
        },
        case("known and different: one write over what was read", row(7), &[write], renamed()),
        case(
            "known as it was before somebody changed it",
            row(6),
            &["write row {\"title\":\"New\"} over 6", "read row", write],
            renamed(),
        ),
        Case {
            failures: vec![Some(Failure::LoseAnswer)],
            ..case("an answer that is lost: the row is read", row(7), &[write, "read row"], renamed())
        },
        Case {
            failures: vec![overtaken(), overtaken(), overtaken()],
            ..case(
                "three rounds, as without",
                row(7),
                &[
                    write,
                    "read row",
                    "write row {\"title\":\"New\"} over 8",
                    "read row",
                    "write row {\"title\":\"New\"} over 9",
                ],
                Ends::Error("conflict", "the row has changed"),
            )
        },
        case(
            "a field of the mapping is not known",
            json!({"title": "Old", "version": 7}),
            &["read row", write],
            renamed(),
        ),
        case(
            "the version is known to be none",
            json!({"title": "Old", "amount": 5, "version": null}),
            &["read row", write],
            renamed(),
        ),
        case("the version is not known", json!({"title": "Old", "amount": 5}), &["read row", write], renamed()),
        Case {
            deal: json!({"name": "Old"}),
            ..case(
                "a field that is known to be empty is known",
                json!({"title": "Old", "amount": null, "version": 7}),
                &[],
                Ends::Value(changed(&[])),
            )
        },
    ]
}

/// The value of a step that wrote these fields: name, column, before and after.
fn changed(fields: &[(&str, &str, Value, Value)]) -> Value {
    let changes: Vec<Value> = fields
        .iter()
        .map(|(field, column, before, after)| json!({"field": field, "title": field, "target": [column], "before": before, "after": after}))
        .collect();
    let side = |pick: fn(&(&str, &str, Value, Value)) -> Value| -> Value {
        fields.iter().map(|field| (field.0.to_owned(), pick(field))).collect::<serde_json::Map<_, _>>().into()
    };
    json!({
        "changed": !fields.is_empty(),
        "changes": changes,
        "before": side(|field| field.2.clone()),
        "after": side(|field| field.3.clone()),
    })
}

fn overtaken() -> Option<Failure> {
    Some(Failure::Overtake(json!({"other": 1})))
}

#[tokio::test]
async fn the_table() {
    for case in cases().into_iter().chain(known_cases()) {
        check(case).await;
    }
}

async fn check(case: Case) {
    let service = fake::Shared::default();
    {
        let mut service = service.lock().unwrap();
        service.rows.extend(case.row.map(|row| ("row".to_owned(), row)));
        service.write_failures.extend(case.failures);
    }
    let engine = Engine::new(World::new(
        Arc::new(fake::pack(FLOW, &service)),
        fake::connectors(&service),
        Arc::new(MemoryStore::new()),
        Arc::new(VirtualClock::at(Timestamp::UNIX_EPOCH)),
    ));
    let run = engine.run_now("test", json!({"deal": case.deal, "known": case.known})).await.unwrap();
    let step = run.steps().into_iter().find(|step| step.step.name == "a").unwrap();
    assert_eq!(service.lock().unwrap().calls, case.calls, "{}", case.name);
    match case.ends {
        Ends::Value(value) => {
            assert_eq!(step.error, None, "{}", case.name);
            assert_eq!(step.value, value, "{}", case.name);
            assert_eq!(json!(step.changes), value["changes"], "{}", case.name);
        }
        Ends::Error(code, message) => {
            let error = step.error.unwrap_or_else(|| panic!("{}: no error", case.name));
            assert_eq!(error.code, code, "{}", case.name);
            assert!(error.message.contains(message), "{}: {}", case.name, error.message);
            assert_eq!(run.ended().unwrap().outcome.name(), "failed", "{}", case.name);
        }
    }
}
