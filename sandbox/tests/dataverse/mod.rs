//! The Web API, writing and reading.

mod keys;
mod read;
mod related;
mod write;

use serde_json::json;

use crate::harness::{Harness, Host};

const ROOT: &str = "/api/data/v9.2";
const ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const MISSING: &str = "aaaaaaaa-0000-4000-8000-000000000009";
const REPRESENTATION: &[(&str, &str)] = &[("prefer", "return=representation")];

async fn started() -> Harness {
    let harness = Harness::start().await;
    let account = json!({
        "accountid": "bbbbbbbb-0000-4000-8000-000000000001", "name": "Contoso", "address1_postalcode": "111 22",
    });
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/accounts"), account).await;
    harness
}
