//! A referral as it is read: whole by default, and by switch with the oddities of real payloads (S6, S20, S34).

use serde_json::{Map, Value, json};

use super::states::text;
use crate::behaviours::{Behaviour, Behaviours};

/// The body as the service writes it now.
pub(crate) fn present(mut body: Value, behaviours: &Behaviours) -> Value {
    let on = |behaviour| behaviours.on(behaviour);
    if on(Behaviour::MisspelledLinks) {
        misspell(&mut body);
    }
    if on(Behaviour::UnknownEnumValues) {
        be_new(&mut body);
    }
    if on(Behaviour::IdsAsObject)
        && let Some(ids) = body.pointer_mut("/customerProfile/ids").filter(|ids| **ids == json!([]))
    {
        *ids = json!({});
    }
    if on(Behaviour::OffersLeftOut)
        && let Some(requirements) = body.pointer_mut("/details/requirements").and_then(Value::as_object_mut)
        && requirements.get("offers") == Some(&json!([]))
    {
        requirements.shift_remove("offers");
    }
    if on(Behaviour::NullsLeftOut) {
        return without_nulls(body);
    }
    if on(Behaviour::NullsAsEmptyText) {
        empty_texts(&mut body);
    }
    body
}

fn misspell(body: &mut Value) {
    for link in ["/links/relatedReferrals/uri", "/links/self/uri"] {
        let wrong = text(body, link).replace("/engagements/", "/engagments/");
        if let Some(place) = body.pointer_mut(link) {
            *place = json!(wrong);
        }
    }
}

/// Values that no document lists yet.
fn be_new(body: &mut Value) {
    if text(body, "/substatus") == "Accepted" {
        body["substatus"] = json!("Engaged");
    }
    if text(body, "/salesStage").is_empty() {
        body["salesStage"] = json!("Commit");
    }
    body["qualification"] = json!("PartnerQualified");
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let kept = members.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(name, value)| (name, without_nulls(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.into_iter().map(without_nulls).collect(),
        other => other,
    }
}

/// The texts that were seen empty instead of null.
fn empty_texts(body: &mut Value) {
    const TEXTS: [&str; 6] = [
        "/externalReferenceId",
        "/campaignId",
        "/statusReason",
        "/inviteContext/notes",
        "/customerProfile/size",
        "/customerProfile/address/state",
    ];
    for path in TEXTS {
        if let Some(place) = body.pointer_mut(path).filter(|place| place.is_null()) {
            *place = json!("");
        }
    }
}
