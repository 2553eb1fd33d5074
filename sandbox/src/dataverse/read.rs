//! A row as it is read: selected columns, annotations when asked, expanded neighbours.

use std::borrow::Cow;

use serde_json::{Map, Value, json};

use super::call::Annotations;
use super::filter::check_path;
use super::format::formatted;
use super::record::RowRecord;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::select::{Source, Wanted, passes, prepared};
use super::tables::Table;
use crate::odata::{Expand, Query};
use crate::options::ColumnKind;

const FORMATTED: &str = "OData.Community.Display.V1.FormattedValue";
const NAVIGATION: &str = "Microsoft.Dynamics.CRM.associatednavigationproperty";
const TARGET: &str = "Microsoft.Dynamics.CRM.lookuplogicalname";

/// Most expansions of one query.
const MOST_EXPANDS: usize = 15;

/// Columns that can be written and not be read.
const WRITE_ONLY: [&str; 1] = ["authvalue"];

/// How rows are shown.
#[derive(Clone, Copy)]
pub(crate) struct Reader<'a> {
    /// The annotations that were asked for.
    pub(crate) annotations: &'a Annotations,
    /// The address of the service root.
    pub(crate) base: &'a str,
    /// The most rows of an expanded collection.
    pub(crate) page: usize,
}

/// Refuses a query that names what the table does not have, rows or none.
pub(crate) fn check(record_of: &Table, crm: &Dataverse, query: &Query) -> Result<(), Refusal> {
    let known = |name: &&String| {
        *name == &record_of.key || record_of.columns.contains_key(*name) || record_of.lookup_value(name).is_some()
    };
    if let Some(name) = query.select.iter().find(|name| !known(name)) {
        return Err(Refusal::no_property(&record_of.logical, name));
    }
    if query.expand.len() > MOST_EXPANDS {
        return Err(Refusal::query(format!("More than {MOST_EXPANDS} expansions are not allowed.")));
    }
    for expand in &query.expand {
        let name = expand.navigation.strip_suffix("/$ref").unwrap_or(&expand.navigation);
        if let Some(lookup) = record_of.navigation(name) {
            check(crm.table(&lookup.target)?, crm, &expand.query)?;
            continue;
        }
        let collection =
            crm.collection(record_of, name).ok_or_else(|| Refusal::no_property(&record_of.logical, name))?;
        if name != expand.navigation {
            return Err(Refusal::query("The $ref of a collection cannot be expanded."));
        }
        check(collection.table(), crm, &expand.query)?;
    }
    for order in &query.orders {
        check_path(crm, record_of, &order.path)?;
    }
    Ok(())
}

/// Rows of one table as a query wants them shown.
pub(crate) struct View<'a> {
    reader: Reader<'a>,
    query: &'a Query,
    members: Vec<Member<'a>>,
}

/// A column of a table under the name by which it is read.
enum Member<'a> {
    Key(&'a str),
    Version(&'a str),
    Lookup { name: Cow<'a, str>, column: &'a str },
    Value(&'a str),
}

impl<'a> View<'a> {
    /// Shows a row (behaviour 6).
    pub(crate) fn show(&self, record: RowRecord<'_>) -> Result<Value, Refusal> {
        let mut shown = Map::with_capacity(self.members.len() + 1 + self.query.expand.len());
        shown.insert("@odata.etag".to_owned(), json!(record.row.etag()));
        for member in &self.members {
            self.reader.show_member(record, member, &mut shown);
        }
        record.crm.budget.spend(shown.len());
        record.crm.budget.check()?;
        for expand in &self.query.expand {
            self.reader.expand(record, expand, &mut shown)?;
        }
        Ok(shown.into())
    }
}

impl<'a> Member<'a> {
    fn of(table: &'a Table, name: &'a str) -> Member<'a> {
        match table.lookup_value(name) {
            Some(column) => Member::Lookup { name: Cow::Borrowed(name), column },
            None if name == table.key => Member::Key(name),
            None if name == "versionnumber" => Member::Version(name),
            None => Member::Value(name),
        }
    }

    fn all(table: &'a Table) -> Vec<Member<'a>> {
        let columns = [&table.key].into_iter().chain(table.columns.keys()).map(|name| Member::of(table, name));
        let lookups = table.lookup_columns().map(|lookup| {
            let name = Cow::Owned(format!("_{}_value", lookup.column));
            Member::Lookup { name, column: lookup.column.as_str() }
        });
        columns.chain(lookups).collect()
    }
}

impl<'a> Reader<'a> {
    /// Shows one row.
    pub(crate) fn show(&self, record: RowRecord<'_>, query: &Query) -> Result<Value, Refusal> {
        self.view(record.table, query).show(record)
    }

    /// Makes ready to show rows of a table.
    pub(crate) fn view<'v>(&self, table: &'v Table, query: &'v Query) -> View<'v>
    where
        'a: 'v,
    {
        let members = match query.select.is_empty() {
            true => Member::all(table),
            false => selected(table, query).map(|name| Member::of(table, name)).collect(),
        };
        View { reader: *self, query, members }
    }

    fn show_member(&self, record: RowRecord<'_>, member: &Member<'_>, shown: &mut Map<String, Value>) {
        let row = record.row;
        match member {
            Member::Key(name) => drop(shown.insert((*name).to_owned(), json!(row.id))),
            Member::Version(name) => drop(shown.insert((*name).to_owned(), json!(row.version))),
            Member::Lookup { name, column } => {
                let link = row.links.get(*column);
                shown.insert(name.clone().into_owned(), link.map_or(Value::Null, |link| json!(link.id)));
                self.annotate_lookup(record, name, column, shown);
            }
            Member::Value(name) => {
                let value = row.values.get(*name).filter(|_| !WRITE_ONLY.contains(name)).cloned().unwrap_or_default();
                let text = self.annotations.want(FORMATTED).then(|| formatted(record, name, &value)).flatten();
                shown.insert((*name).to_owned(), value);
                if let Some(text) = text {
                    shown.insert(format!("{name}@{FORMATTED}"), json!(text));
                }
            }
        }
    }

    fn annotate_lookup(&self, record: RowRecord<'_>, name: &str, column: &str, shown: &mut Map<String, Value>) {
        if self.annotations.is_empty() {
            return;
        }
        let Some(target) = record.follow(column) else {
            return;
        };
        let mut add = |annotation: &str, value: Value| {
            if self.annotations.want(annotation) {
                shown.insert(format!("{name}@{annotation}"), value);
            }
        };
        let mut lookups = record.table.lookups.iter();
        let lookup = lookups.find(|lookup| lookup.column == column && lookup.target == target.table.logical);
        add(FORMATTED, target.row.values.get(&target.table.name).cloned().unwrap_or_default());
        add(NAVIGATION, json!(lookup.map(|lookup| &lookup.navigation)));
        add(TARGET, json!(target.table.logical));
    }

    fn expand(&self, record: RowRecord<'_>, expand: &Expand, shown: &mut Map<String, Value>) -> Result<(), Refusal> {
        let name = &expand.navigation;
        if let Some(single) = name.strip_suffix("/$ref") {
            let target = record.table.navigation(single).and_then(|lookup| record.target(lookup));
            let reference = target.map_or(Value::Null, |target| json!({"@odata.id": self.address(target)}));
            shown.insert(single.to_owned(), reference);
            return Ok(());
        }
        if let Some(lookup) = record.table.navigation(name) {
            let target = record.target(lookup);
            let value = target.map_or(Ok(Value::Null), |target| self.show(target, &expand.query))?;
            shown.insert(name.clone(), value);
            return Ok(());
        }
        let (table, children) =
            record.children(name).ok_or_else(|| Refusal::no_property(&record.table.logical, name))?;
        let Query { filter, orders, top, .. } = &expand.query;
        let filter = prepared(record.crm, table, filter.as_ref())?;
        let most = top.unwrap_or(usize::MAX).min(self.page.saturating_add(1));
        let wanted = Wanted { orders, most, ..Wanted::ALL };
        let chosen = Source::of(children, orders).choose(&wanted, |child| passes(child, filter.as_ref()))?;
        let more = chosen.rows.len() > self.page;
        let view = self.view(table, &expand.query);
        let rows = chosen.rows.into_iter().take(self.page).map(|child| view.show(child));
        let rows = rows.collect::<Result<Vec<_>, _>>()?;
        shown.insert(name.clone(), rows.into());
        if more {
            let select = &expand.query.select;
            let query = if select.is_empty() { String::new() } else { format!("?$select={}", select.join(",")) };
            let link = format!("{}/{name}{query}", self.address(record));
            shown.insert(format!("{name}@odata.nextLink"), json!(link));
        }
        Ok(())
    }

    /// The address of a row.
    pub(crate) fn address(&self, record: RowRecord<'_>) -> String {
        format!("{}{}({})", self.base, record.table.set, record.row.id)
    }
}

/// The members to show; the primary key is always among them, and some columns bring another.
fn selected<'a>(table: &'a Table, query: &'a Query) -> impl Iterator<Item = &'a str> {
    let money = |name: &String| table.columns.get(name).is_some_and(|column| column.kind == ColumnKind::Money);
    let address = |name: &String| name.starts_with("address1_") && table.columns.contains_key("address1_composite");
    let currency = query.select.iter().any(money).then_some("_transactioncurrencyid_value");
    let composite = query.select.iter().any(address).then_some("address1_composite");
    let select = query.select.iter().map(String::as_str);
    select.chain(currency).chain(composite).chain([table.key.as_str()])
}
