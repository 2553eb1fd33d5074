//! What libraries read before they ask for a token.

use serde_json::Value;

use crate::harness::Harness;

#[tokio::test]
async fn documents_about_the_endpoints() {
    let harness = Harness::start().await;
    let entra = harness.sandbox.addresses().entra.clone();
    let tenant = harness.sandbox.credentials().tenant.clone();
    let get = async |path: String| {
        let response = harness.client.get(format!("{entra}{path}")).send().await.unwrap();
        (response.status().as_u16(), response.json::<Value>().await.unwrap())
    };
    for (version, oauth) in [("/v2.0", "/oauth2/v2.0"), ("", "/oauth2")] {
        for name in [tenant.as_str(), "common", "organizations"] {
            let (status, body) = get(format!("/{name}{version}/.well-known/openid-configuration")).await;
            assert_eq!(status, 200);
            assert_eq!(body["token_endpoint"], format!("{entra}/{name}{oauth}/token"));
            assert_eq!(body["device_authorization_endpoint"], format!("{entra}/{name}{oauth}/devicecode"));
            let keys = body["jwks_uri"].as_str().unwrap().strip_prefix(&entra).unwrap().to_owned();
            assert_eq!(get(keys).await.1["keys"][0]["kty"], "RSA");
        }
    }
    assert_eq!(get("/nobody/v2.0/.well-known/openid-configuration".to_owned()).await.1["error_codes"][0], 90002);
    for (host, status) in
        [(entra.as_str(), 200), ("https://login.microsoftonline.com", 200), ("https://nobody.example", 400)]
    {
        let asked = format!("{host}/{tenant}/oauth2/v2.0/authorize");
        let (got, body) =
            get(format!("/common/discovery/instance?api-version=1.1&authorization_endpoint={asked}")).await;
        assert_eq!(got, status, "{body}");
        let found = body["tenant_discovery_endpoint"].as_str().unwrap_or_default();
        assert_eq!(found == format!("{entra}/{tenant}/v2.0/.well-known/openid-configuration"), status == 200, "{body}");
    }
}
