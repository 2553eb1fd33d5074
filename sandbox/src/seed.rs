//! What a sandbox begins with, from a YAML file: deals of the portal, rows of the CRM, who is signed in, behaviours
//! and the time.

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;
use reqwest::Client;
use serde::Deserialize;
use serde_json::Value;

use crate::SandboxError;
use crate::entra::Person;
use crate::partner_center::{Deal, make_deal};
use crate::world::World;

/// The data to begin with.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Seed {
    /// The time it is.
    clock: Option<Timestamp>,
    /// Whom people's tokens stand for.
    person: Option<Person>,
    /// Behaviours to turn.
    behaviours: IndexMap<String, bool>,
    /// Deals, as the admin API takes them.
    deals: Vec<Deal>,
    /// Rows by entity set, as the Web API takes them; made in the order of the file.
    rows: IndexMap<String, Vec<Value>>,
}

impl Seed {
    /// Reads a YAML text.
    ///
    /// # Errors
    ///
    /// Where it is no YAML, or says something that a seed does not know.
    pub fn parse(text: &str) -> Result<Seed, SandboxError> {
        let options = serde_yaml::options! { strict_booleans: true };
        serde_yaml::from_str_with_options(text, options).map_err(|error| SandboxError::Seed(error.to_string()))
    }

    /// Makes everything. The rows go through the CRM's own door, so that all its rules hold for them.
    pub(crate) async fn sow(self, world: &Arc<World>) -> Result<(), SandboxError> {
        if let Some(instant) = self.clock {
            world.clock.set_ahead(instant.as_second().saturating_sub(Timestamp::now().as_second()));
        }
        if let Some(person) = self.person {
            world.entra.with(|entra| entra.person = person);
        }
        world.behaviours.turn(&self.behaviours.into_iter().collect::<Vec<_>>())?;
        for deal in &self.deals {
            make_deal(world, deal);
        }
        let client = Client::builder().no_proxy().build()?;
        // With TLS, plain http works at the same port.
        let base = world.addresses.dataverse.replacen("https://localhost", "http://127.0.0.1", 1);
        let token = world.entra.with(|entra| entra.seller_token().to_owned());
        for (set, rows) in &self.rows {
            for (place, row) in rows.iter().enumerate() {
                let failed = |reason: String| SandboxError::Seed(format!("row {} of `{set}`: {reason}", place + 1));
                let request = client.post(format!("{base}/api/data/v9.2/{set}")).bearer_auth(&token).json(row);
                let response = request.send().await.map_err(|error| failed(error.to_string()))?;
                if !response.status().is_success() {
                    return Err(failed(response.text().await.unwrap_or_default()));
                }
            }
        }
        Ok(())
    }
}
