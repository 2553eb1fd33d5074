//! The deals of the benchmark, by their numbers: a third is new to the CRM, a third differs there, a third is the same.

use axum::body::Bytes;
use serde_json::{Value, json};

/// What stands in a deal's id before its number.
const REFERRAL: &str = "00000000-0000-4000-8000-";
/// What stands in the id of an opportunity before the number of its deal, where the service chose that id.
const OPPORTUNITY: &str = "00000000-0000-4001-8000-";

/// Status and substatus in Partner Center, and the option that stands for them in the CRM.
const STATES: [(&str, &str, u8); 6] = [
    ("New", "Pending", 1),
    ("New", "Received", 1),
    ("Active", "Accepted", 2),
    ("Active", "Engaged", 3),
    ("Closed", "Won", 4),
    ("Closed", "Lost", 5),
];
const CITIES: [(&str, &str, &str); 5] = [
    ("Seattle", "US", "USD"),
    ("Berlin", "DE", "EUR"),
    ("Lyon", "FR", "EUR"),
    ("Oslo", "NO", "NOK"),
    ("Pune", "IN", "INR"),
];
const SIZES: [&str; 4] = ["1to9employees", "10to50employees", "51to250employees", "251to1000employees"];

/// What the CRM holds of a deal before its event comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Case {
    /// No opportunity yet.
    New,
    /// An opportunity with three other values.
    Changed,
    /// An opportunity with the same values.
    Same,
}

impl Case {
    pub(super) fn of(number: usize) -> Case {
        [Case::New, Case::Changed, Case::Same][number % 3]
    }
}

/// A deal as both services know it.
pub(super) struct Deal {
    /// The referral's GUID.
    pub(super) id: String,
    /// The referral, as Partner Center answers it.
    pub(super) referral: Bytes,
    /// The columns of its opportunity that a referral decides.
    pub(super) columns: Value,
    /// Those of them that differ before the event, with their old values.
    pub(super) old: Value,
}

impl Deal {
    pub(super) fn new(number: usize) -> Deal {
        let id = format!("{REFERRAL}{number:012}");
        let columns = columns(number, &id);
        let referral = referral(number, &columns).to_string().into();
        let old = match Case::of(number) {
            Case::Changed => json!({ "estimatedvalue": 1, "pc_status": 6, "description": "old notes" }),
            Case::New | Case::Same => json!({}),
        };
        Deal { id, referral, columns, old }
    }
}

/// The number of the deal whose id stands somewhere in a text.
pub(super) fn number_in(text: &str) -> Option<usize> {
    number_after(text, &REFERRAL[9..])
}

/// The number of the deal whose opportunity has the id in a text, where the service chose that id.
pub(super) fn number_of_opportunity(text: &str) -> Option<usize> {
    number_after(text, &OPPORTUNITY[9..])
}

/// The id that the service gives to an opportunity.
pub(super) fn opportunity_id(number: usize) -> String {
    format!("{OPPORTUNITY}{number:012}")
}

fn number_after(text: &str, mark: &str) -> Option<usize> {
    let (_, rest) = text.split_once(mark)?;
    rest.get(..12)?.parse().ok()
}

fn columns(number: usize, id: &str) -> Value {
    let (city, country, currency) = CITIES[number % CITIES.len()];
    let (_, _, status) = STATES[number % STATES.len()];
    json!({
        "name": format!("Co-sell deal {number:06}"),
        "pc_referralid": id,
        "pc_customername": format!("Contoso {number:06} Ltd"),
        "pc_customersize": SIZES[number % SIZES.len()],
        "pc_address1_line1": format!("{} Main Street", number + 1),
        "pc_address1_city": city,
        "pc_address1_postalcode": format!("{:05}", 10_000 + number % 90_000),
        "pc_address1_country": country,
        "pc_firstname": "Kim",
        "pc_lastname": format!("Jones {number:06}"),
        "emailaddress": format!("kim.{number:06}@contoso.example"),
        "estimatedvalue": 1_000 + 37 * number,
        "pc_currency": currency,
        "estimatedclosedate": format!("2027-{:02}-{:02}", 1 + number % 12, 1 + number % 28),
        "description": format!("Customer {number:06} wants a migration of 40 virtual machines and an assessment of its data platform."),
        "pc_status": status,
    })
}

/// A referral of the usual size, about 2 kB, with what the mapping needs and what it does not.
fn referral(number: usize, columns: &Value) -> Value {
    let (status, substatus, _) = STATES[number % STATES.len()];
    let engagement = format!("e0000000-1111-4000-9000-{number:012}");
    let closing = format!("{}T00:00:00Z", columns["estimatedclosedate"].as_str().unwrap_or_default());
    let seller = json!({
        "firstName": "Alex", "lastName": "Seller", "phoneNumber": "+49 30 1234567",
        "email": "alex.seller@fabrikam.example",
        "contactPreference": { "locale": "en-US", "disableNotifications": false },
    });
    json!({
        "id": columns["pc_referralid"],
        "engagementId": engagement,
        "name": columns["name"],
        "externalReferenceId": "",
        "createdDateTime": "2026-10-01T08:00:00.0000000Z",
        "updatedDateTime": "2026-11-01T09:30:00.0000000Z",
        "expirationDateTime": "2026-12-01T08:00:00.0000000Z",
        "status": status,
        "substatus": substatus,
        "qualification": "SalesQualified",
        "type": "Shared",
        "eTag": format!("\"{number:08x}-0000-0500-0000-000000000000\""),
        "organizationId": "01000000-1111-2222-3333-444455556666",
        "organizationName": "Fabrikam Partner GmbH",
        "direction": "Incoming",
        "customerProfile": {
            "name": columns["pc_customername"],
            "address": {
                "addressLine1": columns["pc_address1_line1"], "addressLine2": "", "city": columns["pc_address1_city"],
                "state": "", "postalCode": columns["pc_address1_postalcode"],
                "country": columns["pc_address1_country"], "region": "",
            },
            "size": columns["pc_customersize"],
            "ids": [{ "id": format!("{number:09}"), "profileType": "Duns" }],
            "team": [{
                "firstName": columns["pc_firstname"], "lastName": columns["pc_lastname"],
                "phoneNumber": "+1 425 555 0100", "email": columns["emailaddress"],
                "contactPreference": { "locale": "en-US", "disableNotifications": false },
            }],
        },
        "consent": {
            "consentToShareInfoWithOthers": true, "consentToContact": true,
            "consentToShareReferralWithMicrosoftSellers": true,
        },
        "details": {
            "notes": columns["description"], "dealValue": columns["estimatedvalue"], "currency": columns["pc_currency"],
            "closingDateTime": closing, "customerAction": "Evaluating",
            "requirements": {
                "industries": [{ "id": "Manufacturing" }], "products": [{ "id": "Azure" }],
                "services": [{ "id": "Migration" }],
                "solutions": [{
                    "id": "SOL-00001-XYZ", "name": "Migration service", "solutionType": "Managed",
                    "publisherName": "Fabrikam",
                }],
                "offers": [], "additionalRequirements": ["Security review"],
            },
        },
        "team": [seller],
        "inviteContext": {
            "notes": "please review", "assistanceRequestCode": "0",
            "invitedBy": { "organizationId": "msft", "organizationName": "Microsoft" },
        },
        "target": [],
        "links": {
            "relatedReferrals": {
                "uri": format!("/v1.0/engagements/referrals?$filter=engagementId eq '{engagement}'"), "method": "GET",
            },
        },
    })
}
