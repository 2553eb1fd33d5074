//! Grants and their refusals, in both forms of the endpoint.

use serde_json::{Value, json};

use super::claims;
use crate::harness::{Harness, Host};

const V1: &str = "oauth2/token";
const V2: &str = "oauth2/v2.0/token";
const REFERRALS: &str = "https://api.partner.microsoft.com";
const LIST: &str = "/v1.0/engagements/referrals";

/// What it is about, the fields, and the status and a part of the answer.
type Case<'a> = (&'a str, Vec<(&'a str, &'a str)>, u16, &'a str);

#[tokio::test]
async fn grants_and_refusals() {
    let harness = Harness::start().await;
    let known = harness.sandbox.credentials().refresh_token.clone();
    let id = harness.sandbox.credentials().client_id.clone();
    let secret = harness.sandbox.credentials().client_secret.clone();
    let crm = "https://org.crm4.dynamics.com/.default";
    let own = format!("{}/.default", harness.base(Host::Dataverse));
    let refresh = "refresh_token";
    let app = "client_credentials";
    let cases: Vec<Case<'_>> = vec![
        ("app", vec![("grant_type", app), ("scope", crm)], 200, "\"expires_in\":3599"),
        ("own address", vec![("grant_type", app), ("scope", &own)], 200, "access_token"),
        (
            "no scope",
            vec![("grant_type", app)],
            400,
            "AADSTS900144: The request body must contain the following parameter: 'scope'",
        ),
        (
            "not .default",
            vec![("grant_type", app), ("scope", "https://org.crm.dynamics.com/user_impersonation")],
            400,
            "AADSTS1002012",
        ),
        ("nobody", vec![("grant_type", app), ("scope", "https://nobody.example/.default")], 400, "AADSTS500011"),
        (
            "two resources",
            vec![
                ("grant_type", app),
                ("scope", "https://a.crm.dynamics.com/.default https://api.partner.microsoft.com/.default"),
            ],
            400,
            "AADSTS70011",
        ),
        (
            "person",
            vec![
                ("grant_type", refresh),
                (refresh, &known),
                ("scope", "https://api.partnercenter.microsoft.com/user_impersonation"),
            ],
            200,
            "refresh_token",
        ),
        ("person without a scope", vec![("grant_type", refresh), (refresh, &known)], 200, "access_token"),
        ("unknown refresh token", vec![("grant_type", refresh), (refresh, "x"), ("scope", crm)], 400, "AADSTS9002313"),
        ("no refresh token", vec![("grant_type", refresh)], 400, "'refresh_token'"),
        ("password", vec![("grant_type", "password"), ("scope", crm)], 400, "unsupported_grant_type"),
        ("nothing", vec![], 400, "'grant_type'"),
        ("twice", vec![("grant_type", app), ("scope", crm), ("scope", crm)], 400, "AADSTS9000411"),
    ];
    for (title, fields, status, part) in cases {
        let (got, body) = harness.form(V2, &harness.signed(&fields)).await;
        assert!(got == status && body.to_string().contains(part), "{title}: {got} {body}");
    }
    let clients: [Case<'_>; 4] = [
        ("no client", vec![("client_secret", &secret)], 400, "'client_id'"),
        ("unknown client", vec![("client_id", "00000000-0000-0000-0000-000000000000")], 400, "AADSTS700016"),
        ("wrong secret", vec![("client_id", &id), ("client_secret", "wrong")], 401, "AADSTS7000215"),
        ("no secret", vec![("client_id", &id)], 401, "AADSTS7000218"),
    ];
    for (title, mut fields, status, part) in clients {
        fields.extend([("grant_type", app), ("scope", crm)]);
        let (got, body) = harness.form(V2, &fields).await;
        assert!(got == status && body.to_string().contains(part), "{title}: {got} {body}");
    }
}

#[tokio::test]
async fn refusals_have_the_real_shape() {
    let harness = Harness::start().await;
    let id = "11111111-1111-4111-8111-111111111111";
    let address = format!("{}/{id}/oauth2/v2.0/token?client-request-id={id}", harness.sandbox.addresses().entra);
    let response = harness.client.post(&address).form(&[("grant_type", "x")]).send().await.unwrap();
    assert_eq!(response.headers()["cache-control"], "no-store, no-cache");
    let body: Value = response.json().await.unwrap();
    assert_eq!((&body["error"], &body["error_codes"]), (&json!("invalid_request"), &json!([90002])));
    assert_eq!(body["correlation_id"], id);
    let description = body["error_description"].as_str().unwrap();
    for part in ["AADSTS90002: Tenant", "\r\nTrace ID: ", "\r\nCorrelation ID: 1111", "\r\nTimestamp: 20"] {
        assert!(description.contains(part), "{description}");
    }
    let get = harness.client.get(&address).send().await.unwrap();
    assert!(get.text().await.unwrap().contains("AADSTS900561"));
}

#[tokio::test]
async fn basic_credentials_do_as_well() {
    let harness = Harness::start().await;
    let credentials = harness.sandbox.credentials();
    let address = format!("{}/{}/{V2}", harness.sandbox.addresses().entra, credentials.tenant);
    let request = harness.client.post(address).basic_auth(&credentials.client_id, Some(&credentials.client_secret));
    let fields = [("grant_type", "client_credentials"), ("scope", "https://org.crm.dynamics.com/.default")];
    assert_eq!(request.form(&fields).send().await.unwrap().status(), 200);
}

#[tokio::test]
async fn s03_the_older_endpoint_writes_numbers_as_texts() {
    let harness = Harness::start().await;
    let known = harness.sandbox.credentials().refresh_token.clone();
    let fields = [("grant_type", "refresh_token"), ("refresh_token", &known), ("resource", REFERRALS)];
    let (status, body) = harness.form(V1, &harness.signed(&fields)).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!((&body["expires_in"], &body["resource"]), (&json!("3599"), &json!(REFERRALS)));
    assert_eq!((&body["scope"], body["expires_on"].is_string()), (&json!("user_impersonation"), true));
    let authorization = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let headers = [("authorization", authorization.as_str())];
    assert_eq!(harness.send(Host::Referrals, "GET", LIST, &headers, &Value::Null).await.unwrap().status(), 200);
    let (status, body) = harness.form(V1, &harness.signed(&[("grant_type", "client_credentials")])).await;
    assert!(status == 400 && body.to_string().contains("'resource'"), "{body}");
}

#[tokio::test]
async fn tokens_carry_audience_person_and_mfa() {
    let harness = Harness::start().await;
    let known = harness.sandbox.credentials().refresh_token.clone();
    let scope = format!("{REFERRALS}/.default openid offline_access");
    let fields =
        [("grant_type", "refresh_token"), ("refresh_token", &known), ("scope", scope.as_str()), ("client_info", "1")];
    for (behaviour, how) in [(None, json!(["pwd", "mfa"])), (Some("tokens_without_mfa"), json!(["pwd"]))] {
        harness.turn(behaviour.as_slice()).await;
        let (_, body) = harness.form(V2, &harness.signed(&fields)).await;
        let access = claims(body["access_token"].as_str().unwrap());
        assert_eq!((&access["aud"], &access["scp"]), (&json!(REFERRALS), &json!("user_impersonation")));
        assert_eq!((&access["amr"], &access["ver"]), (&how, &json!("2.0")));
        let id = claims(body["id_token"].as_str().unwrap());
        assert_eq!(id["aud"], json!(harness.sandbox.credentials().client_id));
        assert!(body["client_info"].is_string());
    }
    let fields = [("grant_type", "client_credentials"), ("scope", "https://org.crm.dynamics.com/.default")];
    let (_, body) = harness.form(V2, &harness.signed(&fields)).await;
    assert_eq!(claims(body["access_token"].as_str().unwrap())["idtyp"], "app");
    assert!(body.get("refresh_token").is_none());
}

#[tokio::test]
async fn mfa_is_enforced_by_switch() {
    for (behaviours, expected) in
        [(&["tokens_without_mfa"][..], 200), (&["mfa_enforced"], 200), (&["tokens_without_mfa", "mfa_enforced"], 403)]
    {
        let harness = Harness::start().await;
        harness.turn(behaviours).await;
        let token = harness.user_token(harness.base(Host::Referrals)).await;
        let authorization = format!("Bearer {token}");
        let headers = [("authorization", authorization.as_str())];
        let answer = harness.send(Host::Referrals, "GET", LIST, &headers, &Value::Null).await.unwrap();
        assert_eq!(answer.status(), expected, "{behaviours:?}");
        assert_eq!(answer.text().await.unwrap().contains("insufficient claims"), expected == 403);
    }
}

#[tokio::test]
async fn refresh_tokens_rotate_end_and_are_revoked() {
    let harness = Harness::start().await;
    let first = harness.sandbox.credentials().refresh_token.clone();
    let scope = format!("{REFERRALS}/.default");
    let refresh = async |token: &str| {
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token), ("scope", &scope)];
        harness.form(V2, &harness.signed(&fields)).await
    };
    let (_, body) = refresh(&first).await;
    let second = body["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(first, second);
    assert_eq!(refresh(&first).await.0, 200, "the older one stays good");
    harness.turn(&["refresh_single_use"]).await;
    let (status, body) = refresh(&first).await;
    assert_eq!((status, &body["error"], &body["error_codes"]), (400, &json!("invalid_grant"), &json!([50173])));
    assert_eq!(refresh(&second).await.0, 200);
    let (_, body) = refresh(&second).await;
    assert_eq!(body["error_codes"], json!([50173]));
    harness.json(Host::Admin, "POST", "/behaviours", json!({"refresh_single_use": false})).await;
    harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": 91 * 24 * 3600})).await;
    assert_eq!(refresh(&second).await.1["error_codes"], json!([700082]));
    harness.json(Host::Admin, "POST", "/clock", json!({"ahead_seconds": 0})).await;
    harness.json(Host::Admin, "POST", "/tokens", json!({"revoke_refresh": true})).await;
    assert_eq!(refresh(&second).await.1["error_codes"], json!([50173]));
}

#[tokio::test]
async fn what_a_tenant_can_lack() {
    for (behaviour, status, error, code) in [
        ("consent_missing", 400, "invalid_grant", 65_001),
        ("interaction_required", 400, "interaction_required", 50_076),
        ("secret_expired", 401, "invalid_client", 7_000_222),
    ] {
        let harness = Harness::start().await;
        harness.turn(&[behaviour]).await;
        let known = harness.sandbox.credentials().refresh_token.clone();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", &known)];
        let (got, body) = harness.form(V2, &harness.signed(&fields)).await;
        assert_eq!((got, &body["error"], &body["error_codes"]), (status, &json!(error), &json!([code])), "{behaviour}");
    }
}

#[tokio::test]
async fn a_client_that_does_not_prove_itself_gets_401_or_400() {
    let harness = Harness::start().await;
    let id = harness.sandbox.credentials().client_id.clone();
    let known = harness.sandbox.credentials().refresh_token.clone();
    for (behaviours, expected) in [(&[][..], 401), (&["invalid_client_is_400"], 400)] {
        harness.turn(behaviours).await;
        let wrong = [("client_id", id.as_str()), ("client_secret", "wrong"), ("grant_type", "client_credentials")];
        let bare = [("client_id", id.as_str()), ("grant_type", "refresh_token"), ("refresh_token", &known)];
        for (fields, code) in [(wrong, 7_000_215), (bare, 7_000_218)] {
            let (status, body) = harness.form(V2, &fields).await;
            let got = (status, &body["error"], &body["error_codes"]);
            assert_eq!(got, (expected, &json!("invalid_client"), &json!([code])), "{behaviours:?}");
        }
    }
}

#[tokio::test]
async fn the_password_grant_is_a_switch() {
    let harness = Harness::start().await;
    let fields = |user| [("grant_type", "password"), ("username", user), ("password", "x"), ("resource", REFERRALS)];
    let user = "sales@fabrikam.example";
    assert_eq!(harness.form(V1, &harness.signed(&fields(user))).await.1["error"], "unsupported_grant_type");
    harness.turn(&["password_grant"]).await;
    assert_eq!(harness.form(V1, &harness.signed(&fields(user))).await.0, 200);
    let (_, body) = harness.form(V1, &harness.signed(&fields("nobody@fabrikam.example"))).await;
    assert_eq!(body["error_codes"], json!([50126]));
}

#[tokio::test]
async fn tokens_end_by_the_sandbox_clock() {
    let harness = Harness::start().await;
    let status =
        async || harness.send(Host::Referrals, "GET", LIST, &[], &Value::Null).await.unwrap().status().as_u16();
    assert_eq!(status().await, 200);
    harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": 3600})).await;
    assert_eq!(status().await, 401);
    harness.json(Host::Admin, "POST", "/clock", json!({"ahead_seconds": 0})).await;
    assert_eq!(status().await, 200);
    harness.json(Host::Admin, "POST", "/tokens", json!({"revoke": true})).await;
    assert_eq!(status().await, 401);
}
