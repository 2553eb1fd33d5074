//! `create_referral`: makes an own deal.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::api::{self, Listing};
use super::shapes::Referral;
use super::{get_referral, own_deal};
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// How many of the newest deals are looked through before the first attempt: one page.
const AT_FIRST: usize = 100;

/// Makes an own deal. To ask Microsoft for help with it, go on with `invite_microsoft`.
///
/// What the service would refuse is refused here first, with the name of the field: a deal needs a type,
/// a name, the customer's name and two-letter country, a solution, a member of the sales team with first
/// name, last name and e-mail address, and when it is Shared a contact at the customer.
///
/// The service takes no id of the client's choosing and filters by none, so a repeat of a deal with an
/// `externalReferenceId` is made harmless by looking: after half a minute, in which a new deal must have come into
/// the lists, the newest thousand deals are read, and one that is not closed and carries the same id is the
/// result. The first attempt looks through the newest hundred too. Three windows remain: a deal that is listed later
/// than that, one that is closed within that time, and two flows that make the same deal at the same moment. A deal
/// without such an id cannot be recognised: where nobody knows whether it was made, the step fails.
pub struct CreateReferral(Connection<Client>);

/// What the deal is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateReferralInput {
    /// The deal. Its `inviteContext` is left out here: the help code belongs on Microsoft's copy.
    pub referral: Record<Referral>,
}

impl CreateReferral {
    pub(super) fn new(connection: &Connection<Client>) -> CreateReferral {
        CreateReferral(connection.clone())
    }
}

#[async_trait]
impl Operation for CreateReferral {
    const NAME: &'static str = "create_referral";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Verify { settle: api::SETTLE };
    type Input = CreateReferralInput;
    type Output = Record<Referral>;

    fn json(referral: Record<Referral>) -> serde_json::Result<Value> {
        Ok(referral.into_value())
    }

    async fn call(&self, key: &CallKey, input: CreateReferralInput) -> Result<Record<Referral>, CallError> {
        let client = self.0.bound()?;
        let deal = own_deal::own_deal(input.referral.into_value())?;
        if let Some(made) = made_before(client, key, &deal, AT_FIRST).await? {
            return Ok(made.into());
        }
        let name = deal["name"].as_str().unwrap_or_default();
        let doing = format!("creating the referral `{name}`");
        api::post(client, key, deal, &doing).await.map(Record::from)
    }

    fn repeat(input: &CreateReferralInput) -> Repeat {
        match external_id(input.referral.value()) {
            Some(_) => Self::REPEAT,
            None => Repeat::Unsafe,
        }
    }

    async fn look_up(&self, key: &CallKey, input: &CreateReferralInput) -> Result<Option<Record<Referral>>, CallError> {
        let made = made_before(self.0.bound()?, key, input.referral.value(), get_referral::LOOKED_AT).await?;
        Ok(made.map(Record::from))
    }
}

/// The deal, if an earlier attempt made it and it is among as many of the newest. Deals of both directions are looked
/// at: the service has been seen to list deals that were made here as incoming.
async fn made_before(client: &Client, key: &CallKey, deal: &Value, newest: usize) -> Result<Option<Value>, CallError> {
    let Some(id) = external_id(deal) else { return Ok(None) };
    let listing = Listing { top: newest, ..Listing::default() };
    get_referral::own_deal(client, key, id, listing, |deal| deal["status"] != "Closed").await
}

/// The CRM's id of a deal, by which it is recognised.
fn external_id(deal: &Value) -> Option<&str> {
    deal["externalReferenceId"].as_str().filter(|id| !id.trim().is_empty())
}
