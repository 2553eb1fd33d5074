//! Records in the order of `$orderby`.

use std::cmp::Ordering;

use super::ODataError;
use super::evaluate::{Case, Record, order, property};
use super::lexer::Literal;
use super::query::Order;

/// Sorts rows by `$orderby`; rows that are equal keep their order.
pub(crate) fn sort<R: Record>(rows: &mut Vec<R>, orders: &[Order], case: Case) -> Result<(), ODataError> {
    sort_first(rows, orders, case, usize::MAX)
}

/// The same for the first `most` rows; the others are dropped, and never put in order.
pub(crate) fn sort_first<R: Record>(
    rows: &mut Vec<R>,
    orders: &[Order],
    case: Case,
    most: usize,
) -> Result<(), ODataError> {
    if orders.is_empty() {
        rows.truncate(most);
        return Ok(());
    }
    // Each value is read once, and not again with every comparison.
    let mut keyed = Vec::with_capacity(rows.len());
    for (place, row) in rows.drain(..).enumerate() {
        keyed.push((sort_keys(&row, orders, case)?, place, row));
    }
    let compare = |(left, before, _): &(Vec<Literal>, usize, R), (right, after, _): &(Vec<Literal>, usize, R)| {
        let pairs = orders.iter().zip(left.iter().zip(right));
        let mut orderings = pairs.map(|(order, (a, b))| {
            let ordering = sort_order(a, b);
            if order.descending { ordering.reverse() } else { ordering }
        });
        orderings.find(|ordering| ordering.is_ne()).unwrap_or_else(|| before.cmp(after))
    };
    if most < keyed.len() {
        keyed.select_nth_unstable_by(most, compare);
        keyed.truncate(most);
    }
    keyed.sort_unstable_by(compare);
    rows.extend(keyed.into_iter().map(|(_, _, row)| row));
    Ok(())
}

/// The values of a record by which it is sorted.
pub(crate) fn sort_keys<R: Record>(record: &R, orders: &[Order], case: Case) -> Result<Vec<Literal>, ODataError> {
    orders.iter().map(|order| Ok(folded(property(record, &order.path)?, case))).collect()
}

fn folded(value: Literal, case: Case) -> Literal {
    match (value, case) {
        (Literal::Text(mut text), Case::Ignored) if text.is_ascii() => {
            text.make_ascii_lowercase();
            Literal::Text(text)
        }
        (Literal::Text(text), Case::Ignored) => Literal::Text(text.to_lowercase()),
        (value, _) => value,
    }
}

/// Values of different types stand in the order of their types, so that any two values have an order that agrees with
/// all others: to sort by less would be a panic.
fn sort_order(a: &Literal, b: &Literal) -> Ordering {
    let of_one_type = || order(a, b, Case::Sensitive).unwrap_or(Ordering::Equal);
    type_rank(a).cmp(&type_rank(b)).then_with(of_one_type)
}

/// Nothing comes first, and then as in the orders that are kept: no and yes, numbers, and text.
fn type_rank(value: &Literal) -> u8 {
    match value {
        Literal::Null => 0,
        Literal::Bool(_) => 1,
        Literal::Number(_) => 2,
        Literal::Text(_) => 3,
        Literal::Guid(_) => 4,
        Literal::Instant(_) => 5,
        Literal::Date(_) => 6,
    }
}
