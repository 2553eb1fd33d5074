//! Steps as written to steps as meant: what each waits for, and of what kind it is.
//!
//! The kinds are read in [`super::calls`], [`super::update`], [`super::containers`], [`super::data`] and
//! [`super::ending`], their values in [`super::values`].

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::Context;
use super::condition::{self, ReadValues};
use super::ending::secure;
use super::names::Names;
use crate::document::{AfterDocument, StepDocument};
use crate::expression::{Condition, Expression, Root};
use crate::flow::variable::{Variable, VariableChange};
use crate::flow::{RunAfter, Step, StepKind, Steps, Trigger};
use crate::outcome::Outcomes;
use crate::source::{Code, Problem, Route, Source, nearest};

/// The kinds of steps, by their keys.
pub(crate) const KINDS: [&str; 21] = [
    "call",
    "scope",
    "if",
    "switch",
    "for_each",
    "until",
    "update_if_different",
    "run_flow",
    "compose",
    "set",
    "append",
    "increment",
    "decrement",
    "select",
    "filter",
    "join",
    "table",
    "parse",
    "wait",
    "respond",
    "terminate",
];

/// Reads the steps of one flow.
pub(super) struct StepChecker<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) context: &'a Context<'a>,
    pub(super) names: &'a Names,
    pub(super) trigger: &'a Trigger,
    pub(super) variables: &'a IndexMap<String, Variable>,
    /// Whether the condition of a loop is being read, which may read the steps of the pass before.
    pub(super) after_pass: bool,
    /// What the conditions around the step read: in their branches its author has thought of what may be missing.
    pub(super) asked: Vec<Root>,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl StepChecker<'_> {
    /// Reads sibling steps; a step without `after` follows the nearest one above it that has none either.
    pub(super) fn steps(&mut self, documents: &IndexMap<String, StepDocument>, at: &Route) -> Steps {
        let mut steps = Steps::new();
        let mut written_before: Option<&str> = None;
        for (name, document) in documents {
            let here = at.key(name);
            let after = match &document.after {
                Some(after) => self.after(after, documents, &here.key("after")),
                None => written_before
                    .map(|step| RunAfter { step: step.to_owned(), outcomes: Outcomes::SUCCEEDED })
                    .into_iter()
                    .collect(),
            };
            if let Some(kind) = self.kind(name, document, &here) {
                let step = Step {
                    name: name.clone(),
                    title: document.title.clone(),
                    after,
                    kind,
                    retry: self.retry(document, &here),
                    timeout: self.timeout(document, &here),
                    secure: secure(document.secure.as_ref()),
                    at: here,
                };
                steps.insert(name.clone(), Arc::new(step));
            }
            if document.after.is_none() {
                written_before = Some(name);
            }
        }
        self.vain_waits(&steps);
        self.hidden_failures(&steps);
        steps
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn after(&mut self, after: &AfterDocument, siblings: &IndexMap<String, StepDocument>, at: &Route) -> Vec<RunAfter> {
        let named: Vec<(String, Outcomes, Route)> = match after {
            AfterDocument::Names(names) => names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.clone(), Outcomes::SUCCEEDED, at.index(index)))
                .collect(),
            AfterDocument::Outcomes(outcomes) => outcomes
                .iter()
                .map(|(name, outcomes)| (name.clone(), outcomes.iter().copied().collect(), at.key(name)))
                .collect(),
        };
        let mut run_after = Vec::new();
        for (name, outcomes, at) in named {
            match siblings.keys().find(|sibling| sibling.eq_ignore_ascii_case(&name)) {
                Some(sibling) => run_after.push(RunAfter { step: sibling.clone(), outcomes }),
                None if self.names.is_left_out(&name) => {}
                None => self.unknown_sibling(&name, siblings, &at),
            }
        }
        run_after
    }

    fn unknown_sibling(&mut self, name: &str, siblings: &IndexMap<String, StepDocument>, at: &Route) {
        let problem = if let Some(known) = self.names.canonical(name) {
            let message = format!("`{known}` does not stand beside this step");
            Problem::error_in_key(self.source, at, message)
                .help("a step can only wait for its siblings, in the same scope or branch")
        } else {
            let near = nearest(name, siblings.keys().map(String::as_str));
            Problem::error_in_key(self.source, at, format!("there is no step `{name}`"))
                .help_if(near.map(|near| format!("did you mean `{near}`?")))
        };
        self.problem(problem.of_kind(Code::UnknownStep));
    }

    fn kind(&mut self, name: &str, step: &StepDocument, at: &Route) -> Option<StepKind> {
        let given = kinds_of(step);
        let [kind] = given.as_slice() else {
            let problem = if given.is_empty() {
                Problem::error_in_key(self.source, at, format!("what `{name}` does is missing"))
                    .help(format!("a step is exactly one of {}", KINDS.join(", ")))
            } else {
                Problem::error_in_key(self.source, at, format!("`{name}` is of several kinds: {}", given.join(", ")))
                    .help("a step is of exactly one kind; make a step of each")
            };
            if !given.is_empty() || !self.names.is_incomplete(at) {
                self.problem(problem);
            }
            return None;
        };
        self.misplaced(step, kind, at);
        match *kind {
            "call" => self.call(step.call.as_deref()?, step.with.as_ref(), at, name, &[]).map(StepKind::Call),
            "scope" => Some(StepKind::Scope(self.steps(step.scope.as_ref()?, &at.key("scope")))),
            "if" => Some(self.branches(name, step, at)),
            "switch" => Some(self.switch(name, step, at)),
            "for_each" => Some(self.for_each(name, step, at)),
            "until" => Some(self.until(name, step, at)),
            "run_flow" => self.run_flow(name, step, at),
            "update_if_different" => {
                self.update(name, step.update_if_different.as_ref()?, &at.key("update_if_different"))
            }
            "set" => self.assign(VariableChange::Set, step.set.as_ref()?, at, name),
            "append" => self.assign(VariableChange::Append, step.append.as_ref()?, at, name),
            "increment" => self.assign(VariableChange::Increment, step.increment.as_ref()?, at, name),
            "decrement" => self.assign(VariableChange::Decrement, step.decrement.as_ref()?, at, name),
            "wait" => self.wait(name, step, at),
            "respond" => Some(self.respond(name, step, at)),
            "terminate" => Some(self.terminate(name, step, at)),
            data => self.data(data, name, step, at),
        }
    }

    /// Keys that belong to another kind.
    fn misplaced(&mut self, step: &StepDocument, kind: &str, at: &Route) {
        let parts: [(&str, bool, &[&str]); 12] = [
            ("with", step.with.is_some(), &["call", "run_flow"]),
            ("then", step.then.is_some(), &["if"]),
            ("else", step.otherwise.is_some(), &["if"]),
            ("cases", step.cases.is_some(), &["switch"]),
            ("default", step.default.is_some(), &["switch"]),
            ("steps", step.steps.is_some(), &["for_each", "until"]),
            ("at_once", step.at_once.is_some(), &["for_each"]),
            ("count", step.count.is_some(), &["until"]),
            ("at_limit", step.at_limit.is_some(), &["until"]),
            ("status", step.status.is_some(), &["respond"]),
            ("headers", step.headers.is_some(), &["respond"]),
            ("retry", step.retry.is_some(), &["call", "update_if_different"]),
        ];
        for (key, given, owners) in parts {
            if given && !owners.contains(&kind) {
                let message = format!("`{key}` does not belong to `{kind}`");
                let help = format!("it belongs to {}", owners.join(" and "));
                self.problem(Problem::error_in_key(self.source, &at.key(key), message).help(help));
            }
        }
    }

    /// Reads a condition of a step; `extra` are roots that exist in this place only.
    pub(super) fn condition(&mut self, value: &Value, at: &Route, step: &str, extra: &[&str]) -> Condition {
        condition::read(&mut AtStep { checker: self, step, extra }, value, at)
    }
}

/// Where a condition of a step stands.
struct AtStep<'s, 'c, 'a> {
    checker: &'s mut StepChecker<'c>,
    step: &'a str,
    extra: &'a [&'a str],
}

impl ReadValues for AtStep<'_, '_, '_> {
    fn source(&self) -> &Arc<Source> {
        self.checker.source
    }

    fn problem(&mut self, problem: Problem) {
        self.checker.problem(problem);
    }

    fn value(&mut self, value: &Value, at: &Route) -> Expression {
        self.checker.expression(value, at, self.step, self.extra)
    }
}

/// The kinds that a step says it is of: its keys that are kinds.
fn kinds_of(step: &StepDocument) -> Vec<&'static str> {
    let given = [
        step.call.is_some(),
        step.scope.is_some(),
        step.condition.is_some(),
        step.switch.is_some(),
        step.for_each.is_some(),
        step.until.is_some(),
        step.update_if_different.is_some(),
        step.run_flow.is_some(),
        step.compose.is_some(),
        step.set.is_some(),
        step.append.is_some(),
        step.increment.is_some(),
        step.decrement.is_some(),
        step.select.is_some(),
        step.filter.is_some(),
        step.join.is_some(),
        step.table.is_some(),
        step.parse.is_some(),
        step.wait.is_some(),
        step.respond.is_some(),
        step.terminate.is_some(),
    ];
    KINDS.into_iter().zip(given).filter_map(|(kind, given)| given.then_some(kind)).collect()
}
