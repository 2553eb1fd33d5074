//! The list of referrals: OData options and pages (S4, S5).

use axum::extract::Query as Pairs;
use axum::http::Uri;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::{Map, Value, json};

use super::Refusal;
use super::category::Viewer;
use super::present::present;
use super::referrals::Referrals;
use super::schema::{check_filter, check_path};
use crate::behaviours::Behaviour;
use crate::odata::{Case, Expression, JsonRecord, Query, matches, sort};

/// Rows on one page.
const PAGE: usize = 100;

impl Referrals {
    /// One page of the list. `raw` is the query string as sent, `host` the sandbox's own address.
    pub(crate) fn list(&self, raw: &str, host: &str, viewer: &Viewer) -> Result<Value, Refusal> {
        let (start, raw) = resume(raw)?;
        let query = Query::parse(&pairs(&raw)?)?;
        self.check_orders(&query)?;
        check_names(&query)?;
        let mut rows = self.filtered(&query, viewer);
        sort(&mut rows, &query.orders, Case::Sensitive)?;
        let wanted: Vec<&JsonRecord<'_>> =
            rows.iter().skip(query.skip.unwrap_or(0)).take(query.top.unwrap_or(usize::MAX)).collect();
        let page: Vec<Value> =
            wanted.iter().skip(start).take(PAGE).map(|row| self.shown(row.0, &query.select)).collect();
        let mut answer = Map::new();
        answer.insert("@odata.context".to_owned(), json!(format!("{host}/v1.0/$metadata#Referrals")));
        if query.count {
            let of_page = self.behaviours.on(Behaviour::CountOfPage);
            answer.insert("@odata.count".to_owned(), json!(if of_page { page.len() } else { rows.len() }));
        }
        let end = start + page.len();
        answer.insert("value".to_owned(), page.into());
        if end < wanted.len() {
            answer.insert("@odata.nextLink".to_owned(), json!(self.next_link(host, end, &raw)));
        }
        Ok(answer.into())
    }

    /// Two properties are documented to order by (S4).
    fn check_orders(&self, query: &Query) -> Result<(), Refusal> {
        if query.orders.is_empty() && self.behaviours.on(Behaviour::OrderByRequired) {
            return Err(Refusal::invalid("$orderby is required."));
        }
        let known = |path: &[String]| matches!(path, [name] if name == "createdDateTime" || name == "updatedDateTime");
        match query.orders.iter().find(|order| !known(&order.path)) {
            Some(order) if !self.behaviours.on(Behaviour::OrderByAnything) => {
                Err(Refusal::invalid(format!("$orderby does not take {}.", order.path.join("/"))))
            }
            _ => Ok(()),
        }
    }

    fn shown(&self, body: &Map<String, Value>, names: &[String]) -> Value {
        let mut body = present(body.clone().into(), &self.behaviours);
        if let Some(members) = body.as_object_mut().filter(|_| !names.is_empty()) {
            *members = names.iter().filter_map(|name| Some((name.clone(), members.get(name)?.clone()))).collect();
        }
        body
    }

    /// The documented form of the link has no `/engagements` in the path and is plain http, so that only its
    /// `$skiptoken` is of use (S5).
    fn next_link(&self, host: &str, start: usize, raw: &str) -> String {
        let token = URL_SAFE_NO_PAD.encode(format!("{start}&{raw}"));
        match self.behaviours.on(Behaviour::SaneNextLinks) {
            true => format!("{host}/v1.0/engagements/referrals?$skiptoken={token}"),
            false => format!("{}/v1.0/referrals?$skiptoken={token}", host.replacen("https://", "http://", 1)),
        }
    }

    fn filtered(&self, query: &Query, viewer: &Viewer) -> Vec<JsonRecord<'_>> {
        let seen = self.listed().filter(|referral| viewer.sees(&referral.body));
        let rows = seen.filter_map(|referral| referral.body.as_object()).map(JsonRecord);
        // All names are known by now: a referral that has no such member is none that is looked for.
        let fits = |row: &JsonRecord<'_>, filter: &Expression| matches(filter, row, Case::Sensitive).unwrap_or(false);
        rows.filter(|row| query.filter.as_ref().is_none_or(|filter| fits(row, filter))).collect()
    }
}

/// Judged once, and not over rows: a name is unknown in an empty list as well.
fn check_names(query: &Query) -> Result<(), Refusal> {
    query.filter.as_ref().map_or(Ok(()), check_filter)?;
    let ordered = query.orders.iter().map(|order| order.path.as_slice());
    let selected = query.select.iter().map(std::slice::from_ref);
    ordered.chain(selected).try_for_each(check_path)
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
