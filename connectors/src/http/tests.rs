//! Calls against a server that answers as told: what is sent, how long is waited, what comes back.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::sync::Arc;

use cosell_engine::clock::{Clock, VirtualClock};
use cosell_engine::connector::{Answer as Given, CallError, CallErrorKind, CallKey};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::call::Http;
use super::{DEADLINE, connector, with_clock};
use crate::client::plain_client;
use crate::test_server::{Answer, TestServer};

/// What a call gave, and how many seconds it waited.
async fn call(operation: &str, input: Value) -> (Result<Given, CallError>, i64) {
    let start: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    let clock = Arc::new(VirtualClock::at(start));
    let connector = with_clock(clock.clone()).unwrap();
    let key = CallKey::new("run", "step", "call");
    let given = connector.operation(operation).unwrap().call_any(&key, &input).await;
    (given, clock.now().duration_since(start).as_secs())
}

/// An answer that says: work taken on, ask there.
fn taken_on(header: &'static str, link: &str) -> Answer {
    Answer::json(202, json!({ "state": "running" })).with(header, link)
}

fn done() -> Answer {
    Answer::json(200, json!({ "state": "done" }))
}

#[tokio::test]
async fn the_body_is_the_value_and_the_envelope_stands_beside_it() {
    let answer = Answer::bytes(201, b"{\"a\":1}")
        .with("content-type", "application/json")
        .with("x-one", "1")
        .with("set-cookie", "session=hush")
        .with("www-authenticate", "Bearer");
    let server = TestServer::start([answer, Answer::bytes(204, b"")]).await;
    let input = json!({ "method": "put", "url": format!("{}/a?b=c", server.url), "body": { "x": 1 } });
    let given = call("request", input.clone()).await.0.unwrap();
    assert_eq!((&*given.value, given.envelope.status), (&json!({ "a": 1 }), 201));
    assert_eq!(given.envelope.headers.get("x-one").unwrap(), "1");
    assert!(given.envelope.headers.keys().all(|name| name != "set-cookie" && name != "www-authenticate"));
    let empty = call("request", input).await.0.unwrap();
    assert_eq!((&*empty.value, empty.envelope.status), (&Value::Null, 204));
    assert_eq!(server.lines(), ["PUT /a?b=c", "PUT /a?b=c"]);
    assert_eq!(server.asked()[0].header("content-type"), Some("application/json"));
}

#[tokio::test]
async fn a_failed_call_keeps_what_the_service_answered() {
    let long = "x".repeat(64 * 1024);
    // The answer, and the body in the error.
    let cases = [
        (Answer::json(422, json!({ "error": { "code": "bad" } })), Some(json!({ "error": { "code": "bad" } }))),
        (Answer::bytes(400, b"no").with("content-type", "text/plain"), Some(json!("no"))),
        (Answer::json(500, json!(long)), None),
        (Answer::bytes(404, b""), None),
    ];
    for (answer, expected) in cases {
        let server = TestServer::start([answer]).await;
        let error = call("get", json!({ "url": server.url })).await.0.unwrap_err();
        assert_eq!(error.body.as_deref(), expected.as_ref(), "{error}");
    }
}

#[tokio::test]
async fn a_result_is_waited_for() {
    let later = || taken_on("location", "/status");
    // The answers, what is asked after the first request, and how many seconds are waited.
    let cases = [
        ("10 seconds by default", vec![later(), done()], vec!["/status"], 10),
        ("seconds", vec![later().with("retry-after", "57"), done()], vec!["/status"], 57),
        ("a date", vec![later().with("retry-after", "Thu, 01 Jan 2026 00:01:00 GMT"), done()], vec!["/status"], 60),
        ("not at once", vec![later().with("retry-after", "0"), done()], vec!["/status"], 1),
        ("not too long", vec![later().with("retry-after", "99999999999"), done()], vec!["/status"], 3600),
        ("the other header", vec![taken_on("azure-asyncoperation", "/other"), done()], vec!["/other"], 10),
        ("twice", vec![later(), Answer::json(202, json!({})), done()], vec!["/status", "/status"], 20),
        ("elsewhere later", vec![later(), taken_on("location", "b?c=d"), done()], vec!["/status", "/b?c=d"], 20),
        ("a pause of the service", vec![later(), Answer::json(503, json!({})), done()], vec!["/status"; 2], 20),
        (
            "throttled",
            vec![later(), Answer::json(429, json!({})).with("retry-after", "3"), done()],
            vec!["/status"; 2],
            13,
        ),
    ];
    for (name, answers, expected, seconds) in cases {
        let server = TestServer::start(answers).await;
        let (given, waited) = call("post", json!({ "url": format!("{}/a", server.url), "body": "x" })).await;
        assert_eq!(*given.unwrap().value, json!({ "state": "done" }), "{name}");
        let asked: Vec<String> = expected.iter().map(|target| format!("GET {target}")).collect();
        assert_eq!(server.lines()[1..], asked, "{name}");
        assert_eq!(waited, seconds, "{name}");
    }
}

#[tokio::test]
async fn a_202_is_given_back_where_there_is_nothing_to_wait_for() {
    // The answer, and whether waiting is asked for.
    let cases = [(taken_on("location", "/status"), false), (Answer::json(202, json!({ "state": "running" })), true)];
    for (answer, wait_for_result) in cases {
        let server = TestServer::start([answer]).await;
        let input = json!({ "url": server.url, "wait_for_result": wait_for_result });
        let given = call("get", input).await.0.unwrap();
        assert_eq!((given.envelope.status, &*given.value), (202, &json!({ "state": "running" })));
    }
}

#[tokio::test]
async fn work_that_was_taken_on_is_not_begun_again() {
    let failing = |status: u16| vec![Answer::json(status, json!({ "message": "Sorry." })); 6];
    // The operation, the answers after the 202, and the kind of error. A kind that the engine repeats by
    // itself would do the work twice.
    let cases = [
        ("post", failing(503), CallErrorKind::Unanswered, 7),
        ("get", failing(503), CallErrorKind::Unavailable, 7),
        ("post", failing(500), CallErrorKind::Unanswered, 7),
        ("post", failing(404), CallErrorKind::NotFound, 2),
        ("post", failing(400), CallErrorKind::Input, 2),
        ("post", vec![taken_on("location", "ftp://x.example/")], CallErrorKind::Unexpected, 2),
        ("post", vec![taken_on("location", "http://name:hush@x.example/")], CallErrorKind::Unexpected, 2),
    ];
    for (operation, mut answers, kind, asked) in cases {
        answers.insert(0, taken_on("location", "/status"));
        let server = TestServer::start(answers).await;
        let error = call(operation, json!({ "url": server.url })).await.0.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert_eq!(server.asked().len(), asked, "{error}");
        assert!(!error.message.contains("hush"), "{error}");
    }
}

#[tokio::test]
async fn waiting_ends_after_a_day() {
    let server = TestServer::ruled(|_| Some(taken_on("location", "/status").with("retry-after", "7200"))).await;
    let (given, waited) = call("post", json!({ "url": server.url })).await;
    assert_eq!(given.unwrap_err().kind, CallErrorKind::Unanswered);
    assert_eq!(waited, 25 * 3600);
}

#[tokio::test]
async fn t09_headers_go_to_the_first_host_only() {
    let other = TestServer::start([done()]).await;
    let own = TestServer::start([taken_on("location", "/status"), taken_on("location", &other.url)]).await;
    let headers = json!({ "Authorization": "Bearer hush", "If-Match": "1", "Content-Type": "text/csv" });
    call("post", json!({ "url": own.url, "headers": headers, "body": "a,b" })).await.0.unwrap();
    let asked = own.asked();
    assert_eq!(asked[0].header("content-type"), Some("text/csv"));
    assert_eq!(asked[1].header("authorization"), Some("Bearer hush"));
    assert_eq!((asked[1].header("if-match"), asked[1].header("content-type")), (None, None));
    assert_eq!(other.asked()[0].header("authorization"), None);
}

fn page(items: &[u32], next: Option<&str>) -> Answer {
    paged(items, "nextLink", next)
}

fn paged(items: &[u32], name: &str, next: Option<&str>) -> Answer {
    let mut body = json!({ "value": items });
    if let Some(next) = next {
        body[name] = json!(next);
    }
    Answer::json(200, body)
}

#[tokio::test]
async fn pages_are_followed() {
    // The pages, how many items are asked for, the items, and how many pages are read.
    let cases = [
        (vec![page(&[1, 2], Some("/b"))], None, json!({ "value": [1, 2], "nextLink": "/b" }), 1),
        (vec![page(&[1, 2], Some("/b")), page(&[3, 4], Some("/c"))], Some(3), json!({ "value": [1, 2, 3, 4] }), 2),
        (vec![page(&[1, 2], Some("/b"))], Some(2), json!({ "value": [1, 2] }), 1),
        (vec![page(&[1], Some("/b")), page(&[], Some("/c")), page(&[2], None)], Some(9), json!({ "value": [1, 2] }), 3),
        (vec![paged(&[1], "@odata.nextLink", Some("?p=2")), page(&[2], None)], Some(9), json!({ "value": [1, 2] }), 2),
        (vec![page(&[1], Some(""))], Some(9), json!({ "value": [1] }), 1),
    ];
    for (pages, at_least, expected, count) in cases {
        let server = TestServer::start(pages).await;
        let mut input = json!({ "url": format!("{}/a", server.url), "headers": { "authorization": "Bearer hush" } });
        if let Some(at_least) = at_least {
            input["pages"] = json!({ "at_least": at_least });
        }
        assert_eq!(*call("get", input).await.0.unwrap().value, expected);
        let asked = server.asked();
        assert_eq!(asked.len(), count);
        assert!(asked.iter().all(|asked| asked.header("authorization") == Some("Bearer hush")));
    }
}

#[tokio::test]
async fn pages_that_cannot_be_followed_are_errors() {
    let pages = |at_least: usize| json!({ "at_least": at_least });
    let elsewhere = page(&[1], Some("https://elsewhere.example/?sig=hush"));
    let cases = [
        (elsewhere, "GET", pages(9), CallErrorKind::Unexpected, "another host"),
        (page(&[1], Some("/")), "GET", pages(9), CallErrorKind::Unexpected, "the same page"),
        (Answer::json(200, json!([1])), "GET", pages(9), CallErrorKind::Unexpected, "no list `value`"),
        (done(), "POST", pages(9), CallErrorKind::Input, "not with POST"),
        (done(), "GET", pages(0), CallErrorKind::Input, "from 1 to 100000"),
        (done(), "GET", pages(100_001), CallErrorKind::Input, "from 1 to 100000"),
    ];
    for (answer, method, pages, kind, expected) in cases {
        let server = TestServer::start([answer]).await;
        let input = json!({ "method": method, "url": server.url, "pages": pages });
        let error = call("request", input).await.0.unwrap_err();
        assert_eq!(error.kind, kind, "{error}");
        assert!(error.message.contains(expected) && !error.message.contains("hush"), "{error}");
        assert_eq!(server.asked().len(), usize::from(kind == CallErrorKind::Unexpected), "{error}");
    }
}

#[tokio::test]
async fn endless_pages_end() {
    let mut number = 0;
    let server = TestServer::ruled(move |_| {
        number += 1;
        Some(page(&[], Some(&format!("/{number}"))))
    })
    .await;
    let input = json!({ "url": format!("{}/a", server.url), "pages": { "at_least": 1 } });
    let error = call("get", input).await.0.unwrap_err();
    assert!(error.message.contains("more than 2000 pages"), "{error}");
}

#[tokio::test]
async fn an_answer_has_a_longest_length() {
    let server = TestServer::start([Answer::bytes(200, b"abc"), Answer::bytes(200, b"abcd")]).await;
    let http = Http::new(plain_client(DEADLINE).unwrap(), Arc::new(VirtualClock::at(Timestamp::UNIX_EPOCH)));
    for fits in [true, false] {
        let request = reqwest::Request::new(reqwest::Method::GET, server.url.parse().unwrap());
        assert_eq!(http.send(request, 3).await.is_ok(), fits);
    }
}

#[tokio::test]
async fn a_wait_can_be_given_up() {
    let server = TestServer::ruled(|_| Some(taken_on("location", "/status").with("retry-after", "3600"))).await;
    let connector = connector().unwrap();
    let key = CallKey::new("run", "step", "call");
    let input = json!({ "url": server.url });
    let waiting = connector.operation("post").unwrap().call_any(&key, &input);
    let asked = async {
        while server.asked().is_empty() {
            tokio::task::yield_now().await;
        }
    };
    tokio::select! {
        given = waiting => panic!("nobody gave a result: {given:?}"),
        () = asked => {}
    }
    assert_eq!(server.lines(), ["POST /"]);
}

#[test]
fn the_body_may_be_anything() {
    let connector = with_clock(Arc::new(VirtualClock::at(Timestamp::UNIX_EPOCH))).unwrap();
    for operation in connector.operations() {
        let schema = operation.output_schema();
        assert!(schema.get("type").is_none() && schema.get("properties").is_none(), "{schema}");
    }
}
