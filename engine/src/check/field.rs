//! Fields that are read, held against those that are known to be there.

use std::sync::Arc;

use serde_json::Value;

use super::input::variants;
use super::{part_of, way_to_guard};
use crate::expression::{Read, Segment};
use crate::source::{Code, Problem, Route, Source, nearest};

/// What is known of the fields of a value.
pub(super) struct Fields<'a> {
    names: Vec<&'a str>,
    schema: Option<&'a Value>,
}

impl<'a> Fields<'a> {
    /// The fields that a schema names; none where there may be others, too.
    pub(super) fn of(schema: &'a Value) -> Fields<'a> {
        let open = |schema: &Value| schema.get("additionalProperties").is_some_and(|more| more != &Value::Bool(false));
        if variants(schema).any(open) {
            return Fields { names: Vec::new(), schema: None };
        }
        let names = variants(schema)
            .filter_map(|schema| schema.get("properties")?.as_object())
            .flatten()
            .map(|(key, _)| key.as_str())
            .collect();
        Fields { names, schema: Some(schema) }
    }

    /// Fields of these names, all of which are there.
    pub(super) fn named(names: &[&'a str]) -> Fields<'a> {
        Fields { names: names.to_vec(), schema: None }
    }

    /// Annotations (`@…`) may stand beside the fields; where no field is known in advance, any may be there.
    fn knows(&self, key: &str, any_case: bool) -> bool {
        self.names.is_empty()
            || key.starts_with('@')
            || self.names.iter().any(|name| *name == key || (any_case && name.eq_ignore_ascii_case(key)))
    }

    fn may_lack(&self, key: &str) -> bool {
        let Some(schema) = self.schema.filter(|_| self.names.contains(&key)) else { return false };
        let required = || variants(schema).filter_map(|schema| schema.get("required")?.as_array()).flatten();
        // A schema that requires nothing does not tell which of its fields are always there.
        required().next().is_some() && !required().any(|name| name == key)
    }

    /// What is known of the value at a field.
    fn below(&self, key: &str) -> Fields<'a> {
        let schema = self.schema.into_iter().flat_map(variants).find_map(|schema| schema.get("properties")?.get(key));
        schema.map_or(Fields { names: Vec::new(), schema: None }, Fields::of)
    }

    /// What is known of the items of a list.
    fn items(&self) -> Fields<'a> {
        let schema = self.schema.into_iter().flat_map(variants).find_map(|schema| schema.get("items"));
        schema.map_or(Fields { names: Vec::new(), schema: None }, Fields::of)
    }
}

/// The problem with a read of a field of `owner` that is never there, or may be missing where nothing guards it.
pub(super) fn check(
    source: &Arc<Source>,
    owner: &str,
    read: &Read,
    fields: &Fields<'_>,
    guarded: bool,
    at: &Route,
) -> Option<Problem> {
    let key = read.key.as_deref()?;
    let mut way = owner.to_owned();
    let any_case = read.part.is_some();
    if !guarded && fields.may_lack(key) {
        return Some(may_lack(source, owner, key, read, at));
    }
    let first = Segment::Name(key.to_owned());
    let mut below;
    let mut known = fields;
    for segment in std::iter::once(&first).chain(&read.below) {
        below = match segment {
            Segment::Index(_) => known.items(),
            Segment::Name(name) if !known.knows(name, any_case) => {
                return Some(unknown(source, &way, name, known, read, at));
            }
            Segment::Name(name) => {
                way = format!("{way}.{name}");
                known.below(name)
            }
        };
        known = &below;
    }
    None
}

fn unknown(source: &Arc<Source>, owner: &str, key: &str, known: &Fields<'_>, read: &Read, at: &Route) -> Problem {
    let help = match nearest(key, known.names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("it gives {}", known.names.join(", ")),
    };
    let part = part_of(source, at, read.part.clone(), key);
    let problem = Problem::error(source, at, format!("`{owner}` gives no `{key}`")).help(help);
    problem.in_part(at, part.as_ref()).of_kind(Code::UnknownField)
}

fn may_lack(source: &Arc<Source>, owner: &str, key: &str, read: &Read, at: &Route) -> Problem {
    let part = part_of(source, at, read.part.clone(), key);
    let message = format!("`{owner}` does not always give `{key}`; then this finds nothing");
    let problem = Problem::warning(source, at, message).help(way_to_guard(source, at));
    problem.in_part(at, part.as_ref()).of_kind(Code::MayBeMissing)
}
