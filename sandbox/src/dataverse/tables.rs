//! What a table is made of.
//!
//! The standard ones are listed in `standard`, those of a pack are built by `custom`, and clients make more of them
//! through `metadata`.

use indexmap::IndexMap;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::options::ColumnKind;

/// Length of a text column whose definition names none.
const TEXT_LENGTH: usize = 4_000;

/// Length of a memo column whose definition names none.
const MEMO_LENGTH: usize = 1_048_576;

/// States of tables that know only active and inactive.
pub(crate) const ACTIVE_OR_NOT: States = &[(0, &[1]), (1, &[2])];

/// Each state with its status reasons, the default first.
pub(crate) type States = &'static [(i64, &'static [i64])];

/// A table's definition.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Table {
    /// Logical name, `opportunity`.
    pub(crate) logical: String,
    /// The name its maker gave it; the logical name is this in lower case.
    pub(crate) schema: String,
    /// Label for people.
    pub(crate) title: String,
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
    /// Alternate keys.
    pub(crate) keys: Vec<AlternateKey>,
    /// Its states. They are not kept: the standard tables know their own, and any other is active or not.
    #[serde(skip, default = "active_or_not")]
    pub(crate) states: States,
    /// Whether changes can be asked for (behaviour 13).
    pub(crate) tracked: bool,
    /// Whether a write can be bound to an etag, and a read answered by one (behaviour 3).
    pub(crate) optimistic: bool,
    /// Whether the table came with the product.
    pub(crate) standard: bool,
}

/// A plain column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Column {
    /// What it holds.
    pub(crate) kind: ColumnKind,
    /// Longest text, in characters.
    pub(crate) length: Option<usize>,
    /// The name its maker gave it.
    pub(crate) schema: String,
    /// Label for people.
    pub(crate) title: String,
    /// Written by the system alone.
    pub(crate) system: bool,
    /// The options of a choice with their labels; with none, any number is taken.
    pub(crate) options: Vec<(i64, String)>,
    /// Its id among the definitions.
    pub(crate) metadata_id: Uuid,
}

/// Columns whose values together no two rows share (behaviour 12).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct AlternateKey {
    /// The name its maker gave it.
    pub(crate) schema: String,
    /// Label for people.
    pub(crate) title: String,
    /// The columns.
    pub(crate) columns: Vec<String>,
    /// Its id among the definitions.
    pub(crate) metadata_id: Uuid,
    /// When the building of its index began and ends; `None` was there from the start.
    pub(crate) building: Option<(Timestamp, Timestamp)>,
    /// Rows shared values when it was made, so there is no index.
    pub(crate) failed: bool,
}

/// A reference to a row of another table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
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
    /// The relationship's id among the definitions.
    pub(crate) metadata_id: Uuid,
}

impl Table {
    /// A table with only what every table has.
    pub(crate) fn new(logical: &str, set: &str, key: &str, name: &str, states: States) -> Table {
        let mut table = Table {
            logical: logical.to_owned(),
            schema: logical.to_owned(),
            title: logical.to_owned(),
            set: set.to_owned(),
            key: key.to_owned(),
            name: name.to_owned(),
            metadata_id: id_of(&[logical]),
            columns: IndexMap::new(),
            lookups: Vec::new(),
            keys: Vec::new(),
            states,
            tracked: false,
            optimistic: true,
            standard: false,
        };
        for (name, kind) in [("createdon", ColumnKind::Instant), ("modifiedon", ColumnKind::Instant)] {
            table.add_column(name, kind, None, true);
        }
        table.add_column("versionnumber", ColumnKind::Integer, None, true);
        table.add_column("statecode", ColumnKind::Choice, None, false);
        table.add_column("statuscode", ColumnKind::Choice, None, false);
        let by_users = [
            ("createdby", true),
            ("createdonbehalfby", true),
            ("modifiedby", true),
            ("modifiedonbehalfby", true),
            ("owninguser", true),
            ("ownerid", false),
        ];
        for (column, system) in by_users {
            table.add_lookup(column, column, "systemuser", &format!("user_{column}_{logical}"), system);
        }
        table.add_lookup("ownerid", "ownerid", "team", &format!("team_{logical}"), false);
        let currency = "transactioncurrency";
        table.add_lookup(
            "transactioncurrencyid",
            "transactioncurrencyid",
            currency,
            &format!("{currency}_{logical}"),
            false,
        );
        table
    }

    /// Adds a column; a length of `None` takes the usual one of its kind. An amount brings the same in the
    /// organization's currency, and the rate between the two.
    pub(crate) fn add_column(&mut self, name: &str, kind: ColumnKind, length: Option<usize>, system: bool) {
        let usual = match kind {
            ColumnKind::Text => Some(TEXT_LENGTH),
            ColumnKind::LongText => Some(MEMO_LENGTH),
            _ => None,
        };
        let column = Column {
            kind,
            length: length.or(usual),
            schema: name.to_owned(),
            title: name.to_owned(),
            system,
            options: Vec::new(),
            metadata_id: id_of(&[&self.logical, name]),
        };
        self.columns.insert(name.to_owned(), column);
        if kind == ColumnKind::Money && !system {
            self.add_column(&base_of(name), ColumnKind::Money, None, true);
            if !self.columns.contains_key(RATE) {
                self.add_column(RATE, ColumnKind::Decimal, None, true);
            }
        }
    }

    /// Adds a lookup.
    pub(crate) fn add_lookup(&mut self, column: &str, navigation: &str, target: &str, collection: &str, system: bool) {
        self.lookups.push(Lookup {
            column: column.to_owned(),
            navigation: navigation.to_owned(),
            target: target.to_owned(),
            collection: collection.to_owned(),
            system,
            metadata_id: id_of(&[&self.logical, navigation, target]),
        });
    }

    /// Adds an alternate key that is ready for use.
    pub(crate) fn add_key(&mut self, schema: &str, title: &str, columns: Vec<String>) {
        self.keys.push(AlternateKey {
            schema: schema.to_owned(),
            title: title.to_owned(),
            columns,
            metadata_id: id_of(&[&self.logical, "keys", schema]),
            building: None,
            failed: false,
        });
    }

    /// The lookup with this navigation property; one of several with the same name.
    pub(crate) fn navigation(&self, name: &str) -> Option<&Lookup> {
        self.lookups.iter().find(|lookup| lookup.navigation == name)
    }

    /// The lookup column behind `_x_value`.
    pub(crate) fn lookup_value(&self, name: &str) -> Option<&str> {
        let column = name.strip_prefix('_')?.strip_suffix("_value")?;
        self.lookups.iter().find(|lookup| lookup.column == column).map(|lookup| lookup.column.as_str())
    }

    /// Whether a column of this name is there; a table makes its key and lookups by itself.
    pub(crate) fn has(&self, name: &str) -> bool {
        let lookup = self.lookups.iter().any(|lookup| lookup.column == name);
        name == self.key || lookup || self.columns.contains_key(name)
    }

    /// The id of the key's column among the definitions.
    pub(crate) fn metadata_id_of_key(&self) -> String {
        id_of(&[&self.logical, &self.key]).to_string()
    }

    /// Each lookup column once, whatever the number of its targets.
    pub(crate) fn lookup_columns(&self) -> impl Iterator<Item = &Lookup> {
        let mut seen: Vec<&str> = Vec::new();
        self.lookups.iter().filter(move |lookup| {
            let first = !seen.contains(&lookup.column.as_str());
            seen.push(&lookup.column);
            first
        })
    }
}

impl AlternateKey {
    /// Whether rows can be found by it.
    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        self.status(now) == "Active"
    }

    /// `Pending`, `InProgress`, `Active` or `Failed`.
    pub(crate) fn status(&self, now: Timestamp) -> &'static str {
        match self.building {
            Some((begun, ready)) if now < ready => {
                let half = ready.duration_since(begun) / 2;
                if now.duration_since(begun) < half { "Pending" } else { "InProgress" }
            }
            _ if self.failed => "Failed",
            _ => "Active",
        }
    }
}

fn active_or_not() -> States {
    ACTIVE_OR_NOT
}

/// The rate between a row's currency and the organization's.
pub(crate) const RATE: &str = "exchangerate";

/// The column with an amount in the organization's currency.
pub(crate) fn base_of(amount: &str) -> String {
    format!("{amount}_base")
}

/// The kinds that Dataverse takes in an alternate key (behaviour 12).
pub(crate) fn can_be_key(kind: ColumnKind) -> bool {
    !matches!(kind, ColumnKind::LongText | ColumnKind::YesNo | ColumnKind::Money | ColumnKind::Choices)
}

/// The same id for the same names in every sandbox.
pub(crate) fn id_of(names: &[&str]) -> Uuid {
    Uuid::new_v5(&Uuid::NAMESPACE_OID, names.join("/").as_bytes())
}
