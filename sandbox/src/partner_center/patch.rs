//! PATCH of a referral: JSON Patch with `replace` and `add` on a fixed list of paths (S11).

use serde::Deserialize;
use serde_json::{Value, json};

use super::create::{check_currency, check_instant, check_value};
use super::referrals::{Referrals, enter_state};
use super::schema::check_types_at;
use super::shape::{camel_case, complete};
use super::states::{check_limits, check_move, text};
use super::{Refusal, deal_registration};
use crate::behaviours::Behaviour;

/// The paths that may be replaced.
const REPLACEABLE: [&str; 15] = [
    "/campaignId",
    "/externalReferenceId",
    "/referralProgram",
    "/salesStage",
    "/status",
    "/substatus",
    "/statusReason",
    VISIBILITY,
    "/customerProfile/team",
    "/details/closingDateTime",
    "/details/currency",
    "/details/dealValue",
    "/details/notes",
    "/details/requirements/solutions",
    "/team",
];

/// The lists that may be added to, by `/-` at the end.
const GROWING: [&str; 3] = ["/customerProfile/team", "/details/requirements/solutions", "/team"];

/// Whether Microsoft's sellers see the deal.
pub(super) const VISIBILITY: &str = "/consent/consentToShareReferralWithMicrosoftSellers";

/// One operation. `op` stays text, so that an unknown one gets a proper answer.
#[derive(Debug, Deserialize)]
pub(crate) struct Operation {
    /// `replace` or `add`.
    pub(super) op: String,
    /// A JSON pointer.
    pub(super) path: String,
    /// What is put there.
    #[serde(default)]
    pub(super) value: Value,
}

impl Referrals {
    /// Applies the operations, all or none, and answers with the referral as it then is, and whether it is
    /// another one than before.
    pub(crate) fn patch(
        &mut self,
        id: &str,
        operations: &[Operation],
        if_match: Option<&str>,
    ) -> Result<(Value, bool), Refusal> {
        let referral = self.get(id)?;
        // Optional on PATCH, and checked only when present (S13).
        self.check_etag(&referral.body, if_match)?;
        if referral.microsoft {
            return Err(Refusal::denied("Microsoft's side of an engagement is read-only."));
        }
        let before = &referral.body;
        let about_registration = !operations.is_empty() && operations.iter().all(deal_registration::is_about);
        let registers = text(before, "/substatus") == "Won" && about_registration;
        if text(before, "/status") == "Closed" && !registers {
            return Err(Refusal::invalid("The referral is closed and cannot be changed."));
        }
        let shared = self.shared_with_microsoft(text(before, "/engagementId"));
        let mut after = before.clone();
        for operation in operations {
            match operation {
                _ if deal_registration::is_about(operation) => {
                    deal_registration::apply(&mut after, operation, self.now())?;
                }
                _ if shared && is_frozen(operation) => self.refuse_frozen()?,
                _ if operation.path == "/name" && self.behaviours.on(Behaviour::NamePatchable) => {
                    after["name"] = named(&operation.value)?;
                }
                _ => apply(&mut after, operation)?,
            }
        }
        if !registers {
            check_change(before, &after)?;
        }
        complete(&mut after);
        enter_state(&mut after, text(before, "/status"), self.now());
        let changed = after != *before;
        Ok((self.replace(id, after), changed))
    }

    fn refuse_frozen(&self) -> Result<(), Refusal> {
        if self.behaviours.on(Behaviour::FrozenIgnored) {
            return Ok(());
        }
        Err(Refusal::invalid("The customer's contact cannot change once it is shared with Microsoft."))
    }
}

/// The contact is frozen once Microsoft has it (S16).
fn is_frozen(operation: &Operation) -> bool {
    operation.path.starts_with("/customerProfile/team")
}

fn apply(body: &mut Value, operation: &Operation) -> Result<(), Refusal> {
    let path = operation.path.as_str();
    match operation.op.as_str() {
        "replace" | "add" => {}
        other => {
            return Err(Refusal::invalid(format!("The operation {other} is not supported.")));
        }
    }
    if let Some(list) = path.strip_suffix("/-").filter(|list| GROWING.contains(list)) {
        return grow(body, list, &operation.value);
    }
    if !REPLACEABLE.contains(&path) {
        return Err(Refusal::invalid(format!("The path {path} cannot be updated.")));
    }
    let value = typed(path, &operation.value)?;
    if let Some(place) = body.pointer_mut(path) {
        *place = value;
    }
    Ok(())
}

fn grow(body: &mut Value, list: &str, item: &Value) -> Result<(), Refusal> {
    if !item.is_object() {
        return Err(Refusal::invalid(format!("An item of {list} must be an object.")));
    }
    let item = camel_case(item);
    check_types_at(&format!("{list}/0"), &item)?;
    if let Some(items) = body.pointer_mut(list).and_then(Value::as_array_mut) {
        items.push(item);
    }
    Ok(())
}

fn named(value: &Value) -> Result<Value, Refusal> {
    let has_text = value.as_str().is_some_and(|name| !name.trim().is_empty());
    if has_text { Ok(value.clone()) } else { Err(Refusal::invalid("name is required.")) }
}

/// The value in the type of its path; numbers and booleans are taken as strings too (S12).
fn typed(path: &str, value: &Value) -> Result<Value, Refusal> {
    let wrong = || Refusal::invalid(format!("The value for {path} has the wrong type."));
    match path {
        "/details/dealValue" => Ok(match value {
            Value::String(text) => serde_json::from_str::<serde_json::Number>(text.trim()).map_err(|_| wrong())?.into(),
            other => other.clone(),
        }),
        VISIBILITY => match value {
            Value::Bool(_) => Ok(value.clone()),
            Value::String(text) => text.to_lowercase().parse().map(|flag: bool| json!(flag)).map_err(|_| wrong()),
            _ => Err(wrong()),
        },
        _ if GROWING.contains(&path) => {
            let objects = value.as_array().is_some_and(|items| items.iter().all(Value::is_object));
            let items = camel_case(value);
            check_types_at(path, &items)?;
            if objects { Ok(items) } else { Err(wrong()) }
        }
        _ if value.is_string() || value.is_null() => Ok(value.clone()),
        _ => Err(wrong()),
    }
}

/// The rules over the whole result. Status and substatus are only judged together here, since
/// halfway through the document the pair may be illegal.
pub(super) fn check_change(before: &Value, after: &Value) -> Result<(), Refusal> {
    check_move(text(before, "/status"), text(after, "/status"), text(after, "/substatus"))?;
    check_limits(after)?;
    check_value(after.pointer("/details/dealValue"))?;
    check_currency(after.pointer("/details/currency"))?;
    check_instant(after.pointer("/details/closingDateTime"))?;
    let visible = |body: &Value| body.pointer(VISIBILITY) == Some(&Value::Bool(true));
    if visible(before) && !visible(after) {
        return Err(Refusal::invalid("The referral's visibility to Microsoft cannot be taken back."));
    }
    let solutions = after.pointer("/details/requirements/solutions").and_then(Value::as_array);
    if solutions.is_none_or(Vec::is_empty) {
        return Err(Refusal::invalid("details/requirements/solutions needs at least one solution."));
    }
    Ok(())
}
