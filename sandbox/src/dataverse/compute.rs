//! What the system itself writes into a row: full names, whole addresses, amounts in the organization's currency
//! (behaviour 10), and the values a new row starts with.

use serde_json::{Map, Value, json};

use super::draft::Draft;
use super::rows::Dataverse;
use super::shelf::Row;
use super::tables::{RATE, Table, base_of};
use crate::options::ColumnKind;

/// The row as a draft and the system leave it.
pub(crate) fn complete(crm: &Dataverse, table: &Table, mut row: Row, mut draft: Draft) -> Row {
    drop_calculated_value(table, &row, &mut draft.values);
    row.values.extend(draft.values);
    for (column, link) in draft.links {
        match link {
            Some(link) => row.links.insert(column, link),
            None => row.links.shift_remove(&column),
        };
    }
    match row.links.get("ownerid").cloned() {
        Some(owner) if owner.table == "systemuser" => row.links.insert("owninguser".to_owned(), owner),
        _ => row.links.shift_remove("owninguser"),
    };
    if table.columns.contains_key("fullname") {
        let name = joined(&row.values, &["firstname", "lastname"], " ");
        row.values.insert("fullname".to_owned(), name);
    }
    if table.columns.contains_key("address1_composite") {
        let lines = ["line1", "line2", "line3", "city", "stateorprovince", "postalcode", "country"];
        let lines = lines.map(|line| format!("address1_{line}"));
        let address = joined(&row.values, &lines.each_ref().map(String::as_str), "\r\n");
        row.values.insert("address1_composite".to_owned(), address);
    }
    convert(crm, table, &mut row);
    row
}

/// Columns that are set when nothing was sent.
pub(crate) fn usual_values(table: &Table) -> Vec<(String, Value)> {
    if table.logical != "opportunity" {
        return Vec::new();
    }
    vec![
        ("isrevenuesystemcalculated".to_owned(), json!(false)),
        ("opportunityratingcode".to_owned(), json!(2)),
        ("prioritycode".to_owned(), json!(1)),
        ("salesstagecode".to_owned(), json!(1)),
    ]
}

/// While revenue is calculated by the system, a value sent for it is ignored without a word. The flag in the same
/// body counts.
fn drop_calculated_value(table: &Table, row: &Row, values: &mut Map<String, Value>) {
    const FLAG: &str = "isrevenuesystemcalculated";
    let flag = values.get(FLAG).or_else(|| row.values.get(FLAG));
    if table.logical == "opportunity" && flag == Some(&Value::Bool(true)) {
        values.shift_remove("estimatedvalue");
    }
}

/// Amounts in the organization's currency, by the rate of the row's own.
fn convert(crm: &Dataverse, table: &Table, row: &mut Row) {
    if !table.columns.contains_key(RATE) || table.logical == "transactioncurrency" {
        return;
    }
    let currency = row.links.get("transactioncurrencyid").and_then(|link| crm.row(&link.table, &link.id));
    let rate = currency.and_then(|currency| currency.values.get(RATE)?.as_f64()).filter(|rate| *rate > 0.0);
    row.values.insert(RATE.to_owned(), rate.map_or(Value::Null, |rate| json!(rate)));
    let amounts = table.columns.iter().filter(|(_, column)| column.kind == ColumnKind::Money && !column.system);
    for (name, _) in amounts {
        let amount = row.values.get(name).and_then(Value::as_f64);
        let base = amount.zip(rate).map_or(Value::Null, |(amount, rate)| json!(rounded(amount / rate)));
        row.values.insert(base_of(name), base);
    }
}

/// To four places, as amounts are kept.
fn rounded(amount: f64) -> f64 {
    (amount * 10_000.0).round() / 10_000.0
}

fn joined(values: &Map<String, Value>, parts: &[&str], between: &str) -> Value {
    let parts: Vec<&str> = parts.iter().filter_map(|part| values.get(*part).and_then(Value::as_str)).collect();
    if parts.is_empty() { Value::Null } else { json!(parts.join(between)) }
}
