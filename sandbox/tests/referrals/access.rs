//! Who may read and write what.

use serde_json::{Value, json};

use super::PATH;
use crate::harness::{Harness, Host, referral};

const HOSTS: [(Host, &str); 3] = [
    (Host::Referrals, PATH),
    (Host::PartnerCenter, "/webhooks/v1/registration/events"),
    (Host::Dataverse, "/api/data/v9.2/WhoAmI"),
];

#[tokio::test]
async fn s01_each_host_has_its_own_address_and_audience() {
    let harness = Harness::start().await;
    for (host, path) in HOSTS {
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
    let wrong = harness.send(Host::PartnerCenter, "GET", PATH, &[], &Value::Null).await.unwrap();
    assert_eq!(wrong.status(), 404, "referrals are not on the other host");
}

#[tokio::test]
async fn s02_an_application_alone_and_other_roles_are_refused() {
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
    for (behaviours, status, code) in
        [(&[][..], 403, "accessDenied"), (&["app_only_unauthenticated"], 401, "unauthenticated")]
    {
        harness.turn(behaviours).await;
        let refused = harness.send(Host::Referrals, "GET", PATH, &headers, &Value::Null).await.unwrap();
        assert_eq!(refused.status(), status);
        assert!(refused.text().await.unwrap().contains(code));
    }
    harness.turn(&["app_only_accepted"]).await;
    assert_eq!(harness.send(Host::Referrals, "GET", PATH, &headers, &Value::Null).await.unwrap().status(), 200);
    let roles = [("referrals_admin", 200), ("referrals_user", 200), ("admin_agent", 403), ("nothing", 403)];
    for (role, status) in roles.into_iter().chain([("global_admin", 403)]) {
        harness.json(Host::Admin, "POST", "/person", json!({"role": role})).await;
        let answer = harness.send(Host::Referrals, "GET", PATH, &[], &Value::Null).await.unwrap();
        assert_eq!(answer.status(), status, "{role}");
    }
}

#[tokio::test]
async fn s02_a_global_admin_is_let_in_by_switch() {
    let harness = Harness::start().await;
    harness.json(Host::Admin, "POST", "/deals", json!({"name": "deal", "seller": "other@fabrikam.example"})).await;
    harness.json(Host::Admin, "POST", "/person", json!({"role": "global_admin"})).await;
    assert_eq!(harness.send(Host::Referrals, "GET", PATH, &[], &Value::Null).await.unwrap().status(), 403);
    harness.turn(&["global_admin_accepted"]).await;
    assert_eq!(listed(&harness).await, ["deal"], "with the rights of an admin");
}

/// The names of the deals that the list shows.
async fn listed(harness: &Harness) -> Vec<String> {
    let list = harness.json(Host::Referrals, "GET", PATH, Value::Null).await;
    list["value"].as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn s32_leads_are_told_by_their_marks_and_marketplace_leads_hidden_by_switch() {
    let harness = Harness::start().await;
    let make = async |name: &str, category: &str| {
        harness.json(Host::Admin, "POST", "/deals", json!({"name": name, "category": category})).await
    };
    let market = make("market", "marketplace_lead").await;
    let qualified = make("qualified", "qualified_lead").await;
    make("shared", "co_sell").await;
    let inviter = "/inviteContext/invitedBy/organizationId";
    assert_eq!((&market["type"], &market["qualification"]), (&json!("Independent"), &json!("Direct")));
    assert_eq!((market.pointer(inviter), qualified.pointer(inviter)), (Some(&Value::Null), Some(&json!("msft"))));
    assert_eq!(listed(&harness).await, ["market", "qualified", "shared"]);
    harness.turn(&["marketplace_leads_hidden"]).await;
    assert_eq!(listed(&harness).await, ["qualified", "shared"]);
    let path = format!("{PATH}/{}", market["id"].as_str().unwrap());
    let read = harness.send(Host::Referrals, "GET", &path, &[], &Value::Null).await.unwrap();
    assert_eq!(read.status(), 404);
    harness.json(Host::Admin, "POST", "/person", json!({"locations": ["1234567"]})).await;
    assert_eq!(listed(&harness).await, ["shared"], "leads are for admins of all locations");
}

#[tokio::test]
async fn s33_a_user_sees_their_own_deals_in_their_own_locations() {
    let harness = Harness::start().await;
    let (here, there) = ("1234567", "7654321");
    let (me, other) = ("sales@fabrikam.example", "other@fabrikam.example");
    for (name, location, seller) in [("mine", here, me), ("far", there, me), ("theirs", here, other)] {
        let deal = json!({"name": name, "location": location, "seller": seller});
        harness.json(Host::Admin, "POST", "/deals", deal).await;
    }
    let cases = [
        (json!({"role": "referrals_admin"}), vec!["mine", "far", "theirs"]),
        (json!({"role": "referrals_admin", "locations": [here]}), vec!["mine", "theirs"]),
        (json!({"role": "referrals_user"}), vec!["mine", "far"]),
        (json!({"role": "referrals_user", "locations": [here]}), vec!["mine"]),
    ];
    for (person, expected) in cases {
        harness.json(Host::Admin, "POST", "/person", person.clone()).await;
        assert_eq!(listed(&harness).await, expected, "{person}");
    }
    let seller = [("authorization", "Bearer sandbox-seller")];
    let all = harness.send(Host::Referrals, "GET", PATH, &seller, &Value::Null).await.unwrap();
    let all: Value = all.json().await.unwrap();
    let theirs = format!("{PATH}/{}", all["value"][2]["id"].as_str().unwrap());
    let engagement = |place: usize| all["value"][place]["engagementId"].clone();
    for (place, target, status) in [(0, "SOL-1", 200), (2, "SOL-1", 400), (2, "msft", 400)] {
        let mut body = referral();
        body["engagementId"] = engagement(place);
        body["target"] = json!([{"id": target}]);
        let answer = harness.send(Host::Referrals, "POST", PATH, &[], &body).await.unwrap();
        assert_eq!(answer.status(), status, "a post into an engagement that they do not see: {place} {target}");
    }
    for method in ["GET", "PATCH", "PUT"] {
        let body = if method == "PATCH" { json!([]) } else { referral() };
        let refused = harness.send(Host::Referrals, method, &theirs, &[], &body).await.unwrap();
        assert_eq!(refused.status(), 404, "{method}");
    }
}
