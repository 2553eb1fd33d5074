//! Tokens: both grants, their refusals, and audiences kept apart.

use serde_json::{Value, json};

use crate::harness::{Harness, Host};

#[tokio::test]
async fn grants_and_refusals() {
    let harness = Harness::start().await;
    let credentials = harness.sandbox.credentials().clone();
    let cases = [
        ("client_credentials", "secret", "https://org.crm4.dynamics.com/.default", 200, "\"expires_in\":3599"),
        ("client_credentials", "secret", "https://api.partner.microsoft.com/.default openid", 200, "access_token"),
        ("client_credentials", "wrong", "https://org.crm.dynamics.com/.default", 401, "AADSTS7000215"),
        ("client_credentials", "secret", "https://nobody.example/.default", 400, "AADSTS500011"),
        ("client_credentials", "secret", "https://org.crm.dynamics.com/user_impersonation", 400, "invalid_scope"),
        ("refresh_token", "secret", "https://api.partnercenter.microsoft.com/.default", 200, "refresh_token"),
        ("password", "secret", "https://org.crm.dynamics.com/.default", 400, "unsupported_grant_type"),
    ];
    for (grant, secret, scope, status, part) in cases {
        let secret = if secret == "secret" { credentials.client_secret.as_str() } else { secret };
        let response = harness
            .token(&[
                ("grant_type", grant),
                ("client_id", &credentials.client_id),
                ("client_secret", secret),
                ("refresh_token", &credentials.refresh_token),
                ("scope", scope),
            ])
            .await;
        assert_eq!(response.status().as_u16(), status, "{grant} {scope}");
        let text = response.text().await.unwrap();
        assert!(text.contains(part), "{grant} {scope}: {text}");
    }
}

#[tokio::test]
async fn tokens_open_their_own_host_only() {
    let harness = Harness::start().await;
    let hosts = [
        (Host::Referrals, "/v1.0/engagements/referrals"),
        (Host::PartnerCenter, "/webhooks/v1/registration/events"),
        (Host::Dataverse, "/api/data/v9.2/WhoAmI"),
    ];
    for (host, path) in hosts {
        for (token_host, token) in &harness.tokens {
            let authorization = format!("Bearer {token}");
            let headers = [("authorization", authorization.as_str())];
            let status = harness.send(host, "GET", path, &headers, &Value::Null).await.unwrap().status().as_u16();
            let expected = if host == *token_host { 200 } else { 401 };
            assert_eq!(status, expected, "{host:?} with a token for {token_host:?}");
        }
        let seller = [("authorization", "Bearer sandbox-seller")];
        assert_eq!(harness.send(host, "GET", path, &seller, &Value::Null).await.unwrap().status(), 200, "{host:?}");
    }
    harness.json(Host::Admin, "POST", "/tokens", json!({"revoke": true})).await;
    let (host, path) = hosts[2];
    let refused = harness.send(host, "GET", path, &[], &Value::Null).await.unwrap();
    assert_eq!(refused.status(), 401);
    assert!(refused.text().await.unwrap().contains("\"error\""));
}

#[tokio::test]
async fn an_application_alone_may_not_read_referrals() {
    let harness = Harness::start().await;
    let credentials = harness.sandbox.credentials();
    let response = harness
        .token(&[
            ("grant_type", "client_credentials"),
            ("client_id", &credentials.client_id),
            ("client_secret", &credentials.client_secret),
            ("scope", "https://api.partner.microsoft.com/.default"),
        ])
        .await;
    let body: Value = response.json().await.unwrap();
    let authorization = format!("Bearer {}", body["access_token"].as_str().unwrap());
    let headers = [("authorization", authorization.as_str())];
    let path = "/v1.0/engagements/referrals";
    let refused = harness.send(Host::Referrals, "GET", path, &headers, &Value::Null).await.unwrap();
    assert_eq!(refused.status(), 403);
    assert!(refused.text().await.unwrap().contains("accessDenied"));
}
