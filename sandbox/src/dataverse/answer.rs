//! What is done for a request: the method and the path say which of the parts of the Web API answers.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::address::{Address, Tail};
use super::call::{Asker, Call};
use super::draft::describe;
use super::fetch::fetch;
use super::keys::Key;
use super::metadata;
use super::operations::operation;
use super::record::RowRecord;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use super::select::{Source, Wanted, passes, prepared};
use super::shelf::Link;
use super::tables::Table;
use super::write::{Conditions, Patched};
use super::{bulk, csdl};
use crate::odata::Query;

/// Answers one request.
pub(crate) fn answer(crm: &mut Dataverse, call: &Call, asker: &Asker) -> Result<Reply, Refusal> {
    match (call.method.as_str(), &call.address) {
        ("GET", Address::Root) => Ok(Reply::json(StatusCode::OK, csdl::service_document(crm, &call.base))),
        ("GET", Address::Metadata) => Ok(Reply::text("application/xml", csdl::document(crm))),
        ("GET", Address::Set(set)) => list(crm, call, set),
        ("GET", Address::Count(set)) => {
            let table = Arc::clone(crm.table_of_set(set)?);
            Ok(number(call.count(crm, &table)?))
        }
        ("GET", Address::Row(set, key)) => read(crm, call, set, key),
        ("GET", Address::Member(set, key, name, tail)) => member(crm, call, set, key, name, tail),
        ("POST", Address::Set(set)) => create(crm, call, set, asker),
        ("PATCH", Address::Row(set, key)) => patch(crm, call, set, key, asker),
        ("DELETE", Address::Row(set, key)) => {
            let table = Arc::clone(crm.table_of_set(set)?);
            crm.delete(&table, key, &conditions(call), asker)?;
            Ok(Reply::nothing())
        }
        ("PUT" | "DELETE", Address::Member(set, key, name, Tail::None)) => property(crm, call, set, key, name, asker),
        ("POST" | "PUT" | "DELETE", Address::Member(set, key, name, Tail::Reference | Tail::ReferenceTo(_))) => {
            reference(crm, call, set, key, name, asker)
        }
        ("POST", Address::SetAction(set, action)) => {
            let table = Arc::clone(crm.table_of_set(set)?);
            bulk::act(crm, call, &table, action, asker)
        }
        ("POST", Address::RowAction(set, key, action)) if set == "leads" && action == "QualifyLead" => {
            crm.qualify(call, key, asker)
        }
        (_, Address::RowAction(_, _, action) | Address::SetAction(_, action)) => {
            Err(Refusal::no_segment(&format!("Microsoft.Dynamics.CRM.{action}")))
        }
        (_, Address::Operation(name, arguments)) => operation(crm, call, name, arguments, asker),
        (_, Address::Definitions(path)) => metadata::answer(crm, call, path),
        _ => Err(Refusal::no_method(&call.url)),
    }
}

fn list(crm: &mut Dataverse, call: &Call, set: &str) -> Result<Reply, Refusal> {
    let table = &Arc::clone(crm.table_of_set(set)?);
    let pairs = crate::odata::decoded_pairs(&call.raw).unwrap_or_default();
    for (name, value) in &pairs {
        match name.as_str() {
            "fetchXml" => return fetch(crm, call, table, value),
            "savedQuery" => return fetch(crm, call, table, stored_query(crm, "savedquery", value)?),
            "userQuery" => return fetch(crm, call, table, stored_query(crm, "userquery", value)?),
            _ => {}
        }
    }
    let query = call.options();
    if query.as_ref().is_ok_and(|query| call.asks_for_changes(query)) {
        let reply = Reply::json(StatusCode::OK, call.changes(crm, table)?);
        return Ok(reply.with("preference-applied", "odata.track-changes"));
    }
    if let Ok(Query { orders, .. }) = &query
        && let Some(order) = orders.first()
    {
        crm.keep_in_order(table, order);
    }
    Ok(applied_page(call, Reply::json(StatusCode::OK, call.list(crm, table)?)))
}

/// The text of a view, of the system or of a person.
fn stored_query<'a>(crm: &'a Dataverse, table: &str, id: &str) -> Result<&'a str, Refusal> {
    let row = crm.row(table, &id.to_ascii_lowercase()).ok_or_else(|| Refusal::no_row(table, id))?;
    row.text("fetchxml").ok_or_else(|| Refusal::argument(format!("The {table} {id} has no fetchxml.")))
}

/// The preferences that were honoured come back.
fn applied_page(call: &Call, reply: Reply) -> Reply {
    match call.wants.page {
        Some(size) => reply.with("preference-applied", format!("odata.maxpagesize={size}")),
        None => reply,
    }
}

fn read(crm: &Dataverse, call: &Call, set: &str, key: &Key) -> Result<Reply, Refusal> {
    let record = record(crm, set, key)?;
    let query = call.query(crm, record.table)?;
    // Only a plain read is answered by what the client has already (behaviour 3).
    let is_plain = query.expand.is_empty() && call.wants.annotations.is_empty() && record.table.optimistic;
    if is_plain && call.wants.if_none_match.as_deref() == Some(record.row.etag().as_str()) {
        return Ok(Reply { status: StatusCode::NOT_MODIFIED, ..Reply::nothing() });
    }
    single(call, StatusCode::OK, record, &query)
}

/// A column of a row, or what a navigation property of it leads to.
fn member(crm: &Dataverse, call: &Call, set: &str, key: &Key, name: &str, tail: &Tail) -> Result<Reply, Refusal> {
    let record = record(crm, set, key)?;
    let (table, reader) = (record.table, call.reader());
    let nowhere = || Refusal::no_segment(name);
    if let Some(lookup) = table.navigation(name) {
        let Some(target) = record.target(lookup) else { return Ok(Reply::nothing()) };
        return match tail {
            Tail::None => single(call, StatusCode::OK, target, &call.query(crm, target.table)?),
            Tail::Reference => {
                let context = format!("{}$metadata#$ref", call.base);
                let reference = json!({"@odata.context": context, "@odata.id": reader.address(target)});
                Ok(Reply::json(StatusCode::OK, reference))
            }
            _ => Err(nowhere()),
        };
    }
    if let Some((child, rows)) = record.children(name) {
        let query = call.query(crm, child)?;
        let filter = prepared(crm, child, query.filter.as_ref())?;
        return match tail {
            Tail::None => {
                let page = call.list_of(child, Source::of(rows, &query.orders), &query, filter.as_ref(), None)?;
                Ok(applied_page(call, Reply::json(StatusCode::OK, page)))
            }
            Tail::Count => {
                let wanted = Wanted { most: 0, count: true, ..Wanted::ALL };
                let source = Source::of(rows, &[]);
                let total = source.choose(&wanted, |record| passes(record, filter.as_ref()))?.total;
                Ok(number(total.min(super::list::MOST)))
            }
            Tail::Reference => {
                let references: Vec<Value> =
                    rows.into_iter().map(|row| json!({"@odata.id": reader.address(row)})).collect();
                let context = format!("{}$metadata#Collection($ref)", call.base);
                Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "value": references})))
            }
            _ => Err(nowhere()),
        };
    }
    column(call, record, name, tail)
}

/// One column: in an object, or bare. Null is nothing at all.
fn column(call: &Call, record: RowRecord<'_>, name: &str, tail: &Tail) -> Result<Reply, Refusal> {
    let table = record.table;
    let known = name == table.key || table.columns.contains_key(name) || table.lookup_value(name).is_some();
    if !known {
        return Err(Refusal::no_segment(name));
    }
    let query = Query { select: vec![name.to_owned()], ..Query::default() };
    let shown = call.reader().show(record, &query)?;
    let value = shown.get(name).cloned().unwrap_or_default();
    match (tail, &value) {
        (_, Value::Null) => Ok(Reply::nothing()),
        (Tail::None, value) => {
            let context = format!("{}$metadata#{}({})/{name}", call.base, table.set, record.row.id);
            Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "value": value})))
        }
        (Tail::Value, Value::String(text)) => Ok(Reply::text("text/plain", text.clone())),
        (Tail::Value, value) => Ok(Reply::text("text/plain", value.to_string())),
        _ => Err(Refusal::no_segment(name)),
    }
}

fn create(crm: &mut Dataverse, call: &Call, set: &str, asker: &Asker) -> Result<Reply, Refusal> {
    let table = Arc::clone(crm.table_of_set(set)?);
    let id = crm.create(&table.logical, &call.object()?, asker)?;
    written(crm, call, &table, &id, StatusCode::CREATED)
}

fn patch(crm: &mut Dataverse, call: &Call, set: &str, key: &Key, asker: &Asker) -> Result<Reply, Refusal> {
    let table = Arc::clone(crm.table_of_set(set)?);
    match crm.patch(&table, key, &call.object()?, &conditions(call), asker)? {
        Patched::Created(id) => written(crm, call, &table, &id, StatusCode::CREATED),
        Patched::Updated(id, changed) => {
            Ok(Reply { changed: Some(changed), ..written(crm, call, &table, &id, StatusCode::OK)? })
        }
    }
}

/// `PUT` and `DELETE` of one column.
fn property(
    crm: &mut Dataverse,
    call: &Call,
    set: &str,
    key: &Key,
    name: &str,
    asker: &Asker,
) -> Result<Reply, Refusal> {
    let table = Arc::clone(crm.table_of_set(set)?);
    if !table.columns.contains_key(name) {
        return Err(Refusal::no_segment(name));
    }
    let value = match call.method.as_str() {
        "PUT" => {
            call.object()?.get("value").cloned().ok_or_else(|| Refusal::payload("The member 'value' is missing."))?
        }
        _ => Value::Null,
    };
    let body = Map::from_iter([(name.to_owned(), value)]);
    let if_match = conditions(call).if_match.or_else(|| Some("*".to_owned()));
    let patched = crm.patch(&table, key, &body, &Conditions { if_match, must_be_new: false }, asker)?;
    Ok(Reply { changed: Some(!matches!(patched, Patched::Updated(_, false))), ..Reply::nothing() })
}

/// `$ref`: rows tied to each other and parted.
fn reference(
    crm: &mut Dataverse,
    call: &Call,
    set: &str,
    key: &Key,
    name: &str,
    asker: &Asker,
) -> Result<Reply, Refusal> {
    let (table, here) = {
        let record = record(crm, set, key)?;
        let here = Link { table: record.table.logical.clone(), id: record.row.id.clone() };
        (Arc::clone(crm.table_of_set(set)?), here)
    };
    let is_single = table.navigation(name).is_some();
    match (call.method.as_str(), is_single) {
        ("PUT", true) => {
            let (column, link) = crm.bind(&table, name, &sent_id(call)?)?;
            crm.point(&here, &column, Some(link), asker)?;
        }
        ("DELETE", true) => {
            let lookup = table.navigation(name).filter(|lookup| !lookup.system);
            let column = lookup.map(|lookup| lookup.column.clone()).ok_or_else(|| Refusal::no_segment(name))?;
            crm.point(&here, &column, None, asker)?;
        }
        ("POST", false) => {
            let link = crm.resolve(&sent_id(call)?)?;
            crm.associate(&table, &here.id, name, &link, asker)?;
        }
        ("DELETE", false) => {
            let other = parted(crm, call)?;
            crm.disassociate(&table, &here.id, name, &other, asker)?;
        }
        _ => return Err(Refusal::no_method(&call.url)),
    }
    Ok(Reply::nothing())
}

fn sent_id(call: &Call) -> Result<String, Refusal> {
    let body = call.object()?;
    let id = body.get("@odata.id").and_then(Value::as_str);
    id.map(str::to_owned).ok_or_else(|| Refusal::payload("The member '@odata.id' is missing."))
}

/// The row to be taken out of a collection: in the path, or as `$id` in the query.
fn parted(crm: &Dataverse, call: &Call) -> Result<String, Refusal> {
    if let Address::Member(_, _, _, Tail::ReferenceTo(Key::Id(id))) = &call.address {
        return Ok(id.clone());
    }
    let pairs = crate::odata::decoded_pairs(&call.raw).unwrap_or_default();
    let (_, id) = pairs.into_iter().find(|(name, _)| name == "$id").ok_or_else(|| Refusal::no_method(&call.url))?;
    crm.resolve(&id).map(|link| link.id)
}

/// The answer to a write: nothing but the row's address, or the row when it was asked for (behaviour 1).
fn written(crm: &Dataverse, call: &Call, table: &Table, id: &str, with_row: StatusCode) -> Result<Reply, Refusal> {
    if !call.wants.representation {
        // An upsert by alternate key echoes its own address, so the GUID is not in it.
        let address = match &call.address {
            Address::Row(_, Key::Columns(_)) => call.url.clone(),
            _ => format!("{}{}({id})", call.base, table.set),
        };
        return Ok(Reply::nothing().with("odata-entityid", address.clone()).with("location", address));
    }
    let row = crm.row(&table.logical, id).ok_or_else(|| Refusal::no_row(&table.logical, id))?;
    let mut query = call.query(crm, table)?;
    if matches!(call.address, Address::Row(..)) {
        // `$expand` has no effect on a PATCH.
        query.expand.clear();
    }
    let reply = single(call, with_row, RowRecord { crm, table, row }, &query)?;
    Ok(reply.with("preference-applied", "return=representation"))
}

fn single(call: &Call, status: StatusCode, record: RowRecord<'_>, query: &Query) -> Result<Reply, Refusal> {
    let context = format!("{}/$entity", call.context(record.table, query));
    let mut answer = Map::from_iter([("@odata.context".to_owned(), json!(context))]);
    if let Value::Object(members) = call.reader().show(record, query)? {
        answer.extend(members);
    }
    Ok(Reply::json(status, answer).with("etag", record.row.etag()))
}

fn record<'a>(crm: &'a Dataverse, set: &str, key: &Key) -> Result<RowRecord<'a>, Refusal> {
    let table = crm.table_of_set(set)?;
    let row = crm.find(table, key)?.ok_or_else(|| Refusal::no_row(&table.logical, &describe(key)))?;
    Ok(RowRecord { crm, table, row })
}

fn conditions(call: &Call) -> Conditions {
    Conditions { if_match: call.wants.if_match.clone(), must_be_new: call.wants.if_none_match.as_deref() == Some("*") }
}

/// A number follows a byte order mark (behaviour 8).
fn number(number: usize) -> Reply {
    Reply::text("text/plain", format!("\u{feff}{number}"))
}
