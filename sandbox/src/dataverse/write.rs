//! Create, update, upsert and delete (behaviours 1, 2, 3, 10).

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::draft::{Draft, describe};
use super::keys::{Key, value_of};
use super::refusal::Refusal;
use super::rows::{Dataverse, Link, Row};
use super::states::{current, settle};
use super::tables::Table;
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
    pub(crate) fn create(&mut self, table: &str, body: &Map<String, Value>, user: &str) -> Result<String, Refusal> {
        let table = self.tables.get(table).ok_or_else(|| Refusal::no_segment(table))?.clone();
        let drafts = self.draft_create(&table, body)?;
        let mut rows = Vec::with_capacity(drafts.len());
        for draft in drafts {
            let kind = self.tables.get(&draft.table).ok_or_else(|| Refusal::no_segment(&draft.table))?;
            let logical = draft.table.clone();
            let row = self.fresh_row(kind, draft, user)?;
            self.check_keys(kind, &row, &rows)?;
            rows.push((logical, row));
        }
        let id = rows.first().map(|(_, row)| row.id.clone()).unwrap_or_default();
        for (logical, row) in rows {
            self.store(&logical, row, user);
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
        user: &str,
    ) -> Result<Patched, Refusal> {
        let Some(row) = self.find(table, key)?.cloned() else {
            return self.upsert(table, key, body, conditions, user).map(Patched::Created);
        };
        if conditions.must_be_new {
            return Err(Refusal::exists());
        }
        check_etag(&row, conditions)?;
        let mut body = body.clone();
        if let Key::Columns(columns) = key {
            // Key values in the body of an update are ignored.
            body.retain(|name, _| !columns.iter().any(|(column, _)| column == name));
        }
        let draft = self.draft_update(table, &row.id, &body)?;
        let id = row.id.clone();
        let before = row.clone();
        let after = merge(table, row, draft)?;
        self.check_keys(table, &after, &[])?;
        let changed = after.values != before.values || after.links != before.links;
        self.store(&table.logical, after, user);
        Ok(Patched::Updated(id, changed))
    }

    /// Deletes a row and what goes with it.
    pub(crate) fn delete(&mut self, table: &Table, key: &Key, conditions: &Conditions) -> Result<(), Refusal> {
        let row = self.find(table, key)?.ok_or_else(|| Refusal::no_row(&table.logical, &describe(key)))?;
        check_etag(row, conditions)?;
        let link = Link { table: table.logical.clone(), id: row.id.clone() };
        self.delete_row(&link);
        Ok(())
    }

    /// Stores a row with the time and the writer of the change.
    pub(crate) fn store(&mut self, table: &str, mut row: Row, user: &str) {
        row.values.insert("modifiedon".to_owned(), json!(clock::whole_seconds(Timestamp::now())));
        row.links.insert("modifiedby".to_owned(), user_link(user));
        self.put(table, row);
    }

    fn upsert(
        &mut self,
        table: &Table,
        key: &Key,
        body: &Map<String, Value>,
        conditions: &Conditions,
        user: &str,
    ) -> Result<String, Refusal> {
        if conditions.if_match.is_some() {
            return Err(Refusal::no_row(&table.logical, &describe(key)));
        }
        let mut body = body.clone();
        match key {
            Key::Id(id) => {
                body.insert(table.key.clone(), json!(id));
            }
            // On creation a value in the body wins over the one in the address.
            Key::Columns(columns) => {
                for (name, literal) in columns {
                    body.entry(name.clone()).or_insert_with(|| value_of(literal));
                }
            }
        }
        self.create(&table.logical, &body, user)
    }

    fn fresh_row(&self, table: &Table, mut draft: Draft, user: &str) -> Result<Row, Refusal> {
        // The activity of a closed opportunity is born completed.
        let born_closed = table.logical == "opportunityclose";
        let before = if born_closed { Some((1, 2)) } else { None };
        settle(table, before, &mut draft.values)?;
        for (column, value) in usual_values(table) {
            draft.values.entry(column).or_insert(value);
        }
        let owner = draft.links.get("ownerid").cloned().flatten().unwrap_or_else(|| user_link(user));
        draft.links.insert("ownerid".to_owned(), Some(owner));
        draft.links.insert("createdby".to_owned(), Some(user_link(user)));
        if let Some(currency) = self.default_currency() {
            draft.links.entry("transactioncurrencyid".to_owned()).or_insert(Some(currency));
        }
        draft.values.insert("createdon".to_owned(), json!(clock::whole_seconds(Timestamp::now())));
        let empty = Row { id: draft.id.clone(), values: Map::new(), links: IndexMap::new(), version: 0 };
        Ok(apply(table, empty, draft))
    }

    /// Amounts without a currency are in the organization's own, silently.
    fn default_currency(&self) -> Option<Link> {
        let dollar = |row: &&Row| row.values.get("isocurrencycode").and_then(Value::as_str) == Some("USD");
        let row = self.rows("transactioncurrency").find(dollar)?;
        Some(Link { table: "transactioncurrency".to_owned(), id: row.id.clone() })
    }

    /// Opportunities go with their customer; any other lookup at the row is emptied.
    fn delete_row(&mut self, link: &Link) {
        self.remove(&link.table, &link.id);
        for (table, id, column) in self.pointing_at(link) {
            if column == "customerid" {
                self.delete_row(&Link { table, id });
            } else if let Some(mut row) = self.row(&table, &id).cloned() {
                row.links.shift_remove(&column);
                self.put(&table, row);
            }
        }
    }
}

fn check_etag(row: &Row, conditions: &Conditions) -> Result<(), Refusal> {
    match conditions.if_match.as_deref() {
        None | Some("*") => Ok(()),
        Some(etag) if etag == row.etag() => Ok(()),
        Some(_) => Err(Refusal::stale()),
    }
}

/// The row after an update.
fn merge(table: &Table, row: Row, mut draft: Draft) -> Result<Row, Refusal> {
    if draft.values.contains_key("statecode") || draft.values.contains_key("statuscode") {
        settle(table, Some(current(&row)), &mut draft.values)?;
    }
    Ok(apply(table, row, draft))
}

fn apply(table: &Table, mut row: Row, mut draft: Draft) -> Row {
    drop_calculated_value(table, &row, &mut draft.values);
    row.values.extend(draft.values);
    for (column, link) in draft.links {
        match link {
            Some(link) => row.links.insert(column, link),
            None => row.links.shift_remove(&column),
        };
    }
    if let Some(owner) = row.links.get("ownerid").cloned() {
        row.links.insert("owninguser".to_owned(), owner);
    }
    if table.columns.contains_key("fullname") {
        row.values.insert("fullname".to_owned(), full_name(&row.values));
    }
    row
}

/// While revenue is calculated by the system, a value sent for it is ignored without a word
/// (behaviour 10). The flag in the same body counts.
fn drop_calculated_value(table: &Table, row: &Row, values: &mut Map<String, Value>) {
    const FLAG: &str = "isrevenuesystemcalculated";
    let flag = values.get(FLAG).or_else(|| row.values.get(FLAG));
    if table.logical == "opportunity" && flag == Some(&Value::Bool(true)) {
        values.shift_remove("estimatedvalue");
    }
}

fn full_name(values: &Map<String, Value>) -> Value {
    let parts: Vec<&str> =
        ["firstname", "lastname"].iter().filter_map(|part| values.get(*part).and_then(Value::as_str)).collect();
    if parts.is_empty() { Value::Null } else { json!(parts.join(" ")) }
}

/// Columns that are set when nothing was sent.
fn usual_values(table: &Table) -> Vec<(String, Value)> {
    if table.logical != "opportunity" {
        return Vec::new();
    }
    vec![
        ("isrevenuesystemcalculated".to_owned(), json!(false)),
        ("opportunityratingcode".to_owned(), json!(2)),
        ("prioritycode".to_owned(), json!(1)),
        ("salesstagecode".to_owned(), json!(1)),
    ]
}

fn user_link(user: &str) -> Link {
    Link { table: "systemuser".to_owned(), id: user.to_owned() }
}
