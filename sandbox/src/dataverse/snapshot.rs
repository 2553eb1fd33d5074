//! The rows as they are kept between two starts of the sandbox.

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::rows::Dataverse;
use super::shelf::{Link, Row};

/// All rows. Their versions are not kept: every etag is another one after a restart.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct DataverseSnapshot {
    connector: String,
    seller: String,
    tables: IndexMap<String, Vec<RowSnapshot>>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RowSnapshot {
    id: String,
    values: Map<String, Value>,
    /// Lookup column, and the table and row that it points at.
    links: IndexMap<String, (String, String)>,
}

impl Dataverse {
    /// What is kept between two starts.
    pub(crate) fn snapshot(&self) -> DataverseSnapshot {
        let tables = self.tables.keys().map(|table| (table.clone(), self.rows(table).map(RowSnapshot::of).collect()));
        DataverseSnapshot { connector: self.connector.clone(), seller: self.seller.clone(), tables: tables.collect() }
    }

    /// Takes up what was kept, in place of all rows there are. Rows of tables that are no more are left out.
    pub(crate) fn restore(&mut self, snapshot: DataverseSnapshot) {
        let tables: Vec<String> = self.tables.keys().cloned().collect();
        for table in &tables {
            let ids: Vec<String> = self.rows(table).map(|row| row.id.clone()).collect();
            ids.iter().for_each(|id| self.remove(table, id));
        }
        for (table, rows) in snapshot.tables {
            if self.tables.contains_key(&table) {
                rows.into_iter().for_each(|row| self.put(&table, row.into_row()));
            }
        }
        self.connector = snapshot.connector;
        self.seller = snapshot.seller;
        // Nobody is told of it, and it is not taken back.
        let _ = self.finish();
    }
}

impl RowSnapshot {
    fn of(row: &Row) -> RowSnapshot {
        let links = row.links.iter().map(|(column, link)| (column.clone(), (link.table.clone(), link.id.clone())));
        RowSnapshot { id: row.id.clone(), values: row.values.clone(), links: links.collect() }
    }

    fn into_row(self) -> Row {
        let links = self.links.into_iter().map(|(column, (table, id))| (column, Link { table, id }));
        Row { id: self.id, values: self.values, links: links.collect(), ..Row::default() }
    }
}
