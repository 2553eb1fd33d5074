//! The rules that tell a duplicate (behaviour 22): those that every organization starts with.

use super::call::Asker;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::Row;
use super::tables::Table;
use crate::behaviours::Behaviour;

/// Table and the column that two active rows of it do not share.
const RULES: [(&str, &str); 3] = [("account", "name"), ("contact", "emailaddress1"), ("lead", "emailaddress1")];

impl Dataverse {
    /// Refuses a row that a rule takes for another one. Nobody is asked unless the caller wants it.
    pub(crate) fn check_duplicates(&self, table: &Table, row: &Row, asker: &Asker) -> Result<(), Refusal> {
        if !asker.detect_duplicates {
            return Ok(());
        }
        let rules = RULES.iter().filter(|(logical, _)| *logical == table.logical);
        let taken = rules.filter_map(|(_, column)| Some((*column, row.text(column)?))).any(|(column, value)| {
            let mut others = self.rows_with(&table.logical, column, value);
            others.any(|other| other.id != row.id && other.number("statecode") == Some(0))
        });
        if taken { Err(Refusal::duplicate(self.behaviours.on(Behaviour::DuplicatesAre500))) } else { Ok(()) }
    }
}
