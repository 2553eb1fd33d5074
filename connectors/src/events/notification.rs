//! The body of an event, once its signature has been found right.

use cosell_engine::connector::{Refusal, TriggerEvent};
use jiff::Timestamp;
use reqwest::Url;
use serde_json::{Value, json};
use uuid::Uuid;

use super::api::field;

/// The referral events that start flows.
pub(crate) const REFERRAL_EVENTS: [&str; 4] =
    ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"];

/// The hosts that the service's own events name (S30).
const REAL_HOSTS: [&str; 2] = ["api.partnercenter.microsoft.com", "api.partner.microsoft.com"];

/// The event in a body; `None` is one that starts nothing.
///
/// # Errors
///
/// 400 for a body that is not an event, or that points to a referral somewhere else than `own` or the
/// service's real hosts. The address is never called: only the id at its end is used.
pub(super) fn read(body: &[u8], own: &Url) -> Result<Option<TriggerEvent>, Refusal> {
    let body = body.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(body);
    let body: Value =
        serde_json::from_slice(body).map_err(|error| refused(format!("the body is not JSON: {error}")))?;
    let text = |name: &str| {
        let text = field(&body, name).and_then(Value::as_str).filter(|text| !text.is_empty());
        text.ok_or_else(|| refused(format!("the event has no `{name}`")))
    };
    let event = text("EventName")?;
    if event.eq_ignore_ascii_case("test-created") {
        tracing::info!("a test event arrived");
        return Ok(None);
    }
    let Some(event) = REFERRAL_EVENTS.iter().find(|known| known.eq_ignore_ascii_case(event)) else {
        tracing::debug!(event, "an event that no flow can want arrived");
        return Ok(None);
    };
    let uri = text("ResourceUri")?;
    let changed = text("ResourceChangeUtcDate")?;
    let referral_id = referral_id(uri, own)?;
    Ok(Some(TriggerEvent {
        content_key: content_key(event, &referral_id, changed),
        body: json!({ "event": event, "referral_id": referral_id, "changed": changed }),
    }))
}

/// What tells one change from another: what happened, to which referral, at which instant. So a change that was
/// sent and one that a poll finds are the same, however each writes the instant.
///
/// Whether the instant of an event is always the referral's own time of change is not documented. Where it is not, a
/// flow runs once more for the same change, and finds nothing to do.
pub(super) fn content_key(event: &str, referral_id: &str, changed: &str) -> String {
    let instant = changed.parse::<Timestamp>().map_or_else(|_| changed.to_owned(), |instant| instant.to_string());
    format!("{event}|{}|{instant}", referral_id.to_ascii_lowercase())
}

fn referral_id(uri: &str, own: &Url) -> Result<String, Refusal> {
    let url = Url::parse(uri).map_err(|_| refused("`ResourceUri` is not an address".to_owned()))?;
    let host = url.host_str().unwrap_or_default();
    let known = REAL_HOSTS.contains(&host) && url.port().is_none() || url.origin() == own.origin();
    if !known {
        return Err(refused(format!("`ResourceUri` points to `{host}`, which is not Partner Center")));
    }
    let id = url.path_segments().and_then(|mut segments| segments.next_back()).unwrap_or_default();
    match Uuid::try_parse(id) {
        Ok(id) => Ok(id.to_string()),
        Err(_) => Err(refused("`ResourceUri` does not end with the GUID of a referral".to_owned())),
    }
}

fn refused(message: String) -> Refusal {
    Refusal::new(400, message)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    const ID: &str = "11111111-1111-4111-8111-111111111111";

    fn event(name: &str, uri: &str) -> Vec<u8> {
        json!({ "EventName": name, "ResourceUri": uri, "ResourceName": "referral", "AuditUri": null,
                "ResourceChangeUtcDate": "2018-02-17T00:05:39.5485487+00:00" })
        .to_string()
        .into_bytes()
    }

    fn own() -> Url {
        Url::parse("http://127.0.0.1:4000").unwrap()
    }

    #[test]
    fn events_are_read_in_any_casing() {
        let uri = format!("https://api.partnercenter.microsoft.com/engagements/v1/referrals/{ID}");
        let read_one = read(&event("referral-updated", &uri), &own()).unwrap().unwrap();
        assert_eq!(read_one.body["referral_id"], json!(ID));
        assert_eq!(read_one.content_key, format!("referral-updated|{ID}|2018-02-17T00:05:39.5485487Z"));
        let camel = format!(
            "\u{feff}{{\"eventName\":\"Referral-Created\",\"resourceUri\":\"http://127.0.0.1:4000/x/{ID}\",\
             \"resourceChangeUtcDate\":\"d\"}}"
        );
        let read_two = read(camel.as_bytes(), &own()).unwrap().unwrap();
        assert_eq!(read_two.body, json!({ "event": "referral-created", "referral_id": ID, "changed": "d" }));
    }

    #[test]
    fn tests_and_unknown_events_start_nothing() {
        for name in ["test-created", "Test-Created", "invoice-ready"] {
            assert_eq!(read(&event(name, "http://localhost:16722/x"), &own()), Ok(None), "{name}");
        }
    }

    #[test]
    fn t09_t39_wrong_bodies_are_refused() {
        let cases = [
            (b"{".to_vec(), "not JSON"),
            (b"[]".to_vec(), "no `EventName`"),
            (b"{\"EventName\":\"referral-created\"}".to_vec(), "no `ResourceUri`"),
            (event("referral-created", "x"), "not an address"),
            (event("referral-created", &format!("https://evil.example/{ID}")), "not Partner Center"),
            (event("referral-created", &format!("http://127.0.0.1:4001/{ID}")), "not Partner Center"),
            (event("referral-created", "https://api.partner.microsoft.com/referrals/7"), "GUID"),
        ];
        for (body, expected) in cases {
            let refusal = read(&body, &own()).unwrap_err();
            assert_eq!(refusal.status, 400);
            assert!(refusal.message.contains(expected), "{}", refusal.message);
        }
    }
}
