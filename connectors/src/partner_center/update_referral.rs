//! `update_referral`: changes a referral that was read.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::shapes::Referral;
use super::{api, patch};
use crate::Record;
use crate::client::Client;
use crate::connection::Connection;

/// Changes a referral that nobody has changed since it was read.
///
/// The service lets only some fields be changed after creation; any other is refused by name before
/// anything is sent. A list is written as a whole.
///
/// A repeat is harmless: the first attempt moves the version, so the service refuses a second one. The referral
/// is then read, and where it says what is to be written, that is no conflict. The window that remains: where
/// somebody else changes the same fields between the attempts, the repeat ends in a conflict.
pub struct UpdateReferral(Connection<Client>);

/// What to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateReferralInput {
    /// The referral's GUID.
    pub id: String,
    /// The changed fields only, nested as in the referral.
    pub changes: Record<Referral>,
    /// The version that was read: the referral's `eTag`, with its own quotes.
    pub if_match: String,
    /// The referral then says what the CRM says. Read again at that version it carries
    /// `@cosell.in_step: true`, so that the echo of this write can be told from somebody's change.
    #[serde(default)]
    pub in_step: bool,
    /// The change may accept a deal that somebody else offers: that is what a status of `Active` does to one that is
    /// `New`, and it cannot be taken back. Without this such a change is refused, so that no import and no mass edit
    /// accepts deals by the way.
    #[serde(default)]
    pub accept: bool,
}

impl UpdateReferral {
    pub(super) fn new(connection: &Connection<Client>) -> UpdateReferral {
        UpdateReferral(connection.clone())
    }
}

#[async_trait]
impl Operation for UpdateReferral {
    const NAME: &'static str = "update_referral";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = UpdateReferralInput;
    type Output = Record<Referral>;

    fn json(referral: Record<Referral>) -> serde_json::Result<Value> {
        Ok(referral.into_value())
    }

    async fn call(&self, key: &CallKey, input: UpdateReferralInput) -> Result<Record<Referral>, CallError> {
        let client = self.0.bound()?;
        let Value::Object(changes) = input.changes.value() else {
            return Err(CallError::new(CallErrorKind::Input, "`changes` must be an object, nested as the referral is"));
        };
        let patch = patch::document(changes)?;
        // An empty patch would still move the version and raise an event.
        if patch.is_empty() {
            return api::get(client, key, &input.id).await.map(Record::from);
        }
        if !input.accept && changes.get("status").is_some_and(|status| status == "Active") {
            refuse_to_accept(client, key, &input.id).await?;
        }
        let document = Value::Array(patch.clone());
        let refused = match api::patch(client, key, &input.id, document, &input.if_match, input.in_step).await {
            // A deal that an earlier attempt has closed may be refused for that and not for its version.
            Err(error) if matches!(error.kind, CallErrorKind::Conflict | CallErrorKind::Input) => error,
            result => return result.map(Record::from),
        };
        match api::get(client, key, &input.id).await? {
            referral if patch::is_applied(&patch, &referral) => Ok(referral.into()),
            _ => Err(refused),
        }
    }
}

/// Fails where a deal is still to be accepted. Somebody who accepts it after this look moves its version, and the change
/// is a conflict then.
async fn refuse_to_accept(client: &Client, key: &CallKey, id: &str) -> Result<(), CallError> {
    if api::get(client, key, id).await?["status"] != "New" {
        return Ok(());
    }
    let message = format!(
        "referral `{id}` is not accepted yet, and this change would do it: accept it in Partner Center, or allow it \
         here with `accept: true`"
    );
    Err(CallError::new(CallErrorKind::Input, message))
}
