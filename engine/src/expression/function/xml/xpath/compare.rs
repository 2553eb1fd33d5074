//! Comparisons. One of nodes holds if it holds for any of them, so `a = b` and `a != b` can both be true.

use std::collections::HashSet;

use super::axes::Spot;
use super::evaluate::Evaluation;
use super::syntax::Operator;
use super::value::Answer;
use crate::expression::ExpressionError;

/// Whether a comparison holds.
pub(super) fn holds(
    evaluation: &mut Evaluation<'_>,
    operator: Operator,
    left: Answer,
    right: Answer,
) -> Result<bool, ExpressionError> {
    match (left, right) {
        (Answer::Nodes(left), Answer::Nodes(right)) => nodes_and_nodes(evaluation, operator, &left, &right),
        (Answer::Nodes(nodes), Answer::Bool(bool)) => {
            single(evaluation, operator, Answer::Bool(!nodes.is_empty()), Answer::Bool(bool))
        }
        (Answer::Bool(bool), Answer::Nodes(nodes)) => {
            single(evaluation, operator, Answer::Bool(bool), Answer::Bool(!nodes.is_empty()))
        }
        (Answer::Nodes(nodes), other) => nodes_and_single(evaluation, operator, &nodes, &other),
        (other, Answer::Nodes(nodes)) => nodes_and_single(evaluation, turned(operator), &nodes, &other),
        (left, right) => single(evaluation, operator, left, right),
    }
}

fn nodes_and_single(
    evaluation: &mut Evaluation<'_>,
    operator: Operator,
    nodes: &[Spot],
    other: &Answer,
) -> Result<bool, ExpressionError> {
    for node in nodes {
        let text = Answer::Text(evaluation.text_of(*node)?);
        if let Answer::Text(other) = other {
            evaluation.spend_text(other)?;
        }
        if single(evaluation, operator, text, other.clone())? {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Neither is nodes.
fn single(
    evaluation: &mut Evaluation<'_>,
    operator: Operator,
    left: Answer,
    right: Answer,
) -> Result<bool, ExpressionError> {
    let is_equality = matches!(operator, Operator::Equal | Operator::NotEqual);
    let equal = match (&left, &right) {
        _ if !is_equality => None,
        (Answer::Bool(_), _) | (_, Answer::Bool(_)) => Some(left.is_true() == right.is_true()),
        (Answer::Text(left), Answer::Text(right)) => Some(left == right),
        _ => None,
    };
    match equal {
        Some(equal) => Ok(equal == (operator == Operator::Equal)),
        None => Ok(numbers(operator, evaluation.number(left)?, evaluation.number(right)?)),
    }
}

/// Compares sets without looking at every pair.
fn nodes_and_nodes(
    evaluation: &mut Evaluation<'_>,
    operator: Operator,
    left: &[Spot],
    right: &[Spot],
) -> Result<bool, ExpressionError> {
    match operator {
        Operator::Equal => {
            let left = texts(evaluation, left)?.into_iter().collect::<HashSet<_>>();
            Ok(texts(evaluation, right)?.iter().any(|text| left.contains(text)))
        }
        Operator::NotEqual => {
            let (left, right) = (texts(evaluation, left)?, texts(evaluation, right)?);
            // Only where all texts of both sides are the same is no pair different.
            Ok(match (left.first(), right.first()) {
                (Some(first), Some(_)) => right.iter().chain(&left).any(|text| text != first),
                _ => false,
            })
        }
        _ => {
            let (least_left, most_left) = range(evaluation, left)?;
            let (least_right, most_right) = range(evaluation, right)?;
            Ok(match operator {
                Operator::Less | Operator::AtMost => numbers(operator, least_left, most_right),
                _ => numbers(operator, most_left, least_right),
            })
        }
    }
}

fn texts(evaluation: &mut Evaluation<'_>, nodes: &[Spot]) -> Result<Vec<String>, ExpressionError> {
    nodes.iter().map(|node| evaluation.text_of(*node)).collect()
}

/// The least and the greatest number among nodes; NaN where there is no number.
fn range(evaluation: &mut Evaluation<'_>, nodes: &[Spot]) -> Result<(f64, f64), ExpressionError> {
    let mut range = (f64::NAN, f64::NAN);
    for text in texts(evaluation, nodes)? {
        let number = evaluation.number(Answer::Text(text))?;
        // `min` and `max` pass over NaN.
        range = (range.0.min(number), range.1.max(number));
    }
    Ok(range)
}

fn numbers(operator: Operator, left: f64, right: f64) -> bool {
    match operator {
        Operator::Equal => left == right,
        Operator::NotEqual => left != right,
        Operator::Less => left < right,
        Operator::AtMost => left <= right,
        Operator::Greater => left > right,
        _ => left >= right,
    }
}

/// The operator with its sides exchanged.
fn turned(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::AtMost => Operator::AtLeast,
        Operator::Greater => Operator::Less,
        Operator::AtLeast => Operator::AtMost,
        same => same,
    }
}
