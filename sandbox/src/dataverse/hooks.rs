//! What is told of a write, and to whom (behaviours 18, 19).
//!
//! A webhook is two rows: an endpoint with an address, and a step that ties it to a message and a table. `Told`
//! gathers what a request sent, a [`Notification`] is that as a step wants it, and `deliver` posts it.

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::call::Asker;
use super::context::{Event, body};
use super::draft::Draft;
use super::rows::Dataverse;
use super::seed::ORGANIZATION_NAME;
use super::shelf::{Link, Row};

/// Webhooks among the kinds of endpoints.
const WEBHOOK: i64 = 8;

/// A step that is done before the request is answered.
const SYNCHRONOUS: i64 = 0;

/// Longer bodies lose their details.
const LONGEST: usize = 256 * 1024;

/// More that one request tells is left out.
const MOST: usize = 10_000;

/// The same for the length of the bodies together, in bytes.
const MOST_BYTES: usize = 256 * 1024 * 1024;

/// What a request sent of a row: not what is different now, but what was there to be read (behaviour 19).
#[derive(Debug, Clone, Default)]
pub(crate) struct Told {
    /// Plain columns.
    pub(crate) values: Map<String, Value>,
    /// Lookups.
    pub(crate) links: IndexMap<String, Option<Link>>,
}

/// A body on its way to an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Notification {
    /// The address, with the key in it where the endpoint wants it there.
    pub(crate) url: String,
    /// Headers.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
    /// Whether the request waits for it.
    pub(crate) synchronous: bool,
    /// Whether a job that went well leaves no trace.
    pub(crate) leaves_no_trace: bool,
    /// The step's name.
    pub(crate) step: String,
}

impl Told {
    /// What a draft says.
    pub(crate) fn of(draft: &Draft) -> Told {
        Told { values: draft.values.clone(), links: draft.links.clone() }
    }

    /// Some columns of a row.
    pub(crate) fn of_row(row: &Row, columns: &[&str]) -> Told {
        let value = |column: &&str| Some(((*column).to_owned(), row.values.get(*column)?.clone()));
        Told { values: columns.iter().filter_map(value).collect(), links: IndexMap::new() }
    }

    fn has(&self, column: &str) -> bool {
        self.values.contains_key(column) || self.links.contains_key(column)
    }
}

impl Dataverse {
    /// Tells the steps that are registered for a message of a table.
    pub(crate) fn tell(&mut self, message: &str, table: &str, id: &str, told: Told, asker: &Asker) {
        let shelf = self.shelf("sdkmessageprocessingstep");
        if shelf.is_none_or(|shelf| shelf.len() == 0) || self.outbox.len() >= MOST || self.outbox_is_heavy() {
            return;
        }
        let event = Event { message, table, id, told: &told, asker };
        let steps = self.rows("sdkmessageprocessingstep").filter(|step| self.wants(step, &event));
        let notifications: Vec<Notification> = steps.filter_map(|step| self.notification(step, &event)).collect();
        self.outbox.extend(notifications);
    }

    fn outbox_is_heavy(&self) -> bool {
        // With few in it there is nothing to add up: each has its own limit.
        self.outbox.len() > MOST_BYTES / LONGEST
            && self.outbox.iter().map(|notification| notification.body.len()).sum::<usize>() > MOST_BYTES
    }

    fn wants(&self, step: &Row, event: &Event<'_>) -> bool {
        let linked = |column: &str| step.links.get(column).and_then(|link| self.row(&link.table, &link.id));
        let message = linked("sdkmessageid").is_some_and(|message| message.text("name") == Some(event.message));
        let table =
            linked("sdkmessagefilterid").is_none_or(|filter| filter.text("primaryobjecttypecode") == Some(event.table));
        let columns = step.text("filteringattributes").unwrap_or_default();
        let mut columns = columns.split(',').map(str::trim).filter(|column| !column.is_empty()).peekable();
        // Columns only narrow updates down.
        let sent =
            event.message != "Update" || columns.peek().is_none() || columns.any(|column| event.told.has(column));
        step.number("statecode") == Some(0) && message && table && sent
    }

    fn notification(&self, step: &Row, event: &Event<'_>) -> Option<Notification> {
        let endpoint = step.links.get("eventhandler").and_then(|link| self.row(&link.table, &link.id))?;
        if endpoint.number("contract") != Some(WEBHOOK) {
            return None;
        }
        let synchronous = step.number("mode") == Some(SYNCHRONOUS);
        let context = body(self, step, event, synchronous);
        let mut headers = vec![
            ("x-ms-dynamics-organization".to_owned(), ORGANIZATION_NAME.to_owned()),
            ("x-ms-dynamics-entity-name".to_owned(), event.table.to_owned()),
            ("x-ms-dynamics-request-name".to_owned(), event.message.to_owned()),
            ("x-ms-correlation-request-id".to_owned(), context.correlation.clone()),
        ];
        let mut text = context.text(false);
        if text.len() > LONGEST {
            headers.push(("x-ms-dynamics-msg-size-exceeded".to_owned(), "true".to_owned()));
            text = context.text(true);
        }
        let (url, own) = address(endpoint)?;
        headers.extend(own);
        Some(Notification {
            url,
            headers,
            body: text,
            synchronous,
            leaves_no_trace: step.values.get("asyncautodelete") == Some(&Value::Bool(true)),
            step: step.text("name").unwrap_or_default().to_owned(),
        })
    }
}

/// The address of an endpoint with its key: in the query as `code`, or in headers or the query by names of its own.
fn address(endpoint: &Row) -> Option<(String, Vec<(String, String)>)> {
    let url = endpoint.text("url")?.to_owned();
    let key = endpoint.text("authvalue").unwrap_or_default();
    let with = |pairs: Vec<(String, String)>| {
        let separator = if url.contains('?') { '&' } else { '?' };
        let pair =
            |(name, value): &(String, String)| format!("{}={}", super::page::encode(name), super::page::encode(value));
        let query = pairs.iter().map(pair).collect::<Vec<_>>().join("&");
        if query.is_empty() { url.clone() } else { format!("{url}{separator}{query}") }
    };
    match endpoint.number("authtype") {
        Some(4) if !key.is_empty() => Some((with(vec![("code".to_owned(), key.to_owned())]), Vec::new())),
        Some(5) => Some((url.clone(), settings(key))),
        Some(6) => Some((with(settings(key)), Vec::new())),
        _ => Some((url.clone(), Vec::new())),
    }
}

/// `<settings><setting name="a" value="b"/></settings>`
fn settings(text: &str) -> Vec<(String, String)> {
    let attribute = |tag: &str, name: &str| {
        let (_, rest) = tag.split_once(&format!("{name}=\""))?;
        rest.split_once('"').map(|(value, _)| value.to_owned())
    };
    let tags = text.split("<setting ").skip(1).filter_map(|rest| rest.split('>').next());
    tags.filter_map(|tag| Some((attribute(tag, "name")?, attribute(tag, "value")?))).collect()
}
