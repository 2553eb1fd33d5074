//! What a token is for: scopes of the v2.0 endpoints and resources of the older ones.

use super::refusal::Refusal;
use crate::options::{Addresses, Credentials};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Audience {
    /// The referrals host (S1: an audience of its own).
    Referrals,
    /// The host of webhook registrations.
    PartnerCenter,
    /// The CRM.
    Dataverse,
    /// Microsoft Graph, which libraries ask for when nothing else is named; no service here takes it.
    Graph,
}

/// A scope or a resource that was understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Asked {
    /// Which service.
    pub(super) audience: Audience,
    /// The service as the caller named it; the token's `aud`.
    pub(super) resource: String,
    /// The permissions on it, as `user_impersonation`.
    pub(super) permissions: Vec<String>,
    /// Every word as it was sent.
    pub(super) words: Vec<String>,
}

/// The address that Graph has in tokens.
const GRAPH: &str = "https://graph.microsoft.com";

impl Asked {
    /// Whether one of the words is there, as `openid`.
    pub(super) fn has(&self, word: &str) -> bool {
        self.words.iter().any(|one| one == word)
    }
}

/// Reads a `scope`: words of one service, beside those of OpenID. A word without an address is Graph's.
pub(super) fn scope(text: &str, addresses: &Addresses, credentials: &Credentials) -> Result<Asked, Refusal> {
    let words: Vec<String> = text.split_whitespace().map(str::to_owned).collect();
    let mut found: Option<Asked> = None;
    let for_service = |word: &&String| !matches!(word.as_str(), "openid" | "profile" | "email" | "offline_access");
    for word in words.iter().filter(for_service) {
        let (named, permission) = word.rsplit_once('/').unwrap_or((GRAPH, word));
        let mut asked = resource(named, addresses, credentials)?;
        if found.as_ref().is_some_and(|found| found.audience != asked.audience) {
            let text = format!("The provided value for the input parameter 'scope' is not valid: {text}");
            return Err(Refusal::new("invalid_scope", 70_011, text));
        }
        asked.permissions = found.map(|found| found.permissions).unwrap_or_default();
        asked.permissions.push(permission.to_owned());
        found = Some(asked);
    }
    let asked = found.map_or_else(|| resource(GRAPH, addresses, credentials), Ok)?;
    Ok(Asked { words, ..asked })
}

/// Reads a `resource`: the sandbox's own addresses and the real ones.
pub(super) fn resource(named: &str, addresses: &Addresses, credentials: &Credentials) -> Result<Asked, Refusal> {
    let resource = named.trim_end_matches('/');
    let is = |own: &str, real: &[&str]| same_place(resource, own) || real.contains(&resource);
    let crm = |address: &str| address.strip_prefix("https://").is_some_and(|host| host.ends_with(".dynamics.com"));
    let audience = if is(&addresses.referrals, &["https://api.partner.microsoft.com", REFERRALS_APP]) {
        Audience::Referrals
    } else if is(&addresses.partner_center, &["https://api.partnercenter.microsoft.com", PARTNER_CENTER_APP]) {
        Audience::PartnerCenter
    } else if same_place(resource, &addresses.dataverse) || crm(resource) {
        Audience::Dataverse
    } else if matches!(resource, GRAPH | "00000003-0000-0000-c000-000000000000") {
        Audience::Graph
    } else {
        return Err(Refusal::unknown_resource(resource, &credentials.tenant));
    };
    Ok(Asked { audience, resource: resource.to_owned(), permissions: Vec::new(), words: Vec::new() })
}

/// A scope or a resource whose services were at other addresses before.
pub(super) fn moved(scope: &str, from: &Addresses, to: &Addresses) -> String {
    let services = [
        (&from.referrals, &to.referrals),
        (&from.partner_center, &to.partner_center),
        (&from.dataverse, &to.dataverse),
    ];
    let now_at = |place: &str| services.iter().find(|(old, _)| same_place(place, old)).map(|(_, new)| new.as_str());
    let moved = |word: &str| {
        let with_permission =
            word.rsplit_once('/').and_then(|(place, name)| Some(format!("{}/{name}", now_at(place)?)));
        with_permission.or_else(|| now_at(word).map(str::to_owned)).unwrap_or_else(|| word.to_owned())
    };
    scope.split_whitespace().map(moved).collect::<Vec<_>>().join(" ")
}

/// The first-party applications behind the two hosts.
const REFERRALS_APP: &str = "4990cffe-04e8-4e8b-808a-1175604b879f";
const PARTNER_CENTER_APP: &str = "fa3d9a0c-3fb0-42cc-9193-47c7ecd2edbd";

/// Whether two addresses lead to the same of our servers: it listens on one machine under two names, with and without
/// TLS.
pub(super) fn same_place(one: &str, other: &str) -> bool {
    let place = |address: &str| {
        let rest = address.split_once("://").map_or(address, |(_, rest)| rest).trim_end_matches('/');
        rest.replacen("localhost", "127.0.0.1", 1)
    };
    place(one) == place(other)
}
