//! How to reach an environment of Dataverse.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use super::service::Dataverse;
use crate::client::Client;
use crate::settings::{LimitSettings, SettingsError, SignIn};

/// The connection to an environment of Dataverse.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DataverseSettings {
    /// The environment's address, such as `https://org.crm.dynamics.com`.
    pub url: String,
    /// What tokens are for; by default the address.
    #[serde(default)]
    pub audience: Option<String>,
    /// How to get a token. An application needs an application user with a security role.
    pub sign_in: SignIn,
    /// Seconds that one request may take; 30 by default.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
    /// How much the service may be asked for, where that is not the usual.
    #[serde(default)]
    pub limits: LimitSettings,
}

impl DataverseSettings {
    /// Settings for a service at that address; everything else is as usual.
    pub fn new(url: impl Into<String>, sign_in: SignIn) -> DataverseSettings {
        DataverseSettings {
            url: url.into(),
            audience: None,
            sign_in,
            timeout: default_timeout(),
            limits: LimitSettings::default(),
        }
    }

    /// The service that these settings describe.
    pub(crate) fn service(&self) -> Result<Dataverse, SettingsError> {
        let deadline = Duration::from_secs(self.timeout.max(1));
        let client = Client::new("dataverse", &self.url, self.audience.as_deref(), &self.sign_in, deadline)?;
        Ok(Dataverse::new(client))
    }
}

fn default_timeout() -> u64 {
    crate::DEADLINE.as_secs()
}
