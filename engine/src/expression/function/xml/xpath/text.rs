//! The text functions of the core library. Places in a text count characters, from 1.

use std::collections::HashMap;

use super::super::name::is_space;
use super::evaluate::{Context, Evaluation};
use super::functions::first_or_context;
use super::value::{Answer, rounded};
use crate::expression::ExpressionError;

type Outcome = Result<Answer, ExpressionError>;

pub(super) fn string(evaluation: &mut Evaluation<'_>, context: Context, values: Vec<Answer>) -> Outcome {
    evaluation.text(first_or_context(context, values)).map(Answer::Text)
}

pub(super) fn concat(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let mut all = String::new();
    for value in values {
        let text = evaluation.text(value)?;
        evaluation.spend_text(&text)?;
        all.push_str(&text);
    }
    Ok(Answer::Text(all))
}

pub(super) fn starts_with(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let [text, start] = texts(evaluation, values)?;
    Ok(Answer::Bool(text.starts_with(&start)))
}

pub(super) fn contains(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let [text, part] = texts(evaluation, values)?;
    Ok(Answer::Bool(text.contains(&part)))
}

pub(super) fn substring_before(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let [text, part] = texts(evaluation, values)?;
    Ok(Answer::Text(text.split_once(&part).map(|(before, _)| before.to_owned()).unwrap_or_default()))
}

pub(super) fn substring_after(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let [text, part] = texts(evaluation, values)?;
    Ok(Answer::Text(text.split_once(&part).map(|(_, after)| after.to_owned()).unwrap_or_default()))
}

/// The characters whose place is at least the rounded start, and less than that plus the rounded length. NaN is
/// neither, so it gives nothing.
pub(super) fn substring(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let mut values = values.into_iter();
    let text = evaluation.text(values.next().unwrap_or(Answer::Text(String::new())))?;
    evaluation.spend_text(&text)?;
    let start = rounded(evaluation.number(values.next().unwrap_or(Answer::Number(1.0)))?);
    let end = match values.next() {
        Some(length) => start + rounded(evaluation.number(length)?),
        None => f64::INFINITY,
    };
    let places = (1_u64..).map(|place| place as f64);
    let chars = text.chars().zip(places).filter(|(_, place)| *place >= start && *place < end);
    Ok(Answer::Text(chars.map(|(char, _)| char).collect()))
}

pub(super) fn string_length(evaluation: &mut Evaluation<'_>, context: Context, values: Vec<Answer>) -> Outcome {
    let text = evaluation.text(first_or_context(context, values))?;
    evaluation.spend_text(&text)?;
    Ok(Answer::Number(text.chars().count() as f64))
}

pub(super) fn normalize_space(evaluation: &mut Evaluation<'_>, context: Context, values: Vec<Answer>) -> Outcome {
    let text = evaluation.text(first_or_context(context, values))?;
    evaluation.spend_text(&text)?;
    let words: Vec<&str> = text.split(is_space).filter(|word| !word.is_empty()).collect();
    Ok(Answer::Text(words.join(" ")))
}

/// Replaces characters by those in the same place of another text; one that has no such place goes away.
pub(super) fn translate(evaluation: &mut Evaluation<'_>, _: Context, values: Vec<Answer>) -> Outcome {
    let [text, from, to] = texts(evaluation, values)?;
    let mut replacements: HashMap<char, Option<char>> = HashMap::new();
    let mut to = to.chars();
    for char in from.chars() {
        let replacement = to.next();
        replacements.entry(char).or_insert(replacement);
    }
    let chars = text.chars().filter_map(|char| replacements.get(&char).copied().unwrap_or(Some(char)));
    Ok(Answer::Text(chars.collect()))
}

/// Values as texts; one that is missing is empty.
fn texts<const N: usize>(evaluation: &mut Evaluation<'_>, values: Vec<Answer>) -> Result<[String; N], ExpressionError> {
    let mut texts = [const { String::new() }; N];
    for (text, value) in texts.iter_mut().zip(values) {
        *text = evaluation.text(value)?;
        evaluation.spend_text(text)?;
    }
    Ok(texts)
}
