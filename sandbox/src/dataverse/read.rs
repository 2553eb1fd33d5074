//! A row as it is read: selected columns, annotations when asked, expanded neighbours.

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

impl Reader<'_> {
    /// Shows a row (behaviour 6).
    pub(crate) fn show(&self, record: RowRecord<'_>, query: &Query) -> Result<Value, Refusal> {
        let mut shown = Map::new();
        shown.insert("@odata.etag".to_owned(), json!(record.row.etag()));
        if query.select.is_empty() {
            self.show_all(record, &mut shown);
        } else {
            for name in selected(record.table, query) {
                self.show_member(record, name, &mut shown);
            }
        }
        record.crm.budget.spend(shown.len());
        record.crm.budget.check()?;
        for expand in &query.expand {
            self.expand(record, expand, &mut shown)?;
        }
        Ok(shown.into())
    }

    fn show_all(&self, record: RowRecord<'_>, shown: &mut Map<String, Value>) {
        self.show_member(record, &record.table.key, shown);
        for name in record.table.columns.keys() {
            self.show_member(record, name, shown);
        }
        for lookup in record.table.lookup_columns() {
            self.show_member(record, &format!("_{}_value", lookup.column), shown);
        }
    }

    fn show_member(&self, record: RowRecord<'_>, name: &str, shown: &mut Map<String, Value>) {
        let (table, row) = (record.table, record.row);
        if name == table.key {
            shown.insert(name.to_owned(), json!(row.id));
        } else if name == "versionnumber" {
            shown.insert(name.to_owned(), json!(row.version));
        } else if let Some(column) = table.lookup_value(name) {
            let link = row.links.get(column);
            shown.insert(name.to_owned(), link.map_or(Value::Null, |link| json!(link.id)));
            self.annotate_lookup(record, name, column, shown);
        } else {
            let value = row.values.get(name).filter(|_| !WRITE_ONLY.contains(&name)).cloned().unwrap_or_default();
            let text = self.annotations.want(FORMATTED).then(|| formatted(record, name, &value)).flatten();
            shown.insert(name.to_owned(), value);
            if let Some(text) = text {
                shown.insert(format!("{name}@{FORMATTED}"), json!(text));
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
        let rows = chosen
            .rows
            .into_iter()
            .take(self.page)
            .map(|child| self.show(child, &expand.query))
            .collect::<Result<Vec<_>, _>>()?;
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
