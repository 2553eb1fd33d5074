//! `create_referral`: makes an own deal.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::shapes::Referral;
use super::{api, get_referral, own_deal};
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// How many of the newest deals are looked through before another is made: one page.
const LOOKED_AT: usize = 100;

/// Makes an own deal. To ask Microsoft for help with it, go on with `invite_microsoft`.
///
/// What the service would refuse is refused here first, with the name of the field: a deal needs a type,
/// a name, the customer's name and two-letter country, a solution, a member of the sales team with first
/// name, last name and e-mail address, and when it is Shared a contact at the customer.
///
/// A repeat is harmless for a deal with an `externalReferenceId`: the newest hundred own deals are read
/// first, and one that is not closed and carries the same id is returned instead of making a second. Two
/// windows remain: a deal that the service does not list yet, and two flows that make the same deal at
/// the same moment.
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
    const REPEAT: Repeat = Repeat::Unsafe;
    type Input = CreateReferralInput;
    type Output = Record<Referral>;

    async fn call(&self, key: &CallKey, input: CreateReferralInput) -> Result<Record<Referral>, CallError> {
        let client = self.0.bound()?;
        let deal = own_deal::own_deal(input.referral.into_value())?;
        if let Some(made) = made_before(client, key, &deal).await? {
            return Ok(made.into());
        }
        let name = deal["name"].as_str().unwrap_or_default();
        let doing = format!("creating the referral `{name}`");
        api::post(client, key, deal, &doing).await.map(Record::from)
    }
}

/// The deal, if an earlier attempt made it.
async fn made_before(client: &Client, key: &CallKey, deal: &Value) -> Result<Option<Value>, CallError> {
    let Some(id) = deal["externalReferenceId"].as_str().filter(|id| !id.trim().is_empty()) else {
        return Ok(None);
    };
    get_referral::own_deal(client, key, id, LOOKED_AT, None, |deal| deal["status"] != "Closed").await
}
