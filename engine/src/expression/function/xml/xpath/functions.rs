//! The core function library of XPath 1.0: its table, and the functions of nodes, numbers and conditions.

use super::super::document::Kind;
use super::super::namespaces::XML;
use super::axes::{self, Spot};
use super::evaluate::{Context, Evaluation};
use super::text;
use super::value::{Answer, rounded};
use crate::expression::ExpressionError;

/// A function.
pub(super) struct Core {
    name: &'static str,
    fewest: usize,
    most: usize,
    pub(super) call: Compute,
}

/// A function of answers; the context stands in where none is given.
type Compute = fn(&mut Evaluation<'_>, Context, Vec<Answer>) -> Result<Answer, ExpressionError>;

const fn core(name: &'static str, fewest: usize, most: usize, call: Compute) -> Core {
    Core { name, fewest, most, call }
}

static LIBRARY: &[Core] = &[
    core("last", 0, 0, |_, context, _| Ok(Answer::Number(context.size as f64))),
    core("position", 0, 0, |_, context, _| Ok(Answer::Number(context.position as f64))),
    core("count", 1, 1, count),
    core("id", 1, 1, id),
    core("local-name", 0, 1, |evaluation, context, values| named(evaluation, context, values, |name| name.1)),
    core("namespace-uri", 0, 1, |evaluation, context, values| named(evaluation, context, values, |name| name.0)),
    core("name", 0, 1, |evaluation, context, values| named(evaluation, context, values, |name| name.2)),
    core("string", 0, 1, text::string),
    core("concat", 2, usize::MAX, text::concat),
    core("starts-with", 2, 2, text::starts_with),
    core("contains", 2, 2, text::contains),
    core("substring-before", 2, 2, text::substring_before),
    core("substring-after", 2, 2, text::substring_after),
    core("substring", 2, 3, text::substring),
    core("string-length", 0, 1, text::string_length),
    core("normalize-space", 0, 1, text::normalize_space),
    core("translate", 3, 3, text::translate),
    core("boolean", 1, 1, |_, _, values| Ok(Answer::Bool(values.iter().all(Answer::is_true)))),
    core("not", 1, 1, |_, _, values| Ok(Answer::Bool(!values.iter().all(Answer::is_true)))),
    core("true", 0, 0, |_, _, _| Ok(Answer::Bool(true))),
    core("false", 0, 0, |_, _, _| Ok(Answer::Bool(false))),
    core("lang", 1, 1, lang),
    core("number", 0, 1, |evaluation, context, values| numeric(evaluation, context, values, |number| number)),
    core("sum", 1, 1, sum),
    core("floor", 1, 1, |evaluation, context, values| numeric(evaluation, context, values, f64::floor)),
    core("ceiling", 1, 1, |evaluation, context, values| numeric(evaluation, context, values, f64::ceil)),
    core("round", 1, 1, |evaluation, context, values| numeric(evaluation, context, values, rounded)),
];

/// The function of a name.
pub(super) fn find(name: &str) -> Option<&'static Core> {
    LIBRARY.iter().find(|core| core.name == name)
}

impl Core {
    /// Refuses more or fewer values than the function takes.
    pub(super) fn check_count(&self, count: usize) -> Result<(), ExpressionError> {
        if (self.fewest..=self.most).contains(&count) {
            return Ok(());
        }
        Err(ExpressionError::new(format!("the XPath function `{}` does not take {count} values", self.name)))
    }
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

/// The first value, or the context node where there is none.
pub(super) fn first_or_context(context: Context, values: Vec<Answer>) -> Answer {
    values.into_iter().next().unwrap_or_else(|| Answer::Nodes(vec![context.spot]))
}

fn nodes(answer: Answer) -> Result<Vec<Spot>, ExpressionError> {
    match answer {
        Answer::Nodes(nodes) => Ok(nodes),
        _ => Err(ExpressionError::new("an XPath function of nodes was given a single value")),
    }
}

fn count(_: &mut Evaluation<'_>, context: Context, values: Vec<Answer>) -> Result<Answer, ExpressionError> {
    Ok(Answer::Number(nodes(first_or_context(context, values))?.len() as f64))
}

/// Only a document type can say which attributes are identifiers, and none is followed: nothing is found.
fn id(_: &mut Evaluation<'_>, _: Context, _: Vec<Answer>) -> Result<Answer, ExpressionError> {
    Ok(Answer::Nodes(Vec::new()))
}

fn named(
    evaluation: &mut Evaluation<'_>,
    context: Context,
    values: Vec<Answer>,
    part: fn((String, String, String)) -> String,
) -> Result<Answer, ExpressionError> {
    let nodes = nodes(first_or_context(context, values))?;
    let text = nodes.first().map(|first| part(axes::name_of(evaluation.document, *first))).unwrap_or_default();
    evaluation.spend_text(&text)?;
    Ok(Answer::Text(text))
}

fn sum(evaluation: &mut Evaluation<'_>, context: Context, values: Vec<Answer>) -> Result<Answer, ExpressionError> {
    let mut sum = 0.0;
    for node in nodes(first_or_context(context, values))? {
        sum += evaluation.number(Answer::Nodes(vec![node]))?;
    }
    Ok(Answer::Number(sum))
}

fn numeric(
    evaluation: &mut Evaluation<'_>,
    context: Context,
    values: Vec<Answer>,
    change: fn(f64) -> f64,
) -> Result<Answer, ExpressionError> {
    Ok(Answer::Number(change(evaluation.number(first_or_context(context, values))?)))
}

/// Whether the nearest `xml:lang` is a language or a variety of it.
fn lang(evaluation: &mut Evaluation<'_>, context: Context, values: Vec<Answer>) -> Result<Answer, ExpressionError> {
    let wanted = evaluation.text(first_or_context(context, values))?.to_ascii_lowercase();
    let document = evaluation.document;
    let mut at = context.spot.node;
    loop {
        evaluation.spend(1)?;
        let language = document.attributes(at).find_map(|attribute| match document.kind(attribute) {
            Kind::Attribute { name, value } if name.local == "lang" && &*name.namespace == XML => Some(value),
            _ => None,
        });
        if let Some(language) = language {
            let language = language.to_ascii_lowercase();
            let rest = language.strip_prefix(&wanted);
            return Ok(Answer::Bool(rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))));
        }
        if at == 0 {
            return Ok(Answer::Bool(false));
        }
        at = document.node(at).parent;
    }
}
