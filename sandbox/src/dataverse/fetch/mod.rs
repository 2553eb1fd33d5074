//! `?fetchXml=`: the same rows asked for in the platform's own query language.
//!
//! What is played: columns, nested filters, order, `top`, `count` and `page`, `returntotalrecordcount`, `distinct`,
//! aggregates, and links that follow a lookup of the table to the row it points at.
//!
//! `xml` reads the text, `filter` the conditions in it, `links` follows the lookups, and `sums` answers aggregates.

mod filter;
mod links;
mod sums;
mod xml;

use std::collections::HashSet;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::Call;
use super::filter::check_path;
use super::list::MOST;
use super::record::RowRecord;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use super::select::{Chosen, Wanted, passes};
use super::tables::Table;
use crate::odata::{Expression, Order, Query};
use filter::condition;
use links::{all_lead_somewhere, join, linked};
use sums::summed;
use xml::{Element, read};

/// The refusal of a query that cannot be read.
pub(crate) fn bad(what: &str) -> Refusal {
    Refusal::argument(format!("The fetch query cannot be read: {what}."))
}

/// Which part of what a query finds is wanted.
struct Part {
    skip: usize,
    /// Rows on the page.
    size: usize,
    page: usize,
    /// Most rows of all pages together.
    top: usize,
}

/// Answers a query.
pub(crate) fn fetch(crm: &Dataverse, call: &Call, table: &Table, text: &str) -> Result<Reply, Refusal> {
    let root = read(text)?;
    let entity =
        root.named("entity").next().filter(|_| root.name == "fetch").ok_or_else(|| bad("no 'entity' is in it"))?;
    if entity.get("name") != Some(table.logical.as_str()) {
        return Err(bad(&format!("its entity is not {}", table.logical)));
    }
    let filter = filter_of(crm, table, entity)?;
    let joins = entity.named("link-entity").map(|link| join(crm, table, link)).collect::<Result<Vec<_>, _>>()?;
    let found = |record: RowRecord<'_>| Ok(passes(record, filter.as_ref())? && all_lead_somewhere(&joins, record)?);
    let part = Part::of(&root, call);
    if root.has("aggregate") {
        let rows = crm.source(table, filter.as_ref(), &[], 0).choose(&Wanted::ALL, found)?.rows;
        let groups = summed(crm, table, entity, rows)?;
        let total = groups.len().min(part.top);
        let shown: Vec<Value> = groups.into_iter().take(part.top).skip(part.skip).take(part.size).collect();
        let more = total > part.skip.saturating_add(shown.len());
        return Ok(page_of(call, table, &part, shown, more, None));
    }
    let orders = orders(crm, table, entity)?;
    let query = columns(table, entity)?;
    let counts = root.has("returntotalrecordcount");
    let most = part.top.saturating_sub(part.skip).min(part.size + 1);
    let wanted = Wanted { orders: &orders, skip: part.skip, most, count: counts, ..Wanted::ALL };
    let mut distinct = root.has("distinct").then(HashSet::new);
    let Chosen { rows, total } = crm.source(table, filter.as_ref(), &orders, 0).choose(&wanted, |record| {
        Ok(found(record)? && distinct.as_mut().map_or(Ok(true), |seen| is_new(call, record, entity, &query, seen))?)
    })?;
    let more = rows.len() > part.size;
    let shown = rows.iter().take(part.size).map(|record| show(call, *record, entity, &query));
    let shown = shown.collect::<Result<Vec<_>, _>>()?;
    Ok(page_of(call, table, &part, shown, more, counts.then_some(total)))
}

impl Part {
    fn of(root: &Element, call: &Call) -> Part {
        let size = root.number("count").unwrap_or_else(|| call.page()).clamp(1, MOST);
        let page = root.number("page").unwrap_or(1).max(1);
        Part { skip: (page - 1).saturating_mul(size), size, page, top: root.number("top").unwrap_or(usize::MAX) }
    }
}

/// Whether no row before has shown the same, apart from which row it is.
fn is_new(
    call: &Call,
    record: RowRecord<'_>,
    entity: &Element,
    query: &Query,
    seen: &mut HashSet<String>,
) -> Result<bool, Refusal> {
    let mut shown = show(call, record, entity, query)?;
    if let Some(shown) = shown.as_object_mut() {
        shown.shift_remove("@odata.etag");
        if !query.select.contains(&record.table.key) {
            shown.shift_remove(&record.table.key);
        }
    }
    Ok(seen.insert(shown.to_string()))
}

fn page_of(call: &Call, table: &Table, part: &Part, shown: Vec<Value>, more: bool, total: Option<usize>) -> Reply {
    let mut answer = Map::new();
    answer.insert("@odata.context".to_owned(), json!(format!("{}$metadata#{}", call.base, table.set)));
    if let Some(total) = total {
        answer.insert("@Microsoft.Dynamics.CRM.totalrecordcount".to_owned(), json!(total.min(MOST)));
        let exceeded = json!(total > MOST);
        answer.insert("@Microsoft.Dynamics.CRM.totalrecordcountlimitexceeded".to_owned(), exceeded);
    }
    if more {
        let page = part.page;
        let cookie = super::page::encode(&super::page::encode(&format!("<cookie page=\"{page}\" />")));
        let cookie = format!("<cookie pagenumber=\"{}\" pagingcookie=\"{cookie}\" istracking=\"False\" />", page + 1);
        answer.insert("@Microsoft.Dynamics.CRM.fetchxmlpagingcookie".to_owned(), json!(cookie));
        answer.insert("@Microsoft.Dynamics.CRM.morerecords".to_owned(), json!(true));
    }
    answer.insert("value".to_owned(), shown.into());
    Reply::json(StatusCode::OK, answer)
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

fn show(call: &Call, record: RowRecord<'_>, entity: &Element, query: &Query) -> Result<Value, Refusal> {
    let Value::Object(mut shown) = call.reader().show(record, query)? else {
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
