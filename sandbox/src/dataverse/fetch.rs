//! `?fetchXml=`: the same rows asked for in the platform's own query language.
//!
//! What is played: columns, nested filters, order, `top`, `count` and `page`, `returntotalrecordcount`, and links
//! that follow a lookup of the table to the row it points at. `fetch_filter` reads the conditions.

use axum::http::StatusCode;
use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};
use serde_json::{Map, Value, json};

use super::call::Call;
use super::fetch_filter::condition;
use super::filter::check_path;
use super::list::MOST;
use super::record::RowRecord;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use super::select::{Chosen, Wanted, passes};
use super::tables::Table;
use crate::odata::{Expression, Order, Query};

/// Elements nested deeper than this are refused.
const DEEPEST: usize = 20;

/// More elements are refused.
const MOST_ELEMENTS: usize = 2_000;

/// One element of the query.
#[derive(Debug, Default, Clone)]
pub(crate) struct Element {
    /// Its name.
    pub(crate) name: String,
    attributes: Vec<(String, String)>,
    /// The elements in it.
    pub(crate) children: Vec<Element>,
    /// The text in it.
    pub(crate) text: String,
}

impl Element {
    /// An attribute.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }

    fn named<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Element> {
        self.children.iter().filter(move |child| child.name == name)
    }

    fn number(&self, name: &str) -> Option<usize> {
        self.get(name)?.parse().ok()
    }
}

/// The refusal of a query that cannot be read.
pub(crate) fn bad(what: &str) -> Refusal {
    Refusal::argument(format!("The fetch query cannot be read: {what}."))
}

/// Answers a query.
pub(crate) fn fetch(crm: &Dataverse, call: &Call, table: &Table, text: &str) -> Result<Reply, Refusal> {
    let root = read(text)?;
    let entity =
        root.named("entity").next().filter(|_| root.name == "fetch").ok_or_else(|| bad("no 'entity' is in it"))?;
    if entity.get("name") != Some(table.logical.as_str()) {
        return Err(bad(&format!("its entity is not {}", table.logical)));
    }
    if root.get("aggregate") == Some("true") {
        return Err(Refusal::not_played("aggregates of fetchXml"));
    }
    let filter = filter_of(crm, table, entity)?;
    let orders = orders(crm, table, entity)?;
    let joins = entity.named("link-entity").map(|link| join(crm, table, link)).collect::<Result<Vec<_>, _>>()?;
    let counts = root.get("returntotalrecordcount") == Some("true");
    let top = root.number("top").unwrap_or(usize::MAX);
    let size = root.number("count").unwrap_or_else(|| call.page()).clamp(1, MOST);
    let page = root.number("page").unwrap_or(1).max(1);
    let skip = (page - 1).saturating_mul(size);
    let most = top.saturating_sub(skip).min(size + 1);
    let wanted = Wanted { orders: &orders, skip, most, count: counts, ..Wanted::ALL };
    let source = crm.source(table, filter.as_ref(), &orders, 0);
    let Chosen { rows, total } =
        source.choose(&wanted, |record| Ok(passes(record, filter.as_ref())? && all_lead_somewhere(&joins, record)?))?;
    let more = rows.len() > size;
    let shown = rows.iter().take(size).map(|record| show(call, *record, entity));
    let shown = shown.collect::<Result<Vec<_>, _>>()?;
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), json!(format!("{}$metadata#{}", call.base, table.set)));
    if counts {
        answer.insert("@Microsoft.Dynamics.CRM.totalrecordcount".to_owned(), json!(total.min(MOST)));
        let exceeded = json!(total > MOST);
        answer.insert("@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded".to_owned(), exceeded);
    }
    if more {
        let cookie = super::page::encode(&super::page::encode(&format!("<cookie page=\"{page}\" />")));
        let cookie = format!("<cookie pagenumber=\"{}\" pagingcookie=\"{cookie}\" istracking=\"False\" />", page + 1);
        answer.insert("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie".to_owned(), json!(cookie));
        answer.insert("@Microsoft.Dynamics.CRM.morerecords".to_owned(), json!(true));
    }
    answer.insert("value".to_owned(), shown.into());
    Ok(Reply::json(StatusCode::OK, answer))
}

fn filter_of(crm: &Dataverse, table: &Table, entity: &Element) -> Result<Option<Expression>, Refusal> {
    let mut filters = entity.named("filter");
    match (filters.next(), filters.next()) {
        (None, _) => Ok(None),
        (Some(filter), None) => condition(crm, table, filter),
        _ => Err(bad("there are several filters beside each other")),
    }
}

fn orders(crm: &Dataverse, table: &Table, entity: &Element) -> Result<Vec<Order>, Refusal> {
    let order = |element: &Element| {
        let name = element.get("attribute").ok_or_else(|| bad("an order names no attribute"))?;
        let path = vec![read_name(table, name)];
        check_path(crm, table, &path)?;
        Ok(Order { path, descending: element.get("descending") == Some("true") })
    };
    entity.named("order").map(order).collect()
}

/// A link that a row must have.
struct Join<'a> {
    target: &'a Table,
    column: &'a str,
    filter: Option<Expression>,
}

/// What a link asks of a row; an outer one is followed only to be shown.
fn join<'a>(crm: &'a Dataverse, table: &'a Table, link: &Element) -> Result<Option<Join<'a>>, Refusal> {
    let (target, column) = linked(crm, table, link)?;
    let filter = filter_of(crm, target, link)?;
    let outer = link.get("link-type") == Some("outer");
    Ok((!outer).then_some(Join { target, column, filter }))
}

/// Whether each link of a row leads to a row that is not filtered out.
fn all_lead_somewhere(joins: &[Option<Join<'_>>], record: RowRecord<'_>) -> Result<bool, Refusal> {
    for join in joins.iter().flatten() {
        record.crm.budget.spend(1);
        let there = record.follow(join.column).filter(|other| other.table.logical == join.target.logical);
        if !there.map_or(Ok(false), |other| passes(other, join.filter.as_ref()))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The table of a link, and the lookup that leads there.
fn linked<'a>(crm: &'a Dataverse, table: &'a Table, link: &Element) -> Result<(&'a Table, &'a str), Refusal> {
    let target = crm.table(link.get("name").unwrap_or_default())?;
    let lookup = table
        .lookups
        .iter()
        .find(|lookup| Some(lookup.column.as_str()) == link.get("to") && lookup.target == target.logical);
    match lookup {
        Some(lookup) if link.get("from") == Some(target.key.as_str()) && link.named("link-entity").next().is_none() => {
            Ok((target, &lookup.column))
        }
        _ => Err(Refusal::not_played("a link-entity that does not follow a lookup")),
    }
}

fn show(call: &Call, record: RowRecord<'_>, entity: &Element) -> Result<Value, Refusal> {
    let Value::Object(mut shown) = call.reader().show(record, &columns(record.table, entity)?)? else {
        return Ok(Value::Null);
    };
    for link in entity.named("link-entity") {
        let (target, column) = linked(record.crm, record.table, link)?;
        let Some(other) = record.follow(column).filter(|other| other.table.logical == target.logical) else { continue };
        let alias = link.get("alias").unwrap_or(&target.logical);
        let Value::Object(members) = call.reader().show(other, &columns(target, link)?)? else { continue };
        let wanted = link.named("attribute").filter_map(|attribute| attribute.get("name"));
        let wanted: Vec<String> = wanted.map(|name| read_name(target, name)).collect();
        for (name, value) in members {
            // A dot in a name is written so in JSON.
            if wanted.iter().any(|wanted| name.split('@').next() == Some(wanted)) {
                shown.insert(format!("{alias}_x002e_{name}"), value);
            }
        }
    }
    Ok(shown.into())
}

fn columns(table: &Table, entity: &Element) -> Result<Query, Refusal> {
    let names = entity.named("attribute").filter_map(|attribute| attribute.get("name"));
    let mut select: Vec<String> = names.map(|name| read_name(table, name)).collect();
    let known =
        |name: &String| *name == table.key || table.columns.contains_key(name) || table.lookup_value(name).is_some();
    if let Some(name) = select.iter().find(|name| !known(name)) {
        return Err(Refusal::argument(format!(
            "'{}' entity doesn't contain attribute with Name = '{name}'.",
            table.logical
        )));
    }
    if select.is_empty() && entity.named("all-attributes").next().is_none() {
        select.push(table.key.clone());
    }
    Ok(Query { select, ..Query::default() })
}

/// A lookup is read by another name than it has in the table.
pub(crate) fn read_name(table: &Table, name: &str) -> String {
    let lookup = format!("_{name}_value");
    if table.lookup_value(&lookup).is_some() { lookup } else { name.to_owned() }
}

fn read(text: &str) -> Result<Element, Refusal> {
    let mut reader = Reader::from_str(text);
    let mut open = vec![Element::default()];
    let mut seen = 0;
    loop {
        let event = reader.read_event().map_err(|error| bad(&error.to_string()))?;
        seen += 1;
        if open.len() > DEEPEST || seen > MOST_ELEMENTS {
            return Err(bad("it is too long or nested too deeply"));
        }
        match event {
            Event::Start(start) => open.push(element(&start)?),
            Event::Empty(start) => put(&mut open, element(&start)?),
            Event::Text(text) => {
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&text);
                }
            }
            Event::GeneralRef(name) => {
                let text = format!("&{};", &*name);
                let text = quick_xml::escape::unescape(&text).map_err(|error| bad(&error.to_string()))?;
                if let Some(current) = open.last_mut() {
                    current.text.push_str(&text);
                }
            }
            Event::End(_) => {
                if let Some(done) = open.pop() {
                    put(&mut open, done);
                }
            }
            Event::Eof => break,
            _ => {}
        }
    }
    match open.as_mut_slice() {
        [root] => root.children.pop().ok_or_else(|| bad("it is empty")),
        _ => Err(bad("an element is not closed")),
    }
}

fn put(open: &mut [Element], element: Element) {
    if let Some(parent) = open.last_mut() {
        parent.children.push(element);
    }
}

fn element(start: &BytesStart<'_>) -> Result<Element, Refusal> {
    let name = start.name().as_ref().to_owned();
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|error| bad(&error.to_string()))?;
        let value =
            quick_xml::escape::unescape(&attribute.value).map_err(|error| bad(&error.to_string()))?.into_owned();
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Ok(Element { name, attributes, ..Element::default() })
}
