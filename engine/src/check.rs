//! From files as written to flows as meant, with every problem at once.
//!
//! `fill` puts the pack's parameters in; `names` collects the steps and tells which of them have ended before
//! another one starts; `steps` reads each step by its kind, with `calls` and `update` for those that call a
//! service, `containers` for those that hold steps, `data` for those that make values and `ending` for those that
//! wait, answer or end the run; `values` and `condition` read what is written in them; `input` holds what a call is given
//! against the operation's schema.

mod calls;
mod condition;
mod containers;
mod data;
mod ending;
mod field;
mod fill;
mod handlers;
mod input;
mod limits;
mod look_alikes;
mod names;
mod never;
mod order;
mod reads;
mod steps;
mod surely;
mod trigger;
mod update;
mod values;

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::connector::Connectors;
use crate::document::{FlowDocument, InputDocument, read_shape};
use crate::expression::{ExpressionError, Form};
use crate::flow::Flow;
use crate::mapping::Mapping;
pub use limits::parameters as check_parameters;

use crate::source::{Code, Problem, Route, Source};

use names::Names;
use steps::StepChecker;

/// What a flow may refer to outside its own file.
pub struct Context<'a> {
    /// The connectors and their operations.
    pub connectors: &'a Connectors,
    /// The pack's mappings by name.
    pub mappings: &'a IndexMap<String, Arc<Mapping>>,
    /// The pack's child flows by name.
    pub children: &'a IndexMap<String, Child>,
    /// The names of all flows of the pack.
    pub flows: &'a BTreeSet<String>,
    /// The pack's parameters as they stand in this environment.
    pub parameters: &'a Value,
}

/// A flow that others may run, as they see it.
#[derive(Debug)]
pub struct Child {
    /// Its inputs.
    pub inputs: IndexMap<String, InputDocument>,
    /// Whether it has a step that answers.
    pub responds: bool,
}

/// A flow file, and what is wrong with it. A flow with mistakes is there without the steps that have them, so
/// that the order of its steps can be checked too; it must not be run.
pub fn check_flow(source: &Arc<Source>, context: &Context<'_>) -> (Option<Flow>, Vec<Problem>) {
    let value = fill::fill(source.value(), context.parameters);
    let shaped = read_shape::<FlowDocument>(source, &Route::root(), &value);
    let mut problems = shaped.problems;
    let flow =
        shaped.document.map(|document| check_document(source, document, shaped.left_out, context, &mut problems));
    (flow, problems)
}

fn check_document(
    source: &Arc<Source>,
    mut document: FlowDocument,
    left_out: Vec<Route>,
    context: &Context<'_>,
    problems: &mut Vec<Problem>,
) -> Flow {
    let names = Names::collect(source, &document.steps, left_out, problems);
    let trigger = trigger::check(source, std::mem::take(&mut document.trigger), context, &names, problems);
    let at = Route::root().key("steps");
    let variables = data::variables(source, &document.variables, problems);
    let mut checker = StepChecker {
        source,
        context,
        names: &names,
        trigger: &trigger,
        variables: &variables,
        after_pass: false,
        asked: Vec::new(),
        problems,
    };
    let steps = checker.steps(&document.steps, &at);
    if document.steps.is_empty() && !names.is_incomplete(&at) {
        problems.push(Problem::error(source, &at, "a flow needs at least one step"));
    }
    let title = document.title.clone().unwrap_or_else(|| document.flow.clone());
    let flow = Flow { title, name: document.flow.clone(), trigger, variables, steps };
    limits::flow(source, &document, &flow, problems);
    flow
}

/// What is wrong with a path, a template or an expression, in its part of the text.
fn mistake(source: &Arc<Source>, at: &Route, error: ExpressionError) -> Problem {
    let part = error.part.filter(|_| !fill::is_filled(source, at));
    let problem = Problem::error(source, at, error.message).help_if(error.help);
    problem.in_part(at, part.as_ref()).of_kind(Code::Expression)
}

/// The part of a string that names something, where it stands there once; else the part that is known.
fn part_of(source: &Source, at: &Route, part: Option<Range<usize>>, name: &str) -> Option<Range<usize>> {
    if fill::is_filled(source, at) {
        return None;
    }
    let text = source.value().pointer(at.as_str())?.as_str()?;
    let whole = part.clone().unwrap_or(0..text.len());
    let mut places = text.get(whole.clone())?.match_indices(name);
    match (places.next(), places.next()) {
        (Some((place, found)), None) => Some(whole.start + place..whole.start + place + found.len()),
        _ => part,
    }
}

/// How to say that the value which is read at a place may be missing.
fn way_to_guard(source: &Source, at: &Route) -> String {
    let text = source.value().pointer(at.as_str()).and_then(serde_json::Value::as_str).unwrap_or_default();
    match Form::of(text) {
        Form::Computed => {
            "where it may be missing, write `?['…']`, and `coalesce` for what stands in for it".to_owned()
        }
        Form::Path => format!("where it may be missing, write {{ $path: {text}, or: null }}"),
        _ => "a template needs all of its values: let a `compose` before it say { $path: …, or: '' }".to_owned(),
    }
}
