//! From changes to a JSON Patch.
//!
//! The service replaces values at a fixed list of paths and nowhere else. A list is replaced as a whole.
//! Status and substatus stand in one document, since between two the pair would not be allowed, and they
//! stand last, since nothing can be changed once a deal is closed (T23).

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

/// The paths that the service's published definition lets a client replace, in the order in which they
/// are written.
const PATHS: [&str; 15] = [
    "/campaignId",
    "/externalReferenceId",
    "/referralProgram",
    "/salesStage",
    "/consent/consentToShareReferralWithMicrosoftSellers",
    "/customerProfile/team",
    "/details/closingDateTime",
    "/details/currency",
    "/details/dealValue",
    "/details/notes",
    "/details/requirements/solutions",
    "/team",
    "/statusReason",
    "/status",
    "/substatus",
];

/// The patch for changes that are nested as the referral is; empty when nothing is to be changed.
///
/// # Errors
///
/// A field that the service lets nobody change, by its name.
pub(super) fn document(changes: &Map<String, Value>) -> Result<Vec<Value>, CallError> {
    let mut found = Vec::new();
    collect(changes, "", &mut found)?;
    found.sort_by_key(|(place, _)| *place);
    Ok(found.into_iter().map(|(place, value)| replace(PATHS[place], value)).collect())
}

/// Whether a referral that was read says all that a patch writes: then an earlier attempt has written it. In doubt
/// it does not.
pub(super) fn is_applied(patch: &[Value], referral: &Value) -> bool {
    patch.iter().all(|operation| {
        let path = operation["path"].as_str().unwrap_or_default();
        says(&operation["value"], referral.pointer(path).unwrap_or(&Value::Null))
    })
}

/// Whether a value that was read says what was written. The service adds fields to people and solutions, writes
/// instants in another way, and takes numbers as text.
fn says(written: &Value, read: &Value) -> bool {
    let number = |value: &Value| value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
    let instant = |value: &Value| value.as_str()?.parse::<Timestamp>().ok();
    let is_nothing = |value: &Value| value.is_null() || value.as_str().is_some_and(|text| text.trim().is_empty());
    match (written, read) {
        (Value::Object(written), Value::Object(read)) => {
            written.iter().all(|(name, value)| says(value, read.get(name).unwrap_or(&Value::Null)))
        }
        (Value::Array(written), Value::Array(read)) => {
            written.len() == read.len() && written.iter().zip(read).all(|(written, read)| says(written, read))
        }
        _ if written == read || is_nothing(written) && is_nothing(read) => true,
        (Value::Number(_), _) | (_, Value::Number(_)) => number(written).is_some() && number(written) == number(read),
        _ => instant(written).is_some() && instant(written) == instant(read),
    }
}

/// Collects the changes, each with the place of its path in [`PATHS`].
fn collect<'a>(
    changes: &'a Map<String, Value>,
    above: &str,
    found: &mut Vec<(usize, &'a Value)>,
) -> Result<(), CallError> {
    for (name, value) in changes {
        let path = format!("{above}/{name}");
        if let Some(place) = PATHS.iter().position(|known| *known == path) {
            found.push((place, value));
            continue;
        }
        match value {
            Value::Object(inner) if leads_on(&path) => collect(inner, &path, found)?,
            _ => return Err(unchangeable(&path)),
        }
    }
    Ok(())
}

fn leads_on(path: &str) -> bool {
    PATHS.iter().any(|known| known.strip_prefix(path).is_some_and(|rest| rest.starts_with('/')))
}

fn replace(path: &str, value: &Value) -> Value {
    json!({ "op": "replace", "path": path, "value": value })
}

fn unchangeable(path: &str) -> CallError {
    let field = path.trim_start_matches('/').replace('/', ".");
    let message = format!(
        "`{field}` cannot be changed after creation: Partner Center has no way to update it; \
         leave it out of the changes, for instance with `to_referral: [create]` in the mapping"
    );
    CallError::new(CallErrorKind::Input, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn check(changes: Value, expected: &[(&str, Value)]) {
        let patch = document(changes.as_object().unwrap()).unwrap();
        let expected: Vec<Value> = expected.iter().map(|(path, value)| replace(path, value)).collect();
        assert_eq!(patch, expected, "{changes}");
    }

    #[test]
    fn t23_changes_become_patches_with_the_status_last() {
        check(json!({}), &[]);
        check(
            json!({ "substatus": "Won", "status": "Closed", "details": { "dealValue": 10, "notes": null } }),
            &[
                ("/details/dealValue", json!(10)),
                ("/details/notes", json!(null)),
                ("/status", json!("Closed")),
                ("/substatus", json!("Won")),
            ],
        );
        check(
            json!({ "team": [{ "email": "a" }], "details": { "requirements": { "solutions": [] } } }),
            &[("/details/requirements/solutions", json!([])), ("/team", json!([{ "email": "a" }]))],
        );
    }

    #[test]
    fn a_patch_that_was_applied_is_known() {
        let referral = json!({
            "status": "Closed", "campaignId": null, "team": [{ "email": "a", "title": null }],
            "details": { "dealValue": 10000.0, "closingDateTime": "2026-01-01T00:00:00Z" }
        });
        let cases = [
            (json!({ "status": "Closed", "campaignId": "" }), true),
            (json!({ "team": [{ "email": "a" }] }), true),
            (json!({ "details": { "dealValue": "10000", "closingDateTime": "2026-01-01T01:00:00+01:00" } }), true),
            (json!({ "details": { "dealValue": 10 } }), false),
            (json!({ "team": [] }), false),
            (json!({ "team": [{ "email": "b" }] }), false),
            (json!({ "salesStage": "Close" }), false),
            (json!({ "status": "Active" }), false),
        ];
        for (changes, expected) in cases {
            let patch = document(changes.as_object().unwrap()).unwrap();
            assert_eq!(is_applied(&patch, &referral), expected, "{changes}");
        }
    }

    #[test]
    fn t41_fields_without_a_path_are_named() {
        let cases = [
            (json!({ "name": "x" }), "`name`"),
            (json!({ "customerProfile": { "name": "x" } }), "`customerProfile.name`"),
            (json!({ "customerProfile": null }), "`customerProfile`"),
            (json!({ "details": { "requirements": { "offers": [] } } }), "`details.requirements.offers`"),
            (json!({ "detail": {} }), "`detail`"),
        ];
        for (changes, expected) in cases {
            let error = document(changes.as_object().unwrap()).unwrap_err();
            assert_eq!(error.kind, CallErrorKind::Input);
            assert!(error.message.starts_with(expected), "{changes}: {}", error.message);
        }
    }
}
