//! Asks the referrals service what changed: for tenants that get no events, and to find those that were
//! lost.
//!
//! A change may become visible a little after its own time, so each poll looks back over the last two
//! minutes again and remembers which versions it has already given.

use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Polled, TriggerEvent};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::partner_center::api::{self, Listing};

/// How far each poll looks back behind the newest change that it knows.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// The most changes that one poll reads; what is left comes with the next.
const MOST: usize = 5000;

/// Where the next poll goes on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Cursor {
    /// Changes from here on are read.
    since: Timestamp,
    /// The changes from there on that were given already: referral and time of change.
    seen: Vec<(String, String)>,
}

/// What changed since `cursor`. The first poll only finds out where now is.
pub(super) async fn poll(client: &Client, cursor: Option<Value>) -> Result<Polled, CallError> {
    let key = CallKey::new("poll", "events.referral", Uuid::new_v4());
    let cursor = match cursor {
        Some(cursor) => read(cursor)?,
        None => {
            let start = start(client, &key).await?;
            let there = list(client, &key, start.since).await?;
            return Ok(Polled {
                events: Vec::new(),
                cursor: written(&step(&start, &there).1)?,
            });
        }
    };
    let found = list(client, &key, cursor.since).await?;
    let (events, next) = step(&cursor, &found);
    Ok(Polled {
        events,
        cursor: written(&next)?,
    })
}

/// The overlap behind the newest change that there is.
async fn start(client: &Client, key: &CallKey) -> Result<Cursor, CallError> {
    let newest = Listing {
        filter: None,
        order_by: Some("updatedDateTime desc".to_owned()),
        top: 1,
    };
    let newest = api::list(client, key, &newest).await?;
    let now = newest
        .first()
        .and_then(updated)
        .map_or_else(Timestamp::now, |(at, _)| at);
    Ok(Cursor {
        since: back(now),
        seen: Vec::new(),
    })
}

async fn list(client: &Client, key: &CallKey, since: Timestamp) -> Result<Vec<Value>, CallError> {
    let listing = Listing {
        filter: Some(format!("updatedDateTime ge {since}")),
        order_by: Some("updatedDateTime".to_owned()),
        top: MOST,
    };
    api::list(client, key, &listing).await
}

/// The events among the referrals found, and the cursor after them.
fn step(cursor: &Cursor, found: &[Value]) -> (Vec<TriggerEvent>, Cursor) {
    let mut events = Vec::new();
    let mut changes: Vec<(Timestamp, (String, String))> = Vec::new();
    for referral in found {
        // A referral without id or time of change cannot be told from itself; it is left to the events.
        let (Some((at, text)), Some(id)) = (updated(referral), referral["id"].as_str()) else {
            continue;
        };
        let change = (id.to_owned(), text.to_owned());
        if !cursor.seen.contains(&change) {
            events.push(event(referral, id, text));
        }
        changes.push((at, change));
    }
    let newest = changes.iter().map(|(at, _)| *at).max();
    let since = match newest {
        // More than a poll reads: the next one must not read the same again.
        Some(newest) if found.len() >= MOST => newest,
        Some(newest) => back(newest).max(cursor.since),
        None => cursor.since,
    };
    let seen = changes
        .into_iter()
        .filter(|(at, _)| *at >= since)
        .map(|(_, change)| change)
        .collect();
    (events, Cursor { since, seen })
}

fn event(referral: &Value, id: &str, changed: &str) -> TriggerEvent {
    let is_new = referral["createdDateTime"].as_str() == Some(changed);
    let name = if is_new {
        "referral-created"
    } else {
        "referral-updated"
    };
    TriggerEvent {
        content_key: format!("{name}|{id}|{changed}"),
        body: json!({ "event": name, "referral_id": id, "changed": changed }),
    }
}

fn updated(referral: &Value) -> Option<(Timestamp, &str)> {
    let text = referral["updatedDateTime"].as_str()?;
    Some((text.parse().ok()?, text))
}

fn back(at: Timestamp) -> Timestamp {
    at.checked_sub(OVERLAP).unwrap_or(at)
}

fn read(cursor: Value) -> Result<Cursor, CallError> {
    serde_json::from_value(cursor).map_err(|error| {
        CallError::new(
            CallErrorKind::Input,
            format!("the cursor of `events.referral` is not one of its own: {error}"),
        )
    })
}

fn written(cursor: &Cursor) -> Result<Value, CallError> {
    serde_json::to_value(cursor).map_err(|error| {
        CallError::new(
            CallErrorKind::Unexpected,
            format!("the cursor cannot be written: {error}"),
        )
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn referral(id: &str, created: &str, updated: &str) -> Value {
        json!({ "id": id, "createdDateTime": created, "updatedDateTime": updated })
    }

    #[test]
    fn a_change_is_given_once() {
        let start = Cursor {
            since: "2026-01-01T10:00:00Z".parse().unwrap(),
            seen: Vec::new(),
        };
        let one = referral("1", "2026-01-01T10:00:30Z", "2026-01-01T10:00:30Z");
        let (events, cursor) = step(&start, std::slice::from_ref(&one));
        assert_eq!(events[0].body["event"], json!("referral-created"));
        assert_eq!(
            cursor.since, start.since,
            "the overlap never goes behind the start"
        );

        // The same again, another that became visible late, and a later change of the first.
        let late = referral("2", "2025-01-01T00:00:00Z", "2026-01-01T10:00:10Z");
        let again = referral("1", "2026-01-01T10:00:30Z", "2026-01-01T10:05:00.1234567Z");
        let (events, cursor) = step(&cursor, &[late, one, again]);
        let given: Vec<&str> = events
            .iter()
            .map(|event| event.content_key.as_str())
            .collect();
        assert_eq!(
            given,
            [
                "referral-updated|2|2026-01-01T10:00:10Z",
                "referral-updated|1|2026-01-01T10:05:00.1234567Z"
            ]
        );
        assert_eq!(cursor.since.to_string(), "2026-01-01T10:03:00.1234567Z");
        assert_eq!(
            cursor.seen.len(),
            1,
            "what lies before the overlap is forgotten"
        );
        assert_eq!(read(written(&cursor).unwrap()).unwrap(), cursor);
    }
}
