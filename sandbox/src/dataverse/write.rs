//! Create, update, upsert and delete (behaviours 1, 2, 3).
//!
//! A sent body becomes drafts (`draft`), which `compute` completes to rows. What was written is told to `hooks`.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::call::Asker;
use super::compute::{complete, usual_values};
use super::draft::{Draft, describe};
use super::hooks::Told;
use super::keys::{Key, value_of};
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::shelf::{Link, Row};
use super::states::{current, settle};
use super::tables::Table;
use crate::behaviours::Behaviour;
use crate::clock;

/// The conditions of a write.
#[derive(Debug, Clone, Default)]
pub(crate) struct Conditions {
    /// `If-Match`: `*` or an etag.
    pub(crate) if_match: Option<String>,
    /// `If-None-Match: *`
    pub(crate) must_be_new: bool,
}

/// What a PATCH did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Patched {
    /// The row was there; whether it is different now.
    Updated(String, bool),
    /// It was not, and is now.
    Created(String),
}

impl Dataverse {
    /// Makes a row with the rows nested in it, and answers with its key.
    pub(crate) fn create(&mut self, table: &str, body: &Map<String, Value>, asker: &Asker) -> Result<String, Refusal> {
        let table = Arc::clone(self.table(table)?);
        let drafts = self.draft_create(&table, body)?;
        let mut rows = Vec::with_capacity(drafts.len());
        let mut told = Vec::with_capacity(drafts.len());
        let mut claims = Vec::new();
        for draft in drafts {
            let kind = Arc::clone(self.table(&draft.table)?);
            told.push(Told::of(&draft));
            claims.extend(draft.claims.iter().map(|claim| (Arc::clone(&kind), draft.id.clone(), claim.clone())));
            let row = self.fresh_row(&kind, draft, asker)?;
            self.check_keys(&kind, &row, &rows)?;
            self.check_duplicates(&kind, &row, asker)?;
            rows.push((kind.logical.clone(), row));
        }
        let id = rows.first().map(|(_, row)| row.id.clone()).unwrap_or_default();
        for ((logical, row), told) in rows.into_iter().zip(told) {
            let id = row.id.clone();
            self.store(&logical, row, asker);
            self.tell("Create", &logical, &id, told, asker);
        }
        for (kind, id, (collection, link)) in claims {
            self.associate(&kind, &id, &collection, &link, asker)?;
        }
        Ok(id)
    }

    /// The PATCH of one row: an update, or an upsert when it is not there.
    pub(crate) fn patch(
        &mut self,
        table: &Table,
        key: &Key,
        body: &Map<String, Value>,
        conditions: &Conditions,
        asker: &Asker,
    ) -> Result<Patched, Refusal> {
        let Some(row) = self.find(table, key)?.cloned() else {
            return self.upsert(table, key, body, conditions, asker).map(Patched::Created);
        };
        if conditions.must_be_new {
            return Err(Refusal::exists());
        }
        self.check_etag(table, &row, conditions)?;
        let mut body = body.clone();
        if let Key::Columns(columns) = key {
            // Key values in the body of an update are ignored.
            body.retain(|name, _| !columns.iter().any(|(column, _)| column == name));
        }
        let draft = self.draft_update(table, &row.id, &body)?;
        let id = row.id.clone();
        Ok(Patched::Updated(id, self.change(table, row, draft, asker)?))
    }

    /// Changes a row as a draft says; answers whether anything is different now.
    pub(crate) fn change(&mut self, table: &Table, row: Row, mut draft: Draft, asker: &Asker) -> Result<bool, Refusal> {
        let told = Told::of(&draft);
        let claims = std::mem::take(&mut draft.claims);
        let (id, before) = (row.id.clone(), (row.values.clone(), row.links.clone()));
        let sends_state = draft.values.contains_key("statecode") || draft.values.contains_key("statuscode");
        if self.behaviours.on(Behaviour::ClosedIsReadOnly)
            && table.logical == "opportunity"
            && current(&row).0 != 0
            && !sends_state
        {
            return Err(Refusal::argument("The opportunity is closed; reopen it before it is changed."));
        }
        if sends_state {
            settle(table, Some(current(&row)), &mut draft.values)?;
        }
        let after = complete(self, table, row, draft);
        self.check_keys(table, &after, &[])?;
        self.check_duplicates(table, &after, asker)?;
        let changed = after.values != before.0 || after.links != before.1;
        self.store(&table.logical, after, asker);
        self.tell("Update", &table.logical, &id, told, asker);
        for (collection, link) in claims {
            self.associate(table, &id, &collection, &link, asker)?;
        }
        Ok(changed)
    }

    /// Deletes a row and what goes with it.
    pub(crate) fn delete(
        &mut self,
        table: &Table,
        key: &Key,
        conditions: &Conditions,
        asker: &Asker,
    ) -> Result<(), Refusal> {
        let row = self.find(table, key)?.ok_or_else(|| Refusal::no_row(&table.logical, &describe(key)))?;
        self.check_etag(table, row, conditions)?;
        let link = Link { table: table.logical.clone(), id: row.id.clone() };
        self.delete_row(&link, asker);
        Ok(())
    }

    /// Stores a row with the time and the writer of the change.
    pub(crate) fn store(&mut self, table: &str, mut row: Row, asker: &Asker) {
        row.values.insert("modifiedon".to_owned(), json!(clock::whole_seconds(self.now())));
        row.links.insert("modifiedby".to_owned(), user_link(&asker.user));
        match &asker.on_behalf {
            Some(user) => row.links.insert("modifiedonbehalfby".to_owned(), user_link(user)),
            None => row.links.shift_remove("modifiedonbehalfby"),
        };
        self.put(table, row);
    }

    fn upsert(
        &mut self,
        table: &Table,
        key: &Key,
        body: &Map<String, Value>,
        conditions: &Conditions,
        asker: &Asker,
    ) -> Result<String, Refusal> {
        if conditions.if_match.is_some() {
            return Err(Refusal::no_row(&table.logical, &describe(key)));
        }
        let mut body = body.clone();
        let mut links = Vec::new();
        match key {
            Key::Id(id) => {
                body.insert(table.key.clone(), json!(id));
            }
            // On creation a value in the body wins over the one in the address.
            Key::Columns(columns) => {
                for (name, literal) in columns {
                    match table.lookup_value(name) {
                        Some(column) => links.extend(self.link_of(table, column, literal)),
                        None => drop(body.entry(name.clone()).or_insert_with(|| value_of(literal))),
                    }
                }
            }
        }
        for (navigation, address) in links {
            body.entry(format!("{navigation}@odata.bind")).or_insert_with(|| json!(address));
        }
        self.create(&table.logical, &body, asker)
    }

    /// The navigation property and the address that a lookup in a key stands for.
    fn link_of(&self, table: &Table, column: &str, literal: &crate::odata::Literal) -> Option<(String, String)> {
        let Value::String(id) = value_of(literal) else { return None };
        let lookup =
            table.lookups.iter().find(|lookup| lookup.column == column && self.row(&lookup.target, &id).is_some())?;
        Some((lookup.navigation.clone(), format!("{}({id})", self.tables.get(&lookup.target)?.set)))
    }

    fn fresh_row(&self, table: &Table, mut draft: Draft, asker: &Asker) -> Result<Row, Refusal> {
        // The activity of a closed opportunity is born completed.
        let born_closed = table.logical == "opportunityclose";
        let before = if born_closed { Some((1, 2)) } else { None };
        settle(table, before, &mut draft.values)?;
        for (column, value) in usual_values(table) {
            draft.values.entry(column).or_insert(value);
        }
        let owner = draft.links.get("ownerid").cloned().flatten().unwrap_or_else(|| user_link(&asker.user));
        draft.links.insert("ownerid".to_owned(), Some(owner));
        draft.links.insert("createdby".to_owned(), Some(user_link(&asker.user)));
        if let Some(user) = &asker.on_behalf {
            draft.links.insert("createdonbehalfby".to_owned(), Some(user_link(user)));
        }
        if let Some(currency) = self.default_currency() {
            draft.links.entry("transactioncurrencyid".to_owned()).or_insert(Some(currency));
        }
        draft.values.insert("createdon".to_owned(), json!(clock::whole_seconds(self.now())));
        let empty = Row { id: draft.id.clone(), values: Map::new(), links: IndexMap::new(), version: 0, born: 0 };
        Ok(complete(self, table, empty, draft))
    }

    /// Amounts without a currency are in the organization's own, silently.
    fn default_currency(&self) -> Option<Link> {
        let row = self.rows_with("transactioncurrency", "isocurrencycode", "USD").next()?;
        Some(Link { table: "transactioncurrency".to_owned(), id: row.id.clone() })
    }

    /// Opportunities go with their customer; any other lookup at the row is emptied.
    fn delete_row(&mut self, link: &Link, asker: &Asker) {
        self.tell("Delete", &link.table, &link.id, Told::default(), asker);
        self.remove(&link.table, &link.id);
        for (table, id, column) in self.pointing_at(link) {
            if column == "customerid" {
                self.delete_row(&Link { table, id }, asker);
            } else if let Some(mut row) = self.row(&table, &id).cloned() {
                row.links.shift_remove(&column);
                self.put(&table, row);
            }
        }
    }

    /// Refuses a row whose etag is not the one that was sent.
    fn check_etag(&self, table: &Table, row: &Row, conditions: &Conditions) -> Result<(), Refusal> {
        match conditions.if_match.as_deref() {
            None | Some("*") => Ok(()),
            Some(_) if !table.optimistic => Err(Refusal::no_concurrency(&table.logical)),
            Some(etag) if etag == row.etag() => Ok(()),
            Some(_) => Err(Refusal::stale(self.behaviours.on(Behaviour::StaleWithoutCode))),
        }
    }
}

/// A link to a user.
pub(crate) fn user_link(user: &str) -> Link {
    Link { table: "systemuser".to_owned(), id: user.to_owned() }
}
