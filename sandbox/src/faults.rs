//! Failures on demand (behaviour 23): a status, a delay, a lost connection; before the work is
//! done, or after it, so that only the answer is lost.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};
use serde_json::Value;

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
pub(crate) struct Faults(VecDeque<Fault>);

impl Faults {
    /// Adds a fault; `false` when there are too many.
    pub(crate) fn add(&mut self, fault: Fault) -> bool {
        let room = self.0.len() < MOST;
        if room && fault.times > 0 {
            self.0.push_back(fault);
        }
        room
    }

    /// Forgets all faults.
    pub(crate) fn clear(&mut self) {
        self.0.clear();
    }

    /// The faults still to strike.
    pub(crate) fn list(&self) -> Vec<Fault> {
        self.0.iter().cloned().collect()
    }

    /// The fault that strikes this request, counted down.
    pub(crate) fn strike(&mut self, service: Service, method: &str, path: &str) -> Option<Fault> {
        let at = self.0.iter().position(|fault| fault.fits(service, method, path))?;
        let fault = self.0.get_mut(at)?;
        fault.times -= 1;
        let struck = fault.clone();
        if fault.times == 0 {
            self.0.remove(at);
        }
        Some(struck)
    }
}

impl Fault {
    fn fits(&self, service: Service, method: &str, path: &str) -> bool {
        self.service == service
            && self.method.as_ref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method))
            && self.path_contains.as_ref().is_none_or(|part| path.contains(part.as_str()))
    }
}
