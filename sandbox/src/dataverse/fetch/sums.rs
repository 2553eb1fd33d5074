//! `<fetch aggregate='true'>`: each attribute is summed up or makes the groups.

use serde_json::Value;

use super::xml::Element;
use super::{bad, read_name};
use crate::dataverse::filter::check_path;
use crate::dataverse::record::RowRecord;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::sums::{DatePart, GroupBy, Method, Sum, summed_up};
use crate::dataverse::tables::Table;
use crate::odata::{Case, JsonRecord, Order, sort};

/// The groups of the rows that were found, as they are shown.
pub(super) fn summed(
    crm: &Dataverse,
    table: &Table,
    entity: &Element,
    rows: Vec<RowRecord<'_>>,
) -> Result<Vec<Value>, Refusal> {
    let (mut by, mut sums) = (Vec::new(), Vec::new());
    for attribute in entity.named("attribute") {
        let name = attribute.get("name").ok_or_else(|| bad("an attribute has no name"))?;
        let alias = attribute.get("alias").ok_or_else(|| bad("an attribute of an aggregate has no alias"))?.to_owned();
        let path = vec![read_name(table, name)];
        check_path(crm, table, &path)?;
        match attribute.get("aggregate") {
            Some("count") => sums.push(Sum { column: None, method: Method::Count, name: alias }),
            Some(method) => sums.push(Sum { column: Some(path), method: method_of(method, attribute)?, name: alias }),
            None if attribute.has("groupby") => by.push(GroupBy { path, name: alias, part: part_of(attribute)? }),
            None => return Err(bad("an attribute is neither summed up nor makes groups")),
        }
    }
    if entity.named("link-entity").any(|link| link.named("attribute").next().is_some()) {
        return Err(Refusal::not_played("an aggregate of a linked table"));
    }
    if sums.is_empty() && by.is_empty() {
        return Err(bad("an aggregate has no attributes"));
    }
    in_order(crm, summed_up(&rows, &by, &sums)?, entity)
}

fn method_of(name: &str, attribute: &Element) -> Result<Method, Refusal> {
    Ok(match name {
        "countcolumn" if attribute.has("distinct") => Method::CountDistinct,
        "countcolumn" => Method::Count,
        "sum" => Method::Sum,
        "avg" => Method::Average,
        "min" => Method::Least,
        "max" => Method::Greatest,
        _ => return Err(bad(&format!("'{name}' is no aggregate"))),
    })
}

fn part_of(attribute: &Element) -> Result<Option<DatePart>, Refusal> {
    Ok(Some(match attribute.get("dategrouping") {
        None => return Ok(None),
        Some("day") => DatePart::Day,
        Some("week") => DatePart::Week,
        Some("month") => DatePart::Month,
        Some("quarter") => DatePart::Quarter,
        Some("year") => DatePart::Year,
        Some(part) => return Err(Refusal::not_played(&format!("the date grouping '{part}'"))),
    }))
}

/// An order of an aggregate names an alias.
fn in_order(crm: &Dataverse, groups: Vec<Value>, entity: &Element) -> Result<Vec<Value>, Refusal> {
    let order = |element: &Element| {
        let alias = element.get("alias").ok_or_else(|| bad("an order of an aggregate names no alias"))?;
        Ok(Order { path: vec![alias.to_owned()], descending: element.has("descending") })
    };
    let orders = entity.named("order").map(order).collect::<Result<Vec<_>, Refusal>>()?;
    crm.budget.spend(groups.len().saturating_mul(orders.len()));
    crm.budget.check()?;
    let mut records: Vec<JsonRecord<'_>> = groups.iter().filter_map(Value::as_object).map(JsonRecord).collect();
    sort(&mut records, &orders, Case::Ignored)?;
    Ok(records.into_iter().map(|record| record.0.clone().into()).collect())
}
