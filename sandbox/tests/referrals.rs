//! The referrals host: create, read, list, patch.

use serde_json::{Value, json};

use crate::harness::{Case, Harness, Host, case, referral};

const PATH: &str = "/v1.0/engagements/referrals";

#[tokio::test]
async fn a_created_referral_is_accepted_and_whole() {
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
    let created = made["createdDateTime"].as_str().unwrap();
    assert_eq!(created.len(), "2022-03-07T09:18:01.6076542Z".len(), "{created}");
    let path = format!("{PATH}/{}", made["id"].as_str().unwrap());
    let read = harness.json(Host::Referrals, "GET", &path, Value::Null).await;
    assert_eq!(read["eTag"], made["eTag"]);
}

#[tokio::test]
async fn posts_are_checked() {
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
async fn patches_follow_the_rules() {
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
        patch("bad pair", &[], replace("/substatus", json!("Won")), 400, &["Won does not belong"]),
        patch("back", &[], replace("/status", json!("New")), 400, &["cannot change from Active to New"]),
        patch("visible", &[], replace(visibility, json!(true)), 204, &[]),
        patch("hidden again", &[], replace(visibility, json!(false)), 400, &["cannot be taken back"]),
        patch("win", body, close, 200, &["\"substatus\":\"Won\"", "!\"closedDateTime\":null"]),
        patch("frozen", &[], replace("/details/notes", json!("late")), 400, &["closed"]),
    ];
    harness.check(Host::Referrals, cases).await;
    let unknown = format!("{PATH}/11111111-1111-4111-8111-111111111111");
    let cases = vec![
        case("unknown", "GET", unknown, Value::Null, 404, &["itemNotFound"]),
        case("put", "PUT", path, referral(), 405, &["\"error\""]),
        case("elsewhere", "GET", "/v1.0/referrals", Value::Null, 404, &["itemNotFound"]),
    ];
    harness.check(Host::Referrals, cases).await;
}

#[tokio::test]
async fn a_co_sell_takes_two_posts() {
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
async fn lists_come_in_pages_of_a_hundred() {
    let harness = Harness::start().await;
    for number in 0..105 {
        let mut body = referral();
        body["name"] = json!(format!("Deal {number:03}"));
        harness.json(Host::Referrals, "POST", PATH, body).await;
    }
    let first = format!(
        "{PATH}?$filter=status eq 'Active' and team/any(t:t/email eq 'sales@fabrikam.example')\
         &$orderby=createdDateTime desc&$select=name&$count=true"
    );
    let page = harness.json(Host::Referrals, "GET", &first, Value::Null).await;
    assert_eq!(page["value"].as_array().unwrap().len(), 100);
    assert_eq!(page["value"][0], json!({"name": "Deal 104"}));
    let link = page["@odata.nextLink"].as_str().unwrap();
    let (address, token) = link.split_once('?').unwrap();
    assert!(address.ends_with("/v1.0/referrals"), "{link}");
    let rest = harness.json(Host::Referrals, "GET", &format!("{PATH}?{token}"), Value::Null).await;
    assert_eq!(rest["value"].as_array().unwrap().len(), 5);
    assert_eq!(rest["value"][4], json!({"name": "Deal 000"}));
    assert!(rest.get("@odata.nextLink").is_none());
    let cases = vec![
        case("top and skip", "GET", format!("{PATH}?$top=1&$skip=2&$select=name"), Value::Null, 200, &["Deal 002"]),
        case("bad filter", "GET", format!("{PATH}?$filter=status eq"), Value::Null, 400, &["invalidRequest"]),
        case("unknown name", "GET", format!("{PATH}?$filter=nothing eq 1"), Value::Null, 400, &["`nothing`"]),
        case("bad token", "GET", format!("{PATH}?$skiptoken=x"), Value::Null, 400, &["$skiptoken"]),
    ];
    harness.check(Host::Referrals, cases).await;
}
