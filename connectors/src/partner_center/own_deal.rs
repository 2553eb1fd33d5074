//! What a new deal needs, and what is sent of it.
//!
//! The service's own refusals do not always name the field. These rules are those of its documents (T26,
//! S8); each refusal here says which field is missing.

use cosell_engine::connector::{CallError, CallErrorKind};
use serde_json::{Value, json};

/// What the service sets and a new deal must not bring.
const SET_BY_SERVICE: [&str; 8] =
    ["id", "eTag", "links", "createdDateTime", "updatedDateTime", "registrations", "trackingInfo", "@odata.context"];

/// The body that makes an own deal, if nothing is missing.
pub(super) fn own_deal(referral: Value) -> Result<Value, CallError> {
    let mut deal = checked(referral)?;
    remove(&mut deal, &["inviteContext", "engagementId"]);
    if deal["target"].as_array().is_none_or(Vec::is_empty) {
        let solution = deal["details"]["requirements"]["solutions"][0]["id"].clone();
        deal["target"] = json!([{ "type": "SolutionProfile", "id": solution }]);
    }
    Ok(deal)
}

/// The body that makes Microsoft's copy of a deal in that engagement, if nothing is missing.
pub(super) fn microsofts_copy(referral: Value, engagement: &str) -> Result<Value, CallError> {
    let mut referral = referral;
    if referral.is_object() {
        referral["type"] = json!("Shared");
    }
    let mut copy = checked(referral)?;
    match copy["inviteContext"]["assistanceRequestCode"].as_str() {
        None | Some("" | "Unknown") => {
            return Err(missing("inviteContext.assistanceRequestCode", "the help that Microsoft is asked for"));
        }
        Some(_) => {}
    }
    copy["engagementId"] = json!(engagement);
    copy["target"] = json!([{ "type": "BusinessProfileLocation", "id": "msft" }]);
    Ok(copy)
}

/// The referral without nulls and without what the service sets, if nothing is missing.
fn checked(mut referral: Value) -> Result<Value, CallError> {
    drop_nulls(&mut referral);
    remove(&mut referral, &SET_BY_SERVICE);
    for (field, what) in [
        ("type", "Independent or Shared"),
        ("name", "the name of the deal"),
        ("customerProfile.name", "the customer's name"),
        ("customerProfile.address.country", "the customer's country"),
    ] {
        text_at(&referral, field).ok_or_else(|| missing(field, what))?;
    }
    check_country(&referral)?;
    check_solutions(&referral)?;
    check_person(&referral["team"][0], "team[0]", "a member of the sales team")?;
    if referral["type"] == "Shared" {
        check_person(&referral["customerProfile"]["team"][0], "customerProfile.team[0]", "the customer's contact")?;
        // Sharing a deal makes it visible, whatever was chosen before.
        if !referral["consent"].is_object() {
            referral["consent"] = json!({});
        }
        referral["consent"]["consentToShareReferralWithMicrosoftSellers"] = json!(true);
    }
    Ok(referral)
}

fn check_country(referral: &Value) -> Result<(), CallError> {
    let field = "customerProfile.address.country";
    let country = text_at(referral, field).unwrap_or_default();
    if country.len() == 2 && country.bytes().all(|byte| byte.is_ascii_alphabetic()) {
        return Ok(());
    }
    let message = format!("`{field}` is `{country}`; a country is written with two letters (ISO 3166-1 alpha-2)");
    Err(CallError::new(CallErrorKind::Input, message))
}

fn check_solutions(referral: &Value) -> Result<(), CallError> {
    let field = "details.requirements.solutions";
    let solutions = referral["details"]["requirements"]["solutions"].as_array();
    let solutions = solutions.filter(|solutions| !solutions.is_empty());
    let solutions = solutions.ok_or_else(|| missing(field, "at least one solution"))?;
    for (index, solution) in solutions.iter().enumerate() {
        text_at(solution, "id").ok_or_else(|| missing(&format!("{field}[{index}].id"), "the id of the solution"))?;
    }
    Ok(())
}

fn check_person(person: &Value, field: &str, who: &str) -> Result<(), CallError> {
    for (part, what) in [("firstName", "first name"), ("lastName", "last name"), ("email", "e-mail address")] {
        text_at(person, part).ok_or_else(|| missing(&format!("{field}.{part}"), &format!("the {what} of {who}")))?;
    }
    Ok(())
}

/// The text at a dotted path, unless it is empty.
fn text_at<'a>(value: &'a Value, path: &str) -> Option<&'a str> {
    let found = path.split('.').fold(value, |value, part| &value[part]);
    found.as_str().filter(|text| !text.trim().is_empty())
}

fn missing(field: &str, what: &str) -> CallError {
    let message = format!("the deal cannot be sent to Partner Center: `{field}` is missing ({what})");
    CallError::new(CallErrorKind::Input, message)
}

fn remove(value: &mut Value, names: &[&str]) {
    if let Value::Object(map) = value {
        map.retain(|name, _| !names.contains(&name.as_str()));
    }
}

/// A null says nothing in a new record, and the service refuses some.
fn drop_nulls(value: &mut Value) {
    match value {
        Value::Object(map) => {
            map.retain(|_, value| !value.is_null());
            map.values_mut().for_each(drop_nulls);
        }
        Value::Array(items) => items.iter_mut().for_each(drop_nulls),
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn deal() -> Value {
        json!({
            "id": "1", "eTag": "\"1\"", "name": "Harbour pilot", "type": "Shared", "campaignId": null,
            "customerProfile": {
                "name": "Contoso", "address": { "country": "US", "state": null },
                "team": [{ "firstName": "Test", "lastName": "Person", "email": "test@contoso.example" }]
            },
            "details": { "requirements": { "solutions": [{ "id": "SOL-1-A", "name": null }] } },
            "team": [{ "firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example" }],
            "inviteContext": { "assistanceRequestCode": "GeneralOrOther" }
        })
    }

    #[test]
    fn an_own_deal_is_completed() {
        let sent = own_deal(deal()).unwrap();
        assert_eq!(sent["target"], json!([{ "type": "SolutionProfile", "id": "SOL-1-A" }]));
        assert_eq!(sent["consent"]["consentToShareReferralWithMicrosoftSellers"], json!(true));
        assert_eq!(sent["customerProfile"]["address"], json!({ "country": "US" }));
        for name in ["id", "eTag", "inviteContext", "campaignId", "engagementId"] {
            assert_eq!(sent.get(name), None, "{name}");
        }
    }

    #[test]
    fn the_copy_of_microsoft_asks_for_help() {
        let sent = microsofts_copy(deal(), "e-1").unwrap();
        assert_eq!(sent["engagementId"], json!("e-1"));
        assert_eq!(sent["target"], json!([{ "type": "BusinessProfileLocation", "id": "msft" }]));
        assert_eq!(sent["inviteContext"]["assistanceRequestCode"], json!("GeneralOrOther"));
    }

    #[test]
    fn t18_t26_d25_what_is_missing_is_named() {
        // The pointer to overwrite, its new value, and what the message must name.
        let cases = [
            ("/type", json!(null), "`type`"),
            ("/name", json!(" "), "`name`"),
            ("/customerProfile/name", json!(null), "`customerProfile.name`"),
            ("/customerProfile/address/country", json!("USA"), "`customerProfile.address.country` is `USA`"),
            ("/details/requirements/solutions", json!([]), "`details.requirements.solutions`"),
            ("/details/requirements/solutions/0/id", json!(null), "`details.requirements.solutions[0].id`"),
            ("/team", json!([]), "`team[0].firstName`"),
            ("/team/0/email", json!(""), "`team[0].email`"),
            ("/customerProfile/team", json!(null), "`customerProfile.team[0].firstName`"),
        ];
        for (pointer, value, expected) in cases {
            let mut deal = deal();
            *deal.pointer_mut(pointer).unwrap() = value;
            let error = own_deal(deal).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Input);
            assert!(error.message.contains(expected), "{pointer}: {}", error.message);
        }
        for odd in [json!(null), json!([]), json!("text"), json!({})] {
            assert!(own_deal(odd.clone()).is_err(), "{odd}");
            assert!(microsofts_copy(odd, "e").is_err());
        }
    }

    #[test]
    fn t26_a_contact_is_needed_for_a_shared_deal_only() {
        let mut deal = deal();
        deal["type"] = json!("Independent");
        deal["customerProfile"]["team"] = json!(null);
        let sent = own_deal(deal).unwrap();
        assert_eq!(sent.pointer("/consent"), None);
    }
}
