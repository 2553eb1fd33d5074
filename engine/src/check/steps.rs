//! Steps as written to steps as meant: what each waits for, of what kind it is, and the kinds that hold steps
//! or end something.
//!
//! The kinds that call are read in [`super::calls`] and [`super::update`], values in [`super::values`].

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::Context;
use super::names::Names;
use crate::document::{AfterDocument, StepDocument, TerminateDocument};
use crate::expression::{Condition, Expression};
use crate::flow::{RunAfter, Step, StepKind, Steps, Trigger};
use crate::outcome::{Outcome, Outcomes};
use crate::source::{Problem, Route, Source, nearest};

/// The kinds of steps, by their keys.
const KINDS: [&str; 9] =
    ["call", "scope", "if", "for_each", "run_flow", "update_if_different", "compose", "respond", "terminate"];

/// Reads the steps of one flow.
pub(super) struct StepChecker<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) context: &'a Context<'a>,
    pub(super) names: &'a Names,
    pub(super) trigger: &'a Trigger,
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
                let step = Step { name: name.clone(), title: document.title.clone(), after, kind, at: here };
                steps.insert(name.clone(), Arc::new(step));
            }
            if document.after.is_none() {
                written_before = Some(name);
            }
        }
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
        self.problem(problem);
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
            "for_each" => Some(self.for_each(name, step, at)),
            "run_flow" => self.run_flow(name, step, at),
            "update_if_different" => {
                self.update(name, step.update_if_different.as_ref()?, &at.key("update_if_different"))
            }
            "compose" => {
                Some(StepKind::Compose(self.expression(step.compose.as_ref()?, &at.key("compose"), name, &[])))
            }
            "respond" => Some(self.respond(name, step, at)),
            _ => Some(self.terminate(name, step, at)),
        }
    }

    /// Keys that belong to another kind.
    fn misplaced(&mut self, step: &StepDocument, kind: &str, at: &Route) {
        let parts = [
            ("with", step.with.is_some(), kind == "call" || kind == "run_flow"),
            ("then", step.then.is_some(), kind == "if"),
            ("else", step.otherwise.is_some(), kind == "if"),
            ("steps", step.steps.is_some(), kind == "for_each"),
        ];
        for (key, given, belongs) in parts {
            if given && !belongs {
                self.problem(Problem::error_in_key(
                    self.source,
                    &at.key(key),
                    format!("`{key}` does not belong to `{kind}`"),
                ));
            }
        }
    }

    fn branches(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let condition = step.condition.as_ref().map(|condition| self.condition(condition, &at.key("if"), name));
        let mut branch = |key: &str, steps: &Option<IndexMap<String, StepDocument>>| {
            steps.as_ref().map(|steps| self.steps(steps, &at.key(key))).unwrap_or_default()
        };
        let then = branch("then", &step.then);
        let otherwise = branch("else", &step.otherwise);
        StepKind::If { condition: condition.unwrap_or(Condition::All(Vec::new())), then, otherwise }
    }

    fn for_each(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let items = step.for_each.as_ref().map(|items| self.expression(items, &at.key("for_each"), name, &[]));
        let steps = step.steps.as_ref().map(|steps| self.steps(steps, &at.key("steps"))).unwrap_or_default();
        if steps.is_empty() {
            let problem = Problem::error_in_key(self.source, at, format!("the loop `{name}` has no `steps`"));
            self.problem(problem);
        }
        StepKind::ForEach { items: items.unwrap_or(Expression::Literal(Value::Null)), steps }
    }

    fn respond(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        if self.names.in_loop(name, None) {
            self.problem(Problem::error_in_key(self.source, at, "an answer cannot be given from within a loop"));
        }
        let answer = step.respond.clone().unwrap_or(Value::Null);
        StepKind::Respond(self.expression(&answer, &at.key("respond"), name, &[]))
    }

    fn terminate(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        if self.names.in_loop(name, None) {
            self.problem(Problem::error_in_key(self.source, at, "a run cannot be ended from within a loop"));
        }
        let (outcome, code, message) = match &step.terminate {
            Some(TerminateDocument::Error { outcome, code, message }) => (*outcome, code.clone(), message.clone()),
            Some(TerminateDocument::Outcome(outcome)) => (*outcome, None, None),
            None => (Outcome::Failed, None, None),
        };
        if !matches!(outcome, Outcome::Succeeded | Outcome::Failed | Outcome::Cancelled) {
            let problem =
                Problem::error(self.source, &at.key("terminate"), format!("a run cannot be ended as `{outcome}`"));
            self.problem(problem.help("one of: succeeded, failed, cancelled"));
        }
        let message = message
            .map(|message| self.expression(&Value::String(message), &at.key("terminate").key("message"), name, &[]));
        StepKind::Terminate { outcome, code, message }
    }
}

fn kinds_of(step: &StepDocument) -> Vec<&'static str> {
    let given = [
        step.call.is_some(),
        step.scope.is_some(),
        step.condition.is_some(),
        step.for_each.is_some(),
        step.run_flow.is_some(),
        step.update_if_different.is_some(),
        step.compose.is_some(),
        step.respond.is_some(),
        step.terminate.is_some(),
    ];
    KINDS.into_iter().zip(given).filter_map(|(kind, given)| given.then_some(kind)).collect()
}
