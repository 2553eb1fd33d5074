//! What needs a server to be seen: tokens, renewal, waiting times, garbage, silence.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cosell_engine::connector::CallKey;
use serde_json::json;

use super::*;
use crate::settings::Secret;
use crate::test_server::{Answer, TestServer};

fn client(server: &TestServer, sign_in: &SignIn) -> Client {
    Client::new("testing", &server.url, None, sign_in, Duration::from_secs(5)).unwrap()
}

fn get() -> Request {
    Request::get("/thing", "reading the thing")
}

fn post() -> Request {
    Request::new(reqwest::Method::POST, "/thing", "making the thing").json(json!({}))
}

#[tokio::test]
async fn one_token_serves_a_burst() {
    let server = TestServer::ruled(|asked| (asked.method == "GET").then(|| Answer::json(200, json!({})))).await;
    let client = client(&server, &server.sign_in());
    let (first, second) = (get(), get());
    let (one, two) = tokio::join!(client.send(&first), client.send(&second));
    assert!(one.is_ok() && two.is_ok());
    let asked = server.token_requests();
    assert_eq!(asked.len(), 1);
    assert_eq!(asked[0].target, "/tenant/oauth2/v2.0/token");
    assert!(asked[0].body.contains("grant_type=client_credentials"), "{}", asked[0].body);
    assert!(server.asked().iter().all(|asked| asked.header("authorization") == Some("Bearer token-1")));
}

#[tokio::test]
async fn a_refused_token_is_renewed_once() {
    let refused = Answer::json(401, json!({ "error": { "code": "unauthenticated", "message": "Old." } }));
    let server =
        TestServer::start([refused.clone(), Answer::json(200, json!({ "a": 1 })), refused.clone(), refused]).await;
    let client = client(&server, &server.sign_in());
    assert_eq!(client.send(&get()).await.unwrap().json().unwrap(), json!({ "a": 1 }));
    let error = client.send(&get()).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (CallErrorKind::Denied, Some("unauthenticated")));
    assert_eq!(server.token_requests().len(), 3);
    assert_eq!(server.asked().len(), 4);
}

#[tokio::test]
async fn d20_a_rotated_refresh_token_is_used_next() {
    let mut round = 0;
    let server = TestServer::ruled(move |asked| {
        if asked.method == "GET" {
            return Some(Answer::json(200, json!({})));
        }
        round += 1;
        let newer = format!("refresh-{}", round + 1);
        Some(Answer::json(200, json!({ "access_token": format!("t{round}"), "expires_in": 0, "refresh_token": newer })))
    })
    .await;
    let sign_in = SignIn { refresh_token: Some(Secret::given("refresh-1")), ..server.sign_in() };
    let client = client(&server, &sign_in);
    for _ in 0..2 {
        client.send(&get()).await.unwrap();
    }
    let asked = server.token_requests();
    assert!(asked[0].body.contains("refresh_token=refresh-1"), "{}", asked[0].body);
    assert!(asked[1].body.contains("refresh_token=refresh-2"), "{}", asked[1].body);
}

/// As when another engine uses the first token up, or a person signs in again.
#[tokio::test]
async fn d20_a_token_that_came_meanwhile_is_tried() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "one").unwrap();
    let place = file.clone();
    let server = TestServer::ruled(move |asked| match asked.method.as_str() {
        "GET" => Some(Answer::json(200, json!({}))),
        _ if asked.body.contains("refresh_token=one") => {
            std::fs::write(&place, "two").unwrap();
            Some(Answer::json(400, json!({ "error": "invalid_grant" })))
        }
        _ => None,
    })
    .await;
    let sign_in = SignIn { refresh_token: Some(Secret::File(file)), ..server.sign_in() };
    client(&server, &sign_in).send(&get()).await.unwrap();
    assert!(server.token_requests()[1].body.contains("refresh_token=two"));
    assert_eq!(server.token_requests().len(), 2);
}

#[tokio::test]
async fn d20_a_sign_in_that_nobody_waits_for_any_more_is_kept() {
    let arrived = std::sync::Arc::new(tokio::sync::Notify::new());
    let arrives = arrived.clone();
    let server = TestServer::ruled(move |asked| {
        arrives.notify_one();
        (asked.method == "GET").then(|| Answer::json(200, json!({})))
    })
    .await;
    let client = client(&server, &server.sign_in());
    let request = get();
    let given_up = tokio::select! {
        biased;
        () = arrived.notified() => true,
        _ = client.send(&request) => false,
    };
    assert!(given_up);
    client.send(&get()).await.unwrap();
    assert_eq!(server.token_requests().len(), 1);
}

#[tokio::test]
async fn a_refused_sign_in_is_denied_and_tells_no_secret() {
    let cases = [
        (
            401,
            json!({ "error": "invalid_client", "error_description": "AADSTS7000215: Bad secret.\r\nTrace ID: 1" }),
            (CallErrorKind::Denied, 401),
        ),
        (400, json!({ "error": "invalid_grant" }), (CallErrorKind::Denied, 401)),
        (403, json!({ "error": "consent_required" }), (CallErrorKind::Denied, 401)),
        (400, json!({ "error": "temporarily_unavailable" }), (CallErrorKind::Unavailable, 400)),
        (503, json!({}), (CallErrorKind::Unavailable, 503)),
        (429, json!({}), (CallErrorKind::Throttled, 429)),
        (200, json!({ "token_type": "Bearer" }), (CallErrorKind::Unexpected, 200)),
    ];
    for (status, body, (kind, told)) in cases {
        let answer = Answer::json(status, body);
        let server = TestServer::ruled(move |_| Some(answer.clone())).await;
        let error = client(&server, &server.sign_in()).send(&post()).await.unwrap_err();
        assert_eq!((error.kind, error.status), (kind, Some(told)), "{status}: {error}");
        assert!(!error.message.contains("Trace ID"), "{error}");
        assert!(error.message.contains("making the thing"), "{error}");
        assert_eq!(error.body, None, "{error}");
    }
    let missing = Secret::Env("COSELL_TEST_NO_SUCH_VARIABLE".to_owned());
    let server = TestServer::start([]).await;
    let sign_in = SignIn { client_secret: Some(missing), ..server.sign_in() };
    let error = client(&server, &sign_in).send(&get()).await.unwrap_err();
    assert_eq!((error.kind, error.status), (CallErrorKind::Denied, Some(401)));
    assert!(error.message.contains("COSELL_TEST_NO_SUCH_VARIABLE"), "{error}");
}

#[tokio::test]
async fn a_sign_in_service_that_is_down_is_no_refusal() {
    let server = TestServer::start([]).await;
    for (login_url, request) in [(silent().await, post()), ("http://127.0.0.1:1".to_owned(), post())] {
        let sign_in = SignIn { login_url, ..server.sign_in() };
        let error = client(&server, &sign_in).send(&request).await.unwrap_err();
        assert_eq!((error.kind, error.status), (CallErrorKind::Unavailable, None), "{error}");
    }
    assert_eq!(server.asked().len(), 0, "nothing is sent without a token");
}

#[tokio::test]
async fn a_refused_token_and_a_refused_call_are_told_apart() {
    for (status, calls) in [(401, 2), (403, 1)] {
        let refused = Answer::json(status, json!({ "error": { "code": "accessDenied", "message": "No." } }));
        let server = TestServer::start([refused.clone(), refused]).await;
        let error = client(&server, &server.sign_in()).send(&post()).await.unwrap_err();
        assert_eq!((error.kind, error.status), (CallErrorKind::Denied, Some(status)));
        assert_eq!(server.asked().len(), calls);
    }
}

#[tokio::test]
async fn answers_become_errors() {
    let throttled = Answer::json(429, json!({ "statusCode": 429, "message": "Try again in 57 seconds." }));
    let server = TestServer::start([
        throttled.with("retry-after", "57").with("request-id", "r-1"),
        Answer::bytes(200, b"<html>"),
        Answer::bytes(302, b"").with("location", "https://elsewhere.example/"),
    ])
    .await;
    let client = client(&server, &server.sign_in());
    let error = client.send(&get()).await.unwrap_err();
    assert_eq!((error.kind, error.retry_after_ms), (CallErrorKind::Throttled, Some(57_000)));
    assert_eq!(error.request_id.as_deref(), Some("r-1"));
    assert_eq!(error.message, "reading the thing failed: Try again in 57 seconds.");
    let garbage = client.send(&get()).await.unwrap();
    assert_eq!(garbage.json().unwrap_err().kind, CallErrorKind::Unexpected);
    assert_eq!(garbage.list().unwrap_err().kind, CallErrorKind::Unexpected);
    assert_eq!(client.send(&get()).await.unwrap_err().kind, CallErrorKind::Unexpected);
    assert_eq!(server.asked().len(), 3, "a redirect is not followed");
}

/// A listener that takes a connection for the request, reads it, and closes without an answer.
async fn silent() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((socket, _)) = listener.accept().await {
            let mut buffer = [0; 1024];
            socket.readable().await.unwrap();
            let _ = socket.try_read(&mut buffer);
        }
    });
    url
}

#[tokio::test]
async fn silence_leaves_a_write_open() {
    let entra = TestServer::start([]).await;
    let silent = silent().await;
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}", listener.local_addr().unwrap())
    };
    let cases = [
        (&silent, get(), CallErrorKind::Unavailable),
        (&silent, post(), CallErrorKind::Unanswered),
        (&closed, get(), CallErrorKind::Unavailable),
        (&closed, post(), CallErrorKind::Unavailable),
    ];
    for (url, request, kind) in cases {
        let client = Client::new("testing", url, None, &entra.sign_in(), Duration::from_secs(5)).unwrap();
        let error = client.send(&request).await.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(!error.message.contains(url.as_str()), "{error}");
    }
}

#[tokio::test]
async fn t44_quotes_and_line_ends_arrive_whole() {
    let server = TestServer::start([Answer::json(200, json!({}))]).await;
    let body = json!({ "notes": "He said \"no\" – it's\r\n\\ over \u{0}\u{2028}" });
    let request = Request::new(reqwest::Method::POST, "/thing", "making the thing").json(body.clone());
    client(&server, &server.sign_in()).send(&request).await.unwrap();
    assert_eq!(server.asked()[0].json(), body);
}

#[tokio::test]
async fn ids_tell_a_repeat() {
    let server = TestServer::start([Answer::json(200, json!({})), Answer::json(200, json!({}))]).await;
    let client = client(&server, &server.sign_in());
    let key = CallKey::new("run", "step", "call");
    for _ in 0..2 {
        client.send(&post().traced("ms-requestid", "ms-correlationid", &key)).await.unwrap();
    }
    let asked = server.asked();
    assert_eq!(asked[0].header("ms-requestid"), Some(key.guid().to_string().as_str()));
    assert_eq!(asked[0].header("ms-requestid"), asked[1].header("ms-requestid"));
    assert_ne!(asked[0].header("ms-correlationid"), asked[1].header("ms-correlationid"));
}

#[tokio::test]
async fn t09_only_own_addresses_are_followed() {
    let server = TestServer::start([]).await;
    let client = client(&server, &server.sign_in());
    let own = format!("{}/a?b=c%20d", server.url);
    assert_eq!(client.own_path(&own).unwrap(), "/a?b=c%20d");
    let elsewhere = [
        "https://elsewhere.example/a",
        "http://127.0.0.1:1/a",
        "//elsewhere.example/a",
        "\\\\elsewhere.example/a",
        "http://127.0.0.1@elsewhere.example/a",
        "http://127.0.0.1.elsewhere.example/a",
        &own.replace("http://", "https://"),
        &own.replace("http://", "ftp://"),
    ];
    for other in elsewhere {
        assert_eq!(client.own_path(other).unwrap_err().kind, CallErrorKind::Unexpected, "{other}");
    }
}

#[test]
fn addresses_are_encrypted_or_on_this_machine() {
    let cases = [
        ("https://org.crm.dynamics.com", true),
        ("http://127.0.0.1:4000", true),
        ("http://[::1]:4000", true),
        ("http://localhost", true),
        ("http://org.crm.dynamics.com", false),
        ("ftp://x", false),
        ("org.crm.dynamics.com", false),
    ];
    for (text, expected) in cases {
        assert_eq!(address(text).is_ok(), expected, "{text}");
    }
}

#[test]
fn addresses_hold_no_secret_and_errors_repeat_none() {
    // With a password, with a name only, with a password that holds the sign, and no addresses at all.
    let cases = [
        "https://name:hush@org.crm.dynamics.com",
        "https://hush@org.crm.dynamics.com",
        "https://name:hu@hush@org.crm.dynamics.com",
        "https://name:hush@org.crm.dynamics.com:port",
        "name:hush@org.crm.dynamics.com",
    ];
    for text in cases {
        let message = address(text).unwrap_err().to_string();
        assert!(message.contains("org.crm.dynamics.com") && !message.contains("hush"), "{text}: {message}");
    }
}
