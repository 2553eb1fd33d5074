//! How to reach Partner Center's referrals.

use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Client;
use crate::settings::{LimitSettings, SettingsError, SignIn};

/// The connection to Partner Center's referrals.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartnerCenterSettings {
    /// The address of the referrals service. It is another one than that of the events.
    #[serde(default = "default_url")]
    pub url: String,
    /// What tokens are for; by default the address.
    #[serde(default)]
    pub audience: Option<String>,
    /// How to get a token. The service takes only tokens made in the name of a person: give a refresh token.
    pub sign_in: SignIn,
    /// Seconds that one request may take; 30 by default.
    #[serde(default = "default_timeout")]
    pub timeout: u64,
    /// How much the service may be asked for, where that is not the usual.
    #[serde(default)]
    pub limits: LimitSettings,
}

impl PartnerCenterSettings {
    /// Settings for a service at that address; everything else is as usual.
    pub fn new(url: impl Into<String>, sign_in: SignIn) -> PartnerCenterSettings {
        PartnerCenterSettings {
            url: url.into(),
            audience: None,
            sign_in,
            timeout: default_timeout(),
            limits: LimitSettings::default(),
        }
    }

    /// The client that these settings describe.
    pub(crate) fn client(&self) -> Result<Client, SettingsError> {
        let deadline = Duration::from_secs(self.timeout.max(1));
        Client::new("partner_center", &self.url, self.audience.as_deref(), &self.sign_in, deadline)
    }
}

fn default_url() -> String {
    "https://api.partner.microsoft.com".to_owned()
}

fn default_timeout() -> u64 {
    crate::DEADLINE.as_secs()
}
