//! Webhooks (behaviours 18 and 19), received by a server of the test's own.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, Uri};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use super::{ID, ROOT, ask, started};
use crate::harness::{Harness, Host};

/// What came, and what is answered next.
#[derive(Clone, Default)]
struct Receiver {
    seen: Arc<Mutex<Vec<(String, HeaderMap, String)>>>,
    answers: Arc<Mutex<Vec<u16>>>,
    /// What is written before the next answer: a client, the address with a token, and the body.
    meanwhile: Arc<Mutex<Option<Meanwhile>>>,
    /// What the next answer waits for.
    held: Arc<Mutex<Option<oneshot::Receiver<()>>>>,
}

type Meanwhile = (reqwest::Client, (String, String), Value);

impl Receiver {
    async fn start(&self) -> String {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}/hook", listener.local_addr().unwrap());
        let router = Router::new().fallback(receive).with_state(self.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        address
    }

    fn take(&self) -> Vec<(String, HeaderMap, String)> {
        std::mem::take(&mut *self.seen.lock().unwrap())
    }
}

async fn receive(State(receiver): State<Receiver>, uri: Uri, headers: HeaderMap, body: String) -> StatusCode {
    receiver.seen.lock().unwrap().push((uri.to_string(), headers, body));
    let meanwhile = receiver.meanwhile.lock().unwrap().take();
    if let Some((client, (address, token), body)) = meanwhile {
        client.patch(address).bearer_auth(token).json(&body).send().await.unwrap().error_for_status().unwrap();
    }
    let held = receiver.held.lock().unwrap().take();
    if let Some(held) = held {
        held.await.unwrap();
    }
    let status = receiver.answers.lock().unwrap().pop().unwrap_or(200);
    StatusCode::from_u16(status).unwrap()
}

/// Waits until nothing is on its way.
async fn settled(harness: &Harness) {
    while harness.json(Host::Admin, "GET", "/dataverse", Value::Null).await["webhooks_waiting"] != json!(0) {
        tokio::task::yield_now().await;
    }
}

/// Registers a webhook for updates of opportunities, as a client does it.
async fn register(harness: &Harness, url: &str, step: Value) {
    let endpoint = json!({
        "name": "Hook", "url": url, "contract": 8, "authtype": 4, "authvalue": "key 1", "messageformat": 2, "connectionmode": 1,
    });
    let made = ask(harness, "POST", "serviceendpoints", super::REPRESENTATION, endpoint).await.2;
    let made: Value = serde_json::from_str(&made).unwrap();
    assert_eq!(made["authvalue"], Value::Null, "the key is read: {made}");
    let endpoint = made["serviceendpointid"].as_str().unwrap();
    let query = "sdkmessagefilters?$select=sdkmessagefilterid&$expand=sdkmessageid($select=name)\
                 &$filter=sdkmessageid/name eq 'Update' and primaryobjecttypecode eq 'opportunity'";
    let filters = harness.json(Host::Dataverse, "GET", &format!("{ROOT}/{query}"), Value::Null).await;
    let filter = &filters["value"][0];
    let mut body = json!({
        "name": "Step", "stage": 40, "mode": 1, "rank": 1,
        "eventhandler_serviceendpoint@odata.bind": format!("/serviceendpoints({endpoint})"),
        "sdkmessageid@odata.bind": format!("/sdkmessages({})", filter["sdkmessageid"]["sdkmessageid"].as_str().unwrap()),
        "sdkmessagefilterid@odata.bind": format!("/sdkmessagefilters({})", filter["sdkmessagefilterid"].as_str().unwrap()),
    });
    body.as_object_mut().unwrap().extend(step.as_object().unwrap().clone());
    assert_eq!(ask(harness, "POST", "sdkmessageprocessingsteps", &[], body).await.0, 204);
}

async fn started_with(step: Value) -> (Harness, Receiver) {
    let harness = started().await;
    let receiver = Receiver::default();
    let url = receiver.start().await;
    register(&harness, &url, step).await;
    let body = json!({"opportunityid": ID, "name": "Harbour"});
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), body).await;
    (harness, receiver)
}

async fn update(harness: &Harness, body: Value) -> u16 {
    let status = ask(harness, "PATCH", &format!("opportunities({ID})"), &[], body).await.0;
    settled(harness).await;
    status
}

#[tokio::test]
async fn d18_a_webhook_gets_the_context_of_a_write() {
    let (harness, receiver) = started_with(json!({})).await;
    settled(&harness).await;
    assert!(receiver.take().is_empty(), "a create is no update");
    let body = json!({"estimatedvalue": 5000, "salesstage": 1, "estimatedclosedate": "2024-05-31", "name": "N"});
    assert_eq!(update(&harness, body).await, 204);
    let seen = receiver.take();
    let [(uri, headers, text)] = seen.as_slice() else { panic!("one post: {seen:?}") };
    assert_eq!(uri, "/hook?code=key%201");
    for (name, value) in [
        ("x-ms-dynamics-organization", "sandbox"),
        ("x-ms-dynamics-entity-name", "opportunity"),
        ("x-ms-dynamics-request-name", "Update"),
    ] {
        assert_eq!(headers[name], value);
    }
    assert!(text.contains("\"OperationCreatedOn\":\"\\/Date("), "{text}");
    let context: Value = serde_json::from_str(text).unwrap();
    assert_eq!(context["CorrelationId"], headers["x-ms-correlation-request-id"].to_str().unwrap());
    assert_eq!((&context["MessageName"], &context["PrimaryEntityId"]), (&json!("Update"), &json!(ID)));
    assert_eq!((&context["Mode"], &context["Stage"], &context["Depth"]), (&json!(1), &json!(40), &json!(1)));
    let target = &context["InputParameters"][0];
    assert_eq!(target["key"], "Target");
    let attributes = target["value"]["Attributes"].as_array().unwrap();
    let value = |name: &str| attributes.iter().find(|it| it["key"] == name).map(|it| it["value"].clone()).unwrap();
    assert_eq!(value("name"), "N");
    assert_eq!(value("estimatedvalue")["Value"], 5000);
    assert!(value("salesstage")["__type"].as_str().unwrap().starts_with("OptionSetValue:"));
    assert_eq!(value("estimatedclosedate"), "/Date(1717113600000)/");
}

#[tokio::test]
async fn d18_it_is_tried_once_more_only_when_the_receiver_is_out_of_order() {
    let (harness, receiver) = started_with(json!({})).await;
    for (answers, posts, status) in [(vec![200, 503], 2, 30), (vec![502, 504], 2, 31), (vec![500], 1, 31)] {
        *receiver.answers.lock().unwrap() = answers.clone();
        update(&harness, json!({"name": "N"})).await;
        assert_eq!(receiver.take().len(), posts, "{answers:?}");
        let jobs = format!("{ROOT}/asyncoperations?$orderby=createdon desc&$top=1&$select=statuscode");
        let jobs = harness.json(Host::Dataverse, "GET", &jobs, Value::Null).await;
        assert_eq!(jobs["value"][0]["statuscode"], status, "{answers:?}");
    }
}

#[tokio::test]
async fn d18_a_body_that_is_too_long_loses_its_details() {
    let (harness, receiver) = started_with(json!({})).await;
    assert_eq!(update(&harness, json!({"cosell_audit": "x".repeat(300_000)})).await, 204);
    let seen = receiver.take();
    let [(_, headers, text)] = seen.as_slice() else { panic!("one post") };
    assert_eq!(headers["x-ms-dynamics-msg-size-exceeded"], "true");
    assert!(text.len() < 10_000 && !text.contains("InputParameters") && text.contains(ID));
}

#[tokio::test]
async fn d18_a_step_that_is_waited_for_can_refuse_the_write() {
    let (harness, receiver) = started_with(json!({"mode": 0})).await;
    assert_eq!(update(&harness, json!({"name": "Good"})).await, 204);
    receiver.answers.lock().unwrap().push(400);
    assert_eq!(update(&harness, json!({"name": "Bad"})).await, 400);
    let row = ask(&harness, "GET", &format!("opportunities({ID})?$select=name"), &[], Value::Null).await.2;
    assert!(row.contains("\"Good\""), "{row}");
}

#[tokio::test]
async fn d18_a_refused_write_takes_nothing_of_others_with_it() {
    let (harness, receiver) = started_with(json!({"mode": 0, "filteringattributes": "name"})).await;
    assert_eq!(update(&harness, json!({"name": "Good", "estimatedvalue": 1})).await, 204);
    receiver.take();
    receiver.answers.lock().unwrap().push(400);
    let other = json!({"description": "Of somebody else", "estimatedvalue": 3});
    *receiver.meanwhile.lock().unwrap() = Some((harness.client.clone(), patch_of(&harness), other));
    assert_eq!(update(&harness, json!({"name": "Bad", "estimatedvalue": 2, "emailaddress": "N"})).await, 400);
    let path = format!("opportunities({ID})?$select=name,description,estimatedvalue,emailaddress");
    let row = ask(&harness, "GET", &path, &[], Value::Null).await.2;
    let row: Value = serde_json::from_str(&row).unwrap();
    for (column, value) in [
        ("name", json!("Good")),
        ("emailaddress", Value::Null),
        ("description", json!("Of somebody else")),
        ("estimatedvalue", json!(3)),
    ] {
        assert_eq!(row[column], value, "{column}: {row}");
    }
}

#[tokio::test]
async fn d18_a_write_can_be_refused_whose_client_has_hung_up() {
    let (harness, receiver) = started_with(json!({"mode": 0})).await;
    assert_eq!(update(&harness, json!({"name": "Good"})).await, 204);
    receiver.take();
    receiver.answers.lock().unwrap().push(400);
    let (release, held) = oneshot::channel();
    *receiver.held.lock().unwrap() = Some(held);
    let (address, token) = patch_of(&harness);
    let request = harness.client.patch(address).bearer_auth(token).json(&json!({"name": "Bad"}));
    let client = tokio::spawn(request.send());
    while receiver.seen.lock().unwrap().is_empty() {
        tokio::task::yield_now().await;
    }
    client.abort();
    assert!(client.await.unwrap_err().is_cancelled());
    release.send(()).unwrap();
    settled(&harness).await;
    let row = ask(&harness, "GET", &format!("opportunities({ID})?$select=name"), &[], Value::Null).await.2;
    assert!(row.contains("\"Good\""), "{row}");
}

/// The address of the row and a token for it.
fn patch_of(harness: &Harness) -> (String, String) {
    let address = format!("{}{ROOT}/opportunities({ID})", harness.base(Host::Dataverse));
    (address, harness.tokens[&Host::Dataverse].clone())
}

#[tokio::test]
async fn d19_a_column_that_is_sent_counts_whether_it_is_different_or_not() {
    let (harness, receiver) = started_with(json!({"filteringattributes": "name,customerid"})).await;
    let cases = [
        (json!({"name": "Harbour"}), 1),
        (json!({"description": "D"}), 0),
        (json!({"description": "D", "name": "Harbour"}), 1),
        (json!({"customerid_account@odata.bind": null}), 1),
    ];
    for (body, posts) in cases {
        update(&harness, body.clone()).await;
        assert_eq!(receiver.take().len(), posts, "{body}");
    }
}
