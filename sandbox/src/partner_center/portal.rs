//! What a person does to deals in the portal: bring one in, change one.

use std::sync::Arc;

use serde::Deserialize;
use serde_json::{Value, json};

use super::category::Category;
use super::referrals::{Referral, Referrals, enter_state};
use super::shape::{Birth, Place, referral};
use super::states::{check_move, text};
use super::{Refusal, deal_registration, events};
use crate::world::World;

/// What can be said about a deal; everything has a stand-in.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Deal {
    name: Option<String>,
    deal_value: Option<serde_json::Number>,
    currency: Option<String>,
    closing_date: Option<String>,
    notes: Option<String>,
    status: Option<String>,
    substatus: Option<String>,
    status_reason: Option<String>,
    country: Option<String>,
    customer: Option<String>,
    postal_code: Option<String>,
    solution: Option<String>,
    #[serde(rename = "type")]
    kind: Option<String>,
    category: Option<Category>,
    location: Option<String>,
    seller: Option<String>,
}

/// Microsoft's answer to the registration of a deal.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Verdict {
    status: String,
    status_reason: Option<String>,
}

/// Makes an incoming deal, as a Microsoft seller or another partner would share it.
pub(crate) fn make_deal(world: &Arc<World>, deal: &Deal) -> Value {
    let state = if deal.status.as_deref() == Some("New") { ("New", "Pending") } else { ("Active", "Accepted") };
    let partner = &world.organization;
    let birth = Birth {
        direction: "Incoming",
        state,
        engagement: None,
        owner: (&partner.id, &partner.name),
        inviter: ("msft", "Microsoft"),
    };
    let place = Place { partner, addresses: &world.addresses, now: world.clock.now() };
    let mut body = referral(&seed(deal), &birth, &place);
    if let Some(category) = deal.category {
        mark(&mut body, category);
    }
    overwrite(&mut body, deal);
    let made = Referral { body, microsoft: false };
    let under_way = world.deliveries.announce();
    world.referrals.with(|referrals| referrals.insert(made.clone()));
    events::created(world, &made, &under_way);
    made.body
}

/// Changes a deal. On Microsoft's copy this plays Microsoft's seller, who accepts or declines
/// (S21, S22).
pub(crate) fn change_deal(world: &Arc<World>, id: &str, deal: &Deal) -> Result<Value, Refusal> {
    let under_way = world.deliveries.announce();
    let (body, microsoft) = world.referrals.with(|referrals| referrals.change(id, deal))?;
    events::updated(world, &body, microsoft, &under_way);
    Ok(body)
}

/// Answers the registration of a deal.
pub(crate) fn judge_registration(world: &Arc<World>, id: &str, verdict: &Verdict) -> Result<Value, Refusal> {
    let under_way = world.deliveries.announce();
    let body = world.referrals.with(|referrals| {
        let mut body = referrals.get(id)?.body.clone();
        let reason = verdict.status_reason.as_deref();
        if !deal_registration::decide(&mut body, &verdict.status, reason, referrals.now()) {
            return Err(Refusal::invalid("The deal has no registration, or there is no such status."));
        }
        Ok(referrals.replace(id, body))
    })?;
    events::updated(world, &body, false, &under_way);
    Ok(body)
}

impl Referrals {
    fn change(&mut self, id: &str, deal: &Deal) -> Result<(Value, bool), Refusal> {
        let Referral { body: before, microsoft } = self.get(id)?.clone();
        if text(&before, "/status") == "Closed" {
            return Err(Refusal::invalid("The deal is closed and cannot be changed."));
        }
        let mut after = before.clone();
        overwrite(&mut after, deal);
        if let Some(status) = &deal.status {
            after["status"] = json!(status);
            after["substatus"] = json!(deal.substatus.as_deref().unwrap_or(usual_substatus(status)));
        } else if let Some(substatus) = &deal.substatus {
            after["substatus"] = json!(substatus);
        }
        check_move(text(&before, "/status"), text(&after, "/status"), text(&after, "/substatus"))?;
        enter_state(&mut after, text(&before, "/status"), self.now());
        if microsoft && text(&before, "/status") != "Active" && text(&after, "/status") == "Active" {
            self.assign_microsoft_id(&mut after);
        }
        Ok((self.replace(id, after), microsoft))
    }

    /// Once Microsoft accepts, its own id of the deal shows on every side of it (S21).
    pub(super) fn assign_microsoft_id(&mut self, accepted: &mut Value) {
        let tail = text(accepted, "/id").get(..7).unwrap_or_default().to_uppercase();
        let number = json!(format!("7-{tail}"));
        accepted["trackingInfo"]["microsoftMsxId"] = number.clone();
        let sides: Vec<Value> = self
            .engagement(text(accepted, "/engagementId"))
            .filter(|side| !side.microsoft)
            .map(|side| side.body.clone())
            .collect();
        for mut side in sides {
            side["trackingInfo"]["microsoftMsxId"] = number.clone();
            let id = text(&side, "/id").to_owned();
            self.replace(&id, side);
        }
    }
}

/// Type, qualification and inviter make the kind of a deal.
fn mark(body: &mut Value, category: Category) {
    let (kind, qualification, inviter) = category.marks();
    body["type"] = json!(kind);
    body["qualification"] = json!(qualification);
    body["inviteContext"]["invitedBy"] =
        json!({"organizationId": inviter, "organizationName": inviter.map(|_| "Microsoft")});
    if category == Category::MarketplaceLead {
        body["referralSource"] = json!("AzureMarketplace");
        body["callToAction"] = json!("INS");
    }
}

fn usual_substatus(status: &str) -> &'static str {
    match status {
        "New" => "Pending",
        "Active" => "Accepted",
        _ => "Won",
    }
}

fn overwrite(body: &mut Value, deal: &Deal) {
    let members = [
        ("/name", deal.name.as_ref().map(|text| json!(text))),
        ("/statusReason", deal.status_reason.as_ref().map(|text| json!(text))),
        ("/details/dealValue", deal.deal_value.as_ref().map(|number| json!(number))),
        ("/details/currency", deal.currency.as_ref().map(|text| json!(text))),
        ("/details/closingDateTime", deal.closing_date.as_ref().map(|text| json!(instant(text)))),
        ("/details/notes", deal.notes.as_ref().map(|text| json!(text))),
        ("/customerProfile/name", deal.customer.as_ref().map(|text| json!(text))),
        ("/customerProfile/address/country", deal.country.as_ref().map(|text| json!(text))),
        ("/customerProfile/address/postalCode", deal.postal_code.as_ref().map(|text| json!(text))),
        ("/details/requirements/solutions/0/id", deal.solution.as_ref().map(|text| json!(text))),
        ("/type", deal.kind.as_ref().map(|text| json!(text))),
        ("/mpnId", deal.location.as_ref().map(|text| json!(text))),
        ("/team/0/email", deal.seller.as_ref().map(|text| json!(text))),
    ];
    for (path, value) in members {
        if let (Some(place), Some(value)) = (body.pointer_mut(path), value) {
            *place = value;
        }
    }
}

/// A day alone becomes its midnight.
fn instant(text: &str) -> String {
    if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() }
}

/// A complete deal before the caller's own words are laid over it.
fn seed(deal: &Deal) -> Value {
    let solution = deal.solution.as_deref().unwrap_or("SOL-1234-ABC");
    json!({
        "name": "Harbour pilot", "type": "Shared", "qualification": "SalesQualified",
        "target": [{"type": "SolutionProfile", "id": solution}],
        "customerProfile": {
            "name": "Contoso Test",
            "address": {
                "addressLine1": "1 Test Way", "addressLine2": "", "city": "Bellevue",
                "postalCode": "98004", "country": "US", "region": "WA",
            },
            "team": [{
                "firstName": "Test", "lastName": "Person", "phoneNumber": "5550100",
                "email": "test.person@contoso.example",
            }],
            "ids": [{"profileType": "External", "id": "1-AAAAAAA"}],
        },
        "consent": {
            "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToShareReferralWithMicrosoftSellers": true,
        },
        "details": {
            "notes": "", "dealValue": 30000, "currency": "USD", "closingDateTime": "2027-03-24T18:30:00Z",
            "requirements": {"solutions": [{"id": solution, "type": "Name"}]},
        },
        "team": [{
            "firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example",
            "contactPreference": {"locale": "en-us", "disableNotifications": null},
        }],
    })
}
