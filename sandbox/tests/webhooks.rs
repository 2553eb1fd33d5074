//! Registration, and events as the receiver sees them.

mod faults;
mod flaws;

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::harness::{Harness, Host, case, referral};

const PATH: &str = "/webhooks/v1/registration";
const REFERRALS: &str = "/v1.0/engagements/referrals";

pub(crate) type Post = (HeaderMap, Bytes);

/// A receiver that hands over what it gets and answers with `status`.
pub(crate) async fn receiver(status: StatusCode) -> (String, UnboundedReceiver<Post>) {
    let (url, listener) = bound().await;
    (url, serve(listener, status))
}

/// The next post; one that does not come fails the test.
pub(crate) async fn next(posts: &mut UnboundedReceiver<Post>) -> Post {
    tokio::time::timeout(Duration::from_secs(30), posts.recv()).await.unwrap().unwrap()
}

/// The address of a receiver that takes connections and does not answer before it is served.
async fn bound() -> (String, TcpListener) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    (format!("http://{}/hook", listener.local_addr().unwrap()), listener)
}

fn serve(listener: TcpListener, status: StatusCode) -> UnboundedReceiver<Post> {
    let (sender, posts) = unbounded_channel();
    let answer = async move |State(sender): State<UnboundedSender<Post>>, headers: HeaderMap, body: Bytes| {
        sender.send((headers, body)).unwrap();
        status
    };
    let router = Router::new().route("/hook", post(answer)).with_state(sender);
    tokio::spawn(async move { axum::serve(listener, router).await });
    posts
}

fn registration(url: &str) -> Value {
    json!({
        "WebhookUrl": url,
        "WebhookEvents": [
            "referral-created", "referral-updated", "related-referral-created", "related-referral-updated",
            "test-created",
        ],
    })
}

#[tokio::test]
async fn s23_one_registration_for_the_tenant() {
    let harness = Harness::start().await;
    let good = registration("http://127.0.0.1:9/hook");
    let unknown_event = json!({"WebhookUrl": "http://127.0.0.1:9/", "WebhookEvents": ["coffee-ready"]});
    let cases = vec![
        case("none yet", "GET", PATH, Value::Null, 404, &["PartnerFD"]),
        case("nothing to update", "PUT", PATH, good.clone(), 404, &["PartnerFD"]),
        case("test without one", "POST", format!("{PATH}/validationEvents"), Value::Null, 404, &["PartnerFD"]),
        case("unknown event", "POST", PATH, unknown_event, 400, &["known ones"]),
        case("first", "POST", PATH, good.clone(), 200, &["SubscriberId"]),
        case("second", "POST", PATH, good.clone(), 409, &["update it instead"]),
        case("update", "PUT", PATH, good, 200, &["SubscriberId"]),
        case("view", "GET", PATH, Value::Null, 200, &["\"WebhookUrl\":\"http://127.0.0.1:9/hook\"", "!SubscriberId"]),
        case("events", "GET", format!("{PATH}/events"), Value::Null, 200, &["related-referral-updated"]),
    ];
    harness.check(Host::PartnerCenter, cases).await;
}

#[tokio::test]
async fn s25_s30_events_are_signed_with_the_served_certificate_and_point_at_the_other_host() {
    for own_header in [false, true] {
        let harness = Harness::start().await;
        let (url, mut posts) = receiver(StatusCode::OK).await;
        let mut body = registration(&url);
        body["SignatureTokenToMsSignatureHeader"] = json!(own_header);
        harness.json(Host::PartnerCenter, "POST", PATH, body).await;
        let made = harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
        let (headers, body) = next(&mut posts).await;
        verify(&harness, &headers, &body, own_header).await;
        let event: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(event["EventName"], "referral-created");
        assert_eq!((&event["ResourceName"], &event["AuditUri"]), (&json!("referral"), &Value::Null));
        let resource = event["ResourceUri"].as_str().unwrap();
        let id = made["id"].as_str().unwrap();
        assert_eq!(resource, format!("{}/engagements/v1/referrals/{id}", harness.base(Host::PartnerCenter)));
        assert!(event["ResourceChangeUtcDate"].as_str().unwrap().ends_with("+00:00"));
        harness.sandbox.stop().await;
    }
}

#[tokio::test]
async fn s23_the_registration_is_in_pascal_case_or_camel_case() {
    let harness = Harness::start().await;
    let made = harness.json(Host::PartnerCenter, "POST", PATH, registration("http://127.0.0.1:9/hook")).await;
    assert!(made["SubscriberId"].is_string() && made["WebhookUrl"].is_string(), "{made}");
    harness.turn(&["camel_case_registration"]).await;
    let read = harness.json(Host::PartnerCenter, "GET", PATH, Value::Null).await;
    assert!(read["webhookUrl"].is_string() && read.get("WebhookUrl").is_none(), "{read}");
    let delete = vec![case("delete", "DELETE", PATH, Value::Null, 405, &["PartnerFD"])];
    harness.check(Host::PartnerCenter, delete).await;
    let ids = [("ms-requestid", "1"), ("ms-correlationid", "2")];
    let answer = harness.send(Host::PartnerCenter, "GET", PATH, &ids, &Value::Null).await.unwrap();
    assert_eq!(
        (&answer.headers()["ms-requestid"], &answer.headers()["ms-correlationid"]),
        (&"1".parse().unwrap(), &"2".parse().unwrap())
    );
}

#[tokio::test]
async fn s23_who_may_register_is_a_contradiction() {
    for (behaviours, admin) in [(&[][..], 200), (&["registration_wants_admin_agent"], 403)] {
        let harness = Harness::start().await;
        harness.turn(behaviours).await;
        for (role, status) in
            [("referrals_admin", admin), ("admin_agent", 200), ("referrals_user", 403), ("nothing", 403)]
                .into_iter()
                .chain([("global_admin", 200)])
        {
            harness.json(Host::Admin, "POST", "/person", json!({"role": role})).await;
            let path = format!("{PATH}/events");
            let answer = harness.send(Host::PartnerCenter, "GET", &path, &[], &Value::Null).await.unwrap();
            assert_eq!(answer.status(), status, "{role} {behaviours:?}");
        }
    }
}

#[tokio::test]
async fn s31_the_last_registration_wins() {
    let harness = Harness::start().await;
    let (first, mut lost) = receiver(StatusCode::OK).await;
    let (second, mut posts) = receiver(StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&first)).await;
    harness.json(Host::PartnerCenter, "PUT", PATH, registration(&second)).await;
    let made = harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
    expect(&mut posts, "referral-created", &made).await;
    harness.settled().await;
    assert!(lost.try_recv().is_err());
}

#[tokio::test]
async fn s37_the_list_of_events_differs_from_tenant_to_tenant() {
    let harness = Harness::start().await;
    let path = format!("{PATH}/events");
    for (behaviour, count, part) in [
        ("", 5, "related-referral-updated"),
        ("few_events", 3, "referral-updated"),
        ("many_events", 12, "invoice-ready"),
    ] {
        if !behaviour.is_empty() {
            harness.turn(&[behaviour]).await;
        }
        let events = harness.json(Host::PartnerCenter, "GET", &path, Value::Null).await;
        assert_eq!(events.as_array().unwrap().len(), count, "{behaviour}");
        assert!(events.to_string().contains(part), "{behaviour}");
        let refused =
            harness.send(Host::PartnerCenter, "POST", PATH, &[], &registration("http://127.0.0.1:9/")).await.unwrap();
        assert_eq!(refused.status() == 400, behaviour == "few_events", "an event that the tenant does not have");
        if !behaviour.is_empty() {
            harness.json(Host::Admin, "POST", "/behaviours", json!({behaviour: false})).await;
        }
    }
}

async fn verify(harness: &Harness, headers: &HeaderMap, body: &[u8], own_header: bool) {
    let (present, absent) =
        if own_header { ("x-ms-signature", "authorization") } else { ("authorization", "x-ms-signature") };
    assert!(headers.get(absent).is_none());
    assert_eq!(headers["x-ms-signature-algorithm"], "rsa-sha256");
    let signature = headers[present].to_str().unwrap().strip_prefix("Signature ").unwrap();
    let signature = STANDARD.decode(signature).unwrap();
    let url = headers["x-ms-certificate-url"].to_str().unwrap();
    assert!(url.ends_with(".cer"));
    let served = harness.client.get(url).send().await.unwrap().bytes().await.unwrap();
    let (_, leaf) = x509_parser::parse_x509_certificate(&served).unwrap();
    assert!(leaf.issuer().to_string().contains("O=Microsoft Corporation"), "{}", leaf.issuer());
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
        leaf.public_key().subject_public_key.data.as_ref(),
    );
    key.verify(body, &signature).unwrap();
    assert!(key.verify(&[body, b" "].concat(), &signature).is_err());
    check_chain(harness.sandbox.trust_pem(), &served);
}

/// The leaf chains through the intermediate to the root, for its name and as a server.
fn check_chain(trust: &str, leaf: &[u8]) {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(trust.as_bytes()).map(Result::unwrap).collect();
    let [root, intermediate] = chain.as_slice() else { panic!("two certificates") };
    let anchor = webpki::anchor_from_trusted_cert(root).unwrap();
    let leaf = CertificateDer::from(leaf);
    let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
    leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &[anchor],
        std::slice::from_ref(intermediate),
        UnixTime::now(),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    )
    .unwrap();
    let name = "pcnotifications-dispatch.microsoft.com".try_into().unwrap();
    leaf.verify_is_valid_for_subject_name(&name).unwrap();
}

#[tokio::test]
async fn s27_own_writes_are_told_too_and_related_ones_apart() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::ACCEPTED).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    let own = harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
    expect(&mut posts, "referral-created", &own).await;
    let notes = json!([{"op": "replace", "path": "/details/notes", "value": "x"}]);
    harness.json(Host::Referrals, "PATCH", &format!("{REFERRALS}/{}", own["id"].as_str().unwrap()), notes).await;
    expect(&mut posts, "referral-updated", &own).await;
    let mut second = referral();
    second["engagementId"] = own["engagementId"].clone();
    second["target"] = json!([{"type": "BusinessProfileLocation", "id": "msft"}]);
    let copy = harness.json(Host::Referrals, "POST", REFERRALS, second).await;
    expect(&mut posts, "related-referral-created", &copy).await;
    let accept = format!("/deals/{}", copy["id"].as_str().unwrap());
    harness.json(Host::Admin, "POST", &accept, json!({"status": "Active"})).await;
    expect(&mut posts, "related-referral-updated", &copy).await;
    let deal = harness.json(Host::Admin, "POST", "/deals", json!({"name": "Incoming"})).await;
    expect(&mut posts, "referral-created", &deal).await;
    let path = format!("{REFERRALS}/{}", deal["id"].as_str().unwrap());
    let mut whole = harness.json(Host::Referrals, "GET", &path, Value::Null).await;
    let etag = whole["eTag"].as_str().unwrap().to_owned();
    whole.as_object_mut().unwrap().shift_remove("links");
    let conditions = [("if-match", etag.as_str())];
    assert_eq!(harness.send(Host::Referrals, "PUT", &path, &conditions, &whole).await.unwrap().status(), 200);
    expect(&mut posts, "referral-updated", &deal).await;
    let refused = json!([{"op": "remove", "path": "/team"}]);
    assert_eq!(harness.send(Host::Referrals, "PATCH", &path, &[], &refused).await.unwrap().status(), 400);
    harness.settled().await;
    assert!(posts.try_recv().is_err(), "what was refused is not told, and each write once");
}

async fn expect(posts: &mut UnboundedReceiver<Post>, name: &str, referral: &Value) {
    let (_, body) = next(posts).await;
    let event: Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(event["EventName"], name);
    let id = referral["id"].as_str().unwrap();
    assert!(event["ResourceUri"].as_str().unwrap().ends_with(id), "{event}");
}

#[tokio::test]
async fn s26_ten_attempts_and_then_offline() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::INTERNAL_SERVER_ERROR).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
    for _ in 0..10 {
        next(&mut posts).await;
    }
    let report = harness.settled().await;
    assert_eq!(report["offline"], json!(1));
    assert_eq!(report["deliveries"][0]["attempts"].as_array().unwrap().len(), 10);
    assert!(posts.try_recv().is_err());
    let wait = json!({"spacing_ms": 3_600_000});
    assert_eq!(harness.json(Host::Admin, "POST", "/deliveries", wait).await["spacing_ms"], json!(3_600_000));
    harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
    next(&mut posts).await;
    let report = harness.json(Host::Admin, "GET", "/deliveries", Value::Null).await;
    assert_eq!(report["waiting"], json!(1), "the next attempt is an hour away");
}

#[tokio::test]
async fn s24_tests_of_the_registration_are_throttled_listed_and_purged() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    let path = format!("{PATH}/validationEvents");
    let asked = harness.json(Host::PartnerCenter, "POST", &path, Value::Null).await;
    let (_, body) = next(&mut posts).await;
    assert!(String::from_utf8_lossy(&body).contains("test-created"));
    let result = format!("{path}/{}", asked["correlationId"].as_str().unwrap());
    loop {
        let seen = harness.json(Host::PartnerCenter, "GET", &result, Value::Null).await;
        if seen["status"] == "completed" {
            assert_eq!(seen["results"][0]["responseCode"], "OK");
            break;
        }
    }
    harness.json(Host::PartnerCenter, "POST", &path, Value::Null).await;
    let cases = vec![case("third", "POST", path, Value::Null, 429, &["Rate limit is exceeded. Try again in"])];
    harness.check(Host::PartnerCenter, cases).await;
    harness.json(Host::Admin, "POST", "/clock", json!({"advance_seconds": 7 * 24 * 3600})).await;
    let seller = [("authorization", "Bearer sandbox-seller")];
    let purged = harness.send(Host::PartnerCenter, "GET", &result, &seller, &Value::Null).await.unwrap();
    assert_eq!(purged.status(), 404, "seven days later");
}

#[tokio::test]
async fn s24_a_test_has_a_result_for_each_attempt() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::SERVICE_UNAVAILABLE).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    let path = format!("{PATH}/validationEvents");
    let asked = harness.json(Host::PartnerCenter, "POST", &path, Value::Null).await;
    harness.settled().await;
    let result = format!("{path}/{}", asked["correlationId"].as_str().unwrap());
    let seen = harness.json(Host::PartnerCenter, "GET", &result, Value::Null).await;
    assert_eq!((&seen["status"], &seen["callbackUrl"]), (&json!("completed"), &json!(url)));
    let results = seen["results"].as_array().unwrap();
    assert_eq!(results.len(), 10);
    for result in results {
        assert_eq!(result["responseCode"], "503 ServiceUnavailable", "{result}");
        let time = result["dateTimeUtc"].as_str().unwrap();
        assert!(time.starts_with("20") && !time.ends_with('Z'), "the time has no zone: {time}");
    }
    let mut sent = 0;
    while posts.try_recv().is_ok() {
        sent += 1;
    }
    assert_eq!(sent, 10);
}

#[tokio::test]
async fn s26_too_many_that_wait_push_the_oldest_out() {
    let harness = Harness::start().await;
    let (url, _listener) = bound().await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    harness.json(Host::Admin, "POST", "/deliveries", json!({"duplicate": 100, "delay_ms": 3_600_000})).await;
    for _ in 0..100 {
        harness.json(Host::Admin, "POST", "/deals", json!({})).await;
    }
    loop {
        let report = harness.json(Host::Admin, "GET", "/deliveries", Value::Null).await;
        // The tasks of those that were given up end a moment later.
        if report["waiting"] == json!(10_000) {
            assert_eq!(report["offline"], json!(100));
            let first = &report["deliveries"][0];
            assert_eq!(first["attempts"], json!(["given up, too many wait"]));
            break;
        }
    }
}

#[tokio::test]
async fn s28_events_can_be_held_and_doubled() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    harness.json(Host::Admin, "POST", "/deliveries", json!({"hold": true, "duplicate": 1})).await;
    harness.json(Host::Admin, "POST", "/deals", json!({})).await;
    let report = harness.json(Host::Admin, "GET", "/deliveries", Value::Null).await;
    assert_eq!((&report["held"], report["deliveries"].as_array().unwrap().len()), (&json!(1), 0));
    harness.json(Host::Admin, "POST", "/deliveries", json!({"hold": false})).await;
    let (_, first) = next(&mut posts).await;
    let (_, second) = next(&mut posts).await;
    assert_eq!(first, second);
}

#[tokio::test]
async fn every_copy_waits_until_it_is_delivered() {
    let harness = Harness::start().await;
    let (url, listener) = bound().await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    harness.json(Host::Admin, "POST", "/deliveries", json!({"duplicate": 2})).await;
    harness.json(Host::Admin, "POST", "/deals", json!({})).await;
    let report = harness.json(Host::Admin, "GET", "/deliveries", Value::Null).await;
    assert_eq!((&report["waiting"], &report["delivered"]), (&json!(3), &json!(0)));
    let _posts = serve(listener, StatusCode::OK);
    let report = harness.settled().await;
    assert_eq!((&report["offline"], &report["delivered"]), (&json!(0), &json!(3)));
}
