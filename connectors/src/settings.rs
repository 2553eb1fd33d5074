//! What `environments/NAME.yaml` holds under `connections:`, and the secrets it points to.
//!
//! A secret is never written in the file: the file says where it is ([`Secret`]). It is read when a token
//! is asked for, so a secret that was changed is taken up without a restart.

mod secret;
mod sign_in;

use std::path::Path;
use std::time::Duration;

use cosell_engine::connector::{Connector, Rate};
use schemars::JsonSchema;
use serde::Deserialize;

use crate::client::{address, plain_client};
pub use crate::dataverse::DataverseSettings;
use crate::entra::DeviceSignIn;
pub use crate::events::EventsSettings;
pub use crate::partner_center::PartnerCenterSettings;
pub use secret::Secret;
pub use sign_in::{AssertionAlgorithm, SignIn};

/// The services of an environment. One that is left out is not bound: its calls are denied.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Connections {
    /// Partner Center's referrals.
    pub partner_center: Option<PartnerCenterSettings>,
    /// Partner Center's events: the registration, and what is checked of a request that comes in.
    pub events: Option<EventsSettings>,
    /// Dataverse, the store below Dynamics 365.
    pub dataverse: Option<DataverseSettings>,
}

/// How much a service may be asked for. What is left out is as the connector has it.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct LimitSettings {
    /// The most calls under way at once.
    pub at_once: Option<usize>,
    /// The most calls that are begun in the time that `per` says.
    pub requests: Option<u32>,
    /// Seconds in which so many `requests` may be made; 60 by default.
    pub per: Option<u64>,
}

/// Settings from which no connection can be made.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// An address that cannot be read as one, or is neither `https` nor on this machine.
    #[error("the address `{address}` cannot be used: {reason}")]
    Address {
        /// The address as written.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A secret that is not where the settings say.
    #[error("the secret {place} cannot be read: {reason}")]
    Secret {
        /// Where it was looked for, never what it holds.
        place: String,
        /// What went wrong.
        reason: String,
    },
    /// A way to sign in that cannot be used.
    #[error("{0}")]
    SignIn(String),
    /// Trusted certificates that cannot be read.
    #[error("the trusted certificates {place} cannot be read: {reason}")]
    Trust {
        /// Where they were looked for.
        place: String,
        /// What went wrong.
        reason: String,
    },
    /// The HTTP client could not be made, for instance since the system has no trusted certificates.
    #[error("no HTTP client can be made: {0}")]
    Client(String),
}

impl Connections {
    /// The same with relative paths counted from a folder: that of the file that the settings stand in.
    #[must_use]
    pub fn relative_to(mut self, folder: &Path) -> Connections {
        let sign_ins = [
            self.partner_center.as_mut().map(|settings| &mut settings.sign_in),
            self.events.as_mut().map(|settings| &mut settings.sign_in),
            self.dataverse.as_mut().map(|settings| &mut settings.sign_in),
        ];
        for sign_in in sign_ins.into_iter().flatten() {
            sign_in.relative_to(folder);
        }
        if let Some(trust) = self.events.as_mut().and_then(|settings| settings.trust.as_mut()) {
            *trust = folder.join(&trust);
        }
        self
    }
}

impl Connections {
    /// The sign-in of a person for one of the connections.
    ///
    /// # Errors
    ///
    /// The connection is not there, or its settings name no file and no keyring for the refresh token.
    pub fn device_sign_in(&self, connection: &str) -> Result<DeviceSignIn, SettingsError> {
        let (url, audience, sign_in) = match connection {
            "partner_center" => self.partner_center.as_ref().map(|bound| (&bound.url, &bound.audience, &bound.sign_in)),
            "events" => self.events.as_ref().map(|bound| (&bound.url, &bound.audience, &bound.sign_in)),
            "dataverse" => self.dataverse.as_ref().map(|bound| (&bound.url, &bound.audience, &bound.sign_in)),
            _ => None,
        }
        .ok_or_else(|| SettingsError::SignIn(format!("there is no connection `{connection}` in the environment")))?;
        let audience = audience.as_deref().unwrap_or(url).trim_end_matches('/').to_owned();
        let http = plain_client(crate::DEADLINE)?;
        DeviceSignIn::new(http, &address(&sign_in.login_url)?, sign_in.clone(), audience)
    }
}

impl LimitSettings {
    /// The connector with these limits.
    pub(crate) fn apply(&self, connector: Connector) -> Connector {
        const MINUTE: u64 = 60;
        let mut limits = connector.limits();
        if let Some(at_once) = self.at_once {
            limits.at_once = at_once.max(1);
        }
        if let Some(requests) = self.requests {
            let per = Duration::from_secs(self.per.unwrap_or(MINUTE).max(1));
            limits.rate = Some(Rate { calls: requests.max(1), per });
        }
        connector.with_limits(limits)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn connections(json: &str) -> Result<Connections, String> {
        serde_json::from_str(json).map_err(|error| error.to_string())
    }

    const FULL: &str = r#"{
        "dataverse": { "url": "https://org.crm.dynamics.com", "sign_in": {
            "tenant": "t", "client_id": "c", "client_secret": { "env": "CRM_SECRET" } } },
        "partner_center": { "sign_in": {
            "tenant": "t", "client_id": "c", "refresh_token": { "file": "/run/secrets/partner" } } },
        "events": { "sign_in": { "tenant": "t", "client_id": "c" } } }"#;

    #[test]
    fn defaults_are_the_real_services() {
        let read = connections(FULL).unwrap();
        let partner_center = read.partner_center.unwrap();
        assert_eq!(partner_center.url, "https://api.partner.microsoft.com");
        assert_eq!(partner_center.sign_in.login_url, "https://login.microsoftonline.com");
        let events = read.events.unwrap();
        assert_eq!(events.url, "https://api.partnercenter.microsoft.com");
        assert_eq!(events.certificate_names, ["pcnotifications-dispatch.microsoft.com"]);
        assert_eq!(events.max_body, 65536);
    }

    #[test]
    fn limits_are_those_of_the_connector_where_nothing_else_is_said() {
        let usual = || Connector::new("dataverse").limits();
        let rate = |calls, seconds| Some(Rate { calls, per: Duration::from_secs(seconds) });
        let cases = [
            ("{}", usual().at_once, None),
            (r#"{ "at_once": 8 }"#, 8, None),
            (r#"{ "requests": 100 }"#, usual().at_once, rate(100, 60)),
            (r#"{ "at_once": 0, "requests": 0, "per": 0 }"#, 1, rate(1, 1)),
        ];
        for (text, at_once, rate) in cases {
            let settings: LimitSettings = serde_json::from_str(text).unwrap();
            let limits = settings.apply(Connector::new("dataverse")).limits();
            assert_eq!((limits.at_once, limits.rate), (at_once, rate), "{text}");
        }
    }

    #[test]
    fn wrong_settings_are_refused() {
        let cases = [
            (r#"{ "datavers": {} }"#, "unknown field `datavers`"),
            (r#"{ "dataverse": { "sign_in": { "tenant": "t", "client_id": "c" } } }"#, "missing field `url`"),
            (
                r#"{ "events": { "sign_in": { "tenant": "t", "client_id": "c", "client_secret": "plain" } } }"#,
                "unknown variant `plain`",
            ),
        ];
        for (text, expected) in cases {
            let error = connections(text).err().unwrap_or_default();
            assert!(error.contains(expected), "{text}: {error}");
        }
    }
}
