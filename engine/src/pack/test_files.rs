//! Test files, held against the pack that they are of.

use std::collections::BTreeSet;
use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::PlannedFlow;
use crate::connector::Connectors;
use crate::document::{TestDocument, read_shape};
use crate::flow::Steps;
use crate::source::{Problem, Route, Source, nearest};

/// What test files may name.
pub(super) struct Known<'a> {
    /// The names of all flows, also of those with mistakes.
    pub(super) names: BTreeSet<&'a str>,
    /// The flows that could be read.
    pub(super) flows: &'a IndexMap<String, Arc<PlannedFlow>>,
    pub(super) parameters: &'a Value,
    pub(super) connectors: &'a Connectors,
}

/// Every problem of the test files.
pub(super) fn problems(sources: &[Arc<Source>], known: &Known<'_>) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut tests = BTreeSet::new();
    for source in sources {
        let shaped = read_shape::<TestDocument>(source, &Route::root(), source.value());
        problems.extend(shaped.problems);
        let Some(document) = shaped.document else { continue };
        if !tests.insert(document.test.clone()) {
            let message = format!("there are two tests of the name `{}`", document.test);
            problems.push(Problem::error(source, &Route::root().key("test"), message));
        }
        known.problems(source, &document, &mut problems);
    }
    problems
}

impl Known<'_> {
    fn problems(&self, source: &Arc<Source>, test: &TestDocument, problems: &mut Vec<Problem>) {
        let at = Route::root();
        let when = at.key("when").key("flow");
        let flows = self.names.iter().copied();
        problems.extend(unknown(source, &when, "the pack has no flow", &test.when.flow, flows));
        let declared = self.parameters.as_object().into_iter().flat_map(|map| map.keys().map(String::as_str));
        for name in test.parameters.keys() {
            let at = at.key("parameters").key(name);
            problems.extend(unknown(source, &at, "the pack has no parameter", name, declared.clone()));
        }
        if let Some(planned) = self.flows.get(&test.when.flow) {
            let mut steps = Vec::new();
            names(&planned.flow.steps, &mut steps);
            for name in test.then.steps.keys() {
                let at = at.key("then").key("steps").key(name);
                problems.extend(unknown(source, &at, "the flow has no step", name, steps.iter().copied()));
            }
        }
        for (index, write) in test.then.writes.iter().flatten().enumerate() {
            let at = at.key("then").key("writes").index(index).key("operation");
            problems.extend(self.unknown_operation(source, &at, &write.operation));
        }
    }

    fn unknown_operation(&self, source: &Arc<Source>, at: &Route, name: &str) -> Option<Problem> {
        let known: Vec<String> = self
            .connectors
            .iter()
            .flat_map(|connector| {
                connector.operations().map(|operation| format!("{}.{}", connector.name(), operation.name()))
            })
            .collect();
        unknown(source, at, "there is no operation", name, known.iter().map(String::as_str))
    }
}

/// A problem where the name is not among the known ones, with the nearest of them.
fn unknown<'k>(
    source: &Arc<Source>,
    at: &Route,
    what: &str,
    name: &str,
    known: impl Iterator<Item = &'k str> + Clone,
) -> Option<Problem> {
    if known.clone().any(|known| known == name) {
        return None;
    }
    let near = nearest(name, known).map(|near| format!("did you mean `{near}`?"));
    Some(Problem::error_in_key(source, at, format!("{what} `{name}`")).help_if(near))
}

/// The names of steps at any depth.
fn names<'s>(steps: &'s Steps, found: &mut Vec<&'s str>) {
    for step in steps.values() {
        found.push(&step.name);
        step.kind.inner().into_iter().for_each(|(_, inner)| names(inner, found));
    }
}
