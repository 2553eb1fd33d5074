//! Which fields a mapping reads of a side's records: what a connector is asked for.

use super::end::End;
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
}

impl Field {
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

fn outermost(name: &str) -> &str {
    name.split(['.', '[']).next().unwrap_or(name)
}
