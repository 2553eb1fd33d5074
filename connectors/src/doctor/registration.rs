//! Whether the tenant's events come to this engine.

use cosell_engine::connector::{CallErrorKind, CallKey};
use reqwest::Url;
use uuid::Uuid;

use super::{Finding, Findings, access, wrong};
use crate::client::Client;
use crate::events::{REFERRAL_EVENTS, Registration, api};

/// Looks at the connection to the events, and at the registration; `here` is where the events should go. An engine that
/// asks for changes needs no events: what they lack is then no fault.
pub(super) async fn examine(found: &mut Findings<'_>, client: &Client, here: Option<&str>) {
    if access::signed_in(found, client).await.is_none() {
        found.leave_out(&["role", "tenant", "registration"]);
        return;
    }
    let key = CallKey::new("doctor", "events", Uuid::new_v4());
    let answer = match client.send(&api::traced(api::view(), &key)).await {
        Ok(reply) => api::read_registration(&reply),
        Err(error) if error.kind == CallErrorKind::NotFound => Ok(Registration::default()),
        Err(error) => Err(error),
    };
    let (registration, seen) = match answer {
        Ok(registration) => (registration, Ok("the registration can be read".to_owned())),
        Err(error) => (Registration::default(), Err(error)),
    };
    let help =
        "give the person one of the roles Admin agent, Sales agent or Helpdesk agent: those of referrals may not do";
    if !found.add("role", access::role(seen, help)) {
        found.leave_out(&["tenant", "registration"]);
        return;
    }
    let Some(here) = here else {
        for name in ["tenant", "registration"] {
            found.add(name, Finding::NotTried("this engine asks for changes, and needs none".to_owned()));
        }
        return;
    };
    let names = match client.send(&api::traced(api::event_names(), &key)).await {
        Ok(reply) => api::read_event_names(&reply),
        Err(error) => Err(error),
    };
    found.add("tenant", names.map_or_else(|error| wrong(error.message, "try again later"), |names| tenant(&names)));
    found.add("registration", where_events_go(&registration, here));
}

/// Whether the tenant has events of referrals at all.
fn tenant(names: &[String]) -> Finding {
    let has = |event: &&str| names.iter().any(|name| name.eq_ignore_ascii_case(event));
    let offered: Vec<&str> = REFERRAL_EVENTS.into_iter().filter(has).collect();
    if offered.is_empty() {
        let help = "set `webhook: false` under `engine`: the engine then asks for changes";
        return wrong("the tenant has no events of referrals", help);
    }
    Finding::Good(format!("has the events {}", offered.join(", ")))
}

/// Whether the events of a registration come to the address `here`, and all that are of use.
pub fn where_events_go(registration: &Registration, here: &str) -> Finding {
    let Registration { url: Some(there), events, .. } = registration else {
        let help = "run the flow of the pack that registers the address";
        return wrong("no address is registered, so no events come", help);
    };
    if there.trim_end_matches('/') != here.trim_end_matches('/') {
        let what = format!("events go to `{}`, not to `{here}`", shown(there));
        let help = "a tenant has one registration, and whoever wrote it last gets the events: agree with its owner, then \
                    register this address, or set `webhook: false` under `engine`";
        return wrong(what, help);
    }
    let has = |event: &&str| events.iter().any(|name| name.eq_ignore_ascii_case(event));
    let missing: Vec<&str> = REFERRAL_EVENTS.into_iter().filter(|event| !has(event)).collect();
    if missing.is_empty() {
        return Finding::Good("events come here".to_owned());
    }
    wrong(format!("the registration leaves out {}", missing.join(", ")), "register the address again, with all events")
}

/// Where an address leads. What follows the host may be a key of somebody else's.
fn shown(address: &str) -> String {
    match Url::parse(address) {
        Ok(url) => format!("{}/…", url.origin().ascii_serialization()),
        Err(_) => "something that is no address".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;
    use crate::events::EventsSettings;
    use crate::test_server::{Answer, TestServer};

    #[test]
    fn t32_a_registration_that_is_not_ours_is_found() {
        let here = "https://here.example/webhooks/events/referral";
        let all: Vec<String> = REFERRAL_EVENTS.map(str::to_owned).to_vec();
        // The registered address and its events, and what is said of it.
        let cases = [
            (None, "no address is registered"),
            (Some((here, all.clone())), "events come here"),
            (Some((here, all[..2].to_vec())), "leaves out related-referral-created, related-referral-updated"),
            (Some(("https://hush:hush@there.example/hush?sig=hush", all.clone())), "`https://there.example/…`, not"),
            (Some(("no address?sig=hush", all)), "something that is no address"),
        ];
        for (there, expected) in cases {
            let registration =
                there.map(|(url, events)| Registration { registered: true, url: Some(url.to_owned()), events });
            let finding = format!("{:?}", where_events_go(&registration.unwrap_or_default(), here));
            assert!(finding.contains(expected) && !finding.contains("hush"), "{finding}");
        }
    }

    /// Where events should go, and whether a tenant that has none of referrals is a fault.
    #[tokio::test]
    async fn t33_an_engine_that_asks_needs_no_events() {
        for (here, is_fault) in [(Some("https://here.example"), true), (None, false)] {
            let answers = [Answer::json(200, json!({})), Answer::json(404, json!({})), Answer::json(200, json!([]))];
            let server = TestServer::start(answers).await;
            let settings = EventsSettings::new(&server.url, server.sign_in());
            let mut checks = Vec::new();
            examine(&mut Findings::of("events", &mut checks), &settings.client().unwrap(), here).await;
            let names = checks.iter().map(|check| check.name).collect::<Vec<_>>();
            assert!(names.ends_with(&["role", "tenant", "registration"]), "{names:?}");
            let wrong = checks.iter().any(|check| matches!(check.finding, Finding::Wrong { .. }));
            assert_eq!(wrong, is_fault, "{checks:?}");
        }
    }

    #[test]
    fn t33_a_tenant_without_events_is_told_to_ask() {
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        assert!(matches!(tenant(&names(&["test-created", "Referral-Created"])), Finding::Good(_)));
        assert!(matches!(tenant(&names(&["test-created"])), Finding::Wrong { .. }));
    }
}
