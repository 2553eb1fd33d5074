//! PUT of a referral: the whole resource at once. Obsolete since PATCH came, and still there (S13, S15, S16).

use serde_json::{Value, json};

use super::Refusal;
use super::create;
use super::patch::check_change;
use super::referrals::{Referrals, enter_state};
use super::shape::{camel_case, complete, rewritten};
use super::states::text;
use crate::behaviours::Behaviour;

/// What stays as it was at the creation (S16).
const FIXED: [&str; 10] = [
    "/customerProfile/name",
    "/customerProfile/address/addressLine1",
    "/customerProfile/address/addressLine2",
    "/customerProfile/address/city",
    "/customerProfile/address/state",
    "/customerProfile/address/postalCode",
    "/customerProfile/address/country",
    "/customerProfile/ids",
    "/consent/consentToToShareInfoWithOthers",
    "/target",
];

/// What Microsoft has once the deal is shared with it (S16).
const SHARED: [&str; 2] = ["/customerProfile/team", "/inviteContext/notes"];

impl Referrals {
    /// Replaces a referral, and answers with it as it then is, and whether it is another one than before.
    pub(crate) fn put(&mut self, id: &str, sent: &Value, if_match: Option<&str>) -> Result<(Value, bool), Refusal> {
        if self.behaviours.on(Behaviour::PutGone) {
            return Err(Refusal::method());
        }
        let referral = self.get(id)?;
        let Some(etag) = if_match else {
            return Err(self.no_if_match());
        };
        self.check_etag(&referral.body, Some(etag))?;
        if referral.microsoft {
            return Err(Refusal::denied("Microsoft's side of an engagement is read-only."));
        }
        let before = referral.body.clone();
        if text(&before, "/status") == "Closed" {
            return Err(Refusal::invalid("The referral is closed and cannot be changed."));
        }
        let sent = camel_case(sent);
        if sent.get("links").is_some() && !self.behaviours.on(Behaviour::PutTakesLinks) {
            return Err(Refusal::invalid("links must not be sent."));
        }
        create::check(&sent, &self.behaviours)?;
        let mut after = rewritten(&before, &sent);
        for name in ["status", "substatus", "statusReason"] {
            if let Some(value) = sent.get(name) {
                after[name] = value.clone();
            }
        }
        // Completed first: a person who is sent without a title is the same as one whose title is null.
        complete(&mut after);
        self.check_fixed(&before, &after)?;
        check_change(&before, &after)?;
        enter_state(&mut after, text(&before, "/status"), self.now());
        let changed = after != before;
        Ok((self.replace(id, after), changed))
    }

    fn no_if_match(&self) -> Refusal {
        let message = "If-Match is required.";
        match self.behaviours.on(Behaviour::MissingIfMatchIsPrecondition) {
            true => Refusal::precondition(message),
            false => Refusal::invalid(message),
        }
    }

    fn check_fixed(&self, before: &Value, after: &Value) -> Result<(), Refusal> {
        let changed = |path: &&&str| before.pointer(path) != after.pointer(path);
        if let Some(path) = FIXED.iter().find(changed) {
            return Err(Refusal::invalid(format!("{path} cannot change after creation.")));
        }
        let shared = self.shared_with_microsoft(text(before, "/engagementId"));
        if let Some(path) = SHARED.iter().find(changed).filter(|_| shared) {
            return Err(Refusal::invalid(format!("{path} cannot change once the deal is shared with Microsoft.")));
        }
        let help = "/inviteContext/assistanceRequestCode";
        if !matches!(text(before, help), "" | "Unknown") && before.pointer(help) != after.pointer(help) {
            return Err(Refusal::invalid("The help that was asked for cannot be taken back or changed."));
        }
        if text(before, "/type") == "Shared" && after["type"] != json!("Shared") {
            return Err(Refusal::invalid("A shared deal cannot be made Independent."));
        }
        Ok(())
    }
}
