//! Entra ID: who may have a token for what.
//!
//! A request goes `routes` → `grants`, which has the caller prove who it is (`application`), understands what it asks
//! for (`audience`) and answers with tokens (`issue`), which are signed (`token`). `device` is sign-in on another device, `discovery` what
//! libraries read beforehand, `person` whom people's tokens stand for. The state remembers each token given out, so
//! that one can be taken back.

mod application;
mod audience;
mod device;
mod discovery;
mod grants;
mod issue;
mod person;
mod refusal;
mod routes;
mod token;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::SandboxError;
use crate::behaviours::Behaviours;
use crate::clock::Clock;
use crate::options::{Addresses, Credentials};

pub(crate) use application::ClientCertificate;
pub(crate) use audience::Audience;
use device::Device;
pub(crate) use person::{Person, Role};
pub(crate) use routes::router;
use token::TokenKey;

/// Tokens remembered; beyond this expired ones are swept, and the oldest refresh tokens forgotten.
const SWEEP_AT: usize = 10_000;

/// Whom a token stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Caller {
    /// The application alone.
    App,
    /// The application on behalf of the signed-in person.
    User {
        /// Whether that person passed a second factor.
        mfa: bool,
    },
    /// A person in the portal or the CRM.
    Seller,
}

/// The tokens given out, and what they are given out by.
pub(crate) struct Entra {
    credentials: Credentials,
    addresses: Addresses,
    clock: Clock,
    behaviours: Behaviours,
    key: Arc<TokenKey>,
    certificates: Vec<ClientCertificate>,
    /// Whom people's tokens stand for.
    pub(crate) person: Person,
    access: HashMap<String, Access>,
    refresh: IndexMap<String, Refresh>,
    devices: VecDeque<Device>,
    lifetime: SignedDuration,
}

struct Access {
    audience: Audience,
    caller: Caller,
    expires: Timestamp,
}

/// A refresh token.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Refresh {
    /// Good without the application's secret.
    public: bool,
    /// What it was given for.
    scope: String,
    /// When it was given or used last; one that nobody uses for 90 days is no good.
    used: Timestamp,
    spent: bool,
    revoked: bool,
}

/// What outlives a restart: the access tokens do not, and clients ask for new ones.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct EntraSnapshot {
    credentials: Credentials,
    /// Where the servers were, which clients name in the scope of a token.
    addresses: Addresses,
    refresh: IndexMap<String, Refresh>,
    person: Person,
    certificates: Vec<ClientCertificate>,
    lifetime_seconds: i64,
}

impl Entra {
    pub(crate) fn new(
        credentials: Credentials,
        addresses: Addresses,
        clock: Clock,
        behaviours: Behaviours,
    ) -> Result<Entra, SandboxError> {
        let scope = format!("{}/.default offline_access", addresses.referrals);
        let first = Refresh { public: false, scope, used: clock.now(), spent: false, revoked: false };
        Ok(Entra {
            refresh: IndexMap::from([(credentials.refresh_token.clone(), first)]),
            key: TokenKey::shared()?,
            certificates: Vec::new(),
            person: Person::default(),
            access: HashMap::new(),
            devices: VecDeque::new(),
            lifetime: SignedDuration::from_secs(3599),
            credentials,
            addresses,
            clock,
            behaviours,
        })
    }

    /// Who sends this request to a host of this audience; `None` is a 401.
    pub(crate) fn caller(&self, headers: &HeaderMap, audience: Audience) -> Option<Caller> {
        let token = bearer(headers)?;
        if token == self.credentials.seller_token {
            return Some(Caller::Seller);
        }
        let access = self.access.get(token)?;
        (access.audience == audience && access.expires > self.clock.now()).then_some(access.caller)
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
            Some(Caller::User { .. }) => "user",
            _ => "nobody",
        }
    }

    /// The token of the sandbox's own people.
    pub(crate) fn seller_token(&self) -> &str {
        &self.credentials.seller_token
    }

    /// How long new tokens live, for tests.
    pub(crate) fn set_lifetime(&mut self, seconds: i64) {
        self.lifetime = SignedDuration::from_secs(seconds.clamp(0, 86_400));
    }

    /// Takes back every access token.
    pub(crate) fn revoke(&mut self) {
        self.access.clear();
    }

    /// Takes back every refresh token, the first included.
    pub(crate) fn revoke_refresh(&mut self) {
        self.refresh.values_mut().for_each(|refresh| refresh.revoked = true);
    }

    /// Registers a certificate for the application; a few at the most, as with the real service.
    pub(crate) fn register(&mut self, certificate: ClientCertificate) {
        if self.certificates.len() == 20 {
            self.certificates.remove(0);
        }
        self.certificates.push(certificate);
    }

    /// What is kept between two starts.
    pub(crate) fn snapshot(&self) -> EntraSnapshot {
        EntraSnapshot {
            credentials: self.credentials.clone(),
            addresses: self.addresses.clone(),
            refresh: self.refresh.clone(),
            person: self.person.clone(),
            certificates: self.certificates.clone(),
            lifetime_seconds: self.lifetime.as_secs(),
        }
    }

    /// Takes up what was kept, but for the credentials, which the sandbox had to know before. The servers may have
    /// moved since, and what tokens are for moves with them.
    pub(crate) fn restore(&mut self, snapshot: EntraSnapshot) {
        self.refresh = snapshot.refresh;
        for refresh in self.refresh.values_mut() {
            refresh.scope = audience::moved(&refresh.scope, &snapshot.addresses, &self.addresses);
        }
        self.person = snapshot.person;
        self.set_lifetime(snapshot.lifetime_seconds);
        let of_this_start = std::mem::replace(&mut self.certificates, snapshot.certificates);
        for certificate in of_this_start {
            if !self.certificates.contains(&certificate) {
                self.register(certificate);
            }
        }
    }

    /// Remembers a token until it ends.
    fn remember(&mut self, token: String, audience: Audience, caller: Caller, expires: Timestamp) {
        if self.access.len() > SWEEP_AT {
            let now = self.clock.now();
            self.access.retain(|_, access| access.expires > now);
        }
        if self.access.len() > 2 * SWEEP_AT {
            self.access.clear();
        }
        self.access.insert(token, Access { audience, caller, expires });
    }

    /// A new refresh token; the older ones stay good, as with the real service.
    fn rotate(&mut self, public: bool, scope: &str) -> String {
        let token = format!("refresh-{}", Uuid::new_v4());
        if self.refresh.len() > SWEEP_AT {
            self.refresh.shift_remove_index(1);
        }
        let fresh = Refresh { public, scope: scope.to_owned(), used: self.clock.now(), spent: false, revoked: false };
        self.refresh.insert(token.clone(), fresh);
        token
    }
}

impl EntraSnapshot {
    /// What clients of the last start sign in with.
    pub(crate) fn credentials(&self) -> &Credentials {
        &self.credentials
    }
}

fn bearer(headers: &HeaderMap) -> Option<&str> {
    let (scheme, token) = headers.get(AUTHORIZATION)?.to_str().ok()?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}
