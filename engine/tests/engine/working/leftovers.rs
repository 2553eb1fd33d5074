//! What the store has from another time: events of a flow that is gone.

use cosell_engine::outcome::Outcome;
use cosell_engine::run::{Event, HIDDEN};
use cosell_engine::store::{NewEvent, RunQuery, Store};
use serde_json::{Value, json};

use super::{Station, changed};

const FLOW: &str = "
flow: test
trigger: { webhook: deals.changed, key: { deal: $.trigger.id } }
steps:
  a: { call: deals.write, with: { id: $.trigger.id, seen: $.trigger.version, version: 0 } }
";

#[tokio::test]
async fn an_event_whose_flow_is_gone_has_a_failed_run() {
    for secure in [false, true] {
        let station = Station::new(FLOW);
        let event = NewEvent {
            flow: "gone".to_owned(),
            body: json!({"id": "a"}),
            content_key: "a/1".to_owned(),
            keys: vec!["deal/a".to_owned()],
            secure,
            ..NewEvent::default()
        };
        station.store.accept(&[event], None).await.unwrap();
        station.engine.recover().await.unwrap();
        station.accept(&[changed("a", 2)]).await;
        station.engine.idle().await;
        assert_eq!(station.written(), ["a 2"], "what comes after it has its turn");
        assert!(station.store.load().await.unwrap().waiting.is_empty());
        let query = RunQuery { code: Some("no_flow".to_owned()), about: Some("a".to_owned()), ..RunQuery::default() };
        let runs = station.store.runs(&query).await.unwrap();
        assert_eq!((runs.len(), runs[0].outcome), (1, Some(Outcome::Failed)));
        let record = station.store.record(&runs[0].id).await.unwrap();
        let expected = if secure { Value::from(HIDDEN) } else { json!({"id": "a"}) };
        assert!(matches!(&record[0], Event::RunStarted { trigger, .. } if *trigger == expected), "{record:?}");
    }
}
