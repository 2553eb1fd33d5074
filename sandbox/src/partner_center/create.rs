//! POST of a referral (S7, S8, S9).

use serde_json::{Value, json};

use super::Refusal;
use super::category::Viewer;
use super::referrals::{Referral, Referrals};
use super::schema::{check_types, is_country};
use super::shape::{Birth, Place, camel_case, referral};
use super::states::{check_limits, text};
use crate::behaviours::{Behaviour, Behaviours};
use crate::options::{Addresses, Organization};

impl Referrals {
    /// Makes the partner's own referral, or Microsoft's copy when the target is `msft`.
    pub(crate) fn create(
        &mut self,
        sent: &Value,
        viewer: &Viewer,
        partner: &Organization,
        addresses: &Addresses,
    ) -> Result<Referral, Refusal> {
        let sent = camel_case(sent);
        check(&sent, &self.behaviours)?;
        self.check_by_switch(&sent)?;
        let place = Place { partner, addresses, now: self.now() };
        let engagement = sent.get("engagementId").and_then(Value::as_str).map(str::to_ascii_lowercase);
        let created = if is_for_microsoft(&sent) {
            let engagement = self.check_share(&sent, engagement.as_deref(), viewer)?;
            Referral { body: microsoft_copy(&sent, &engagement, &place), microsoft: true }
        } else {
            self.check_engagement(engagement.as_deref(), viewer)?;
            let direction = if self.behaviours.on(Behaviour::SelfMadeIncoming) { "Incoming" } else { "Outgoing" };
            Referral { body: own(&sent, engagement.as_deref(), direction, &place), microsoft: false }
        };
        self.insert(created.clone());
        Ok(created)
    }

    /// What might be asked for as well, though no document says that it is (S8).
    fn check_by_switch(&self, sent: &Value) -> Result<(), Refusal> {
        if self.behaviours.on(Behaviour::BulkRules) {
            check_bulk_rules(sent)?;
        }
        let attributes = sent.pointer("/details/requirements/additionalRequirements/attributes");
        let intent = attributes.and_then(Value::as_array).is_some_and(|attributes| {
            attributes.iter().any(|attribute| text(attribute, "/type") == "CustomerMarketplaceIntent")
        });
        if !intent && self.behaviours.on(Behaviour::MarketplaceIntentRequired) {
            return Err(Refusal::invalid(
                "details/requirements/additionalRequirements needs CustomerMarketplaceIntent.",
            ));
        }
        Ok(())
    }

    /// The second POST of a co-sell: its engagement must be there, Shared, and not shared yet.
    fn check_share(&self, sent: &Value, engagement: Option<&str>, viewer: &Viewer) -> Result<String, Refusal> {
        let engagement =
            engagement.ok_or_else(|| Refusal::invalid("engagementId is required when the target is msft."))?;
        self.check_engagement(Some(engagement), viewer)?;
        if text(sent, "/type") != "Shared" {
            return Err(Refusal::invalid("A referral for Microsoft must have the type Shared."));
        }
        if self.shared_with_microsoft(engagement) {
            return Err(Refusal::invalid("The engagement is already shared with Microsoft."));
        }
        Ok(engagement.to_owned())
    }

    /// An engagement of which the caller sees nothing is not there for them (S33).
    fn check_engagement(&self, engagement: Option<&str>, viewer: &Viewer) -> Result<(), Refusal> {
        match engagement {
            Some(id) if !self.engagement(id).any(|referral| viewer.sees(&referral.body)) => {
                Err(Refusal::invalid(format!("The engagement {id} does not exist.")))
            }
            _ => Ok(()),
        }
    }
}

/// An outgoing deal is accepted at birth, whatever state was sent (S7).
fn own(sent: &Value, engagement: Option<&str>, direction: &'static str, place: &Place<'_>) -> Value {
    let party = (place.partner.id.as_str(), place.partner.name.as_str());
    let birth = Birth { direction, state: ("Active", "Accepted"), engagement, owner: party, inviter: party };
    referral(sent, &birth, place)
}

/// Microsoft's side of a co-sell waits for Microsoft's answer, 14 days at the longest.
fn microsoft_copy(sent: &Value, engagement: &str, place: &Place<'_>) -> Value {
    let birth = Birth {
        direction: "Outgoing",
        state: ("New", "Pending"),
        engagement: Some(engagement),
        owner: ("msft", "Microsoft"),
        inviter: (&place.partner.id, &place.partner.name),
    };
    let mut body = referral(sent, &birth, place);
    body["externalReferenceId"] = json!("");
    body
}

fn is_for_microsoft(sent: &Value) -> bool {
    let targets = sent.get("target").and_then(Value::as_array);
    targets.is_some_and(|targets| targets.iter().any(|target| text(target, "/id").eq_ignore_ascii_case("msft")))
}

/// What a new referral needs (S8).
pub(super) fn check(sent: &Value, behaviours: &Behaviours) -> Result<(), Refusal> {
    for block in ["customerProfile", "consent", "details"] {
        if !sent.get(block).is_some_and(Value::is_object) {
            return Err(Refusal::invalid(format!("{block} is required.")));
        }
    }
    if !matches!(text(sent, "/type"), "Independent" | "Shared") {
        return Err(Refusal::invalid("type must be Independent or Shared."));
    }
    if text(sent, "/name").trim().is_empty() {
        return Err(Refusal::invalid("name is required."));
    }
    check_types(sent)?;
    check_customer(sent, behaviours)?;
    check_details(sent)?;
    if sent.pointer("/consent/consentToContact") != Some(&Value::Bool(true)) {
        return Err(Refusal::invalid("consent/consentToContact must be true."));
    }
    check_limits(sent)
}

fn check_customer(sent: &Value, behaviours: &Behaviours) -> Result<(), Refusal> {
    if text(sent, "/customerProfile/name").trim().is_empty() {
        return Err(Refusal::invalid("customerProfile/name is required."));
    }
    let country = text(sent, "/customerProfile/address/country");
    check_country(country, behaviours.on(Behaviour::ThreeLetterCountries))?;
    if matches!(text(sent, "/inviteContext/assistanceRequestCode"), "" | "Unknown") {
        return Ok(());
    }
    // Microsoft's help needs someone to talk to.
    for member in ["firstName", "lastName", "email", "phoneNumber"] {
        if text(sent, &format!("/customerProfile/team/0/{member}")).trim().is_empty() {
            let message = format!("customerProfile/team needs a contact with {member} when help is asked for.");
            return Err(Refusal::invalid(message));
        }
    }
    Ok(())
}

/// Whether three letters name a country is not looked up.
fn check_country(country: &str, three_letters: bool) -> Result<(), Refusal> {
    let three = || country.len() == 3 && country.bytes().all(|byte| byte.is_ascii_uppercase());
    let (fits, code) = if three_letters { (three(), "alpha-3") } else { (is_country(country), "alpha-2") };
    if fits {
        return Ok(());
    }
    Err(Refusal::invalid(format!("customerProfile/address/country must be an ISO 3166-1 {code} code.")))
}

/// The rules of the upload in the portal.
fn check_bulk_rules(sent: &Value) -> Result<(), Refusal> {
    for member in ["firstName", "lastName", "email", "phoneNumber"] {
        if text(sent, &format!("/team/0/{member}")).trim().is_empty() {
            return Err(Refusal::invalid(format!("team needs a member with {member}.")));
        }
    }
    for member in ["dealValue", "currency", "closingDateTime"] {
        if sent.pointer(&format!("/details/{member}")).is_none_or(Value::is_null) {
            return Err(Refusal::invalid(format!("details/{member} is required.")));
        }
    }
    Ok(())
}

fn check_details(sent: &Value) -> Result<(), Refusal> {
    let solutions = sent.pointer("/details/requirements/solutions").and_then(Value::as_array);
    if solutions.is_none_or(Vec::is_empty) {
        return Err(Refusal::invalid("details/requirements/solutions needs at least one solution."));
    }
    check_value(sent.pointer("/details/dealValue"))?;
    check_currency(sent.pointer("/details/currency"))?;
    check_instant(sent.pointer("/details/closingDateTime"))
}

/// A deal value is a number that is not negative.
pub(super) fn check_value(value: Option<&Value>) -> Result<(), Refusal> {
    match value {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_f64().is_some_and(|value| value >= 0.0) => Ok(()),
        Some(_) => Err(Refusal::invalid("details/dealValue must be a number that is not negative.")),
    }
}

/// A currency is three capital letters.
pub(super) fn check_currency(currency: Option<&Value>) -> Result<(), Refusal> {
    let code = |text: &str| text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
    match currency {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_str().is_some_and(code) => Ok(()),
        Some(_) => Err(Refusal::invalid("details/currency must be an ISO 4217 code.")),
    }
}

/// A closing date is an instant.
pub(super) fn check_instant(instant: Option<&Value>) -> Result<(), Refusal> {
    let readable = |text: &str| text.parse::<jiff::Timestamp>().is_ok();
    match instant {
        None | Some(Value::Null) => Ok(()),
        Some(value) if value.as_str().is_some_and(readable) => Ok(()),
        Some(_) => Err(Refusal::invalid("details/closingDateTime must be a UTC date and time.")),
    }
}
