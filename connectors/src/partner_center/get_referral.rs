//! `get_referral` and `find_referral`: one referral, by its own id or by the CRM's.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use jiff::{SignedDuration, Timestamp};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;
use uuid::Uuid;

use super::api::{self, Listing};
use super::shapes::Referral;
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// How many own deals are looked at, where none must be missed.
pub(super) const LOOKED_AT: usize = 1000;

/// Reads one referral.
pub struct GetReferral(Connection<Client>);

/// Which referral.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetReferralInput {
    /// The referral's GUID.
    pub id: String,
    /// The GUID of the CRM's record that named the referral. A referral that shows another GUID is refused: people can
    /// edit the referral's id in the CRM, and would have one deal overwritten with another. One that shows none, or some
    /// other text, is anybody's. Braces and the case of letters do not matter.
    #[serde(default)]
    pub belongs_to: Option<String>,
}

/// Finds an own deal by the CRM's id for it; null when there is none.
///
/// The service documents no filter on that id, so the deals that it lists as outgoing are read, newest
/// first, and compared here, back to `created_since` where that is given. A deal that lies behind a thousand
/// newer ones is not found; nor is one that the service lists as incoming although it was made here.
pub struct FindReferral(Connection<Client>);

/// Which deal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindReferralInput {
    /// The CRM's id of the deal, as it stands in the referral's `externalReferenceId`; the case of letters
    /// does not matter.
    pub external_reference_id: String,
    /// The deal was created after this: when the CRM's row was, for one that was made from it.
    #[serde(default)]
    pub created_since: Option<String>,
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
    const REPEAT: Repeat = Repeat::Safe;
    const VERSION: Option<&'static str> = Some("eTag");
    type Input = GetReferralInput;
    type Output = Record<Referral>;

    fn json(referral: Record<Referral>) -> serde_json::Result<Value> {
        Ok(referral.into_value())
    }

    async fn call(&self, key: &CallKey, input: GetReferralInput) -> Result<Record<Referral>, CallError> {
        let referral = api::get(self.0.bound()?, key, &input.id).await?;
        if let Some(record) = &input.belongs_to {
            check_owner(&referral, record)?;
        }
        Ok(Record::from(referral))
    }
}

#[async_trait]
impl Operation for FindReferral {
    const NAME: &'static str = "find_referral";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    const VERSION: Option<&'static str> = Some("eTag");
    type Input = FindReferralInput;
    type Output = Option<Record<Referral>>;

    async fn call(&self, key: &CallKey, input: FindReferralInput) -> Result<Self::Output, CallError> {
        let wanted = input.external_reference_id.trim();
        if wanted.is_empty() {
            let message = "`external_reference_id` is empty, which would match any deal without one";
            return Err(CallError::new(CallErrorKind::Input, message));
        }
        let created_since = input.created_since.as_deref().map(instant).transpose()?;
        let listing =
            Listing { filter: Some(OUTGOING.to_owned()), top: LOOKED_AT, created_since, ..Listing::default() };
        let found = own_deal(self.0.bound()?, key, wanted, listing, |_| true).await?;
        Ok(found.map(Record::from))
    }
}

/// The field is free text, in which people also keep numbers of other systems. Only the id of another row says that the
/// deal is another record's.
fn check_owner(referral: &Value, record: &str) -> Result<(), CallError> {
    let shown = referral["externalReferenceId"].as_str().unwrap_or_default();
    let Ok(owner) = Uuid::parse_str(shown.trim()) else { return Ok(()) };
    if Uuid::parse_str(record.trim()).is_ok_and(|record| record == owner) {
        return Ok(());
    }
    let message = format!(
        "referral `{}` has the record `{owner}` of the CRM as its `CRM ID`, not `{record}`; correct the referral's id in \
         the CRM, or, where that is right, put `{record}` into `CRM ID` in Partner Center",
        referral["id"].as_str().unwrap_or_default()
    );
    Err(CallError::new(CallErrorKind::Input, message))
}

/// The deals that were made on this side, as the service lists them.
const OUTGOING: &str = "direction eq 'Outgoing'";

/// A CRM shows whole seconds; clocks of two services may differ.
const CLOCKS_APART: SignedDuration = SignedDuration::from_mins(15);

fn instant(text: &str) -> Result<Timestamp, CallError> {
    let unreadable =
        |_| CallError::new(CallErrorKind::Input, format!("`created_since` is `{text}`, which is no instant"));
    let instant: Timestamp = text.parse().map_err(unreadable)?;
    Ok(instant.saturating_sub(CLOCKS_APART).unwrap_or(instant))
}

/// The newest deal of this side that the CRM knows by that id, among those that the listing names.
pub(super) async fn own_deal(
    client: &Client,
    key: &CallKey,
    external_id: &str,
    listing: Listing,
    wanted: fn(&Value) -> bool,
) -> Result<Option<Value>, CallError> {
    let listing = Listing {
        order_by: Some("createdDateTime desc".to_owned()),
        select: Some("id,externalReferenceId,status,target,createdDateTime"),
        ..listing
    };
    let newest = api::list(client, key, &listing).await?;
    let found = newest.iter().find(|deal| has_external_id(deal, external_id) && wanted(deal));
    match found.and_then(|deal| deal["id"].as_str()) {
        Some(id) => api::get(client, key, id).await.map(Some),
        None => Ok(None),
    }
}

/// Whether the CRM knows the deal by that id. Microsoft's copy of a deal may carry it too; it is another
/// referral.
fn has_external_id(deal: &Value, wanted: &str) -> bool {
    let id = deal["externalReferenceId"].as_str().unwrap_or_default();
    id.trim().eq_ignore_ascii_case(wanted.trim()) && !api::is_microsofts(deal)
}
