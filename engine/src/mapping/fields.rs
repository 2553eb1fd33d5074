//! Which fields a mapping reads of a side's records: what a connector is asked for, and whether a record has them.

use serde_json::Value;

use super::end::{End, Reference};
use super::{Field, Kind, Mapping, SideIndex, Towards};

impl Mapping {
    /// The fields of a side, each once: `name`; `transactioncurrencyid.isocurrencycode` for a column of a
    /// referred record; `team[].email` for a column of each record of a list. Of a side whose service always
    /// gives the whole record, the outermost names are enough.
    pub fn fields_of(&self, side: SideIndex) -> Vec<String> {
        let mut names = Vec::new();
        for field in self.fields.iter().filter(|field| field.is_used()) {
            for name in field.texts(side) {
                let name = if self.side(side).is_closed() { outermost(&name).to_owned() } else { name };
                if !names.contains(&name) {
                    names.push(name);
                }
            }
        }
        names
    }

    /// Whether a record of a side has all that the mapping reads of it, be it null.
    pub(crate) fn is_told_by(&self, record: &Value, side: SideIndex) -> bool {
        let mut used = self.fields.iter().filter(|field| field.is_used());
        record.is_object() && (self.side(side).is_closed() || used.all(|field| field.is_told_by(record, side)))
    }
}

impl Field {
    fn is_told_by(&self, record: &Value, side: SideIndex) -> bool {
        match (self.end(side), &self.kind) {
            (None, _) => true,
            (Some(End::Lookup(reference)), kind) => match reference.column.read(record) {
                Some(Value::Null) => true,
                Some(row) => reference.is_told_by(row) && kind.is_told_by(row, side),
                None => false,
            },
            (Some(end), kind) => {
                let items = end.read_one(record).and_then(Value::as_array).into_iter().flatten();
                let is_there = end.paths().into_iter().all(|path| path.is_told_by(record));
                is_there && items.into_iter().all(|item| kind.is_told_by(item, side))
            }
        }
    }

    fn is_used(&self) -> bool {
        self.towards.iter().any(|towards: &Towards| towards.create || towards.update)
    }

    fn texts(&self, side: SideIndex) -> Vec<String> {
        let Some(end) = self.end(side) else { return Vec::new() };
        match (end, &self.kind) {
            (End::Lookup(reference), Kind::Lookup(nested)) => {
                let by = reference.by.iter().cloned();
                let nested = nested.mapping.fields_of(nested.side(side));
                by.chain(nested).map(|name| format!("{}.{name}", reference.column)).collect()
            }
            (End::Lookup(reference), _) => reference.by.iter().map(|by| format!("{}.{by}", reference.column)).collect(),
            (end, Kind::List(list)) => {
                let nested = list.nested.mapping.fields_of(list.nested.side(side));
                let list = end.to_string();
                nested.into_iter().map(|name| format!("{list}[].{name}")).collect()
            }
            (end, _) => end.paths().into_iter().map(ToString::to_string).collect(),
        }
    }
}

impl Reference {
    fn is_told_by(&self, row: &Value) -> bool {
        self.by.iter().all(|by| row.get(by).is_some())
    }
}

impl Kind {
    /// Whether a record within a record has what the mapping of the inner ones reads.
    fn is_told_by(&self, inner: &Value, side: SideIndex) -> bool {
        let nested = match self {
            Kind::Lookup(nested) => nested,
            Kind::List(list) => &list.nested,
            _ => return true,
        };
        nested.mapping.is_told_by(inner, nested.side(side))
    }
}

fn outermost(name: &str) -> &str {
    name.split(['.', '[']).next().unwrap_or(name)
}
