//! Entra ID as a client sees it.

mod assertion;
mod device;
mod discovery;
mod grants;

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;

use crate::harness::Harness;

/// The claims of a token, unchecked.
fn claims(token: &str) -> Value {
    let part = token.split('.').nth(1).unwrap();
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

impl Harness {
    /// Posts a form to an endpoint of the tenant, and answers with status and body.
    async fn form(&self, end: &str, fields: &[(&str, &str)]) -> (u16, Value) {
        let credentials = self.sandbox.credentials();
        let address = format!("{}/{}/{end}", self.sandbox.addresses().entra, credentials.tenant);
        let response = self.client.post(address).form(fields).send().await.unwrap();
        (response.status().as_u16(), response.json().await.unwrap())
    }

    /// The fields that every grant of the application with its secret has.
    fn signed<'a>(&'a self, fields: &[(&'a str, &'a str)]) -> Vec<(&'a str, &'a str)> {
        let credentials = self.sandbox.credentials();
        let own =
            [("client_id", credentials.client_id.as_str()), ("client_secret", credentials.client_secret.as_str())];
        fields.iter().copied().chain(own).collect()
    }

    /// Turns behaviours on.
    pub(crate) async fn turn(&self, names: &[&str]) {
        let asked: serde_json::Map<_, _> = names.iter().map(|name| ((*name).to_owned(), Value::Bool(true))).collect();
        self.json(crate::harness::Host::Admin, "POST", "/behaviours", asked.into()).await;
    }
}
