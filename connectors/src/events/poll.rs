//! Asks the referrals service what changed: for tenants that get no events, and to find those that were
//! lost.
//!
//! A change may become visible a little after its own time, so each poll looks back over the last two
//! minutes again and remembers which versions it has already given (`cursor.rs`). 10000 referrals are the most that
//! one poll reads and a cursor remembers; more than that at one instant are an error.

use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Polled, TriggerEvent};
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::notification;
use crate::client::Client;
use crate::cursor::{Cursor, Version};
use crate::partner_center::api::{self, Listing};

/// How far each poll looks back behind the newest change that it knows.
const OVERLAP: SignedDuration = SignedDuration::from_mins(2);

/// The most referrals that one poll reads: as many as a list gives.
const MOST_READ: usize = 10_000;

/// What changed since `cursor`. The first poll only finds out where now is.
pub(super) async fn poll(client: &Client, cursor: Option<Value>) -> Result<Polled, CallError> {
    let key = CallKey::new("poll", "events.referral", Uuid::new_v4());
    let Some(cursor) = cursor else {
        let start = Cursor::starting(now(client, &key).await?, OVERLAP);
        let there = list(client, &key, &start).await?;
        return Ok(Polled { events: Vec::new(), cursor: step(&start, &there)?.1.written()? });
    };
    let cursor = Cursor::read(cursor)?;
    let found = list(client, &key, &cursor).await?;
    let (events, next) = step(&cursor, &found)?;
    Ok(Polled { events, cursor: next.written()? })
}

/// The time of the newest change that there is.
async fn now(client: &Client, key: &CallKey) -> Result<Timestamp, CallError> {
    let order_by = Some("updatedDateTime desc".to_owned());
    let newest = api::list(client, key, &Listing { order_by, top: 1, ..Listing::default() }).await?;
    Ok(newest.first().and_then(updated).map_or_else(Timestamp::now, |(at, _)| at))
}

async fn list(client: &Client, key: &CallKey, cursor: &Cursor) -> Result<Vec<Value>, CallError> {
    let listing = Listing {
        filter: Some(format!("updatedDateTime ge {}", cursor.since)),
        order_by: Some("updatedDateTime".to_owned()),
        top: cursor.reads(MOST_READ),
        ..Listing::default()
    };
    api::list(client, key, &listing).await
}

/// The events among the referrals found, and the cursor after them.
fn step(cursor: &Cursor, found: &[Value]) -> Result<(Vec<TriggerEvent>, Cursor), CallError> {
    let full = found.len() >= cursor.reads(MOST_READ);
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
    if full && events.is_empty() {
        let message =
            format!("more than {MOST_READ} referrals changed at {}, and the poll cannot get past them", cursor.since);
        return Err(CallError::new(CallErrorKind::Unexpected, message));
    }
    Ok((events, cursor.after(changes, OVERLAP, full)))
}

/// The event that the service itself would send of that change.
fn event(referral: &Value, id: &str, changed: &str) -> TriggerEvent {
    let is_new = referral["createdDateTime"].as_str() == Some(changed);
    let name = match (api::is_microsofts(referral), is_new) {
        (false, true) => "referral-created",
        (false, false) => "referral-updated",
        (true, true) => "related-referral-created",
        (true, false) => "related-referral-updated",
    };
    TriggerEvent {
        content_key: notification::content_key(name, id, changed),
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
    fn t07_t08_a_change_is_given_once() {
        let start = Cursor::starting("2026-01-01T10:02:00Z".parse().unwrap(), OVERLAP);
        let one = referral("1", "2026-01-01T10:00:30Z", "2026-01-01T10:00:30Z");
        let (events, cursor) = step(&start, std::slice::from_ref(&one)).unwrap();
        assert_eq!(events[0].body["event"], json!("referral-created"));

        // The same again, another that became visible late, and a later change of the first.
        let late = referral("2", "2025-01-01T00:00:00Z", "2026-01-01T10:00:10Z");
        let again = referral("1", "2026-01-01T10:00:30Z", "2026-01-01T10:05:00.1234567Z");
        let (events, cursor) = step(&cursor, &[late, one, again]).unwrap();
        let given: Vec<&str> = events.iter().map(|event| event.content_key.as_str()).collect();
        assert_eq!(
            given,
            ["referral-updated|2|2026-01-01T10:00:10Z", "referral-updated|1|2026-01-01T10:05:00.1234567Z"]
        );
        assert_eq!(cursor.since.to_string(), "2026-01-01T10:03:00.1234567Z");
    }

    #[test]
    fn t06_a_change_has_the_key_of_the_event_that_tells_of_it() {
        let id = "11111111-1111-4111-8111-11111111111A";
        let microsofts = json!([{ "id": "msft" }]);
        // Whose referral it is, when it was made and changed, and what the service sends of it.
        let cases = [
            (json!(null), "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "referral-created"),
            (json!(null), "2026-01-01T10:00:00Z", "2026-01-01T10:00:00.1234560Z", "referral-updated"),
            (microsofts.clone(), "2026-01-01T10:00:00Z", "2026-01-01T10:00:00Z", "related-referral-created"),
            (microsofts, "2026-01-01T10:00:00Z", "2026-01-01T10:00:00.5Z", "related-referral-updated"),
        ];
        for (target, created, updated, name) in cases {
            let polled = json!({ "id": id, "target": target, "createdDateTime": created, "updatedDateTime": updated });
            let sent = json!({
                "EventName": name, "ResourceChangeUtcDate": updated.replace('Z', "+00:00"),
                "ResourceUri": format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{id}")
            });
            let own = reqwest::Url::parse("http://127.0.0.1:4000").unwrap();
            let received = notification::read(sent.to_string().as_bytes(), &own).unwrap().unwrap();
            assert_eq!(event(&polled, id, updated).content_key, received.content_key);
        }
    }

    #[test]
    fn many_changes_at_one_instant_do_not_stop_the_poll() {
        let at = "2026-01-01T10:00:00Z";
        let poll_all = |count: usize| {
            let there: Vec<Value> = (0..count).map(|id| referral(&id.to_string(), at, at)).collect();
            let mut cursor = Cursor::starting(at.parse().unwrap(), OVERLAP);
            let mut given = Vec::new();
            while given.last() != Some(&0) {
                let read = there.get(..cursor.reads(MOST_READ)).unwrap_or(&there);
                let (events, next) = step(&cursor, read)?;
                given.push(events.len());
                cursor = next;
            }
            Ok::<_, CallError>(given)
        };
        assert_eq!(poll_all(5000).unwrap(), [5000, 0]);
        assert_eq!(poll_all(7000).unwrap(), [5000, 2000, 0]);
        assert!(poll_all(10_000).unwrap_err().message.contains("cannot get past"));
    }
}
