//! XPath 1.0: text → tokens (`lexer`) → expression (`parser`, `syntax`) → answer (`evaluate`, along `axes`) → JSON.
//!
//! A question may cost only so much work: node-sets have no duplicates, brackets nest only so deep, and every node
//! and text that is looked at is counted.

mod axes;
mod compare;
mod evaluate;
mod functions;
mod lexer;
mod parser;
mod syntax;
#[cfg(test)]
mod tests;
mod text;
mod value;

use serde_json::{Number, Value};

use super::document::{Document, Kind};
use super::{content, write};
use crate::expression::ExpressionError;
use axes::Spot;
use evaluate::Evaluation;
use value::Answer;

/// The answer of a document to an expression: a list for nodes, or a single value.
pub(super) fn evaluate(document: &Document, path: &str) -> Result<Value, ExpressionError> {
    let expr = parser::parse(path)?;
    let mut evaluation = Evaluation::new(document);
    match evaluation.answer(&expr)? {
        Answer::Nodes(nodes) => nodes.into_iter().map(|node| json(&mut evaluation, node)).collect(),
        // JSON has no such numbers; the service writes them as text.
        Answer::Number(number) => {
            Ok(Number::from_f64(number).map_or_else(|| value::number_text(number).into(), Value::Number))
        }
        Answer::Text(text) => Ok(Value::String(text)),
        Answer::Bool(bool) => Ok(Value::Bool(bool)),
    }
}

/// A node as it stands in a list: a text or an attribute as text, all else as XML.
fn json(evaluation: &mut Evaluation<'_>, spot: Spot) -> Result<Value, ExpressionError> {
    let document = evaluation.document;
    let is_markup = matches!(
        document.kind(spot.node),
        Kind::Root | Kind::Element { .. } | Kind::Comment(_) | Kind::Instruction { .. }
    );
    if !is_markup || spot.namespace > 0 {
        return evaluation.text_of(spot).map(Value::String);
    }
    let text = write::write(document, spot.node)?;
    evaluation.spend_text(&text)?;
    Ok(content::of_xml(&text))
}
