//! Handlers after which a failure looks like a success.
//!
//! A failure that a step runs after counts as dealt with, as in Power Automate; so what fails must be made to fail
//! again at the end. Each step that has a handler is thought to fail, and the steps beside it are followed to the end.

use std::collections::{HashMap, HashSet};

use super::names::is_failure;
use super::never::MOST_SIBLINGS;
use super::steps::StepChecker;
use crate::flow::{Step, StepKind, Steps};
use crate::outcome::Outcome;
use crate::source::{Code, Problem};

impl StepChecker<'_> {
    /// Handlers among these steps that hide failures. Within a loop a run cannot be ended, so nothing is said there.
    pub(super) fn hidden_failures(&mut self, steps: &Steps) {
        if steps.len() > MOST_SIBLINGS || steps.keys().next().is_some_and(|name| self.names.in_passes(name, None)) {
            return;
        }
        let mut told = HashSet::new();
        for handler in steps.values() {
            for wait in handler.after.iter().filter(|wait| is_failure(wait.outcomes)) {
                let outcome = if wait.outcomes.contains(Outcome::Failed) { Outcome::Failed } else { Outcome::TimedOut };
                if !told.insert(wait.step.as_str())
                    || !steps.contains_key(&wait.step)
                    || !hides(steps, &wait.step, outcome)
                {
                    continue;
                }
                let message = format!(
                    "a failure of `{}` is hidden: with `{}` it counts as dealt with, and the run goes on as a success",
                    wait.step, handler.name
                );
                let at = handler.at.key("after").key(&wait.step);
                let after = if wait.outcomes.contains(Outcome::Succeeded) {
                    format!("{{ {}: [failed, timed_out], {}: [succeeded] }}", wait.step, handler.name)
                } else {
                    format!("[{}]", handler.name)
                };
                let help = format!("let a last step say so: NAME: {{ after: {after}, terminate: failed }}");
                self.problem(
                    Problem::warning_in_key(self.source, &at, message).help(help).of_kind(Code::HiddenFailure),
                );
            }
        }
    }
}

/// Whether siblings count as a success though one of them ended so.
fn hides(steps: &Steps, failed: &str, how: Outcome) -> bool {
    let mut ended: HashMap<&str, Outcome> = HashMap::from([(failed, how)]);
    loop {
        let known = ended.len();
        for step in steps.values() {
            if ended.contains_key(step.name.as_str()) {
                continue;
            }
            let Some(starts) = starts(step, steps, &ended) else { continue };
            if starts && ends_run(step) {
                return false;
            }
            ended.insert(&step.name, if starts { Outcome::Succeeded } else { Outcome::Skipped });
        }
        if ended.len() == known {
            return !fails(steps, &ended);
        }
    }
}

/// Whether a step starts after what has ended; nothing where something is not known yet.
fn starts(step: &Step, steps: &Steps, ended: &HashMap<&str, Outcome>) -> Option<bool> {
    let waits = step.after.iter().filter(|wait| steps.contains_key(&wait.step));
    let outcomes: Option<Vec<bool>> =
        waits.map(|wait| Some(wait.outcomes.contains(*ended.get(wait.step.as_str())?))).collect();
    Some(outcomes?.into_iter().all(|fits| fits))
}

/// Whether steps that ended so count as a failure: one of those that nobody waits for has failed, or where it was
/// skipped, one of those that it waited for.
fn fails(steps: &Steps, ended: &HashMap<&str, Outcome>) -> bool {
    let waited: HashSet<&str> = steps.values().flat_map(|step| &step.after).map(|wait| wait.step.as_str()).collect();
    let mut open: Vec<&str> = steps.keys().map(String::as_str).filter(|name| !waited.contains(name)).collect();
    let mut seen = HashSet::new();
    while let Some(name) = open.pop() {
        match ended.get(name) {
            Some(Outcome::Failed | Outcome::TimedOut) => return true,
            Some(Outcome::Skipped) if seen.insert(name) => {
                open.extend(steps.get(name).into_iter().flat_map(|step| &step.after).map(|wait| wait.step.as_str()));
            }
            _ => {}
        }
    }
    false
}

/// Whether a step, or one in it, ends the run as a failure.
fn ends_run(step: &Step) -> bool {
    match &step.kind {
        StepKind::Terminate { outcome, .. } => *outcome != Outcome::Succeeded,
        kind => kind.inner().into_iter().any(|(_, inner)| inner.values().any(|step| ends_run(step))),
    }
}
