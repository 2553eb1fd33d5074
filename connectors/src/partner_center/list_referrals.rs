//! `list_referrals` and `related_referrals`: several referrals at once.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api::{self, Listing};
use super::shapes::Referral;
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// How many referrals one call returns at most.
const MOST: usize = 1000;

/// Lists referrals.
pub struct ListReferrals(Connection<Client>);

/// Which referrals to list.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListReferralsInput {
    /// An OData filter, such as `status eq 'Active' and direction eq 'Incoming'`.
    #[serde(default)]
    pub filter: Option<String>,
    /// `createdDateTime` or `updatedDateTime`, with ` desc` for the newest first.
    #[serde(default)]
    pub order_by: Option<String>,
    /// How many at most: 100 by default, 1000 at most.
    #[serde(default)]
    #[schemars(range(min = 1, max = 1000))]
    pub top: Option<usize>,
}

/// Several referrals.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Referrals {
    /// The referrals, in the order asked for.
    pub value: Vec<Record<Referral>>,
}

/// Lists the referrals of all parties to one deal.
pub struct RelatedReferrals(Connection<Client>);

/// Which deal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelatedReferralsInput {
    /// The engagement: a referral's `engagementId`.
    pub engagement: String,
}

impl ListReferrals {
    pub(super) fn new(connection: &Connection<Client>) -> ListReferrals {
        ListReferrals(connection.clone())
    }
}

impl RelatedReferrals {
    pub(super) fn new(connection: &Connection<Client>) -> RelatedReferrals {
        RelatedReferrals(connection.clone())
    }
}

#[async_trait]
impl Operation for ListReferrals {
    const NAME: &'static str = "list_referrals";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = ListReferralsInput;
    type Output = Referrals;

    async fn call(&self, key: &CallKey, input: ListReferralsInput) -> Result<Referrals, CallError> {
        let top = input.top.unwrap_or(100).clamp(1, MOST);
        let listing = Listing { filter: input.filter, order_by: input.order_by, top, ..Listing::default() };
        referrals(&self.0, key, &listing).await
    }
}

#[async_trait]
impl Operation for RelatedReferrals {
    const NAME: &'static str = "related_referrals";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = RelatedReferralsInput;
    type Output = Referrals;

    async fn call(&self, key: &CallKey, input: RelatedReferralsInput) -> Result<Referrals, CallError> {
        let filter = Some(api::of_engagement(&input.engagement));
        referrals(&self.0, key, &Listing { filter, top: MOST, ..Listing::default() }).await
    }
}

async fn referrals(connection: &Connection<Client>, key: &CallKey, listing: &Listing) -> Result<Referrals, CallError> {
    let found = api::list(connection.bound()?, key, listing).await?;
    Ok(Referrals { value: found.into_iter().map(Record::from).collect() })
}
