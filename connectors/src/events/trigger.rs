//! The trigger `referral`: something happened to a referral.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, Incoming, Mode, Polled, Refusal, Trigger, TriggerEvent};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::poll;
use super::receiver::Receiver;
use crate::client::Client;
use crate::connection::Connection;
use crate::cursor::Cursor;

/// Starts a run when a referral is made or changed.
///
/// The service's event says which referral, not what changed: a flow reads the referral. Events come at
/// least once and in any order.
pub struct ReferralTrigger {
    receiver: Connection<Receiver>,
    partner_center: Connection<Client>,
}

/// Which events are wanted.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ReferralTriggerInput {
    /// The events; all four by default.
    #[serde(default = "all_events")]
    pub events: Vec<ReferralEvent>,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ReferralEvent {
    /// A referral appeared.
    ReferralCreated,
    /// A referral changed, by whomever: what this engine writes comes back too.
    ReferralUpdated,
    /// Another party's referral of the same engagement appeared.
    RelatedReferralCreated,
    /// Another party's referral of the same engagement changed, such as Microsoft's.
    RelatedReferralUpdated,
}

/// The event: `$.trigger`.
#[derive(Debug, Serialize, Deserialize, JsonSchema)]
pub struct ReferralTriggerBody {
    /// What happened.
    pub event: ReferralEvent,
    /// The referral's GUID.
    pub referral_id: String,
    /// When it happened, as the service writes it.
    pub changed: String,
}

impl ReferralTrigger {
    pub(super) fn new(receiver: Connection<Receiver>, partner_center: &Connection<Client>) -> ReferralTrigger {
        ReferralTrigger { receiver, partner_center: partner_center.clone() }
    }
}

#[async_trait]
impl Trigger for ReferralTrigger {
    const NAME: &'static str = "referral";
    const MODES: &'static [Mode] = &[Mode::Webhook, Mode::Poll];
    type Input = ReferralTriggerInput;
    type Output = ReferralTriggerBody;

    fn wants(&self, input: &ReferralTriggerInput, event: &TriggerEvent) -> bool {
        ReferralEvent::deserialize(&event.body["event"]).is_ok_and(|event| input.events.contains(&event))
    }

    async fn receive(&self, request: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        // Whoever sends is not told more than that nobody listens here.
        let receiver = self.receiver.bound().map_err(|_| Refusal::new(404, "nothing is received here"))?;
        receiver.receive(request).await
    }

    async fn poll(&self, input: &ReferralTriggerInput, cursor: Option<Value>) -> Result<Polled, CallError> {
        let mut polled = poll::poll(self.partner_center.bound()?, cursor).await?;
        polled.events.retain(|event| self.wants(input, event));
        Ok(polled)
    }

    fn since(&self, time: Timestamp) -> Option<Value> {
        Cursor::since(time).written().ok()
    }
}

fn all_events() -> Vec<ReferralEvent> {
    use ReferralEvent::*;
    vec![ReferralCreated, ReferralUpdated, RelatedReferralCreated, RelatedReferralUpdated]
}
