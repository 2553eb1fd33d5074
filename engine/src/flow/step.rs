//! The steps of a flow.

use std::sync::Arc;
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;

use super::data::DataOperation;
use super::retry::Retry;
use super::variable::Assignment;
use crate::connector::Effect;
use crate::expression::{Condition, Expression, ExpressionError};
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
    /// How its calls are tried again.
    pub retry: Retry,
    /// The longest that it may take.
    pub timeout: Option<Duration>,
    /// What of it is not shown.
    pub secure: Secure,
    /// Where it is written, in the flow's file.
    pub at: Route,
}

/// What is not shown in the history, in logs and on the screen.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Secure {
    /// What the step is given.
    pub inputs: bool,
    /// What the step gives.
    pub outputs: bool,
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
    /// Takes the branch of the first case that fits.
    Switch {
        /// What decides.
        value: Expression,
        /// The cases in written order.
        cases: Vec<Case>,
        /// The steps where none fits.
        default: Steps,
    },
    /// Runs its steps for each item of a list.
    ForEach {
        /// The list.
        items: Expression,
        /// How many items are worked on at once.
        at_once: usize,
        /// The steps.
        steps: Steps,
    },
    /// Runs its steps again and again, until a condition holds after a pass.
    Until {
        /// The condition.
        condition: Condition,
        /// The most passes.
        count: Expression,
        /// Whether it fails when its passes or its time are used up.
        fail_at_limit: bool,
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
    Data(DataOperation),
    /// Changes a variable.
    Assign(Assignment),
    /// Waits.
    Wait(Wait),
    /// Answers whoever started the run.
    Respond(Box<Answer>),
    /// Ends the run.
    Terminate {
        /// How the run ends.
        outcome: Outcome,
        /// A code for programs.
        code: Option<Expression>,
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
            StepKind::Switch { .. } => "switch",
            StepKind::ForEach { .. } => "for_each",
            StepKind::Until { .. } => "until",
            StepKind::RunFlow { .. } => "run_flow",
            StepKind::UpdateIfDifferent(_) => "update_if_different",
            StepKind::Data(operation) => operation.name(),
            StepKind::Assign(assignment) => assignment.change.name(),
            StepKind::Wait(_) => "wait",
            StepKind::Respond(_) => "respond",
            StepKind::Terminate { .. } => "terminate",
        }
    }

    /// The steps that it holds, each group with what leads to it: a scope and a loop have one, a condition and a
    /// switch one for each branch.
    pub fn inner(&self) -> Vec<(&str, &Steps)> {
        match self {
            StepKind::Scope(steps) | StepKind::ForEach { steps, .. } | StepKind::Until { steps, .. } => {
                vec![("", steps)]
            }
            StepKind::If { then, otherwise, .. } => vec![("yes", then), ("no", otherwise)],
            StepKind::Switch { cases, default, .. } => {
                let cases = cases.iter().map(|case| (case.name.as_str(), &case.steps));
                cases.chain([("otherwise", default)]).collect()
            }
            _ => Vec::new(),
        }
    }
}

/// A case of a switch.
#[derive(Debug)]
pub struct Case {
    /// Its name.
    pub name: String,
    /// The text or whole number that fits.
    pub is: Value,
    /// The steps.
    pub steps: Steps,
}

/// A wait.
#[derive(Debug)]
pub enum Wait {
    /// For so long.
    For(Expression),
    /// Until then.
    Until(Expression),
}

/// What a run answers.
#[derive(Debug)]
pub struct Answer {
    /// The HTTP status.
    pub status: Option<Expression>,
    /// The headers.
    pub headers: Option<Expression>,
    /// The body.
    pub body: Expression,
}

impl Answer {
    /// The status of an answer, from a number or from a text of one.
    pub fn status_of(value: &Value) -> Result<u16, ExpressionError> {
        let number = value.as_u64().or_else(|| value.as_str()?.trim().parse().ok());
        let status = number.and_then(|number| u16::try_from(number).ok());
        status.filter(|status| matches!(status, 200..=299 | 400..=599)).ok_or_else(|| {
            ExpressionError::new(format!("the status of an answer is 2xx, 4xx or 5xx, and this is {value}"))
        })
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
    /// The record that is updated, as an earlier step has read it.
    pub to: Option<Known>,
    /// Reads the record that is updated.
    pub read: Call,
    /// Writes `$.changes`.
    pub update: Call,
}

/// A record that an earlier step has read. It is of use with its version only: the write must notice a change since.
#[derive(Debug)]
pub struct Known {
    /// The record.
    pub record: Expression,
    /// The field that holds its version.
    pub version: String,
}
