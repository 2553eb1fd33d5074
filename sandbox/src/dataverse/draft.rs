//! A sent body, checked against its table: values, links and the rows nested in it.
//!
//! Nothing is stored here. A body with nested rows becomes several drafts, which are stored
//! together once all of them are right, so a deep insert is atomic.

use indexmap::IndexMap;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::address::{Address, parse};
use super::keys::Key;
use super::record::Collection;
use super::refusal::Refusal;
use super::routes::ROOT;
use super::rows::Dataverse;
use super::shelf::Link;
use super::tables::Table;
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
    /// Rows that are there already and are bound to a collection: the collection and the row.
    pub(crate) claims: Vec<(String, Link)>,
}

/// Rows nested deeper than this are refused.
const DEEPEST: usize = 8;

/// More rows in one body are refused.
const MOST_NESTED: usize = 1_000;

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
            } else if let (Some(Collection::Children(child, lookup)), Value::Array(items)) =
                (self.collection(table, name), value)
            {
                for item in items {
                    let inner = item.as_object().ok_or_else(|| Refusal::payload("A nested row must be an object."))?;
                    self.draft_nested(child, inner, Some((&lookup.column, link.clone())), depth, drafts)?;
                }
                if drafts.len() > MOST_NESTED {
                    return Err(Refusal::payload("The body has too many nested rows."));
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
                draft.values.insert(name.to_owned(), typed(&table.logical, name, column, value)?);
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
        let misfit = || Refusal::payload(format!("'{name}@odata.bind' must be an address or null."));
        let Some(lookup) = table.navigation(name) else {
            let (Some(_), Value::Array(items)) = (self.collection(table, name), value) else {
                return Err(Refusal::undeclared(&table.logical, name));
            };
            for item in items {
                let link = self.resolve(item.as_str().ok_or_else(misfit)?)?;
                draft.claims.push((name.to_owned(), link));
            }
            return Ok(());
        };
        if lookup.system {
            return Err(Refusal::undeclared(&table.logical, name));
        }
        let (column, link) = match value {
            Value::Null => (lookup.column.clone(), None),
            Value::String(path) => {
                let (column, link) = self.bind(table, name, path)?;
                (column, Some(link))
            }
            _ => return Err(misfit()),
        };
        draft.links.insert(column, link);
        Ok(())
    }

    /// The lookup column behind a navigation property, and the row that an address names for it. A lookup of
    /// several targets takes a row of any of those that go by the same name.
    pub(crate) fn bind(&self, table: &Table, navigation: &str, path: &str) -> Result<(String, Link), Refusal> {
        let link = self.resolve(path)?;
        let named = || table.lookups.iter().filter(|lookup| lookup.navigation == navigation && !lookup.system);
        if let Some(lookup) = named().find(|lookup| lookup.target == link.table) {
            return Ok((lookup.column.clone(), link));
        }
        let targets = named().map(|lookup| lookup.target.as_str()).collect::<Vec<_>>().join(" or ");
        Err(Refusal::payload(format!("'{navigation}' takes a row of {targets}, not of {}.", link.table)))
    }

    /// The row an address names: with or without the leading slash, absolute, or by alternate key.
    pub(crate) fn resolve(&self, path: &str) -> Result<Link, Refusal> {
        let relative = path.rsplit_once(ROOT).map_or(path, |(_, rest)| rest);
        let Address::Row(set, key) = parse(relative)? else {
            return Err(Refusal::payload(format!("'{path}' does not name a row.")));
        };
        let table = self.table_of_set(&set)?;
        let row = self.find(table, &key)?.ok_or_else(|| Refusal::no_row(&table.logical, &describe(&key)))?;
        Ok(Link { table: table.logical.clone(), id: row.id.clone() })
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
