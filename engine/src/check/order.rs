//! Which steps have ended before another one starts, and whether they are sure to have succeeded.

use super::names::{Gives, Holds, Names, is_failure};
use crate::outcome::{Outcome, Outcomes};

/// Why a step may not be read where it is named.
pub(super) enum Unreadable {
    Unknown { nearest: Option<String> },
    Itself,
    InLoop { loop_name: String },
    NotBefore,
}

/// Why a step that has ended may have no value.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unsure {
    /// It stands in a branch of this step.
    InBranch { of: String },
    /// The reader runs where this step has not succeeded, too.
    NotSucceeded { step: String },
}

impl Names {
    /// Whether `reader` may read the value of `name`: it must have ended before, and not within a loop that
    /// the reader stands outside of.
    pub(super) fn readable(&self, name: &str, reader: &str) -> Result<(), Unreadable> {
        let Some(target) = self.place(name) else {
            return Err(Unreadable::Unknown { nearest: self.nearest(name) });
        };
        let readers = self.readers(reader);
        if readers.contains(&target) {
            return Err(Unreadable::Itself);
        }
        let ended = self.ended_before(&readers);
        let mut loops = None;
        for container in self.with_containers(target) {
            if container != target && self.steps[container].holds.is_loop() {
                loops = Some(container);
            }
            if ended.contains(&container) {
                return match loops {
                    Some(place) => Err(Unreadable::InLoop { loop_name: self.steps[place].name.clone() }),
                    None => Ok(()),
                };
            }
        }
        Err(Unreadable::NotBefore)
    }

    /// Whether the condition of the loop `reader`, which is looked at after a pass, may read the value of `name`:
    /// a step of that pass counts too.
    pub(super) fn readable_after_pass(&self, name: &str, reader: &str) -> Result<(), Unreadable> {
        let (Some(target), Some(place)) = (self.place(name), self.place(reader)) else {
            return self.readable(name, reader);
        };
        let chain = self.with_containers(target);
        match chain.iter().position(|container| *container == place) {
            Some(depth) if depth > 0 => {
                match chain[1..depth].iter().find(|container| self.steps[**container].holds.is_loop()) {
                    Some(inner) => Err(Unreadable::InLoop { loop_name: self.steps[*inner].name.clone() }),
                    None => Ok(()),
                }
            }
            _ => self.readable(name, reader),
        }
    }

    /// Why a step that `reader` may read is not sure to have succeeded when it is read; nothing where it is sure.
    pub(super) fn unsure(&self, name: &str, reader: &str) -> Option<Unsure> {
        let target = self.place(name)?;
        let succeeded = self.succeeded_before(&self.readers(reader));
        let chain = self.with_containers(target);
        let not_succeeded = || Unsure::NotSucceeded { step: self.steps[target].name.clone() };
        let Some(depth) = chain.iter().position(|place| succeeded.contains(place)) else {
            return Some(not_succeeded());
        };
        let of = |place: &usize| Unsure::InBranch { of: self.steps[*place].name.clone() };
        if let Some(branches) = chain[1..=depth].iter().find(|place| self.steps[**place].holds == Holds::Branches) {
            return Some(of(branches));
        }
        chain[..depth].iter().any(|place| !self.must_succeed(*place)).then(not_succeeded)
    }

    /// Whether a step, or a container of it, runs after a failure, directly or through others.
    pub(super) fn in_handler(&self, step: &str) -> bool {
        let readers = self.readers(step);
        readers.iter().chain(&self.ended_before(&readers)).any(|place| self.steps[*place].handles)
    }

    /// Notes for each step whether its failure is dealt with by another one, so that the run goes on.
    pub(super) fn note_handled(&mut self) {
        let ends = (0..self.steps.len()).filter(|place| self.steps[*place].ends_run);
        let mut ends_later = vec![false; self.steps.len()];
        self.reached(ends, |place| self.before(place)).into_iter().for_each(|place| ends_later[place] = true);
        let handled: Vec<usize> = self
            .steps
            .iter()
            .zip(ends_later)
            .filter(|(_, ends_later)| !ends_later)
            .flat_map(|(known, _)| known.after.iter().filter(|(_, how)| is_failure(*how)).map(|(before, _)| *before))
            .collect();
        handled.into_iter().for_each(|place| self.steps[place].handled = true);
    }

    /// The step and its containers, from the inside out.
    pub(super) fn with_containers(&self, step: usize) -> Vec<usize> {
        std::iter::successors(Some(step), |place| self.steps[*place].parent).collect()
    }

    /// What gives the value of a step.
    pub(super) fn gives(&self, step: &str) -> &Gives {
        self.get(step).map_or(&Gives::Other, |known| &known.gives)
    }

    fn readers(&self, reader: &str) -> Vec<usize> {
        self.place(reader).map(|reader| self.with_containers(reader)).unwrap_or_default()
    }

    /// The steps that any of these waits for, directly or through others.
    fn ended_before(&self, readers: &[usize]) -> Vec<usize> {
        let direct = readers.iter().flat_map(|reader| self.before(*reader));
        self.reached(direct, |place| self.before(place))
    }

    /// The steps that must have succeeded for all of these to start.
    fn succeeded_before(&self, readers: &[usize]) -> Vec<usize> {
        // Of a step that may have been skipped nothing follows for those that it waited for.
        let ran = |place: usize| {
            self.steps[place].after.iter().filter(|(_, how)| !how.contains(Outcome::Skipped)).map(|(before, _)| *before)
        };
        let ran_before = self.reached(readers.iter().copied(), ran);
        let waits = ran_before.iter().flat_map(|place| &self.steps[*place].after);
        waits.filter(|(_, how)| *how == Outcomes::SUCCEEDED).map(|(before, _)| *before).collect()
    }

    /// Whether a step has succeeded where the steps around it have: it always has its turn, and nobody deals with
    /// its failure.
    fn must_succeed(&self, step: usize) -> bool {
        let all = self.reached([step], |place| self.before(place));
        all.into_iter()
            .map(|place| &self.steps[place])
            .all(|known| !known.handled && known.after.iter().all(|(_, how)| *how == Outcomes::SUCCEEDED))
    }

    fn before(&self, step: usize) -> impl Iterator<Item = usize> + '_ {
        self.steps[step].after.iter().map(|(before, _)| *before)
    }

    /// These steps, and all that are reached from them.
    fn reached<I: Iterator<Item = usize>>(
        &self,
        from: impl IntoIterator<Item = usize>,
        next: impl Fn(usize) -> I,
    ) -> Vec<usize> {
        let mut known = vec![false; self.steps.len()];
        let mut reached = Vec::new();
        let mut open: Vec<usize> = from.into_iter().collect();
        while let Some(place) = open.pop() {
            if !std::mem::replace(&mut known[place], true) {
                reached.push(place);
                open.extend(next(place));
            }
        }
        reached
    }
}
