//! From files as written to flows as meant, with every problem at once.
//!
//! [`fill`] puts the pack's parameters in; [`names`] collects the steps and tells which of them have ended before another one starts; [`steps`]
//! reads each step by its kind; [`input`] holds what a call is given against the operation's schema.

mod condition;
mod fill;
mod input;
mod names;
mod steps;
mod trigger;

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use crate::connector::Connectors;
use crate::document::{FlowDocument, InputDocument, read_shape};
use crate::flow::Flow;
use crate::mapping::Mapping;
use crate::source::{Problem, Problems, Route, Source};

use names::Names;
use steps::StepChecker;

/// What a flow may refer to outside its own file.
pub struct Context<'a> {
    /// The connectors and their operations.
    pub connectors: &'a Connectors,
    /// The pack's mappings by name.
    pub mappings: &'a IndexMap<String, Arc<Mapping>>,
    /// The pack's child flows and their inputs, by name.
    pub children: &'a IndexMap<String, IndexMap<String, InputDocument>>,
    /// The names of all flows of the pack.
    pub flows: &'a BTreeSet<String>,
    /// The pack's parameters as they stand in this environment.
    pub parameters: &'a Value,
}

/// A flow file, and what is wrong with it. There is a flow only where nothing is.
pub fn check_flow(source: &Arc<Source>, context: &Context<'_>) -> Result<Flow, Problems> {
    let value = fill::fill(source.value(), context.parameters);
    let shaped = read_shape::<FlowDocument>(source, &Route::root(), &value);
    let mut problems = shaped.problems;
    let Some(document) = shaped.document else {
        return Err(Problems(problems).sorted());
    };
    let flow = check_document(source, document, shaped.left_out, context, &mut problems);
    if problems.is_empty() { Ok(flow) } else { Err(Problems(problems).sorted()) }
}

fn check_document(
    source: &Arc<Source>,
    document: FlowDocument,
    left_out: BTreeSet<String>,
    context: &Context<'_>,
    problems: &mut Vec<Problem>,
) -> Flow {
    let names = Names::collect(source, &document.steps, left_out, problems);
    let trigger = trigger::check(source, document.trigger, context, problems);
    let steps =
        StepChecker { source, context, names: &names, problems }.steps(&document.steps, &Route::root().key("steps"));
    if document.steps.is_empty() {
        problems.push(Problem::error(source, &Route::root().key("steps"), "a flow needs at least one step"));
    }
    Flow { title: document.title.unwrap_or_else(|| document.flow.clone()), name: document.flow, trigger, steps }
}
