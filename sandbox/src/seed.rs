//! What a sandbox begins with, from a YAML file: deals of the portal, rows of the CRM, who is signed in, behaviours
//! and the time.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::http::header::{AUTHORIZATION, CONTENT_TYPE};
use indexmap::IndexMap;
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;
use tower::ServiceExt;

use crate::entra::Person;
use crate::partner_center::{Deal, make_deal};
use crate::world::World;
use crate::{SandboxError, dataverse};

/// The longest refusal that is told, in bytes.
const LONGEST_REFUSAL: usize = 100_000;

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

    /// Makes everything. The rows go to the CRM itself, so that all its rules hold for them. They do not pass the
    /// gate of the servers: what a start is to go wrong with must not keep it from starting.
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
        let crm = dataverse::router(Arc::clone(world));
        let token = world.entra.with(|entra| entra.seller_token().to_owned());
        for (set, rows) in &self.rows {
            for (place, row) in rows.iter().enumerate() {
                let made = make_row(&crm, &token, set, row).await;
                made.map_err(|reason| SandboxError::Seed(format!("row {} of `{set}`: {reason}", place + 1)))?;
                // A seed may ask for as much as it likes.
                world.dataverse.with(|crm| crm.meters = Default::default());
            }
        }
        Ok(())
    }
}

/// Makes one row; the error is the CRM's own.
async fn make_row(crm: &Router, token: &str, set: &str, row: &Value) -> Result<(), String> {
    let request = Request::post(format!("/api/data/v9.2/{set}"))
        .header(AUTHORIZATION, format!("Bearer {token}"))
        .header(CONTENT_TYPE, "application/json")
        .body(Body::from(row.to_string()))
        .map_err(|error| error.to_string())?;
    let Ok(response) = crm.clone().oneshot(request).await;
    if response.status().is_success() {
        return Ok(());
    }
    let refusal = to_bytes(response.into_body(), LONGEST_REFUSAL).await.map_err(|error| error.to_string())?;
    Err(String::from_utf8_lossy(&refusal).into_owned())
}
