//! `invite_microsoft`: the second half of a co-sell deal.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::api::{self, Listing};
use super::own_deal;
use super::shapes::Referral;
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// Asks Microsoft for help with a deal: makes Microsoft's copy of it in the same engagement.
///
/// The two halves of a co-sell deal are two requests, and between them the deal is shared with nobody. So
/// this is an operation of its own that a flow can repeat.
///
/// A repeat is made harmless by looking: the engagement is read, after half a minute in which a new copy must have
/// come into the lists, and a copy that is there is the result. The first attempt reads the engagement too. The window
/// that remains is a copy that is listed later than that.
pub struct InviteMicrosoft(Connection<Client>);

/// Which deal, and which help.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct InviteMicrosoftInput {
    /// The deal as it was made, with the help that is asked for in `inviteContext.assistanceRequestCode`.
    pub referral: Record<Referral>,
    /// The `engagementId` of the own deal.
    pub engagement: String,
}

impl InviteMicrosoft {
    pub(super) fn new(connection: &Connection<Client>) -> InviteMicrosoft {
        InviteMicrosoft(connection.clone())
    }
}

#[async_trait]
impl Operation for InviteMicrosoft {
    const NAME: &'static str = "invite_microsoft";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Verify { settle: api::SETTLE };
    type Input = InviteMicrosoftInput;
    type Output = Record<Referral>;

    async fn call(&self, key: &CallKey, input: InviteMicrosoftInput) -> Result<Record<Referral>, CallError> {
        let client = self.0.bound()?;
        let engagement = input.engagement.trim();
        if engagement.is_empty() {
            return Err(CallError::new(CallErrorKind::Input, "`engagement` is empty; it comes from the own deal"));
        }
        let copy = own_deal::microsofts_copy(input.referral.into_value(), engagement)?;
        if let Some(there) = copy_in(client, key, engagement).await? {
            return Ok(there.into());
        }
        let doing = format!("inviting Microsoft to the engagement `{engagement}`");
        api::post(client, key, copy, &doing).await.map(Record::from)
    }

    async fn look_up(
        &self,
        key: &CallKey,
        input: &InviteMicrosoftInput,
    ) -> Result<Option<Record<Referral>>, CallError> {
        let there = copy_in(self.0.bound()?, key, input.engagement.trim()).await?;
        Ok(there.map(Record::from))
    }
}

/// Microsoft's copy in an engagement, read by its id as it is now.
async fn copy_in(client: &Client, key: &CallKey, engagement: &str) -> Result<Option<Value>, CallError> {
    let listing = Listing { filter: Some(api::of_engagement(engagement)), top: 1000, ..Listing::default() };
    let related = api::list(client, key, &listing).await?;
    match related.iter().find(|referral| api::is_microsofts(referral)).and_then(|copy| copy["id"].as_str()) {
        Some(id) => api::get(client, key, id).await.map(Some),
        None => Ok(None),
    }
}
