//! Tables tied to each other: a lookup with the collection that leads back, or pairs of rows.

use std::sync::Arc;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::create::{made, schema_name};
use super::{ManyToMany, Segment, wanted};
use crate::dataverse::call::Call;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::reply::Reply;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::tables::{Lookup, Table};

/// Most lookups of a table, and most relationships of pairs.
const MOST: usize = 200;

/// `POST RelationshipDefinitions`
pub(super) fn create(crm: &mut Dataverse, call: &Call) -> Result<Reply, Refusal> {
    let body = call.object()?;
    let class = body.get("@odata.type").and_then(Value::as_str).unwrap_or_default();
    let id = match class.rsplit_once('.').map_or(class, |(_, class)| class) {
        "OneToManyRelationshipMetadata" => one_to_many(crm, &body)?,
        "ManyToManyRelationshipMetadata" => many_to_many(crm, &body)?,
        _ => return Err(Refusal::payload(format!("'{class}' is no type of a relationship."))),
    };
    Ok(made(format!("{}RelationshipDefinitions({id})", call.base)))
}

/// `DELETE RelationshipDefinitions(…)`
pub(super) fn delete(crm: &mut Dataverse, segment: &Segment) -> Result<Reply, Refusal> {
    let wanted = wanted(segment)?;
    let is_pairs = |it: &ManyToMany| it.schema == wanted || it.metadata_id.to_string() == wanted;
    if crm.many_to_many.iter().any(is_pairs) {
        delete_pairs(crm, is_pairs);
        return Ok(Reply::nothing());
    }
    let found = crm.tables.values().find_map(|table| {
        let is_wanted = |lookup: &&Lookup| lookup.collection == wanted || lookup.metadata_id.to_string() == wanted;
        table.lookups.iter().find(is_wanted).map(|lookup| (Arc::clone(table), lookup.column.clone()))
    });
    let (table, column) = found.ok_or_else(|| Refusal::no_definition("a relationship", &wanted))?;
    if !column.contains('_') {
        return Err(Refusal::not_here(format!("The relationship of {column} cannot be deleted.")));
    }
    let mut table = Table::clone(&table);
    table.lookups.retain(|lookup| lookup.column != column);
    let logical = table.logical.clone();
    crm.tables_mut().insert(logical.clone(), Arc::new(table));
    crm.clear_column(&logical, &column);
    Ok(Reply::nothing())
}

/// Deletes relationships of pairs, and the pairs with them.
pub(super) fn delete_pairs(crm: &mut Dataverse, is_gone: impl Fn(&ManyToMany) -> bool) {
    let gone: Vec<String> = crm.many_to_many.iter().filter(|it| is_gone(it)).map(|it| it.pairs.clone()).collect();
    for pairs in gone {
        crm.clear_table(&pairs);
    }
    crm.many_to_many_mut().retain(|it| !is_gone(it));
}

fn one_to_many(crm: &mut Dataverse, body: &Map<String, Value>) -> Result<Uuid, Refusal> {
    let schema = schema_name(body)?;
    let lookup = body.get("Lookup").and_then(Value::as_object);
    let lookup = lookup.ok_or_else(|| Refusal::payload("The relationship has no 'Lookup'."))?;
    let navigation = schema_name(lookup)?;
    let column = navigation.to_lowercase();
    let parent = crm.table(&text(body, "ReferencedEntity"))?.logical.clone();
    let mut child = Table::clone(crm.table(&text(body, "ReferencingEntity"))?);
    if child.has(&column) || is_taken(crm, &schema) || child.lookups.len() >= MOST {
        return Err(Refusal::argument(format!("The lookup {column} or the relationship {schema} already exists.")));
    }
    let sent = text(body, "ReferencedEntityNavigationPropertyName");
    let collection = if sent.is_empty() { schema } else { identifier(sent)? };
    // The navigation property keeps upper and lower case as they were sent.
    child.add_lookup(&column, &navigation, &parent, &collection, false);
    let id = child.lookups.last().map(|lookup| lookup.metadata_id).unwrap_or_default();
    crm.tables_mut().insert(child.logical.clone(), Arc::new(child));
    Ok(id)
}

fn many_to_many(crm: &mut Dataverse, body: &Map<String, Value>) -> Result<Uuid, Refusal> {
    let schema = schema_name(body)?;
    let first = crm.table(&text(body, "Entity1LogicalName"))?.logical.clone();
    let second = crm.table(&text(body, "Entity2LogicalName"))?.logical.clone();
    let sent = text(body, "IntersectEntityName").to_lowercase();
    let pairs = if sent.is_empty() { schema.to_lowercase() } else { sent };
    let taken = is_taken(crm, &schema) || crm.tables.contains_key(&pairs);
    if taken || crm.many_to_many.iter().any(|it| it.pairs == pairs) || crm.many_to_many.len() >= MOST {
        return Err(Refusal::argument(format!("The relationship {schema} already exists.")));
    }
    let collection = |name: &str| {
        let sent = text(body, name);
        if sent.is_empty() { schema.clone() } else { sent }
    };
    let sides =
        [(first, collection("Entity1NavigationPropertyName")), (second, collection("Entity2NavigationPropertyName"))];
    let metadata_id = Uuid::new_v4();
    crm.many_to_many_mut().push(ManyToMany { schema, pairs, sides, metadata_id });
    Ok(metadata_id)
}

/// Navigation properties stand in addresses and in the schema document as they are.
fn identifier(name: String) -> Result<String, Refusal> {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_') && name.len() <= 100;
    if plain { Ok(name) } else { Err(Refusal::argument(format!("'{name}' is no name of a navigation property."))) }
}

fn is_taken(crm: &Dataverse, schema: &str) -> bool {
    let lookup = |table: &Arc<Table>| table.lookups.iter().any(|lookup| lookup.collection == schema);
    crm.tables.values().any(lookup) || crm.many_to_many.iter().any(|it| it.schema == schema)
}

fn text(body: &Map<String, Value>, name: &str) -> String {
    body.get(name).and_then(Value::as_str).unwrap_or_default().to_owned()
}
