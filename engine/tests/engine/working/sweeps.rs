//! What was missed is asked for, page by page, and fed to the same flows.

use cosell_engine::engine::{SweepError, Swept};
use cosell_engine::store::{Order, Store};
use jiff::{SignedDuration, Timestamp};

use super::{Station, changed, cursor};

const FLOW: &str = "
flow: test
trigger: { webhook: deals.changed, key: { deal: $.trigger.id } }
steps:
  a: { call: deals.write, with: { id: $.trigger.id, seen: $.trigger.version, version: 0 } }
";

fn at(minute: i64) -> Timestamp {
    Timestamp::UNIX_EPOCH + SignedDuration::from_mins(minute)
}

/// A station whose service changed one deal each minute, 250 in all; of the first ten it has told.
async fn with_changes() -> Station {
    let station = Station::new(FLOW);
    let changes = (0..250).map(|minute| (at(minute), format!("d{minute}"), 1)).collect();
    station.service.lock().unwrap().changes = changes;
    for minute in 0..10 {
        station.accept(&[changed(&format!("d{minute}"), 1)]).await;
    }
    station.engine.idle().await;
    station
}

#[tokio::test]
async fn a_sweep_feeds_what_was_missed_and_marks_where_it_began() {
    let station = with_changes().await;
    let mark = cursor("reconcile/test", "mark");
    let swept = station.engine.sweep("test", at(5), Some(mark)).await.unwrap();
    assert_eq!(swept, Swept { found: 245, new: 240 });
    station.engine.idle().await;
    assert_eq!(station.written().len(), 250);
    assert_eq!(station.store.load().await.unwrap().cursors["reconcile/test"], "mark");
    assert_eq!(station.engine.cursor("reconcile/test"), Some("mark".into()));
    let again = station.engine.sweep("test", at(0), None).await.unwrap();
    assert_eq!(again, Swept { found: 250, new: 0 }, "all of it is known");
}

/// Two pages of changes of which the flow is told none, and then some.
#[tokio::test]
async fn empty_pages_do_not_end_a_sweep() {
    let station = with_changes().await;
    station.service.lock().unwrap().silent = (0..220).map(|minute| format!("d{minute}")).collect();
    let swept = station.engine.sweep("test", at(0), None).await.unwrap();
    assert_eq!(swept, Swept { found: 30, new: 30 });
}

#[tokio::test]
async fn a_service_that_is_down_is_asked_again() {
    let station = with_changes().await;
    station.service.lock().unwrap().polls_that_fail = 3;
    let engine = station.engine.clone();
    let sweep = tokio::spawn(async move { engine.sweep("test", at(240), None).await });
    while !sweep.is_finished() {
        station.clock.advance(1);
        station.settle().await;
    }
    assert_eq!(sweep.await.unwrap().unwrap(), Swept { found: 10, new: 10 });
    station.service.lock().unwrap().polls_that_fail = 100;
    let engine = station.engine.clone();
    let sweep = tokio::spawn(async move { engine.sweep("test", at(240), None).await });
    while !sweep.is_finished() {
        station.clock.advance(60);
        station.settle().await;
    }
    let error = sweep.await.unwrap().unwrap_err();
    assert!(matches!(error, SweepError::Call(_)), "{error}");
}

#[tokio::test]
async fn a_backfill_is_an_order() {
    let station = with_changes().await;
    let backfill = |since, flow: Option<&str>| Order::Backfill { since, flow: flow.map(str::to_owned) };
    let settled = station.engine.place(&backfill(at(200), None)).await.unwrap();
    assert_eq!(settled, Ok("`test`: 50 changes found, 50 new".to_owned()));
    station.engine.idle().await;
    assert_eq!(station.written().len(), 60);
    let settled = station.engine.place(&backfill(at(200), Some("other"))).await.unwrap();
    assert!(settled.unwrap_err().starts_with("`other`: "));
}
