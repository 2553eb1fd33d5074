//! `$apply`: rows grouped and their columns summed up.
//!
//! What is played is `filter(…)/groupby((a,b),aggregate(…))` and `aggregate(…)`, each alone or in this order.

use indexmap::IndexMap;
use serde_json::{Map, Number, Value, json};

use super::call::Call;
use super::filter::{check_path, prepare};
use super::record::RowRecord;
use super::refusal::Refusal;
use super::rows::Dataverse;
use super::select::{Source, Wanted, passes};
use super::tables::Table;
use crate::odata::{Aliases, Expression, Literal, parse_filter, property, split_outside};

use super::keys::value_of;

/// Most rows that are summed up, as in the service.
const MOST: usize = 50_000;

/// One sum of a column.
struct Sum<'a> {
    column: Option<Vec<String>>,
    method: &'a str,
    name: &'a str,
}

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
    let mut groups: Vec<(Map<String, Value>, Vec<RowRecord<'_>>)> = Vec::new();
    let mut summed = false;
    for step in split_outside(text, '/') {
        if let Some(condition) = inside(step, "filter") {
            let condition = prepare(crm, table, &parse_filter(condition, &Aliases::new())?)?;
            let passes = |record| passes(record, Some(&condition));
            rows = Source::of(rows, &[]).choose(&Wanted::ALL, passes)?.rows;
        } else if let Some(arguments) = inside(step, "groupby") {
            let parts = split_outside(arguments, ',');
            let (columns, sums) = parts.split_first().ok_or_else(bad)?;
            let columns = columns.trim().strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).ok_or_else(bad)?;
            groups = grouped(crm, table, &rows, columns)?;
            summed = true;
            if let [sums] = sums {
                sum_up(crm, table, &mut groups, inside(sums.trim(), "aggregate").ok_or_else(bad)?)?;
            } else if !sums.is_empty() {
                return Err(bad());
            }
        } else if let Some(sums) = inside(step, "aggregate") {
            groups = vec![(Map::new(), rows.clone())];
            summed = true;
            sum_up(crm, table, &mut groups, sums)?;
        } else {
            return Err(bad());
        }
    }
    if !summed {
        return Err(bad());
    }
    if rows.len() > MOST {
        return Err(Refusal::argument(format!("The maximum record limit of {MOST} is exceeded.")));
    }
    let values: Vec<Value> = groups.into_iter().map(|(values, _)| values.into()).collect();
    Ok(json!({"@odata.context": format!("{}$metadata#{}", call.base, table.set), "value": values}))
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

type Groups<'a> = Vec<(Map<String, Value>, Vec<RowRecord<'a>>)>;

fn grouped<'a>(crm: &Dataverse, table: &Table, rows: &[RowRecord<'a>], columns: &str) -> Result<Groups<'a>, Refusal> {
    let paths = columns.split(',').map(|column| path_of(crm, table, column)).collect::<Result<Vec<_>, _>>()?;
    let mut groups: IndexMap<String, (Map<String, Value>, Vec<RowRecord<'a>>)> = IndexMap::new();
    for row in rows {
        let mut values = Map::new();
        for path in &paths {
            // A column of a related row is named by its path.
            values.insert(path.join("_"), value_of(&property(row, path)?));
        }
        crm.budget.check()?;
        let key = Value::from(values.clone()).to_string();
        groups.entry(key).or_insert_with(|| (values, Vec::new())).1.push(*row);
    }
    Ok(groups.into_values().collect())
}

fn sum_up(crm: &Dataverse, table: &Table, groups: &mut Groups<'_>, text: &str) -> Result<(), Refusal> {
    let sums = text.split(',').map(|sum| parse(crm, table, sum)).collect::<Result<Vec<_>, _>>()?;
    for (values, rows) in groups {
        for sum in &sums {
            crm.budget.check()?;
            values.insert(sum.name.to_owned(), sum.of(rows)?);
        }
    }
    Ok(())
}

fn parse<'a>(crm: &Dataverse, table: &Table, text: &'a str) -> Result<Sum<'a>, Refusal> {
    match text.split_whitespace().collect::<Vec<_>>().as_slice() {
        ["$count", "as", name] => Ok(Sum { column: None, method: "$count", name }),
        [column, "with", method, "as", name] => Ok(Sum { column: Some(path_of(crm, table, column)?), method, name }),
        _ => Err(bad()),
    }
}

impl Sum<'_> {
    fn of(&self, rows: &[RowRecord<'_>]) -> Result<Value, Refusal> {
        let Some(column) = &self.column else { return Ok(json!(rows.len())) };
        let values = rows.iter().map(|row| property(row, column)).collect::<Result<Vec<Literal>, _>>()?;
        let numbers: Vec<f64> = values
            .iter()
            .filter_map(|value| match value {
                Literal::Number(number) => Some(*number),
                _ => None,
            })
            .collect();
        let sum: f64 = numbers.iter().sum();
        let count = u32::try_from(numbers.len()).unwrap_or(u32::MAX);
        Ok(match self.method {
            "sum" => number(sum),
            "average" if count > 0 => number(sum / f64::from(count)),
            "min" => numbers.iter().copied().reduce(f64::min).map_or(Value::Null, number),
            "max" => numbers.iter().copied().reduce(f64::max).map_or(Value::Null, number),
            "average" => Value::Null,
            "countdistinct" => {
                let mut seen: Vec<&Literal> = Vec::new();
                seen.extend(values.iter().filter(|value| **value != Literal::Null));
                let distinct: std::collections::HashSet<String> =
                    seen.into_iter().map(|value| value_of(value).to_string()).collect();
                json!(distinct.len())
            }
            _ => return Err(bad()),
        })
    }
}

/// A whole number is shown without a fraction.
fn number(number: f64) -> Value {
    number.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}
