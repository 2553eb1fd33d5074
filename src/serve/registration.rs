//! Looks now and then whether the tenant's events still come here. A tenant has one registration: another tool, or
//! another engine, may take it over, and from then on simply no event comes.
//!
//! Only the log tells of it. To register again is for people, since whoever took the events over has them lost then.

#[cfg(test)]
mod tests;

use cosell_connectors::doctor::{Finding, where_events_go};
use cosell_connectors::events::Registration;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use cosell_engine::engine::Engine;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::watch;
use tracing::{debug, info, warn};
use uuid::Uuid;

use super::{listener, wait_until};
use crate::environment::EngineSettings;

/// The trigger whose events are registered for, and the operation that reads the registration.
const TRIGGER: &str = "events.referral";
const VIEW: &str = "events.view_registration";

/// The time from one look to the next.
const EVERY: SignedDuration = SignedDuration::from_mins(15);

/// The looks at the registration.
pub(super) struct Lookout {
    engine: Engine,
    /// The address that should be registered.
    here: String,
    /// What was found last.
    last: Option<Finding>,
}

/// The looks for an engine that receives events. Without a public address nobody knows here what should be registered.
pub(super) fn of(engine: &Engine, settings: &EngineSettings, received: &[super::Fed]) -> Option<Lookout> {
    let base = settings.public_url.as_deref()?;
    received.iter().find(|fed| fed.trigger == TRIGGER)?;
    let here = format!("{}{}", base.trim_end_matches('/'), listener::path(TRIGGER));
    Some(Lookout { engine: engine.clone(), here, last: None })
}

impl Lookout {
    /// Looks at once, and then again and again until it is stopped.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let clock = self.engine.world().clock.clone();
        loop {
            let news = tokio::select! {
                biased;
                _ = stopped.wait_for(|stopped| *stopped) => return,
                news = self.look() => news,
            };
            match news {
                Some(Finding::Wrong { what, help }) => warn!("{what}; help: {help}"),
                Some(Finding::Good(seen)) => info!("{seen} again"),
                _ => {}
            }
            let next = clock.now().checked_add(EVERY).unwrap_or(Timestamp::MAX);
            while clock.now() < next {
                if !wait_until(clock.as_ref(), next, &mut stopped).await {
                    return;
                }
            }
        }
    }

    /// What is found, where that is news: something is wrong that was not, or not so, or all is well again.
    async fn look(&mut self) -> Option<Finding> {
        let found = match self.registration().await {
            Ok(registration) => where_events_go(&registration, &self.here),
            // What is wrong with the connection is told by the runs that use it.
            Err(error) => {
                debug!(%error, "the registration for events could not be looked at");
                return None;
            }
        };
        let is_news = match &self.last {
            Some(last) => *last != found,
            None => matches!(found, Finding::Wrong { .. }),
        };
        self.last = Some(found.clone());
        is_news.then_some(found)
    }

    async fn registration(&self) -> Result<Registration, CallError> {
        let unexpected = |message: String| CallError::new(CallErrorKind::Unexpected, message);
        let connectors = &self.engine.world().connectors;
        let view = connectors.operation(VIEW).ok_or_else(|| unexpected(format!("there is no `{VIEW}`")))?;
        let key = CallKey::new("lookout", "registration", Uuid::new_v4());
        let answer = view.call_any(&key, &json!({})).await?;
        Registration::deserialize(&*answer.value).map_err(|error| unexpected(error.to_string()))
    }
}
