//! The referrals of one tenant, the partner's own and Microsoft's copies.

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::category::Viewer;
use super::states::text;
use super::{Refusal, shape};
use crate::behaviours::{Behaviour, Behaviours};
use crate::clock::{self, Clock};
use crate::options::Addresses;
use crate::past::Past;

/// How far reads lag behind when nobody said how far.
const LAG: SignedDuration = SignedDuration::from_secs(2);

/// One referral in its full shape.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Referral {
    /// The shape that is read.
    pub(crate) body: Value,
    /// Whether it is Microsoft's copy of a co-sell deal (S9).
    pub(crate) microsoft: bool,
}

/// All referrals in order of creation.
#[derive(Debug)]
pub(crate) struct Referrals {
    clock: Clock,
    /// How the service behaves where there is a choice.
    pub(super) behaviours: Behaviours,
    rows: IndexMap<String, Referral>,
    /// What lists still show.
    pub(crate) past: Past<String, Referral>,
}

impl Referrals {
    pub(crate) fn new(clock: Clock, behaviours: Behaviours) -> Referrals {
        Referrals { clock, behaviours, rows: IndexMap::new(), past: Past::default() }
    }

    /// Takes up the referrals of an earlier start. The servers may have moved since, and links go where they are now.
    pub(crate) fn restore(&mut self, kept: Vec<Referral>, addresses: &Addresses) {
        for mut referral in kept {
            let links = shape::links(addresses, text(&referral.body, "/id"), text(&referral.body, "/engagementId"));
            referral.body["links"] = links;
            self.insert(referral);
        }
    }

    /// Where reads by id are to lag as lists do, and nobody said how far, lists lag a little (S28).
    pub(crate) fn lag_where_reads_do(&mut self) {
        if self.behaviours.on(Behaviour::ReadsLag) {
            self.past.lag_at_least(LAG);
        }
    }

    /// The time it is in the sandbox.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// One referral as a read by id shows it to somebody; one that they may not see is not there.
    pub(crate) fn seen(&self, id: &str, viewer: &Viewer) -> Result<&Referral, Refusal> {
        let id = id.to_ascii_lowercase();
        let shown = self.behaviours.on(Behaviour::ReadsLag).then(|| self.past.shown().get(&id).copied()).flatten();
        let referral = shown.unwrap_or_else(|| self.rows.get(&id));
        referral.filter(|referral| viewer.sees(&referral.body)).ok_or_else(|| Refusal::not_found(&id))
    }

    /// One referral.
    pub(crate) fn get(&self, id: &str) -> Result<&Referral, Refusal> {
        self.rows.get(&id.to_ascii_lowercase()).ok_or_else(|| Refusal::not_found(id))
    }

    /// Adds a new one.
    pub(crate) fn insert(&mut self, referral: Referral) {
        let id = text(&referral.body, "/id").to_owned();
        self.past.note(id.clone(), None);
        self.rows.insert(id, referral);
    }

    /// Puts a changed body in place of the old one, with a new eTag and time of change (S14).
    pub(crate) fn replace(&mut self, id: &str, mut body: Value) -> Value {
        body["updatedDateTime"] = json!(clock::fine(self.now()));
        body["eTag"] = json!(shape::etag());
        if let Some(referral) = self.rows.get_mut(&id.to_ascii_lowercase()) {
            if self.past.lags() {
                self.past.note(id.to_ascii_lowercase(), Some(referral.clone()));
            }
            referral.body = body.clone();
        }
        body
    }

    /// All that lists show, as they show them.
    pub(crate) fn listed(&self) -> impl Iterator<Item = &Referral> {
        let shown = self.past.shown();
        self.rows.iter().filter_map(move |(id, referral)| shown.get(id).copied().unwrap_or(Some(referral)))
    }

    /// All as they are.
    pub(crate) fn all(&self) -> impl Iterator<Item = &Referral> {
        self.rows.values()
    }

    /// Checks the ETag that a writer believes in, if it names one (S13).
    pub(super) fn check_etag(&self, body: &Value, if_match: Option<&str>) -> Result<(), Refusal> {
        if if_match.is_none_or(|etag| etag == "*" || etag == text(body, "/eTag")) {
            return Ok(());
        }
        Err(Refusal::stale(self.behaviours.on(Behaviour::StaleIsResourceModified)))
    }

    /// The referrals of one engagement.
    pub(crate) fn engagement(&self, engagement: &str) -> impl Iterator<Item = &Referral> {
        self.rows.values().filter(move |referral| text(&referral.body, "/engagementId") == engagement)
    }

    /// Whether Microsoft has a copy in the engagement.
    pub(crate) fn shared_with_microsoft(&self, engagement: &str) -> bool {
        self.engagement(engagement).any(|referral| referral.microsoft)
    }
}

/// Moves a body to a state and fills in the times that go with it.
pub(crate) fn enter_state(body: &mut Value, before: &str, now: Timestamp) {
    let status = text(body, "/status").to_owned();
    let now = clock::fine(now);
    if status != before && status == "Active" {
        body["acceptedDateTime"] = json!(now);
        body["expirationDateTime"] = Value::Null;
    } else if status != before && status == "Closed" {
        body["closedDateTime"] = json!(now);
    }
}
