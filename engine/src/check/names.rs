//! The names of a flow's steps, and which steps have ended before another one starts.

use std::collections::hash_map::Entry;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use crate::document::{AfterDocument, StepDocument, StepsDocument};
use crate::outcome::Outcome;
use crate::source::{Problem, Route, Source, nearest};

/// Every step of a flow by its name in lower case.
pub(super) struct Names {
    known: HashMap<String, Known>,
    left_out: Vec<Route>,
}

/// What is known of a step before it is read.
struct Known {
    name: String,
    parent: Option<String>,
    holds: Holds,
    handles: bool,
    /// The siblings that have ended before it starts, directly.
    after: Vec<String>,
    /// The operation that it calls, whose result is its value.
    call: Option<String>,
}

/// What a step holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Holds {
    /// No steps.
    Nothing,
    /// Steps that run at most once.
    Steps,
    /// Steps that run for each item of a list.
    Items,
    /// Steps that run until a condition holds.
    Passes,
}

impl Holds {
    fn is_loop(self) -> bool {
        matches!(self, Holds::Items | Holds::Passes)
    }
}

/// Why a step may not be read where it is named.
pub(super) enum Unreadable {
    Unknown { nearest: Option<String> },
    Itself,
    InLoop { loop_name: String },
    NotBefore,
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
        let mut names = Names { known: HashMap::new(), left_out };
        names.add_all(source, steps, None, &Route::root().key("steps"), problems);
        names
    }

    fn add_all(
        &mut self,
        source: &Arc<Source>,
        steps: &StepsDocument,
        parent: Option<&str>,
        at: &Route,
        problems: &mut Vec<Problem>,
    ) {
        let mut written_before: Option<&str> = None;
        for (name, step) in steps {
            let here = at.key(name);
            let known = Known {
                name: name.clone(),
                parent: parent.map(str::to_lowercase),
                holds: holds(step),
                handles: handles_failure(step.after.as_ref()),
                after: after_names(step.after.as_ref(), written_before),
                call: step.call.clone(),
            };
            match self.known.entry(name.to_lowercase()) {
                Entry::Vacant(free) => {
                    free.insert(known);
                }
                Entry::Occupied(first) => {
                    let message = format!("there are two steps of the name `{}`", first.get().name);
                    let help = "names are unique in a flow, at any depth and ignoring case";
                    problems.push(Problem::error_in_key(source, &here, message).help(help));
                }
            }
            if step.after.is_none() {
                written_before = Some(name);
            }
            for (at, inner) in inner_steps(step, &here) {
                self.add_all(source, inner, Some(name), &at, problems);
            }
        }
    }

    /// The name as it is written where the step stands.
    pub(super) fn canonical(&self, name: &str) -> Option<&str> {
        self.known.get(&name.to_lowercase()).map(|known| known.name.as_str())
    }

    /// Whether something of that name stands in the file but could not be read.
    pub(super) fn is_left_out(&self, name: &str) -> bool {
        self.left_out.iter().any(|route| route.last().is_some_and(|last| last.eq_ignore_ascii_case(name)))
    }

    /// Whether something right below this place could not be read.
    pub(super) fn is_incomplete(&self, at: &Route) -> bool {
        self.left_out.iter().any(|route| route.parent().as_ref() == Some(at))
    }

    /// The operation whose result is the step's value.
    pub(super) fn operation(&self, step: &str) -> Option<&str> {
        self.known.get(&step.to_lowercase())?.call.as_deref()
    }

    /// The known name nearest to this one.
    pub(super) fn nearest(&self, name: &str) -> Option<String> {
        nearest(name, self.known.values().map(|known| known.name.as_str())).map(str::to_owned)
    }

    /// Whether `reader` may read the value of `name`: it must have ended before, and not within a loop that
    /// the reader stands outside of.
    pub(super) fn readable(&self, name: &str, reader: &str) -> Result<(), Unreadable> {
        let target = name.to_lowercase();
        if !self.known.contains_key(&target) {
            return Err(Unreadable::Unknown { nearest: self.nearest(name) });
        }
        let readers = self.with_containers(&reader.to_lowercase());
        if readers.contains(&target) {
            return Err(Unreadable::Itself);
        }
        let mut loops = None;
        for container in self.with_containers(&target) {
            if container != target && self.known[&container].holds.is_loop() {
                loops = Some(container.clone());
            }
            if readers.iter().any(|reader| self.ended_before(&container, reader)) {
                return match loops {
                    Some(name) => Err(Unreadable::InLoop { loop_name: self.known[&name].name.clone() }),
                    None => Ok(()),
                };
            }
        }
        Err(Unreadable::NotBefore)
    }

    /// Whether the condition of the loop `reader`, which is looked at after a pass, may read the value of `name`:
    /// a step of that pass counts too.
    pub(super) fn readable_after_pass(&self, name: &str, reader: &str) -> Result<(), Unreadable> {
        let reader = reader.to_lowercase();
        let chain = self.with_containers(&name.to_lowercase());
        match chain.iter().position(|container| *container == reader) {
            Some(place) if place > 0 => {
                match chain[1..place].iter().find(|container| self.known[*container].holds.is_loop()) {
                    Some(inner) => Err(Unreadable::InLoop { loop_name: self.known[inner].name.clone() }),
                    None => Ok(()),
                }
            }
            _ => self.readable(name, &reader),
        }
    }

    /// Whether a step stands in a loop over a list, of that name where one is given.
    pub(super) fn in_loop(&self, step: &str, loop_name: Option<&str>) -> bool {
        self.stands_in(step, loop_name, |holds| holds == Holds::Items)
    }

    /// Whether a step stands in a loop of any kind, of that name where one is given.
    pub(super) fn in_passes(&self, step: &str, loop_name: Option<&str>) -> bool {
        self.stands_in(step, loop_name, Holds::is_loop)
    }

    /// Whether a step of that name holds steps.
    pub(super) fn holds_steps(&self, name: &str) -> bool {
        self.known.get(&name.to_lowercase()).is_some_and(|known| known.holds != Holds::Nothing)
    }

    fn stands_in(&self, step: &str, loop_name: Option<&str>, fits: impl Fn(Holds) -> bool) -> bool {
        self.with_containers(&step.to_lowercase()).iter().skip(1).any(|container| {
            fits(self.known[container].holds) && loop_name.is_none_or(|name| name.to_lowercase() == *container)
        })
    }

    /// Whether a step, or a container of it, runs after a failure, directly or through others.
    pub(super) fn in_handler(&self, step: &str) -> bool {
        self.with_containers(&step.to_lowercase()).iter().any(|container| {
            self.known[container].handles || self.before(container).iter().any(|before| self.known[before].handles)
        })
    }

    /// The step and its containers, from the inside out.
    fn with_containers(&self, step: &str) -> Vec<String> {
        let mut chain = Vec::new();
        let mut at = Some(step.to_owned());
        while let Some(name) = at {
            at = self.known.get(&name).and_then(|known| known.parent.clone());
            if chain.contains(&name) || !self.known.contains_key(&name) {
                break;
            }
            chain.push(name);
        }
        chain
    }

    /// Whether `step` is among what a sibling waits for, directly or through others.
    fn ended_before(&self, step: &str, sibling: &str) -> bool {
        self.before(sibling).contains(step)
    }

    /// The known siblings that a step waits for, directly or through others.
    fn before(&self, step: &str) -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut open = vec![step];
        while let Some(name) = open.pop() {
            for before in self.known.get(name).map(|known| known.after.as_slice()).unwrap_or_default() {
                if self.known.contains_key(before) && found.insert(before.clone()) {
                    open.push(before);
                }
            }
        }
        found
    }
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
    } else if step.scope.is_some() || step.condition.is_some() || step.switch.is_some() {
        Holds::Steps
    } else {
        Holds::Nothing
    }
}

fn after_names(after: Option<&AfterDocument>, written_before: Option<&str>) -> Vec<String> {
    match after {
        None => written_before.map(str::to_lowercase).into_iter().collect(),
        Some(AfterDocument::Names(names)) => names.iter().map(|name| name.to_lowercase()).collect(),
        Some(AfterDocument::Outcomes(outcomes)) => outcomes.keys().map(|name| name.to_lowercase()).collect(),
    }
}

fn handles_failure(after: Option<&AfterDocument>) -> bool {
    match after {
        Some(AfterDocument::Outcomes(outcomes)) => outcomes
            .values()
            .any(|outcomes| outcomes.iter().any(|outcome| matches!(outcome, Outcome::Failed | Outcome::TimedOut))),
        _ => false,
    }
}
