//! When services are asked for what was missed, and since when.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::{
    CallError, CallErrorKind, Connector, Connectors, Incoming, Mode, Polled, Refusal, Trigger, TriggerEvent,
};
use cosell_engine::engine::Engine;
use cosell_engine::pack::PackFiles;
use cosell_engine::run::driver::World;
use cosell_engine::store::MemoryStore;
use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::sync::watch;

/// When it was asked, since when, and how many of the next questions have no answer.
#[derive(Default)]
struct Asked {
    questions: Vec<(Timestamp, String)>,
    failing: usize,
    /// No question has an answer, ever.
    is_silent: bool,
}

/// A service on which nothing ever changes.
struct Quiet(Arc<Mutex<Asked>>, Arc<VirtualClock>);

#[async_trait]
impl Trigger for Quiet {
    const NAME: &'static str = "changed";
    const MODES: &'static [Mode] = &[Mode::Poll];
    type Input = IndexMap<String, Value>;
    type Output = Value;

    fn wants(&self, _: &Self::Input, _: &TriggerEvent) -> bool {
        true
    }

    async fn receive(&self, _: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        Ok(None)
    }

    async fn poll(&self, _: &Self::Input, cursor: Option<Value>) -> Result<Polled, CallError> {
        let cursor = cursor.unwrap();
        let is_silent = {
            let mut asked = self.0.lock().unwrap();
            asked.questions.push((self.1.now(), cursor.as_str().unwrap().to_owned()));
            if asked.failing > 0 {
                asked.failing -= 1;
                return Err(CallError::new(CallErrorKind::Denied, "the password has expired"));
            }
            asked.is_silent
        };
        if is_silent {
            std::future::pending::<()>().await;
        }
        Ok(Polled { events: Vec::new(), cursor })
    }

    fn since(&self, time: Timestamp) -> Option<Value> {
        Some(json!(time.strftime("%H:%M").to_string()))
    }
}

/// Starts an engine at that time and lets it sweep until the service was asked that often in all; gives the questions,
/// as `when since`.
async fn asked(store: &Arc<MemoryStore>, start: &str, service: Asked, times: usize) -> Vec<String> {
    let clock = Arc::new(VirtualClock::at(format!("2026-03-02T{start}:00Z").parse().unwrap()));
    let asked = Arc::new(Mutex::new(service));
    let connector = Connector::new("quiet").with_trigger(Quiet(Arc::clone(&asked), Arc::clone(&clock)));
    let connectors = Connectors::new([connector]);
    let pack = "pack: p\nversion: 1.0.0\nreconcile: { every: 1 hour, overlap: 10 minutes }\n";
    let flow = "flow: f\ntrigger: { poll: quiet.changed }\nsteps:\n  a: { compose: 1 }\n";
    let files = [("pack.yaml", pack), ("flow.yaml", flow)].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let pack = PackFiles(files.into()).check("", &IndexMap::new(), &connectors);
    let pack = Arc::new(pack.unwrap_or_else(|wrong| panic!("{wrong}")));
    let engine = Engine::new(World::new(pack, connectors, store.clone(), clock.clone() as Arc<dyn Clock>));
    engine.recover().await.unwrap();
    let (stop, stopped) = watch::channel(false);
    let sweeps = tokio::spawn(super::of(&engine).pop().unwrap().run(stopped));
    while asked.lock().unwrap().questions.len() < times {
        for _ in 0..20 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(60));
    }
    stop.send(true).unwrap();
    sweeps.await.unwrap();
    engine.stop(Duration::ZERO).await;
    let questions = &asked.lock().unwrap().questions;
    questions.iter().take(times).map(|(at, since)| format!("{} {since}", at.strftime("%H:%M"))).collect()
}

#[tokio::test]
async fn what_changed_is_asked_for_now_and_then() {
    let store = Arc::new(MemoryStore::new());
    let first = asked(&store, "08:00", Asked::default(), 2).await;
    assert_eq!(first, ["09:00 07:50", "10:00 08:50"], "the first sweep is due an hour after the first start");
    let second = asked(&store, "13:30", Asked { failing: 2, ..Asked::default() }, 4).await;
    let expected = ["13:30 09:50", "13:35 09:50", "13:40 09:50", "14:40 13:30"];
    assert_eq!(second, expected, "from the last sweep on, and again where there was no answer");
}

#[tokio::test]
async fn a_sweep_without_an_answer_is_broken_off_by_a_stop() {
    let store = Arc::new(MemoryStore::new());
    let first = asked(&store, "08:00", Asked { is_silent: true, ..Asked::default() }, 1).await;
    assert_eq!(first, ["09:00 07:50"]);
    let second = asked(&store, "11:00", Asked::default(), 1).await;
    assert_eq!(second, ["11:00 07:50"], "what the sweep did not learn is asked for again");
}
