//! Sign-in on another device.

use serde_json::{Value, json};

use crate::harness::{Harness, Host};

const TOKEN: &str = "oauth2/v2.0/token";
const SCOPE: &str = "https://api.partner.microsoft.com/user_impersonation openid offline_access";

async fn begin(harness: &Harness) -> Value {
    let id = harness.sandbox.credentials().client_id.clone();
    let (status, body) = harness.form("oauth2/v2.0/devicecode", &[("client_id", &id), ("scope", SCOPE)]).await;
    assert_eq!((status, &body["expires_in"], &body["interval"]), (200, &json!(900), &json!(5)), "{body}");
    body
}

async fn poll(harness: &Harness, begun: &Value, name: &str) -> (u16, Value) {
    let id = harness.sandbox.credentials().client_id.clone();
    let code = begun["device_code"].as_str().unwrap();
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    harness.form(TOKEN, &[("grant_type", grant), ("client_id", &id), (name, code)]).await
}

#[tokio::test]
async fn a_code_is_waited_for_and_redeemed_once() {
    let harness = Harness::start().await;
    for by_page in [false, true] {
        let begun = begin(&harness).await;
        let code = begun["user_code"].as_str().unwrap();
        assert!(begun["message"].as_str().unwrap().contains(code));
        let (status, body) = poll(&harness, &begun, "device_code").await;
        assert_eq!((status, &body["error"]), (400, &json!("authorization_pending")));
        if by_page {
            let page = begun["verification_uri"].as_str().unwrap();
            let typed = harness.client.post(page).form(&[("code", code)]).send().await.unwrap();
            assert!(typed.text().await.unwrap().contains("You have signed in"));
        } else {
            harness.json(Host::Admin, "POST", &format!("/device-codes/{code}"), json!({"approve": true})).await;
        }
        let (status, body) = poll(&harness, &begun, "code").await;
        assert_eq!(status, 200, "{body}");
        let again = poll(&harness, &begun, "device_code").await.1;
        assert_eq!(again["error"], "bad_verification_code");
        // A public client's refresh token needs no secret.
        let id = harness.sandbox.credentials().client_id.clone();
        let refresh = body["refresh_token"].as_str().unwrap();
        let fields = [("grant_type", "refresh_token"), ("client_id", &id), ("refresh_token", refresh)];
        assert_eq!(harness.form(TOKEN, &fields).await.0, 200);
    }
}

#[tokio::test]
async fn a_code_is_spent_only_by_a_token_and_the_client_s_proof_is_remembered() {
    let harness = Harness::start().await;
    let signer = super::assertion::Signer::new();
    harness.json(Host::Admin, "POST", "/applications/certificates", json!({"pem": signer.pem})).await;
    let assertion = signer.proof(&harness);
    let id = harness.sandbox.credentials().client_id.clone();
    let proven = [
        ("client_id", id.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &assertion),
    ];
    let begun = begin(&harness).await;
    let code = begun["user_code"].as_str().unwrap();
    harness.json(Host::Admin, "POST", &format!("/device-codes/{code}"), json!({"approve": true})).await;
    for (behaviour, error) in [("consent_missing", 65_001), ("interaction_required", 50_076)] {
        harness.turn(&[behaviour]).await;
        assert_eq!(poll(&harness, &begun, "device_code").await.1["error_codes"], json!([error]));
        harness.json(Host::Admin, "POST", "/behaviours", json!({behaviour: false})).await;
    }
    let device = begun["device_code"].as_str().unwrap();
    let mut fields = vec![("grant_type", "urn:ietf:params:oauth:grant-type:device_code"), ("device_code", device)];
    fields.extend(proven);
    let (status, body) = harness.form(TOKEN, &fields).await;
    assert_eq!(status, 200, "{body}");
    let refresh = [("grant_type", "refresh_token"), ("refresh_token", body["refresh_token"].as_str().unwrap())];
    let bare = [refresh.as_slice(), &[("client_id", id.as_str())]].concat();
    assert_eq!(harness.form(TOKEN, &bare).await.1["error_codes"], json!([7_000_218]), "a confidential client's token");
    assert_eq!(harness.form(TOKEN, &[refresh.as_slice(), &proven].concat()).await.0, 200);
}

#[tokio::test]
async fn how_a_sign_in_ends_without_a_token() {
    let harness = Harness::start().await;
    let declined = begin(&harness).await;
    let path = format!("/device-codes/{}", declined["user_code"].as_str().unwrap());
    harness.json(Host::Admin, "POST", &path, json!({"approve": false})).await;
    assert_eq!(poll(&harness, &declined, "device_code").await.1["error"], "authorization_declined");
    let late = begin(&harness).await;
    harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": 901})).await;
    assert_eq!(poll(&harness, &late, "device_code").await.1["error"], "expired_token");
    assert_eq!(poll(&harness, &json!({"device_code": "x"}), "device_code").await.1["error"], "bad_verification_code");
    harness.turn(&["no_public_clients"]).await;
    assert_eq!(poll(&harness, &late, "device_code").await.1["error_codes"], json!([7000218]));
    let unknown = harness.send(Host::Admin, "POST", "/device-codes/X", &[], &json!({"approve": true})).await.unwrap();
    assert_eq!(unknown.status(), 404);
}

#[tokio::test]
async fn the_older_endpoint_names_the_address_otherwise() {
    let harness = Harness::start().await;
    let id = harness.sandbox.credentials().client_id.clone();
    let fields = [("client_id", id.as_str()), ("resource", "https://api.partner.microsoft.com")];
    let (_, body) = harness.form("oauth2/devicecode", &fields).await;
    assert_eq!((&body["expires_in"], body["verification_url"].is_string()), (&json!("900"), true));
}
