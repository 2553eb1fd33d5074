//! A flow as meant. What `check` guarantees holds here: names resolve, expressions parse, every operation
//! exists, so nothing after this looks at raw text again.

pub mod data;
pub mod duration;
pub mod inputs;
mod retry;
mod step;
mod usage;
pub mod variable;

use indexmap::IndexMap;

pub use retry::{Retry, Unknown, Waits};
pub use step::{Answer, Call, Case, Known, RunAfter, Secure, Step, StepKind, Steps, UpdateIfDifferent, Wait};
pub use usage::Usage;

use crate::document::{InputDocument, MissedDocument};
use crate::expression::{Condition, Expression};
use crate::schedule::Schedule;
use variable::Variable;

/// A flow, checked.
#[derive(Debug)]
pub struct Flow {
    /// Its name, unique in the pack.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What starts a run.
    pub trigger: Trigger,
    /// The values that steps may change.
    pub variables: IndexMap<String, Variable>,
    /// The steps, in written order.
    pub steps: Steps,
}

/// What starts a run.
#[derive(Debug)]
pub enum Trigger {
    /// A connector's trigger.
    Event(Box<EventTrigger>),
    /// The clock.
    Schedule(ScheduleTrigger),
    /// A person.
    Manual(IndexMap<String, InputDocument>),
    /// Another flow.
    Child(IndexMap<String, InputDocument>),
}

impl Flow {
    /// The inputs that a person or another flow gives, with their defaults; `None` for a flow that events start.
    pub fn inputs(&self) -> Option<&IndexMap<String, InputDocument>> {
        match &self.trigger {
            Trigger::Event(_) | Trigger::Schedule(_) => None,
            Trigger::Manual(inputs) | Trigger::Child(inputs) => Some(inputs),
        }
    }

    /// How many runs may be under way at once, where that is limited.
    pub fn at_once(&self) -> Option<usize> {
        match &self.trigger {
            Trigger::Event(event) => event.at_once,
            Trigger::Schedule(schedule) => schedule.at_once,
            Trigger::Manual(_) | Trigger::Child(_) => None,
        }
    }
}

/// A schedule, as a flow uses it.
#[derive(Debug)]
pub struct ScheduleTrigger {
    /// When it fires.
    pub schedule: Schedule,
    /// What becomes of times at which the engine did not run.
    pub missed: MissedDocument,
    /// How many runs may be under way at once.
    pub at_once: Option<usize>,
}

/// A connector's trigger, as a flow uses it.
#[derive(Debug)]
pub struct EventTrigger {
    /// The full name, such as `events.referral`.
    pub name: String,
    /// Whether the flow was written for requests that come in; an environment may poll instead.
    pub webhook: bool,
    /// What the trigger should look for.
    pub with: serde_json::Value,
    /// What the event is about: kind of thing and the values that name it.
    pub key: Vec<(String, Vec<Expression>)>,
    /// Whether waiting events of one key become one run.
    pub merge_latest: bool,
    /// What must hold of an event for a run to begin.
    pub when: Condition,
    /// The list in the event whose items become runs of their own.
    pub split: Option<Expression>,
    /// How many runs may be under way at once.
    pub at_once: Option<usize>,
    /// Whether the event is not shown in the history.
    pub secure: bool,
}
