//! What became of each step of a run, for people.

use serde_json::Value;

use super::event::{Change, StepError, StepPath};
use super::frame::{Ended, Frame};
use super::{Run, State};
use crate::outcome::Outcome;
use crate::plan::Role;

/// What stands for a value that is not to be shown.
pub const HIDDEN: &str = "(not shown: secure)";

/// One line of a run's history.
#[derive(Debug, Clone, PartialEq)]
pub struct StepReport {
    /// The step.
    pub step: StepPath,
    /// What people see.
    pub title: String,
    /// The kind's key in a file.
    pub kind: &'static str,
    /// How it ended; `None` while it has not.
    pub outcome: Option<Outcome>,
    /// Its value; [`HIDDEN`] where it is not to be shown.
    pub value: Value,
    /// Why it failed, without what is not to be shown.
    pub error: Option<StepError>,
    /// What it wrote, field by field.
    pub changes: Vec<Change>,
}

impl Run {
    /// Every step outside of loops, in planned order.
    pub fn steps(&self) -> Vec<StepReport> {
        match &self.state {
            State::New => Vec::new(),
            State::Going(going) => steps(&going.root),
            State::Ended(ended) => steps(&ended.root),
        }
    }
}

fn steps(frame: &Frame) -> Vec<StepReport> {
    let graph = frame.plan.graph();
    let mut reports = Vec::new();
    for node in graph.node_indices() {
        let weight = &graph[node];
        let (Some(step), Role::Whole | Role::Loop(_) | Role::Start) = (&weight.step, &weight.role) else { continue };
        let Some(place) = frame.plan.place(&step.name) else { continue };
        let ending = frame.ending(place.exit);
        let usage = &frame.plan.facts().usage;
        let hidden = usage.secure(&step.name).outputs;
        reports.push(StepReport {
            step: StepPath { loops: Vec::new(), name: step.name.clone() },
            title: step.title.clone().unwrap_or_else(|| step.name.clone()),
            kind: step.kind.name(),
            outcome: ending.map(|ending| ending.outcome),
            value: shown(ending, hidden),
            error: ending.and_then(|ending| ending.error.clone()).map(|error| error.shown(usage)),
            changes: ending.filter(|_| !hidden).map(|ending| ending.changes.clone()).unwrap_or_default(),
        });
    }
    reports
}

fn shown(ending: Option<&Ended>, hidden: bool) -> Value {
    match ending.map(Ended::value) {
        None | Some(Value::Null) => Value::Null,
        Some(_) if hidden => Value::from(HIDDEN),
        Some(value) => value.clone(),
    }
}
