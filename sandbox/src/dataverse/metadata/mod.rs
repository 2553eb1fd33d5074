//! `EntityDefinitions` and their kin (behaviour 21): the tables described to clients, and changed by them.
//!
//! A definition is JSON from the start (`describe`), so one way of filtering, selecting and expanding serves them
//! all (`read`). `create` makes tables and columns of what clients send, `relationships` ties tables to each other,
//! and `changes` is the one function that clients ask for typed definitions.

mod changes;
mod create;
mod describe;
mod read;
mod relationships;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::address::Segment;
use super::call::Call;
use super::keys::Key;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use crate::odata::Literal;

pub(crate) use changes::changes;
pub(crate) use create::create_entities;

/// A relationship in which both sides are many. Its pairs are rows of a table of their own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ManyToMany {
    /// The name its maker gave it.
    pub(crate) schema: String,
    /// Where the pairs are kept.
    pub(crate) pairs: String,
    /// Table and collection of each side.
    pub(crate) sides: [(String, String); 2],
    /// Its id among the definitions.
    pub(crate) metadata_id: Uuid,
}

/// A relationship of many to many, seen from one side.
pub(crate) struct Side<'a> {
    /// Where the pairs are kept.
    pub(crate) pairs: &'a str,
    /// The lookup of a pair that leads here.
    pub(crate) here: &'static str,
    /// The lookup of a pair that leads to the other side.
    pub(crate) there: &'static str,
    /// The table of the other side.
    pub(crate) target: &'a str,
}

/// The lookups of a pair.
const ENDS: [&str; 2] = ["first", "second"];

impl ManyToMany {
    /// The side with that table and collection.
    pub(crate) fn side(&self, table: &str, collection: &str) -> Option<Side<'_>> {
        let [first, second] = &self.sides;
        let is = |side: &(String, String)| side.0 == table && side.1 == collection;
        let [one, two] = ENDS;
        if is(first) {
            Some(Side { pairs: &self.pairs, here: one, there: two, target: &second.0 })
        } else if is(second) {
            Some(Side { pairs: &self.pairs, here: two, there: one, target: &first.0 })
        } else {
            None
        }
    }
}

/// Answers a request below the definitions.
pub(crate) fn answer(crm: &mut Dataverse, call: &Call, path: &[Segment]) -> Result<Reply, Refusal> {
    let names: Vec<&str> = path.iter().map(|part| part.name.as_str()).collect();
    match (call.method.as_str(), names.as_slice(), path) {
        ("GET", ..) => read::read(crm, call, path),
        ("POST", ["EntityDefinitions"], _) => create::table(crm, call),
        ("POST", ["EntityDefinitions", "Attributes"], [table, _]) => create::column(crm, call, &logical(crm, table)?),
        ("POST", ["EntityDefinitions", "Keys"], [table, _]) => create::key(crm, call, &logical(crm, table)?),
        ("PUT", ["EntityDefinitions"], [table]) => create::change_table(crm, call, &logical(crm, table)?),
        ("PUT", ["EntityDefinitions", "Attributes"], [table, column]) => {
            create::change_column(crm, call, &logical(crm, table)?, column)
        }
        ("DELETE", ["EntityDefinitions"], [table]) => create::delete_table(crm, &logical(crm, table)?),
        ("DELETE", ["EntityDefinitions", "Attributes"], [table, column]) => {
            create::delete_column(crm, &logical(crm, table)?, column)
        }
        ("DELETE", ["EntityDefinitions", "Keys"], [table, key]) => create::delete_key(crm, &logical(crm, table)?, key),
        ("POST", ["RelationshipDefinitions"], _) => relationships::create(crm, call),
        ("DELETE", ["RelationshipDefinitions"], [relationship]) => relationships::delete(crm, relationship),
        ("POST", ["GlobalOptionSetDefinitions"], _) => create::option_set(crm, call),
        ("DELETE", ["GlobalOptionSetDefinitions"], [set]) => create::delete_option_set(crm, set),
        _ => Err(Refusal::no_method(&call.url)),
    }
}

/// The name or id in the parentheses of a segment: `LogicalName='opportunity'` or a GUID.
pub(crate) fn wanted(segment: &Segment) -> Result<String, Refusal> {
    let inner = segment.inner.as_deref().unwrap_or_default();
    match super::address::parse_key(&segment.name, inner)? {
        Key::Id(id) => Ok(id),
        Key::Columns(columns) => match columns.as_slice() {
            [(name, Literal::Text(value))] if matches!(name.as_str(), "LogicalName" | "SchemaName" | "Name") => {
                Ok(value.clone())
            }
            [(name, Literal::Guid(id))] if name == "MetadataId" => Ok(id.clone()),
            _ => Err(Refusal::bad_key(&segment.name)),
        },
    }
}

/// The logical name of the table that a segment names.
fn logical(crm: &Dataverse, segment: &Segment) -> Result<String, Refusal> {
    let wanted = wanted(segment)?;
    let table = crm.tables.values().find(|table| table.logical == wanted || table.metadata_id.to_string() == wanted);
    table.map(|table| table.logical.clone()).ok_or_else(|| Refusal::no_definition("an entity", &wanted))
}
