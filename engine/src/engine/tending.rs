//! What is done now and then: looking for orders, and forgetting what is old.

use std::sync::{Arc, Weak};

use jiff::{SignedDuration, Timestamp};
use tracing::{info, warn};

use super::{Engine, Shared};
use crate::clock::Clock;

/// How often orders are looked for that another process gave.
const ORDERS: SignedDuration = SignedDuration::from_secs(1);
/// How often it is looked for what may be forgotten.
const FORGET: SignedDuration = SignedDuration::from_mins(1);

impl Engine {
    /// Begins to do what is done now and then, until the engine is stopped or gone.
    pub(super) fn tend(&self) {
        tokio::spawn(tend(Arc::downgrade(&self.0), Arc::clone(&self.world().clock)));
    }

    /// Has the store forget what is older or more than is to be kept, a part at a time.
    async fn forget(&self) {
        let store = &self.world().store;
        let mut forgotten = 0;
        while !self.desk().is_stopping {
            match store.prune(&self.0.options.keep, self.world().clock.now()).await {
                Ok(0) => break,
                Ok(some) => forgotten += some,
                Err(error) => {
                    warn!(%error, "what is old could not be forgotten");
                    break;
                }
            }
            tokio::task::yield_now().await;
        }
        if forgotten > 0 {
            info!(forgotten, "old runs and content keys forgotten");
        }
    }
}

async fn tend(engine: Weak<Shared>, clock: Arc<dyn Clock>) {
    let mut forget_at = later(clock.now(), FORGET);
    loop {
        {
            let Some(engine) = engine.upgrade().map(Engine) else { return };
            if engine.desk().is_stopping {
                return;
            }
            if let Err(error) = engine.carry_out_orders().await {
                warn!(%error, "orders could not be looked for");
            }
            let now = clock.now();
            // A clock that was set back must not hold this up.
            if now >= forget_at || forget_at > later(now, FORGET) {
                engine.forget().await;
                forget_at = later(now, FORGET);
            }
        }
        clock.reached(later(clock.now(), ORDERS)).await;
    }
}

fn later(now: Timestamp, by: SignedDuration) -> Timestamp {
    now.checked_add(by).unwrap_or(Timestamp::MAX)
}
