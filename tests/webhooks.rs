//! Requests at the webhook: only what Partner Center signed comes in.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::routing::post;
use cosell::rehearsal::People;
use reqwest::Client;
use tokio::net::TcpListener;
use tokio::sync::mpsc;

use crate::harness::{deal, rehearsal, rows, runs};

/// A request as the sandbox signed it.
type Signed = (HeaderMap, Bytes);

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_signed_rightly_is_refused_and_leaves_no_trace() {
    let rehearsal = rehearsal().await;
    let endpoint = rehearsal.endpoint().unwrap();
    let (headers, body) = signed_event(&rehearsal.people, &rehearsal.engine, &endpoint).await;
    let before = runs(rehearsal.engine.world()).await.len();
    let tampered = Bytes::from(String::from_utf8_lossy(&body).replace("referral-created", "referral-updated"));
    let cases: Vec<(&str, HeaderMap, Bytes, u16)> = vec![
        ("no signature", without(&headers, "x-ms-signature"), body.clone(), 401),
        ("a signature of something else", headers.clone(), tampered, 401),
        ("a signature that is none", with(&headers, "x-ms-signature", "Signature bm90aGluZw=="), body.clone(), 401),
        ("a signature of another scheme", with(&headers, "x-ms-signature", "Bearer abc"), body.clone(), 401),
        ("no certificate", without(&headers, "x-ms-certificate-url"), body.clone(), 400),
        (
            "a certificate of another host",
            with(
                &headers,
                "x-ms-certificate-url",
                "https://evil.example/cert/pcnotifications-dispatch.microsoft.com.cer",
            ),
            body.clone(),
            403,
        ),
        ("a certificate that is no address", with(&headers, "x-ms-certificate-url", "nonsense"), body.clone(), 400),
        ("no algorithm", without(&headers, "x-ms-signature-algorithm"), body.clone(), 400),
        ("a weak algorithm", with(&headers, "x-ms-signature-algorithm", "rsa-sha1"), body.clone(), 401),
        ("nothing at all", HeaderMap::new(), Bytes::new(), 401),
        ("a body that is too large", headers.clone(), Bytes::from(vec![b' '; 2_000_000]), 413),
        ("a body larger than events are", headers.clone(), Bytes::from(vec![b' '; 70_000]), 413),
    ];
    let client = Client::new();
    for (what, headers, body, expected) in cases {
        let response = client.post(&endpoint).headers(headers).body(body).send().await.unwrap();
        let status = response.status().as_u16();
        let text = response.text().await.unwrap();
        assert_eq!(status, expected, "{what}: {text}");
    }
    let wrong = endpoint.replace("referral", "nothing");
    assert_eq!(client.post(wrong).body("{}").send().await.unwrap().status(), 404);
    rehearsal.quiet().await.unwrap();
    assert_eq!(runs(rehearsal.engine.world()).await.len(), before, "no run came of it");
    assert_eq!(rows(&rehearsal, "opportunities").await.len(), 0);
    let accepted = client.post(&endpoint).headers(headers).body(body).send().await.unwrap();
    assert_eq!(accepted.status(), 200, "the request as it was signed");
    rehearsal.quiet().await.unwrap();
    assert_eq!(rows(&rehearsal, "opportunities").await.len(), 1);
    rehearsal.stop().await;
}

/// An event as it is sent: caught by a server of ours, which is registered for a moment.
async fn signed_event(people: &People, engine: &cosell_engine::engine::Engine, endpoint: &str) -> Signed {
    let (sender, mut caught) = mpsc::channel::<Signed>(8);
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = format!("http://{}/", listener.local_addr().unwrap());
    let catch = async |State(sender): State<mpsc::Sender<Signed>>, headers: HeaderMap, body: Bytes| {
        let _ = sender.send((headers, body)).await;
    };
    let router = Router::new().route("/", post(catch)).with_state(sender);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });
    let overwrite = serde_json::json!({ "endpoint": address, "overwrite": true });
    engine.run_now("partner-center-webhook-registration", overwrite).await.unwrap();
    people.create_deal(&deal("Harbour pilot")).await.unwrap();
    let (mut headers, body) = caught.recv().await.unwrap();
    server.abort();
    headers.remove("host");
    headers.remove("content-length");
    let back = serde_json::json!({ "endpoint": endpoint, "overwrite": true });
    engine.run_now("partner-center-webhook-registration", back).await.unwrap();
    (headers, body)
}

fn with(headers: &HeaderMap, name: &'static str, value: &str) -> HeaderMap {
    let mut headers = headers.clone();
    headers.insert(name, value.parse().unwrap());
    headers
}

fn without(headers: &HeaderMap, name: &str) -> HeaderMap {
    let mut headers = headers.clone();
    headers.remove(name);
    headers
}
