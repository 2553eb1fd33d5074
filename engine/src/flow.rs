//! A flow as meant. What `check` guarantees holds here: names resolve, expressions parse, every operation
//! exists, so nothing after this looks at raw text again.

pub mod inputs;
mod step;

use indexmap::IndexMap;

pub use step::{Call, RunAfter, Step, StepKind, Steps, UpdateIfDifferent};

use crate::document::InputDocument;
use crate::expression::Expression;

/// A flow, checked.
#[derive(Debug)]
pub struct Flow {
    /// Its name, unique in the pack.
    pub name: String,
    /// What people see.
    pub title: String,
    /// What starts a run.
    pub trigger: Trigger,
    /// The steps, in written order.
    pub steps: Steps,
}

/// What starts a run.
#[derive(Debug)]
pub enum Trigger {
    /// A connector's trigger.
    Event(EventTrigger),
    /// A person.
    Manual(IndexMap<String, InputDocument>),
    /// Another flow.
    Child(IndexMap<String, InputDocument>),
}

impl Flow {
    /// The inputs that a person or another flow gives, with their defaults; `None` for a flow that events start.
    pub fn inputs(&self) -> Option<&IndexMap<String, InputDocument>> {
        match &self.trigger {
            Trigger::Event(_) => None,
            Trigger::Manual(inputs) | Trigger::Child(inputs) => Some(inputs),
        }
    }
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
}
