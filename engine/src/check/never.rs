//! Steps that can never run: branches that are never taken, loops over nothing, and waits for what cannot happen.

use std::collections::HashMap;

use super::fill;
use super::steps::StepChecker;
use crate::expression::{Condition, Expression, NamedValues};
use crate::flow::data::DataOperation;
use crate::flow::{RunAfter, Step, StepKind, Steps};
use crate::outcome::{Outcome, Outcomes};
use crate::source::{Code, Problem, Route};

/// The most siblings that are held against each other. Nobody writes more, and comparing all would take long.
pub(super) const MOST_SIBLINGS: usize = 1_000;

impl StepChecker<'_> {
    /// The branches of a condition that does not depend on the run.
    pub(super) fn never_taken(&mut self, condition: &Condition, then: bool, otherwise: bool, at: &Route) {
        if fill::is_filled_below(self.source, &at.key("if")) {
            return;
        }
        let (key, always) = match condition.holds(&NamedValues::default()) {
            Ok(true) if otherwise => ("else", "true"),
            Ok(false) if then => ("then", "false"),
            _ => return,
        };
        let message = format!("this branch can never run: the condition is always {always}");
        let problem = Problem::warning_in_key(self.source, &at.key(key), message);
        let help =
            "let the condition read a value of the run, as in { equals: [$.trigger.type, Shared] }, or remove it";
        self.problem(problem.help(help).of_kind(Code::NeverRuns));
    }

    /// The cases of a switch that goes by a value which does not depend on the run.
    pub(super) fn one_case(&mut self, value: &Expression, at: &Route) {
        let at = at.key("switch");
        if fill::is_filled_below(self.source, &at) {
            return;
        }
        if let Ok(value) = value.evaluate(&NamedValues::default()) {
            let message = format!("this is always {value}, so the other branches can never run");
            let problem = Problem::warning(self.source, &at, message).of_kind(Code::NeverRuns);
            self.problem(problem.help("switch on a value of the run, as in `$.trigger.type`"));
        }
    }

    /// The steps of a loop over nothing.
    pub(super) fn empty_loop(&mut self, items: &Expression, at: &Route) {
        let literal = items.literal().and_then(|literal| literal.as_array()).is_some_and(Vec::is_empty);
        if literal || matches!(items, Expression::List(items) if items.is_empty()) {
            let message = "the list is empty, so the steps of this loop can never run";
            let problem = Problem::warning(self.source, &at.key("for_each"), message).of_kind(Code::NeverRuns);
            self.problem(problem.help("pick a list, as in `$.steps.NAME.value`"));
        }
    }

    /// Steps that wait for what cannot happen.
    pub(super) fn vain_waits(&mut self, steps: &Steps) {
        for step in steps.values() {
            let found = step.after.iter().find_map(|wait| Some((wait, vain(wait, steps.get(&wait.step)?)?)));
            let found = found.or_else(|| contradiction(step, steps));
            if let Some((wait, (message, help))) = found {
                let at = step.at.key("after").key(&wait.step);
                let problem = Problem::warning_in_key(self.source, &at, message).help(help);
                self.problem(problem.of_kind(Code::NeverRuns));
            }
        }
    }
}

/// What is wrong, and the way out.
type Words = (String, String);

/// Why a wait for one step can never be over.
fn vain(wait: &RunAfter, before: &Step) -> Option<Words> {
    let name = &before.name;
    let can_happen = |outcome: Outcome| wait.outcomes.contains(outcome);
    let fails = can_happen(Outcome::Failed) || can_happen(Outcome::TimedOut);
    if !fails && !can_happen(Outcome::Succeeded) && !can_happen(Outcome::Skipped) {
        let message = format!("this can never run: no outcome of `{name}` lets it start");
        return Some((message, "name one of succeeded, failed, skipped, timed_out".to_owned()));
    }
    if matches!(before.kind, StepKind::Terminate { .. })
        && can_happen(Outcome::Succeeded)
        && !can_happen(Outcome::Skipped)
        && !fails
    {
        let message = format!("this can never run: `{name}` ends the run");
        return Some((message, format!("put it before `{name}`, or remove it")));
    }
    if !can_happen(Outcome::Succeeded) && !can_happen(Outcome::Skipped) && cannot_fail(before) {
        let message = format!("this can never run: `{name}` cannot fail");
        return Some((message, "handle the step that may fail, or a scope around it".to_owned()));
    }
    None
}

/// Whether a step does nothing that could go wrong.
fn cannot_fail(step: &Step) -> bool {
    match &step.kind {
        StepKind::Data(DataOperation::Compose(value)) => is_constant(value),
        StepKind::Scope(steps) => steps.values().all(|step| cannot_fail(step)),
        _ => false,
    }
}

fn is_constant(value: &Expression) -> bool {
    match value {
        Expression::Literal(_) => true,
        Expression::List(items) => items.iter().all(is_constant),
        Expression::Object(entries) => entries.values().all(is_constant),
        _ => false,
    }
}

/// Two waits of a step that exclude each other: one for a step that has succeeded, say, and one for a step that only
/// runs where it has failed. They meet in a step that waits for several.
fn contradiction<'s>(step: &'s Step, siblings: &'s Steps) -> Option<(&'s RunAfter, Words)> {
    if step.after.len() < 2 || siblings.len() > MOST_SIBLINGS {
        return None;
    }
    let mut needed: HashMap<&str, Outcomes> = HashMap::new();
    for wait in &step.after {
        let mut open = vec![wait];
        let mut seen = Vec::new();
        while let Some(next) = open.pop() {
            let known = needed.entry(next.step.as_str()).or_insert(next.outcomes);
            *known = known.iter().filter(|outcome| next.outcomes.contains(*outcome)).collect();
            if known.iter().next().is_none() {
                let message = format!("this can never run: it needs `{}` to end in two ways at once", next.step);
                let help = "wait for one of the two, or say in `after` that the other may be skipped".to_owned();
                return Some((wait, (message, help)));
            }
            if !next.outcomes.contains(Outcome::Skipped) && !seen.contains(&next.step.as_str()) {
                seen.push(next.step.as_str());
                open.extend(siblings.get(&next.step).into_iter().flat_map(|before| &before.after));
            }
        }
    }
    None
}
