//! How what a request has done is taken back: at once, where a part of it is refused, or later, where a webhook that
//! the request waits for refuses it.
//!
//! Each write leaves an [`Undo`] step. [`Dataverse::atomically`] takes steps back while nobody else can see them. In
//! the time that a webhook takes, others may write: [`Dataverse::cancel`] leaves alone what is theirs.

mod definitions;

use std::collections::HashMap;
use std::sync::Arc;

use indexmap::IndexMap;

use super::hooks::Notification;
use super::metadata::ManyToMany;
use super::options::OptionSets;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::Row;
use super::tables::Table;
use definitions::Definitions;

/// One step back.
pub(crate) enum Undo {
    /// The row of a table was this before, or was not there.
    Row { table: String, id: String, before: Option<Box<Row>>, deleted_at: Option<u64> },
    /// The tables were these.
    Tables(IndexMap<String, Arc<Table>>),
    /// The relationships were these.
    ManyToMany(Vec<ManyToMany>),
    /// The choices that columns share were these.
    OptionSets(OptionSets),
}

/// A table and a row of it.
type Place = (String, String);

/// A finished request that can still be refused.
#[derive(Default)]
pub(crate) struct Finished {
    steps: Vec<Undo>,
    /// The rows that it wrote, as it left them; `None` is deleted.
    left: HashMap<Place, Option<Row>>,
    /// The definitions, as it left them; empty where it changed none.
    definitions: Definitions,
}

impl Dataverse {
    /// Does something entirely or not at all.
    pub(crate) fn atomically<T>(
        &mut self,
        work: impl FnOnce(&mut Dataverse) -> Result<T, Refusal>,
    ) -> Result<T, Refusal> {
        let (done, told) = (self.undo.len(), self.outbox.len());
        let result = work(self);
        if result.is_err() {
            self.outbox.truncate(told);
            while self.undo.len() > done {
                if let Some(step) = self.undo.pop() {
                    self.take_back(step);
                }
            }
        }
        result
    }

    /// Ends a request: how to take it back, as long as somebody is asked who can refuse it, and what is to be told
    /// of it.
    pub(crate) fn finish(&mut self) -> (Finished, Vec<Notification>) {
        self.budget.renew();
        let (steps, told) = (std::mem::take(&mut self.undo), std::mem::take(&mut self.outbox));
        if !told.iter().any(|notification| notification.synchronous) {
            return (Finished::default(), told);
        }
        let places = steps.iter().filter_map(Undo::place);
        let left = places.map(|(table, id)| ((table.clone(), id.clone()), self.row(table, id).cloned())).collect();
        let defines = steps.iter().any(|step| step.place().is_none());
        let definitions = if defines { self.definitions_now() } else { Definitions::default() };
        (Finished { steps, left, definitions }, told)
    }

    /// Takes a finished request back. What others have written since then stays. Others may have seen what the
    /// request did, so taking back is written like any change: it has new versions, and rows that go are deleted.
    pub(crate) fn cancel(&mut self, finished: Finished) {
        let Finished { steps, left, definitions } = finished;
        let mut firsts: IndexMap<Place, Option<Box<Row>>> = IndexMap::new();
        let mut before = definitions.clone();
        // The first step of its kind, which comes last, knows how things were before the request.
        for step in steps.into_iter().rev() {
            match step {
                Undo::Row { table, id, before, .. } => drop(firsts.insert((table, id), before)),
                Undo::Tables(tables) => before.tables = tables,
                Undo::ManyToMany(relationships) => before.many_to_many = relationships,
                Undo::OptionSets(sets) => before.option_sets = sets,
            }
        }
        self.undefine(&before, &definitions);
        for (place, before) in firsts {
            let left = left.get(&place).and_then(Option::as_ref);
            self.part(&place, before.as_deref(), left);
        }
        // Nobody takes this back in turn.
        self.undo.clear();
    }

    /// Takes the part of a request out of a row, which somebody else may have written since.
    fn part(&mut self, (table, id): &Place, before: Option<&Row>, left: Option<&Row>) {
        match (before, left, self.row(table, id)) {
            (Some(before), Some(left), Some(now)) if now.version == left.version => self.put(table, before.clone()),
            // The request deleted it.
            (Some(before), None, None) => self.put(table, before.clone()),
            (Some(before), Some(left), Some(now)) => {
                let row = without(now, before, left);
                self.put(table, row);
            }
            // The row was made by the request, so there is none without it.
            (None, Some(_), Some(_)) => self.remove(table, id),
            // Somebody else deleted it, or made it once more.
            _ => {}
        }
    }

    /// Changes the tables; taken back with the request.
    pub(crate) fn tables_mut(&mut self) -> &mut IndexMap<String, Arc<Table>> {
        self.undo.push(Undo::Tables(self.tables.clone()));
        &mut self.tables
    }

    /// Changes the relationships of many to many; taken back with the request.
    pub(crate) fn many_to_many_mut(&mut self) -> &mut Vec<ManyToMany> {
        self.undo.push(Undo::ManyToMany(self.many_to_many.clone()));
        &mut self.many_to_many
    }

    /// Changes the choices that columns share; taken back with the request.
    pub(crate) fn option_sets_mut(&mut self) -> &mut OptionSets {
        self.undo.push(Undo::OptionSets(self.option_sets.clone()));
        &mut self.option_sets
    }

    fn take_back(&mut self, step: Undo) {
        match step {
            Undo::Row { table, id, before, deleted_at } => {
                self.put_back(&table, &id, before.map(|row| *row), deleted_at);
            }
            Undo::Tables(tables) => self.tables = tables,
            Undo::ManyToMany(relationships) => self.many_to_many = relationships,
            Undo::OptionSets(sets) => self.option_sets = sets,
        }
    }
}

impl Undo {
    fn place(&self) -> Option<(&String, &String)> {
        match self {
            Undo::Row { table, id, .. } => Some((table, id)),
            _ => None,
        }
    }
}

/// A row as it is `now`, but for the columns that were changed from `before` to `left` and are as they were left.
fn without(now: &Row, before: &Row, left: &Row) -> Row {
    let mut row = now.clone();
    // Who wrote last, and when, is not ours any more.
    let is_ours = |column: &&String| !matches!(column.as_str(), "modifiedon" | "modifiedby" | "modifiedonbehalfby");
    for column in before.values.keys().chain(left.values.keys()).filter(is_ours) {
        let (was, became) = (before.values.get(column), left.values.get(column));
        if was != became && now.values.get(column) == became {
            match was {
                Some(value) => row.values.insert(column.clone(), value.clone()),
                None => row.values.shift_remove(column),
            };
        }
    }
    for column in before.links.keys().chain(left.links.keys()).filter(is_ours) {
        let (was, became) = (before.links.get(column), left.links.get(column));
        if was != became && now.links.get(column) == became {
            match was {
                Some(link) => row.links.insert(column.clone(), link.clone()),
                None => row.links.shift_remove(column),
            };
        }
    }
    row
}
