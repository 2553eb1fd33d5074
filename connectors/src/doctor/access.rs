//! Whether a service can be reached, and whether it lets the bearer of our token in.

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use jiff::fmt::rfc2822::DateTimeParser;
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;
use uuid::Uuid;

use super::{Finding, Findings, wrong};
use crate::client::{Client, Reply};
use crate::entra::Token;
use crate::partner_center::api::{self, Listing};
use crate::settings::SignIn;

/// How far the clocks may be apart, in seconds: the sign-in service allows no more.
const SKEW: i64 = 300;

/// How many deals that wait for an answer are looked at, the oldest: they expire two weeks after they came, so those
/// that end next stand first. A page of the service holds as many.
const MOST_OFFERED: usize = 100;

/// How long before its end a deal that nobody has answered is told of.
const NOTICE: SignedDuration = SignedDuration::from_hours(72);

/// What the token is needed for, in messages.
const DOING: &str = "looking at the connection";

/// The connection to the referrals, which take only tokens in the name of a person.
pub(super) async fn of_person(found: &mut Findings<'_>, client: &Client, sign_in: &SignIn) {
    let Some(token) = signed_in(found, client).await else {
        found.leave_out(&["person", "role", "deadlines"]);
        return;
    };
    if !found.add("person", person(&token, sign_in)) {
        found.leave_out(&["role", "deadlines"]);
        return;
    }
    referrals(found, client).await;
}

/// Whether the referrals can be read, which one of them shows, and then which of the deals end soon.
async fn referrals(found: &mut Findings<'_>, client: &Client) {
    let key = CallKey::new("doctor", "partner_center", Uuid::new_v4());
    let one = Listing { top: 1, order_by: Some("createdDateTime desc".to_owned()), ..Listing::default() };
    let answer = api::list(client, &key, &one).await.map(|_| "the referrals can be read".to_owned());
    let help = "give the person the role Referrals admin or Referrals user in Partner Center";
    if !found.add("role", role(answer, help)) {
        found.leave_out(&["deadlines"]);
        return;
    }
    let offered = Listing {
        filter: Some("status eq 'New' and direction eq 'Incoming'".to_owned()),
        order_by: Some("createdDateTime asc".to_owned()),
        top: MOST_OFFERED,
        ..Listing::default()
    };
    let finding = match api::list(client, &key, &offered).await {
        Ok(offered) => deadlines(&offered, Timestamp::now()),
        Err(error) => wrong(error.message, "try again later"),
    };
    found.add("deadlines", finding);
}

/// Looks from the address to the audience of the token; the token, if all that is well.
pub(super) async fn signed_in(found: &mut Findings<'_>, client: &Client) -> Option<Token> {
    let reply = client.knock().await;
    if !found.add("address", address(client, &reply)) {
        found.leave_out(&["clock", "token", "audience"]);
        return None;
    }
    found.add("clock", clock(reply.ok().as_ref(), Timestamp::now()));
    let token = match client.token(DOING).await {
        Ok(token) => token,
        Err(failed) => {
            let help = failed.help.unwrap_or(match failed.error.kind {
                CallErrorKind::Unavailable | CallErrorKind::Throttled => {
                    "see whether `login_url` can be reached from here, and try again"
                }
                _ => "see what `sign_in` says in the environment file",
            });
            found.add("token", wrong(failed.error.message, help));
            found.leave_out(&["audience"]);
            return None;
        }
    };
    found.add("token", Finding::Good(describe(&token)));
    found.add("audience", audience(&token, client.audience())).then_some(token)
}

/// What the service made of a call that reads.
pub(super) fn role(answer: Result<String, CallError>, help_for_403: &str) -> Finding {
    match answer {
        Ok(seen) => Finding::Good(seen),
        Err(error) => {
            let help = match error.status {
                Some(401) => "see that the application has the service's API permission, with consent, and `audience`",
                Some(403) => help_for_403,
                Some(404) => "see whether `url` is the address of this service",
                _ => "try again later",
            };
            wrong(error.message, help)
        }
    }
}

/// Deals that end soon, since nobody has accepted or declined them. They are named by id: that is enough to find them.
fn deadlines(offered: &[Value], now: Timestamp) -> Finding {
    let ends = |deal: &Value| deal["expirationDateTime"].as_str()?.parse::<Timestamp>().ok();
    let is_soon = |end: Timestamp| end > now && end.duration_since(now) <= NOTICE;
    let soon: Vec<&str> = offered
        .iter()
        .filter(|deal| deal["status"] == "New" && ends(deal).is_some_and(is_soon))
        .map(|deal| deal["id"].as_str().unwrap_or_default())
        .collect();
    if soon.is_empty() {
        return Finding::Good("no deal waits for an answer that expires within three days".to_owned());
    }
    let help = "accept or decline them in Partner Center: a deal that has expired must be made anew";
    wrong(format!("nobody has answered deals that expire within three days: {}", soon.join(", ")), help)
}

fn address(client: &Client, reply: &Result<Reply, CallError>) -> Finding {
    match reply {
        Ok(_) => Finding::Good(format!("`{}` answers", client.host())),
        Err(error) => {
            wrong(&error.message, "check `url`, the name service, the firewall, and a proxy that may be in between")
        }
    }
}

/// Every answer says what time it is there.
fn clock(reply: Option<&Reply>, now: Timestamp) -> Finding {
    let there = reply.and_then(|reply| DateTimeParser::new().parse_timestamp(reply.header("date")?).ok());
    let Some(there) = there else { return Finding::NotTried("the service does not say what time it is".to_owned()) };
    let ahead = now.as_second() - there.as_second();
    if ahead.abs() <= SKEW {
        return Finding::Good(format!("{} seconds apart from the service's", ahead.abs()));
    }
    let side = if ahead > 0 { "ahead of" } else { "behind" };
    let what = format!("this machine's clock is {} seconds {side} the service's", ahead.abs());
    wrong(what, "have this machine's clock set by a time server")
}

fn describe(token: &Token) -> String {
    let claims = token.claims().unwrap_or_default();
    match ["upn", "preferred_username", "unique_name"].iter().find_map(|name| claims[name].as_str()) {
        Some(person) => format!("one in the name of `{person}`"),
        None if claims["idtyp"] == "app" => "one in the name of the application".to_owned(),
        None => "one came".to_owned(),
    }
}

/// Tokens of the newer form name their audience by an id, which says nothing here.
fn audience(token: &Token, wanted: &str) -> Finding {
    let claims = token.claims().unwrap_or_default();
    match claims["aud"].as_str() {
        Some(given) if given.trim_end_matches('/').eq_ignore_ascii_case(wanted) => Finding::Good(format!("`{wanted}`")),
        Some(given) if given.contains("://") => {
            wrong(format!("the token is for `{given}`, not for `{wanted}`"), "set `audience` of the connection")
        }
        _ => Finding::NotTried("the token does not name it by its address".to_owned()),
    }
}

/// Whether the token stands for a person, who confirmed with a second factor.
fn person(token: &Token, sign_in: &SignIn) -> Finding {
    let claims = token.claims().unwrap_or_default();
    if claims["idtyp"] == "app" || sign_in.refresh_token.is_none() {
        let help = "give `refresh_token: { file: PATH }`, and sign in with `cosell connect partner_center`";
        return wrong(
            "calls are made in the name of the application, and the service takes only those of a person",
            help,
        );
    }
    let factors: Option<Vec<&str>> =
        claims["amr"].as_array().map(|factors| factors.iter().filter_map(Value::as_str).collect());
    match factors {
        Some(factors) if !factors.contains(&"mfa") => {
            let help =
                "have the person set up a second factor, then sign in again with `cosell connect partner_center`";
            wrong("the person signed in without a second factor (MFA), which the service demands", help)
        }
        Some(_) => Finding::Good("signed in with a second factor (MFA)".to_owned()),
        None => Finding::NotTried("the token does not say how the person signed in".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use serde_json::json;

    use super::*;
    use crate::partner_center::PartnerCenterSettings;
    use crate::test_server::{Answer, TestServer};

    /// What the first and the second question for deals are answered, and what is found of the role and of the deadlines.
    #[tokio::test]
    async fn t27_the_oldest_deals_are_looked_at_and_are_no_matter_of_the_role() {
        let end = Timestamp::now() + SignedDuration::from_hours(1);
        let soon = json!({ "value": [{ "id": "deal-1", "status": "New", "expirationDateTime": end }] });
        let none = || Answer::json(200, json!({ "value": [] }));
        let cases: [(Answer, Option<Answer>, &str, &str); 4] = [
            (none(), Some(none()), "Good", "no deal waits"),
            (none(), Some(Answer::json(200, soon)), "Good", "deal-1"),
            (none(), Some(Answer::json(429, json!({}))), "Good", "try again later"),
            (Answer::json(403, json!({})), None, "Referrals admin", "comes first"),
        ];
        for (first, second, role, deadlines) in cases {
            let server = TestServer::start([first].into_iter().chain(second.clone())).await;
            let settings = PartnerCenterSettings::new(&server.url, server.sign_in());
            let mut checks = Vec::new();
            referrals(&mut Findings::of("partner_center", &mut checks), &settings.client().unwrap()).await;
            let found: Vec<String> = checks.iter().map(|check| format!("{check:?}")).collect();
            assert!(found.len() == 2 && found[0].contains(role) && found[1].contains(deadlines), "{found:?}");
            let asked = server.lines();
            assert!(asked[0].ends_with("?$orderby=createdDateTime%20desc&$top=1"), "{asked:?}");
            let oldest = "?$filter=status%20eq%20%27New%27%20and%20direction%20eq%20%27Incoming%27\
                          &$orderby=createdDateTime%20asc&$top=100";
            assert_eq!(asked.len(), if second.is_some() { 2 } else { 1 }, "{asked:?}");
            assert!(asked.get(1).is_none_or(|asked| asked.ends_with(oldest)), "{asked:?}");
        }
    }

    #[test]
    fn clocks_are_compared() {
        let now: Timestamp = "1994-11-06T08:49:37Z".parse().unwrap();
        let cases = [
            (Some("Sun, 06 Nov 1994 08:49:30 GMT"), "7 seconds apart"),
            (Some("Sun, 06 Nov 1994 08:39:37 GMT"), "600 seconds ahead of"),
            (Some("Sun, 06 Nov 1994 08:59:37 GMT"), "600 seconds behind"),
            (Some("soon"), "does not say"),
            (None, "does not say"),
        ];
        for (date, expected) in cases {
            let reply = Reply::for_test(200, "").with_header("date", date);
            let finding = format!("{:?}", clock(Some(&reply), now));
            assert!(finding.contains(expected), "{finding}");
        }
    }

    #[test]
    fn t27_deals_that_expire_soon_are_named() {
        let now: Timestamp = "2026-03-02T08:00:00Z".parse().unwrap();
        // Status, end, and whether the deal is named.
        let cases = [
            ("New", json!("2026-03-05T08:00:00Z"), true),
            ("New", json!("2026-03-05T08:00:01Z"), false),
            ("New", json!("2026-03-02T08:00:00Z"), false),
            ("Active", json!("2026-03-03T00:00:00Z"), false),
            ("New", json!(null), false),
            ("New", json!("soon"), false),
        ];
        for (status, end, named) in cases {
            let deal = json!({ "id": "deal-1", "status": status, "expirationDateTime": end });
            let found = format!("{:?}", deadlines(&[deal], now));
            assert_eq!(found.contains("deal-1"), named, "{status} {end}: {found}");
            assert_eq!(found.starts_with("Wrong"), named, "{found}");
        }
    }
}
