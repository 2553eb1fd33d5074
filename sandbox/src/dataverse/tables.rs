//! What a table is made of, and how custom tables are built.

use indexmap::IndexMap;
use uuid::Uuid;

use super::standard;
use crate::SandboxError;
use crate::options::{ColumnKind, CustomColumn, CustomTable};

/// Length of a text column whose definition names none.
const TEXT_LENGTH: usize = 4_000;

/// Length of a memo column whose definition names none.
const MEMO_LENGTH: usize = 1_048_576;

/// States of tables that know only active and inactive.
pub(crate) const ACTIVE_OR_NOT: States = &[(0, &[1]), (1, &[2])];

/// Each state with its status reasons, the default first.
pub(crate) type States = &'static [(i64, &'static [i64])];

/// A table's definition.
#[derive(Debug, Clone)]
pub(crate) struct Table {
    /// Logical name, `opportunity`.
    pub(crate) logical: String,
    /// Entity set name, `opportunities`.
    pub(crate) set: String,
    /// Primary key column.
    pub(crate) key: String,
    /// Column that names a row for people.
    pub(crate) name: String,
    /// Its id among the definitions.
    pub(crate) metadata_id: Uuid,
    /// Columns other than the key and lookups.
    pub(crate) columns: IndexMap<String, Column>,
    /// Lookups, one entry for each target of a polymorphic one.
    pub(crate) lookups: Vec<Lookup>,
    /// Its states.
    pub(crate) states: States,
}

/// A plain column.
#[derive(Debug, Clone)]
pub(crate) struct Column {
    /// What it holds.
    pub(crate) kind: ColumnKind,
    /// Longest text, in characters.
    pub(crate) length: Option<usize>,
    /// Label for people.
    pub(crate) title: String,
    /// Written by the system alone.
    pub(crate) system: bool,
    /// An alternate key by itself.
    pub(crate) key: bool,
}

/// A reference to a row of another table.
#[derive(Debug, Clone)]
pub(crate) struct Lookup {
    /// The column, `customerid`; read as `_customerid_value`.
    pub(crate) column: String,
    /// The single-valued navigation property, `customerid_account`.
    pub(crate) navigation: String,
    /// The table it points to.
    pub(crate) target: String,
    /// The collection on that table that leads back.
    pub(crate) collection: String,
    /// Written by the system alone.
    pub(crate) system: bool,
}

impl Table {
    /// A table with only what every table has.
    pub(crate) fn new(logical: &str, set: &str, key: &str, name: &str, states: States) -> Table {
        let mut table = Table {
            logical: logical.to_owned(),
            set: set.to_owned(),
            key: key.to_owned(),
            name: name.to_owned(),
            metadata_id: Uuid::new_v5(&Uuid::NAMESPACE_OID, logical.as_bytes()),
            columns: IndexMap::new(),
            lookups: Vec::new(),
            states,
        };
        for (name, kind) in [("createdon", ColumnKind::Instant), ("modifiedon", ColumnKind::Instant)] {
            table.add_column(name, kind, None, true);
        }
        table.add_column("versionnumber", ColumnKind::Integer, None, true);
        table.add_column("statecode", ColumnKind::Choice, None, false);
        table.add_column("statuscode", ColumnKind::Choice, None, false);
        for (column, system) in [("createdby", true), ("modifiedby", true), ("owninguser", true), ("ownerid", false)] {
            let collection = format!("user_{column}_{logical}");
            table.add_lookup(column, column, "systemuser", &collection, system);
        }
        table.add_lookup(
            "transactioncurrencyid",
            "transactioncurrencyid",
            "transactioncurrency",
            &format!("transactioncurrency_{logical}"),
            false,
        );
        table
    }

    /// Adds a column; a length of `None` takes the usual one of its kind.
    pub(crate) fn add_column(&mut self, name: &str, kind: ColumnKind, length: Option<usize>, system: bool) {
        let usual = match kind {
            ColumnKind::Text => Some(TEXT_LENGTH),
            ColumnKind::LongText => Some(MEMO_LENGTH),
            _ => None,
        };
        let column = Column { kind, length: length.or(usual), title: name.to_owned(), system, key: false };
        self.columns.insert(name.to_owned(), column);
    }

    /// Adds a lookup.
    pub(crate) fn add_lookup(&mut self, column: &str, navigation: &str, target: &str, collection: &str, system: bool) {
        self.lookups.push(Lookup {
            column: column.to_owned(),
            navigation: navigation.to_owned(),
            target: target.to_owned(),
            collection: collection.to_owned(),
            system,
        });
    }

    /// The lookup with this navigation property.
    pub(crate) fn navigation(&self, name: &str) -> Option<&Lookup> {
        self.lookups.iter().find(|lookup| lookup.navigation == name)
    }

    /// The lookup column behind `_x_value`.
    pub(crate) fn lookup_value(&self, name: &str) -> Option<&str> {
        let column = name.strip_prefix('_')?.strip_suffix("_value")?;
        self.lookups.iter().find(|lookup| lookup.column == column).map(|lookup| lookup.column.as_str())
    }

    /// Whether a column holds one line of text.
    pub(crate) fn is_text(&self, name: &str) -> bool {
        self.columns.get(name).is_some_and(|column| column.kind == ColumnKind::Text)
    }

    /// The columns that are alternate keys.
    pub(crate) fn alternate_keys(&self) -> impl Iterator<Item = (&str, &Column)> {
        self.columns.iter().filter(|(_, column)| column.key).map(|(name, column)| (name.as_str(), column))
    }

    /// Adds custom columns; the error says what is wrong with one of them.
    fn extend(&mut self, columns: &[CustomColumn]) -> Result<(), String> {
        for column in columns {
            let name = &column.name;
            if self.has(name) {
                return Err(format!(
                    "it has a column `{name}` already (a table `x` brings its key `xid`); choose another name"
                ));
            }
            if column.key && !can_be_key(column.kind) {
                return Err(format!("its column `{name}` is of a kind that cannot be a key; make it a line of text"));
            }
            let length = column.max_length.and_then(|length| usize::try_from(length).ok());
            self.add_column(name, column.kind, length, false);
            if let Some(added) = self.columns.get_mut(name) {
                added.title.clone_from(&column.title);
                added.key = column.key;
            }
        }
        Ok(())
    }

    /// Whether a column of this name is there; a table makes its key and lookups by itself.
    fn has(&self, name: &str) -> bool {
        let lookup = self.lookups.iter().any(|lookup| lookup.column == name);
        name == self.key || lookup || self.columns.contains_key(name)
    }
}

/// All tables by logical name: the standard ones, then the custom ones.
pub(crate) fn all(custom: &[CustomTable]) -> Result<IndexMap<String, Table>, SandboxError> {
    let mut tables: IndexMap<String, Table> =
        standard::tables().into_iter().map(|table| (table.logical.clone(), table)).collect();
    for addition in custom {
        if let Some(known) = tables.get_mut(&addition.name) {
            known.extend(&addition.columns).map_err(|reason| refused(&addition.name, reason))?;
        } else {
            let table = build(addition, &tables)?;
            tables.insert(addition.name.clone(), table);
        }
    }
    Ok(tables)
}

/// A new table. Names follow the publisher's prefix, which is the part up to the first `_`.
fn build(addition: &CustomTable, tables: &IndexMap<String, Table>) -> Result<Table, SandboxError> {
    let name = addition.name.as_str();
    let refuse = |reason: String| refused(name, reason);
    let (prefix, rest) = name.split_once('_').ok_or_else(|| refuse("its name has no publisher prefix".to_owned()))?;
    let primary = format!("{prefix}_name");
    let mut table = Table::new(name, &format!("{name}s"), &format!("{name}id"), &primary, ACTIVE_OR_NOT);
    table.add_column(&primary, ColumnKind::Text, Some(200), false);
    if let Some(parent) = &addition.parent {
        if !tables.contains_key(parent) {
            return Err(refuse(format!("its parent `{parent}` is not there; put the parent first")));
        }
        let column = format!("{prefix}_{parent}id");
        table.add_lookup(&column, &column, parent, &format!("{prefix}_{parent}_{rest}"), false);
    }
    table.extend(&addition.columns).map_err(refuse)?;
    Ok(table)
}

fn refused(table: &str, reason: String) -> SandboxError {
    SandboxError::CustomTable { table: table.to_owned(), reason }
}

/// The kinds that Dataverse takes in an alternate key (behaviour 12).
fn can_be_key(kind: ColumnKind) -> bool {
    !matches!(kind, ColumnKind::LongText | ColumnKind::YesNo | ColumnKind::Money)
}
