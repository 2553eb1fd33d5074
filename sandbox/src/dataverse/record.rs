//! A row together with what its navigation properties lead to, and how it shows itself to a filter.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::metadata::Side;
use super::rows::Dataverse;
use super::shelf::{Link, Row, Shelf};
use super::tables::{Lookup, Table};
use crate::odata::{Item, Record};

/// A row that can be followed to others.
#[derive(Clone, Copy)]
pub(crate) struct RowRecord<'a> {
    /// Everything.
    pub(crate) crm: &'a Dataverse,
    /// The row's table.
    pub(crate) table: &'a Table,
    /// The row.
    pub(crate) row: &'a Row,
}

/// A collection of a table: how the rows in it are tied to the row it belongs to.
pub(crate) enum Collection<'a> {
    /// By a lookup of theirs.
    Children(&'a Table, &'a Lookup),
    /// By pairs that are kept apart.
    Pairs(&'a Table, Side<'a>),
}

impl<'a> Collection<'a> {
    /// The table of the rows in it.
    pub(crate) fn table(&self) -> &'a Table {
        match self {
            Collection::Children(table, _) | Collection::Pairs(table, _) => table,
        }
    }
}

impl<'a> RowRecord<'a> {
    /// The row a lookup points at.
    pub(crate) fn follow(&self, column: &str) -> Option<RowRecord<'a>> {
        let link = self.row.links.get(column)?;
        let table = self.crm.tables.get(&link.table)?;
        Some(RowRecord { crm: self.crm, table, row: self.crm.row(&link.table, &link.id)? })
    }

    /// The row behind a single-valued navigation property. One of several targets of a lookup is
    /// empty when the lookup points at another.
    pub(crate) fn target(&self, lookup: &Lookup) -> Option<RowRecord<'a>> {
        let leads_there = |other: &&Lookup, table: &str| other.navigation == lookup.navigation && other.target == table;
        self.follow(&lookup.column)
            .filter(|target| self.table.lookups.iter().any(|other| leads_there(&other, &target.table.logical)))
    }

    /// The rows behind a collection, oldest first, and their table; `None` when there is no such collection.
    pub(crate) fn children(&self, collection: &str) -> Option<(&'a Table, Vec<RowRecord<'a>>)> {
        let crm = self.crm;
        let collection = crm.collection(self.table, collection)?;
        if crm.budget.is_spent() {
            // Whoever asked looks at the budget next.
            return Some((collection.table(), Vec::new()));
        }
        let here = Link { table: self.table.logical.clone(), id: self.row.id.clone() };
        let (table, mut rows) = match collection {
            Collection::Children(table, lookup) => {
                let column = lookup.column.as_str();
                let rows: Vec<&Row> = match crm.past.lags() {
                    true => {
                        // While lists lag behind, there is no index of what they show.
                        crm.budget.spend(crm.shelf(&table.logical).map_or(0, Shelf::len));
                        crm.listed(&table.logical)
                    }
                    false => crm.rows_with(&table.logical, column, &here.id).collect(),
                };
                (table, rows.into_iter().filter(|row| row.links.get(column) == Some(&here)).collect())
            }
            Collection::Pairs(table, side) => {
                let pairs = crm.rows_with(side.pairs, side.here, &here.id);
                let ids = pairs.filter_map(|pair| Some(&pair.links.get(side.there)?.id));
                (table, ids.filter_map(|id| crm.row(&table.logical, id)).collect::<Vec<_>>())
            }
        };
        crm.budget.spend(rows.len());
        rows.sort_unstable_by_key(|row| row.born);
        Some((table, rows.into_iter().map(|row| RowRecord { crm, table, row }).collect()))
    }
}

impl Dataverse {
    /// What ties the rows of a collection of `table` to it.
    pub(crate) fn collection(&self, table: &Table, name: &str) -> Option<Collection<'_>> {
        let of_children = self.tables.values().find_map(|child| {
            let fits = |lookup: &&Lookup| lookup.collection == name && lookup.target == table.logical;
            Some(Collection::Children(child, child.lookups.iter().find(fits)?))
        });
        of_children.or_else(|| {
            let side = self.many_to_many.iter().find_map(|pairs| pairs.side(&table.logical, name))?;
            Some(Collection::Pairs(self.tables.get(side.target)?, side))
        })
    }
}

impl Record for RowRecord<'_> {
    fn spend(&self, work: usize) {
        self.crm.budget.spend(work);
    }

    fn get(&self, name: &str) -> Item<'_> {
        self.crm.budget.spend(1);
        if name == self.table.key {
            return Item::Value(Cow::Owned(json!(self.row.id)));
        }
        if name == "versionnumber" {
            return Item::Value(Cow::Owned(json!(self.row.version)));
        }
        if self.table.columns.contains_key(name) {
            return Item::Value(self.row.values.get(name).map_or(Cow::Owned(Value::Null), Cow::Borrowed));
        }
        if let Some(column) = self.table.lookup_value(name) {
            let link = self.row.links.get(column);
            return Item::Value(Cow::Owned(link.map_or(Value::Null, |link| json!(link.id))));
        }
        if let Some(lookup) = self.table.navigation(name) {
            return Item::One(self.target(lookup).map(|target| Box::new(target) as Box<dyn Record>));
        }
        match self.children(name) {
            Some((_, children)) => {
                Item::Many(children.into_iter().map(|child| Box::new(child) as Box<dyn Record>).collect())
            }
            None => Item::Unknown,
        }
    }
}
