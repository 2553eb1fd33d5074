//! A run that had failed and goes on: which events of its record count, where it begins again, and which of the calls
//! that are made once more may have been made before.

use std::borrow::Borrow;
use std::collections::HashMap;

use super::calls::Doubt;
use super::event::{Event, Part, StepError, StepPath};
use crate::connector::{CallError, CallErrorKind};
use crate::outcome::Outcome;

/// The events of a record that count: all of them, unless the run was resumed.
pub fn counting<E: Borrow<Event>>(events: impl IntoIterator<Item = E>) -> Vec<E> {
    let mut counting: Vec<E> = Vec::new();
    for event in events {
        if let Event::RunResumed { keep, .. } = event.borrow() {
            counting.truncate(usize::try_from(*keep).unwrap_or(usize::MAX));
        }
        counting.push(event);
    }
    counting
}

/// Why a run cannot go on from the step at which it failed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unresumable {
    /// There is nothing to go on with.
    #[error("there is no such run")]
    NoRun,
    /// It is not over.
    #[error("it has not ended")]
    NotEnded,
    /// Nothing went wrong.
    #[error("it {0}: only a run that failed or timed out can be resumed")]
    NotFailed(Outcome),
    /// It failed before its first step, or by nothing that it can begin again with.
    #[error("it did not fail at a step; resubmit its event instead")]
    NoStep,
    /// What it knew is gone.
    #[error("it held secure values, which are deleted when a run ends; resubmit its event instead")]
    Secure,
}

/// How many of the events that count to keep, so that the step at which the run failed begins again.
pub(super) fn keep_before_failure(events: &[Event]) -> Result<u64, Unresumable> {
    let counting = counting(events);
    let error = match counting.last() {
        None => return Err(Unresumable::NoRun),
        Some(Event::RunFinished { outcome: Outcome::Failed | Outcome::TimedOut, error, .. }) => error.as_ref(),
        Some(Event::RunFinished { outcome, .. }) => return Err(Unresumable::NotFailed(*outcome)),
        Some(_) => return Err(Unresumable::NotEnded),
    };
    let failed = error.and_then(|error| counting.iter().rev().find_map(|event| failed_step(event, error)));
    let path = failed.ok_or(Unresumable::NoStep)?;
    let begun = counting.iter().position(|event| event.step() == Some(path)).ok_or(Unresumable::NoStep)?;
    Ok(begun as u64)
}

/// The step that an event says failed with that error.
fn failed_step<'e>(event: &'e Event, error: &StepError) -> Option<&'e StepPath> {
    let path = event.step().filter(|path| path.name == error.step)?;
    let failed = match event {
        Event::CallFinished { result, .. } => result.is_err(),
        Event::PassChecked { .. } => true,
        Event::StepFinished { ending, .. } => ending.error.is_some(),
        _ => false,
    };
    failed.then_some(path)
}

/// The calls that were made in what does not count any more.
#[derive(Debug, Default)]
pub(super) struct Doubts(HashMap<(StepPath, Part), Doubt>);

impl Doubts {
    pub(super) fn of_record(events: &[Event]) -> Doubts {
        let mut doubts = Doubts::default();
        let mut counting: Vec<&Event> = Vec::new();
        for event in events {
            if let Event::RunResumed { keep, .. } = event {
                let keep = usize::try_from(*keep).unwrap_or(usize::MAX).min(counting.len());
                counting.drain(keep..).for_each(|gone| doubts.note(gone));
            }
            counting.push(event);
        }
        doubts
    }

    pub(super) fn of(&self, step: &StepPath, part: Part) -> Doubt {
        // Nearly no run was resumed, and then nothing need be hashed.
        if self.0.is_empty() {
            return Doubt::None;
        }
        self.0.get(&(step.clone(), part)).copied().unwrap_or_default()
    }

    fn note(&mut self, event: &Event) {
        let (step, part, doubt) = match event {
            Event::CallStarted { step, part, .. } => (step, part, Doubt::Open),
            Event::CallFinished { step, part, result, .. } => {
                (step, part, result.as_ref().map_or_else(doubt_after, |_| Doubt::Open))
            }
            _ => return,
        };
        self.0.insert((step.clone(), *part), doubt);
    }
}

fn doubt_after(error: &CallError) -> Doubt {
    match error.kind {
        CallErrorKind::Unanswered | CallErrorKind::Unexpected => Doubt::Accepted,
        _ => Doubt::None,
    }
}
