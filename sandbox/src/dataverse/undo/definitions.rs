//! The definitions without what a refused request has changed of them. What others have changed since then stays, down
//! to the single column.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::dataverse::metadata::ManyToMany;
use crate::dataverse::options::OptionSets;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::tables::Table;

/// All definitions that clients can change.
#[derive(Clone, Default)]
pub(super) struct Definitions {
    pub(super) tables: IndexMap<String, Arc<Table>>,
    pub(super) many_to_many: Vec<ManyToMany>,
    pub(super) option_sets: OptionSets,
}

impl Dataverse {
    /// The definitions as they are.
    pub(super) fn definitions_now(&self) -> Definitions {
        Definitions {
            tables: self.tables.clone(),
            many_to_many: self.many_to_many.clone(),
            option_sets: self.option_sets.clone(),
        }
    }

    /// Takes out of the definitions what a request changed of them.
    pub(super) fn undefine(&mut self, before: &Definitions, left: &Definitions) {
        for name in before.tables.keys().chain(left.tables.keys()) {
            self.undefine_table(name, before.tables.get(name), left.tables.get(name));
        }
        take_out_of_list(&mut self.many_to_many, &before.many_to_many, &left.many_to_many);
        take_out(&mut self.option_sets, &before.option_sets, &left.option_sets);
    }

    fn undefine_table(&mut self, name: &str, before: Option<&Arc<Table>>, left: Option<&Arc<Table>>) {
        if before == left {
            return;
        }
        let table = match (before, left, self.tables.get(name)) {
            (Some(before), Some(left), Some(now)) if now == left => Arc::clone(before),
            (Some(before), Some(left), Some(now)) => Arc::new(without(now, before, left)),
            (Some(before), None, None) => Arc::clone(before),
            // The table was made by the request, so there is none without it.
            (None, Some(_), _) => return drop(self.tables.shift_remove(name)),
            // Somebody else deleted it, or made it once more.
            _ => return,
        };
        self.tables.insert(name.to_owned(), table);
    }
}

/// A table as it is `now`, but for what was changed from `before` to `left` and is as it was left.
fn without(now: &Table, before: &Table, left: &Table) -> Table {
    let mut table = now.clone();
    take_out(&mut table.columns, &before.columns, &left.columns);
    take_out_of_list(&mut table.lookups, &before.lookups, &left.lookups);
    take_out_of_list(&mut table.keys, &before.keys, &left.keys);
    if now.title == left.title {
        table.title.clone_from(&before.title);
    }
    if now.tracked == left.tracked {
        table.tracked = before.tracked;
    }
    table
}

fn take_out<V: Clone + PartialEq>(
    now: &mut IndexMap<String, V>,
    before: &IndexMap<String, V>,
    left: &IndexMap<String, V>,
) {
    for name in before.keys().chain(left.keys()) {
        let (was, became) = (before.get(name), left.get(name));
        if was != became && now.get(name) == became {
            match was {
                Some(value) => now.insert(name.clone(), value.clone()),
                None => now.shift_remove(name),
            };
        }
    }
}

fn take_out_of_list<V: Clone + PartialEq>(now: &mut Vec<V>, before: &[V], left: &[V]) {
    now.retain(|value| before.contains(value) || !left.contains(value));
    for value in before.iter().filter(|value| !left.contains(value)) {
        if !now.contains(value) {
            now.push(value.clone());
        }
    }
}
