//! The full shape of a referral: every key is present when it is read.

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::clock;
use crate::options::{Addresses, Organization};

/// What differs between the kinds of referral at birth.
pub(crate) struct Birth<'a> {
    /// `Incoming` or `Outgoing`.
    pub(crate) direction: &'static str,
    /// Both halves of the state.
    pub(crate) state: (&'static str, &'static str),
    /// The engagement to join; a new one without it.
    pub(crate) engagement: Option<&'a str>,
    /// Owner's id and name.
    pub(crate) owner: (&'a str, &'a str),
    /// Inviter's id and name.
    pub(crate) inviter: (&'a str, &'a str),
}

/// Where and when a referral is made.
pub(crate) struct Place<'a> {
    /// Whose Partner Center it is.
    pub(crate) partner: &'a Organization,
    /// Where the servers are, for links.
    pub(crate) addresses: &'a Addresses,
    /// The time.
    pub(crate) now: Timestamp,
}

/// A whole referral from what the maker sent.
pub(crate) fn referral(sent: &Value, birth: &Birth<'_>, place: &Place<'_>) -> Value {
    let Place { partner, addresses, now } = *place;
    let id = Uuid::new_v4().to_string();
    let engagement = birth.engagement.map_or_else(|| Uuid::new_v4().to_string(), str::to_owned);
    let accepted = birth.state.0 == "Active";
    let mut body = json!({
        "id": id, "engagementId": engagement, "name": null,
        "organizationId": birth.owner.0, "organizationName": birth.owner.1,
        "lastModifiedVia": null, "lastRunId": null, "externalReferenceId": "",
        "createdDateTime": clock::fine(now), "updatedDateTime": clock::fine(now),
        "expirationDateTime": if accepted { Value::Null } else { clock::expiry(now).into() },
        "status": birth.state.0, "substatus": birth.state.1, "statusReason": null,
        "acceptedDateTime": if accepted { clock::fine(now).into() } else { Value::Null },
        "closedDateTime": null, "eTag": etag(), "direction": birth.direction, "mpnId": partner.mpn_id,
        "links": links(addresses, &id, &engagement),
    });
    overlay(&mut body, &blank());
    body["inviteContext"]["invitedBy"] =
        json!({"organizationId": birth.inviter.0, "organizationName": birth.inviter.1});
    overlay(&mut body, &settable(sent));
    complete(&mut body);
    body
}

/// A referral whose maker's members are all sent anew; one that is not sent is as if it had never been.
pub(crate) fn rewritten(before: &Value, sent: &Value) -> Value {
    let mut after = before.clone();
    overlay(&mut after, &blank());
    // What is no block of its own comes back from before: nobody but the service writes it.
    for name in ["quality", "isSpam", "dealSensitivity", "createdVia", "tags", "registrationStatus", "trackingInfo"] {
        after[name] = before[name].clone();
    }
    let target = before["target"].clone();
    overlay(&mut after, &settable(sent));
    if sent.get("target").is_none() {
        after["target"] = target;
    }
    after
}

/// A fresh eTag: quotes inside the string, as in real payloads (S14).
pub(crate) fn etag() -> String {
    format!("\"{}\"", Uuid::new_v4())
}

/// Fills in the members of people and solutions that were not sent.
pub(crate) fn complete(body: &mut Value) {
    for path in ["/team", "/customerProfile/team"] {
        complete_items(body.pointer_mut(path), &person());
    }
    complete_items(body.pointer_mut("/details/requirements/solutions"), &solution());
}

/// Names are camelCase on the wire, yet the documents write them with a capital: take both.
pub(crate) fn camel_case(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(name, value)| (lower_first(name), camel_case(value))).collect::<Map<_, _>>().into()
        }
        Value::Array(items) => items.iter().map(camel_case).collect(),
        other => other.clone(),
    }
}

fn lower_first(name: &str) -> String {
    let mut rest = name.chars();
    rest.next().map_or_else(String::new, |first| first.to_lowercase().chain(rest).collect())
}

/// The members a client decides; the rest of what it sends is ignored.
fn settable(sent: &Value) -> Value {
    const NAMES: [&str; 19] = [
        "name",
        "externalReferenceId",
        "type",
        "qualification",
        "campaignId",
        "salesStage",
        "referralProgram",
        "favorite",
        "callToAction",
        "referralSource",
        "partnerRole",
        "solutionArea",
        "solutionPlay",
        "target",
        "customerProfile",
        "consent",
        "details",
        "team",
        "inviteContext",
    ];
    let mut kept: Map<String, Value> =
        NAMES.iter().filter_map(|name| Some(((*name).to_owned(), sent.get(name)?.clone()))).collect();
    if let Some(context) = kept.get_mut("inviteContext").and_then(Value::as_object_mut) {
        context.shift_remove("invitedBy");
    }
    kept.into()
}

/// Lays `top` over `base`: objects member by member, anything else whole.
fn overlay(base: &mut Value, top: &Value) {
    match (base, top) {
        (Value::Object(base), Value::Object(top)) => {
            for (name, value) in top {
                overlay(base.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
        // A block or a list sent as null stays empty, since every key is present on reading.
        (Value::Object(_) | Value::Array(_), Value::Null) => {}
        (base, top) => *base = top.clone(),
    }
}

fn complete_items(items: Option<&mut Value>, pattern: &Value) {
    let Some(items) = items.and_then(Value::as_array_mut) else {
        return;
    };
    for item in items {
        let mut whole = pattern.clone();
        overlay(&mut whole, item);
        *item = whole;
    }
}

/// Where the referral and the others of its engagement are.
pub(crate) fn links(addresses: &Addresses, id: &str, engagement: &str) -> Value {
    let base = format!("{}/v1.0/engagements/referrals", addresses.referrals);
    // The real filter has no quotes around the GUID either (S6).
    json!({
        "relatedReferrals": {"uri": format!("{base}?$filter=engagementId eq {engagement}"), "method": "GET"},
        "self": {"uri": format!("{base}/{id}"), "method": "GET"},
    })
}

/// The members that are the same for every new referral.
fn blank() -> Value {
    json!({
        "qualification": "SalesQualified", "type": "Independent", "referralSource": null, "favorite": false,
        "campaignId": null, "salesStage": null, "quality": "Unknown", "isSpam": false, "referralProgram": null,
        "dealSensitivity": "None", "createdVia": null, "tags": [], "callToAction": null,
        "registrationStatus": "None", "target": [], "customerProfile": customer_profile(), "consent": consent(),
        "details": details(), "team": [],
        "inviteContext": {"notes": null, "assistanceRequestCode": "Unknown", "invitedMpnId": null},
        "trackingInfo": {
            "microsoftMsxId": null, "microsoftUSFedOpportunityId": null, "microsoftUSFedLeadId": null,
            "migratedPSCDealId": null, "migratedPSCPartnerDealId": null,
        },
        "registrations": [],
    })
}

fn customer_profile() -> Value {
    json!({
        "name": null, "size": "", "isMatchingComplete": true,
        "address": {
            "addressLine1": null, "addressLine2": null, "city": null, "state": null,
            "postalCode": null, "country": null, "region": null,
        },
        "team": [], "ids": [],
    })
}

fn consent() -> Value {
    json!({
        "consentToToShareInfoWithOthers": false, "consentToContact": false,
        "consentToShareReferralWithMicrosoftSellers": false,
    })
}

fn details() -> Value {
    json!({
        "notes": "", "dealValue": 0, "currency": null, "closingDateTime": null,
        "customerRequestedContact": null, "customerAction": null, "incentiveLevel": null,
        "requirements": {
            "industries": [], "products": [], "services": [], "solutions": [], "offers": [], "salesPlays": [],
            "additionalRequirements": {"iot": {
                "customerLicenseAgreementNumber": null, "deviceCategory": null, "siliconType": null,
                "azureCertifiedDevice": false, "attachServices": false,
            }},
        },
    })
}

fn person() -> Value {
    json!({
        "firstName": null, "lastName": null, "phoneNumber": null, "email": null, "title": null,
        "contactPreference": {"locale": null, "disableNotifications": null},
    })
}

fn solution() -> Value {
    json!({
        "id": null, "name": null, "type": "Name", "price": null, "quantity": null, "currency": null,
        "publisherName": null, "solutionType": null, "closingDateTime": null,
    })
}
