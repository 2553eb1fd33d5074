//! The cookie in a link to the next page.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use super::refusal::Refusal;

/// Where a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Start {
    /// At this place of a list in an order of its own.
    At(usize),
    /// After the row that was made with this version. A write to another row does not upset the page.
    After(u64),
}

/// What a link to the next page carries.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cookie {
    /// Where the page begins.
    pub(crate) start: Start,
    /// Its number.
    pub(crate) page: usize,
    /// For changes: those since this version.
    pub(crate) since: Option<u64>,
    /// For changes: the version up to which the pages reach, from where the next question goes on.
    pub(crate) until: Option<u64>,
}

impl Default for Cookie {
    fn default() -> Cookie {
        Cookie { start: Start::After(0), page: 1, since: None, until: None }
    }
}

impl Cookie {
    /// The same query with the cookie, which is URL-encoded twice as in the real service.
    pub(crate) fn link(&self, url: &str, raw: &str) -> String {
        with_token(url, raw, "skiptoken", &encode(&self.text()))
    }

    /// Reads the cookie of a request. The query string took one layer of encoding away, or a client both.
    pub(crate) fn read(token: &str) -> Result<Cookie, Refusal> {
        let bad = || Refusal::query("The paging cookie is not valid.");
        let text = percent_decode_str(token).decode_utf8().map_err(|_| bad())?;
        let field = |name: &str| -> Option<&str> {
            let (_, rest) = text.split_once(&format!(" {name}=\""))?;
            rest.split_once('"').map(|(value, _)| value)
        };
        let start = field("pagingcookie").and_then(|start| match start.strip_prefix("after-") {
            Some(born) => born.parse().ok().map(Start::After),
            None => start.parse().ok().map(Start::At),
        });
        let page = field("pagenumber").and_then(|page| page.parse().ok());
        let version = |name: &str| field(name).and_then(|version| version.parse().ok());
        let (start, page) = start.zip(page).filter(|(_, page)| *page < usize::MAX).ok_or_else(bad)?;
        Ok(Cookie { start, page, since: version("since"), until: version("until") })
    }

    fn text(&self) -> String {
        let start = match self.start {
            Start::At(offset) => offset.to_string(),
            Start::After(born) => format!("after-{born}"),
        };
        let field = |name: &str, version: Option<u64>| {
            version.map_or_else(String::new, |version| format!(" {name}=\"{version}\""))
        };
        let tracking = if self.until.is_some() { "True" } else { "False" };
        let (since, until) = (field("since", self.since), field("until", self.until));
        let page = self.page;
        format!("<cookie pagenumber=\"{page}\" pagingcookie=\"{start}\"{since}{until} istracking=\"{tracking}\" />")
    }
}

/// The same query with another token, which is encoded once more.
pub(crate) fn with_token(url: &str, raw: &str, name: &str, token: &str) -> String {
    let is_token = |pair: &str| {
        let name = pair.split('=').next().unwrap_or_default().replace("%24", "$");
        matches!(name.as_str(), "$skiptoken" | "$deltatoken")
    };
    let kept: Vec<&str> = raw.split('&').filter(|pair| !pair.is_empty() && !is_token(pair)).collect();
    let separator = if kept.is_empty() { "" } else { "&" };
    format!("{url}?{}{separator}${name}={}", kept.join("&"), encode(token))
}

/// Everything but letters and digits.
pub(crate) fn encode(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}
