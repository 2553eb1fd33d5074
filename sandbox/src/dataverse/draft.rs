//! A sent body, checked against its table: values, links and the rows nested in it.
//!
//! Nothing is stored here. A body with nested rows becomes several drafts, which are stored
//! together once all of them are right, so a deep insert is atomic.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::address::{Address, parse};
use super::keys::Key;
use super::refusal::Refusal;
use super::rows::{Dataverse, Link};
use super::tables::{Lookup, Table};
use super::value::typed;
use crate::odata::{Literal, parse_literal};

/// What a body says about one row.
#[derive(Debug, Default)]
pub(crate) struct Draft {
    /// Logical name of the table.
    pub(crate) table: String,
    /// The row's key.
    pub(crate) id: String,
    /// Plain columns.
    pub(crate) values: Map<String, Value>,
    /// Lookups; `None` clears one.
    pub(crate) links: IndexMap<String, Option<Link>>,
}

/// Rows nested deeper than this are refused.
const DEEPEST: usize = 8;

impl Dataverse {
    /// The drafts of a new row and of the rows nested in it; the row itself comes first.
    pub(crate) fn draft_create(&self, table: &Table, body: &Map<String, Value>) -> Result<Vec<Draft>, Refusal> {
        let mut drafts = Vec::new();
        self.draft_nested(table, body, None, DEEPEST, &mut drafts)?;
        Ok(drafts)
    }

    /// The draft of a change. Nested rows are not taken here.
    pub(crate) fn draft_update(&self, table: &Table, id: &str, body: &Map<String, Value>) -> Result<Draft, Refusal> {
        let mut draft = Draft { table: table.logical.clone(), id: id.to_owned(), ..Draft::default() };
        for (name, value) in body {
            if name != &table.key && !self.take_member(table, name, value, &mut draft)? {
                return Err(Refusal::unknown_property(&table.logical, name));
            }
        }
        Ok(draft)
    }

    fn draft_nested(
        &self,
        table: &Table,
        body: &Map<String, Value>,
        parent: Option<(&str, Link)>,
        depth: usize,
        drafts: &mut Vec<Draft>,
    ) -> Result<Link, Refusal> {
        let depth = depth.checked_sub(1).ok_or_else(|| Refusal::payload("The body is nested too deeply."))?;
        let id = self.new_id(table, body)?;
        let link = Link { table: table.logical.clone(), id: id.clone() };
        let at = drafts.len();
        drafts.push(Draft::default());
        let mut draft = Draft { table: table.logical.clone(), id, ..Draft::default() };
        if let Some((column, parent)) = parent {
            draft.links.insert(column.to_owned(), Some(parent));
        }
        for (name, value) in body {
            if name == &table.key || self.take_member(table, name, value, &mut draft)? {
                continue;
            }
            if let (Some(lookup), Value::Object(inner)) = (table.navigation(name), value) {
                let target = self.table(&lookup.target)?;
                let made = self.draft_nested(target, inner, None, depth, drafts)?;
                draft.links.insert(lookup.column.clone(), Some(made));
            } else if let (Some((child, column)), Value::Array(items)) = (self.collection(table, name), value) {
                for item in items {
                    let inner = item.as_object().ok_or_else(|| Refusal::payload("A nested row must be an object."))?;
                    self.draft_nested(child, inner, Some((column, link.clone())), depth, drafts)?;
                }
            } else {
                return Err(Refusal::unknown_property(&table.logical, name));
            }
        }
        if let Some(place) = drafts.get_mut(at) {
            *place = draft;
        }
        Ok(link)
    }

    /// Takes a plain column, a bind or an annotation; `false` when the name is none of them.
    fn take_member(&self, table: &Table, name: &str, value: &Value, draft: &mut Draft) -> Result<bool, Refusal> {
        if let Some(navigation) = name.strip_suffix("@odata.bind") {
            self.take_bind(table, navigation, value, draft)?;
            return Ok(true);
        }
        // Other annotations tell nothing to store.
        if name.contains('@') {
            return Ok(true);
        }
        if let Some(column) = table.columns.get(name) {
            // What the system keeps is ignored without a word.
            if !column.system {
                draft.values.insert(name.to_owned(), typed(name, column, value)?);
            }
            return Ok(true);
        }
        let is_lookup = table.lookups.iter().any(|lookup| lookup.column == name && !value.is_object());
        if is_lookup || table.lookup_value(name).is_some() {
            let message = format!("'{name}' is a lookup; set it by '@odata.bind' on its navigation property.");
            return Err(Refusal::payload(message));
        }
        Ok(false)
    }

    fn take_bind(&self, table: &Table, name: &str, value: &Value, draft: &mut Draft) -> Result<(), Refusal> {
        let lookup = table.navigation(name).filter(|lookup| !lookup.system).ok_or_else(|| {
            Refusal::payload(format!(
                "An undeclared property '{name}' which only has property annotations in the payload but no property \
                 value was found in the payload of 'Microsoft.Dynamics.CRM.{}'.",
                table.logical
            ))
        })?;
        let link = match value {
            Value::Null => None,
            Value::String(path) => Some(self.bind(lookup, path)?),
            _ => {
                return Err(Refusal::payload(format!("'{name}@odata.bind' must be an address or null.")));
            }
        };
        draft.links.insert(lookup.column.clone(), link);
        Ok(())
    }

    fn bind(&self, lookup: &Lookup, path: &str) -> Result<Link, Refusal> {
        let link = self.resolve(path)?;
        if link.table != lookup.target {
            let message = format!("'{}' takes a row of {}, not of {}.", lookup.navigation, lookup.target, link.table);
            return Err(Refusal::payload(message));
        }
        Ok(link)
    }

    /// The row an address names: with or without the leading slash, absolute, or by alternate key.
    pub(crate) fn resolve(&self, path: &str) -> Result<Link, Refusal> {
        let relative = path.rsplit_once("/api/data/v9.2/").map_or(path, |(_, rest)| rest);
        let Address::Row(set, key) = parse(relative)? else {
            return Err(Refusal::payload(format!("'{path}' does not name a row.")));
        };
        let table = self.table_of_set(&set)?;
        let row = self.find(table, &key)?.ok_or_else(|| Refusal::no_row(&table.logical, &describe(&key)))?;
        Ok(Link { table: table.logical.clone(), id: row.id.clone() })
    }

    fn table(&self, logical: &str) -> Result<&Table, Refusal> {
        self.tables.get(logical).ok_or_else(|| Refusal::no_segment(logical))
    }

    /// The key that was sent, or a fresh one.
    fn new_id(&self, table: &Table, body: &Map<String, Value>) -> Result<String, Refusal> {
        let Some(sent) = body.get(&table.key).filter(|sent| !sent.is_null()) else {
            return Ok(Uuid::new_v4().to_string());
        };
        let Some(Ok(Literal::Guid(id))) = sent.as_str().map(parse_literal) else {
            return Err(Refusal::payload(format!("'{}' must be a GUID.", table.key)));
        };
        if self.row(&table.logical, &id).is_some() {
            return Err(Refusal::duplicate_key());
        }
        Ok(id)
    }
}

/// A key as it is shown in a message.
pub(crate) fn describe(key: &Key) -> String {
    match key {
        Key::Id(id) => id.clone(),
        Key::Columns(columns) => columns.iter().map(|(name, _)| name.as_str()).collect::<Vec<_>>().join(","),
    }
}
