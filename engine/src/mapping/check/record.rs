//! Whether a record type exists, and has the fields that a mapping names.

use std::sync::Arc;

use serde_json::Value;

use crate::connector::{Connector, Connectors, RecordType};
use crate::expression::Segment;
use crate::mapping::path::FieldPath;
use crate::source::{Problem, Route, Source};

use super::reader::suggestion;

/// Whether every field of a record type is known; a record type that does not exist is a problem.
pub(super) fn closed(
    source: &Arc<Source>,
    at: &Route,
    record: &str,
    connectors: &Connectors,
    problems: &mut Vec<Problem>,
) -> bool {
    let Some((connector, name)) = record.split_once('.') else {
        let problem = Problem::error(source, at, format!("`{record}` is not a kind of record"));
        problems.push(problem.help("write CONNECTOR.RECORD, such as `dataverse.opportunity`"));
        return false;
    };
    let Some(found) = connectors.get(connector) else {
        let help = suggestion(connector, || connectors.iter().map(Connector::name));
        problems.push(Problem::error(source, at, format!("there is no connector `{connector}`")).help(help));
        return false;
    };
    if found.record(name) == RecordType::Unknown {
        let help = suggestion(name, || found.records());
        problems.push(Problem::error(source, at, format!("`{connector}` has no record `{name}`")).help(help));
    }
    matches!(found.record(name), RecordType::Closed(_))
}

/// The schema of a closed record type.
pub(super) fn schema<'a>(record: &str, connectors: &'a Connectors) -> Option<&'a Value> {
    let (connector, name) = record.split_once('.')?;
    match connectors.get(connector)?.record(name) {
        RecordType::Closed(schema) => Some(schema),
        RecordType::Open | RecordType::Unknown => None,
    }
}

/// What a schema says of a path.
pub(super) enum Found<'a> {
    /// The value there has this schema.
    Schema(&'a Value),
    /// Nothing is said: any value may be there.
    Anything,
    /// There is no such name; these there are.
    Unknown { name: String, known: Vec<&'a str> },
}

/// Follows a path through a schema.
pub(super) fn find<'a>(schema: &'a Value, path: &FieldPath) -> Found<'a> {
    let mut at = schema;
    for segment in path.segments() {
        match step(at, segment) {
            Found::Schema(below) => at = below,
            other => return other,
        }
    }
    Found::Schema(at)
}

/// Whether a schema says that a value is an instant.
pub(super) fn is_instant(schema: &Value) -> bool {
    alternatives(schema).iter().any(|schema| schema.get("format").is_some_and(|format| format == "date-time"))
}

fn step<'a>(schema: &'a Value, segment: &Segment) -> Found<'a> {
    let alternatives = alternatives(schema);
    let below = alternatives.iter().find_map(|schema| match segment {
        Segment::Name(name) => schema.get("properties")?.get(name),
        Segment::Index(_) => schema.get("items"),
    });
    match below {
        Some(below) => Found::Schema(below),
        None if alternatives.iter().any(|schema| is_open(schema, segment)) => Found::Anything,
        None => Found::Unknown {
            name: match segment {
                Segment::Name(name) => name.clone(),
                Segment::Index(index) => format!("[{index}]"),
            },
            known: alternatives
                .iter()
                .filter_map(|schema| schema.get("properties")?.as_object())
                .flatten()
                .map(|(name, _)| name.as_str())
                .collect(),
        },
    }
}

/// A schema and all that it is composed of: an optional object is "this or null".
fn alternatives(schema: &Value) -> Vec<&Value> {
    let mut found = vec![schema];
    for key in ["anyOf", "oneOf", "allOf"] {
        let parts = schema.get(key).and_then(Value::as_array);
        found.extend(parts.into_iter().flatten().flat_map(alternatives));
    }
    found
}

/// Whether a schema allows a name or an index that it does not mention.
fn is_open(schema: &Value, segment: &Segment) -> bool {
    if schema == &Value::Bool(true)
        || schema.get("additionalProperties").is_some_and(|more| more != &Value::Bool(false))
    {
        return true;
    }
    let composed = ["anyOf", "oneOf", "allOf", "enum", "const", "$ref"].iter().any(|key| schema.get(key).is_some());
    let says_nothing = schema.is_object() && schema.get("type").is_none() && schema.get("properties").is_none();
    let any_object =
        schema.get("properties").is_none() && allows(schema, "object") && matches!(segment, Segment::Name(_));
    (says_nothing && !composed) || any_object
}

fn allows(schema: &Value, kind: &str) -> bool {
    match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().any(|known| known == kind),
        Some(known) => known == kind,
        None => false,
    }
}
