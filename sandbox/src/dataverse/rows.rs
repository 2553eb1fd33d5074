//! The rows, and how a row shows itself to a filter.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::index::Index;
use super::refusal::Refusal;
use super::tables::{self, Lookup, Table};
use crate::SandboxError;
use crate::clock;
use crate::odata::{Expression, Item, Record};
use crate::options::CustomTable;
use crate::past::Past;

/// A row of any table.
#[derive(Debug, Clone, Default)]
pub(crate) struct Row {
    /// Its primary key, lower case.
    pub(crate) id: String,
    /// Plain columns; one that is absent is null.
    pub(crate) values: Map<String, Value>,
    /// Lookup column → where it points.
    pub(crate) links: IndexMap<String, Link>,
    /// Moves with every write; the etag is made of it (behaviour 3).
    pub(crate) version: u64,
}

/// Where a lookup points.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Link {
    /// Logical name of the target table.
    pub(crate) table: String,
    /// The target row.
    pub(crate) id: String,
}

/// The tables and their rows.
pub(crate) struct Dataverse {
    /// By logical name.
    pub(crate) tables: IndexMap<String, Table>,
    rows: IndexMap<String, IndexMap<String, Row>>,
    index: Index,
    /// What lists still show, by table and row.
    pub(crate) past: Past<(String, String), Row>,
    version: u64,
    /// The user behind the connector's tokens.
    pub(crate) connector: String,
    /// The user behind the seller's token.
    pub(crate) seller: String,
}

impl Row {
    /// The weak etag.
    pub(crate) fn etag(&self) -> String {
        format!("W/\"{}\"", self.version)
    }
}

impl Dataverse {
    /// The standard and custom tables with two users and three currencies.
    pub(crate) fn new(custom: &[CustomTable]) -> Result<Dataverse, SandboxError> {
        let mut crm = Dataverse {
            tables: tables::all(custom)?,
            rows: IndexMap::new(),
            index: Index::default(),
            past: Past::default(),
            version: 1_000,
            connector: String::new(),
            seller: String::new(),
        };
        crm.connector = crm.seed_user("Connector", "App", "connector@fabrikam.example");
        crm.seller = crm.seed_user("Sales", "Person", "sales@fabrikam.example");
        for (code, name, symbol) in [("USD", "US Dollar", "$"), ("EUR", "Euro", "€"), ("SEK", "Krona", "kr")] {
            let values = json!({
                "currencyname": name, "isocurrencycode": code, "currencysymbol": symbol, "exchangerate": 1.0,
            });
            crm.seed("transactioncurrency", values);
        }
        Ok(crm)
    }

    /// The table behind an entity set name.
    pub(crate) fn table_of_set(&self, set: &str) -> Result<&Table, Refusal> {
        self.tables.values().find(|table| table.set == set).ok_or_else(|| Refusal::no_segment(set))
    }

    /// The rows of a table, ready to be read; at least all those that the filter matches.
    pub(crate) fn records<'a>(&'a self, table: &'a Table, filter: Option<&Expression>) -> Vec<RowRecord<'a>> {
        match filter.and_then(|filter| self.index.candidates(table, filter)) {
            _ if self.past.lags() => {
                self.listed(&table.logical).into_iter().map(|row| RowRecord { crm: self, table, row }).collect()
            }
            Some(ids) => {
                let rows = ids.into_iter().filter_map(|id| self.row(&table.logical, id));
                rows.map(|row| RowRecord { crm: self, table, row }).collect()
            }
            None => self.rows(&table.logical).map(|row| RowRecord { crm: self, table, row }).collect(),
        }
    }

    /// The rows of a table as lists show them while they lag behind, deleted ones last.
    fn listed(&self, table: &str) -> Vec<&Row> {
        let mut shown = self.past.shown();
        shown.retain(|(of, _), _| of == table);
        let shown_as = |row: &Row| shown.get(&(table.to_owned(), row.id.clone())).copied();
        let mut rows: Vec<&Row> = self.rows(table).filter_map(|row| shown_as(row).unwrap_or(Some(row))).collect();
        let deleted = shown.iter().filter(|((_, id), _)| self.row(table, id).is_none());
        rows.extend(deleted.filter_map(|(_, row)| *row));
        rows
    }

    /// The rows with a text or a lookup in a column, upper and lower case alike.
    pub(crate) fn rows_with(&self, table: &str, column: &str, value: &str) -> impl Iterator<Item = &Row> {
        self.index.with(table, column, value).filter_map(move |id| self.row(table, id))
    }

    /// The rows of a table in order of creation.
    pub(crate) fn rows(&self, table: &str) -> impl Iterator<Item = &Row> {
        self.rows.get(table).into_iter().flat_map(IndexMap::values)
    }

    /// One row by its primary key.
    pub(crate) fn row(&self, table: &str, id: &str) -> Option<&Row> {
        self.rows.get(table)?.get(id)
    }

    /// Stores a row under a new version.
    pub(crate) fn put(&mut self, table: &str, mut row: Row) {
        self.version += 1;
        row.version = self.version;
        let rows = self.rows.entry(table.to_owned()).or_default();
        let before = rows.get(&row.id);
        if self.past.lags() {
            self.past.note((table.to_owned(), row.id.clone()), before.cloned());
        }
        if let Some(before) = before {
            self.index.remove(table, before);
        }
        self.index.add(table, &row);
        rows.insert(row.id.clone(), row);
    }

    /// Takes a row out.
    pub(crate) fn remove(&mut self, table: &str, id: &str) {
        if let Some(row) = self.rows.get_mut(table).and_then(|rows| rows.shift_remove(id)) {
            self.index.remove(table, &row);
            self.past.note((table.to_owned(), id.to_owned()), Some(row));
        }
    }

    /// The rows of all tables that point at a row: table, row and lookup column.
    pub(crate) fn pointing_at(&self, target: &Link) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        for (table, rows) in &self.rows {
            for row in rows.values() {
                for (column, _) in row.links.iter().filter(|(_, link)| *link == target) {
                    found.push((table.clone(), row.id.clone(), column.clone()));
                }
            }
        }
        found
    }

    fn seed_user(&mut self, first: &str, last: &str, email: &str) -> String {
        let values = json!({
            "firstname": first, "lastname": last, "fullname": format!("{first} {last}"),
            "internalemailaddress": email, "domainname": email, "isdisabled": false,
        });
        self.seed("systemuser", values)
    }

    fn seed(&mut self, table: &str, values: Value) -> String {
        let id = Uuid::new_v4().to_string();
        let Value::Object(mut values) = values else {
            return id;
        };
        let now = clock::whole_seconds(Timestamp::now());
        values.insert("createdon".to_owned(), json!(now));
        values.insert("modifiedon".to_owned(), json!(now));
        values.insert("statecode".to_owned(), json!(0));
        values.insert("statuscode".to_owned(), json!(1));
        self.put(table, Row { id: id.clone(), values, links: IndexMap::new(), version: 0 });
        id
    }
}

/// A row together with what its navigation properties lead to.
#[derive(Clone, Copy)]
pub(crate) struct RowRecord<'a> {
    /// Everything.
    pub(crate) crm: &'a Dataverse,
    /// The row's table.
    pub(crate) table: &'a Table,
    /// The row.
    pub(crate) row: &'a Row,
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
        self.follow(&lookup.column).filter(|target| target.table.logical == lookup.target)
    }

    /// The rows behind a collection and their table; `None` when there is no such collection.
    pub(crate) fn children(&self, collection: &str) -> Option<(&'a Table, Vec<RowRecord<'a>>)> {
        let (table, column) = self.crm.collection(self.table, collection)?;
        let here = Link { table: self.table.logical.clone(), id: self.row.id.clone() };
        let rows: Vec<&Row> = match self.crm.past.lags() {
            true => self.crm.listed(&table.logical),
            false => self.crm.rows_with(&table.logical, column, &here.id).collect(),
        };
        let rows = rows.into_iter().filter(|row| row.links.get(column) == Some(&here));
        Some((table, rows.map(|row| RowRecord { crm: self.crm, table, row }).collect()))
    }
}

impl Dataverse {
    /// The table and lookup column behind a collection of `table`.
    pub(crate) fn collection(&self, table: &Table, name: &str) -> Option<(&Table, &str)> {
        self.tables.values().find_map(|child| {
            let lookup =
                child.lookups.iter().find(|lookup| lookup.collection == name && lookup.target == table.logical)?;
            Some((child, lookup.column.as_str()))
        })
    }
}

impl Record for RowRecord<'_> {
    fn get(&self, name: &str) -> Item<'_> {
        if name == self.table.key {
            return Item::Value(json!(self.row.id));
        }
        if name == "versionnumber" {
            return Item::Value(json!(self.row.version));
        }
        if self.table.columns.contains_key(name) {
            return Item::Value(self.row.values.get(name).cloned().unwrap_or_default());
        }
        if let Some(column) = self.table.lookup_value(name) {
            return Item::Value(self.row.links.get(column).map_or(Value::Null, |link| json!(link.id)));
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
