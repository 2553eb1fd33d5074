//! The links of a fetch query: each follows a lookup of the table to the row that it points at.

use super::filter_of;
use super::xml::Element;
use crate::dataverse::record::RowRecord;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::select::passes;
use crate::dataverse::tables::Table;
use crate::odata::Expression;

/// A link that a row must have.
pub(super) struct Join<'a> {
    target: &'a Table,
    column: &'a str,
    filter: Option<Expression>,
}

/// What a link asks of a row; an outer one is followed only to be shown.
pub(super) fn join<'a>(crm: &'a Dataverse, table: &'a Table, link: &Element) -> Result<Option<Join<'a>>, Refusal> {
    let (target, column) = linked(crm, table, link)?;
    let filter = filter_of(crm, target, link)?;
    let outer = link.get("link-type") == Some("outer");
    Ok((!outer).then_some(Join { target, column, filter }))
}

/// Whether each link of a row leads to a row that is not filtered out.
pub(super) fn all_lead_somewhere(joins: &[Option<Join<'_>>], record: RowRecord<'_>) -> Result<bool, Refusal> {
    for join in joins.iter().flatten() {
        record.crm.budget.spend(1);
        let there = record.follow(join.column).filter(|other| other.table.logical == join.target.logical);
        if !there.map_or(Ok(false), |other| passes(other, join.filter.as_ref()))? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// The table of a link, and the lookup that leads there.
pub(super) fn linked<'a>(
    crm: &'a Dataverse,
    table: &'a Table,
    link: &Element,
) -> Result<(&'a Table, &'a str), Refusal> {
    let target = crm.table(link.get("name").unwrap_or_default())?;
    let lookup = table
        .lookups
        .iter()
        .find(|lookup| Some(lookup.column.as_str()) == link.get("to") && lookup.target == target.logical);
    match lookup {
        Some(lookup) if link.get("from") == Some(target.key.as_str()) && link.named("link-entity").next().is_none() => {
            Ok((target, &lookup.column))
        }
        _ => Err(Refusal::not_played("a link-entity that does not follow a lookup")),
    }
}
