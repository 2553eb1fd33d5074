//! Failures on demand (behaviour 23): a status, a delay, a lost connection; before the work is
//! done, or after it, so that only the answer is lost.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::behaviours::{Behaviour, Behaviours};

/// More faults than this are refused.
const MOST: usize = 1_000;

/// A server of the sandbox that a client of the product talks to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Service {
    /// The token endpoint.
    Entra,
    /// The referrals host.
    Referrals,
    /// The host of webhook registrations.
    PartnerCenter,
    /// The CRM.
    Dataverse,
}

impl Service {
    /// As the admin API and the listing call it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Service::Entra => "entra",
            Service::Referrals => "referrals",
            Service::PartnerCenter => "partner_center",
            Service::Dataverse => "dataverse",
        }
    }
}

/// What goes wrong, where and how often.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Fault {
    service: Service,
    method: Option<String>,
    path_contains: Option<String>,
    /// Answer with this status instead.
    pub(crate) status: Option<u16>,
    /// The body of that answer.
    pub(crate) body: Option<Value>,
    /// Its headers.
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    /// Wait before the work, in milliseconds.
    #[serde(default)]
    pub(crate) delay_ms: u64,
    /// Close the connection without an answer.
    #[serde(default)]
    pub(crate) drop: bool,
    /// Do the work first.
    #[serde(default)]
    pub(crate) after: bool,
    /// How many requests it strikes.
    #[serde(default = "once")]
    times: u32,
}

fn once() -> u32 {
    1
}

/// The faults still to strike, oldest first.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    waiting: VecDeque<Fault>,
    requests: u64,
}

/// Every request of this number goes wrong while a switch for it is on.
const EVERY: u64 = 5;

impl Faults {
    /// Adds a fault; `false` when there are too many.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        let room = self.waiting.len() < MOST;
        if room && fault.times > 0 {
            self.waiting.push_back(fault);
        }
        room
    }

    /// Forgets all faults.
    pub(crate) fn clear(&mut self) {
        self.waiting.clear();
    }

    /// The faults still to strike.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.waiting.iter().cloned().collect()
    }

    /// The fault that strikes this request, counted down.
    pub(crate) fn strike(&mut self, service: Service, method: &str, path: &str) -> Option<Fault> {
        let at = self.waiting.iter().position(|fault| fault.fits(service, method, path))?;
        let fault = self.waiting.get_mut(at)?;
        fault.times -= 1;
        let struck = fault.clone();
        if fault.times == 0 {
            self.waiting.remove(at);
        }
        Some(struck)
    }
}

impl Faults {
    /// The fault that is due by a switch: every fifth request suffers.
    pub(crate) fn by_switch(&mut self, service: Service, behaviours: &Behaviours) -> Option<Fault> {
        self.requests += 1;
        if !self.requests.is_multiple_of(EVERY) {
            return None;
        }
        let plain = Fault::of(service);
        if behaviours.on(Behaviour::Throttled) {
            Some(Fault::throttle(service, 1))
        } else if behaviours.on(Behaviour::Unavailable) {
            let headers = BTreeMap::from([("Retry-After".to_owned(), "1".to_owned())]);
            Some(Fault { status: Some(503), body: Some(service.unavailable()), headers, ..plain })
        } else if behaviours.on(Behaviour::Slow) {
            Some(Fault { delay_ms: 2_000, ..plain })
        } else if behaviours.on(Behaviour::CutConnections) {
            Some(Fault { drop: true, after: self.requests.is_multiple_of(2 * EVERY), ..plain })
        } else {
            None
        }
    }
}

impl Service {
    /// What each says when there is too much.
    fn throttled(self, seconds: u64) -> Value {
        match self {
            Service::Entra => json!({"error": "temporarily_unavailable", "error_codes": [90_055]}),
            Service::Referrals | Service::PartnerCenter => {
                let message = format!("Rate limit is exceeded. Try again in {seconds} seconds.");
                json!({"statusCode": 429, "message": message})
            }
            Service::Dataverse => {
                let message =
                    "Number of requests exceeded the limit of 6000, measured over time window of 300 seconds.";
                json!({"error": {"code": "0x80072322", "message": message}})
            }
        }
    }

    /// What each says when it is down.
    fn unavailable(self) -> Value {
        let message = "The service is temporarily unavailable.";
        match self {
            Service::Entra => json!({"error": "temporarily_unavailable", "error_codes": [90_033]}),
            Service::Referrals => {
                json!({"error": {"code": "serviceNotAvailable", "message": message, "target": "referral"}})
            }
            Service::PartnerCenter => json!({"code": 503, "description": message, "data": [], "source": "PartnerFD"}),
            Service::Dataverse => json!({"error": {"code": "0x80060891", "message": message}}),
        }
    }
}

impl Fault {
    fn of(service: Service) -> Fault {
        Fault {
            service,
            method: None,
            path_contains: None,
            status: None,
            body: None,
            headers: BTreeMap::new(),
            delay_ms: 0,
            drop: false,
            after: false,
            times: 1,
        }
    }

    /// 429, and when to come again.
    pub(crate) fn throttle(service: Service, seconds: u64) -> Fault {
        let headers = BTreeMap::from([("Retry-After".to_owned(), seconds.to_string())]);
        Fault { status: Some(429), body: Some(service.throttled(seconds)), headers, ..Fault::of(service) }
    }

    fn fits(&self, service: Service, method: &str, path: &str) -> bool {
        self.service == service
            && self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_contains.as_ref().is_none_or(|part| path.contains(part.as_str()))
    }
}
