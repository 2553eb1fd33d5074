//! The crate `powerplatform-dataverse-service-client` against the sandbox, over plain http: token, create, retrieve,
//! update, upsert and delete. Its lists and batches are not used: it asks for a list by a wrong address, and the
//! boundary in its batches' header is not that of their body.

mod report;

use std::process::ExitCode;

use powerplatform_dataverse_service_client::auth::client_secret::ClientSecretAuth;
use powerplatform_dataverse_service_client::client::Client;
use powerplatform_dataverse_service_client::entity::{ReadEntity, WriteEntity};
use powerplatform_dataverse_service_client::reference::{Reference, ReferenceStruct};
use powerplatform_dataverse_service_client::select::Select;
use report::{Problem, Report, same};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

/// A row of the table `contact`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Contact {
    contactid: Uuid,
    firstname: Option<String>,
    lastname: String,
}

impl WriteEntity for Contact {}
impl ReadEntity for Contact {}

impl Reference for Contact {
    fn get_reference(&self) -> ReferenceStruct {
        ReferenceStruct::new("contacts", self.contactid)
    }
}

impl Select for Contact {
    fn get_columns() -> &'static [&'static str] {
        &["contactid", "firstname", "lastname"]
    }
}

type Dataverse = Client<'static, ClientSecretAuth>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let mut report = Report::default();
    let sandbox: Value =
        std::env::var("SANDBOX").ok().and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default();
    let secret = text(&sandbox, "/credentials/client_secret");
    let client = client(&sandbox, secret);
    report.check("token, create and retrieve", create(&client).await);
    report.check("update", update(&client).await);
    report.check("update does not create", no_update(&client).await);
    report.check("upsert creates and updates", upsert(&client).await);
    report.check("create with an id that is there is refused", no_create(&client).await);
    report.check("delete", delete(&client).await);
    report.check("a wrong secret is refused", no_token(&self::client(&sandbox, "wrong")).await);
    report.exit_code()
}

/// The client for a secret. Its own shorthand would take none but the real service's addresses.
fn client(sandbox: &Value, secret: &str) -> Dataverse {
    let http = reqwest::Client::new();
    let url = format!("{}/", text(sandbox, "/addresses/dataverse"));
    let login =
        format!("{}/{}/oauth2/v2.0/token", text(sandbox, "/addresses/entra"), text(sandbox, "/credentials/tenant"));
    let id = text(sandbox, "/credentials/client_id");
    let auth = ClientSecretAuth::new(http.clone(), login, format!("{url}.default"), id.to_owned(), secret.to_owned());
    Client::new(url, http, auth)
}

fn text<'a>(sandbox: &'a Value, pointer: &str) -> &'a str {
    sandbox.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}

fn contact(firstname: &str) -> Contact {
    Contact { contactid: Uuid::new_v4(), firstname: Some(firstname.to_owned()), lastname: "Rust".to_owned() }
}

async fn create(client: &Dataverse) -> Result<(), Problem> {
    let contact = contact("Ada");
    same(client.create(&contact).await.map_err(problem)?, contact.contactid)?;
    same(client.retrieve(&contact).await.map_err(problem)?, contact)
}

async fn update(client: &Dataverse) -> Result<(), Problem> {
    let mut contact = contact("Before");
    client.create(&contact).await.map_err(problem)?;
    contact.firstname = None;
    client.update(&contact).await.map_err(problem)?;
    same(client.retrieve(&contact).await.map_err(problem)?, contact)
}

async fn no_update(client: &Dataverse) -> Result<(), Problem> {
    refused(client.update(&contact("Nobody")).await, "0x80040217")
}

async fn upsert(client: &Dataverse) -> Result<(), Problem> {
    let mut contact = contact("New");
    client.upsert(&contact).await.map_err(problem)?;
    same(client.retrieve(&contact).await.map_err(problem)?, contact.clone())?;
    contact.firstname = Some("Newer".to_owned());
    client.upsert(&contact).await.map_err(problem)?;
    same(client.retrieve(&contact).await.map_err(problem)?, contact)
}

async fn no_create(client: &Dataverse) -> Result<(), Problem> {
    let contact = contact("Twice");
    client.create(&contact).await.map_err(problem)?;
    refused(client.create(&contact).await, "0x80040237")
}

async fn delete(client: &Dataverse) -> Result<(), Problem> {
    let contact = contact("Gone");
    client.create(&contact).await.map_err(problem)?;
    client.delete(&contact).await.map_err(problem)?;
    refused(client.retrieve::<Contact>(&contact).await, "0x80040217")
}

async fn no_token(client: &Dataverse) -> Result<(), Problem> {
    refused(client.create(&contact("Nobody")).await, "AADSTS7000215")
}

fn problem(error: impl std::fmt::Display) -> Problem {
    error.to_string()
}

/// Passes if the service said no, with `code` in what it said.
fn refused<T: std::fmt::Debug, E: std::fmt::Display>(result: Result<T, E>, code: &str) -> Result<(), Problem> {
    match result {
        Ok(answer) => Err(format!("it was not refused; the answer is {answer:?}")),
        Err(error) if error.to_string().contains(code) => Ok(()),
        Err(error) => Err(format!("`{code}` is not in `{error}`")),
    }
}
