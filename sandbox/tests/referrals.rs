//! The referrals host, a test for each of its numbered behaviours.

mod access;
mod deal_registration;
mod listing;
mod put;
mod shapes;
mod time;

use serde_json::{Value, json};

use crate::harness::{Case, Harness, Host, case, referral};

pub(crate) const PATH: &str = "/v1.0/engagements/referrals";

/// Both posts of a co-sell: the partner's referral and Microsoft's copy.
async fn share(harness: &Harness) -> (Value, Value) {
    let own = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let mut second = referral();
    second["engagementId"] = own["engagementId"].clone();
    second["target"] = json!([{"type": "BusinessProfileLocation", "id": "msft"}]);
    let copy = harness.json(Host::Referrals, "POST", PATH, second).await;
    (own, copy)
}

#[tokio::test]
async fn s07_a_post_answers_200_with_a_deal_that_is_accepted_at_birth() {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let expected = [
        ("/status", json!("Active")),
        ("/substatus", json!("Accepted")),
        ("/direction", json!("Outgoing")),
        ("/details/dealValue", json!(1000.5)),
        ("/team/0/contactPreference/locale", Value::Null),
        ("/details/requirements/solutions/0/type", json!("Name")),
        ("/trackingInfo/microsoftMsxId", Value::Null),
        ("/closedDateTime", Value::Null),
        ("/inviteContext/assistanceRequestCode", json!("Unknown")),
    ];
    for (pointer, value) in expected {
        assert_eq!(made.pointer(pointer), Some(&value), "{pointer}");
    }
    assert_eq!(made["acceptedDateTime"], made["createdDateTime"]);
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let read = harness.json(Host::Referrals, "GET", &path, Value::Null).await;
    assert_eq!(read["eTag"], made["eTag"]);
}

#[tokio::test]
async fn s08_posts_are_checked() {
    let harness = Harness::start().await;
    let cases = [
        ("type", "/type", json!("Other"), "type must be"),
        ("customer", "/customerProfile", Value::Null, "customerProfile is required"),
        ("consent", "/consent", Value::Null, "consent is required"),
        ("details", "/details", Value::Null, "details is required"),
        ("country", "/customerProfile/address/country", json!("SWE"), "alpha-2"),
        ("solutions", "/details/requirements/solutions", json!([]), "at least one solution"),
        ("no consent", "/consent/consentToContact", json!(false), "consentToContact"),
        ("value", "/details/dealValue", json!("much"), "dealValue"),
        ("date", "/details/closingDateTime", json!("2030-01-01"), "closingDateTime"),
        ("no country", "/customerProfile/address/country", json!("ZZ"), "alpha-2"),
        ("number for a text", "/name", json!(7), "name is required"),
        ("number for a text within", "/customerProfile/name", json!(7), "customerProfile/name must be a text"),
        ("text for a number", "/details/dealValue", json!("7"), "details/dealValue must be a number"),
        ("object for an array", "/team", json!({}), "team must be an array"),
        ("array for an object", "/customerProfile/address", json!([]), "customerProfile/address must be an object"),
        ("text for a flag", "/consent/consentToContact", json!("yes"), "must be true or false"),
        ("in a person", "/team/0/email", json!(["a@b.example"]), "team/0/email must be a text"),
        ("in a solution", "/details/requirements/solutions/0/id", json!(1), "solutions/0/id must be a text"),
        ("many people", "/team", json!(vec![json!({}); 51]), "50 is the most"),
    ];
    for (title, pointer, value, part) in cases {
        let mut body = referral();
        *body.pointer_mut(pointer).unwrap() = value;
        let response = harness.send(Host::Referrals, "POST", PATH, &[], &body).await.unwrap();
        assert_eq!(response.status(), 400, "{title}");
        let text = response.text().await.unwrap();
        assert!(text.contains(part) && text.contains("invalidRequest"), "{title}: {text}");
    }
}

#[tokio::test]
async fn s11_s12_patches_follow_the_rules_and_take_numbers_as_texts() {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let replace = |at: &str, value: Value| json!([{"op": "replace", "path": at, "value": value}]);
    let close = json!([
        {"op": "replace", "path": "/status", "value": "Closed"},
        {"op": "replace", "path": "/substatus", "value": "Won"},
    ]);
    let visibility = "/consent/consentToShareReferralWithMicrosoftSellers";
    let body = [("prefer", "return=representation")].as_slice();
    let stale = [("if-match", "\"old\"")].as_slice();
    let patch = |title, headers, body, status, parts| Case {
        title,
        method: "PATCH",
        path: path.clone(),
        headers,
        body,
        status,
        parts,
    };
    let cases = vec![
        patch("text number", body, replace("/details/dealValue", json!("2500.25")), 200, &["\"dealValue\":2500.25"]),
        patch("no body", &[], replace("/details/notes", json!("new")), 204, &[]),
        patch("stale", stale, replace("/details/notes", json!("lost")), 412, &["preconditionFailed"]),
        patch("name", &[], replace("/name", json!("other")), 400, &["/name cannot be updated"]),
        patch("remove", &[], json!([{"op": "remove", "path": "/team"}]), 400, &["remove is not supported"]),
        patch(
            "member",
            body,
            json!([{"op": "add", "path": "/team/-", "value": {"email": "a@b.example"}}]),
            200,
            &["a@b.example", "new"],
        ),
        patch("people of numbers", &[], replace("/team", json!([{"email": 7}])), 400, &["team/0/email must be a text"]),
        patch(
            "one of numbers",
            &[],
            json!([{"op": "add", "path": "/team/-", "value": {"Email": 7}}]),
            400,
            &["team/0/email must be a text"],
        ),
        patch("bad pair", &[], replace("/substatus", json!("Won")), 400, &["Won does not belong"]),
        patch("back", &[], replace("/status", json!("New")), 400, &["cannot change from Active to New"]),
        patch("visible", &[], replace(visibility, json!(true)), 204, &[]),
        patch("hidden again", &[], replace(visibility, json!(false)), 400, &["cannot be taken back"]),
        patch("win", body, close, 200, &["\"substatus\":\"Won\"", "!\"closedDateTime\":null"]),
        patch("frozen", &[], replace("/details/notes", json!("late")), 400, &["closed"]),
        patch("frozen even for nothing", &[], json!([]), 400, &["closed"]),
    ];
    harness.check(Host::Referrals, cases).await;
    let unknown = format!("{PATH}/11111111-1111-4111-8111-111111111111");
    let cases = vec![
        case("unknown", "GET", unknown, Value::Null, 404, &["itemNotFound"]),
        case("delete", "DELETE", path, Value::Null, 405, &["\"error\""]),
        case("elsewhere", "GET", "/v1.0/referrals", Value::Null, 404, &["itemNotFound"]),
    ];
    harness.check(Host::Referrals, cases).await;
}

#[tokio::test]
async fn s09_two_posts_share_an_engagement() {
    let harness = Harness::start().await;
    let own = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let mut second = referral();
    second["engagementId"] = own["engagementId"].clone();
    second["target"] = json!([{"type": "BusinessProfileLocation", "id": "msft"}]);
    second["inviteContext"] = json!({"assistanceRequestCode": "QuotesOrLicensing"});
    let copy = harness.json(Host::Referrals, "POST", PATH, second.clone()).await;
    assert_eq!((&copy["status"], &copy["engagementId"]), (&json!("New"), &own["engagementId"]));
    let filter = format!("{PATH}?$filter=engagementId eq '{}'&$select=id", own["engagementId"].as_str().unwrap());
    let listed = harness.json(Host::Referrals, "GET", &filter, Value::Null).await;
    assert_eq!(listed["value"], json!([{"id": own["id"]}, {"id": copy["id"]}]));
    let contact = json!([{"op": "replace", "path": "/customerProfile/team", "value": []}]);
    let cases = vec![
        case("shared twice", "POST", PATH, second, 400, &["already shared"]),
        case("theirs", "PATCH", format!("{PATH}/{}", copy["id"].as_str().unwrap()), json!([]), 403, &["accessDenied"]),
        case(
            "contact",
            "PATCH",
            format!("{PATH}/{}", own["id"].as_str().unwrap()),
            contact,
            400,
            &["once it is shared"],
        ),
    ];
    harness.check(Host::Referrals, cases).await;
    let accept = format!("/deals/{}", copy["id"].as_str().unwrap());
    harness.json(Host::Admin, "POST", &accept, json!({"status": "Active"})).await;
    let path = format!("{PATH}/{}", own["id"].as_str().unwrap());
    let read = harness.json(Host::Referrals, "GET", &path, Value::Null).await;
    assert!(read["trackingInfo"]["microsoftMsxId"].is_string());
}

#[tokio::test]
async fn s08_more_may_be_asked_for_by_switch() {
    let harness = Harness::start().await;
    let mut whole = referral();
    whole["team"][0]["phoneNumber"] = json!("5550101");
    whole["details"]["requirements"]["additionalRequirements"] =
        json!({"attributes": [{"id": "No", "type": "CustomerMarketplaceIntent"}]});
    for (behaviour, part) in
        [("bulk_rules", "phoneNumber"), ("marketplace_intent_required", "CustomerMarketplaceIntent")]
    {
        assert_eq!(harness.send(Host::Referrals, "POST", PATH, &[], &referral()).await.unwrap().status(), 200);
        harness.turn(&[behaviour]).await;
        let refused = harness.send(Host::Referrals, "POST", PATH, &[], &referral()).await.unwrap();
        assert_eq!(refused.status(), 400);
        assert!(refused.text().await.unwrap().contains(part));
        assert_eq!(harness.send(Host::Referrals, "POST", PATH, &[], &whole).await.unwrap().status(), 200);
        harness.json(Host::Admin, "POST", "/behaviours", json!({behaviour: false})).await;
    }
}

#[tokio::test]
async fn s08_a_country_has_two_letters_or_three() {
    let harness = Harness::start().await;
    for (three, country, status) in [(false, "SE", 200), (false, "SWE", 400), (true, "SE", 400), (true, "SWE", 200)] {
        harness.json(Host::Admin, "POST", "/behaviours", json!({"three_letter_countries": three})).await;
        let mut body = referral();
        body["customerProfile"]["address"]["country"] = json!(country);
        let answer = harness.send(Host::Referrals, "POST", PATH, &[], &body).await.unwrap();
        assert_eq!(answer.status(), status, "{three} {country}");
    }
}

#[tokio::test]
async fn s10_every_pair_of_states_and_every_way_between_them() {
    let harness = Harness::start().await;
    let substatuses = [
        ("New", &["Pending", "Received"][..]),
        ("Active", &["Accepted"]),
        ("Closed", &["Won", "Lost", "Declined", "Expired", "Error"]),
    ];
    let all: Vec<&str> = substatuses.iter().flat_map(|(_, them)| them.iter().copied()).collect();
    for from in ["New", "Active", "Closed"] {
        for (to, allowed) in substatuses {
            for substatus in all.iter().chain(&["Engaged"]) {
                let deal = harness.json(Host::Admin, "POST", "/deals", json!({"status": "New"})).await;
                let id = deal["id"].as_str().unwrap();
                if from != "New" {
                    harness.json(Host::Admin, "POST", &format!("/deals/{id}"), json!({"status": from})).await;
                }
                let change = json!([
                    {"op": "replace", "path": "/status", "value": to},
                    {"op": "replace", "path": "/substatus", "value": substatus},
                ]);
                let path = format!("{PATH}/{id}");
                let answer = harness.send(Host::Referrals, "PATCH", &path, &[], &change).await.unwrap();
                let way = matches!((from, to), ("New", _) | ("Active", "Active" | "Closed"));
                let expected = if way && allowed.contains(substatus) { 204 } else { 400 };
                assert_eq!(answer.status(), expected, "{from} to {to}/{substatus}");
            }
        }
    }
}

#[tokio::test]
async fn s11_the_name_may_be_patched_by_switch() {
    let harness = Harness::start().await;
    let made = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let rename = json!([{"op": "replace", "path": "/name", "value": "Renamed"}]);
    for (behaviours, status) in [(&[][..], 400), (&["name_patchable"], 204)] {
        harness.turn(behaviours).await;
        assert_eq!(harness.send(Host::Referrals, "PATCH", &path, &[], &rename).await.unwrap().status(), status);
    }
    let blank = json!([{"op": "replace", "path": "/name", "value": " "}]);
    assert_eq!(harness.send(Host::Referrals, "PATCH", &path, &[], &blank).await.unwrap().status(), 400);
    assert_eq!(harness.json(Host::Referrals, "GET", &path, Value::Null).await["name"], "Renamed");
}

#[tokio::test]
async fn s38_fifty_solutions_and_fifty_people_are_the_most() {
    let harness = Harness::start().await;
    let lists = [("/team", json!({})), ("/details/requirements/solutions", json!({"id": "SOL-1"}))];
    for (list, item) in lists {
        for (count, status) in [(50, 200), (51, 400)] {
            let mut body = referral();
            *body.pointer_mut(list).unwrap() = json!(vec![item.clone(); count]);
            let answer = harness.send(Host::Referrals, "POST", PATH, &[], &body).await.unwrap();
            assert_eq!(answer.status(), status, "{count} in {list}");
            if status == 200 {
                let made: Value = answer.json().await.unwrap();
                let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
                let more = json!([{"op": "add", "path": format!("{list}/-"), "value": item}]);
                let more = harness.send(Host::Referrals, "PATCH", &path, &[], &more).await.unwrap();
                assert_eq!(more.status(), 400, "one more in {list}");
            }
        }
    }
}
