//! `$apply`: rows grouped and their columns summed up.
//!
//! What is played is `filter(…)/groupby((a,b),aggregate(…))` and `aggregate(…)`, each alone or in this order.

use serde_json::{Value, json};

use super::call::Call;
use super::filter::{check_path, prepare};
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::select::{Source, Wanted, passes};
use super::sums::{GroupBy, Method, Sum, summed_up};
use super::tables::Table;
use crate::odata::{Aliases, Expression, parse_filter, split_outside};

/// The answer to a query with `$apply`.
pub(crate) fn applied(
    call: &Call,
    crm: &Dataverse,
    table: &Table,
    text: &str,
    filter: Option<&Expression>,
) -> Result<Value, Refusal> {
    let source = crm.source(table, filter, &[], 0);
    let mut rows = source.choose(&Wanted::ALL, |record| passes(record, filter))?.rows;
    let mut groups = None;
    for step in split_outside(text, '/') {
        if let Some(condition) = inside(step, "filter") {
            let condition = prepare(crm, table, &parse_filter(condition, &Aliases::new())?)?;
            let passes = |record| passes(record, Some(&condition));
            rows = Source::of(rows, &[]).choose(&Wanted::ALL, passes)?.rows;
        } else if let Some(arguments) = inside(step, "groupby") {
            let parts = split_outside(arguments, ',');
            let (columns, sums) = parts.split_first().ok_or_else(bad)?;
            let columns = columns.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(bad)?;
            let by = columns.split(',').map(|column| group_by(crm, table, column)).collect::<Result<Vec<_>, _>>()?;
            let sums = match sums {
                [] => Vec::new(),
                [sums] => sums_of(crm, table, inside(sums.trim(), "aggregate").ok_or_else(bad)?)?,
                _ => return Err(bad()),
            };
            groups = Some(summed_up(&rows, &by, &sums)?);
        } else if let Some(sums) = inside(step, "aggregate") {
            groups = Some(summed_up(&rows, &[], &sums_of(crm, table, sums)?)?);
        } else {
            return Err(bad());
        }
    }
    let groups = groups.ok_or_else(bad)?;
    Ok(json!({"@odata.context": format!("{}$metadata#{}", call.base, table.set), "value": groups}))
}

fn bad() -> Refusal {
    Refusal::query("The value of $apply cannot be read.")
}

fn inside<'a>(step: &'a str, name: &str) -> Option<&'a str> {
    step.trim().strip_prefix(name)?.strip_prefix('(')?.strip_suffix(')')
}

fn path_of(crm: &Dataverse, table: &Table, text: &str) -> Result<Vec<String>, Refusal> {
    let path: Vec<String> = text.trim().split('/').map(str::to_owned).collect();
    check_path(crm, table, &path)?;
    Ok(path)
}

/// A column of a related row is named by its path.
fn group_by(crm: &Dataverse, table: &Table, column: &str) -> Result<GroupBy, Refusal> {
    let path = path_of(crm, table, column)?;
    Ok(GroupBy { name: path.join("_"), path, part: None })
}

fn sums_of(crm: &Dataverse, table: &Table, text: &str) -> Result<Vec<Sum>, Refusal> {
    text.split(',').map(|sum| sum_of(crm, table, sum)).collect()
}

fn sum_of(crm: &Dataverse, table: &Table, text: &str) -> Result<Sum, Refusal> {
    let words: Vec<&str> = text.split_whitespace().collect();
    let (column, method, name) = match words.as_slice() {
        ["$count", "as", name] => return Ok(Sum { column: None, method: Method::Count, name: (*name).to_owned() }),
        [column, "with", method, "as", name] => (path_of(crm, table, column)?, *method, (*name).to_owned()),
        _ => return Err(bad()),
    };
    let method = match method {
        "sum" => Method::Sum,
        "average" => Method::Average,
        "min" => Method::Least,
        "max" => Method::Greatest,
        "countdistinct" => Method::CountDistinct,
        _ => return Err(bad()),
    };
    Ok(Sum { column: Some(column), method, name })
}
