//! How a field's value gets across: by table, list, lookup, decoration, constant, or as it is.

use std::sync::Arc;

use serde_json::Value;

use crate::document::mapping::AbsentDocument;
use crate::expression::{Form, Template};
use crate::mapping::end::End;
use crate::mapping::list::List;
use crate::mapping::{Constant, Field, Kind, Nested, Side, SideIndex};
use crate::source::{Problem, Route};

use super::Checking;
use super::field::Parts;
use super::reader::suggestion;

impl Checking<'_> {
    /// What the field's keys make of it; `None` where they don't go together.
    pub(super) fn kind(&mut self, parts: &Parts) -> Option<Kind> {
        let before = self.problems.len();
        self.keys_that_need_another(parts);
        self.keys_that_exclude_each_other(parts);
        let kind = if let Some(value) = &parts.keys.value {
            self.constant(value, parts)
        } else if let Some(rows) = &parts.keys.values {
            Some(Kind::Values(self.table(rows, parts)))
        } else if parts.keys.list == Some(true) {
            self.list(parts)
        } else if parts.lookups.iter().flatten().any(|lookup| lookup.map.is_some()) {
            self.lookup(parts)
        } else if let Some(name) = &parts.keys.decorated_by {
            self.decorated(name, parts)
        } else {
            self.plain(parts)
        };
        if self.problems.len() > before { None } else { kind }
    }

    fn keys_that_need_another(&mut self, parts: &Parts) {
        let keys = &parts.keys;
        let list = keys.list == Some(true);
        let pairs = [
            (keys.match_by.is_some() && !list, "match", "list: true"),
            (keys.map.is_some() && !list, "map", "list: true"),
            (keys.absent.is_some() && !list, "absent", "list: true"),
            (list && keys.match_by.is_none(), "list", "match"),
            (list && keys.map.is_none(), "list", "map"),
            (keys.offset.is_some() && keys.values.is_none(), "offset", "values"),
        ];
        for (_, key, needed) in pairs.into_iter().filter(|(wrong, ..)| *wrong) {
            self.problem(
                &parts.at.key(key),
                format!("`{key}` needs `{needed}`"),
                "add what is missing, or leave out the key",
            );
        }
    }

    /// There is one way for a value to get across.
    fn keys_that_exclude_each_other(&mut self, parts: &Parts) {
        let keys = &parts.keys;
        let ways = [
            (keys.value.is_some(), "`value`"),
            (keys.values.is_some(), "`values`"),
            (keys.list == Some(true), "`list`"),
            (keys.decorated_by.is_some(), "`decorated_by`"),
            (parts.lookups.iter().flatten().any(|lookup| lookup.map.is_some()), "a lookup with `map`"),
        ];
        let given: Vec<&str> = ways.into_iter().filter(|(given, _)| *given).map(|(_, way)| way).collect();
        if let [first, second, ..] = given.as_slice() {
            let message = format!("{first} and {second} do not go together");
            self.problem(&parts.at, message, "leave one of them out, or make two fields of it");
        }
    }

    fn constant(&mut self, value: &Value, parts: &Parts) -> Option<Kind> {
        let literal = value.get("$literal").filter(|_| value.as_object().is_some_and(|map| map.len() == 1));
        let text = value.as_str().filter(|text| Form::of(text) == Form::Template);
        let Some(text) = text else {
            return Some(Kind::Constant(Constant::Literal(literal.unwrap_or(value).clone())));
        };
        let [first, second] = &self.sides;
        match Template::parse(text, &["parameters", &first.name, &second.name]) {
            Ok(template) => Some(Kind::Constant(Constant::Template(template))),
            Err(error) => {
                self.problems
                    .push(Problem::error(self.source, &parts.at.key("value"), error.message).help_if(error.help));
                None
            }
        }
    }

    fn list(&mut self, parts: &Parts) -> Option<Kind> {
        let nested = self.nested(parts.keys.map.as_deref()?, &parts.at.key("map"))?;
        let matched_by = parts.keys.match_by.clone()?;
        let names = || nested.mapping.fields().iter().map(Field::name);
        if !names().any(|name| name == matched_by) {
            let help = suggestion(&matched_by, names);
            let message = format!("the mapping `{}` has no field `{matched_by}`", nested.mapping.name());
            self.problem(&parts.at.key("match"), message, &help);
        }
        let remove_absent = parts.keys.absent == Some(AbsentDocument::Remove);
        Some(Kind::List(List { nested, matched_by, remove_absent }))
    }

    fn lookup(&mut self, parts: &Parts) -> Option<Kind> {
        let (side, lookup) = match &parts.lookups {
            [Some(lookup), None] => (SideIndex::First, lookup),
            [None, Some(lookup)] => (SideIndex::Second, lookup),
            _ => {
                let help = "name on one side the record or value itself";
                self.problem(&parts.at, "both sides are lookups".to_owned(), help);
                return None;
            }
        };
        let at = parts.at.key(&self.sides[side.place()].name);
        let nested = self.nested(lookup.map.as_deref()?, &at.key("map"))?;
        self.found_by_mapped_columns(&nested, parts.ends[side.place()].as_ref()?, side, &at.key("by"));
        Some(Kind::Lookup(nested))
    }

    /// A record can only be found by columns for which the nested mapping has a value.
    fn found_by_mapped_columns(&mut self, nested: &Nested, end: &End, side: SideIndex, at: &Route) {
        let End::Lookup(reference) = end else { return };
        let ends = nested.mapping.fields().iter().filter_map(|field| field.end(nested.side(side)));
        let known: Vec<String> = ends.flat_map(End::written).map(ToString::to_string).collect();
        for by in reference.by.iter().filter(|by| !known.contains(by)) {
            let help = suggestion(by, || known.iter().map(String::as_str));
            let message = format!("the mapping `{}` has no field for `{by}`", nested.mapping.name());
            self.problem(at, message, &help);
        }
    }

    fn decorated(&mut self, name: &str, parts: &Parts) -> Option<Kind> {
        if let Some(decoration) = self.decorations.get(name) {
            return Some(Kind::Decorated(decoration.clone()));
        }
        let known: Vec<String> = self.decorations.keys().cloned().collect();
        let help = suggestion(name, || known.iter().map(String::as_str));
        self.problem(&parts.at.key("decorated_by"), format!("there is no decoration `{name}`"), &help);
        None
    }

    fn plain(&mut self, parts: &Parts) -> Option<Kind> {
        let several = parts.ends.iter().flatten().any(|end| matches!(end, End::Columns(paths) if paths.len() > 1));
        if several {
            self.problem(
                &parts.at,
                "several columns need `values`".to_owned(),
                "say in `values` which of their values belong together",
            );
        }
        Some(Kind::Plain)
    }

    /// A mapping of the pack, with the side of it that belongs to each of ours: that of the same connector.
    fn nested(&mut self, name: &str, at: &Route) -> Option<Nested> {
        let Some(mapping) = self.mappings.get(name) else {
            if !self.drafts.contains_key(name) {
                let help = suggestion(name, || self.drafts.keys().map(String::as_str));
                self.problem(at, format!("there is no mapping `{name}`"), &help);
            }
            return None;
        };
        let ours = self.sides.each_ref().map(Side::connector);
        let theirs = mapping.sides().map(Side::connector);
        let swapped = ours[0] != ours[1] && ours[0] == theirs[1] && ours[1] == theirs[0];
        if ours != theirs && !swapped {
            let message = format!("the mapping `{name}` is not between `{}` and `{}`", ours[0], ours[1]);
            self.problem(at, message, "the records inside belong to the same two services as those around them");
            return None;
        }
        Some(Nested { mapping: Arc::clone(mapping), swapped })
    }

    pub(super) fn problem(&mut self, at: &Route, message: String, help: &str) {
        self.problems.push(Problem::error(self.source, at, message).help(help));
    }
}
