//! The person in Partner Center's portal, who also looks into the CRM.

use cosell::failure::Failure;
use cosell_sandbox::Sandbox;
use reqwest::{Client, RequestBuilder};
use serde_json::{Value, json};

/// What the person does and sees.
pub(crate) struct Person {
    http: Client,
    token: String,
    admin: String,
    opportunities: String,
}

impl Person {
    pub(crate) fn new(sandbox: &Sandbox, http: &Client) -> Person {
        let addresses = sandbox.addresses();
        Person {
            http: http.clone(),
            token: sandbox.credentials().seller_token.clone(),
            admin: addresses.admin.clone(),
            opportunities: format!("{}/api/data/v9.2/opportunities", addresses.dataverse),
        }
    }

    /// Creates a deal; gives its id.
    pub(crate) async fn create_deal(&self) -> Result<String, Failure> {
        let deal = json!({ "name": "Harbour pilot", "dealValue": 30_000, "currency": "EUR" });
        let deal = answer(self.http.post(format!("{}/deals", self.admin)).json(&deal)).await?;
        Ok(deal["id"].as_str().unwrap_or_default().to_owned())
    }

    /// Changes the value of a deal.
    pub(crate) async fn change_value(&self, deal: &str, value: u32) -> Result<(), Failure> {
        let change = json!({ "dealValue": value });
        answer(self.http.post(format!("{}/deals/{deal}", self.admin)).json(&change)).await.map(|_| ())
    }

    /// The opportunity of a deal.
    pub(crate) async fn opportunity(&self, deal: &str) -> Result<Value, Failure> {
        let filter = format!("cosell_referralid eq '{deal}'");
        let request = self.http.get(&self.opportunities).query(&[("$filter", filter)]).bearer_auth(&self.token);
        let mut rows = answer(request).await?;
        let row = rows["value"].get_mut(0).map(Value::take);
        row.ok_or_else(|| Failure::Data(format!("the deal {deal} has no opportunity")))
    }

    /// Empties the audit of a deal's opportunity.
    pub(crate) async fn clear_audit(&self, deal: &str) -> Result<(), Failure> {
        let row = self.opportunity(deal).await?;
        let id = row["opportunityid"].as_str().unwrap_or_default();
        let request = self.http.patch(format!("{}({id})", self.opportunities)).bearer_auth(&self.token);
        let request = request.header("Prefer", "return=representation").json(&json!({ "cosell_audit": null }));
        answer(request).await.map(|_| ())
    }

    /// How many events are on their way.
    pub(crate) async fn deliveries_waiting(&self) -> Result<u64, Failure> {
        let report = answer(self.http.get(format!("{}/deliveries", self.admin))).await?;
        Ok(report["waiting"].as_u64().unwrap_or(0))
    }
}

async fn answer(request: RequestBuilder) -> Result<Value, Failure> {
    let response = request.send().await.map_err(Failure::world)?;
    let response = response.error_for_status().map_err(Failure::world)?;
    response.json().await.map_err(Failure::world)
}
