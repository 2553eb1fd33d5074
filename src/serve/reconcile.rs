//! Asks now and then for changes that nobody told of, as the pack's `reconcile` says: a webhook may get lost, and a
//! service may have been told of nothing while the engine did not run.

#[cfg(test)]
mod tests;

use std::time::Duration;

use cosell_engine::engine::{Engine, Swept};
use cosell_engine::pack::Reconcile;
use cosell_engine::store::Cursor;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use tokio::sync::watch;
use tracing::{info, warn};

use super::wait_until;

/// The longest pause before a sweep that failed is tried again.
const AGAIN: Duration = Duration::from_secs(300);

/// The sweeps for one flow.
pub struct Reconciler {
    engine: Engine,
    flow: String,
    reconcile: Reconcile,
}

/// The sweeps that a pack wants.
pub(super) fn of(engine: &Engine) -> Vec<Reconciler> {
    let Some(reconcile) = engine.world().pack.reconcile() else { return Vec::new() };
    let flows = engine.can_sweep().into_iter();
    flows.map(|flow| Reconciler { engine: engine.clone(), flow, reconcile }).collect()
}

impl Reconciler {
    /// Sweeps until it is stopped. The first sweep ever is due some time after the first start, and begins there.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let clock = self.engine.world().clock.clone();
        let mut not_before = clock.now();
        loop {
            let now = clock.now();
            // A sweep from a time that is still to come: the clock was set back.
            let last = self.last().map(|last| last.min(now));
            let due = last.map_or(now, |last| later(last, self.reconcile.every)).max(not_before);
            if due <= now {
                // A sweep that is broken off is made again: the time up to which things are known stands as it was.
                let swept = tokio::select! {
                    biased;
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                    swept = self.sweep(last) => swept,
                };
                if let Err(error) = swept {
                    warn!(flow = self.flow, error, "a sweep failed; it is tried again");
                    not_before = later(clock.now(), self.reconcile.every.min(AGAIN));
                }
            } else if !wait_until(clock.as_ref(), due, &mut stopped).await {
                return;
            }
        }
    }

    /// Asks what changed since the last sweep began, and a little before.
    async fn sweep(&self, last: Option<Timestamp>) -> Result<(), String> {
        let now = self.engine.world().clock.now();
        let mark = Cursor { name: self.cursor(), value: Value::from(now.to_string()) };
        let Some(last) = last else {
            return self.engine.keep_cursor(mark).await.map_err(|error| error.to_string());
        };
        let since = last.checked_sub(signed(self.reconcile.overlap)).unwrap_or(Timestamp::MIN);
        let swept = self.engine.sweep(&self.flow, since, Some(mark)).await.map_err(|error| error.to_string())?;
        let Swept { found, new } = swept;
        if new > 0 {
            info!(flow = self.flow, %since, found, new, "changes found that nobody had told of");
        }
        Ok(())
    }

    fn last(&self) -> Option<Timestamp> {
        self.engine.cursor(&self.cursor())?.as_str()?.parse().ok()
    }

    fn cursor(&self) -> String {
        format!("reconcile/{}", self.flow)
    }
}

fn later(time: Timestamp, by: Duration) -> Timestamp {
    time.checked_add(signed(by)).unwrap_or(Timestamp::MAX)
}

fn signed(length: Duration) -> SignedDuration {
    SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX)
}
