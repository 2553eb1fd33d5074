//! The rows of all tables: how they are stored and found.

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;
use jiff::Timestamp;

use super::budget::Budget;
use super::hooks::Notification;
use super::index::{Index, LONGEST};
use super::limits::{Ceilings, Meters};
use super::options::OptionSets;
use super::refusal::Refusal;
use super::seed;
use super::shelf::{KeptShelf, Link, Row, Shelf};
use super::tables::Table;
use super::undo::Undo;
use super::{custom, metadata::ManyToMany};
use crate::SandboxError;
use crate::behaviours::Behaviours;
use crate::clock::Clock;
use crate::odata::{Expression, Order};
use crate::options::CustomTable;
use crate::past::Past;

/// An index is of use where it leaves no more than one row of so many; else it is quicker to walk in the wanted order.
const FEW: usize = 8;

/// Rows of a table whose orders are kept; fewer are put in order when they are asked for.
const LONG: usize = 500;

/// The tables and their rows.
pub(crate) struct Dataverse {
    clock: Clock,
    /// By logical name.
    pub(crate) tables: IndexMap<String, Arc<Table>>,
    /// The same as this start made them; a table that somebody changed is another one.
    pub(crate) begun_with: IndexMap<String, Arc<Table>>,
    /// Choices that several columns share.
    pub(crate) option_sets: OptionSets,
    /// Relationships in which both sides are many.
    pub(crate) many_to_many: Vec<ManyToMany>,
    shelves: HashMap<String, Shelf>,
    index: Index,
    /// What lists still show, by table and row.
    pub(crate) past: Past<(String, String), Row>,
    version: u64,
    /// How to take back what the request under way has done.
    pub(crate) undo: Vec<Undo>,
    /// What the request under way is going to tell.
    pub(crate) outbox: Vec<Notification>,
    /// The user behind the connector's tokens.
    pub(crate) connector: String,
    /// The user behind the seller's token.
    pub(crate) seller: String,
    /// The user of the request under way.
    pub(crate) asking: String,
    /// Where sources contradict each other, or a rare case is wanted.
    pub(crate) behaviours: Behaviours,
    /// How much is too much, while there is service protection.
    pub(crate) ceilings: Ceilings,
    /// What each user has asked for lately.
    pub(crate) meters: Meters,
    /// What the request under way may still ask for.
    pub(crate) budget: Budget,
}

impl Dataverse {
    /// The standard and custom tables with the rows that every organization has.
    pub(crate) fn new(custom: &[CustomTable], clock: Clock, behaviours: Behaviours) -> Result<Dataverse, SandboxError> {
        let tables = custom::all(custom)?;
        let mut crm = Dataverse {
            clock,
            begun_with: tables.clone(),
            tables,
            option_sets: OptionSets::default(),
            many_to_many: Vec::new(),
            shelves: HashMap::new(),
            index: Index::default(),
            past: Past::default(),
            version: 1_000,
            undo: Vec::new(),
            outbox: Vec::new(),
            connector: String::new(),
            seller: String::new(),
            asking: String::new(),
            behaviours,
            ceilings: Ceilings::default(),
            meters: Meters::default(),
            budget: Budget::default(),
        };
        seed::fill(&mut crm);
        crm.undo.clear();
        Ok(crm)
    }

    /// The instant of this moment.
    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// The version of the last write.
    pub(crate) fn version(&self) -> u64 {
        self.version
    }

    /// The table behind an entity set name.
    pub(crate) fn table_of_set(&self, set: &str) -> Result<&Arc<Table>, Refusal> {
        self.tables.values().find(|table| table.set == set).ok_or_else(|| Refusal::no_segment(set))
    }

    /// The table of that logical name.
    pub(crate) fn table(&self, logical: &str) -> Result<&Arc<Table>, Refusal> {
        self.tables.get(logical).ok_or_else(|| Refusal::no_segment(logical))
    }

    /// The rows among which all are that a filter can match; `None` where an index does not leave few of them.
    pub(crate) fn candidates(&self, table: &Table, filter: &Expression) -> Option<Vec<&Row>> {
        let shelf = self.shelf(&table.logical)?;
        let ids = self.index.candidates(table, filter, shelf.len() / FEW)?;
        Some(ids.into_iter().filter_map(|id| shelf.get(id)).collect())
    }

    /// All rows of a table by one column, where that order is kept.
    pub(crate) fn in_order_of(&self, table: &Table, order: &Order) -> Option<Box<dyn Iterator<Item = &Row> + '_>> {
        let shelf = self.shelf(&table.logical)?;
        let ids = self.index.in_order_of(&table.logical, order)?;
        Some(Box::new(ids.filter_map(|id| shelf.get(id))))
    }

    /// Keeps the rows of a table in an order from now on where it pays: a list was asked for in it, and it is long.
    pub(crate) fn keep_in_order(&mut self, table: &Table, order: &Order) {
        if let Some(shelf) = self.shelves.get(&table.logical).filter(|shelf| shelf.len() >= LONG) {
            self.index.keep_in_order(table, order, shelf.after(0));
        }
    }

    /// The rows of a table as lists show them while they lag behind, deleted ones last.
    pub(crate) fn listed(&self, table: &str) -> Vec<&Row> {
        let mut shown = self.past.shown();
        shown.retain(|(of, _), _| of == table);
        let shown_as = |row: &Row| shown.get(&(table.to_owned(), row.id.clone())).copied();
        let mut rows: Vec<&Row> = self.rows(table).filter_map(|row| shown_as(row).unwrap_or(Some(row))).collect();
        let deleted = shown.iter().filter(|((_, id), _)| self.row(table, id).is_none());
        rows.extend(deleted.filter_map(|(_, row)| *row));
        rows
    }

    /// The rows with a value or a lookup in a column, upper and lower case alike. A text that is too long for the
    /// index is looked for in every row.
    pub(crate) fn rows_with<'a>(
        &'a self,
        table: &str,
        column: &str,
        value: &str,
    ) -> impl Iterator<Item = &'a Row> + use<'a> {
        let shelf = self.shelf(table);
        let found = self.index.with(table, column, value).filter_map(move |id| shelf?.get(id));
        let (column, wanted) = (column.to_owned(), value.to_lowercase());
        let every = shelf.filter(|_| wanted.len() > LONGEST).into_iter().flat_map(|shelf| shelf.after(0));
        let every = every.inspect(move |_| self.budget.spend(1));
        found.chain(every.filter(move |row| row.text(&column).is_some_and(|text| text.to_lowercase() == wanted)))
    }

    /// The rows of a table in order of creation.
    pub(crate) fn rows(&self, table: &str) -> impl DoubleEndedIterator<Item = &Row> {
        self.shelf(table).into_iter().flat_map(|shelf| shelf.after(0))
    }

    /// The rows of a table, as far as there are any.
    pub(crate) fn shelf(&self, table: &str) -> Option<&Shelf> {
        self.shelves.get(table)
    }

    /// One row by its primary key.
    pub(crate) fn row(&self, table: &str, id: &str) -> Option<&Row> {
        self.shelf(table)?.get(id)
    }

    /// Stores a row under a new version.
    pub(crate) fn put(&mut self, table: &str, mut row: Row) {
        self.version += 1;
        row.version = self.version;
        if row.born == 0 {
            row.born = self.version;
        }
        let id = row.id.clone();
        let before = self.shelve(table, row);
        self.note(table, &id, before.as_ref());
        self.undo.push(Undo::Row { table: table.to_owned(), id, before: before.map(Box::new), deleted_at: None });
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, table: &str, id: &str) {
        self.version += 1;
        let deleted_at = Some(self.version);
        if let Some(row) = self.unshelve(table, id, deleted_at) {
            self.note(table, id, Some(&row));
            let before = Some(Box::new(row));
            self.undo.push(Undo::Row { table: table.to_owned(), id: id.to_owned(), before, deleted_at });
        }
    }

    /// Empties a column that is no more, so that one of the same name begins without values. Every row that had one
    /// is written anew, so that the request can be taken back.
    pub(crate) fn clear_column(&mut self, table: &str, column: &str) {
        self.index.forget_order(table, column);
        self.index.forget_order(table, &format!("_{column}_value"));
        let has = |row: &&Row| row.values.contains_key(column) || row.links.contains_key(column);
        let rows: Vec<Row> = self.rows(table).filter(has).cloned().collect();
        for mut row in rows {
            row.values.shift_remove(column);
            row.links.shift_remove(column);
            self.put(table, row);
        }
    }

    /// Takes out all rows of a table that is no more.
    pub(crate) fn clear_table(&mut self, table: &str) {
        let ids: Vec<String> = self.rows(table).map(|row| row.id.clone()).collect();
        for id in ids {
            self.remove(table, &id);
        }
    }

    /// The rows as they are kept between two starts, by table.
    pub(crate) fn kept(&self) -> IndexMap<String, KeptShelf> {
        self.shelves.iter().map(|(table, shelf)| (table.clone(), shelf.kept())).collect()
    }

    /// Begins anew with what was kept: every row has the version it had, and the next write the one after `version`.
    pub(crate) fn take_up(&mut self, version: u64, kept: IndexMap<String, KeptShelf>) {
        self.shelves.clear();
        self.index = Index::default();
        self.version = version;
        for (table, kept) in kept {
            self.shelves.insert(table.clone(), Shelf::without_rows(&kept));
            for row in kept.rows {
                self.version = self.version.max(row.version);
                self.shelve(&table, row);
            }
        }
    }

    /// The rows of all tables that point at a row: table, row and lookup column.
    pub(crate) fn pointing_at(&self, target: &Link) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        for table in self.tables.values() {
            for lookup in table.lookups.iter().filter(|lookup| lookup.target == target.table) {
                let rows = self.rows_with(&table.logical, &lookup.column, &target.id);
                let rows = rows.filter(|row| row.links.get(&lookup.column) == Some(target));
                found.extend(rows.map(|row| (table.logical.clone(), row.id.clone(), lookup.column.clone())));
            }
        }
        found
    }

    /// Where lists lag behind, they need to know how a row was.
    fn note(&mut self, table: &str, id: &str, before: Option<&Row>) {
        if self.past.lags() {
            self.past.note((table.to_owned(), id.to_owned()), before.cloned());
        }
    }

    fn shelve(&mut self, table: &str, row: Row) -> Option<Row> {
        if !self.shelves.contains_key(table) {
            self.shelves.insert(table.to_owned(), Shelf::default());
        }
        let shelf = self.shelves.get_mut(table)?;
        if let Some(before) = shelf.get(&row.id) {
            self.index.remove(table, before);
        }
        self.index.add(table, &row);
        shelf.insert(row)
    }

    fn unshelve(&mut self, table: &str, id: &str, deleted_at: Option<u64>) -> Option<Row> {
        let row = self.shelves.get_mut(table)?.remove(id, deleted_at)?;
        self.index.remove(table, &row);
        Some(row)
    }

    /// Puts a row back as it was before a write, or takes it out where it was not there.
    pub(crate) fn put_back(&mut self, table: &str, id: &str, before: Option<Row>, deleted_at: Option<u64>) {
        if let Some((version, shelf)) = deleted_at.zip(self.shelves.get_mut(table)) {
            shelf.undelete(version);
        }
        match before {
            Some(row) => drop(self.shelve(table, row)),
            None => drop(self.unshelve(table, id, None)),
        }
    }
}
