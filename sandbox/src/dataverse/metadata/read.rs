//! Definitions found, filtered, selected and expanded.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::{describe, wanted};
use crate::dataverse::address::Segment;
use crate::dataverse::call::Call;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::reply::Reply;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::tables::Table;
use crate::odata::{Case, JsonRecord, Query, matches, sort};

/// Members that are shown only when they are expanded.
const EXPANDED: [&str; 2] = ["OptionSet", "GlobalOptionSet"];

const NAMESPACE: &str = "Microsoft.Dynamics.CRM.";

enum Found {
    One(Value),
    Many(Vec<Value>),
}

/// Answers a read below the definitions.
pub(super) fn read(crm: &Dataverse, call: &Call, path: &[Segment]) -> Result<Reply, Refusal> {
    let query = call.options()?;
    let Some((first, rest)) = path.split_first() else { return Err(Refusal::no_segment("")) };
    let found = narrowed(all(crm, &first.name)?, first)?;
    let found = rest.iter().try_fold(found, |found, segment| step(crm, found, segment))?;
    let names: Vec<&str> = path.iter().map(|part| part.name.as_str()).collect();
    let context = format!("{}$metadata#{}", call.base, names.join("/"));
    match found {
        Found::One(value) => {
            let mut answer = Map::from_iter([("@odata.context".to_owned(), json!(format!("{context}/$entity")))]);
            answer.extend(shown(crm, &value, &query)?);
            Ok(Reply::json(StatusCode::OK, answer))
        }
        Found::Many(mut values) => {
            narrow(&mut values, &query)?;
            let mut answer = Map::from_iter([("@odata.context".to_owned(), json!(context))]);
            if query.count {
                answer.insert("@odata.count".to_owned(), json!(values.len()));
            }
            values.truncate(query.top.unwrap_or(usize::MAX));
            let values = values.iter().map(|value| Ok(shown(crm, value, &query)?.into()));
            answer.insert("value".to_owned(), values.collect::<Result<Vec<Value>, Refusal>>()?.into());
            Ok(Reply::json(StatusCode::OK, answer))
        }
    }
}

fn all(crm: &Dataverse, set: &str) -> Result<Vec<Value>, Refusal> {
    Ok(match set {
        "EntityDefinitions" => crm.tables.values().map(|table| describe::table(table)).collect(),
        "GlobalOptionSetDefinitions" => {
            crm.option_sets.iter().map(|(name, set)| describe::option_set(name, set)).collect()
        }
        "RelationshipDefinitions" => {
            let lookups = crm.tables.values().flat_map(|table| outgoing(crm, table));
            lookups.chain(crm.many_to_many.iter().map(describe::many_to_many)).collect()
        }
        _ => return Err(Refusal::no_segment(set)),
    })
}

/// One of several, where the segment has a key.
fn narrowed(values: Vec<Value>, segment: &Segment) -> Result<Found, Refusal> {
    if segment.inner.is_none() {
        return Ok(Found::Many(values));
    }
    let wanted = wanted(segment)?;
    let names = ["MetadataId", "LogicalName", "SchemaName", "Name"];
    let is_wanted = |value: &Value| {
        names.iter().any(|name| value.get(*name).and_then(Value::as_str).is_some_and(|text| text == wanted))
    };
    let found = values.into_iter().find(is_wanted);
    found.map(Found::One).ok_or_else(|| Refusal::no_definition(&segment.name, &wanted))
}

/// One segment further: into what belongs to a definition, to a kind of column, or to one of its members.
fn step(crm: &Dataverse, found: Found, segment: &Segment) -> Result<Found, Refusal> {
    let nowhere = || Refusal::no_segment(&segment.name);
    if let Some(class) = segment.name.strip_prefix(NAMESPACE) {
        let is_of = |value: &Value| {
            value
                .get("@odata.type")
                .and_then(Value::as_str)
                .and_then(|kind| kind.rsplit_once('.'))
                .is_some_and(|(_, kind)| kind == class)
        };
        return match found {
            Found::Many(values) => narrowed(values.into_iter().filter(is_of).collect(), segment),
            Found::One(value) if is_of(&value) => Ok(Found::One(value)),
            Found::One(_) => Err(nowhere()),
        };
    }
    let Found::One(value) = found else { return Err(nowhere()) };
    if let Some(members) = belongings(crm, &value, &segment.name) {
        return narrowed(members, segment);
    }
    match value.get(&segment.name) {
        Some(Value::Object(inner)) => Ok(Found::One(inner.clone().into())),
        Some(Value::Array(items)) => Ok(Found::Many(items.clone())),
        Some(value) => Ok(Found::One(json!({ "value": value }))),
        None => Err(nowhere()),
    }
}

/// The collections of a table's definition.
fn belongings(crm: &Dataverse, definition: &Value, name: &str) -> Option<Vec<Value>> {
    // Only the definition of a table has a set.
    definition.get("EntitySetName")?;
    let table = crm.tables.get(definition.get("LogicalName")?.as_str()?)?;
    Some(match name {
        "Attributes" => describe::attributes(table),
        "Keys" => table.keys.iter().map(|key| describe::key(table, key, crm.now())).collect(),
        "ManyToOneRelationships" => outgoing(crm, table).collect(),
        "OneToManyRelationships" => {
            let children = crm.tables.values().flat_map(|child| outgoing(crm, child));
            let leads_here = |relationship: &Value| relationship["ReferencedEntity"] == table.logical.as_str();
            children.filter(leads_here).collect()
        }
        "ManyToManyRelationships" => {
            let relationships = crm.many_to_many.iter();
            let of_table = relationships.filter(|it| it.sides.iter().any(|side| side.0 == table.logical));
            of_table.map(describe::many_to_many).collect()
        }
        _ => return None,
    })
}

fn outgoing<'a>(crm: &'a Dataverse, table: &'a Table) -> impl Iterator<Item = Value> + 'a {
    table.lookups.iter().map(move |lookup| {
        let parent_key = crm.tables.get(&lookup.target).map_or("", |parent| parent.key.as_str());
        describe::relationship(table, lookup, parent_key)
    })
}

fn narrow(values: &mut Vec<Value>, query: &Query) -> Result<(), Refusal> {
    if let Some(filter) = &query.filter {
        let mut kept = Vec::new();
        for value in values.drain(..) {
            if value.as_object().map_or(Ok(false), |object| matches(filter, &JsonRecord(object), Case::Ignored))? {
                kept.push(value);
            }
        }
        *values = kept;
    }
    if query.orders.is_empty() {
        return Ok(());
    }
    let objects = std::mem::take(values);
    let mut records: Vec<JsonRecord<'_>> =
        objects.iter().filter_map(|value| Some(JsonRecord(value.as_object()?))).collect();
    sort(&mut records, &query.orders, Case::Ignored)?;
    values.extend(records.into_iter().map(|record| record.0.clone().into()));
    Ok(())
}

/// The named members, or all. A name that is not there is skipped: definitions have hundreds of
/// properties, of which the sandbox knows some.
fn shown(crm: &Dataverse, value: &Value, query: &Query) -> Result<Map<String, Value>, Refusal> {
    let Some(object) = value.as_object() else { return Ok(Map::new()) };
    crm.budget.spend(object.len());
    crm.budget.check()?;
    let always = |name: &str| name == "MetadataId" || name == "@odata.type";
    let selected = |name: &str| query.select.is_empty() || query.select.iter().any(|wanted| wanted == name);
    let mut shown: Map<String, Value> = object
        .iter()
        .filter(|(name, _)| (selected(name) || always(name)) && !EXPANDED.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    for expand in &query.expand {
        let name = &expand.navigation;
        if let Some(mut members) = belongings(crm, value, name) {
            narrow(&mut members, &expand.query)?;
            let members = members.iter().map(|member| Ok(self::shown(crm, member, &expand.query)?.into()));
            shown.insert(name.clone(), members.collect::<Result<Vec<Value>, Refusal>>()?.into());
        } else if let Some(Value::Object(inner)) = object.get(name) {
            shown.insert(name.clone(), self::shown(crm, &inner.clone().into(), &expand.query)?.into());
        } else if EXPANDED.contains(&name.as_str()) {
            shown.insert(name.clone(), Value::Null);
        } else {
            return Err(Refusal::query(format!("Could not find a property named '{name}'.")));
        }
    }
    Ok(shown)
}
