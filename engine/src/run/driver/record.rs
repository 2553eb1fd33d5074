//! What was recorded of a run and is not committed yet.
//!
//! A commit costs a write to the disk, so the events of many decisions share one. It is due before something is done
//! that others can see, when the run ends or sleeps, and when much has gathered or some time has passed.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

use super::{DriveError, World};
use crate::plan::Plan;
use crate::run::event::Event;
use crate::run::{Run, RunId};
use crate::store::{EventId, Fate, Transition};

/// Events that may gather.
const MOST_EVENTS: usize = 200;
/// About as many bytes may gather.
const MOST_BYTES: usize = 256 * 1024;
/// The longest time that an event may wait.
const LONGEST: SignedDuration = SignedDuration::from_secs(1);

/// The end of a run's record.
pub(super) struct Record {
    run: RunId,
    /// How many events are committed.
    committed: u64,
    events: Vec<Event>,
    /// About how many bytes they have.
    size: usize,
    /// Whose usage says what is not shown, where there is something.
    hides: Option<Arc<Plan>>,
    keys: Vec<String>,
    fates: Vec<(EventId, Fate)>,
}

impl Record {
    /// Of a run that goes on, with the number of its events.
    pub(super) fn of(run: &Run, committed: u64) -> Record {
        let hides = Some(run.plan()).filter(|plan| plan.facts().usage.hides_anything());
        let run = run.id().clone();
        Record { run, committed, events: Vec::new(), size: 0, hides, keys: Vec::new(), fates: Vec::new() }
    }

    /// Of a run that begins; the names and the fates go with its first commit.
    pub(super) fn of_new(run: &Run, keys: Vec<String>, fates: Vec<(EventId, Fate)>) -> Record {
        Record { keys, fates, ..Record::of(run, 0) }
    }

    pub(super) fn push(&mut self, event: Event) {
        self.size += size(&event);
        self.events.push(event);
    }

    /// Whether so much has gathered that it should be committed.
    pub(super) fn is_full(&self) -> bool {
        self.events.len() > MOST_EVENTS || self.size > MOST_BYTES
    }

    /// When what has gathered must be committed at the latest.
    pub(super) fn due(&self) -> Option<Timestamp> {
        let first = self.events.first()?.at();
        Some(first.checked_add(LONGEST).unwrap_or(Timestamp::MAX))
    }

    /// Makes durable what has gathered.
    pub(super) async fn commit(&mut self, world: &World, sleeps_until: Option<Timestamp>) -> Result<(), DriveError> {
        if self.events.is_empty() {
            return Ok(());
        }
        let events = std::mem::take(&mut self.events);
        let shown = self.hides.as_ref().map(|plan| {
            let usage = &plan.facts().usage;
            events.iter().map(|event| event.clone().shown(usage)).collect()
        });
        let count = events.len() as u64;
        let transition = Transition {
            run: self.run.clone(),
            after: self.committed,
            events,
            shown,
            fates: std::mem::take(&mut self.fates),
            keys: std::mem::take(&mut self.keys),
            sleeps_until,
        };
        world.commit(&transition).await?;
        self.committed += count;
        self.size = 0;
        Ok(())
    }
}

/// About how many bytes an event has.
fn size(event: &Event) -> usize {
    const FRAME: usize = 200;
    let values = match event {
        Event::RunStarted { trigger: value, .. }
        | Event::VariableSet { value, .. }
        | Event::VariableAppended { value, .. }
        | Event::BranchTaken { value, .. } => bytes(value),
        Event::CallStarted { input, .. } => bytes(input),
        Event::CallFinished { result: Ok(answer), .. } | Event::Responded { answer, .. } => bytes(&answer.value),
        Event::CallFinished { result: Err(error), .. } => error.body.as_deref().map_or(0, bytes),
        Event::StepFinished { ending, .. } => bytes(&ending.value),
        Event::LoopStarted { items, .. } => items.iter().map(bytes).sum(),
        _ => 0,
    };
    FRAME + values
}

fn bytes(value: &Value) -> usize {
    const SCALAR: usize = 6;
    match value {
        Value::String(text) => text.len() + 3,
        Value::Array(items) => items.iter().map(bytes).sum::<usize>() + 2,
        Value::Object(map) => map.iter().map(|(key, value)| key.len() + 4 + bytes(value)).sum::<usize>() + 2,
        Value::Null | Value::Bool(_) | Value::Number(_) => SCALAR,
    }
}
