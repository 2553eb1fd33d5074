//! Operations against a server that answers as told: which requests they make.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use serde_json::{Value, json};

use super::*;
use crate::test_server::{Answer, Asked, TestServer};

const LIST: &str = "/v1.0/engagements/referrals";

fn connected(server: &TestServer) -> Connector {
    let settings = PartnerCenterSettings { timeout: 5, ..PartnerCenterSettings::new(&server.url, server.sign_in()) };
    connector(&Connection::of("partner_center", Some(settings.client().unwrap())))
}

async fn call(server: &TestServer, operation: &str, input: Value) -> Result<Value, CallError> {
    let key = CallKey::new("run", "step", "call");
    connected(server)
        .operation(operation)
        .unwrap()
        .call_any(&key, &input)
        .await
        .map(|answer| Value::clone(&answer.value))
}

fn deal() -> Value {
    json!({
        "name": "Harbour pilot", "type": "Shared", "externalReferenceId": "CRM-1",
        "customerProfile": {
            "name": "Contoso", "address": { "country": "US" },
            "team": [{ "firstName": "Test", "lastName": "Person", "email": "test@contoso.example" }]
        },
        "details": { "requirements": { "solutions": [{ "id": "SOL-1-A" }] } },
        "team": [{ "firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example" }],
        "inviteContext": { "assistanceRequestCode": "GeneralOrOther" }
    })
}

#[tokio::test]
async fn t28_lists_go_over_all_pages_with_values_unheard_of() {
    let odd = "http://elsewhere.example/v1.0/referrals?$skiptoken=t-2";
    let server = TestServer::start([
        Answer::json(200, json!({ "value": [{ "id": "1" }, { "id": "2" }], "@odata.nextLink": odd })),
        Answer::json(200, json!({ "value": [{ "id": "3", "status": "Unheard" }, { "id": "4" }] })),
    ])
    .await;
    let found = call(&server, "list_referrals", json!({ "top": 3 })).await.unwrap();
    assert_eq!(found, json!({ "value": [{ "id": "1" }, { "id": "2" }, { "id": "3", "status": "Unheard" }] }));
    assert_eq!(server.lines(), [format!("GET {LIST}?$top=3"), format!("GET {LIST}?$skiptoken=t-2")]);
}

#[tokio::test]
async fn the_version_may_come_in_a_header() {
    let server =
        TestServer::start([Answer::json(200, json!({ "id": "1", "unknown": true })).with("etag", "\"v1\"")]).await;
    let referral = call(&server, "get_referral", json!({ "id": "1" })).await.unwrap();
    assert_eq!(referral, json!({ "id": "1", "unknown": true, "eTag": "\"v1\"" }));
}

#[tokio::test]
async fn t02_own_deals_are_found_without_case() {
    let list = json!({ "value": [
        { "id": "1", "externalReferenceId": "crm-1", "target": [{ "id": "msft" }] },
        { "id": "2", "externalReferenceId": null },
        { "id": "3", "externalReferenceId": "crm-1" } ] });
    let deal = json!({ "id": "3", "externalReferenceId": "crm-1", "eTag": "\"1\"" });
    let server =
        TestServer::start([Answer::json(200, list.clone()), Answer::json(200, deal), Answer::json(200, list)]).await;
    let found = call(&server, "find_referral", json!({ "external_reference_id": "CRM-1" })).await.unwrap();
    assert_eq!(found["id"], json!("3"));
    let none = call(&server, "find_referral", json!({ "external_reference_id": "CRM-2" })).await.unwrap();
    assert_eq!(none, Value::Null);
    let empty = call(&server, "find_referral", json!({ "external_reference_id": " " })).await.unwrap_err();
    assert_eq!(empty.kind, CallErrorKind::Input);
}

#[tokio::test]
async fn t03_a_repeated_create_makes_no_second_deal() {
    let made = json!({ "id": "7", "externalReferenceId": "crm-1", "status": "Active" });
    let closed = json!({ "id": "6", "externalReferenceId": "crm-1", "status": "Closed" });
    let server = TestServer::start([
        Answer::json(200, json!({ "value": [closed] })),
        Answer::json(200, made.clone()),
        Answer::json(200, json!({ "value": [made.clone()] })),
        Answer::json(200, made),
    ])
    .await;
    for _ in 0..2 {
        let referral = call(&server, "create_referral", json!({ "referral": deal() })).await.unwrap();
        assert_eq!(referral["id"], json!("7"));
    }
    let methods: Vec<String> = server.asked().into_iter().map(|asked| asked.method).collect();
    assert_eq!(methods, ["GET", "POST", "GET", "GET"]);
    assert_eq!(server.asked()[1].json().get("inviteContext"), None);
}

#[tokio::test]
async fn t04_microsoft_is_invited_once() {
    let copy = json!({ "id": "9", "target": [{ "type": "BusinessProfileLocation", "id": "msft" }] });
    let server = TestServer::start([
        Answer::json(200, json!({ "value": [{ "id": "7" }] })),
        Answer::json(200, copy.clone()),
        Answer::json(200, json!({ "value": [{ "id": "7" }, copy.clone()] })),
        Answer::json(200, copy),
    ])
    .await;
    for _ in 0..2 {
        let input = json!({ "referral": deal(), "engagement": "e-1" });
        assert_eq!(call(&server, "invite_microsoft", input).await.unwrap()["id"], json!("9"));
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 4);
    assert_eq!(asked[1].json()["engagementId"], json!("e-1"));
}

#[tokio::test]
async fn an_update_sends_a_patch_with_the_version() {
    let server = TestServer::start([
        Answer::bytes(204, b""),
        Answer::json(200, json!({ "id": "1", "eTag": "\"v2\"" })),
        Answer::json(412, json!({ "error": { "code": "preconditionFailed", "message": "Changed." } })),
        Answer::json(200, json!({ "id": "1", "details": { "dealValue": 6 } })),
    ])
    .await;
    let input = json!({ "id": "1", "changes": { "details": { "dealValue": 5 } }, "if_match": "\"v1\"" });
    assert_eq!(call(&server, "update_referral", input.clone()).await.unwrap()["eTag"], json!("\"v2\""));
    let conflict = call(&server, "update_referral", input).await.unwrap_err();
    assert_eq!((conflict.kind, conflict.code.as_deref()), (CallErrorKind::Conflict, Some("preconditionFailed")));
    let asked: Vec<Asked> = server.asked();
    assert_eq!(asked[0].json(), json!([{ "op": "replace", "path": "/details/dealValue", "value": 5 }]));
    assert_eq!(asked[0].header("if-match"), Some("\"v1\""));
    assert_eq!(asked[0].header("prefer"), Some("return=representation"));
}

#[tokio::test]
async fn t24_a_deal_is_accepted_only_where_that_is_meant() {
    let (accepts, closes) = (json!({ "status": "Active", "substatus": "Accepted" }), json!({ "status": "Closed" }));
    // The changes, whether they may accept, the status of the deal, and which requests are made.
    let cases: [(&Value, bool, &str, &[&str]); 4] = [
        (&accepts, false, "New", &["GET"]),
        (&accepts, false, "Active", &["GET", "PATCH"]),
        (&accepts, true, "New", &["PATCH"]),
        (&closes, false, "New", &["PATCH"]),
    ];
    for (changes, accept, status, expected) in cases {
        let answer = || Answer::json(200, json!({ "id": "1", "eTag": "\"v1\"", "status": status }));
        let server = TestServer::start([answer(), answer()]).await;
        let input = json!({ "id": "1", "changes": changes, "if_match": "\"v1\"", "accept": accept });
        let result = call(&server, "update_referral", input).await;
        let methods: Vec<String> = server.asked().into_iter().map(|asked| asked.method).collect();
        assert_eq!(methods, expected, "{changes} {accept} {status}");
        match result {
            Ok(_) => assert!(expected.contains(&"PATCH")),
            Err(refused) => {
                assert_eq!(refused.kind, CallErrorKind::Input);
                assert!(refused.message.contains("`accept: true`"), "{refused}");
            }
        }
    }
}

#[tokio::test]
async fn t39_a_deal_of_another_record_is_refused() {
    let (ours, other) = ("7c9e6679-7425-40de-944b-e07fc1f90ae7", "0f8fad5b-d9cb-469f-a165-70867728950e");
    let in_braces = format!("{{{}}}", ours.to_uppercase());
    // What the deal shows, the record that named it, and whether it is given.
    let cases = [
        (json!(ours), json!(format!("{in_braces} ")), true),
        (json!(in_braces), json!(ours), true),
        (json!(other), json!(ours), false),
        (json!(format!(" {{{}}}", other.to_uppercase())), json!(ours), false),
        (json!(other), json!("OPP-7"), false),
        (json!(other), json!(null), true),
        (json!("OPP-7"), json!(ours), true),
        (json!(null), json!(ours), true),
        (json!(" "), json!(ours), true),
    ];
    for (shown, record, given) in cases {
        let server = TestServer::start([Answer::json(200, json!({ "id": "1", "externalReferenceId": shown }))]).await;
        match call(&server, "get_referral", json!({ "id": "1", "belongs_to": record })).await {
            Ok(_) => assert!(given, "{shown} {record}"),
            Err(error) => {
                assert!(!given && error.kind == CallErrorKind::Input, "{shown} {record}: {error}");
                for word in
                    ["`CRM ID`", &format!("`{other}`"), &format!("`{}`", record.as_str().unwrap()), "referral's id"]
                {
                    assert!(error.message.contains(word), "{word}: {error}");
                }
            }
        }
    }
}
