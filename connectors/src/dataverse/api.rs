//! Requests to the Web API, and what its errors mean.

use cosell_engine::connector::{CallError, CallErrorKind};
use reqwest::Method;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::fields::Selection;
use super::metadata::Table;
use crate::client::Request;
use crate::odata::encode_segment;

/// Where the Web API lives, below the environment's address.
const ROOT: &str = "/api/data/v9.2";

/// The largest page that is asked for.
const LARGEST_PAGE: usize = 1000;

/// Codes of errors that mean "somebody else was first", whatever the status: the version has moved, an
/// alternate key, the id or a rule of duplicates is violated.
const CONFLICTS: [&str; 4] = ["0x80060882", "0x80060892", "0x80040237", "0x80040333"];

pub(super) fn definition(table: &str) -> Request {
    let path = format!("{ROOT}/EntityDefinitions(LogicalName='{}')", encode_segment(&table.replace('\'', "''")));
    Request::get(path, format!("reading the definition of the table `{table}`"))
        .query("$select", "LogicalName,EntitySetName,PrimaryIdAttribute,PrimaryNameAttribute")
        .query(
            "$expand",
            "Attributes($select=LogicalName,AttributeType),\
             ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,\
             ReferencingEntityNavigationPropertyName),\
             OneToManyRelationships($select=ReferencingEntity,ReferencingAttribute,\
             ReferencedEntityNavigationPropertyName,SchemaName)",
        )
}

/// Who signed in: whoever the environment lets in may ask that.
pub(super) fn who_am_i() -> Request {
    Request::get(format!("{ROOT}/WhoAmI"), "asking the environment who signed in")
}

/// The alternate keys of a table.
pub(super) fn keys(table: &str) -> Request {
    let path = format!("{ROOT}/EntityDefinitions(LogicalName='{}')", encode_segment(&table.replace('\'', "''")));
    Request::get(path, format!("reading the keys of the table `{table}`"))
        .query("$select", "LogicalName")
        .query("$expand", "Keys($select=KeyAttributes,EntityKeyIndexStatus)")
}

pub(super) fn get(table: &Table, id: Uuid, selection: &Selection) -> Request {
    let request = Request::get(row_path(table, id), format!("reading `{}` row `{id}`", table.name));
    selection.add_to(request).header("prefer", annotations(None))
}

/// Rows of a table, in pages. `$top` is not used: the service ignores it beside the size of a page.
pub(super) fn list(
    table: &Table,
    filter: Option<&str>,
    order_by: Option<&str>,
    selection: &Selection,
    most: usize,
) -> Request {
    let mut request = Request::get(format!("{ROOT}/{}", table.set), format!("listing `{}` rows", table.name));
    request = selection.add_to(request);
    if let Some(filter) = filter {
        request = request.query("$filter", filter);
    }
    if let Some(order_by) = order_by {
        request = request.query("$orderby", order_by);
    }
    request.header("prefer", annotations(Some(most)))
}

pub(super) fn related(table: &Table, id: Uuid, navigation: &str, selection: &Selection, most: usize) -> Request {
    let doing = format!("listing `{navigation}` of `{}` row `{id}`", table.name);
    let request = Request::get(format!("{}/{navigation}", row_path(table, id)), doing);
    selection.add_to(request).header("prefer", annotations(Some(most)))
}

/// The page after another. The size must be sent again, else the service goes back to its own.
pub(super) fn next_page(path: String, most: usize) -> Request {
    Request::get(path, "listing rows, next page").header("prefer", annotations(Some(most)))
}

pub(super) fn create(table: &Table, body: Map<String, Value>) -> Request {
    let doing = format!("creating a `{}` row", table.name);
    Request::new(Method::POST, format!("{ROOT}/{}", table.set), doing)
        .header("prefer", written())
        .json(Value::Object(body))
}

/// Changes a row that exists: without `If-Match` the service would make one that is gone.
pub(super) fn update(table: &Table, id: Uuid, body: Map<String, Value>, if_match: &str) -> Request {
    Request::new(Method::PATCH, row_path(table, id), format!("updating `{}` row `{id}`", table.name))
        .header("if-match", if_match)
        .header("prefer", written())
        .json(Value::Object(body))
}

/// Changes the row with that key where it exists; `key` is what stands in the brackets.
pub(super) fn update_by_key(table: &Table, key: &str, body: Map<String, Value>) -> Request {
    by_key(table, key, body).header("if-match", "*")
}

/// Makes the row with that key where there is none.
pub(super) fn create_by_key(table: &Table, key: &str, body: Map<String, Value>) -> Request {
    by_key(table, key, body).header("if-none-match", "*")
}

fn by_key(table: &Table, key: &str, body: Map<String, Value>) -> Request {
    let path = format!("{ROOT}/{}({})", table.set, encode_segment(key));
    Request::new(Method::PATCH, path, format!("writing the `{}` row `{key}`", table.name))
        .header("prefer", written())
        .json(Value::Object(body))
}

pub(super) fn delete(table: &Table, id: Uuid) -> Request {
    Request::new(Method::DELETE, row_path(table, id), format!("deleting `{}` row `{id}`", table.name))
}

/// Calls an action that belongs to no row.
pub(super) fn action(name: &str, doing: String, body: Value) -> Request {
    Request::new(Method::POST, format!("{ROOT}/{name}"), doing).json(body)
}

/// The address of a row as other rows point to it.
pub(super) fn reference(table: &Table, id: Uuid) -> String {
    format!("/{}({id})", table.set)
}

/// A row's id from a text.
pub(super) fn id(text: &str) -> Result<Uuid, CallError> {
    Uuid::try_parse(text.trim()).map_err(|_| {
        CallError::new(CallErrorKind::Input, format!("`{text}` is not the id of a row: a GUID is expected"))
    })
}

/// Some conflicts come with a status that says less than their code.
pub(super) fn refined(mut error: CallError) -> CallError {
    if error.code.as_deref().is_some_and(|code| CONFLICTS.contains(&code)) {
        error.kind = CallErrorKind::Conflict;
    }
    error
}

fn row_path(table: &Table, id: Uuid) -> String {
    format!("{ROOT}/{}({id})", table.set)
}

/// A write gives the row as a read does, so that a repeat that only reads it gives the same.
fn written() -> String {
    format!("return=representation,{}", annotations(None))
}

/// Annotations tell what a choice is called and which table a lookup points to.
fn annotations(most: Option<usize>) -> String {
    let all = "odata.include-annotations=\"*\"";
    match most {
        Some(most) => format!("{all},odata.maxpagesize={}", most.clamp(1, LARGEST_PAGE)),
        None => all.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::super::metadata::tests::opportunity;
    use super::*;

    const ID: &str = "11111111-1111-4111-8111-111111111111";

    #[test]
    fn requests_are_built() {
        let (table, id) = (opportunity(), id(ID).unwrap());
        let row = format!("/api/data/v9.2/opportunities({ID})");
        let update = update(&table, id, Map::new(), "W/\"7\"");
        assert_eq!((update.target(), update.header_value("if-match")), (row.clone(), Some("W/\"7\"")));
        assert_eq!(related(&table, id, "nav", &Selection::default(), 9).target(), format!("{row}/nav"));
        let list = list(&table, Some("name eq 'a&b'"), Some("name"), &Selection::default(), 70_000);
        assert_eq!(list.target(), "/api/data/v9.2/opportunities?$filter=name%20eq%20'a%26b'&$orderby=name");
        assert_eq!(list.header_value("prefer"), Some("odata.include-annotations=\"*\",odata.maxpagesize=1000"));
        assert_eq!(reference(&table, id), format!("/opportunities({ID})"));
    }

    #[test]
    fn d17_conflicts_are_told_by_their_code() {
        let mut error = CallError::new(CallErrorKind::Unanswered, "x");
        error.code = Some("0x80040333".to_owned());
        assert_eq!(refined(error).kind, CallErrorKind::Conflict);
    }
}
