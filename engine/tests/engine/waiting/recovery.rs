//! A process that stops anywhere: what was accepted or begun is taken up by the next one and ends the same.

use cosell_engine::outcome::Outcome;
use cosell_engine::pack::PackFiles;
use cosell_engine::run::{Event, Part, RunId, StepPath};
use cosell_engine::store::{Cursor, EventId, Fate, MemoryStore, NewEvent, RunQuery, Store, Transition};
use jiff::Timestamp;
use serde_json::json;

use super::{Rig, event};
use crate::fake;

const PARENT: &str = "
flow: parent
trigger: { webhook: fake.changed, key: { deal: $.trigger.id } }
steps:
  a: { call: fake.create, with: { row: { of: a } } }
  l: { for_each: [1, 2], steps: { b: { call: fake.create, with: { row: { of: $.item } } } } }
  c: { run_flow: child, with: { id: $.trigger.id } }
  i: { if: { equals: [$.trigger.id, x] }, then: { d: { call: fake.create, with: { row: { of: d } } } } }
  e: { respond: [$.steps.a.id, $.steps.c, $.steps.d.id] }
";

const CHILD: &str = "
flow: child
trigger: { child: { inputs: { id: { type: text } } } }
steps:
  x: { call: fake.create, with: { row: { of: $.trigger.id } } }
  y: { respond: $.steps.x.id }
  z: { call: fake.create, with: { row: { of: z } } }
";

fn files() -> PackFiles {
    let mut files = fake::files(PARENT);
    files.0.insert("child.yaml".to_owned(), CHILD.to_owned());
    files
}

#[tokio::test]
async fn a_run_that_stopped_after_any_event_ends_the_same_and_creates_nothing_twice() {
    let rig = Rig::new(&files());
    rig.accept(&[event("k", json!({"id": "x"}))]).await;
    rig.engine.idle().await;
    let commits = rig.store.commits.lock().unwrap().clone();
    let parent = commits[0].run.clone();
    let ended = rig.store.record(&parent).await.unwrap();
    let rows = rig.service.lock().unwrap().rows.len();
    assert_eq!(rows, 6, "{ended:?}");
    let steps: Vec<Transition> = commits.iter().flat_map(single_events).collect();
    for stop in 1..=steps.len() {
        let store = MemoryStore::new();
        let accepted = NewEvent {
            flow: "parent".to_owned(),
            body: json!({"id": "x"}),
            content_key: "k".to_owned(),
            keys: vec!["deal/x".to_owned()],
            ..NewEvent::default()
        };
        store.accept(&[accepted], None).await.unwrap();
        store.commit(&steps[..stop]).await.unwrap();
        let next = Rig::over(&files(), rig.service.clone(), store);
        next.engine.recover().await.unwrap();
        next.engine.idle().await;
        let unfinished = next.store.load().await.unwrap();
        assert!(unfinished.waiting.is_empty() && unfinished.runs.is_empty(), "stopped after {stop}: {unfinished:?}");
        assert_eq!(next.store.record(&parent).await.unwrap(), ended, "stopped after {stop}");
        assert_eq!(rig.service.lock().unwrap().rows.len(), rows, "stopped after {stop}");
        assert_eq!(next.store.runs(&RunQuery::default()).await.unwrap().len(), 2, "stopped after {stop}");
    }
}

/// What operations gave in runs that were under way, or that began a short while ago, is told to their connector when the
/// engine starts.
#[tokio::test]
async fn connectors_are_told_what_they_gave() {
    const HOUR: i64 = 3600;
    let cases = [
        ("under way", 0, false, true),
        ("ended", 0, true, true),
        ("under way for long", -HOUR, false, true),
        ("ended long ago", -HOUR, true, false),
    ];
    for (name, began, has_ended, is_recalled) in cases {
        let rig = Rig::new(&fake::files(
            "flow: test\ntrigger: { manual: {} }\nsteps:\n  a: { call: fake.create, with: { row: {} } }\n  w: { wait: { for: 1 hour } }\n",
        ));
        let at = Timestamp::from_second(began).unwrap();
        let step = StepPath { loops: Vec::new(), name: "a".to_owned() };
        let (flow, part, input) = ("test".to_owned(), Part::Call, json!({"row": {}}));
        let mut events = vec![
            Event::RunStarted { flow, pack: String::new(), trigger: json!({}), resubmits: None, at },
            Event::CallStarted { step: step.clone(), part, input: input.into(), changes: Vec::new(), at },
            Event::CallFinished { step, part, result: Ok(json!({"id": 7}).into()), attempts: 1, at },
        ];
        if has_ended {
            events.push(Event::RunFinished { outcome: Outcome::Failed, error: None, at });
        }
        rig.store.commit(&[Transition { run: RunId("r".to_owned()), events, ..Transition::default() }]).await.unwrap();
        rig.engine.recover().await.unwrap();
        let recalled = rig.service.lock().unwrap().recalled.clone();
        assert_eq!(recalled, if is_recalled { vec![json!({"id": 7})] } else { vec![] }, "{name}");
    }
}

/// A transition as one for each of its events: a process may stop between any two.
fn single_events(transition: &Transition) -> Vec<Transition> {
    let single = |(index, event): (usize, &Event)| Transition {
        run: transition.run.clone(),
        after: transition.after + index as u64,
        events: vec![event.clone()],
        fates: if index == 0 { transition.fates.clone() } else { Vec::new() },
        keys: if index == 0 { transition.keys.clone() } else { Vec::new() },
        ..Transition::default()
    };
    transition.events.iter().enumerate().map(single).collect()
}

#[tokio::test]
async fn an_event_that_was_only_accepted_has_its_run() {
    let store = MemoryStore::new();
    let accepted = |n: u32| NewEvent {
        flow: "parent".to_owned(),
        body: json!({"id": "x", "n": n}),
        content_key: n.to_string(),
        keys: vec!["deal/x".to_owned()],
        ..NewEvent::default()
    };
    let cursor = Cursor { name: "parent".to_owned(), value: json!("c1") };
    store.accept(&[accepted(1), accepted(2)], Some(&cursor)).await.unwrap();
    let rig = Rig::over(&files(), fake::Shared::default(), store);
    assert!(rig.calls().is_empty());
    rig.engine.recover().await.unwrap();
    rig.engine.idle().await;
    let runs = rig.store.runs(&RunQuery { flow: Some("parent".to_owned()), ..RunQuery::default() }).await.unwrap();
    assert_eq!(runs.len(), 2);
    assert_eq!(rig.store.load().await.unwrap().cursors["parent"], json!("c1"));
    assert_eq!(rig.accept(&[event("1", json!({"id": "x", "n": 1}))]).await, 0, "its copy is still known");
}

#[tokio::test]
async fn what_was_under_way_comes_before_what_waits_for_the_same_deal() {
    let files = fake::files(
        "flow: test\ntrigger: { webhook: fake.changed, key: { deal: $.trigger.id } }\nsteps:\n  a: { call: fake.visit, with: { name: $.trigger.n } }\n",
    );
    let store = MemoryStore::new();
    let accepted = |n: u32| NewEvent {
        flow: "test".to_owned(),
        body: json!({"id": "x", "n": n}),
        content_key: n.to_string(),
        keys: vec!["deal/x".to_owned()],
        ..NewEvent::default()
    };
    store.accept(&[accepted(1), accepted(2)], None).await.unwrap();
    let begun = Event::RunStarted {
        flow: "test".to_owned(),
        pack: String::new(),
        trigger: json!({"id": "x", "n": 1}),
        resubmits: None,
        at: Timestamp::UNIX_EPOCH,
    };
    let fates = vec![(EventId(1), Fate::Started)];
    let (run, keys) = (RunId("r".to_owned()), vec!["deal/x".to_owned()]);
    store.commit(&[Transition { run, events: vec![begun], fates, keys, ..Transition::default() }]).await.unwrap();
    let rig = Rig::over(&files, fake::Shared::default(), store);
    rig.engine.recover().await.unwrap();
    rig.engine.idle().await;
    assert_eq!(rig.calls(), ["1 comes", "1 goes", "2 comes", "2 goes"]);
}
