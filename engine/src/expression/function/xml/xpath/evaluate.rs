//! Works out an expression, node-set by node-set, and counts the work.

use super::super::document::{Document, Kind};
use super::axes::{self, Spot};
use super::compare;
use super::syntax::{Expr, Operator, Start, Step};
use super::value::{Answer, number_text, text_number};
use crate::expression::ExpressionError;

/// How many nodes may be looked at; a piece of text counts as a node.
const MOST_WORK: u64 = 10_000_000;

/// How many bytes of text count as a node.
const BYTES_OF_WORK: u64 = 16;

/// A question that is being answered.
pub(super) struct Evaluation<'d> {
    pub(super) document: &'d Document,
    work_left: u64,
}

/// The node that an expression is asked of, and its place among its like.
#[derive(Debug, Clone, Copy)]
pub(super) struct Context {
    pub(super) spot: Spot,
    pub(super) position: usize,
    pub(super) size: usize,
}

impl<'d> Evaluation<'d> {
    /// Nothing is asked yet.
    pub(super) fn new(document: &'d Document) -> Evaluation<'d> {
        Evaluation { document, work_left: MOST_WORK }
    }

    /// The answer of the whole document.
    pub(super) fn answer(&mut self, expr: &Expr) -> Result<Answer, ExpressionError> {
        self.evaluate(expr, Context { spot: Spot::from(0), position: 1, size: 1 })
    }

    /// Counts work.
    pub(super) fn spend(&mut self, work: u64) -> Result<(), ExpressionError> {
        self.work_left = self.work_left.checked_sub(work).ok_or_else(|| {
            ExpressionError::new(format!("the XPath expression looks at more than {MOST_WORK} nodes"))
                .help("name the elements on the way instead of `//`, or ask for a smaller part first")
        })?;
        Ok(())
    }

    /// Counts the work of making or reading a text.
    pub(super) fn spend_text(&mut self, text: &str) -> Result<(), ExpressionError> {
        self.spend(1 + text.len() as u64 / BYTES_OF_WORK)
    }

    /// The text of a node: for an element or the root, all text below it.
    pub(super) fn text_of(&mut self, spot: Spot) -> Result<String, ExpressionError> {
        let document = self.document;
        let node = document.node(spot.node);
        let mut text = String::new();
        if spot.namespace > 0 {
            text.push_str(axes::namespace_at(document, spot).map(|(_, namespace)| namespace).unwrap_or_default());
        } else {
            match &node.kind {
                Kind::Root | Kind::Element { .. } => {
                    self.spend((node.end - spot.node) as u64)?;
                    text.extend((spot.node..node.end).filter_map(|id| document.kind(id).text()));
                }
                Kind::Text(_) | Kind::Whitespace(_) | Kind::CData(_) => {
                    text.extend(axes::joined_texts(document, spot.node));
                }
                Kind::Attribute { value: own, .. } | Kind::Comment(own) | Kind::Instruction { data: own, .. } => {
                    text.push_str(own);
                }
                Kind::Namespace { .. } | Kind::Declaration { .. } | Kind::Doctype(_) => {}
            }
        }
        self.spend_text(&text)?;
        Ok(text)
    }

    /// An answer as text: of nodes, the text of the first.
    pub(super) fn text(&mut self, answer: Answer) -> Result<String, ExpressionError> {
        Ok(match answer {
            Answer::Nodes(nodes) => match nodes.first() {
                Some(first) => self.text_of(*first)?,
                None => String::new(),
            },
            Answer::Number(number) => number_text(number),
            Answer::Text(text) => text,
            Answer::Bool(bool) => bool.to_string(),
        })
    }

    /// An answer as a number.
    pub(super) fn number(&mut self, answer: Answer) -> Result<f64, ExpressionError> {
        Ok(match answer {
            Answer::Number(number) => number,
            Answer::Bool(bool) => f64::from(u8::from(bool)),
            other => text_number(&self.text(other)?),
        })
    }

    /// The answer of a node. It goes no deeper than brackets nest.
    pub(super) fn evaluate(&mut self, expr: &Expr, context: Context) -> Result<Answer, ExpressionError> {
        self.spend(1)?;
        match expr {
            Expr::Number(number) => Ok(Answer::Number(*number)),
            Expr::Text(text) => {
                self.spend_text(text)?;
                Ok(Answer::Text(text.clone()))
            }
            Expr::Chain(first, rest) => self.chain(first, rest, context),
            Expr::Negative { odd, operand } => {
                let answer = self.evaluate(operand, context)?;
                let number = self.number(answer)?;
                Ok(Answer::Number(if *odd { -number } else { number }))
            }
            Expr::Union(parts) => self.union(parts, context),
            Expr::Call(core, values) => {
                let values = values.iter().map(|value| self.evaluate(value, context)).collect::<Result<_, _>>()?;
                (core.call)(self, context, values)
            }
            Expr::Path(start, steps) => {
                let mut nodes = self.start(start, context)?;
                for step in steps {
                    nodes = self.step(&nodes, step)?;
                }
                Ok(Answer::Nodes(nodes))
            }
        }
    }

    fn chain(&mut self, first: &Expr, rest: &[(Operator, Expr)], context: Context) -> Result<Answer, ExpressionError> {
        let mut left = self.evaluate(first, context)?;
        for (operator, right) in rest {
            left = match operator {
                Operator::Or => Answer::Bool(left.is_true() || self.evaluate(right, context)?.is_true()),
                Operator::And => Answer::Bool(left.is_true() && self.evaluate(right, context)?.is_true()),
                _ => {
                    let right = self.evaluate(right, context)?;
                    self.operate(*operator, left, right)?
                }
            };
        }
        Ok(left)
    }

    fn operate(&mut self, operator: Operator, left: Answer, right: Answer) -> Result<Answer, ExpressionError> {
        if matches!(operator.rank(), 2 | 3) {
            return compare::holds(self, operator, left, right).map(Answer::Bool);
        }
        let (left, right) = (self.number(left)?, self.number(right)?);
        Ok(Answer::Number(match operator {
            Operator::Subtract => left - right,
            Operator::Multiply => left * right,
            Operator::Divide => left / right,
            Operator::Remainder => left % right,
            _ => left + right,
        }))
    }

    fn union(&mut self, parts: &[Expr], context: Context) -> Result<Answer, ExpressionError> {
        let mut nodes = Vec::new();
        for part in parts {
            nodes.extend(self.nodes(part, context)?);
        }
        Ok(Answer::Nodes(in_document_order(nodes)))
    }

    /// The nodes that an expression gives; anything else is an error.
    fn nodes(&mut self, expr: &Expr, context: Context) -> Result<Vec<Spot>, ExpressionError> {
        match self.evaluate(expr, context)? {
            Answer::Nodes(nodes) => Ok(nodes),
            _ => Err(ExpressionError::new("a part of the XPath expression must give nodes, and gives a single value")),
        }
    }

    fn start(&mut self, start: &Start, context: Context) -> Result<Vec<Spot>, ExpressionError> {
        match start {
            Start::Context => Ok(vec![context.spot]),
            Start::Root => Ok(vec![Spot::from(0)]),
            Start::Filtered(expr, predicates) => {
                let nodes = self.nodes(expr, context)?;
                predicates.iter().try_fold(nodes, |nodes, predicate| self.filter(nodes, predicate))
            }
        }
    }

    fn step(&mut self, from: &[Spot], step: &Step) -> Result<Vec<Spot>, ExpressionError> {
        let mut found = Vec::new();
        for spot in from {
            let taken = self.walk(*spot, step)?;
            found.extend(step.predicates.iter().try_fold(taken, |nodes, predicate| self.filter(nodes, predicate))?);
        }
        let ordered = from.len() == 1 && !step.axis.is_reverse();
        Ok(if ordered { found } else { in_document_order(found) })
    }

    /// The nodes that a step takes from one node, in the order of its axis.
    fn walk(&mut self, from: Spot, step: &Step) -> Result<Vec<Spot>, ExpressionError> {
        // `[1]` as in `preceding-sibling::a[1]` needs no look at the rest, which may be long.
        let enough = match step.predicates.first() {
            Some(Expr::Number(number)) if *number >= 1.0 => *number as usize,
            _ => usize::MAX,
        };
        let mut taken = Vec::new();
        for spot in axes::walk(self.document, from, step.axis) {
            self.spend(1)?;
            if axes::takes(self.document, from, step.axis, &step.test, spot) {
                taken.push(spot);
                if taken.len() >= enough {
                    break;
                }
            }
        }
        Ok(taken)
    }

    /// The nodes that a predicate is true of; a number is true of the node in that place.
    fn filter(&mut self, nodes: Vec<Spot>, predicate: &Expr) -> Result<Vec<Spot>, ExpressionError> {
        let size = nodes.len();
        let mut kept = Vec::new();
        for (before, spot) in nodes.into_iter().enumerate() {
            let position = before + 1;
            let keep = match self.evaluate(predicate, Context { spot, position, size })? {
                Answer::Number(number) => number == position as f64,
                other => other.is_true(),
            };
            if keep {
                kept.push(spot);
            }
        }
        Ok(kept)
    }
}

fn in_document_order(mut nodes: Vec<Spot>) -> Vec<Spot> {
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}
