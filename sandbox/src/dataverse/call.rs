//! A request as Dataverse understands it: what it names, what it wants, and who asks.

use serde_json::{Map, Value};

use super::address::Address;
use super::refusal::Refusal;

/// One request, alone or as a part of a batch.
#[derive(Debug, Clone)]
pub(crate) struct Call {
    /// The method.
    pub(crate) method: String,
    /// What the path names.
    pub(crate) address: Address,
    /// The address that was asked for, without its query.
    pub(crate) url: String,
    /// The query as it was sent.
    pub(crate) raw: String,
    /// What the headers want.
    pub(crate) wants: Wants,
    /// The address of the service root.
    pub(crate) base: String,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// What the headers of a request want.
#[derive(Debug, Clone, Default)]
pub(crate) struct Wants {
    /// `odata.maxpagesize`
    pub(crate) page: Option<usize>,
    /// `odata.include-annotations`
    pub(crate) annotations: Annotations,
    /// `return=representation`
    pub(crate) representation: bool,
    /// `odata.track-changes`
    pub(crate) changes: bool,
    /// `odata.continue-on-error`
    pub(crate) go_on: bool,
    /// `If-Match`: `*` or an etag
    pub(crate) if_match: Option<String>,
    /// `If-None-Match`: `*`, an etag, or the literal `null`, which means nothing
    pub(crate) if_none_match: Option<String>,
    /// `MSCRM.SuppressDuplicateDetection: false`
    pub(crate) detect_duplicates: bool,
    /// `CallerObjectId`
    pub(crate) caller_object: Option<String>,
    /// `MSCRMCallerID`
    pub(crate) caller_user: Option<String>,
    /// `Content-Type`
    pub(crate) content_type: String,
    /// `Content-ID` of a part of a batch
    pub(crate) content_id: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone)]
pub(crate) struct Asker {
    /// The user whose rights count and whose name is on what is written.
    pub(crate) user: String,
    /// The user who really asked, where the two are different.
    pub(crate) on_behalf: Option<String>,
    /// Whether a duplicate is to be refused.
    pub(crate) detect_duplicates: bool,
}

/// The annotations a reader wants: names with `*` at the end, and a `-` before those it does not want.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Annotations(Vec<String>);

impl Annotations {
    /// Whether the reader wants this one (behaviour 6).
    pub(crate) fn want(&self, name: &str) -> bool {
        let fits = |pattern: &str| pattern.strip_suffix('*').map_or(pattern == name, |start| name.starts_with(start));
        let refused = self.0.iter().filter_map(|pattern| pattern.strip_prefix('-')).any(fits);
        !refused && self.0.iter().any(|pattern| fits(pattern))
    }

    /// Whether there are none.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Call {
    /// The body as a JSON object.
    pub(crate) fn object(&self) -> Result<Map<String, Value>, Refusal> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::payload(format!("The payload cannot be read: {error}.")))
    }
}

impl Wants {
    /// Reads headers; names in any case.
    pub(crate) fn read<'a>(headers: impl Iterator<Item = (&'a str, &'a str)>) -> Wants {
        let mut wants = Wants::default();
        for (name, value) in headers {
            let value = value.trim();
            match name.to_ascii_lowercase().as_str() {
                "prefer" => wants.prefer(value),
                "if-match" => wants.if_match = Some(value.to_owned()),
                "if-none-match" if value != "null" => wants.if_none_match = Some(value.to_owned()),
                "mscrm.suppressduplicatedetection" => wants.detect_duplicates = value.eq_ignore_ascii_case("false"),
                "callerobjectid" => wants.caller_object = Some(value.to_ascii_lowercase()),
                "mscrmcallerid" => wants.caller_user = Some(value.to_ascii_lowercase()),
                "content-type" => wants.content_type = value.to_owned(),
                "content-id" => wants.content_id = Some(value.to_owned()),
                _ => {}
            }
        }
        wants
    }

    /// `Prefer` comes as one list or as several headers, values quoted or not.
    fn prefer(&mut self, list: &str) {
        for preference in outside_quotes(list) {
            let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
            match (name.trim().to_ascii_lowercase().as_str(), value.trim().trim_matches('"')) {
                ("return", "representation") => self.representation = true,
                ("odata.maxpagesize", size) => self.page = size.parse().ok().filter(|size| *size > 0),
                ("odata.include-annotations", names) => {
                    let names = names.split(',').map(|name| name.trim().to_owned());
                    self.annotations = Annotations(names.filter(|name| !name.is_empty()).collect());
                }
                ("odata.track-changes", _) => self.changes = true,
                ("odata.continue-on-error", value) => self.go_on = value != "false",
                _ => {}
            }
        }
    }
}

/// Splits at commas outside double quotes.
fn outside_quotes(list: &str) -> impl Iterator<Item = &str> {
    let mut quoted = false;
    list.split(move |next| {
        quoted ^= next == '"';
        next == ',' && !quoted
    })
}
