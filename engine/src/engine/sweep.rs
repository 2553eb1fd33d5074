//! What has changed since a time, asked for and fed to a flow as if it had just been told: what is known by its content
//! key is a copy.

use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tracing::{info, warn};

use super::Engine;
use super::orders::Settled;
use crate::connector::{AnyTrigger, CallError, CallErrorKind, Polled, TriggerEvent};
use crate::flow::{EventTrigger, Trigger};
use crate::store::{Cursor, StoreError};

/// Events that are accepted at once.
const PAGE: usize = 500;
/// Questions in one sweep: far more than there are changes.
const MOST_PAGES: usize = 10_000;
/// How often a question is asked that has no answer, or events are brought that find no room.
const TRIES: u32 = 6;
/// The first and the longest pause before that.
const PAUSES: (Duration, Duration) = (Duration::from_secs(2), Duration::from_secs(60));

/// What a sweep found.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// How many changes.
    pub found: usize,
    /// How many of them were not known.
    pub new: usize,
}

/// A sweep that did not get to its end. What it had found until then is accepted.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// There is nothing to ask.
    #[error("the flow `{0}` is started by nothing that can be asked what changed since a time")]
    CannotAsk(String),
    /// The service gave no answer.
    #[error("the service could not be asked: {0}")]
    Call(#[from] CallError),
    /// The events could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The answers have no end.
    #[error("there are more than {MOST_PAGES} pages of changes")]
    Endless,
}

impl Engine {
    /// The flows whose triggers can be asked what changed since a time.
    pub fn can_sweep(&self) -> Vec<String> {
        let now = self.world().clock.now();
        let flows = self.world().pack.flows().map(|planned| &planned.flow.name);
        flows.filter(|flow| self.asked(flow, now).is_some()).cloned().collect()
    }

    /// Asks what changed at that time or later, page by page, and takes in what is new for that flow. At its end,
    /// `mark` is kept with the last of it.
    pub async fn sweep(&self, flow: &str, since: Timestamp, mark: Option<Cursor>) -> Result<Swept, SweepError> {
        let (used, trigger, mut cursor) =
            self.asked(flow, since).ok_or_else(|| SweepError::CannotAsk(flow.to_owned()))?;
        let mut swept = Swept::default();
        for page in 0..MOST_PAGES {
            let Polled { events, cursor: next } = self.ask(trigger.as_ref(), used, &cursor).await?;
            for some in events.chunks(PAGE) {
                swept.new += self.bring(flow, used, some).await?;
            }
            swept.found += events.len();
            // What a flow does not want is not in a page, so that an empty one need not be the last.
            if next == cursor {
                if let Some(mark) = mark {
                    self.keep(Vec::new(), Some(mark)).await?;
                }
                return Ok(swept);
            }
            if page > 0 {
                info!(flow, page, found = swept.found, new = swept.new, "the sweep goes on");
            }
            cursor = next;
        }
        Err(SweepError::Endless)
    }

    /// Feeds one flow, or all that can be asked, with what changed since a time.
    pub(super) async fn backfill(&self, since: Timestamp, flow: Option<&str>) -> Settled {
        let flows = flow.map_or_else(|| self.can_sweep(), |flow| vec![flow.to_owned()]);
        if flows.is_empty() {
            return Err("no flow is started by something that can be asked what changed since a time".to_owned());
        }
        let mut told = Vec::new();
        let mut failed = false;
        for flow in flows {
            match self.sweep(&flow, since, None).await {
                Ok(Swept { found, new }) => told.push(format!("`{flow}`: {found} changes found, {new} new")),
                Err(error) => {
                    failed = true;
                    told.push(format!("`{flow}`: {error}"));
                }
            }
        }
        let told = told.join("; ");
        if failed { Err(told) } else { Ok(told) }
    }

    /// A flow's trigger, and with what it is asked.
    fn asked(&self, flow: &str, since: Timestamp) -> Option<(&EventTrigger, &Arc<dyn AnyTrigger>, Value)> {
        let Trigger::Event(used) = &self.world().pack.flow(flow)?.flow.trigger else { return None };
        let trigger = self.world().connectors.trigger(&used.name)?;
        Some((used, trigger, trigger.since(since)?))
    }

    /// Asks once, and again while there is no answer.
    async fn ask(&self, trigger: &dyn AnyTrigger, used: &EventTrigger, cursor: &Value) -> Result<Polled, CallError> {
        let mut tries = 0;
        loop {
            match trigger.poll_any(&used.with, Some(cursor.clone())).await {
                Err(error) if tries < TRIES && may_pass(&error) => {
                    let pause = pause(tries).max(error.retry_after().unwrap_or_default());
                    warn!(trigger = used.name, kind = error.kind.name(), ?pause, "asking again");
                    self.world().clock.sleep(pause).await;
                    tries += 1;
                }
                answer => return answer,
            }
        }
    }

    /// Takes in events for one flow, and waits while there is no room for them.
    async fn bring(&self, flow: &str, used: &EventTrigger, events: &[TriggerEvent]) -> Result<usize, StoreError> {
        let mut tries = 0;
        loop {
            match self.take_in(&used.name, events, Some(flow), None).await {
                Err(StoreError::Full(_)) if tries < TRIES => {
                    self.world().clock.sleep(pause(tries)).await;
                    tries += 1;
                }
                kept => return kept,
            }
        }
    }
}

/// Whether the service may answer later.
fn may_pass(error: &CallError) -> bool {
    use CallErrorKind::{Throttled, Unanswered, Unavailable};
    matches!(error.kind, Throttled | Unavailable | Unanswered)
}

fn pause(tries: u32) -> Duration {
    PAUSES.0.saturating_mul(1 << tries.min(16)).min(PAUSES.1)
}
