//! The names of a flow's steps, and what is known of each before it is read; [`super::order`] answers which of
//! them have ended, and how, before another one starts.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::sync::Arc;

use crate::document::{AfterDocument, StepDocument, StepsDocument, TerminateDocument};
use crate::outcome::{Outcome, Outcomes};
use crate::source::{Problem, Route, Source, nearest};

/// Every step of a flow.
pub(super) struct Names {
    pub(super) steps: Vec<Known>,
    by_name: HashMap<String, usize>,
    left_out: Vec<Route>,
}

/// What is known of a step before it is read. Other steps are named by their place among all.
pub(super) struct Known {
    pub(super) name: String,
    pub(super) parent: Option<usize>,
    pub(super) holds: Holds,
    /// Whether it runs after a failure.
    pub(super) handles: bool,
    /// Whether the run goes on as a success where it fails.
    pub(super) handled: bool,
    /// The siblings that have ended before it starts, directly, each with the outcomes that let it start.
    pub(super) after: Vec<(usize, Outcomes)>,
    /// Whether it, or a step in it, ends the run as a failure.
    pub(super) ends_run: bool,
    /// What gives its value.
    pub(super) gives: Gives,
}

/// What gives a step's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Gives {
    /// An operation.
    Operation(String),
    /// Another flow.
    Flow(String),
    /// A record brought in step with another one.
    Update,
    /// What is not known before the run.
    Other,
}

/// What a step holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// No steps.
    Nothing,
    /// Steps that all have their turn.
    Steps,
    /// Steps in branches, of which one is taken.
    Branches,
    /// Steps that run for each item of a list.
    Items,
    /// Steps that run until a condition holds.
    Passes,
}

impl Holds {
    pub(super) fn is_loop(self) -> bool {
        matches!(self, Holds::Items | Holds::Passes)
    }
}

impl Names {
    /// Collects the names; two steps of one name are a problem. `left_out` is what could not be
    /// read: names in it are not unknown.
    pub(super) fn collect(
        source: &Arc<Source>,
        steps: &StepsDocument,
        left_out: Vec<Route>,
        problems: &mut Vec<Problem>,
    ) -> Names {
        let mut names = Names { steps: Vec::new(), by_name: HashMap::new(), left_out };
        names.add_all(source, steps, None, &Route::root().key("steps"), problems);
        names.note_handled();
        names
    }

    fn add_all(
        &mut self,
        source: &Arc<Source>,
        steps: &StepsDocument,
        parent: Option<usize>,
        at: &Route,
        problems: &mut Vec<Problem>,
    ) {
        let mut added = Vec::new();
        for (name, step) in steps {
            let here = at.key(name);
            let place = self.steps.len();
            match self.by_name.entry(name.to_lowercase()) {
                Entry::Vacant(free) => {
                    free.insert(place);
                }
                Entry::Occupied(first) => {
                    let message = format!("there are two steps of the name `{}`", self.steps[*first.get()].name);
                    let help = "names are unique in a flow, at any depth and ignoring case";
                    problems.push(Problem::error_in_key(source, &here, message).help(help));
                }
            }
            self.steps.push(Known::new(name, step, parent));
            added.push((place, step));
            for (at, inner) in inner_steps(step, &here) {
                self.add_all(source, inner, Some(place), &at, problems);
            }
        }
        self.note_order(&added);
    }

    /// Notes what siblings wait for.
    fn note_order(&mut self, siblings: &[(usize, &StepDocument)]) {
        let mut written_before: Option<usize> = None;
        for (place, step) in siblings {
            let after = match &step.after {
                None => written_before.map(|before| (before, Outcomes::SUCCEEDED)).into_iter().collect(),
                Some(after) => waits_for(after).filter_map(|(name, how)| Some((self.place(name)?, how))).collect(),
            };
            self.steps[*place].after = after;
            if step.after.is_none() {
                written_before = Some(*place);
            }
        }
    }

    /// The place of the step of that name, in any case.
    pub(super) fn place(&self, name: &str) -> Option<usize> {
        self.by_name.get(&name.to_lowercase()).copied()
    }

    /// The step of that name, in any case.
    pub(super) fn get(&self, name: &str) -> Option<&Known> {
        self.steps.get(self.place(name)?)
    }

    /// The name as it is written where the step stands.
    pub(super) fn canonical(&self, name: &str) -> Option<&str> {
        self.get(name).map(|known| known.name.as_str())
    }

    /// Whether something of that name stands in the file but could not be read.
    pub(super) fn is_left_out(&self, name: &str) -> bool {
        self.left_out.iter().any(|route| route.last().is_some_and(|last| last.eq_ignore_ascii_case(name)))
    }

    /// Whether something right below this place could not be read.
    pub(super) fn is_incomplete(&self, at: &Route) -> bool {
        self.left_out.iter().any(|route| route.parent().as_ref() == Some(at))
    }

    /// The known name nearest to this one.
    pub(super) fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.steps.iter().map(|known| known.name.as_str())).map(str::to_owned)
    }

    /// The loops that a step stands in, from the inside out.
    pub(super) fn loops_around(&self, step: &str) -> impl Iterator<Item = &Known> {
        let around = self.place(step).into_iter().flat_map(|step| self.with_containers(step)).skip(1);
        around.map(|place| &self.steps[place]).filter(|known| known.holds.is_loop())
    }

    /// Whether a step stands in a loop over a list, of that name where one is given.
    pub(super) fn in_loop(&self, step: &str, loop_name: Option<&str>) -> bool {
        self.loops_around(step).any(|known| known.holds == Holds::Items && is_named(known, loop_name))
    }

    /// Whether a step stands in a loop of any kind, of that name where one is given.
    pub(super) fn in_passes(&self, step: &str, loop_name: Option<&str>) -> bool {
        self.loops_around(step).any(|known| is_named(known, loop_name))
    }

    /// Whether a step of that name holds steps.
    pub(super) fn holds_steps(&self, name: &str) -> bool {
        self.get(name).is_some_and(|known| known.holds != Holds::Nothing)
    }
}

impl Known {
    fn new(name: &str, step: &StepDocument, parent: Option<usize>) -> Known {
        Known {
            name: name.to_owned(),
            parent,
            holds: holds(step),
            handles: step.after.as_ref().is_some_and(|after| waits_for(after).any(|(_, how)| is_failure(how))),
            handled: false,
            after: Vec::new(),
            ends_run: ends_run(step),
            gives: gives(step),
        }
    }
}

fn is_named(known: &Known, name: Option<&str>) -> bool {
    name.is_none_or(|name| known.name.to_lowercase() == name.to_lowercase())
}

/// Whether a failure is among these outcomes.
pub(super) fn is_failure(outcomes: Outcomes) -> bool {
    outcomes.contains(Outcome::Failed) || outcomes.contains(Outcome::TimedOut)
}

/// The steps that stand in a step, with the place that they stand under.
pub(super) fn inner_steps<'d>(step: &'d StepDocument, at: &Route) -> Vec<(Route, &'d StepsDocument)> {
    let groups = [
        ("scope", &step.scope),
        ("then", &step.then),
        ("else", &step.otherwise),
        ("steps", &step.steps),
        ("default", &step.default),
    ];
    let mut inner: Vec<(Route, &StepsDocument)> =
        groups.into_iter().filter_map(|(key, steps)| Some((at.key(key), steps.as_ref()?))).collect();
    let cases = step.cases.iter().flatten();
    inner.extend(cases.map(|(name, case)| (at.key("cases").key(name).key("steps"), &case.steps)));
    inner
}

fn holds(step: &StepDocument) -> Holds {
    if step.for_each.is_some() {
        Holds::Items
    } else if step.until.is_some() {
        Holds::Passes
    } else if step.condition.is_some() || step.switch.is_some() {
        Holds::Branches
    } else if step.scope.is_some() {
        Holds::Steps
    } else {
        Holds::Nothing
    }
}

fn gives(step: &StepDocument) -> Gives {
    match (&step.call, &step.run_flow, &step.update_if_different) {
        (Some(operation), _, _) => Gives::Operation(operation.clone()),
        (_, Some(flow), _) => Gives::Flow(flow.clone()),
        (_, _, Some(_)) => Gives::Update,
        _ => Gives::Other,
    }
}

fn ends_run(step: &StepDocument) -> bool {
    let outcome = match &step.terminate {
        Some(TerminateDocument::Outcome(outcome)) => Some(*outcome),
        Some(TerminateDocument::Error(error)) => Some(error.outcome),
        None => None,
    };
    outcome.is_some_and(|outcome| outcome != Outcome::Succeeded)
        || inner_steps(step, &Route::root()).into_iter().any(|(_, inner)| inner.values().any(ends_run))
}

/// The names that a step says it waits for, each with its outcomes.
fn waits_for(after: &AfterDocument) -> impl Iterator<Item = (&str, Outcomes)> {
    let (names, outcomes) = match after {
        AfterDocument::Names(names) => (Some(names), None),
        AfterDocument::Outcomes(outcomes) => (None, Some(outcomes)),
    };
    let names = names.into_iter().flatten().map(|name| (name.as_str(), Outcomes::SUCCEEDED));
    let outcomes = outcomes.into_iter().flatten();
    names.chain(outcomes.map(|(name, outcomes)| (name.as_str(), outcomes.iter().copied().collect())))
}
