//! What is forgotten, and copies.

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::outcome::Outcome;
use cosell_engine::store::{Accepted, Keep, NewEvent, RunQuery, SqliteStore, Store};
use serde_json::json;

use super::open;
use crate::store::{at, event, finished, responded, run, started, transition};

#[tokio::test]
async fn what_is_old_or_too_much_is_forgotten_with_all_that_belongs_to_it() {
    let cases = [
        (u64::MAX, u64::MAX, "open 5 4 3 2 1"),
        (5, u64::MAX, "open 5"),
        (6, u64::MAX, "open 5 4"),
        (u64::MAX, 2, "open 5 4"),
        (7, 1, "open 5"),
        (0, 0, "open"),
    ];
    for (age, runs, left) in cases {
        let folder = tempfile::tempdir().unwrap();
        let store = open(&folder.path().join("s"));
        store.commit(&[transition("open", 0, &[started("f", 100)])]).await.unwrap();
        for n in 1..=5 {
            let events = [started("f", n), responded(n), finished(Outcome::Succeeded, n * 10)];
            let keys = vec!["deal/1".to_owned()];
            let transition = cosell_engine::store::Transition { keys, ..transition(&n.to_string(), 0, &events) };
            store.commit(&[transition]).await.unwrap();
        }
        let keep = Keep { age: Duration::from_secs(age.saturating_mul(10).min(1 << 40)), runs, keys: Duration::MAX };
        while store.prune(&keep, at(95)).await.unwrap() > 0 {}
        let found = store.runs(&RunQuery::default()).await.unwrap();
        let ids: Vec<&str> = found.iter().map(|run| run.id.0.as_str()).collect();
        assert_eq!(ids.join(" "), left, "{keep:?}");
        let about = RunQuery { about: Some("deal/1".to_owned()), ..RunQuery::default() };
        assert_eq!(store.runs(&about).await.unwrap().len(), ids.len() - 1, "{keep:?}");
        assert_eq!(store.record(&run("1")).await.unwrap().is_empty(), !ids.contains(&"1"), "{keep:?}");
        assert_eq!(store.check().await, Ok(vec![]), "{keep:?}");
    }
}

#[tokio::test]
async fn a_content_key_is_known_for_its_time() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("s"));
    let old = NewEvent { at: at(10), ..event("f", "a") };
    let new = NewEvent { at: at(20), ..event("f", "b") };
    store.accept(&[old.clone(), new.clone()], None).await.unwrap();
    let keep = Keep { keys: Duration::from_secs(30), ..Keep::default() };
    store.prune(&keep, at(45)).await.unwrap();
    let again = store.accept(&[old, new], None).await.unwrap();
    assert!(matches!(again[..], [Accepted::New(_), Accepted::Duplicate(_)]), "{again:?}");
}

/// More keys than are forgotten at once, and no run.
#[tokio::test]
async fn all_old_content_keys_are_forgotten() {
    let folder = tempfile::tempdir().unwrap();
    let store = open(&folder.path().join("s"));
    let old: Vec<NewEvent> = (0..4_500).map(|n| NewEvent { at: at(10), ..event("f", &n.to_string()) }).collect();
    store.accept(&old, None).await.unwrap();
    let keep = Keep { keys: Duration::from_secs(30), ..Keep::default() };
    while store.prune(&keep, at(45)).await.unwrap() > 0 {}
    let again = store.accept(&old, None).await.unwrap();
    assert!(again.iter().all(|accepted| matches!(accepted, Accepted::New(_))));
}

#[tokio::test]
async fn a_pack_goes_with_its_last_run_unless_it_is_the_engines() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = open(&path);
    store.commit(&[transition("r", 0, &[started("f", 1), finished(Outcome::Succeeded, 2)])]).await.unwrap();
    for content in ["", "unused"] {
        store.keep_pack(content, &json!(content)).await.unwrap();
    }
    let nothing = Keep { age: Duration::ZERO, ..Keep::default() };
    store.prune(&nothing, at(9)).await.unwrap();
    assert_eq!(store.pack("unused").await, Ok(Some(json!("unused"))), "runs are to begin with it");
    drop(store);
    let store = open(&path);
    store.keep_pack("unused", &json!("unused")).await.unwrap();
    store.prune(&nothing, at(9)).await.unwrap();
    assert_eq!(store.pack("").await, Ok(None));
    assert_eq!(store.pack("unused").await, Ok(Some(json!("unused"))));
}

#[tokio::test]
async fn what_is_forgotten_makes_room_for_what_is_new() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let mut sizes = Vec::new();
    for round in 0..4 {
        let store = open(&path);
        let events: Vec<_> = [started("f", round)].into_iter().chain(vec![responded(1); 20]).collect();
        let events: Vec<_> = events.into_iter().chain([finished(Outcome::Succeeded, round)]).collect();
        let many: Vec<_> = (0..200).map(|n| transition(&format!("{round}-{n}"), 0, &events)).collect();
        store.commit(&many).await.unwrap();
        while store.prune(&Keep { age: Duration::ZERO, ..Keep::default() }, at(99)).await.unwrap() > 0 {}
        drop(store);
        sizes.push(std::fs::metadata(&path).unwrap().len());
    }
    assert!(sizes[3] <= sizes[1], "{sizes:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_copy_is_of_one_moment_and_overwrites_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (path, copy) = (folder.path().join("s"), folder.path().join("copy"));
    let store = Arc::new(open(&path));
    store.commit(&[transition("r", 0, &[started("f", 1)])]).await.unwrap();
    let writing = Arc::clone(&store);
    let writer = tokio::spawn(async move {
        for after in 1..60 {
            let both = [transition("r", after, &[responded(1)]), transition(&after.to_string(), 0, &[started("f", 1)])];
            writing.commit(&both).await.unwrap();
        }
    });
    // As another process would do it.
    SqliteStore::attach(&path).unwrap().backup(&copy).await.unwrap();
    writer.await.unwrap();
    let copied = open(&copy);
    let length = copied.record(&run("r")).await.unwrap().len();
    assert_eq!(copied.runs(&RunQuery::default()).await.unwrap().len(), length);
    assert_eq!(copied.check().await, Ok(vec![]));
    let before = std::fs::read(&copy).unwrap();
    let refused = store.backup(&copy).await.unwrap_err().to_string();
    assert!(refused.contains("exists"), "{refused}");
    assert_eq!(std::fs::read(&copy).unwrap(), before);
}
