//! A service that answers as told, and a wait that only notes how long it would be.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Mutex;

use serde_json::json;

use super::*;
use crate::client::{address, plain_client};
use crate::test_server::{Answer as Told, TestServer};

fn begun(life: u64, interval: Value) -> Told {
    Told::json(
        200,
        json!({ "user_code": "ABCD\u{1b}", "device_code": "hush", "verification_uri": "https://x.example/device",
                "expires_in": life, "interval": interval, "message": "m" }),
    )
}

fn refusal(status: u16, error: &str) -> Told {
    Told::json(status, json!({ "error": error, "error_description": "AADSTS1: Some words.\r\nTrace ID: 1" }))
}

async fn sign_in(server: &TestServer) -> DeviceSignIn {
    let file = Secret::File("never-written".into());
    let sign_in = SignIn { refresh_token: Some(file), client_secret: None, ..server.sign_in() };
    let http = plain_client(Duration::from_secs(5)).unwrap();
    DeviceSignIn::new(http, &address(&server.url).unwrap(), sign_in, "https://service.example".to_owned()).unwrap()
}

/// What polling ends with, and the pauses between the questions in seconds.
async fn polled(life: u64, interval: Value, answers: Vec<Told>) -> (Result<(), CallError>, Vec<u64>) {
    let mut answers = [vec![begun(life, interval)], answers].concat().into_iter();
    let server = TestServer::ruled(move |_| answers.next()).await;
    let sign_in = sign_in(&server).await;
    let code = sign_in.begin().await.unwrap();
    assert_eq!((code.code.as_str(), code.address.as_str()), ("ABCD", "https://x.example/device"));
    assert!(!format!("{code:?}").contains("hush"));
    let pauses = Mutex::new(Vec::new());
    let granted = sign_in.poll(&code, async |pause: Duration| pauses.lock().unwrap().push(pause.as_secs())).await;
    (granted.map(drop), pauses.into_inner().unwrap())
}

#[tokio::test]
async fn the_service_is_asked_as_often_as_it_wants() {
    let pending = || refusal(400, "authorization_pending");
    let granted = || Told::json(200, json!({ "access_token": "t", "expires_in": 1, "refresh_token": "r" }));
    let (result, pauses) =
        polled(900, json!(2), vec![pending(), refusal(400, "slow_down"), pending(), refusal(503, "x"), granted()])
            .await;
    result.unwrap();
    assert_eq!(pauses, [2, 2, 7, 7, 12]);
    // An interval that is missing, or written as a text, or none at all.
    for (interval, expected) in [(json!(null), 5), (json!("3"), 3), (json!(0), 1)] {
        let (result, pauses) = polled(900, interval, vec![granted()]).await;
        assert!(result.is_ok() && pauses == [expected], "{pauses:?}");
    }
}

#[tokio::test]
async fn polling_ends() {
    let cases = [
        (vec![refusal(400, "authorization_declined")], "the person declined"),
        (vec![refusal(400, "expired_token")], "not typed in in time"),
        (vec![refusal(400, "bad_verification_code")], "Some words"),
        (vec![refusal(401, "invalid_client")], "Some words"),
        (vec![refusal(400, "authorization_pending"); 3], "not typed in in time"),
        (vec![refusal(503, "x"); 3], "not typed in in time"),
    ];
    for (answers, expected) in cases {
        let (result, pauses) = polled(10, json!(5), answers).await;
        let error = result.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Denied, "{error}");
        assert!(error.message.contains(expected) && !error.message.contains("hush"), "{error}");
        assert!(pauses.iter().sum::<u64>() <= 10, "{pauses:?}");
    }
}

#[tokio::test]
async fn a_refresh_token_needs_a_file() {
    let server = TestServer::start([]).await;
    for refresh_token in [None, Some(Secret::given("r")), Some(Secret::Env("X".to_owned()))] {
        let sign_in = SignIn { refresh_token, ..server.sign_in() };
        let http = plain_client(Duration::from_secs(5)).unwrap();
        let error = DeviceSignIn::new(http, &address(&server.url).unwrap(), sign_in, String::new()).err().unwrap();
        assert!(error.to_string().contains("refresh_token: { file: PATH }"), "{error}");
    }
}
