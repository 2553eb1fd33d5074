//! What happened to a referral, as an event (S25, S27, S30).

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::{Value, json};

use super::deliver::{self, UnderWay};
use super::referrals::Referral;
use super::shape;
use super::states::text;
use crate::behaviours::{Behaviour, Behaviours};
use crate::clock;
use crate::world::World;

/// A notification. It carries no referral data; the receiver must read the referral.
#[derive(Debug, Clone)]
pub(crate) struct Event {
    /// As `referral-updated`.
    pub(crate) name: &'static str,
    /// Address of what changed, on the Partner Center host and not the referrals host (S30).
    pub(crate) resource_uri: String,
    /// `referral` or `test`.
    pub(crate) resource_name: &'static str,
    /// When it changed.
    pub(crate) changed: Timestamp,
}

impl Event {
    /// The body that is signed and posted. The definition writes the names in camelCase, the samples do not; and one
    /// table calls the audit's address otherwise.
    pub(crate) fn body(&self, behaviours: &Behaviours) -> Value {
        let changed = clock::fine(self.changed);
        let audit = if behaviours.on(Behaviour::AuditUrl) { "AuditUrl" } else { "AuditUri" };
        let body = json!({
            "EventName": self.name, "ResourceUri": self.resource_uri, "ResourceName": self.resource_name,
            audit: null, "ResourceChangeUtcDate": changed.replace('Z', "+00:00"),
        });
        if behaviours.on(Behaviour::CamelCaseEvents) { shape::camel_case(&body) } else { body }
    }
}

/// A referral appeared. The change was announced before it was made.
pub(crate) fn created(world: &Arc<World>, referral: &Referral, under_way: &UnderWay) {
    let name = if referral.microsoft { "related-referral-created" } else { "referral-created" };
    raise(world, name, &referral.body, under_way);
}

/// A referral changed; Microsoft's copy is only related to the partner.
pub(crate) fn updated(world: &Arc<World>, body: &Value, microsoft: bool, under_way: &UnderWay) {
    let name = if microsoft { "related-referral-updated" } else { "referral-updated" };
    raise(world, name, body, under_way);
}

/// Whether the real event gives the same instant as the referral is not documented; here it does.
fn raise(world: &Arc<World>, name: &'static str, body: &Value, under_way: &UnderWay) {
    let resource_uri = format!("{}/engagements/v1/referrals/{}", world.addresses.partner_center, text(body, "/id"));
    if world.behaviours.on(Behaviour::TenantWithoutEvents) {
        return;
    }
    let changed = text(body, "/updatedDateTime").parse().unwrap_or_else(|_| world.clock.now());
    let event = Event { name, resource_uri, resource_name: "referral", changed };
    deliver::send(world, event, None, under_way);
}
