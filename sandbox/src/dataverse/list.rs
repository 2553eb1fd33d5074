//! Lists of rows in pages (behaviours 7, 8).

use axum::extract::Query as Pairs;
use axum::http::Uri;
use serde_json::{Map, Value, json};

use super::read::{narrow, show};
use super::refusal::Refusal;
use super::rows::RowRecord;
use super::tables::Table;
use crate::odata::Query;

/// Most rows on a page, and the highest count.
const MOST: usize = 5_000;

/// What a reader prefers.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Preferences {
    /// `odata.maxpagesize`
    pub(crate) page: Option<usize>,
    /// `odata.include-annotations`
    pub(crate) annotate: bool,
    /// `return=representation`
    pub(crate) representation: bool,
}

/// A list as it was asked for.
pub(crate) struct Listing<'a> {
    /// Address of the service root.
    pub(crate) base: &'a str,
    /// Address of the list, without its query.
    pub(crate) url: &'a str,
    /// The query as it was sent.
    pub(crate) raw: &'a str,
    /// What the reader prefers.
    pub(crate) prefer: Preferences,
}

impl Listing<'_> {
    /// One page of `rows`, all of which are of `table`.
    pub(crate) fn page(&self, table: &Table, mut rows: Vec<RowRecord<'_>>) -> Result<Value, Refusal> {
        let query = parse_query(self.raw)?;
        narrow(&mut rows, &query)?;
        let prefer = self.prefer;
        // `$top` gives way to a page size.
        let top = if prefer.page.is_some() { usize::MAX } else { query.top.unwrap_or(usize::MAX) };
        let (start, page_number) = query.skip_token.as_deref().map_or(Ok((0, 1)), read_cookie)?;
        let size = prefer.page.unwrap_or(MOST).clamp(1, MOST);
        let page = rows.iter().take(top).skip(start).take(size);
        let page = page.map(|record| show(*record, &query, prefer.annotate)).collect::<Result<Vec<_>, _>>()?;
        let end = start + page.len();
        let mut answer = Map::new();
        let columns = if query.select.is_empty() { String::new() } else { format!("({})", query.select.join(",")) };
        let context = format!("{}$metadata#{}{columns}", self.base, table.set);
        answer.insert("@odata.context".to_owned(), json!(context));
        if query.count {
            answer.insert("@odata.count".to_owned(), json!(rows.len().min(MOST)));
        }
        answer.insert("value".to_owned(), page.into());
        if end < rows.len().min(top) {
            let link = next_link(self.url, self.raw, end, page_number + 1);
            answer.insert("@odata.nextLink".to_owned(), json!(link));
        }
        Ok(answer.into())
    }

    /// The number of `rows` that the query leaves, capped.
    pub(crate) fn count(&self, mut rows: Vec<RowRecord<'_>>) -> Result<usize, Refusal> {
        narrow(&mut rows, &parse_query(self.raw)?)?;
        Ok(rows.len().min(MOST))
    }
}

/// Reads the options of a request; `$skip` is one of those Dataverse refuses.
pub(crate) fn parse_query(raw: &str) -> Result<Query, Refusal> {
    let query = Query::parse(&pairs(raw)?)?;
    match query.skip {
        Some(_) => Err(Refusal::query("The query parameter $skip is not supported.")),
        None => Ok(query),
    }
}

fn pairs(raw: &str) -> Result<Vec<(String, String)>, Refusal> {
    let unreadable = || Refusal::query("The query string cannot be read.");
    let uri: Uri = format!("/?{raw}").parse().map_err(|_| unreadable())?;
    Pairs::try_from_uri(&uri).map(|Pairs(pairs)| pairs).map_err(|_| unreadable())
}

/// The same query with a cookie, which is URL-encoded twice as in the real service.
fn next_link(address: &str, raw: &str, start: usize, page: usize) -> String {
    let kept: Vec<&str> = raw
        .split('&')
        .filter(|pair| !pair.is_empty() && !pair.starts_with("$skiptoken=") && !pair.starts_with("%24skiptoken="))
        .collect();
    let cookie = format!("<cookie pagenumber=\"{page}\" pagingcookie=\"{start}\" istracking=\"False\" />");
    let token = encode(&encode(&cookie));
    let separator = if kept.is_empty() { "" } else { "&" };
    format!("{address}?{}{separator}$skiptoken={token}", kept.join("&"))
}

fn read_cookie(token: &str) -> Result<(usize, usize), Refusal> {
    // The query string took one layer of encoding away; the other is still there.
    let number = |name: &str| -> Option<usize> {
        let (_, rest) = token.split_once(&encode(&format!("{name}=\"")))?;
        rest.split('%').next()?.parse().ok()
    };
    number("pagingcookie").zip(number("pagenumber")).ok_or_else(|| Refusal::query("The paging cookie is not valid."))
}

fn encode(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
