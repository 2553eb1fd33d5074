//! How a connection signs in.

use std::path::Path;

use schemars::JsonSchema;
use serde::Deserialize;

use super::Secret;

/// How to get a token from Microsoft Entra ID.
///
/// With a refresh token the calls are made in the name of the person who consented, which Partner
/// Center's referrals demand. Without one they are made in the name of the application.
///
/// The application proves who it is by its secret or by its certificate; one that is registered as a public client
/// has neither.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SignIn {
    /// The tenant: its GUID or one of its domain names.
    pub tenant: String,
    /// The application's (client) id.
    pub client_id: String,
    /// Where the application's secret is.
    #[serde(default)]
    pub client_secret: Option<Secret>,
    /// Where the application's certificate is, together with its private RSA key, both in PEM. Give this or
    /// `client_secret`.
    #[serde(default)]
    pub client_certificate: Option<Secret>,
    /// How the certificate's key signs.
    #[serde(default)]
    pub certificate_algorithm: AssertionAlgorithm,
    /// Where the refresh token is. When the service answers with a newer one, that takes its place in the file or
    /// the keyring; where it is in neither, the newer one is kept in memory.
    #[serde(default)]
    pub refresh_token: Option<Secret>,
    /// The sign-in service.
    #[serde(default = "default_login_url")]
    pub login_url: String,
}

/// How a certificate's key signs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum AssertionAlgorithm {
    /// As the service wants it today: RSA with PSS; the certificate is named by its SHA-256 digest.
    #[default]
    Ps256,
    /// As it wanted it before, for clouds that are behind: RSA with PKCS #1; the certificate is named by its SHA-1
    /// digest.
    Rs256,
}

impl SignIn {
    /// Sign-in of that application in its own name, with nothing yet to prove who it is.
    pub fn new(tenant: impl Into<String>, client_id: impl Into<String>) -> SignIn {
        SignIn {
            tenant: tenant.into(),
            client_id: client_id.into(),
            client_secret: None,
            client_certificate: None,
            certificate_algorithm: AssertionAlgorithm::default(),
            refresh_token: None,
            login_url: default_login_url(),
        }
    }

    /// Paths count from that folder.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        for secret in [&mut self.client_secret, &mut self.client_certificate, &mut self.refresh_token] {
            if let Some(Secret::File(path)) = secret {
                *path = folder.join(&path);
            }
        }
    }
}

fn default_login_url() -> String {
    "https://login.microsoftonline.com".to_owned()
}
