//! The tables and columns that a pack adds.

use std::sync::Arc;

use indexmap::IndexMap;

use super::standard;
use super::tables::{ACTIVE_OR_NOT, Table, can_be_key};
use crate::SandboxError;
use crate::options::{ColumnKind, CustomColumn, CustomTable};

/// All tables by logical name: the standard ones, then the custom ones.
pub(crate) fn all(custom: &[CustomTable]) -> Result<IndexMap<String, Arc<Table>>, SandboxError> {
    let mut tables: IndexMap<String, Table> =
        standard::tables().into_iter().map(|table| (table.logical.clone(), table)).collect();
    for addition in custom {
        if let Some(known) = tables.get_mut(&addition.name) {
            extend(known, &addition.columns).map_err(|reason| refused(&addition.name, reason))?;
        } else {
            let table = build(addition, &tables)?;
            tables.insert(addition.name.clone(), table);
        }
    }
    Ok(tables.into_iter().map(|(name, table)| (name, Arc::new(table))).collect())
}

/// A new table. Names follow the publisher's prefix, which is the part up to the first `_`.
fn build(addition: &CustomTable, tables: &IndexMap<String, Table>) -> Result<Table, SandboxError> {
    let name = addition.name.as_str();
    let refuse = |reason: String| refused(name, reason);
    let (prefix, rest) = name.split_once('_').ok_or_else(|| refuse("its name has no publisher prefix".to_owned()))?;
    let primary = format!("{prefix}_name");
    let mut table = Table::new(name, &format!("{name}s"), &format!("{name}id"), &primary, ACTIVE_OR_NOT);
    table.tracked = true;
    table.add_column(&primary, ColumnKind::Text, Some(200), false);
    if let Some(parent) = &addition.parent {
        if !tables.contains_key(parent) {
            return Err(refuse(format!("its parent `{parent}` is not there; put the parent first")));
        }
        let column = format!("{prefix}_{parent}id");
        table.add_lookup(&column, &column, parent, &format!("{prefix}_{parent}_{rest}"), false);
    }
    extend(&mut table, &addition.columns).map_err(refuse)?;
    Ok(table)
}

/// Adds custom columns; the error says what is wrong with one of them.
fn extend(table: &mut Table, columns: &[CustomColumn]) -> Result<(), String> {
    for column in columns {
        let name = &column.name;
        if table.has(name) {
            return Err(format!(
                "it has a column `{name}` already (a table `x` brings its key `xid`); choose another name"
            ));
        }
        if column.key && !can_be_key(column.kind) {
            return Err(format!("its column `{name}` is of a kind that cannot be a key; make it a line of text"));
        }
        let length = column.max_length.and_then(|length| usize::try_from(length).ok());
        table.add_column(name, column.kind, length, false);
        if let Some(added) = table.columns.get_mut(name) {
            added.title.clone_from(&column.title);
        }
        if column.key {
            table.add_key(&format!("{name}_key"), &column.title, vec![name.clone()]);
        }
    }
    Ok(())
}

fn refused(table: &str, reason: String) -> SandboxError {
    SandboxError::CustomTable { table: table.to_owned(), reason }
}
