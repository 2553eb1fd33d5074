//! The token endpoint: what may be exchanged for a token.

use std::collections::BTreeMap;

use jiff::SignedDuration;
use serde_json::{Map, Value, json};

use super::audience::{self, Asked};
use super::refusal::Refusal;
use super::token::base64;
use super::{Caller, Entra};
use crate::behaviours::Behaviour;

/// The two forms of every endpoint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Names a `resource`, and writes numbers as texts (S3).
    V1,
    /// Names a `scope`.
    V2,
}

/// The fields of a posted form; one that is empty is taken as missing.
#[derive(Debug, Default)]
pub(super) struct Form(pub(super) BTreeMap<String, String>);

/// A refresh token that nobody uses for so long is no good any more.
const INACTIVITY: SignedDuration = SignedDuration::from_hours(90 * 24);

impl Form {
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str).filter(|value| !value.is_empty())
    }

    /// Whether the application proves who it is, by its secret or by a certificate.
    fn proves_the_application(&self) -> bool {
        self.get("client_secret").or_else(|| self.get("client_assertion")).is_some()
    }
}

impl Entra {
    /// Answers a request for a token.
    pub(super) fn grant(&mut self, tenant: &str, version: Version, form: &Form) -> Result<Value, Refusal> {
        self.check_tenant(tenant)?;
        match form.get("grant_type").ok_or_else(|| Refusal::missing("grant_type"))? {
            "client_credentials" => self.for_application(tenant, version, form),
            "refresh_token" => self.for_refresh_token(tenant, version, form),
            "urn:ietf:params:oauth:grant-type:device_code" | "device_code" => self.for_device(tenant, version, form),
            "password" if self.behaviours.on(Behaviour::PasswordGrant) => self.for_password(tenant, version, form),
            other => {
                let text = format!("The app requested an unsupported grant type '{other}'");
                Err(Refusal::new("unsupported_grant_type", 70_003, text))
            }
        }
    }

    /// A tenant is known by its id; people of any tenant come by two names, of which ours are some.
    pub(super) fn check_tenant(&self, tenant: &str) -> Result<(), Refusal> {
        if tenant.eq_ignore_ascii_case(&self.credentials.tenant) || is_shared(tenant) {
            return Ok(());
        }
        let text = format!(
            "Tenant '{tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the \
             correct cloud"
        );
        Err(Refusal::new("invalid_request", 90_002, text))
    }

    /// What a request wants, in the words of its form.
    pub(super) fn asked(&self, version: Version, wanted: &str) -> Result<Asked, Refusal> {
        match version {
            Version::V1 => {
                let asked = audience::resource(wanted, &self.addresses, &self.credentials)?;
                Ok(Asked { permissions: vec!["user_impersonation".to_owned()], ..asked })
            }
            Version::V2 => audience::scope(wanted, &self.addresses, &self.credentials),
        }
    }

    fn for_application(&mut self, tenant: &str, version: Version, form: &Form) -> Result<Value, Refusal> {
        self.check_client(form, tenant, false)?;
        if is_shared(tenant) {
            let text = "No tenant-identifying information found in either the request or implied by any provided \
                        credentials";
            return Err(Refusal::new("invalid_request", 50_059, text));
        }
        let wanted = form.get(version.names()).ok_or_else(|| Refusal::missing(version.names()))?;
        if version == Version::V2 && !wanted.split_whitespace().any(|word| word.ends_with("/.default")) {
            let text = format!(
                "The provided value for scope {wanted} is not valid. Client credential flows must have a scope value \
                 with /.default suffixed to the resource identifier"
            );
            return Err(Refusal::new("invalid_scope", 1_002_012, text));
        }
        let asked = self.asked(version, wanted)?;
        Ok(self.access_token(version, &asked, Caller::App))
    }

    fn for_refresh_token(&mut self, tenant: &str, version: Version, form: &Form) -> Result<Value, Refusal> {
        let token = form.get("refresh_token").ok_or_else(|| Refusal::missing("refresh_token"))?;
        let known = self.refresh.get(token).cloned();
        self.check_client(form, tenant, known.as_ref().is_some_and(|known| known.public))?;
        let known =
            known.ok_or_else(|| Refusal::grant(9_002_313, "Invalid request. Request is malformed or invalid"))?;
        let now = self.clock.now();
        if known.revoked || (known.spent && self.behaviours.on(Behaviour::RefreshSingleUse)) {
            let text = "The provided grant has expired due to it being revoked, a fresh auth token is needed";
            return Err(Refusal::grant(50_173, text).because("bad_token"));
        }
        if now.duration_since(known.used) > INACTIVITY {
            let text =
                format!("The refresh token has expired due to inactivity. The token was issued on {}", known.used);
            return Err(Refusal::grant(700_082, text).because("bad_token"));
        }
        let wanted = form.get(version.names()).unwrap_or(&known.scope);
        // Without a scope the one of the first time holds, whichever form that was.
        let asked = self.asked(version, wanted).or_else(|refusal| {
            if form.get(version.names()).is_some() { Err(refusal) } else { self.asked(Version::V2, &known.scope) }
        })?;
        let answer = self.for_person(version, form, &asked, Some(known.public))?;
        if let Some(refresh) = self.refresh.get_mut(token) {
            refresh.used = now;
            refresh.spent = true;
        }
        Ok(answer)
    }

    fn for_device(&mut self, tenant: &str, version: Version, form: &Form) -> Result<Value, Refusal> {
        self.check_client(form, tenant, true)?;
        let code =
            form.get("device_code").or_else(|| form.get("code")).ok_or_else(|| Refusal::missing("device_code"))?;
        let scope = self.approved_scope(code)?;
        let asked = self.asked(version, &scope)?;
        let refreshed = version == Version::V1 || asked.has("offline_access");
        let answer = self.for_person(version, form, &asked, refreshed.then(|| !form.proves_the_application()))?;
        // Only now: a code that met a refusal can be redeemed once the reason is gone.
        self.redeem_device(code);
        Ok(answer)
    }

    fn for_password(&mut self, tenant: &str, version: Version, form: &Form) -> Result<Value, Refusal> {
        self.check_client(form, tenant, true)?;
        let user = form.get("username").ok_or_else(|| Refusal::missing("username"))?;
        form.get("password").ok_or_else(|| Refusal::missing("password"))?;
        if !user.eq_ignore_ascii_case(&self.person.email) {
            let text = "Error validating credentials due to invalid username or password";
            return Err(Refusal::grant(50_126, text));
        }
        let wanted = form.get(version.names()).ok_or_else(|| Refusal::missing(version.names()))?;
        let asked = self.asked(version, wanted)?;
        self.for_person(version, form, &asked, Some(!form.proves_the_application()))
    }

    /// A token in the person's name, with an id token where it is asked for. `refreshed` adds a refresh token, and
    /// says whether that one is good without the application's secret.
    fn for_person(
        &mut self,
        version: Version,
        form: &Form,
        asked: &Asked,
        refreshed: Option<bool>,
    ) -> Result<Value, Refusal> {
        if self.behaviours.on(Behaviour::ConsentMissing) {
            let text = format!(
                "The user or administrator has not consented to use the application with ID '{}'. Send an interactive \
                 authorization request for this user and resource",
                self.credentials.client_id
            );
            return Err(Refusal::grant(65_001, text).because("consent_required"));
        }
        if self.behaviours.on(Behaviour::InteractionRequired) {
            let text = format!(
                "Due to a configuration change made by your administrator, or because you moved to a new location, you \
                 must use multi-factor authentication to access '{}'",
                asked.resource
            );
            return Err(Refusal::new("interaction_required", 50_076, text).because("basic_action"));
        }
        let caller = Caller::User { mfa: !self.behaviours.on(Behaviour::TokensWithoutMfa) };
        let mut rest = json!({"scope": asked.scope(version)});
        if let Some(public) = refreshed {
            let scope =
                if asked.words.is_empty() { asked.resource.clone() + "/.default" } else { asked.words.join(" ") };
            rest["refresh_token"] = json!(self.rotate(public, &scope));
        }
        if version == Version::V1 || asked.has("openid") {
            rest["id_token"] = json!(self.id_token(version));
        }
        if form.get("client_info") == Some("1") {
            let info = json!({"uid": self.person.id, "utid": self.credentials.tenant});
            rest["client_info"] = json!(base64(info.to_string().as_bytes()));
        }
        Ok(joined(self.access_token(version, asked, caller), rest))
    }
}

impl Version {
    /// What a request calls the thing it wants a token for.
    fn names(self) -> &'static str {
        match self {
            Version::V1 => "resource",
            Version::V2 => "scope",
        }
    }

    /// As a token tells it.
    pub(super) fn written(self) -> &'static str {
        match self {
            Version::V1 => "1.0",
            Version::V2 => "2.0",
        }
    }
}

impl Asked {
    /// The permissions that are given: `.default` stands for all that was consented to.
    pub(super) fn granted(&self) -> Vec<&str> {
        let given = self.permissions.iter().map(String::as_str);
        given.map(|name| if name == ".default" { "user_impersonation" } else { name }).collect()
    }

    /// The scope as the answer tells it.
    fn scope(&self, version: Version) -> String {
        match version {
            Version::V1 => self.granted().join(" "),
            Version::V2 if self.words.is_empty() => format!("{}/user_impersonation", self.resource),
            Version::V2 => self.words.join(" "),
        }
    }
}

/// Names that stand for any tenant.
fn is_shared(tenant: &str) -> bool {
    matches!(tenant, "common" | "organizations")
}

/// One object with the members of two.
pub(super) fn joined(first: Value, second: Value) -> Value {
    let members = |value: Value| match value {
        Value::Object(members) => members,
        _ => Map::new(),
    };
    members(first).into_iter().chain(members(second)).collect::<Map<_, _>>().into()
}
