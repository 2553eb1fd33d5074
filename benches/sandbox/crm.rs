//! The sandbox with accounts and opportunities in it, and the requests that are made of it.

use cosell_sandbox::{Sandbox, SandboxOptions};
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::Failure;

/// Accounts; the opportunities are shared out among them.
const ACCOUNTS: usize = 500;
/// Rows that are made by one request.
const TOGETHER: usize = 1_000;
/// Rows that upserts make at first and then change.
const UPSERTED: usize = 1_000;
/// The path of the service root.
const ROOT: &str = "/api/data/v9.2/";

/// A CRM with rows.
pub(crate) struct Crm {
    sandbox: Sandbox,
    http: Client,
    token: String,
    accounts: Vec<String>,
    opportunities: Vec<String>,
    /// The path of a page, as the page before it names it.
    second_page: String,
}

/// What is asked of the CRM.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Ask {
    /// A row by its id.
    Row,
    /// The rows with a lookup.
    OfAccount,
    /// Those that changed last.
    Newest,
    /// The second page of the rows in an order that no index keeps.
    Page,
    /// A row with the rows that belong to it.
    Related,
    /// A row gets another value.
    Update,
    /// One more row.
    Create,
    /// A row that is there or not: changed or made.
    Upsert,
}

impl Crm {
    /// A started one with so many opportunities.
    pub(crate) async fn filled(opportunities: usize) -> Result<Crm, Failure> {
        let sandbox = Sandbox::start(SandboxOptions::default()).await?;
        let http = Client::builder().no_proxy().build()?;
        let token = token(&sandbox, &http).await?;
        let second_page = String::new();
        let mut crm = Crm { sandbox, http, token, accounts: Vec::new(), opportunities: Vec::new(), second_page };
        let accounts = (0..ACCOUNTS).map(|number| json!({ "name": format!("Account {number}") })).collect();
        crm.accounts = crm.made("account", "accounts", accounts).await?;
        let rows = (0..opportunities).map(|number| crm.opportunity(number)).collect();
        crm.opportunities = crm.made("opportunity", "opportunities", rows).await?;
        let first = crm.send(Method::GET, "opportunities?$select=name&$orderby=name", None).await?;
        let next = first["@odata.nextLink"].as_str().and_then(|link| link.split_once(ROOT));
        crm.second_page = next.ok_or("the list has one page")?.1.to_owned();
        Ok(crm)
    }

    /// Makes one request; `number` chooses the row.
    pub(crate) async fn ask(&self, ask: Ask, number: usize) -> Result<(), Failure> {
        let row = format!("opportunities({})", self.opportunities[number % self.opportunities.len()]);
        let account = &self.accounts[number % ACCOUNTS];
        let (method, path, body) = match ask {
            Ask::Row => (Method::GET, row, None),
            Ask::OfAccount => (Method::GET, format!("opportunities?$filter=_parentaccountid_value eq {account}"), None),
            Ask::Newest => {
                (Method::GET, "opportunities?$select=name&$orderby=modifiedon desc&$top=50".to_owned(), None)
            }
            Ask::Page => (Method::GET, self.second_page.clone(), None),
            Ask::Related => {
                let related = "opportunity_parent_account($select=name,estimatedvalue,statecode)";
                (Method::GET, format!("accounts({account})?$expand={related}"), None)
            }
            Ask::Upsert => {
                let row = format!("opportunities(cccccccc-0000-4000-8000-{:012})", number % UPSERTED);
                (Method::PATCH, row, Some(self.opportunity(number)))
            }
            Ask::Update => (Method::PATCH, row, Some(json!({ "estimatedvalue": number }))),
            Ask::Create => (Method::POST, "opportunities".to_owned(), Some(self.opportunity(number))),
        };
        self.send(method, &path, body.as_ref()).await.map(|_| ())
    }

    fn opportunity(&self, number: usize) -> Value {
        json!({
            "name": format!("Deal {number}"),
            "estimatedvalue": 1_000 + number,
            "description": "The customer wants a migration and an assessment of its data.",
            "parentaccountid@odata.bind": format!("/accounts({})", self.accounts[number % ACCOUNTS]),
        })
    }

    /// Makes rows, many by each request; gives their ids.
    async fn made(&self, table: &str, set: &str, mut rows: Vec<Value>) -> Result<Vec<String>, Failure> {
        for row in &mut rows {
            row["@odata.type"] = json!(format!("Microsoft.Dynamics.CRM.{table}"));
        }
        let mut ids = Vec::new();
        for rows in rows.chunks(TOGETHER) {
            let path = format!("{set}/Microsoft.Dynamics.CRM.CreateMultiple");
            let made = self.send(Method::POST, &path, Some(&json!({ "Targets": rows }))).await?;
            let made = made["Ids"].as_array().ok_or("CreateMultiple gave no ids")?;
            ids.extend(made.iter().filter_map(Value::as_str).map(str::to_owned));
        }
        Ok(ids)
    }

    async fn send(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let url = format!("{}{ROOT}{path}", self.sandbox.addresses().dataverse);
        let mut request = self.http.request(method, url).bearer_auth(&self.token);
        if path.contains("$orderby=name") {
            request = request.header("prefer", "odata.maxpagesize=50");
        }
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        if !status.is_success() {
            return Err(format!("`{path}` was answered with {status}: {text}").into());
        }
        if text.is_empty() { Ok(Value::Null) } else { Ok(serde_json::from_str(&text)?) }
    }
}

async fn token(sandbox: &Sandbox, http: &Client) -> Result<String, Failure> {
    let (addresses, credentials) = (sandbox.addresses(), sandbox.credentials());
    let url = format!("{}/{}/oauth2/v2.0/token", addresses.entra, credentials.tenant);
    let scope = format!("{}/.default", addresses.dataverse);
    let form = [
        ("grant_type", "client_credentials"),
        ("client_id", &credentials.client_id),
        ("client_secret", &credentials.client_secret),
        ("scope", &scope),
    ];
    let answer: Value = http.post(url).form(&form).send().await?.json().await?;
    Ok(answer["access_token"].as_str().ok_or("there is no token")?.to_owned())
}
