//! Registration of a deal that was won, so that Microsoft counts it (S36).

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::Refusal;
use super::patch::{Operation, VISIBILITY};
use super::shape::camel_case;
use super::states::text;
use crate::clock;

/// The least a deal must be worth, in US dollars a year.
const LEAST_VALUE: f64 = 25_000.0;

/// The years over which a contract without an end is counted.
const PERPETUAL_YEARS: f64 = 6.0;

/// How long must lie between the deal's creation and its being won.
const LEAST_AGE: SignedDuration = SignedDuration::from_hours(72);

/// How old a signature may be.
const OLDEST_SIGNATURE: SignedDuration = SignedDuration::from_hours(60 * 24);

/// What may be replaced, below `/registrations/0`.
const REPLACEABLE: [&str; 12] = [
    "/contract/startDateTime",
    "/contract/endDateTime",
    "/contract/signDateTime",
    "/contract/term",
    "/contract/value",
    "/solutionDetails/0/value",
    "/solutionDetails/0/currency",
    "/solutionDetails/0/isDeployedOnAzure",
    "/solutionDetails/0/primaryDeploymentOn",
    "/solutionDetails/0/pricingModel",
    "/solutionDetails/0/marketplaceTransactionDetails/isMarketplaceTransacted",
    "/solutionDetails/0/marketplaceTransactionDetails/marketplaceTransactionDateTime",
];

/// The states in which a registration can be, and when each was entered.
const STATES: [(&str, &str); 5] = [
    ("ReviewPending", "reviewPendingDateTime"),
    ("ActionRequired", "actionRequiredDateTime"),
    ("Passed", "passedDateTime"),
    ("Failed", "failedDateTime"),
    ("Approved", "approvedDateTime"),
];

/// Whether an operation is about the registration: these alone go through once the deal is won.
pub(super) fn is_about(operation: &Operation) -> bool {
    operation.path.starts_with("/registrations/")
}

/// Does one operation.
pub(super) fn apply(body: &mut Value, operation: &Operation, now: Timestamp) -> Result<(), Refusal> {
    let path = operation.path.as_str();
    match (operation.op.as_str(), path) {
        ("add", "/registrations/-") => add(body, &operation.value, now)?,
        ("replace", _) => {
            let inner = path.strip_prefix("/registrations/0").filter(|inner| REPLACEABLE.contains(inner));
            let inner = inner.ok_or_else(|| Refusal::invalid(format!("The path {path} cannot be updated.")))?;
            let place = body.pointer_mut(path);
            let place = place.ok_or_else(|| Refusal::invalid("The deal has no registration."))?;
            *place = typed(inner, &operation.value);
        }
        (op, _) => {
            return Err(Refusal::invalid(format!("The operation {op} is not supported on {path}.")));
        }
    }
    check(body, now)
}

/// Microsoft's answer to a registration; `false` where there is none, or no such answer.
pub(super) fn decide(body: &mut Value, status: &str, reason: Option<&str>, now: Timestamp) -> bool {
    let entered = STATES.iter().find(|(name, _)| *name == status).map(|(_, entered)| *entered);
    let (Some(entered), Some(registration)) = (entered, body.pointer_mut("/registrations/0")) else {
        return false;
    };
    registration["status"] = json!(status);
    registration["statusReason"] = json!(reason);
    registration["statusHistory"][entered] = json!(clock::fine(now));
    body["registrationStatus"] = json!(status);
    true
}

fn add(body: &mut Value, sent: &Value, now: Timestamp) -> Result<(), Refusal> {
    let sent = camel_case(sent);
    if text(&sent, "/type") != "AzureIPCoSell" {
        return Err(Refusal::invalid("The registration's type must be AzureIPCoSell."));
    }
    if !sent.pointer("/contract").is_some_and(Value::is_object) {
        return Err(Refusal::invalid("The registration needs a contract."));
    }
    let solutions = sent.pointer("/solutionDetails").and_then(Value::as_array).filter(|found| !found.is_empty());
    let solutions = solutions.ok_or_else(|| Refusal::invalid("The registration needs solutionDetails."))?;
    let history: serde_json::Map<_, _> =
        STATES.iter().map(|(_, entered)| ((*entered).to_owned(), Value::Null)).collect();
    let mut registration = json!({
        "id": Uuid::new_v4(), "registrationDateTime": clock::fine(now), "status": null, "statusReason": null,
        "type": "AzureIPCoSell", "contract": sent["contract"], "solutionDetails": solutions,
        "statusHistory": history,
    });
    for path in ["/contract/value", "/solutionDetails/0/value"] {
        if let Some(place) = registration.pointer_mut(path) {
            *place = typed(path, place);
        }
    }
    match body.pointer_mut("/registrations").and_then(Value::as_array_mut) {
        Some(registrations) if registrations.is_empty() => registrations.push(registration),
        _ => return Err(Refusal::invalid("The deal is registered already.")),
    }
    decide(body, "ReviewPending", None, now);
    Ok(())
}

/// Numbers and booleans come as texts as well (S12).
fn typed(path: &str, value: &Value) -> Value {
    let Some(text) = value.as_str() else {
        return value.clone();
    };
    let is_text = path.ends_with("DateTime") || path.ends_with("/currency");
    let read = serde_json::from_str::<Value>(&text.to_lowercase()).ok();
    read.filter(|read| !is_text && (read.is_number() || read.is_boolean())).unwrap_or_else(|| value.clone())
}

/// The rules over the deal with its registration.
fn check(body: &Value, now: Timestamp) -> Result<(), Refusal> {
    let need = |holds: bool, message: &str| if holds { Ok(()) } else { Err(Refusal::invalid(message)) };
    let instant = |path: &str| text(body, path).parse::<Timestamp>().ok();
    need(text(body, "/substatus") == "Won", "Only a deal that was won can be registered.")?;
    need(body.pointer(VISIBILITY) == Some(&json!(true)), "The deal must be visible to Microsoft.")?;
    let (created, closed) = (instant("/createdDateTime"), instant("/closedDateTime"));
    let age = created.zip(closed).map(|(created, closed)| closed.duration_since(created));
    need(age.is_some_and(|age| age >= LEAST_AGE), "The deal must be at least 72 hours older than its being won.")?;
    let value = body.pointer("/registrations/0/contract/value").and_then(Value::as_f64).unwrap_or(0.0);
    let years = match text(body, "/registrations/0/contract/term") {
        "Perpetual" => PERPETUAL_YEARS,
        "Finite" => 1.0,
        _ => return Err(Refusal::invalid("The contract's term must be Perpetual or Finite.")),
    };
    need(value / years >= LEAST_VALUE, "The contract must be worth 25000 USD a year or more.")?;
    let signed = instant("/registrations/0/contract/signDateTime");
    let signed = signed.ok_or_else(|| Refusal::invalid("The contract's signDateTime must be a UTC date and time."))?;
    need(signed <= now, "The contract's signDateTime must not be in the future.")?;
    need(now.duration_since(signed) <= OLDEST_SIGNATURE, "The contract was signed more than 60 days ago.")?;
    need(created.is_some_and(|created| signed >= created), "The contract was signed before the referral was made.")?;
    let has_solution = |id: &str| {
        let solutions = body.pointer("/details/requirements/solutions").and_then(Value::as_array);
        solutions.is_some_and(|solutions| solutions.iter().any(|one| text(one, "/id") == id))
    };
    let registered = body.pointer("/registrations/0/solutionDetails").and_then(Value::as_array);
    let known = registered.is_some_and(|all| all.iter().all(|one| has_solution(text(one, "/id"))));
    need(known, "Every registered solution must be one of the deal's.")
}
