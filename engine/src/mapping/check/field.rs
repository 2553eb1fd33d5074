//! One line of the table: its keys, its sides, and when it is written.

use serde_json::{Map, Value};

use crate::difference::Rule;
use crate::document::mapping::{ComparedAs, FieldKeys, LookupDocument, SideDocument, TowardsDocument};
use crate::mapping::end::End;
use crate::mapping::{Field, Side, SideIndex, Towards};
use crate::source::{Problem, Route};

use super::reader::{Reader, suggestion};
use super::record::{Found, find, is_instant, schema};
use super::side::{end_of, towards_of};
use super::{Checking, named_zone};

/// Whether a word is a key of every field, and so no name for a side.
pub(super) fn is_fixed_key(name: &str) -> bool {
    let alone = Value::Object(Map::from_iter([(name.to_owned(), Value::Null)]));
    serde_json::from_value::<FieldKeys>(alone).is_ok()
}

/// The parts of a field, sorted by what they are.
pub(super) struct Parts {
    pub(super) at: Route,
    pub(super) keys: FieldKeys,
    /// The sides as written, for what the mapping of a lookup is.
    pub(super) lookups: [Option<LookupDocument>; 2],
    pub(super) ends: [Option<End>; 2],
    /// When the field is written towards each side, where that is said.
    pub(super) towards: [Option<Towards>; 2],
}

impl Checking<'_> {
    /// A field, or `None` where its problems leave nothing of it.
    pub(super) fn field(&mut self, name: &str, at: &Route, written: &Map<String, Value>) -> Option<Field> {
        let before = self.problems.len();
        let mut parts = Parts {
            at: at.clone(),
            keys: self.fixed_keys(written, at),
            lookups: [None, None],
            ends: [None, None],
            towards: [None, None],
        };
        for side in SideIndex::BOTH {
            self.side(&mut parts, written, side);
        }
        if self.problems.len() > before {
            return None;
        }
        self.both_sides(&parts)?;
        let rule = self.rule(&parts);
        let kind = self.kind(&parts)?;
        Some(Field {
            name: name.to_owned(),
            title: parts.keys.title.clone(),
            note: parts.keys.note.clone(),
            instants: SideIndex::BOTH.map(|side| self.takes_instant(&parts, side)),
            ends: parts.ends,
            towards: parts.towards.map(|towards| towards.unwrap_or(Towards::ALWAYS)),
            kind,
            rule,
            clear: parts.keys.clear == Some(true),
            keep_once_set: parts.keys.once_set.is_some(),
        })
    }

    /// The keys that don't depend on the sides. A key that is neither known nor a side is reported here.
    fn fixed_keys(&mut self, written: &Map<String, Value>, at: &Route) -> FieldKeys {
        let [first, second] = &self.sides;
        let towards = [format!("to_{}", first.name), format!("to_{}", second.name)];
        let names = [first.name.as_str(), &second.name, &towards[0], &towards[1]];
        let others = written.iter().filter(|(key, _)| !names.contains(&key.as_str()));
        let others = others.map(|(key, value)| (key.clone(), value.clone())).collect::<Map<_, _>>();
        Reader { source: self.source, problems: self.problems }.read(&Value::Object(others), at, &names)
    }

    fn side(&mut self, parts: &mut Parts, written: &Map<String, Value>, side: SideIndex) {
        let name = self.sides[side.place()].name.clone();
        let towards = format!("to_{name}");
        let mut reader = Reader { source: self.source, problems: self.problems };
        if let Some(value) = written.get(&towards) {
            let read = reader.one::<TowardsDocument>(&towards, value, &parts.at.key(&towards));
            parts.towards[side.place()] = read.map(towards_of);
        }
        let Some(value) = written.get(&name) else { return };
        let at = parts.at.key(&name);
        let Some(document) = reader.one::<SideDocument>(&name, value, &at) else { return };
        if let SideDocument::Lookup(lookup) = &document {
            parts.lookups[side.place()] = Some(lookup.clone());
        }
        match end_of(document) {
            Ok(end) => {
                self.known_in_record(&end, side, &at);
                parts.ends[side.place()] = Some(end);
            }
            Err(error) => self.problems.push(Problem::error(self.source, &at, error.message).help_if(error.help)),
        }
    }

    /// A field has both sides; one with a `value` has the one that it is written to.
    fn both_sides(&mut self, parts: &Parts) -> Option<()> {
        let [first, second] = self.sides.each_ref().map(Side::name);
        let absent = match &parts.ends {
            [Some(_), Some(_)] if parts.keys.value.is_none() => return Some(()),
            [Some(_), Some(_)] => return self.wrong_sides(parts, "the field has a `value` and both sides".to_owned()),
            [None, None] => return self.wrong_sides(parts, "the field has no side".to_owned()),
            [None, Some(_)] => (SideIndex::First, first),
            [Some(_), None] => (SideIndex::Second, second),
        };
        let (side, name) = absent;
        if parts.keys.value.is_none() {
            return self.wrong_sides(parts, format!("the field has no `{name}`"));
        }
        if parts.towards[side.place()].is_some() {
            return self.wrong_sides(parts, format!("`to_{name}` says nothing, since the field has no `{name}`"));
        }
        Some(())
    }

    fn wrong_sides(&mut self, parts: &Parts, message: String) -> Option<()> {
        let [first, second] = self.sides.each_ref().map(Side::name);
        let help = format!(
            "a field names both `{first}` and `{second}`; with a `value` it names the one that the value is written to"
        );
        self.problems.push(Problem::error_in_key(self.source, &parts.at, message).help(help));
        None
    }

    fn rule(&mut self, parts: &Parts) -> Rule {
        let zone =
            parts.keys.zone.as_deref().map(|zone| named_zone(self.source, &parts.at.key("zone"), zone, self.problems));
        let zone = zone.unwrap_or_else(|| self.zone.clone());
        match parts.keys.compared_as {
            None => Rule::Natural,
            Some(ComparedAs::Text) => Rule::Text,
            Some(ComparedAs::Decimal) => Rule::Decimal,
            Some(ComparedAs::Date) => Rule::Date(zone),
            Some(ComparedAs::Instant) => Rule::Instant(zone),
            Some(ComparedAs::Option) => Rule::Option,
            Some(ComparedAs::Boolean) => Rule::Boolean,
            Some(ComparedAs::Guid) => Rule::Guid,
        }
    }

    /// A column takes an instant where its record's schema says so, or its name ends in `DateTime`.
    fn takes_instant(&self, parts: &Parts, side: SideIndex) -> bool {
        let end = parts.ends[side.place()].as_ref();
        let Some(path) = end.and_then(|end| end.written().into_iter().next()) else { return false };
        let schema = schema(&self.sides[side.place()].record, self.connectors);
        let declared =
            schema.is_some_and(|schema| matches!(find(schema, path), Found::Schema(found) if is_instant(found)));
        declared || path.last_name().ends_with("DateTime")
    }

    /// Reports a path that a closed record type doesn't have.
    fn known_in_record(&mut self, end: &End, side: SideIndex, at: &Route) {
        let record = &self.sides[side.place()].record;
        let Some(schema) = schema(record, self.connectors) else { return };
        for path in end.paths() {
            if let Found::Unknown { name, known } = find(schema, path) {
                let problem =
                    Problem::error(self.source, at, format!("`{record}` has no `{path}`: `{name}` is not known"));
                self.problems.push(if known.is_empty() {
                    problem.help("what stands before it has no fields")
                } else {
                    problem.help(suggestion(&name, || known.iter().copied()))
                });
            }
        }
    }
}
