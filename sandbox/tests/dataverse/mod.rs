//! The Web API, writing and reading. Behaviours of the reference carry their number: `d01_…`.

mod actions;
mod batch;
mod behaviours;
mod changes;
mod filter;
mod hooks;
mod keys;
mod metadata;
mod random;
mod read;
mod related;
mod write;

use serde_json::{Value, json};

use crate::harness::{Harness, Host};

const ROOT: &str = "/api/data/v9.2";
const ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const MISSING: &str = "aaaaaaaa-0000-4000-8000-000000000009";
const ACCOUNT: &str = "bbbbbbbb-0000-4000-8000-000000000001";
const REPRESENTATION: &[(&str, &str)] = &[("prefer", "return=representation")];

async fn started() -> Harness {
    let harness = Harness::start().await;
    let account = json!({"accountid": ACCOUNT, "name": "Contoso", "address1_postalcode": "111 22"});
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/accounts"), account).await;
    harness
}

/// Turns behaviours on or off.
async fn switch(harness: &Harness, behaviours: Value) {
    harness.json(Host::Admin, "POST", "/behaviours", behaviours).await;
}

/// Turns service protection on, with some ceilings lower than usual.
async fn protect(harness: &Harness, ceilings: Value) {
    harness.json(Host::Admin, "POST", "/dataverse", ceilings).await;
    switch(harness, json!({"service_protection": true})).await;
}

/// What one request is answered: status, headers and body.
async fn ask(
    harness: &Harness,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: Value,
) -> (u16, reqwest::header::HeaderMap, String) {
    let response = harness.send(Host::Dataverse, method, &format!("{ROOT}/{path}"), headers, &body).await.unwrap();
    let (status, headers) = (response.status().as_u16(), response.headers().clone());
    (status, headers, response.text().await.unwrap())
}
