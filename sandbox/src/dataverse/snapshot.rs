//! The CRM as it is kept between two starts of the sandbox: rows with their versions, deletions, and what clients made
//! of the definitions.
//!
//! Etags and delta tokens are made of versions, so those that clients hold stay good, and none becomes good for
//! something else.

use std::collections::HashSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};

use super::limits::Ceilings;
use super::metadata::ManyToMany;
use super::options::OptionSets;
use super::rows::Dataverse;
use super::seed::add_message_filters;
use super::shelf::KeptShelf;
use super::tables::Table;

/// Everything that is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DataverseSnapshot {
    connector: String,
    seller: String,
    ceilings: Ceilings,
    definitions: Definitions,
    /// The version of the last write.
    version: u64,
    rows: IndexMap<String, KeptShelf>,
}

/// Where the definitions are others than those of the start.
#[derive(Debug, Serialize, Deserialize)]
struct Definitions {
    /// Tables that clients made or changed.
    tables: Vec<Table>,
    /// Tables of the start that clients deleted.
    deleted: Vec<String>,
    option_sets: OptionSets,
    many_to_many: Vec<ManyToMany>,
}

impl Dataverse {
    /// What is kept between two starts.
    pub(crate) fn snapshot(&self) -> DataverseSnapshot {
        DataverseSnapshot {
            connector: self.connector.clone(),
            seller: self.seller.clone(),
            ceilings: self.ceilings,
            definitions: self.definitions(),
            version: self.version(),
            rows: self.kept(),
        }
    }

    /// Takes up what was kept, in place of all rows there are.
    pub(crate) fn restore(&mut self, snapshot: DataverseSnapshot) {
        self.connector = snapshot.connector;
        self.seller = snapshot.seller;
        self.ceilings = snapshot.ceilings;
        self.redefine(snapshot.definitions);
        let mut rows = snapshot.rows;
        // A table of the pack that is no more takes its rows with it. Pairs of many to many have no table.
        let of_pairs = |table: &String| self.many_to_many.iter().any(|it| it.pairs == *table);
        rows.retain(|table, _| self.tables.contains_key(table) || of_pairs(table));
        self.take_up(snapshot.version, rows);
        self.fill_in_messages();
        // Nobody is told of it, and it is not taken back.
        let _ = self.finish();
    }

    fn definitions(&self) -> Definitions {
        let as_begun =
            |table: &&Arc<Table>| self.begun_with.get(&table.logical).is_some_and(|begun| Arc::ptr_eq(begun, table));
        let changed = self.tables.values().filter(|table| !as_begun(table));
        let deleted = self.begun_with.keys().filter(|table| !self.tables.contains_key(*table));
        Definitions {
            tables: changed.map(|table| Table::clone(table)).collect(),
            deleted: deleted.cloned().collect(),
            option_sets: self.option_sets.clone(),
            many_to_many: self.many_to_many.clone(),
        }
    }

    fn redefine(&mut self, kept: Definitions) {
        for table in &kept.deleted {
            self.tables.shift_remove(table);
        }
        for mut table in kept.tables {
            if let Some(begun) = self.begun_with.get(&table.logical) {
                complete(&mut table, begun);
            }
            self.tables.insert(table.logical.clone(), Arc::new(table));
        }
        self.option_sets = kept.option_sets;
        self.many_to_many = kept.many_to_many;
    }

    /// A table that the last start did not have can send messages as well.
    fn fill_in_messages(&mut self) {
        let filters = self.rows("sdkmessagefilter").filter_map(|row| row.text("primaryobjecttypecode"));
        let known: HashSet<&str> = filters.collect();
        let missing: Vec<String> =
            self.tables.keys().filter(|table| !known.contains(table.as_str())).cloned().collect();
        for table in missing {
            add_message_filters(self, &table);
        }
    }
}

/// Adds what this start's table has and the kept one has not: the pack may have grown since.
fn complete(kept: &mut Table, begun: &Table) {
    kept.states = begun.states;
    for (name, column) in &begun.columns {
        if !kept.columns.contains_key(name) {
            kept.columns.insert(name.clone(), column.clone());
        }
    }
    for lookup in &begun.lookups {
        let is_known = kept.lookups.iter().any(|known| known.column == lookup.column && known.target == lookup.target);
        if !is_known {
            kept.lookups.push(lookup.clone());
        }
    }
    for key in &begun.keys {
        if kept.keys.iter().all(|known| known.schema != key.schema) {
            kept.keys.push(key.clone());
        }
    }
}
