//! `get_referral` and `find_referral`: one referral, by its own id or by the CRM's.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::api::{self, Listing};
use super::shapes::Referral;
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// How many own deals `find_referral` looks at.
const LOOKED_AT: usize = 1000;

/// Reads one referral.
pub struct GetReferral(Connection<Client>);

/// Which referral.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetReferralInput {
    /// The referral's GUID.
    pub id: String,
}

/// Finds an own deal by the CRM's id for it; null when there is none.
///
/// The service documents no filter on that id, so the deals that it lists as outgoing are read, newest
/// first, and compared here. A deal that lies behind a thousand newer ones is not found; nor is one that
/// the service lists as incoming although it was made here.
pub struct FindReferral(Connection<Client>);

/// Which deal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindReferralInput {
    /// The CRM's id of the deal, as it stands in the referral's `externalReferenceId`; the case of letters
    /// does not matter.
    pub external_reference_id: String,
}

impl GetReferral {
    pub(super) fn new(connection: &Connection<Client>) -> GetReferral {
        GetReferral(connection.clone())
    }
}

impl FindReferral {
    pub(super) fn new(connection: &Connection<Client>) -> FindReferral {
        FindReferral(connection.clone())
    }
}

#[async_trait]
impl Operation for GetReferral {
    const NAME: &'static str = "get_referral";
    const EFFECT: Effect = Effect::Reads;
    const VERSION: Option<&'static str> = Some("eTag");
    type Input = GetReferralInput;
    type Output = Record<Referral>;

    async fn call(&self, key: &CallKey, input: GetReferralInput) -> Result<Record<Referral>, CallError> {
        api::get(self.0.bound()?, key, &input.id).await.map(Record::from)
    }
}

#[async_trait]
impl Operation for FindReferral {
    const NAME: &'static str = "find_referral";
    const EFFECT: Effect = Effect::Reads;
    const VERSION: Option<&'static str> = Some("eTag");
    type Input = FindReferralInput;
    type Output = Option<Record<Referral>>;

    async fn call(&self, key: &CallKey, input: FindReferralInput) -> Result<Self::Output, CallError> {
        let wanted = input.external_reference_id.trim();
        if wanted.is_empty() {
            let message = "`external_reference_id` is empty, which would match any deal without one";
            return Err(CallError::new(CallErrorKind::Input, message));
        }
        let deals = api::list(self.0.bound()?, key, &newest_own_deals(LOOKED_AT)).await?;
        Ok(deals.into_iter().find(|deal| has_external_id(deal, wanted)).map(Record::from))
    }
}

/// The deals made on this side, newest first.
pub(super) fn newest_own_deals(top: usize) -> Listing {
    Listing {
        filter: Some("direction eq 'Outgoing'".to_owned()),
        order_by: Some("createdDateTime desc".to_owned()),
        top,
    }
}

/// Whether the CRM knows the deal by that id. Microsoft's copy of a deal may carry it too; it is another
/// referral.
pub(super) fn has_external_id(deal: &Value, wanted: &str) -> bool {
    let id = deal["externalReferenceId"].as_str().unwrap_or_default();
    id.trim().eq_ignore_ascii_case(wanted.trim()) && !api::is_microsofts(deal)
}
