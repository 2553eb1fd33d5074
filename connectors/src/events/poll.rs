//! Asks the referrals service what changed: for tenants that get no events, and to find those that were
//! lost.
//!
//! A change may become visible a little after its own time, so each poll looks back over the last two
//! minutes again and remembers which versions it has already given.

use cosell_engine::connector::{CallError, CallKey, Polled, TriggerEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::client::Client;
use crate::cursor::{Cursor, Version};
use crate::partner_center::api::{self, Listing};

/// How far each poll looks back behind the newest change that it knows.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// The most changes that one poll reads; what is left comes with the next.
const MOST: usize = 5000;

/// What changed since `cursor`. The first poll only finds out where now is.
pub(super) async fn poll(client: &Client, cursor: Option<Value>) -> Result<Polled, CallError> {
    let key = CallKey::new("poll", "events.referral", Uuid::new_v4());
    let Some(cursor) = cursor else {
        let start = Cursor::starting(now(client, &key).await?, OVERLAP);
        let there = list(client, &key, start.since).await?;
        return Ok(Polled { events: Vec::new(), cursor: step(&start, &there).1.written()? });
    };
    let cursor = Cursor::read(cursor)?;
    let found = list(client, &key, cursor.since).await?;
    let (events, next) = step(&cursor, &found);
    Ok(Polled { events, cursor: next.written()? })
}

/// The time of the newest change that there is.
async fn now(client: &Client, key: &CallKey) -> Result<Timestamp, CallError> {
    let order_by = Some("updatedDateTime desc".to_owned());
    let newest = api::list(client, key, &Listing { order_by, top: 1, ..Listing::default() }).await?;
    Ok(newest.first().and_then(updated).map_or_else(Timestamp::now, |(at, _)| at))
}

async fn list(client: &Client, key: &CallKey, since: Timestamp) -> Result<Vec<Value>, CallError> {
    let listing = Listing {
        filter: Some(format!("updatedDateTime ge {since}")),
        order_by: Some("updatedDateTime".to_owned()),
        top: MOST,
        ..Listing::default()
    };
    api::list(client, key, &listing).await
}

/// The events among the referrals found, and the cursor after them.
fn step(cursor: &Cursor, found: &[Value]) -> (Vec<TriggerEvent>, Cursor) {
    let mut events = Vec::new();
    let mut changes: Vec<(Timestamp, Version)> = Vec::new();
    for referral in found {
        // A referral without id or time of change cannot be told from itself; it is left to the events.
        let (Some((at, text)), Some(id)) = (updated(referral), referral["id"].as_str()) else {
            continue;
        };
        let change = (id.to_owned(), text.to_owned());
        if !cursor.has_seen(&change) {
            events.push(event(referral, id, text));
        }
        changes.push((at, change));
    }
    (events, cursor.after(changes, OVERLAP, found.len() >= MOST))
}

fn event(referral: &Value, id: &str, changed: &str) -> TriggerEvent {
    let is_new = referral["createdDateTime"].as_str() == Some(changed);
    let name = if is_new { "referral-created" } else { "referral-updated" };
    TriggerEvent {
        content_key: format!("{name}|{id}|{changed}"),
        body: json!({ "event": name, "referral_id": id, "changed": changed }),
    }
}

fn updated(referral: &Value) -> Option<(Timestamp, &str)> {
    let text = referral["updatedDateTime"].as_str()?;
    Some((text.parse().ok()?, text))
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
        let start = Cursor::starting("2026-01-01T10:02:00Z".parse().unwrap(), OVERLAP);
        let one = referral("1", "2026-01-01T10:00:30Z", "2026-01-01T10:00:30Z");
        let (events, cursor) = step(&start, std::slice::from_ref(&one));
        assert_eq!(events[0].body["event"], json!("referral-created"));

        // The same again, another that became visible late, and a later change of the first.
        let late = referral("2", "2025-01-01T00:00:00Z", "2026-01-01T10:00:10Z");
        let again = referral("1", "2026-01-01T10:00:30Z", "2026-01-01T10:05:00.1234567Z");
        let (events, cursor) = step(&cursor, &[late, one, again]);
        let given: Vec<&str> = events.iter().map(|event| event.content_key.as_str()).collect();
        assert_eq!(
            given,
            ["referral-updated|2|2026-01-01T10:00:10Z", "referral-updated|1|2026-01-01T10:05:00.1234567Z"]
        );
        assert_eq!(cursor.since.to_string(), "2026-01-01T10:03:00.1234567Z");
    }
}
