//! Sorting a list by its items, or by one property of them.

use std::cmp::Ordering;

use serde_json::Value;

use crate::expression::function::logic::ordinal;
use crate::expression::function::{Args, limit};
use crate::expression::{ExpressionError, Kinds, Operand};

/// What an item is sorted by.
enum Key<'v> {
    Bool(bool),
    /// As a float, and as a whole number for those that are the same as floats.
    Number(f64, i64),
    Text(&'v str),
}

pub(super) fn sort<'a>(args: &Args<'_, 'a>) -> Result<Operand<'a>, ExpressionError> {
    let (items, property) = (args.list(0)?, args.optional_text(1)?);
    let mut keyed = items
        .iter()
        .enumerate()
        .map(|(place, item)| Ok((key(item, property, place)?, item)))
        .collect::<Result<Vec<_>, ExpressionError>>()?;
    let of_one_kind = keyed.windows(2).all(|pair| match pair {
        [(left, _), (right, _)] => std::mem::discriminant(left) == std::mem::discriminant(right),
        _ => true,
    });
    if !of_one_kind {
        return Err(ExpressionError::new("the items are of several kinds, and have no order"));
    }
    keyed.sort_by(|(left, _), (right, _)| order(left, right));
    Ok(Operand::made(keyed.into_iter().map(|(_, item)| item.clone()).collect::<Vec<_>>()))
}

fn key<'v>(item: &'v Value, property: Option<&str>, place: usize) -> Result<Key<'v>, ExpressionError> {
    let value = match property {
        Some(name) => item.get(name).ok_or_else(|| {
            ExpressionError::new(format!(
                "item `{place}` of the list has no property {} to sort by",
                limit::quoted(name)
            ))
        })?,
        None => item,
    };
    match value {
        Value::Bool(truth) => Ok(Key::Bool(*truth)),
        Value::Number(number) => {
            let float = number.as_f64().unwrap_or_default();
            Ok(Key::Number(float, number.as_i64().unwrap_or(float as i64)))
        }
        Value::String(text) => Ok(Key::Text(text)),
        other => {
            let error = format!("item `{place}` of the list is {}, which has no order", Kinds::of(other));
            Err(ExpressionError::new(error).help("name the property of objects to sort by as the second value"))
        }
    }
}

fn order(left: &Key<'_>, right: &Key<'_>) -> Ordering {
    match (left, right) {
        (Key::Bool(left), Key::Bool(right)) => left.cmp(right),
        (Key::Number(left, left_whole), Key::Number(right, right_whole)) => {
            left.total_cmp(right).then(left_whole.cmp(right_whole))
        }
        (Key::Text(left), Key::Text(right)) => ordinal(left, right),
        _ => Ordering::Equal,
    }
}
