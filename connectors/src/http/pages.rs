//! Lists that come in pages: each page names the address of the next.

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::{Method, Url};
use serde_json::{Value, json};

use super::api;
use super::call::{First, Http, LONGEST_BODY};
use super::operations::{HttpReply, Pages};
use crate::client::Reply;

/// How many items may be asked for, as in Power Automate.
const MOST_ITEMS: usize = 100_000;

/// How many pages are read. A service may give pages that are short or empty.
const MOST_PAGES: usize = 2000;

/// What a page calls the next one, in the order in which they are tried.
const LINKS: [&str; 2] = ["nextLink", "@odata.nextLink"];

/// Refuses pages that cannot be read: before anything is sent.
pub(super) fn checked(pages: &Pages, first: &First) -> Result<(), CallError> {
    if first.method != Method::GET {
        // Were a later page to fail, a repeat of the call would do the first request again.
        return Err(api::refused(format!("`pages` goes with the method GET, not with {}", first.method)));
    }
    match pages.at_least {
        1..=MOST_ITEMS => Ok(()),
        _ => Err(api::refused(format!("`pages.at_least` must be from 1 to {MOST_ITEMS}"))),
    }
}

/// The items of the first page and of those after it, with the status and headers of the first. All pages
/// together are as long as one answer may be.
pub(super) async fn all(http: &Http, first: &First, reply: &Reply, pages: &Pages) -> Result<HttpReply, CallError> {
    let envelope = api::envelope(reply);
    let mut left = LONGEST_BODY.saturating_sub(reply.body().len());
    let mut page = Page::read(first, &first.url, reply)?;
    let mut items = page.items;
    for _ in 1..MOST_PAGES {
        let Some(url) = page.next.filter(|_| items.len() < pages.at_least) else {
            return Ok(HttpReply { body: json!({ "value": items }), envelope });
        };
        let reply = http.send(first.follow(url.clone()), left).await?.accepted()?;
        left = left.saturating_sub(reply.body().len());
        page = Page::read(first, &url, &reply)?;
        items.append(&mut page.items);
    }
    let message = format!("{}: there are more than {MOST_PAGES} pages", api::doing(&first.method, &first.url));
    Err(CallError::new(CallErrorKind::Unexpected, message))
}

/// One page: its items, and where the next one is.
struct Page {
    items: Vec<Value>,
    next: Option<Url>,
}

impl Page {
    /// The page in an answer to a request of `url`.
    fn read(first: &First, url: &Url, reply: &Reply) -> Result<Page, CallError> {
        let mut body = reply.decoded();
        let Some(Value::Array(items)) = body.get_mut("value").map(Value::take) else {
            return Err(reply.unexpected("has no list `value`, so it is no page"));
        };
        let link = LINKS.iter().find_map(|name| body.get(*name)?.as_str()).filter(|link| !link.is_empty());
        let next = link.map(|link| first.linked(url, link)).transpose()?;
        match next {
            Some(next) if !first.is_same_host(&next) => Err(first.not_followed("a next page on another host")),
            Some(next) if next == *url => Err(first.not_followed("the same page as its next")),
            next => Ok(Page { items, next }),
        }
    }
}
