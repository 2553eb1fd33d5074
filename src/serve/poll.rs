//! A question asked again and again, for one flow.

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::connector::AnyTrigger;
use cosell_engine::engine::Engine;
use cosell_engine::flow::Trigger;
use cosell_engine::store::Cursor;
use serde_json::Value;
use tokio::sync::watch;
use tracing::{info, warn};

use crate::failure::Failure;

/// The longest pause after a poll that failed.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);

/// Polls for one flow.
pub struct Poller {
    engine: Engine,
    flow: String,
    name: String,
    trigger: Arc<dyn AnyTrigger>,
    with: Value,
    cursor: Option<Value>,
    pause: Duration,
}

impl Poller {
    /// A poller that goes on where the store says. The first poll ever only finds out where to begin, and
    /// is made here, so that nothing that happens afterwards is missed.
    pub(super) async fn new(engine: &Engine, flow: String, name: String, pause: Duration) -> Result<Poller, Failure> {
        let world = engine.world();
        let with = match world.pack.flow(&flow).map(|planned| &planned.flow.trigger) {
            Some(Trigger::Event(event)) => event.with.clone(),
            _ => Value::Null,
        };
        let trigger = world.connectors.trigger(&name).cloned();
        let trigger = trigger.ok_or_else(|| Failure::Data(format!("there is no trigger `{name}`")))?;
        let cursor = engine.cursor(&flow);
        let mut poller = Poller { engine: engine.clone(), flow, name, trigger, with, cursor, pause };
        if poller.cursor.is_none() {
            poller
                .poll()
                .await
                .map_err(|error| Failure::World(format!("the first poll of `{}` failed: {error}", poller.name)))?;
        }
        Ok(poller)
    }

    /// Asks once, and hands on what came.
    pub async fn poll(&mut self) -> Result<usize, String> {
        let polled = self.trigger.poll_any(&self.with, self.cursor.clone()).await.map_err(|error| error.to_string())?;
        let cursor = Cursor { name: self.flow.clone(), value: polled.cursor.clone() };
        let new =
            self.engine.accept(&self.name, &polled.events, Some(cursor)).await.map_err(|error| error.to_string())?;
        self.cursor = Some(polled.cursor);
        Ok(new)
    }

    /// Asks until it is stopped; after a failure it waits longer each time.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let mut pause = self.pause;
        loop {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = tokio::time::sleep(pause) => {}
            }
            // A poll that is broken off is made again: the cursor stands where it was, and known events are not taken twice.
            let polled = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return,
                polled = self.poll() => polled,
            };
            match polled {
                Ok(new) => {
                    if new > 0 {
                        info!(trigger = self.name, new, "events found");
                    }
                    pause = self.pause;
                }
                Err(error) => {
                    pause = (pause * 2).min(LONGEST_PAUSE).max(self.pause);
                    warn!(trigger = self.name, error, again_in = ?pause, "poll failed");
                }
            }
        }
    }
}
