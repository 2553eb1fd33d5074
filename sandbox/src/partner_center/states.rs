//! The state machine of a referral (S10) and the limits on its lists (S38).

use serde_json::Value;

use super::Refusal;

/// Most solutions, and most people, on one deal (S38).
const MOST_ITEMS: usize = 50;

/// Checks the pair of `status` and `substatus`, and the way from the status before.
pub(crate) fn check_move(before: &str, status: &str, substatus: &str) -> Result<(), Refusal> {
    let reachable = matches!((before, status), ("New", "New" | "Active" | "Closed") | ("Active", "Active" | "Closed"));
    if !reachable {
        return Err(Refusal::invalid(format!("The status cannot change from {before} to {status}.")));
    }
    let allowed: &[&str] = match status {
        "New" => &["Pending", "Received"],
        "Active" => &["Accepted"],
        _ => &["Won", "Lost", "Declined", "Expired", "Error"],
    };
    if allowed.contains(&substatus) {
        return Ok(());
    }
    Err(Refusal::invalid(format!("The substatus {substatus} does not belong to the status {status}.")))
}

/// Checks the lengths of the lists in a whole referral.
pub(crate) fn check_limits(body: &Value) -> Result<(), Refusal> {
    for path in ["/team", "/customerProfile/team", "/details/requirements/solutions"] {
        let count = body.pointer(path).and_then(Value::as_array).map_or(0, Vec::len);
        if count > MOST_ITEMS {
            return Err(Refusal::invalid(format!("{path} holds {count} items; {MOST_ITEMS} is the most.")));
        }
    }
    Ok(())
}

/// A text member of a referral; empty when it is not text.
pub(crate) fn text<'a>(body: &'a Value, path: &str) -> &'a str {
    body.pointer(path).and_then(Value::as_str).unwrap_or_default()
}
