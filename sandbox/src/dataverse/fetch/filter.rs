//! The conditions of a fetch query as a filter. Most operators are those of the filter functions by another name.

use super::xml::Element;
use super::{bad, read_name};
use crate::dataverse::filter::check_path;
use crate::dataverse::functions::{balanced, plain};
use crate::dataverse::refusal::Refusal;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::tables::Table;
use crate::odata::{Comparison, Expression, LIKE, Literal};

/// Most conditions in one filter, as in the service.
const MOST_CONDITIONS: usize = 500;

/// Operators that are filter functions.
const FUNCTIONS: [(&str, &str); 20] = [
    ("eq", "In"),
    ("in", "In"),
    ("not-in", "NotIn"),
    ("between", "Between"),
    ("not-between", "NotBetween"),
    ("eq-userid", "EqualUserId"),
    ("ne-userid", "NotEqualUserId"),
    ("contain-values", "ContainValues"),
    ("not-contain-values", "DoesNotContainValues"),
    ("on", "On"),
    ("not-on", "NotOn"),
    ("on-or-after", "OnOrAfter"),
    ("on-or-before", "OnOrBefore"),
    ("today", "Today"),
    ("yesterday", "Yesterday"),
    ("tomorrow", "Tomorrow"),
    ("last-x-days", "LastXDays"),
    ("next-x-days", "NextXDays"),
    ("last-x-hours", "LastXHours"),
    ("older-than-x-minutes", "OlderThanXMinutes"),
];

/// A `filter` with all in it; `None` when it is empty.
pub(crate) fn condition(crm: &Dataverse, table: &Table, filter: &Element) -> Result<Option<Expression>, Refusal> {
    let any = match filter.get("type") {
        None | Some("and") => false,
        Some("or") => true,
        Some(_) => return Err(bad("a filter is neither 'and' nor 'or'")),
    };
    let mut parts = Vec::new();
    for child in &filter.children {
        let part = match child.name.as_str() {
            "condition" => Some(one(crm, table, child)?),
            "filter" => condition(crm, table, child)?,
            _ => return Err(bad(&format!("'{}' stands in a filter", child.name))),
        };
        parts.extend(part);
    }
    if parts.len() > MOST_CONDITIONS {
        return Err(bad(&format!("the number of conditions exceeds the limit of {MOST_CONDITIONS}")));
    }
    let join = |left, right| match any {
        true => Expression::Or(Box::new(left), Box::new(right)),
        false => Expression::And(Box::new(left), Box::new(right)),
    };
    Ok(balanced(parts, &join))
}

fn one(crm: &Dataverse, table: &Table, element: &Element) -> Result<Expression, Refusal> {
    let name = element.get("attribute").ok_or_else(|| bad("a condition names no attribute"))?;
    let path = vec![read_name(table, name)];
    check_path(crm, table, &path)?;
    let values: Vec<String> = match element.get("value") {
        Some(value) => vec![value.to_owned()],
        None => element.children.iter().map(|value| value.text.clone()).collect(),
    };
    let operator = element.get("operator").ok_or_else(|| bad("a condition has no operator"))?;
    let literals: Vec<Literal> = values.iter().cloned().map(Literal::Text).collect();
    let function = |function: &str, literals: Vec<Literal>| {
        let mut arguments = vec![("PropertyName".to_owned(), vec![Literal::Text(name.to_owned())])];
        if !literals.is_empty() {
            arguments.push(("PropertyValues".to_owned(), literals));
        }
        plain(crm, table, &format!("Microsoft.Dynamics.CRM.{function}"), &arguments)
    };
    if let Some((_, name)) = FUNCTIONS.iter().find(|(known, _)| *known == operator) {
        return function(name, literals);
    }
    let compared = |comparison: Comparison| -> Result<Expression, Refusal> {
        // The function knows how the column reads its values.
        match function("In", literals.clone())? {
            Expression::Compare(_, left, right) => Ok(Expression::Compare(comparison, left, right)),
            _ => Err(bad("a condition has several values")),
        }
    };
    let null = || Box::new(Expression::Literal(Literal::Null));
    let column = || Box::new(Expression::Path(path.clone()));
    let like = |pattern: String| {
        Expression::Call(
            LIKE.to_owned(),
            vec![Expression::Path(path.clone()), Expression::Literal(Literal::Text(pattern))],
        )
    };
    let not = |inner: Expression| Expression::Not(Box::new(inner));
    let value = || values.first().cloned().ok_or_else(|| bad("a condition has no value"));
    Ok(match operator {
        "ne" | "neq" => compared(Comparison::NotEqual)?,
        "gt" => compared(Comparison::Greater)?,
        "ge" => compared(Comparison::GreaterOrEqual)?,
        "lt" => compared(Comparison::Less)?,
        "le" => compared(Comparison::LessOrEqual)?,
        "null" => Expression::Compare(Comparison::Equal, column(), null()),
        "not-null" => Expression::Compare(Comparison::NotEqual, column(), null()),
        "like" => like(value()?),
        "not-like" => not(like(value()?)),
        "begins-with" => like(format!("{}%", value()?)),
        "ends-with" => like(format!("%{}", value()?)),
        _ => return Err(Refusal::not_played(&format!("the operator '{operator}' of fetchXml"))),
    })
}
