//! `update_if_different`, as states: read, compare, update, and again when somebody was faster.

use std::sync::Arc;

use serde_json::{Map, Value, json};

use super::event::{Change, Ending, Event, Part};
use super::frame::Calling;
use crate::connector::{Answer, CallError, CallErrorKind};

/// How often a record is read and compared before the step gives up.
pub(super) const ROUNDS: u8 = 3;
/// The code of a write during which the engine stopped. Its round does not count: no service is to blame.
pub(super) const ENGINE_STOPPED: &str = "engine_stopped";

/// An update under way.
#[derive(Debug, Default)]
pub(super) struct Update {
    pub(super) stage: Stage,
    round: u8,
    /// Rounds that do not count.
    cut_short: u8,
    /// What was sent without an answer: it may have arrived.
    unanswered: Vec<Change>,
}

/// Where an update stands.
#[derive(Debug, Default)]
pub(super) enum Stage {
    /// The record must be read (again); the first time it may be known already.
    #[default]
    Unread,
    /// It is being read.
    Reading(Calling),
    /// It was read: it can be compared.
    Read(Arc<Value>),
    /// The changes are being written.
    Writing(Calling, Vec<Change>),
    /// The changes were written.
    Written(Vec<Change>),
    /// It cannot be done.
    Failed(Box<CallError>, u32),
}

impl Update {
    /// The call of the next round's read.
    pub(super) fn next_read(&self) -> Part {
        Part::Read(self.round.saturating_add(1))
    }

    /// The call of this round's write. The first round has no read where an earlier step has read the record.
    pub(super) fn next_write(&self) -> Part {
        Part::Update(self.round.max(1))
    }

    /// Whether nothing was read or written yet.
    pub(super) fn is_new(&self) -> bool {
        self.round == 0
    }

    /// The call that is under way.
    pub(super) fn calling(&self) -> Option<&Calling> {
        match &self.stage {
            Stage::Reading(calling) | Stage::Writing(calling, _) => Some(calling),
            _ => None,
        }
    }

    /// Takes a call or its result into the state.
    pub(super) fn apply(&mut self, event: &Event) -> Result<(), String> {
        if let (
            Stage::Reading(calling) | Stage::Writing(calling, _),
            Event::CallDelayed { .. } | Event::CallRepeated { .. },
        ) = (&mut self.stage, event)
        {
            return calling.apply(event);
        }
        let stage = std::mem::take(&mut self.stage);
        self.stage = match (stage, event) {
            (Stage::Unread, Event::CallStarted { part: part @ Part::Read(round), input, .. }) => {
                self.round = *round;
                Stage::Reading(Calling::new(*part, input))
            }
            (
                Stage::Unread | Stage::Read(_),
                Event::CallStarted { part: part @ Part::Update(round), input, changes, .. },
            ) => {
                self.round = *round;
                Stage::Writing(Calling::new(*part, input), changes.clone())
            }
            (Stage::Reading(_), Event::CallFinished { part: Part::Read(_), result, attempts, .. }) => match result {
                Ok(answer) => Stage::Read(Arc::clone(&answer.value)),
                Err(error) => Stage::Failed(Box::new(error.clone()), *attempts),
            },
            (Stage::Writing(_, changes), Event::CallFinished { part: Part::Update(_), result, attempts, .. }) => {
                self.written(changes, result, *attempts)
            }
            (stage, event) => {
                self.stage = stage;
                return Err(format!("`{event:?}` does not fit an update"));
            }
        };
        Ok(())
    }

    fn written(&mut self, changes: Vec<Change>, result: &Result<Answer, CallError>, attempts: u32) -> Stage {
        match result {
            Ok(_) => Stage::Written(changes),
            Err(error) if error.code.as_deref() == Some(ENGINE_STOPPED) => {
                self.cut_short = self.cut_short.saturating_add(1);
                self.unanswered = changes;
                Stage::Unread
            }
            Err(error) if self.round.saturating_sub(self.cut_short) < ROUNDS => match error.kind {
                CallErrorKind::Conflict => Stage::Unread,
                CallErrorKind::Unanswered => {
                    self.unanswered = changes;
                    Stage::Unread
                }
                _ => Stage::Failed(Box::new(error.clone()), attempts),
            },
            Err(error) => Stage::Failed(Box::new(error.clone()), attempts),
        }
    }

    /// The ending when a comparison finds no difference: nothing was to be done, or what was sent without an
    /// answer has arrived.
    pub(super) fn in_step(&self) -> Ending {
        done(self.unanswered.clone())
    }
}

/// The ending of an update that wrote these changes.
pub(super) fn done(changes: Vec<Change>) -> Ending {
    let side = |pick: fn(&Change) -> &Value| -> Map<String, Value> {
        changes.iter().map(|change| (change.field.clone(), pick(change).clone())).collect()
    };
    let value = json!({
        "changed": !changes.is_empty(),
        "changes": changes,
        "before": side(|change| &change.before),
        "after": side(|change| &change.after),
    });
    Ending { changes, ..Ending::succeeded(value) }
}
