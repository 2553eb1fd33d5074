//! Rows in groups, and what their columns come to: for `$apply` and for the aggregates of fetchXml.

use std::cmp::Ordering;
use std::collections::HashSet;

use indexmap::IndexMap;
use jiff::civil::Date;
use serde_json::{Map, Number, Value, json};

use super::keys::value_of;
use super::record::RowRecord;
use super::refusal::Refusal;
use crate::odata::{Literal, property};

/// Most rows that are summed up, as in the service.
const MOST: usize = 50_000;

/// What makes rows a group: a column, under the name by which it is shown.
pub(crate) struct GroupBy {
    /// The column, or one of a related row.
    pub(crate) path: Vec<String>,
    /// Its name in the answer.
    pub(crate) name: String,
    /// The part of a date, if the whole is not meant.
    pub(crate) part: Option<DatePart>,
}

/// A part of a date.
#[derive(Debug, Clone, Copy)]
pub(crate) enum DatePart {
    /// The day of the month.
    Day,
    /// The week of the year.
    Week,
    /// The month of the year.
    Month,
    /// The quarter of the year.
    Quarter,
    /// The year.
    Year,
}

/// One sum.
pub(crate) struct Sum {
    /// The column; none counts the rows themselves.
    pub(crate) column: Option<Vec<String>>,
    /// What is made of its values.
    pub(crate) method: Method,
    /// Its name in the answer.
    pub(crate) name: String,
}

/// What is made of the values of a column. Null is left out of all of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Method {
    /// How many there are.
    Count,
    /// How many different ones there are.
    CountDistinct,
    /// All together.
    Sum,
    /// All together over their number.
    Average,
    /// The least.
    Least,
    /// The greatest.
    Greatest,
}

/// Groups rows, and shows of each group what it has in common and its sums.
pub(crate) fn summed_up(rows: &[RowRecord<'_>], by: &[GroupBy], sums: &[Sum]) -> Result<Vec<Value>, Refusal> {
    if rows.len() > MOST {
        return Err(Refusal::too_many_rows(MOST));
    }
    // Without columns to group by, all rows are one group, even if there are none.
    let mut groups = if by.is_empty() { vec![(Map::new(), rows.to_vec())] } else { grouped(rows, by)? };
    for (shown, rows) in &mut groups {
        for sum in sums {
            shown.insert(sum.name.clone(), sum.of(rows)?);
        }
    }
    Ok(groups.into_iter().map(|(shown, _)| shown.into()).collect())
}

type Groups<'a> = Vec<(Map<String, Value>, Vec<RowRecord<'a>>)>;

fn grouped<'a>(rows: &[RowRecord<'a>], by: &[GroupBy]) -> Result<Groups<'a>, Refusal> {
    let mut groups: IndexMap<String, (Map<String, Value>, Vec<RowRecord<'a>>)> = IndexMap::new();
    for row in rows {
        row.crm.budget.check()?;
        let mut values = Map::new();
        for column in by {
            let value = property(row, &column.path)?;
            values.insert(column.name.clone(), column.part.map_or_else(|| value_of(&value), |part| part.of(&value)));
        }
        let key = Value::from(values.clone()).to_string();
        groups.entry(key).or_insert_with(|| (values, Vec::new())).1.push(*row);
    }
    Ok(groups.into_values().collect())
}

impl DatePart {
    fn of(self, value: &Literal) -> Value {
        let day = match value {
            Literal::Text(text) => text.get(..10).and_then(|day| day.parse::<Date>().ok()),
            _ => None,
        };
        let part = |day: Date| match self {
            DatePart::Day => i64::from(day.day()),
            DatePart::Week => i64::from(day.iso_week_date().week()),
            DatePart::Month => i64::from(day.month()),
            DatePart::Quarter => (i64::from(day.month()) + 2) / 3,
            DatePart::Year => i64::from(day.year()),
        };
        day.map_or(Value::Null, |day| json!(part(day)))
    }
}

impl Sum {
    fn of(&self, rows: &[RowRecord<'_>]) -> Result<Value, Refusal> {
        rows.first().map_or(Ok(()), |row| row.crm.budget.check())?;
        let Some(column) = &self.column else { return Ok(json!(rows.len())) };
        let values = rows.iter().map(|row| property(row, column)).collect::<Result<Vec<Literal>, _>>()?;
        let values: Vec<Literal> = values.into_iter().filter(|value| *value != Literal::Null).collect();
        let numbers: Vec<f64> = values.iter().filter_map(number_in).collect();
        let sum: f64 = numbers.iter().sum();
        Ok(match self.method {
            Method::Count => json!(values.len()),
            Method::CountDistinct => {
                let different: HashSet<String> = values.iter().map(|value| value_of(value).to_string()).collect();
                json!(different.len())
            }
            Method::Sum => number(sum),
            Method::Average => {
                let count = u32::try_from(numbers.len()).ok().filter(|count| *count > 0);
                count.map_or(Value::Null, |count| number(sum / f64::from(count)))
            }
            Method::Least => values.iter().min_by(|a, b| order(a, b)).map_or(Value::Null, value_of),
            Method::Greatest => values.iter().max_by(|a, b| order(a, b)).map_or(Value::Null, value_of),
        })
    }
}

fn number_in(value: &Literal) -> Option<f64> {
    match value {
        Literal::Number(number) => Some(*number),
        _ => None,
    }
}

/// Numbers as such, and dates, which are kept as text, by their text.
fn order(a: &Literal, b: &Literal) -> Ordering {
    match (a, b) {
        (Literal::Number(a), Literal::Number(b)) => a.total_cmp(b),
        (Literal::Text(a), Literal::Text(b)) => a.cmp(b),
        _ => Ordering::Equal,
    }
}

/// A whole number is shown without a fraction.
fn number(number: f64) -> Value {
    number.to_string().parse::<Number>().map_or(Value::Null, Value::Number)
}
