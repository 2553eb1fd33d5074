//! The steps of a flow.

use std::sync::Arc;

use indexmap::IndexMap;

use crate::connector::Effect;
use crate::expression::{Condition, Expression};
use crate::mapping::Directed;
use crate::outcome::{Outcome, Outcomes};
use crate::source::Route;

/// Steps by name, in written order.
pub type Steps = IndexMap<String, Arc<Step>>;

/// One step.
#[derive(Debug)]
pub struct Step {
    /// Its name, unique in the flow.
    pub name: String,
    /// What people see, where it says something else than the name.
    pub title: Option<String>,
    /// The siblings that it waits for.
    pub after: Vec<RunAfter>,
    /// What it does.
    pub kind: StepKind,
    /// Where it is written, in the flow's file.
    pub at: Route,
}

/// A sibling that a step waits for.
#[derive(Debug, Clone)]
pub struct RunAfter {
    /// The sibling's name.
    pub step: String,
    /// The outcomes with which the step runs; with another it is skipped.
    pub outcomes: Outcomes,
}

/// What a step does.
#[derive(Debug)]
pub enum StepKind {
    /// Calls an operation.
    Call(Call),
    /// Holds steps that succeed or fail together.
    Scope(Steps),
    /// Takes one of two branches.
    If {
        /// What decides.
        condition: Condition,
        /// The steps where it holds.
        then: Steps,
        /// The steps where it does not.
        otherwise: Steps,
    },
    /// Runs its steps for each item of a list, one after the other.
    ForEach {
        /// The list.
        items: Expression,
        /// The steps.
        steps: Steps,
    },
    /// Runs a flow with the trigger `child` and waits for its response.
    RunFlow {
        /// The flow.
        flow: String,
        /// Its inputs.
        with: Expression,
    },
    /// Brings a record in step with another one.
    UpdateIfDifferent(Box<UpdateIfDifferent>),
    /// Makes a value.
    Compose(Expression),
    /// Answers whoever started the run.
    Respond(Expression),
    /// Ends the run.
    Terminate {
        /// How the run ends.
        outcome: Outcome,
        /// A code for programs.
        code: Option<String>,
        /// A text for people.
        message: Option<Expression>,
    },
}

impl StepKind {
    /// The kind's key in a file.
    pub fn name(&self) -> &'static str {
        match self {
            StepKind::Call(_) => "call",
            StepKind::Scope(_) => "scope",
            StepKind::If { .. } => "if",
            StepKind::ForEach { .. } => "for_each",
            StepKind::RunFlow { .. } => "run_flow",
            StepKind::UpdateIfDifferent(_) => "update_if_different",
            StepKind::Compose(_) => "compose",
            StepKind::Respond(_) => "respond",
            StepKind::Terminate { .. } => "terminate",
        }
    }
}

/// A call of an operation.
#[derive(Debug)]
pub struct Call {
    /// The full name, such as `dataverse.get_row`.
    pub operation: String,
    /// Whether it changes the service.
    pub effect: Effect,
    /// The input.
    pub with: Expression,
}

/// A record that is brought in step with another one.
#[derive(Debug)]
pub struct UpdateIfDifferent {
    /// The mapping, towards the record that is updated.
    pub mapping: Directed,
    /// The record that leads.
    pub from: Expression,
    /// Reads the record that is updated.
    pub read: Call,
    /// Writes `$.changes`.
    pub update: Call,
}
