//! From files to mappings, with every mistake in them.
//!
//! Each file is filled with the pack's parameters and read key by key, so that one wrong key hides no other.
//! Nested mappings are checked before those that use them, so what comes out needs no linking.

mod conflicts;
mod field;
mod kind;
mod order;
mod reader;
mod record;
mod side;
mod table;

use std::sync::Arc;

use indexmap::IndexMap;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::connector::Connectors;
use crate::document::mapping::{DecorationDocument, MappingDocument};
use crate::source::{Problem, Route, Source, nearest};

use super::decoration::Decoration;
use super::{Mapping, Side, SideIndex, parameters};
use reader::Reader;

/// Reads all mappings of a pack, one a source. `values` are the pack's parameters, an object. Every mistake in
/// all of the files is returned; a mapping with mistakes is there without the fields that have them, so that
/// the flows that use it can be checked too.
pub fn check(
    sources: &[Arc<Source>],
    values: &Value,
    connectors: &Connectors,
) -> (IndexMap<String, Arc<Mapping>>, Vec<Problem>) {
    let mut problems = Vec::new();
    let drafts = drafts(sources, values, &mut problems);
    let mut mappings = IndexMap::new();
    for name in order::nested_first(&drafts, &mut problems) {
        if let Some(mapping) = check_one(name, &drafts, &mappings, connectors, &mut problems) {
            mappings.insert(name.to_owned(), Arc::new(mapping));
        }
    }
    mappings.sort_by_cached_key(|name, _| drafts.get_index_of(name));
    (mappings, problems)
}

/// A file that could be read, before its names are looked up.
struct Draft {
    source: Arc<Source>,
    document: MappingDocument,
    /// Where the pack's parameters could not be put in.
    broken: Vec<Route>,
}

/// What the check of one mapping looks things up in.
struct Checking<'a> {
    source: &'a Arc<Source>,
    connectors: &'a Connectors,
    drafts: &'a IndexMap<String, Draft>,
    mappings: &'a IndexMap<String, Arc<Mapping>>,
    sides: [Side; 2],
    zone: TimeZone,
    decorations: IndexMap<String, Decoration>,
    problems: &'a mut Vec<Problem>,
}

fn drafts(sources: &[Arc<Source>], values: &Value, problems: &mut Vec<Problem>) -> IndexMap<String, Draft> {
    let mut drafts = IndexMap::new();
    for source in sources {
        let (value, broken) = parameters::filled(source, values, problems);
        let mut reader = Reader { source, problems };
        let document: MappingDocument = reader.read(&value, &Route::root(), &[]);
        let Some(name) = reader.needed(&document.mapping, "mapping").cloned() else { continue };
        reader.needed(&document.between, "between");
        reader.needed(&document.fields, "fields");
        if drafts.contains_key(&name) {
            let problem =
                Problem::error(source, &Route::root().key("mapping"), format!("there are two mappings `{name}`"));
            problems.push(problem.help("give one of them another name"));
            continue;
        }
        drafts.insert(name, Draft { source: Arc::clone(source), document, broken });
    }
    drafts
}

fn check_one(
    name: &str,
    drafts: &IndexMap<String, Draft>,
    mappings: &IndexMap<String, Arc<Mapping>>,
    connectors: &Connectors,
    problems: &mut Vec<Problem>,
) -> Option<Mapping> {
    let Draft { source, document, broken } = drafts.get(name)?;
    let sides = sides(source, document.between.as_ref()?, connectors, problems)?;
    let zone = document.zone.as_deref().map(|zone| named_zone(source, &Route::root().key("zone"), zone, problems));
    let zone = zone.unwrap_or(TimeZone::UTC);
    let decorations = decorations(source, document, &sides, problems);
    let mut checking = Checking { source, connectors, drafts, mappings, sides, zone, decorations, problems };
    let mut fields = Vec::new();
    for (name, field) in document.fields.as_ref()? {
        let at = Route::root().key("fields").key(name);
        if !broken.iter().any(|route| route.as_str().starts_with(&format!("{at}/"))) {
            fields.extend(checking.field(name, &at, &field.0));
        }
    }
    checking.conflicts(&fields);
    Some(Mapping { name: name.to_owned(), title: document.title.clone(), sides: checking.sides, fields })
}

fn sides(
    source: &Arc<Source>,
    between: &IndexMap<String, String>,
    connectors: &Connectors,
    problems: &mut Vec<Problem>,
) -> Option<[Side; 2]> {
    let at = Route::root().key("between");
    let mut sides = Vec::new();
    for (name, record) in between {
        if field::is_fixed_key(name) || name.starts_with("to_") || name == "parameters" {
            let problem = Problem::error_in_key(source, &at.key(name), format!("a side cannot be called `{name}`"));
            problems.push(problem.help("that word has a meaning of its own in a field; choose another name"));
        }
        let closed = record::closed(source, &at.key(name), record, connectors, problems);
        sides.push(Side { name: name.clone(), record: record.clone(), closed });
    }
    let count = sides.len();
    sides
        .try_into()
        .map_err(|_: Vec<Side>| {
            let problem =
                Problem::error_in_key(source, &at, format!("a mapping stands between two sides, and here are {count}"));
            problems.push(
                problem.help(
                    "write two, such as { referral: partner_center.referral, opportunity: dataverse.opportunity }",
                ),
            );
        })
        .ok()
}

fn named_zone(source: &Arc<Source>, at: &Route, name: &str, problems: &mut Vec<Problem>) -> TimeZone {
    TimeZone::get(name).unwrap_or_else(|_| {
        let known: Vec<String> = jiff::tz::db().available().map(|zone| zone.to_string()).collect();
        let near = nearest(name, known.iter().map(String::as_str));
        let help = near.map_or_else(
            || "an IANA name such as `Europe/Stockholm`".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        problems.push(Problem::error(source, at, format!("there is no time zone `{name}`")).help(help));
        TimeZone::UTC
    })
}

fn decorations(
    source: &Arc<Source>,
    document: &MappingDocument,
    sides: &[Side; 2],
    problems: &mut Vec<Problem>,
) -> IndexMap<String, Decoration> {
    let mut checked = IndexMap::new();
    for (name, decoration) in document.decorations.iter().flatten() {
        let at = Route::root().key("decorations").key(name);
        if let Some(decoration) = decoration_of(source, &at, decoration, sides, problems) {
            checked.insert(name.clone(), decoration);
        }
    }
    checked
}

fn decoration_of(
    source: &Arc<Source>,
    at: &Route,
    written: &DecorationDocument,
    sides: &[Side; 2],
    problems: &mut Vec<Problem>,
) -> Option<Decoration> {
    let side = SideIndex::BOTH.into_iter().find(|index| sides[index.place()].name == written.side);
    if side.is_none() {
        let problem = Problem::error(source, &at.key("side"), format!("this mapping has no side `{}`", written.side));
        problems.push(problem.help(format!("the sides are `{}` and `{}`", sides[0].name, sides[1].name)));
    }
    let when = match written.when.as_ref() {
        None => Some(true),
        Some(Value::Bool(when)) => Some(*when),
        Some(Value::String(text)) => text.parse().ok(),
        Some(_) => None,
    };
    if when.is_none() {
        problems.push(
            Problem::error(source, &at.key("when"), "`when` is neither true nor false")
                .help("write true, false or `$.parameters.NAME`"),
        );
    }
    Some(Decoration { side: side?, marks: written.marks.clone(), write: written.write.clone(), when: when? })
}
