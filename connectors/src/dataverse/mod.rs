//! Dataverse, the store below Dynamics 365: rows of any table, by the table's logical name.
//!
//! | operation | what it does |
//! |---|---|
//! | `get_row` | one row by its id |
//! | `find_row` | one row by the values of columns |
//! | `list_rows`, `related_rows` | rows by filter, rows that belong to a row |
//! | `create_row` | makes a row |
//! | `update_row` | changes a row that was read |
//! | `upsert_row` | changes the row with an alternate key, or makes it |
//! | `append_audit` | adds a line to a text column, and a mark before another |
//!
//! The trigger `row_changed` asks again and again what changed.
//!
//! Names of tables and columns are logical names throughout. The service wants others in addresses
//! (`opportunities`, `_x_value`, `x@odata.bind`); `metadata.rs` knows them from the service itself,
//! `fields.rs` uses them to read and `write.rs` to write. `service.rs` holds the client and that knowledge.

mod api;
mod append_audit;
mod compare;
mod create_row;
mod fields;
mod filter;
mod find_row;
mod get_row;
mod list_rows;
mod metadata;
mod opportunity;
mod related;
mod row_changed;
pub(crate) mod service;
mod settings;
mod update_row;
mod upsert_row;
mod write;

use cosell_engine::connector::{Connector, Limits};

pub use append_audit::{AppendAudit, AppendAuditInput, Mark};
pub use create_row::{CreateRow, CreateRowInput};
pub use find_row::{FindRow, FindRowInput};
pub use get_row::{GetRow, GetRowInput};
pub use list_rows::{ListRows, ListRowsInput, RelatedRows, RelatedRowsInput, Rows};
pub use row_changed::{RowChanged, RowChangedInput};
pub use settings::DataverseSettings;
pub use update_row::{UpdateRow, UpdateRowInput};
pub use upsert_row::{UpsertRow, UpsertRowInput, Upserted};

use crate::connection::Connection;
use service::Dataverse;

/// The most calls at once that the service allows one user.
const MOST_AT_ONCE: usize = 52;

/// The connector `dataverse`.
pub(crate) fn connector(connection: &Connection<Dataverse>) -> Connector {
    Connector::new("dataverse")
        .with_limits(Limits { at_once: MOST_AT_ONCE, ..Limits::default() })
        .with(GetRow::new(connection))
        .with(FindRow::new(connection))
        .with(ListRows::new(connection))
        .with(RelatedRows::new(connection))
        .with(CreateRow::new(connection))
        .with(UpdateRow::new(connection))
        .with(UpsertRow::new(connection))
        .with(AppendAudit::new(connection))
        .with_trigger(RowChanged::new(connection))
        .with_open_records()
        .with_recall({
            let connection = connection.clone();
            move |output| connection.bound().into_iter().for_each(|dataverse| dataverse.recall(output))
        })
}

#[cfg(test)]
mod tests;
