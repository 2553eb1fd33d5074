//! How to reach the registration, and whom to believe an event.

use std::path::PathBuf;
use std::time::Duration;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::Client;
use crate::settings::{LimitSettings, SettingsError, SignIn};

/// The connection to Partner Center's events.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct EventsSettings {
    /// The address of the service. It is another one than that of the referrals.
    #[serde(default = "default_url")]
    pub url: String,
    /// What tokens are for; by default the address.
    #[serde(default)]
    pub audience: Option<String>,
    /// How to get a token for the registration. To receive events none is needed.
    pub sign_in: SignIn,
    /// Hosts from which the signer's certificate may be fetched: `host` or `host:port`. Plain `http` is
    /// taken from 127.0.0.1 and localhost only.
    #[serde(default = "default_certificate_hosts")]
    pub certificate_hosts: Vec<String>,
    /// Names of which the signer's certificate must carry one.
    #[serde(default = "default_certificate_names")]
    pub certificate_names: Vec<String>,
    /// A PEM file. Certificates in it that signed themselves are trusted instead of the public roots; the
    /// others complete the chain, which the service does not send along.
    #[serde(default)]
    pub trust: Option<PathBuf>,
    /// The same as `trust`, handed over in code.
    #[serde(skip)]
    pub trust_pem: Option<String>,
    /// The longest body in bytes; 65536 by default.
    #[serde(default = "default_max_body")]
    pub max_body: usize,
    /// How much the service may be asked for, where that is not the usual.
    #[serde(default)]
    pub limits: LimitSettings,
}

impl EventsSettings {
    /// Settings for a service at that address; everything else is as usual.
    pub fn new(url: impl Into<String>, sign_in: SignIn) -> EventsSettings {
        EventsSettings {
            url: url.into(),
            audience: None,
            sign_in,
            certificate_hosts: default_certificate_hosts(),
            certificate_names: default_certificate_names(),
            trust: None,
            trust_pem: None,
            max_body: default_max_body(),
            limits: LimitSettings::default(),
        }
    }

    /// The client for the registration.
    pub(crate) fn client(&self) -> Result<Client, SettingsError> {
        Client::new("events", &self.url, self.audience.as_deref(), &self.sign_in, Duration::from_secs(30))
    }

    /// The trusted certificates as PEM; `None` stands for the public roots.
    pub(crate) fn trusted_pem(&self) -> Result<Option<String>, SettingsError> {
        match (&self.trust_pem, &self.trust) {
            (Some(pem), _) => Ok(Some(pem.clone())),
            (None, Some(path)) => std::fs::read_to_string(path).map(Some).map_err(|error| SettingsError::Trust {
                place: format!("in `{}`", path.display()),
                reason: error.to_string(),
            }),
            (None, None) => Ok(None),
        }
    }
}

fn default_url() -> String {
    "https://api.partnercenter.microsoft.com".to_owned()
}

fn default_certificate_hosts() -> Vec<String> {
    vec!["3psostorageacct.blob.core.windows.net".to_owned()]
}

fn default_certificate_names() -> Vec<String> {
    vec!["pcnotifications-dispatch.microsoft.com".to_owned()]
}

fn default_max_body() -> usize {
    65536
}
