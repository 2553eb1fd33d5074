//! The store in one file: what it shares with every store, and what becomes of its files.

mod faults;
mod keeping;
mod model;
mod secrets;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cosell_engine::outcome::Outcome;
use cosell_engine::store::{Cursor, Options, Order, RunQuery, SqliteStore, Store, StoreError};
use rusqlite::Connection;
use serde_json::json;

use super::{at, conformance, event, fill, finished, responded, run, started, transition};

#[tokio::test]
async fn the_store_in_a_file_does_what_a_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let made = AtomicU32::new(0);
    let make = async || {
        let path = folder.path().join(made.fetch_add(1, Ordering::Relaxed).to_string());
        Arc::new(open(&path)) as Arc<dyn Store>
    };
    conformance(make).await;
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, &Options::default()).unwrap()
}

/// The message of a store that does not open.
fn refused(path: &Path) -> String {
    SqliteStore::open(path, &Options::default()).unwrap_err().to_string()
}

#[tokio::test]
async fn what_was_answered_is_there_when_it_is_opened_again() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    fill(&open(&path)).await;
    open(&path).accept(&[event("f", "a"), event("f", "b")], None).await.unwrap();
    open(&path).accept(&[], Some(&Cursor { name: "f".to_owned(), value: json!(7) })).await.unwrap();
    open(&path).commit(&[transition("r", 0, &[started("f", 9)])]).await.unwrap();
    open(&path).commit(&[transition("r", 1, &[responded(10)])]).await.unwrap();
    open(&path).keep_pack("p", &json!({ "pack": "p" })).await.unwrap();
    let order = open(&path).place(&Order::Cancel { run: run("r") }).await.unwrap();
    let other = open(&path).place(&Order::Resume { run: run("r") }).await.unwrap();
    open(&path).settle(order, Ok("done".to_owned()), at(20)).await.unwrap();

    let store = open(&path);
    let unfinished = store.load().await.unwrap();
    let waiting: Vec<_> = unfinished.waiting.iter().map(|(_, event)| event.content_key.as_str()).collect();
    assert_eq!(waiting, ["a", "b"]);
    assert_eq!(unfinished.cursors["f"], json!(7));
    let open_runs: Vec<_> = unfinished.runs.iter().map(|run| run.id.0.as_str()).collect();
    assert_eq!(open_runs, ["e", "r"]);
    assert_eq!(store.record(&run("r")).await.unwrap(), [started("f", 9), responded(10)]);
    assert_eq!(store.pack("p").await, Ok(Some(json!({ "pack": "p" }))));
    assert_eq!(store.orders().await, Ok(vec![(other, Order::Resume { run: run("r") })]));
    assert_eq!(store.settled(order).await, Ok(Some(Ok("done".to_owned()))));
    assert_eq!(store.check().await, Ok(vec![]));
}

/// One bad row must not keep all others from their turn.
#[tokio::test]
async fn an_order_that_cannot_be_read_is_told_as_such() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let store = open(&path);
    let bad = store.place(&Order::Cancel { run: run("r") }).await.unwrap();
    let good = store.place(&Order::Cancel { run: run("r") }).await.unwrap();
    Connection::open(&path)
        .unwrap()
        .execute_batch(r#"UPDATE orders SET placed = '{"order":"dance"}' WHERE id = 1"#)
        .unwrap();
    let orders = store.orders().await.unwrap();
    assert!(matches!(&orders[0], (id, Order::Unreadable { why }) if *id == bad && why.contains("dance")), "{orders:?}");
    assert_eq!(orders[1], (good, Order::Cancel { run: run("r") }));
}

#[tokio::test]
async fn a_second_engine_is_told_which_process_has_the_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let first = open(&path);
    let in_use = format!("the engine of process {} works on it", std::process::id());
    let second = SqliteStore::open(&path, &Options::default()).unwrap_err();
    assert_eq!(second, StoreError::InUse(in_use));
    drop(first);
    open(&path);
}

#[tokio::test]
async fn what_is_not_ours_is_refused_and_left_alone() {
    let cases = [
        ("PRAGMA application_id = 0x636f736c; PRAGMA user_version = 99", "has format 99, this program knows up to 2"),
        ("PRAGMA application_id = 7; PRAGMA user_version = 1", "is the database of another program"),
        ("CREATE TABLE theirs (a)", "is the database of another program"),
    ];
    for (sql, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s");
        Connection::open(&path).unwrap().execute_batch(sql).unwrap();
        let before = std::fs::read(&path).unwrap();
        assert!(refused(&path).contains(expected), "{sql}: {}", refused(&path));
        assert_eq!(std::fs::read(&path).unwrap(), before, "{sql}");
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    std::fs::write(&path, "no database at all, but a text of some length".repeat(30)).unwrap();
    assert_eq!(refused(&path), "the store failed: file is not a database");
}

/// The file was written by the first version of this program; later ones must still read it.
#[tokio::test]
async fn a_store_of_format_1_is_taken_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    Connection::open(&path).unwrap().execute_batch(include_str!("format-1.sql")).unwrap();
    let store = open(&path);
    assert_eq!(store.check().await, Ok(vec![]));
    let runs = store.runs(&RunQuery { about: Some("deal/17".to_owned()), ..RunQuery::default() }).await.unwrap();
    let ids: Vec<&str> = runs.iter().map(|run| run.id.0.as_str()).collect();
    assert_eq!(ids, ["e", "b", "a"]);
    assert_eq!(store.record(&run("a")).await.unwrap(), [started("f", 1), finished(Outcome::Succeeded, 1)]);
    let waiting = store.load().await.unwrap().waiting;
    assert_eq!(waiting[0].1, event("f", "a"));
    store.commit(&[transition("e", 1, &[finished(Outcome::Succeeded, 60)])]).await.unwrap();
}

#[tokio::test]
async fn a_command_reads_beside_the_engine_and_places_orders() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let none = SqliteStore::attach(&path).unwrap_err().to_string();
    assert!(none.contains("there is none at"), "{none}");
    let engine = open(&path);
    fill(&engine).await;
    let command = SqliteStore::attach(&path).unwrap();
    assert_eq!(command.runs(&RunQuery::default()).await.unwrap().len(), 6);
    assert_eq!(command.record(&run("a")).await, engine.record(&run("a")).await);
    let order = command.place(&Order::Cancel { run: run("e") }).await.unwrap();
    assert_eq!(engine.orders().await, Ok(vec![(order, Order::Cancel { run: run("e") })]));
    engine.settle(order, Err("it has ended".to_owned()), at(20)).await.unwrap();
    assert_eq!(command.settled(order).await, Ok(Some(Err("it has ended".to_owned()))));
    let not_its_own = [
        command.accept(&[event("f", "z")], None).await.map(drop),
        command.commit(&[]).await,
        command.load().await.map(drop),
        command.settle(order, Ok(String::new()), at(20)).await,
        command.keep_pack("p", &json!(1)).await,
    ];
    for (number, refused) in not_its_own.into_iter().enumerate() {
        assert!(matches!(refused, Err(StoreError::InUse(_))), "{number}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_that_is_out_of_step_does_not_spoil_what_is_committed_with_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Arc::new(open(&folder.path().join("s")));
    let tasks: Vec<_> = (0..64)
        .map(|n: u64| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let id = format!("r{n}");
                let begun = store.commit(&[transition(&id, u64::from(n == 40), &[started("f", 1)])]).await;
                let gone_on = store.commit(&[transition(&id, 1, &[responded(2)])]).await;
                (n, begun, gone_on)
            })
        })
        .collect();
    for task in tasks {
        let (n, begun, gone_on) = task.await.unwrap();
        let wrong = Err(StoreError::OutOfStep { run: format!("r{n}"), expected: 1, found: 0 });
        assert_eq!((&begun, &gone_on), if n == 40 { (&wrong, &wrong) } else { (&Ok(()), &Ok(())) }, "{n}");
    }
    assert_eq!(store.load().await.unwrap().runs.len(), 63);
    assert_eq!(store.check().await, Ok(vec![]));
    assert_eq!(store.runs(&RunQuery { since: Some(at(1)), ..RunQuery::default() }).await.unwrap().len(), 63);
}
