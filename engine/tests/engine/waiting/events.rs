//! What becomes of events: duplicates, merging, and turns.

use cosell_engine::pack::PackFiles;
use cosell_engine::store::{EventId, Fate, RunQuery, Store};
use serde_json::json;

use super::{Rig, event};
use crate::fake;

/// A flow that visits the service under the number of its event.
fn visitor(name: &str, more: &str) -> String {
    format!(
        "flow: {name}\ntrigger:\n  webhook: fake.changed\n  with: {{ kind: {name} }}\n{more}steps:\n  a: {{ call: fake.visit, with: {{ name: $.trigger.n }} }}\n"
    )
}

fn two_flows(more: &str) -> PackFiles {
    let mut files = fake::files(&visitor("one", more));
    files.0.insert("other.yaml".to_owned(), visitor("other", more));
    files
}

#[tokio::test]
async fn a_copy_of_an_event_makes_no_second_run() {
    let rig = Rig::new(&two_flows(""));
    let first = event("k1", json!({"kind": "one", "n": 1}));
    assert_eq!(rig.accept(&[first.clone(), first.clone()]).await, 1);
    rig.engine.idle().await;
    assert_eq!(rig.accept(std::slice::from_ref(&first)).await, 0);
    assert_eq!(rig.accept(&[event("k2", first.body.clone())]).await, 1);
    assert_eq!(rig.accept(&[event("k1", json!({"kind": "other", "n": 2}))]).await, 1, "keys are the flow's own");
    rig.engine.idle().await;
    assert_eq!(rig.store.runs(&RunQuery::default()).await.unwrap().len(), 3);
}

#[tokio::test]
async fn an_event_that_no_flow_wants_is_not_kept() {
    let rig = Rig::new(&two_flows(""));
    assert_eq!(rig.accept(&[event("k1", json!({"kind": "third", "n": 1}))]).await, 0);
    assert_eq!(rig.engine.accept("fake.unknown", &[event("k1", json!({}))], None).await, Ok(0));
    rig.engine.idle().await;
    assert!(rig.store.runs(&RunQuery::default()).await.unwrap().is_empty());
}

/// Which events come at once, for which flow, and who is with the service when.
struct Case {
    name: &'static str,
    trigger: &'static str,
    /// The flow, the event's number and the deals that it names.
    events: &'static [(&'static str, u32, &'static [&'static str])],
    calls: &'static [&'static str],
}

const ONE_KEY: &str = "  key: { deal: '$.trigger.deals[0]' }\n";
const TWO_KEYS: &str = "  key: { deal: ['$.trigger.deals[0]', '$.trigger.deals[1]'] }\n";

const CASES: &[Case] = &[
    Case {
        name: "one at a time for a key, in order",
        trigger: ONE_KEY,
        events: &[("one", 1, &["a"]), ("one", 2, &["a"]), ("one", 3, &["a"])],
        calls: &["1 comes", "1 goes", "2 comes", "2 goes", "3 comes", "3 goes"],
    },
    Case {
        name: "one at a time for a key, over two flows",
        trigger: ONE_KEY,
        events: &[("one", 1, &["a"]), ("other", 2, &["a"])],
        calls: &["1 comes", "1 goes", "2 comes", "2 goes"],
    },
    Case {
        name: "a key without case",
        trigger: ONE_KEY,
        events: &[("one", 1, &["A"]), ("one", 2, &["a"])],
        calls: &["1 comes", "1 goes", "2 comes", "2 goes"],
    },
    Case {
        name: "different keys side by side",
        trigger: ONE_KEY,
        events: &[("one", 1, &["a"]), ("one", 2, &["b"])],
        calls: &["1 comes", "2 comes", "1 goes", "2 goes"],
    },
    Case {
        name: "no key, side by side",
        trigger: "",
        events: &[("one", 1, &["a"]), ("one", 2, &["a"])],
        calls: &["1 comes", "2 comes", "1 goes", "2 goes"],
    },
    Case {
        name: "a key that is not there, side by side",
        trigger: ONE_KEY,
        events: &[("one", 1, &[]), ("one", 2, &[])],
        calls: &["1 comes", "2 comes", "1 goes", "2 goes"],
    },
    Case {
        name: "an event with two keys joins what they name",
        trigger: TWO_KEYS,
        events: &[("one", 1, &["a"]), ("one", 2, &["a", "b"]), ("other", 3, &["b"]), ("one", 4, &["c"])],
        calls: &["1 comes", "4 comes", "1 goes", "4 goes", "2 comes", "2 goes", "3 comes", "3 goes"],
    },
    Case {
        name: "events that wait and merge are one run",
        trigger: "  key: { deal: '$.trigger.deals[0]' }\n  merge: latest\n",
        events: &[("one", 1, &["a"]), ("one", 2, &["a"]), ("one", 3, &["b"]), ("one", 4, &["a"])],
        calls: &["4 comes", "3 comes", "4 goes", "3 goes"],
    },
    Case {
        name: "events of two flows do not merge",
        trigger: "  key: { deal: '$.trigger.deals[0]' }\n  merge: latest\n",
        events: &[("one", 1, &["a"]), ("other", 2, &["a"])],
        calls: &["1 comes", "1 goes", "2 comes", "2 goes"],
    },
];

#[tokio::test]
async fn turns() {
    for case in CASES {
        check(case).await;
    }
}

async fn check(case: &Case) {
    let rig = Rig::new(&two_flows(case.trigger));
    let events: Vec<_> = case
        .events
        .iter()
        .map(|(kind, n, deals)| event(&format!("k{n}"), json!({"kind": kind, "n": n, "deals": deals})))
        .collect();
    assert_eq!(rig.accept(&events).await, events.len(), "{}", case.name);
    rig.engine.idle().await;
    assert_eq!(rig.calls(), case.calls, "{}", case.name);
    assert!(rig.store.load().await.unwrap().waiting.is_empty(), "{}", case.name);
}

#[tokio::test]
async fn what_runs_is_not_merged_and_what_waits_keeps_its_line() {
    let rig = Rig::new(&two_flows("  key: { deal: $.trigger.deal }\n  merge: latest\n"));
    let changed = |n: u32| event(&format!("k{n}"), json!({"kind": "one", "n": n, "deal": "a"}));
    rig.accept(&[changed(1)]).await;
    rig.until_called(1).await;
    for n in 2..=4 {
        rig.accept(&[changed(n)]).await;
    }
    rig.engine.idle().await;
    assert_eq!(rig.calls(), ["1 comes", "1 goes", "4 comes", "4 goes"]);
    let fates: Vec<_> =
        rig.store.commits.lock().unwrap().iter().flat_map(|transition| transition.fates.clone()).collect();
    let (id, merged) = (EventId, Fate::Merged(EventId(4)));
    assert_eq!(fates, [(id(1), Fate::Started), (id(2), merged), (id(3), merged), (id(4), Fate::Started)]);
}
