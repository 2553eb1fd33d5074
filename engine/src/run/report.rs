//! What became of each step of a run, for people.

use serde_json::Value;

use super::event::{Change, StepError, StepPath};
use super::frame::Frame;
use super::{Run, State};
use crate::outcome::Outcome;
use crate::plan::Role;

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
    /// Its value.
    pub value: Value,
    /// Why it failed.
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
        reports.push(StepReport {
            step: StepPath { loops: Vec::new(), name: step.name.clone() },
            title: step.title.clone().unwrap_or_else(|| step.name.clone()),
            kind: step.kind.name(),
            outcome: ending.map(|ending| ending.outcome),
            value: ending.map(|ending| ending.value.clone()).unwrap_or_default(),
            error: ending.and_then(|ending| ending.error.clone()),
            changes: ending.map(|ending| ending.changes.clone()).unwrap_or_default(),
        });
    }
    reports
}
