//! Partner Center's records, as far as the mappings of the pack read them.

use schemars::JsonSchema;
use serde_json::{Value, json};

macro_rules! record {
    ($name:ident { $($field:ident: $kind:ty),* $(,)? }) => {
        #[derive(JsonSchema)]
        #[schemars(rename_all = "camelCase")]
        #[expect(dead_code, reason = "gives the schema")]
        pub(super) struct $name { $($field: Option<$kind>),* }
    };
}

record!(Referral {
    id: String,
    external_reference_id: String,
    name: String,
    status: String,
    substatus: String,
    r#type: String,
    qualification: String,
    referral_program: String,
    details: Details,
    customer_profile: CustomerProfile,
    team: Vec<Member>,
    consent: Consent,
    invite_context: InviteContext,
    tracking_info: TrackingInfo,
});
record!(Details {
    deal_value: f64,
    currency: String,
    closing_date_time: String,
    notes: String,
    requirements: Requirements
});
record!(Requirements { solutions: Vec<Solution>, offers: Vec<Value> });
record!(Solution { id: String, name: String, r#type: String, publisher_name: String });
record!(CustomerProfile { name: String, address: Address, team: Vec<Member> });
record!(Address {
    address_line1: String,
    address_line2: String,
    city: String,
    state: String,
    region: String,
    postal_code: String,
    country: String,
});
record!(Member { first_name: String, last_name: String, email: String, phone_number: String, title: String });
record!(Consent {
    consent_to_to_share_info_with_others: bool,
    consent_to_contact: bool,
    consent_to_share_referral_with_microsoft_sellers: bool,
});
record!(InviteContext { notes: String, assistance_request_code: String });
record!(TrackingInfo { microsoft_msx_id: String });

/// A referral with all that the mappings read.
pub(super) fn referral() -> Value {
    json!({
        "id": "11111111-1111-4111-8111-111111111111",
        "name": "Harbour pilot",
        "externalReferenceId": "",
        "status": "Active", "substatus": "Accepted",
        "qualification": "SalesQualified", "type": "Shared", "referralProgram": null,
        "customerProfile": {
            "name": "Contoso Test", "size": "",
            "address": { "addressLine1": "1 Test Way", "addressLine2": "", "city": "Bellevue", "state": null,
                "postalCode": "98004", "country": "US", "region": "WA" },
            "team": [{ "firstName": "Test", "lastName": "Person", "phoneNumber": "5550100",
                "email": "test.person@contoso.example", "title": null }],
            "ids": [{ "profileType": "External", "id": "1-AAAAAAA" }],
        },
        "consent": { "consentToToShareInfoWithOthers": true, "consentToContact": true,
            "consentToShareReferralWithMicrosoftSellers": true },
        "details": {
            "notes": "First line\nsecond line", "dealValue": 30000, "currency": "USD",
            "closingDateTime": "2022-03-24T18:30:00Z",
            "requirements": { "industries": [], "solutions": [
                { "id": "SOL-1234-ABC", "name": null, "type": "Name", "price": null, "publisherName": null }] },
        },
        "team": [{ "firstName": "Sales", "lastName": "Person", "phoneNumber": null, "email": "sales@fabrikam.example",
            "title": null, "contactPreference": { "locale": "en-us", "disableNotifications": null } }],
        "inviteContext": { "notes": null, "assistanceRequestCode": "Unknown" },
        "trackingInfo": { "microsoftMsxId": null },
    })
}

/// The opportunity that belongs to that referral, its lookups and lists expanded.
pub(super) fn opportunity() -> Value {
    json!({
        "opportunityid": "22222222-2222-4222-8222-222222222222",
        "cosell_referralid": "11111111-1111-4111-8111-111111111111",
        "cosell_referrallink": "https://partner.microsoft.com/referrals/v2/inbox?id=11111111-1111-4111-8111-111111111111",
        "cosell_sync": true,
        "name": "✔ Harbour pilot",
        "estimatedvalue": 30000.0,
        "transactioncurrencyid": { "isocurrencycode": "USD" },
        "estimatedclosedate": "2022-03-24",
        "description": "First line\r\nsecond line ",
        "statecode": 0, "statuscode": 1,
        "parentaccountid": { "name": "Contoso Test", "address1_line1": "1 Test Way", "address1_line2": null,
            "address1_city": "Bellevue", "address1_stateorprovince": "WA", "address1_postalcode": "98004",
            "address1_country": "US" },
        "parentcontactid": { "firstname": "Test", "lastname": "Person", "emailaddress1": "Test.Person@contoso.example",
            "telephone1": "5550100", "jobtitle": null },
        "ownerid": { "firstname": "Sales", "lastname": "Person", "internalemailaddress": "sales@fabrikam.example",
            "address1_telephone1": null },
        "cosell_opportunity_teammember": [
            { "cosell_email": "SALES@fabrikam.example", "cosell_firstname": "Sales", "cosell_lastname": "Person",
                "cosell_phone": null, "cosell_teammemberid": "33333333-3333-4333-8333-333333333333" }],
        "cosell_opportunity_microsoftsolution": [
            { "cosell_solutionid": "SOL-1234-ABC", "cosell_name": null, "cosell_solutiontype": "Name",
                "cosell_publisher": "Contoso" }],
        "cosell_howcanmicrosofthelp": null,
        "cosell_referralvisibility": true,
        "cosell_microsoftcrmid": null,
        "cosell_referralprogram": null,
    })
}
