//! The documents that libraries read before they ask for a token.

use serde_json::{Value, json};

use super::Entra;
use super::audience::same_place;
use super::grants::Version;
use super::refusal::Refusal;

impl Entra {
    /// The OpenID configuration of a tenant.
    pub(super) fn configuration(&self, tenant: &str, version: Version) -> Result<Value, Refusal> {
        self.check_tenant(tenant)?;
        let base = format!("{}/{tenant}", self.addresses.entra);
        let (oauth, keys) = match version {
            Version::V1 => (format!("{base}/oauth2"), format!("{base}/discovery/keys")),
            Version::V2 => (format!("{base}/oauth2/v2.0"), format!("{base}/discovery/v2.0/keys")),
        };
        Ok(json!({
            "token_endpoint": format!("{oauth}/token"),
            "token_endpoint_auth_methods_supported": ["client_secret_post", "private_key_jwt", "client_secret_basic"],
            "jwks_uri": keys,
            "response_modes_supported": ["query", "fragment", "form_post"],
            "subject_types_supported": ["pairwise"],
            "id_token_signing_alg_values_supported": ["RS256"],
            "response_types_supported": ["code", "id_token", "code id_token", "id_token token"],
            "scopes_supported": ["openid", "profile", "email", "offline_access"],
            "issuer": self.issuer(version),
            "request_uri_parameter_supported": false,
            "authorization_endpoint": format!("{oauth}/authorize"),
            "device_authorization_endpoint": format!("{oauth}/devicecode"),
            "end_session_endpoint": format!("{oauth}/logout"),
            "claims_supported": ["sub", "iss", "aud", "exp", "iat", "nonce", "preferred_username", "name", "tid", "ver"],
            "tenant_region_scope": "EU",
        }))
    }

    /// Who signs tokens. The real one has a host of its own for the older form.
    pub(super) fn issuer(&self, version: Version) -> String {
        let base = format!("{}/{}", self.addresses.entra, self.credentials.tenant);
        match version {
            Version::V1 => format!("{base}/"),
            Version::V2 => format!("{base}/v2.0"),
        }
    }

    /// The keys that tokens are signed with.
    pub(super) fn keys(&self, tenant: &str) -> Result<Value, Refusal> {
        self.check_tenant(tenant)?;
        Ok(json!({"keys": [self.key.public(&self.issuer(Version::V2))]}))
    }

    /// Which hosts belong to the same cloud, and where an authority's own document is. Libraries ask this to check
    /// that an authority is a known one.
    pub(super) fn instance(&self, authorize: &str) -> Result<Value, Refusal> {
        let unknown = || Refusal::new("invalid_instance", 50_049, "Unknown or invalid instance");
        let url: url::Url = authorize.parse().map_err(|_| unknown())?;
        let host = match url.port() {
            Some(port) => format!("{}:{port}", url.host_str().unwrap_or_default()),
            None => url.host_str().unwrap_or_default().to_owned(),
        };
        let real = ["login.microsoftonline.com", "login.windows.net", "login.microsoft.com", "sts.windows.net"];
        let mut segments = url.path_segments().into_iter().flatten();
        let tenant = segments.next().filter(|tenant| !tenant.is_empty()).ok_or_else(unknown)?;
        let v2 = if url.path().contains("/v2.0/") { "v2.0/" } else { "" };
        let clouds = if same_place(&host, &self.addresses.entra) {
            json!([{"preferred_network": host, "preferred_cache": host, "aliases": [host]}])
        } else if real.contains(&host.as_str()) {
            json!([{"preferred_network": real[0], "preferred_cache": real[1], "aliases": real}])
        } else {
            return Err(unknown());
        };
        let document = format!("{}/{tenant}/{v2}.well-known/openid-configuration", self.addresses.entra);
        Ok(json!({"tenant_discovery_endpoint": document, "api-version": "1.1", "metadata": clouds}))
    }
}
