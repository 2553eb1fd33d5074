//! What is to be performed for a run: the calls whose start is recorded and whose result is not.

use std::sync::Arc;

use jiff::Timestamp;
use petgraph::graph::NodeIndex;
use serde_json::Value;

use super::event::{Part, StepPath};
use super::frame::{Calling, Frame, State as NodeState};
use super::{Run, State};
use crate::connector::{CallError, CallKey, Effect};
use crate::flow::{self, Retry, StepKind};

/// A call under way.
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The step that calls.
    pub step: StepPath,
    /// What the step does with the call.
    pub part: Part,
    /// The same for every attempt, also after a restart. It names the run of a child flow.
    pub key: CallKey,
    /// What is called.
    pub work: Work,
    /// The input.
    pub input: Arc<Value>,
    /// How often it was tried, as far as that counts.
    pub attempts: u32,
    /// Why it has no result, and until when it waits; nothing while an attempt may be under way.
    pub delay: Option<Arc<Delay>>,
    /// Whether it may have been made already.
    pub doubt: Doubt,
}

/// Why a call has no result yet.
#[derive(Debug, Clone, PartialEq)]
pub struct Delay {
    /// What became of the last attempt.
    pub error: CallError,
    /// When it is tried again.
    pub until: Timestamp,
}

/// Whether a call may have been made already.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Doubt {
    /// It was not, as far as this run knows.
    #[default]
    None,
    /// Nobody knows.
    Open,
    /// Nobody knows; whoever resumed the run was told so.
    Accepted,
}

/// What is called.
#[derive(Debug, Clone, PartialEq)]
pub enum Work {
    /// An operation of a connector.
    Operation {
        /// Its full name.
        name: String,
        /// Whether it changes the service.
        effect: Effect,
        /// How it is tried again.
        retry: Retry,
    },
    /// A child flow; its response is the result.
    Flow(String),
}

impl Run {
    /// Every call under way; what a run that was taken up again begins with.
    pub fn calls(&self) -> Vec<Call> {
        let State::Going(going) = &self.state else { return Vec::new() };
        let mut calls = Vec::new();
        self.calls_in(&mut vec![&going.root], &mut calls);
        calls
    }

    /// The call that a step has under way.
    pub fn call(&self, step: &StepPath) -> Option<Call> {
        let State::Going(going) = &self.state else { return None };
        let mut frames = Vec::new();
        let node = going.root.find(step, &mut frames)?;
        self.call_of(&frames, node)
    }

    /// Whether a step still waits for the result of such a call.
    pub fn awaits(&self, step: &StepPath, part: Part) -> bool {
        let State::Going(going) = &self.state else { return false };
        let mut frames = Vec::new();
        let calling = going.root.find(step, &mut frames).and_then(|node| calling(frames.last()?.state(node)));
        calling.is_some_and(|calling| calling.part == part)
    }

    fn calls_in<'a>(&'a self, frames: &mut Vec<&'a Frame>, calls: &mut Vec<Call>) {
        let Some(frame) = frames.last().copied() else { return };
        for (node, state) in frame.active() {
            if let NodeState::Looping(looping) = state {
                for pass in looping.passes() {
                    frames.push(pass);
                    self.calls_in(frames, calls);
                    frames.pop();
                }
            } else {
                calls.extend(self.call_of(frames, node));
            }
        }
    }

    fn call_of(&self, frames: &[&Frame], node: NodeIndex) -> Option<Call> {
        let frame = frames.last()?;
        let calling = calling(frame.state(node))?;
        let step = frame.plan.graph()[node].step.as_deref()?;
        let operation = |call: &flow::Call| Work::Operation {
            name: call.operation.clone(),
            effect: call.effect,
            retry: step.retry,
        };
        let work = match (&step.kind, calling.part) {
            (StepKind::Call(call), _) => operation(call),
            (StepKind::UpdateIfDifferent(update), Part::Read(_)) => operation(&update.read),
            (StepKind::UpdateIfDifferent(update), _) => operation(&update.update),
            (StepKind::RunFlow { flow, .. }, _) => Work::Flow(flow.clone()),
            _ => return None,
        };
        let passes = frames.iter().filter_map(|frame| frame.pass.as_ref());
        let loops = passes.map(|pass| (pass.of.clone(), pass.number)).collect();
        let step = StepPath { loops, name: step.name.clone() };
        let key = CallKey::new(&self.id, &step, calling.part);
        let part = calling.part;
        let doubt = if calling.is_in_doubt { Doubt::Open } else { self.doubts.of(&step, part) };
        let (input, delay) = (Arc::clone(&calling.input), calling.delay.clone());
        Some(Call { step, part, key, work, input, attempts: calling.attempts, delay, doubt })
    }
}

fn calling(state: &NodeState) -> Option<&Calling> {
    match state {
        NodeState::Calling(calling) => Some(calling),
        NodeState::Updating(update) => update.calling(),
        _ => None,
    }
}
