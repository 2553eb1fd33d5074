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
use tracing::{info, warn};
use uuid::Uuid;

use super::{listener, wait_until};
use crate::environment::EngineSettings;
use crate::needs::EVENTS;

/// The operation that reads the registration.
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
    /// Why the registration cannot be looked at, since the last look failed.
    failure: Option<Failed>,
}

/// What tells one failure of a look from another. A message may hold the id of a request, which is never the same.
type Failed = (CallErrorKind, Option<u16>, Option<String>);

/// The looks for an engine that receives events. Without a public address nobody knows here what should be registered.
pub(super) fn of(engine: &Engine, settings: &EngineSettings, received: &[super::Fed]) -> Option<Lookout> {
    let base = settings.public_url.as_deref()?;
    received.iter().find(|fed| fed.trigger == EVENTS)?;
    let here = format!("{}{}", base.trim_end_matches('/'), listener::path(EVENTS));
    Some(Lookout { engine: engine.clone(), here, last: None, failure: None })
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
            for finding in news {
                match finding {
                    Finding::Wrong { what, help } => warn!("{what}; help: {help}"),
                    Finding::Good(seen) => info!("{seen} again"),
                    Finding::NotTried(_) | Finding::NotBound => {}
                }
            }
            let next = clock.now().checked_add(EVERY).unwrap_or(Timestamp::MAX);
            while clock.now() < next {
                if !wait_until(clock.as_ref(), next, &mut stopped).await {
                    return;
                }
            }
        }
    }

    /// What is news: no look is possible, or not for another reason, or one is again; something is wrong that was
    /// not, or not so, or all is well again.
    async fn look(&mut self) -> Vec<Finding> {
        match self.registration().await {
            Ok(registration) => {
                let seen = || Finding::Good("the registration for events can be looked at".to_owned());
                let sees_again = self.failure.take().map(|_| seen());
                sees_again.into_iter().chain(self.found(where_events_go(&registration, &self.here))).collect()
            }
            Err(error) => self.failed(error).into_iter().collect(),
        }
    }

    fn found(&mut self, found: Finding) -> Option<Finding> {
        let is_news = match &self.last {
            Some(last) => *last != found,
            None => matches!(found, Finding::Wrong { .. }),
        };
        self.last = Some(found.clone());
        is_news.then_some(found)
    }

    /// Often no run uses the connection to the events, so nobody else would tell that it fails.
    fn failed(&mut self, error: CallError) -> Option<Finding> {
        let failed = Some((error.kind, error.status, error.code));
        let is_news = self.failure != failed;
        self.failure = failed;
        is_news.then(|| Finding::Wrong {
            what: format!("whether events come here cannot be looked at: {}", error.message),
            help: "see what `cosell doctor` says of `events`".to_owned(),
        })
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
