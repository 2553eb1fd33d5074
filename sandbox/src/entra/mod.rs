//! Entra ID: who may have a token for what.
//!
//! Tokens are opaque; the state remembers audience, kind and expiry. `routes` speaks HTTP.

mod routes;

use std::collections::HashMap;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::options::{Addresses, Credentials};

pub(crate) use routes::router;

/// Expired tokens are swept when there are more than this.
const SWEEP_AT: usize = 10_000;

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The referrals host (S1: an audience of its own).
    Referrals,
    /// The host of webhook registrations.
    PartnerCenter,
    /// The CRM.
    Dataverse,
}

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The application alone.
    App,
    /// The application on behalf of a signed-in partner user.
    User,
    /// A person in the portal or the CRM.
    Seller,
}

/// The tokens given out.
pub(crate) struct Entra {
    credentials: Credentials,
    addresses: Addresses,
    access: HashMap<String, Access>,
    refresh: Vec<String>,
    lifetime: SignedDuration,
}

struct Access {
    audience: Audience,
    caller: Caller,
    expires: Timestamp,
}

impl Entra {
    pub(crate) fn new(credentials: Credentials, addresses: Addresses) -> Entra {
        let refresh = vec![credentials.refresh_token.clone()];
        let lifetime = SignedDuration::from_secs(3599);
        Entra { credentials, addresses, access: HashMap::new(), refresh, lifetime }
    }

    /// Who sends this request to a host of this audience; `None` is a 401.
    pub(crate) fn caller(&self, headers: &HeaderMap, audience: Audience) -> Option<Caller> {
        let token = bearer(headers)?;
        if token == self.credentials.seller_token {
            return Some(Caller::Seller);
        }
        let access = self.access.get(token)?;
        (access.audience == audience && access.expires > Timestamp::now()).then_some(access.caller)
    }

    /// The same for the log, whatever the host.
    pub(crate) fn who(&self, headers: &HeaderMap) -> &'static str {
        let Some(token) = bearer(headers) else {
            return "nobody";
        };
        if token == self.credentials.seller_token {
            return "seller";
        }
        match self.access.get(token).map(|access| access.caller) {
            Some(Caller::App) => "app",
            Some(Caller::User) => "user",
            _ => "nobody",
        }
    }

    /// How long new tokens live, for tests.
    pub(crate) fn set_lifetime(&mut self, seconds: i64) {
        self.lifetime = SignedDuration::from_secs(seconds);
    }

    /// Takes back every access token.
    pub(crate) fn revoke(&mut self) {
        self.access.clear();
    }

    fn issue(&mut self, audience: Audience, caller: Caller) -> String {
        if self.access.len() > SWEEP_AT {
            let now = Timestamp::now();
            self.access.retain(|_, access| access.expires > now);
        }
        let token = format!("access-{}", Uuid::new_v4());
        let expires = Timestamp::now().checked_add(self.lifetime).unwrap_or(Timestamp::MAX);
        self.access.insert(token.clone(), Access { audience, caller, expires });
        token
    }

    /// A new refresh token; the older ones stay good, as with the real service.
    fn rotate(&mut self) -> String {
        let token = format!("refresh-{}", Uuid::new_v4());
        if self.refresh.len() > SWEEP_AT {
            self.refresh.remove(1);
        }
        self.refresh.push(token.clone());
        token
    }

    /// The audience of a `scope` list: the sandbox's own addresses and the real ones.
    fn audience(&self, scope: &str) -> Option<Audience> {
        scope
            .split_whitespace()
            .filter(|scope| !matches!(*scope, "openid" | "profile" | "offline_access"))
            .find_map(|scope| self.resource(scope.rsplit_once('/')?.0.trim_end_matches('/')))
    }

    fn resource(&self, resource: &str) -> Option<Audience> {
        let is = |own: &str, real: &str| resource == own || resource == real;
        let crm = resource.starts_with("https://") && resource.ends_with(".dynamics.com");
        if is(&self.addresses.referrals, "https://api.partner.microsoft.com") {
            Some(Audience::Referrals)
        } else if is(&self.addresses.partner_center, "https://api.partnercenter.microsoft.com") {
            Some(Audience::PartnerCenter)
        } else if crm || resource == self.addresses.dataverse {
            Some(Audience::Dataverse)
        } else {
            None
        }
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
