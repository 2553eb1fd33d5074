//! Bounds, and an end at any time: nothing new is taken in, and nothing is lost.

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::connector::TriggerEvent;
use cosell_engine::engine::EngineOptions;
use cosell_engine::run::Event;
use cosell_engine::store::{Store, StoreError};
use serde_json::json;

use super::{Station, changed};

const FLOW: &str = "
flow: test
trigger: { webhook: deals.changed, key: { deal: $.trigger.id } }
steps:
  a: { call: deals.write, with: { id: $.trigger.id, seen: $.trigger.version, version: 0 } }
";

#[tokio::test]
async fn an_engine_that_stops_loses_nothing() {
    let station = Station::new(FLOW);
    station.service.lock().unwrap().stuck.insert("a".to_owned());
    station.accept(&[changed("a", 1), changed("a", 2), changed("b", 1)]).await;
    station.settle().await;
    assert_eq!(station.written(), ["b 1"]);
    station.engine.stop(Duration::from_millis(1)).await;
    let refused = station.engine.accept("deals.changed", &[changed("c", 1)], None).await;
    assert!(matches!(refused, Err(StoreError::Full(_))), "{refused:?}");
    station.service.lock().unwrap().stuck.clear();
    station.settle().await;
    assert_eq!(station.written(), ["b 1"], "nothing goes on");
    let (service, store) = (Arc::clone(&station.service), Arc::clone(&station.store));
    let next = Station::over(FLOW, service, store, EngineOptions::default());
    let taken_up = next.engine.recover().await.unwrap();
    assert_eq!((taken_up.runs, taken_up.waiting), (1, 1));
    next.engine.idle().await;
    assert_eq!(next.written(), ["b 1", "a 1", "a 2"]);
}

/// What is under way comes to an end, and nothing more is begun: the run rests where its record ends.
#[tokio::test]
async fn a_run_rests_between_two_calls() {
    let more = "  b: { call: deals.write, with: { id: $.trigger.id, seen: 7, version: 0 } }\n";
    let flow = format!("{}{more}", FLOW.trim_start());
    let station = Station::new(&flow);
    station.service.lock().unwrap().stuck.insert("a".to_owned());
    station.accept(&[changed("a", 1)]).await;
    station.settle().await;
    let engine = station.engine.clone();
    let stopped = tokio::spawn(async move { engine.stop(Duration::from_secs(600)).await });
    station.settle().await;
    station.service.lock().unwrap().stuck.clear();
    stopped.await.unwrap();
    assert_eq!(station.written(), ["a 1"]);
    let run = station.store.load().await.unwrap().runs.remove(0);
    let record = station.store.record(&run.id).await.unwrap();
    assert!(matches!(record.last(), Some(Event::CallFinished { .. })), "{record:?}");
    let (service, store) = (Arc::clone(&station.service), Arc::clone(&station.store));
    let next = Station::over(&flow, service, store, EngineOptions::default());
    next.engine.recover().await.unwrap();
    next.engine.idle().await;
    assert_eq!(next.written(), ["a 1", "a 7"]);
}

#[tokio::test]
async fn what_waits_in_memory_has_a_bound() {
    let station = Station::new(FLOW);
    station.service.lock().unwrap().stuck.insert("a".to_owned());
    let text = "x".repeat(1024 * 1024);
    let large = |number: u64| TriggerEvent {
        body: json!({"id": "a", "version": number, "text": text}),
        content_key: number.to_string(),
    };
    let mut taken = 0;
    let refused = loop {
        match station.engine.accept("deals.changed", &[large(taken)], None).await {
            Ok(_) => taken += 1,
            Err(error) => break error,
        }
    };
    assert!(matches!(refused, StoreError::Full(_)), "{refused:?}");
    assert!((200..=260).contains(&taken), "{taken}");
    assert_eq!(station.store.load().await.unwrap().waiting.len() as u64, taken - 1, "what is refused is not kept");
    station.service.lock().unwrap().stuck.clear();
    assert_eq!(station.accept(&[]).await, 0);
    station.engine.stop(Duration::ZERO).await;
}
