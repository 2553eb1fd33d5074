//! The people of a rehearsal: a seller in the CRM and somebody in Partner Center's portal, acting through the
//! services' own APIs.

use cosell_sandbox::Sandbox;
use reqwest::{Client, Method};
use serde_json::{Value, json};

use crate::failure::Failure;

/// What the people do and see.
pub struct People {
    http: Client,
    token: String,
    crm: String,
    referrals: String,
    admin: String,
}

impl People {
    /// The people who use this sandbox.
    pub fn new(sandbox: &Sandbox) -> People {
        let addresses = sandbox.addresses();
        People {
            http: Client::builder().no_proxy().build().unwrap_or_default(),
            token: sandbox.credentials().seller_token.clone(),
            crm: format!("{}/api/data/v9.2", addresses.dataverse),
            referrals: format!("{}/v1.0/engagements/referrals", addresses.referrals),
            admin: addresses.admin.clone(),
        }
    }

    /// Creates an opportunity with customer, contact and solution, opted in, with help wanted.
    pub async fn create_opportunity(&self) -> Result<String, Failure> {
        let mut opportunity = self.new_opportunity("Warehouse renewal").await?;
        opportunity["cosell_howcanmicrosofthelp"] = json!(100_000_002);
        self.create("opportunities", "opportunityid", &opportunity).await
    }

    /// An opportunity that can be created, with a new customer and contact, opted in, without help wanted.
    pub async fn new_opportunity(&self, name: &str) -> Result<Value, Failure> {
        let account = json!({ "name": "Contoso Shipping", "address1_line1": "1 Quay", "address1_city": "Gothenburg",
            "address1_postalcode": "41101", "address1_country": "SE" });
        let account = self.create("accounts", "accountid", &account).await?;
        let contact = json!({ "firstname": "Test", "lastname": "Customer", "emailaddress1": "test.customer@contoso.example",
            "telephone1": "5550100" });
        let contact = self.create("contacts", "contactid", &contact).await?;
        Ok(json!({
            "name": name,
            "estimatedvalue": 45_000,
            "isrevenuesystemcalculated": false,
            "estimatedclosedate": "2027-02-28",
            "description": "One site",
            "transactioncurrencyid@odata.bind": "/transactioncurrencies(isocurrencycode='USD')",
            "parentaccountid@odata.bind": format!("/accounts({account})"),
            "parentcontactid@odata.bind": format!("/contacts({contact})"),
            "cosell_sync": true,
            "cosell_opportunity_microsoftsolution": [
                { "cosell_solutionid": "SOL-1234-ABC", "cosell_name": "Fabrikam Routes", "cosell_solutiontype": "Name" }
            ],
        }))
    }

    /// Changes an opportunity, as the form does when it is saved.
    pub async fn change_opportunity(&self, id: &str, change: &Value) -> Result<(), Failure> {
        self.send(Method::PATCH, &format!("{}/opportunities({id})", self.crm), Some(change)).await.map(|_| ())
    }

    /// Somebody creates a deal in the portal; gives its id.
    pub async fn create_deal(&self, deal: &Value) -> Result<String, Failure> {
        let referral = self.send(Method::POST, &format!("{}/deals", self.admin), Some(deal)).await?;
        id_of(&referral, "id")
    }

    /// Somebody changes a deal in the portal.
    pub async fn change_deal(&self, id: &str, change: &Value) -> Result<(), Failure> {
        self.send(Method::POST, &format!("{}/deals/{id}", self.admin), Some(change)).await.map(|_| ())
    }

    /// Saves a deal as it is, so that Partner Center sends an event without a change, and sends it twice.
    pub async fn repeat_event(&self, id: &str) -> Result<(), Failure> {
        let deliveries = format!("{}/deliveries", self.admin);
        self.send(Method::POST, &deliveries, Some(&json!({ "duplicate": 1 }))).await?;
        let value = self.referral(id).await?["details"]["dealValue"].clone();
        self.change_deal(id, &json!({ "dealValue": value })).await?;
        self.send(Method::POST, &deliveries, Some(&json!({ "duplicate": 0 }))).await.map(|_| ())
    }

    /// An opportunity with its currency.
    pub async fn opportunity(&self, id: &str) -> Result<Value, Failure> {
        let url = format!("{}/opportunities({id})?$expand=transactioncurrencyid($select=isocurrencycode)", self.crm);
        self.send(Method::GET, &url, None).await
    }

    /// A referral.
    pub async fn referral(&self, id: &str) -> Result<Value, Failure> {
        self.send(Method::GET, &format!("{}/{id}", self.referrals), None).await
    }

    /// A list of referrals, with a query such as `?$top=10`.
    pub async fn referrals(&self, query: &str) -> Result<Value, Failure> {
        self.send(Method::GET, &format!("{}{query}", self.referrals), None).await
    }

    /// How many opportunities and referrals there are.
    pub async fn count(&self) -> Result<(usize, usize), Failure> {
        let opportunities = self.send(Method::GET, &format!("{}/opportunities?$select=name", self.crm), None).await?;
        let referrals = self.referrals("").await?;
        let count = |list: &Value| list["value"].as_array().map_or(0, Vec::len);
        Ok((count(&opportunities), count(&referrals)))
    }

    /// How many events are on their way.
    pub async fn deliveries_waiting(&self) -> Result<u64, Failure> {
        let deliveries = self.send(Method::GET, &format!("{}/deliveries/waiting", self.admin), None).await?;
        Ok(deliveries["waiting"].as_u64().unwrap_or(0))
    }

    /// How often the connectors have written to either service so far.
    pub async fn writes(&self) -> Result<usize, Failure> {
        let log = self.send(Method::GET, &format!("{}/log", self.admin), None).await?;
        let is_write = |entry: &&Value| {
            ["referrals", "dataverse"].iter().any(|service| entry["service"] == **service)
                && entry["method"] != "GET"
                && entry["who"] != "seller"
        };
        Ok(log.as_array().map_or(0, |entries| entries.iter().filter(is_write).count()))
    }

    /// Anything else that one of them does with the CRM, below `/api/data/v9.2/`.
    pub async fn crm(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.send(method, &format!("{}/{path}", self.crm), body).await
    }

    /// Something for the sandbox's admin server.
    pub async fn admin(&self, method: Method, path: &str, body: Option<&Value>) -> Result<Value, Failure> {
        self.send(method, &format!("{}/{path}", self.admin), body).await
    }

    async fn create(&self, set: &str, key: &str, row: &Value) -> Result<String, Failure> {
        let row = self.send(Method::POST, &format!("{}/{set}", self.crm), Some(row)).await?;
        id_of(&row, key)
    }

    async fn send(&self, method: Method, url: &str, body: Option<&Value>) -> Result<Value, Failure> {
        let mut request =
            self.http.request(method, url).bearer_auth(&self.token).header("Prefer", "return=representation");
        if let Some(body) = body {
            request = request.json(body);
        }
        let response = request.send().await.map_err(Failure::world)?;
        let status = response.status();
        let text = response.text().await.map_err(Failure::world)?;
        if !status.is_success() {
            return Err(Failure::World(format!("the sandbox refused {url}: {status} {text}")));
        }
        Ok(serde_json::from_str(&text).unwrap_or_default())
    }
}

fn id_of(record: &Value, key: &str) -> Result<String, Failure> {
    let id = record[key].as_str().map(str::to_owned);
    id.ok_or_else(|| Failure::World(format!("the sandbox answered without `{key}`")))
}
