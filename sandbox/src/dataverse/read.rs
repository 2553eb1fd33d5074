//! A row as it is read: selected columns, annotations when asked, expanded neighbours.

use serde_json::{Map, Value, json};

use super::refusal::Refusal;
use super::rows::RowRecord;
use crate::odata::{Case, Expand, Query, matches, sort};
use crate::options::ColumnKind;

/// Shows a row. `annotate` adds formatted values and lookup targets (behaviour 6).
pub(crate) fn show(record: RowRecord<'_>, query: &Query, annotate: bool) -> Result<Value, Refusal> {
    let mut shown = Map::new();
    shown.insert("@odata.etag".to_owned(), json!(record.row.etag()));
    for name in selected(record, query)? {
        show_member(record, &name, annotate, &mut shown);
    }
    for expand in &query.expand {
        let value = expanded(record, expand, annotate)?;
        shown.insert(expand.navigation.clone(), value);
    }
    Ok(shown.into())
}

/// The members to show; the primary key is always among them.
fn selected(record: RowRecord<'_>, query: &Query) -> Result<Vec<String>, Refusal> {
    let table = record.table;
    if query.select.is_empty() {
        let mut names: Vec<String> = vec![table.key.clone()];
        names.extend(table.columns.keys().cloned());
        let mut lookups: Vec<String> = table.lookups.iter().map(|lookup| format!("_{}_value", lookup.column)).collect();
        // A polymorphic lookup has an entry for each target.
        lookups.dedup();
        names.extend(lookups);
        return Ok(names);
    }
    let mut names = query.select.clone();
    let unknown = |name: &&String| {
        *name != &table.key && !table.columns.contains_key(*name) && table.lookup_value(name).is_none()
    };
    if let Some(name) = names.iter().find(unknown) {
        return Err(Refusal::query(format!(
            "Could not find a property named '{name}' on type 'Microsoft.Dynamics.CRM.{}'.",
            table.logical
        )));
    }
    let money = |name: &String| table.columns.get(name).is_some_and(|column| column.kind == ColumnKind::Money);
    if names.iter().any(money) {
        names.push("_transactioncurrencyid_value".to_owned());
    }
    names.push(table.key.clone());
    Ok(names)
}

fn show_member(record: RowRecord<'_>, name: &str, annotate: bool, shown: &mut Map<String, Value>) {
    let (table, row) = (record.table, record.row);
    if name == table.key {
        shown.insert(name.to_owned(), json!(row.id));
    } else if name == "versionnumber" {
        shown.insert(name.to_owned(), json!(row.version));
    } else if let Some(column) = table.lookup_value(name) {
        let link = row.links.get(column);
        shown.insert(name.to_owned(), link.map_or(Value::Null, |link| json!(link.id)));
        if annotate {
            annotate_lookup(record, name, column, shown);
        }
    } else {
        let value = row.values.get(name).cloned().unwrap_or_default();
        let formatted = annotate.then(|| formatted(record, name, &value)).flatten();
        shown.insert(name.to_owned(), value);
        if let Some(text) = formatted {
            shown.insert(format!("{name}@OData.Community.Display.V1.FormattedValue"), json!(text));
        }
    }
}

fn annotate_lookup(record: RowRecord<'_>, name: &str, column: &str, shown: &mut Map<String, Value>) {
    let Some(target) = record.follow(column) else {
        return;
    };
    let is_target = |lookup: &&super::tables::Lookup| lookup.column == column && lookup.target == target.table.logical;
    let navigation = record.table.lookups.iter().find(is_target).map(|lookup| lookup.navigation.clone());
    let label = target.row.values.get(&target.table.name).cloned().unwrap_or_default();
    shown.insert(format!("{name}@OData.Community.Display.V1.FormattedValue"), label);
    shown.insert(format!("{name}@Microsoft.Dynamics.CRM.associatednavigationproperty"), json!(navigation));
    shown.insert(format!("{name}@Microsoft.Dynamics.CRM.lookuplogicalname"), json!(target.table.logical));
}

fn formatted(record: RowRecord<'_>, name: &str, value: &Value) -> Option<String> {
    let kind = record.table.columns.get(name)?.kind;
    match (kind, value) {
        (_, Value::Null) => None,
        (ColumnKind::YesNo, value) => Some(if value == &json!(true) { "Yes" } else { "No" }.to_owned()),
        (ColumnKind::Choice, value) => {
            Some(state_label(record, name, value).map_or_else(|| value.to_string(), str::to_owned))
        }
        (ColumnKind::Money, value) => {
            let currency = record.follow("transactioncurrencyid");
            let symbol = currency.and_then(|currency| currency.row.values.get("currencysymbol")?.as_str());
            Some(format!("{}{:.2}", symbol.unwrap_or_default(), value.as_f64()?))
        }
        (ColumnKind::Integer | ColumnKind::Decimal, value) => Some(value.to_string()),
        _ => None,
    }
}

fn state_label(record: RowRecord<'_>, name: &str, value: &Value) -> Option<&'static str> {
    let labels: &[&str] = match (record.table.logical.as_str(), name) {
        ("opportunity", "statecode") => &["Open", "Won", "Lost"],
        ("opportunity", "statuscode") => &["", "In Progress", "On Hold", "Won", "Canceled", "Out-Sold"],
        ("lead", "statecode") => &["Open", "Qualified", "Disqualified"],
        (_, "statecode") => &["Active", "Inactive"],
        _ => return None,
    };
    labels.get(usize::try_from(value.as_i64()?).ok()?).copied()
}

fn expanded(record: RowRecord<'_>, expand: &Expand, annotate: bool) -> Result<Value, Refusal> {
    if let Some(lookup) = record.table.navigation(&expand.navigation) {
        return record.target(lookup).map_or(Ok(Value::Null), |target| show(target, &expand.query, annotate));
    }
    let (_, mut children) = record.children(&expand.navigation).ok_or_else(|| {
        let message = format!(
            "Could not find a property named '{}' on type 'Microsoft.Dynamics.CRM.{}'.",
            expand.navigation, record.table.logical
        );
        Refusal::query(message)
    })?;
    narrow(&mut children, &expand.query)?;
    children.truncate(expand.query.top.unwrap_or(usize::MAX));
    children.into_iter().map(|child| show(child, &expand.query, annotate)).collect()
}

/// Filters and sorts. Rows that are equal to `$orderby` come in order of their version, so that
/// two changes within one second keep their order.
pub(crate) fn narrow(rows: &mut Vec<RowRecord<'_>>, query: &Query) -> Result<(), Refusal> {
    if let Some(filter) = &query.filter {
        let mut kept = Vec::with_capacity(rows.len());
        for record in rows.drain(..) {
            if matches(filter, &record, Case::Ignored)? {
                kept.push(record);
            }
        }
        *rows = kept;
    }
    let newest_first = query.orders.first().is_some_and(|order| order.descending);
    rows.sort_by_key(|record| if newest_first { u64::MAX - record.row.version } else { record.row.version });
    sort(rows, &query.orders, Case::Ignored)?;
    Ok(())
}
