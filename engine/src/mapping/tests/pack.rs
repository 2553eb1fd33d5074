//! The mappings that are shipped, on a full referral and its opportunity.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Value, json};

use super::records::{opportunity, referral};
use super::{after, compare, create, good, update};
use crate::document::mapping::MappingDocument;
use crate::expression::Transform;
use crate::mapping::{Directed, Mapping, SideIndex};
use crate::source::Source;

const TEXTS: [&str; 7] = [
    include_str!("../../../../flows/dynamics365/mappings/opportunity.yaml"),
    include_str!("../../../../flows/dynamics365/mappings/account.yaml"),
    include_str!("../../../../flows/dynamics365/mappings/contact.yaml"),
    include_str!("../../../../flows/dynamics365/mappings/lead.yaml"),
    include_str!("../../../../flows/dynamics365/mappings/member.yaml"),
    include_str!("../../../../flows/dynamics365/mappings/seller.yaml"),
    include_str!("../../../../flows/dynamics365/mappings/solution.yaml"),
];

fn pack() -> IndexMap<String, Arc<Mapping>> {
    good(&TEXTS)
}

pub(super) fn to_opportunity() -> Directed {
    pack()["opportunity"].directed(SideIndex::Second)
}

pub(super) fn to_referral() -> Directed {
    pack()["opportunity"].directed(SideIndex::First)
}

fn changed(record: &Value, pointer: &str, value: Value) -> Value {
    let mut record = record.clone();
    *record.pointer_mut(pointer).unwrap() = value;
    record
}

#[test]
fn all_are_checked_in_the_order_of_the_files() {
    let names: Vec<String> = pack().keys().cloned().collect();
    assert_eq!(names, ["opportunity", "account", "contact", "lead", "member", "seller", "solution"]);
    let mapping = &pack()["opportunity"];
    assert_eq!(mapping.side_of_connector("dataverse"), Some(SideIndex::Second));
    assert_eq!(mapping.side_of_connector("salesforce"), None);
}

#[test]
fn the_files_fit_the_schema_that_the_editor_uses() {
    let schema = schemars::schema_for!(MappingDocument).to_value();
    let validator = jsonschema::validator_for(&schema).unwrap();
    for text in TEXTS {
        let (source, _) = Source::read("mapping.yaml", text);
        let errors: Vec<String> = validator.iter_errors(source.value()).map(|error| error.to_string()).collect();
        assert_eq!(errors, Vec::<String>::new(), "{text}");
    }
}

#[test]
fn a_referral_makes_an_opportunity() {
    let made = create(&to_opportunity(), &referral()).unwrap();
    let expected = json!({
        "cosell_referralid": "11111111-1111-4111-8111-111111111111",
        "cosell_referrallink": "https://partner.microsoft.com/referrals/v2/inbox?id=11111111-1111-4111-8111-111111111111",
        "cosell_sync": true,
        "name": "✔ Harbour pilot",
        "estimatedvalue": 30000,
        "transactioncurrencyid": { "find": { "isocurrencycode": "USD" }, "missing": "error" },
        "estimatedclosedate": "2022-03-24",
        "description": "First line\nsecond line",
        "statecode": 0, "statuscode": 1,
        "parentaccountid": {
            "find": { "name": "Contoso Test", "address1_postalcode": "98004" },
            "missing": "create",
            "create": { "name": "Contoso Test", "address1_line1": "1 Test Way", "address1_city": "Bellevue",
                "address1_stateorprovince": "WA", "address1_postalcode": "98004", "address1_country": "US" },
        },
        "parentcontactid": {
            "find": { "emailaddress1": "test.person@contoso.example" },
            "missing": "create",
            "create": { "firstname": "Test", "lastname": "Person", "emailaddress1": "test.person@contoso.example",
                "telephone1": "5550100" },
        },
        "ownerid": { "find": { "internalemailaddress": "sales@fabrikam.example" }, "missing": "leave" },
        "cosell_opportunity_teammember": [
            { "cosell_email": "sales@fabrikam.example", "cosell_firstname": "Sales", "cosell_lastname": "Person" }],
        "cosell_opportunity_microsoftsolution": [{ "cosell_solutionid": "SOL-1234-ABC", "cosell_solutiontype": "Name" }],
        "cosell_referralvisibility": true,
    });
    assert_eq!(made, expected);
}

#[test]
fn an_opportunity_makes_a_referral() {
    let opportunity = changed(&opportunity(), "/cosell_howcanmicrosofthelp", json!(100_000_005));
    let made = create(&to_referral(), &opportunity).unwrap();
    let expected = json!({
        "externalReferenceId": "22222222-2222-4222-8222-222222222222",
        "name": "Harbour pilot",
        "details": {
            "dealValue": 30000, "currency": "USD", "closingDateTime": "2022-03-24T00:00:00Z",
            "notes": "First line\nsecond line",
            "requirements": { "solutions": [{ "id": "SOL-1234-ABC", "type": "Name" }] },
        },
        "customerProfile": {
            "name": "Contoso Test",
            "address": { "addressLine1": "1 Test Way", "city": "Bellevue", "state": "WA", "postalCode": "98004",
                "country": "US" },
            "team": [{ "firstName": "Test", "lastName": "Person", "email": "Test.Person@contoso.example",
                "phoneNumber": "5550100" }],
        },
        "team": [{ "firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example" }],
        "type": "Shared",
        "qualification": "SalesQualified",
        "inviteContext": { "assistanceRequestCode": "GeneralOrOther" },
        "consent": { "consentToShareReferralWithMicrosoftSellers": true, "consentToToShareInfoWithOthers": true,
            "consentToContact": true },
    });
    assert_eq!(made, expected);
}

#[test]
fn a_referral_and_its_opportunity_do_not_differ() {
    assert_eq!(compare(&to_opportunity(), &referral(), &opportunity()), Ok(vec![]));
    let contact = changed(&opportunity(), "/parentcontactid/emailaddress1", json!("test.person@contoso.example"));
    let contact = changed(&contact, "/cosell_opportunity_teammember/0/cosell_email", json!("sales@fabrikam.example"));
    assert_eq!(compare(&to_referral(), &contact, &referral()), Ok(vec![]));
}

#[test]
fn one_change_on_a_side_is_one_write_on_the_other() {
    let cases: &[(&str, Value, Value)] = &[
        ("/details/dealValue", json!(45000.5), json!({"estimatedvalue": 45000.5})),
        ("/details/dealValue", json!(0), json!({"estimatedvalue": 0})),
        ("/details/dealValue", json!(null), json!({})),
        (
            "/details/currency",
            json!("EUR"),
            json!({"transactioncurrencyid": {"find": {"isocurrencycode": "EUR"}, "missing": "error"}}),
        ),
        (
            "/details/closingDateTime",
            json!("2022-04-01T00:00:00.1234567Z"),
            json!({"estimatedclosedate": "2022-04-01"}),
        ),
        ("/details/notes", json!("Other"), json!({"description": "Other"})),
        ("/details/notes", json!(""), json!({})),
        ("/name", json!("Quay"), json!({"name": "✔ Quay"})),
        ("/substatus", json!("Accepted"), json!({})),
        ("/customerProfile/name", json!("Another"), json!({})),
        ("/consent/consentToShareReferralWithMicrosoftSellers", json!(false), json!({})),
        ("/trackingInfo/microsoftMsxId", json!("7-ABC"), json!({"cosell_microsoftcrmid": "7-ABC"})),
        ("/details/requirements/solutions", json!([]), json!({"cosell_opportunity_microsoftsolution": []})),
        ("/team", json!([]), json!({})),
    ];
    for (pointer, value, expected) in cases {
        let source = changed(&referral(), pointer, value.clone());
        assert_eq!(&update(&to_opportunity(), &source, &opportunity()).unwrap(), expected, "{pointer} = {value}");
    }
    let cases: &[(&str, Value, Value)] = &[
        ("/estimatedvalue", json!(45000.5), json!({"details": {"dealValue": 45000.5}})),
        ("/estimatedvalue", json!(0), json!({})),
        ("/transactioncurrencyid", json!({"isocurrencycode": "EUR"}), json!({"details": {"currency": "EUR"}})),
        ("/transactioncurrencyid", json!(null), json!({})),
        ("/estimatedclosedate", json!("2022-04-01"), json!({"details": {"closingDateTime": "2022-04-01T00:00:00Z"}})),
        ("/name", json!("✔ Quay"), json!({})),
        ("/parentaccountid/name", json!("Another"), json!({})),
    ];
    let same = create(&to_opportunity(), &referral()).unwrap();
    let same = after(&opportunity(), &same);
    for (pointer, value, expected) in cases {
        let source = changed(&same, pointer, value.clone());
        assert_eq!(&update(&to_referral(), &source, &referral()).unwrap(), expected, "{pointer} = {value}");
    }
}

#[test]
fn the_status_is_written_whole_and_settles() {
    let referral_with = |status: &str, substatus: &str| {
        changed(&changed(&referral(), "/status", json!(status)), "/substatus", json!(substatus))
    };
    let opportunity_with = |state: i64, status: i64| {
        changed(&changed(&opportunity(), "/statecode", json!(state)), "/statuscode", json!(status))
    };
    /// Of the referral, of the opportunity, and what is written to the opportunity.
    type Case = ([&'static str; 2], [i64; 2], Option<[i64; 2]>);
    let cases: &[Case] = &[
        (["Active", "Accepted"], [0, 1], None),
        (["Active", "Accepted"], [0, 2], Some([0, 1])),
        (["New", "Pending"], [0, 1], Some([0, 2])),
        (["New", "Received"], [0, 2], None),
        (["Closed", "Won"], [0, 1], Some([1, 3])),
        (["Closed", "Expired"], [2, 4], None),
        (["Closed", "Lost"], [2, 5], None),
        (["Closed", "Lost"], [1, 3], Some([2, 4])),
    ];
    for ([status, substatus], [state, reason], expected) in cases {
        let source = referral_with(status, substatus);
        let written = update(&to_opportunity(), &source, &opportunity_with(*state, *reason)).unwrap();
        let expected = expected.map_or(json!({}), |[state, reason]| json!({"statecode": state, "statuscode": reason}));
        assert_eq!(written, expected, "{status}, {substatus} over {state}, {reason}");
    }
    let back = update(&to_referral(), &opportunity_with(2, 4), &referral_with("Closed", "Expired")).unwrap();
    assert_eq!(back.get("status"), None, "what is closed otherwise stays so");
    let error = compare(&to_referral(), &opportunity_with(2, 9), &referral()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the mapping `opportunity` cannot carry `status` over: the value `2, 9` has no row in `values`"
    );
}

#[test]
fn a_list_keeps_what_the_mapping_does_not_know() {
    let mut source = opportunity();
    source["cosell_opportunity_teammember"] = json!([
        { "cosell_email": "sales@fabrikam.example", "cosell_firstname": "Sally" },
        { "cosell_email": "second@fabrikam.example", "cosell_firstname": "Second" },
    ]);
    let written = update(&to_referral(), &source, &referral()).unwrap();
    let expected = json!([
        { "firstName": "Sally", "lastName": "Person", "phoneNumber": null, "email": "sales@fabrikam.example",
            "title": null, "contactPreference": { "locale": "en-us", "disableNotifications": null } },
        { "firstName": "Second", "email": "second@fabrikam.example" },
    ]);
    assert_eq!(written["team"], expected);
}

#[test]
fn a_contact_of_a_list_is_replaced_in_its_place() {
    let mut target = referral();
    target["customerProfile"]["team"].as_array_mut().unwrap().push(json!({ "email": "other@contoso.example" }));
    let source = changed(&opportunity(), "/parentcontactid/telephone1", json!("5550199"));
    let written = update(&to_referral(), &source, &target).unwrap();
    let team = &written["customerProfile"]["team"];
    assert_eq!(team[0]["phoneNumber"], "5550199");
    assert_eq!(team[1]["email"], "other@contoso.example", "the others go along, since the list is written whole");
}

#[test]
fn the_fields_to_ask_for_are_those_that_are_used() {
    let fields = to_opportunity().fields();
    let fields: Vec<&str> = fields.as_array().unwrap().iter().map(|field| field.as_str().unwrap()).collect();
    for expected in [
        "name",
        "estimatedvalue",
        "statecode",
        "statuscode",
        "transactioncurrencyid.isocurrencycode",
        "parentaccountid.name",
        "parentaccountid.address1_country",
        "parentcontactid.emailaddress1",
        "cosell_opportunity_teammember[].cosell_email",
        "cosell_opportunity_microsoftsolution[].cosell_publisher",
    ] {
        assert!(fields.contains(&expected), "{expected} in {fields:?}");
    }
    assert!(!fields.contains(&"budgetamount"), "switched off in both directions");
    assert_eq!(fields.iter().filter(|field| **field == "cosell_howcanmicrosofthelp").count(), 1);
    let outermost = to_referral().fields();
    assert!(outermost.as_array().unwrap().contains(&json!("details")));
}

#[test]
fn a_lead_is_made_of_the_last_contact() {
    let lead = create(&pack()["lead"].directed(SideIndex::Second), &referral()).unwrap();
    assert_eq!(
        lead,
        json!({
            "subject": "Harbour pilot", "firstname": "Test", "lastname": "Person", "companyname": "Contoso Test", "telephone1": "5550100",
            "budgetamount": 30000,
        })
    );
}
