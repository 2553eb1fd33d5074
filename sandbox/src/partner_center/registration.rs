//! The webhook registration of the tenant: one for all events and all environments (S23, S31).

use std::collections::VecDeque;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use crate::behaviours::{Behaviour, Behaviours};

/// The events the tenant can register for (S37).
const EVENTS: [&str; 5] =
    ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated", "test-created"];

/// The events of other areas that tenants have been seen with.
const OTHERS: [&str; 7] = [
    "subscription-updated",
    "usagerecords-thresholdExceeded",
    "invoice-ready",
    "azure-fraud-event-detected",
    "granular-admin-relationship-approved",
    "reseller-relationship-accepted-by-customer",
    "new-commerce-migration-completed",
];

/// What this tenant can register for; the list differs from tenant to tenant.
pub(crate) fn events(behaviours: &Behaviours) -> Vec<&'static str> {
    if behaviours.on(Behaviour::FewEvents) {
        return vec!["referral-created", "referral-updated", "test-created"];
    }
    let others = if behaviours.on(Behaviour::ManyEvents) { OTHERS.as_slice() } else { &[] };
    EVENTS.iter().chain(others).copied().collect()
}

/// Validation events that may be asked for in a minute (S24).
const VALIDATIONS_A_MINUTE: usize = 2;

/// Results of validation events that are kept.
const MOST_VALIDATIONS: usize = 100;

/// Where events go.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Registration {
    /// The receiver.
    pub(crate) url: String,
    /// Which events.
    pub(crate) events: Vec<String>,
    /// The signature stands in `x-ms-signature` and not in `Authorization`.
    pub(crate) signature_in_own_header: bool,
    /// When it was last written.
    pub(crate) modified: Timestamp,
}

/// A validation event and the attempts to deliver it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Validation {
    /// Its id.
    pub(crate) id: String,
    /// The caller's id of the request, by which a repeat is recognised.
    request: Option<String>,
    /// When it was asked for.
    pub(crate) asked: Timestamp,
    /// Where it went.
    pub(crate) url: String,
    /// One result for each attempt.
    pub(crate) results: Vec<Value>,
    /// No attempt follows.
    pub(crate) done: bool,
}

/// The registration and its validations.
#[derive(Debug)]
pub(crate) struct Webhooks {
    /// The registration, if there is one.
    pub(crate) registration: Option<Registration>,
    /// The subscriber's id, fixed for the tenant.
    pub(crate) subscriber: String,
    validations: VecDeque<Validation>,
}

/// What outlives a restart.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct WebhooksSnapshot {
    registration: Option<Registration>,
    subscriber: String,
    validations: VecDeque<Validation>,
}

impl Webhooks {
    /// What is kept between two starts.
    pub(crate) fn snapshot(&self) -> WebhooksSnapshot {
        WebhooksSnapshot {
            registration: self.registration.clone(),
            subscriber: self.subscriber.clone(),
            validations: self.validations.clone(),
        }
    }

    /// Takes up what was kept. A test that was on its way is over: its event is not sent again.
    pub(crate) fn restore(&mut self, snapshot: WebhooksSnapshot) {
        self.registration = snapshot.registration;
        self.subscriber = snapshot.subscriber;
        self.validations = snapshot.validations;
        self.validations.iter_mut().for_each(|validation| validation.done = true);
    }

    pub(crate) fn new() -> Webhooks {
        Webhooks { registration: None, subscriber: Uuid::new_v4().to_string(), validations: VecDeque::new() }
    }

    /// The validation that a request with that id has begun already.
    pub(crate) fn begun_by(&self, request: &str) -> Option<&Validation> {
        self.validations.iter().find(|one| one.request.as_deref() == Some(request))
    }

    /// Begins a validation to `url`; the error is the number of seconds to wait.
    pub(crate) fn begin_validation(
        &mut self,
        url: String,
        request: Option<String>,
        now: Timestamp,
    ) -> Result<String, i64> {
        let minute = SignedDuration::from_secs(60);
        let recent: Vec<_> = self.validations.iter().filter(|one| now.duration_since(one.asked) < minute).collect();
        if recent.len() >= VALIDATIONS_A_MINUTE {
            let oldest = recent.first().map_or(now, |one| one.asked);
            return Err((minute - now.duration_since(oldest)).as_secs().max(1));
        }
        if self.validations.len() == MOST_VALIDATIONS {
            self.validations.pop_front();
        }
        let id = Uuid::new_v4().to_string();
        let fresh = Validation { id: id.clone(), request, asked: now, url, results: Vec::new(), done: false };
        self.validations.push_back(fresh);
        Ok(id)
    }

    /// One validation; results older than seven days are gone (S24).
    pub(crate) fn validation(&self, id: &str, now: Timestamp) -> Option<&Validation> {
        let week = SignedDuration::from_hours(7 * 24);
        self.validations.iter().find(|one| one.id == id && now.duration_since(one.asked) < week)
    }

    /// Notes an attempt to deliver a validation event.
    pub(crate) fn note_attempt(&mut self, id: &str, result: Value, done: bool) {
        if let Some(validation) = self.validations.iter_mut().find(|one| one.id == id) {
            validation.results.push(result);
            validation.done = done;
        }
    }
}
