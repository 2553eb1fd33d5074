//! Requests to the referrals service, and what is read from its answers.

use std::time::Duration;

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use jiff::Timestamp;
use serde_json::{Value, json};

use crate::client::{Client, Reply, Request};
use crate::odata::text_literal;

/// Where referrals live, below the service's address.
const REFERRALS: &str = "/v1.0/engagements/referrals";

/// How long a new referral may take to come into the lists. The service does not say; seconds are usual for lists
/// that follow an index.
pub(super) const SETTLE: Duration = Duration::from_secs(30);

/// How many pages one list follows at most; a page holds about a hundred referrals.
const MOST_PAGES: usize = 100;

/// The field of a referral that holds its version.
const VERSION: &str = "eTag";

/// Which referrals to list.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Listing {
    /// An OData filter.
    pub(crate) filter: Option<String>,
    /// An OData order: `createdDateTime` or `updatedDateTime`, with `desc`.
    pub(crate) order_by: Option<String>,
    /// How many at most.
    pub(crate) top: usize,
    /// Only these properties, where not all are wanted.
    pub(crate) select: Option<&'static str>,
    /// For a list of the newest first: nothing that was created before this is looked for.
    pub(crate) created_since: Option<Timestamp>,
}

/// The referrals of a listing, over as many pages as it takes.
pub(crate) async fn list(client: &Client, key: &CallKey, listing: &Listing) -> Result<Vec<Value>, CallError> {
    let mut found: Vec<Value> = Vec::new();
    let mut request = first_page(listing);
    for _ in 0..MOST_PAGES {
        let reply = client.send(&traced(request, key)).await?;
        let (page, next) = reply.list()?;
        found.extend(page);
        let all_seen = found.len() >= listing.top || found.last().is_some_and(|last| listing.is_past(last));
        let Some(next) = next.filter(|_| !all_seen) else {
            break;
        };
        request = next_page(&reply, &next)?;
    }
    found.truncate(listing.top);
    found.iter_mut().for_each(unescape_customer);
    Ok(found)
}

/// One referral.
pub(crate) async fn get(client: &Client, key: &CallKey, id: &str) -> Result<Value, CallError> {
    let request = Request::get(path_of(id)?, format!("reading referral `{id}`"));
    let mut referral = with_version(&client.send(&traced(request, key)).await?)?;
    if let Value::Object(referral) = &mut referral {
        client.in_step.mark(referral, VERSION);
    }
    Ok(referral)
}

/// Makes a referral.
pub(crate) async fn post(client: &Client, key: &CallKey, body: Value, doing: &str) -> Result<Value, CallError> {
    let request = Request::new(reqwest::Method::POST, REFERRALS, doing).json(body);
    let mut made = with_version(&client.send(&traced(request, key)).await?)?;
    wrote(client, &mut made, None, true);
    Ok(made)
}

/// Takes a referral that an earlier attempt may have made for that one, as long as nobody has changed it since.
pub(crate) fn made_before(client: &Client, referral: &mut Value) {
    let created = referral["createdDateTime"].as_str();
    if created.is_some() && created == referral["updatedDateTime"].as_str() {
        wrote(client, referral, None, true);
    }
}

/// Learns again from what a call gave that an earlier process put a referral in step.
pub(crate) fn recall(client: &Client, referral: &Value) {
    client.in_step.recall(referral, VERSION);
}

fn wrote(client: &Client, referral: &mut Value, based_on: Option<&str>, in_step: bool) {
    if let Value::Object(referral) = referral {
        client.in_step.wrote(referral, VERSION, based_on, in_step);
    }
}

/// Changes a referral that still has the version `if_match`.
pub(crate) async fn patch(
    client: &Client,
    key: &CallKey,
    id: &str,
    document: Value,
    if_match: &str,
    in_step: bool,
) -> Result<Value, CallError> {
    let reply = client.send(&traced(patch_request(id, document, if_match)?, key)).await?;
    // The service may answer without the referral although it was asked for. What is read then may hold
    // somebody else's change already.
    if reply.body().is_empty() {
        return get(client, key, id).await;
    }
    let mut referral = with_version(&reply)?;
    wrote(client, &mut referral, Some(if_match), in_step);
    Ok(referral)
}

/// The filter for all parties' referrals of an engagement.
pub(crate) fn of_engagement(engagement: &str) -> String {
    format!("engagementId eq {}", text_literal(engagement))
}

/// Whether the referral is Microsoft's copy of a deal.
pub(crate) fn is_microsofts(referral: &Value) -> bool {
    let targets = referral["target"].as_array();
    targets.is_some_and(|targets| {
        targets.iter().any(|target| target["id"].as_str().is_some_and(|id| id.eq_ignore_ascii_case("msft")))
    })
}

fn first_page(listing: &Listing) -> Request {
    let mut request = Request::get(REFERRALS, "listing referrals");
    if let Some(filter) = &listing.filter {
        request = request.query("$filter", filter);
    }
    if let Some(order_by) = &listing.order_by {
        request = request.query("$orderby", order_by);
    }
    if let Some(select) = listing.select {
        request = request.query("$select", select);
    }
    request.query("$top", listing.top.to_string())
}

impl Listing {
    /// Whether a referral was created before what is looked for.
    fn is_past(&self, referral: &Value) -> bool {
        let created = referral["createdDateTime"].as_str().and_then(|text| text.parse::<Timestamp>().ok());
        self.created_since.zip(created).is_some_and(|(since, created)| created < since)
    }
}

/// The next page. The service's own link is known to carry the wrong scheme and path, and nothing that
/// comes out of data decides where a token goes: so only `$skiptoken` is taken from it.
fn next_page(reply: &Reply, link: &str) -> Result<Request, CallError> {
    let query = link.split_once('?').map_or("", |(_, query)| query);
    let base = "https://link.invalid/?";
    let url = reqwest::Url::parse(&format!("{base}{query}")).ok();
    let token = url
        .as_ref()
        .and_then(|url| url.query_pairs().find(|(name, _)| name == "$skiptoken").map(|(_, value)| value.into_owned()));
    let token = token.ok_or_else(|| reply.unexpected("has a next page without `$skiptoken`"))?;
    Ok(Request::get(REFERRALS, "listing referrals, next page").query("$skiptoken", token))
}

fn patch_request(id: &str, document: Value, if_match: &str) -> Result<Request, CallError> {
    Ok(Request::new(reqwest::Method::PATCH, path_of(id)?, format!("updating referral `{id}`"))
        .header("if-match", if_match)
        .header("prefer", "return=representation")
        .json(document))
}

fn path_of(id: &str) -> Result<String, CallError> {
    let plain = !id.is_empty() && id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if plain {
        return Ok(format!("{REFERRALS}/{id}"));
    }
    let message = format!("`{id}` is not the id of a referral: letters, digits and hyphens are expected");
    Err(CallError::new(CallErrorKind::Input, message))
}

fn traced(request: Request, key: &CallKey) -> Request {
    request.traced("client-request-id", "ms-correlationid", key)
}

/// The referral in an answer. Its version is in the body, else in a header.
fn with_version(reply: &Reply) -> Result<Value, CallError> {
    let mut referral = reply.json()?;
    if !referral.is_object() || referral["id"].as_str().is_none() {
        return Err(reply.unexpected("is no referral with an `id`"));
    }
    if let (None, Some(version)) = (referral["eTag"].as_str(), reply.header("etag")) {
        referral["eTag"] = json!(version);
    }
    unescape_customer(&mut referral);
    Ok(referral)
}

/// The service has been seen to give a customer's name as HTML would have it, such as `Smith &amp; Sons`. Nothing writes
/// that name back: it is read-only once the referral is made.
fn unescape_customer(referral: &mut Value) {
    if let Some(Value::String(name)) = referral.pointer_mut("/customerProfile/name")
        && name.contains('&')
    {
        let plain = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#39;", "'"), ("&amp;", "&")];
        *name = plain.into_iter().fold(std::mem::take(name), |name, (written, meant)| name.replace(written, meant));
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn listings_become_queries() {
        let listing = Listing {
            filter: Some(of_engagement("O'Neil")),
            order_by: Some("createdDateTime desc".to_owned()),
            top: 10,
            select: Some("id,status"),
            created_since: None,
        };
        assert_eq!(
            first_page(&listing).target(),
            "/v1.0/engagements/referrals?$filter=engagementId%20eq%20'O''Neil'\
             &$orderby=createdDateTime%20desc&$select=id,status&$top=10",
        );
    }

    #[test]
    fn a_list_of_the_newest_ends_where_older_ones_begin() {
        let since = "2026-01-02T00:00:00Z".parse().ok();
        let cases = [
            (since, json!("2026-01-01T23:59:59.9999999Z"), true),
            (since, json!("2026-01-02T00:00:00.0000001Z"), false),
            (since, json!("never"), false),
            (since, json!(null), false),
            (None, json!("2020-01-01T00:00:00Z"), false),
        ];
        for (created_since, created, expected) in cases {
            let listing = Listing { created_since, ..Listing::default() };
            assert_eq!(listing.is_past(&json!({ "createdDateTime": created })), expected, "{created}");
        }
    }

    #[test]
    fn t09_t12_only_the_token_of_a_next_link_is_used() {
        let reply = Reply::for_test(200, "{}");
        let link = "http://elsewhere.example/v1.0/referrals?$top=1&$skiptoken=a%2Fb%3D";
        let next = next_page(&reply, link).unwrap();
        assert_eq!(next.target(), "/v1.0/engagements/referrals?$skiptoken=a/b=");
        assert_eq!(next_page(&reply, "http://x/?$top=1").unwrap_err().kind, CallErrorKind::Unexpected);
    }

    #[test]
    fn t21_t22_a_patch_carries_the_version() {
        let request = patch_request("1-a", json!([]), "\"v1\"").unwrap();
        assert_eq!(request.header_value("if-match"), Some("\"v1\""));
        assert_eq!(request.target(), "/v1.0/engagements/referrals/1-a");
        for id in ["", "..", "a/b", "a?b"] {
            assert_eq!(path_of(id).unwrap_err().kind, CallErrorKind::Input, "{id}");
        }
    }

    #[test]
    fn t40_the_copy_of_microsoft_is_told_by_its_target() {
        let cases = [
            (json!({ "target": [{ "type": "BusinessProfileLocation", "id": "MSFT" }] }), true),
            (json!({ "target": [{ "type": "SolutionProfile", "id": "SOL-1" }] }), false),
            (json!({ "target": null }), false),
            (json!({}), false),
        ];
        for (referral, expected) in cases {
            assert_eq!(is_microsofts(&referral), expected, "{referral}");
        }
    }

    #[test]
    fn t18_escaped_names_are_read_as_they_are_meant() {
        let cases = [
            ("Smith &amp; Sons", "Smith & Sons"),
            ("&quot;A&quot; &lt;B&gt; O&#39;Neil &apos;", "\"A\" <B> O'Neil '"),
            ("a &amp;lt; b", "a &lt; b"),
            ("Smith & Sons &c.; &nbsp", "Smith & Sons &c.; &nbsp"),
        ];
        for (written, meant) in cases {
            let reply = Reply::for_test(200, &json!({ "id": "1", "customerProfile": { "name": written } }).to_string());
            assert_eq!(with_version(&reply).unwrap()["customerProfile"]["name"], json!(meant));
        }
        let mut without = json!({ "customerProfile": null });
        unescape_customer(&mut without);
        assert_eq!(without, json!({ "customerProfile": null }));
    }
}
