//! Disks that are full, and processes that died while they wrote.

use std::fs;

use cosell_engine::store::{EventId, Fate, Options, SqliteStore, Store, StoreError, Transition};

use super::open;
use crate::store::{event, responded, run, started, transition};

/// Where a page of the log begins: behind a head of its own, each with a head.
const LOG_HEAD: usize = 32;
const LOG_PAGE: usize = 24 + 4096;

/// Whatever was written of the log when the power went, what is there is what was committed up to some moment.
#[tokio::test]
async fn a_log_cut_anywhere_leaves_a_beginning_of_what_was_committed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    drop(open(&path));
    let store = open(&path);
    let last = 6;
    for after in 0..last {
        let event = if after == 0 { started("f", 1) } else { responded(1) };
        store
            .commit(&[
                transition("r", after, std::slice::from_ref(&event)),
                transition(&format!("of {after}"), 0, &[started("g", 1)]),
            ])
            .await
            .unwrap();
    }
    let (whole, log) = (fs::read(&path).unwrap(), fs::read(folder.path().join("s-wal")).unwrap());
    let mut lengths = Vec::new();
    let boundaries = (0..).map(|page| LOG_HEAD + page * LOG_PAGE).take_while(|end| *end <= log.len());
    for cut in boundaries.flat_map(|end| [end, end + 1, end + 2000]).chain([0, 1, 31]) {
        let cut = cut.min(log.len());
        let torn = tempfile::tempdir().unwrap();
        let path = torn.path().join("s");
        fs::write(&path, &whole).unwrap();
        fs::write(torn.path().join("s-wal"), &log[..cut]).unwrap();
        let store = SqliteStore::attach(&path).unwrap();
        assert_eq!(store.check().await, Ok(vec![]), "cut at {cut}");
        let length = store.record(&run("r")).await.unwrap().len();
        for after in 0..last {
            let other = store.record(&run(&format!("of {after}"))).await.unwrap().len();
            assert_eq!(other == 1, length as u64 > after, "cut at {cut}");
        }
        lengths.push((cut, length as u64));
    }
    lengths.sort_unstable();
    assert!(lengths.is_sorted_by_key(|(_, length)| *length), "{lengths:?}");
    assert_eq!((lengths[0].1, lengths[lengths.len() - 1].1), (0, last));
}

#[tokio::test]
async fn a_full_disk_refuses_whole_and_goes_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("s");
    let small = Options { most_bytes: Some(300_000), ..Options::default() };
    let store = SqliteStore::open(&path, &small).unwrap();
    store.accept(&[event("f", "a")], None).await.unwrap();
    let mut length = 0;
    let full = loop {
        let events = if length == 0 { vec![started("f", 1)] } else { vec![responded(1); 100] };
        match store.commit(&[transition("r", length, &events)]).await {
            Ok(()) => length += events.len() as u64,
            Err(error) => break error,
        }
    };
    assert!(matches!(full, StoreError::Full(_)), "{full}");
    let large = |key: &str| cosell_engine::store::NewEvent { body: "x".repeat(20_000).into(), ..event("f", key) };
    let refused = store.accept(&[event("f", "b"), large("c")], None).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    assert_eq!(store.record(&run("r")).await.unwrap().len() as u64, length);
    assert_eq!(store.load().await.unwrap().waiting.len(), 1);
    assert_eq!(store.check().await, Ok(vec![]));
    drop(store);
    let store = open(&path);
    store.commit(&[transition("r", length, &[responded(1)])]).await.unwrap();
    assert_eq!(store.accept(&[event("f", "b"), large("c")], None).await.unwrap().len(), 2);
    assert_eq!(store.load().await.unwrap().waiting.len(), 3);
}

#[tokio::test]
async fn only_so_many_events_may_wait_and_runs_under_way_go_on() {
    let disk = Options { spare_bytes: u64::MAX, ..Options::default() };
    let cases = [
        (Options { most_waiting: 2, ..Options::default() }, 2, "2 events wait for their runs"),
        (Options { most_waiting_bytes: 200, ..Options::default() }, 1, "1 events wait for their runs"),
        (disk, 0, "the disk has"),
    ];
    for (options, fit, expected) in cases {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("s"), &options).unwrap();
        let events = [event("f", "a"), event("f", "b"), event("f", "c")];
        let full = store.accept(&events, None).await.unwrap_err().to_string();
        assert!(full.starts_with(&format!("the store is full: {expected}")), "{full}");
        assert_eq!(store.load().await.unwrap().waiting.len(), 0, "none of them is taken in: {expected}");
        store.accept(&events[..fit], None).await.unwrap();
        let fates = (1..=fit as u64).map(|id| (EventId(id), Fate::Started)).collect();
        store.commit(&[Transition { fates, ..transition("r", 0, &[started("f", 1)]) }]).await.unwrap();
        let again = event("g", "a");
        assert_eq!(store.accept(std::slice::from_ref(&again), None).await.is_ok(), fit > 0, "{expected}");
    }
}
