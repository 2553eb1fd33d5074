//! The list of referrals: OData options and pages (S4, S5).

use axum::extract::Query as Pairs;
use axum::http::Uri;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::Refusal;
use super::referrals::Referrals;
use crate::odata::{Case, JsonRecord, Query, matches, sort};

/// Rows on one page.
const PAGE: usize = 100;

impl Referrals {
    /// One page of the list. `raw` is the query string as sent, `host` the sandbox's own address.
    pub(crate) fn list(&self, raw: &str, host: &str) -> Result<Value, Refusal> {
        let (start, raw) = resume(raw)?;
        let query = Query::parse(&pairs(&raw)?)?;
        let mut rows = self.filtered(&query)?;
        sort(&mut rows, &query.orders, Case::Sensitive)?;
        let wanted: Vec<&JsonRecord<'_>> =
            rows.iter().skip(query.skip.unwrap_or(0)).take(query.top.unwrap_or(usize::MAX)).collect();
        let page: Vec<Value> =
            wanted.iter().skip(start).take(PAGE).map(|row| select(row.0, &query.select)).collect::<Result<_, _>>()?;
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), json!(format!("{host}/v1.0/$metadata#Referrals")));
        if query.count {
            answer.insert("@odata.count".to_owned(), json!(wanted.len()));
        }
        let end = start + page.len();
        answer.insert("value".to_owned(), page.into());
        if end < wanted.len() {
            answer.insert("@odata.nextLink".to_owned(), json!(next_link(host, end, &raw)));
        }
        Ok(answer.into())
    }

    fn filtered(&self, query: &Query) -> Result<Vec<JsonRecord<'_>>, Refusal> {
        let mut rows = Vec::new();
        for body in self.listed().filter_map(|referral| referral.body.as_object()) {
            let keep = match &query.filter {
                None => true,
                Some(filter) => matches(filter, &JsonRecord(body), Case::Sensitive)?,
            };
            if keep {
                rows.push(JsonRecord(body));
            }
        }
        Ok(rows)
    }
}

fn select(body: &Map<String, Value>, names: &[String]) -> Result<Value, Refusal> {
    if names.is_empty() {
        return Ok(body.clone().into());
    }
    let mut selected = Map::new();
    for name in names {
        let value =
            body.get(name).ok_or_else(|| Refusal::invalid(format!("Could not find a property named {name}.")))?;
        selected.insert(name.clone(), value.clone());
    }
    Ok(selected.into())
}

/// The documented form of the link: no `/engagements` in the path and plain http, so that only
/// its `$skiptoken` is of use (S5).
fn next_link(host: &str, start: usize, raw: &str) -> String {
    let token = URL_SAFE_NO_PAD.encode(format!("{start}&{raw}"));
    format!("{host}/v1.0/referrals?$skiptoken={token}")
}

/// Where to go on, and the query of the first page. Without a token that is the start.
fn resume(raw: &str) -> Result<(usize, String), Refusal> {
    let found = pairs(raw)?.into_iter().find(|(name, _)| name == "$skiptoken");
    let Some((_, token)) = found else {
        return Ok((0, raw.to_owned()));
    };
    let decoded = URL_SAFE_NO_PAD.decode(token).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    decoded
        .as_deref()
        .and_then(|text| text.split_once('&'))
        .and_then(|(start, raw)| Some((start.parse().ok()?, raw.to_owned())))
        .ok_or_else(|| Refusal::invalid("The $skiptoken is not valid."))
}

fn pairs(raw: &str) -> Result<Vec<(String, String)>, Refusal> {
    let unreadable = || Refusal::invalid("The query string cannot be read.");
    let uri: Uri = format!("/?{raw}").parse().map_err(|_| unreadable())?;
    Pairs::try_from_uri(&uri).map(|Pairs(pairs)| pairs).map_err(|_| unreadable())
}
