//! The steps at which a run is: those whose turn it is, and those that call.

use super::frame::{Frame, State as NodeState};
use super::{Run, State};

impl Run {
    /// The names of the steps at work, from the first; containers and those that wait for a time do not count.
    pub(super) fn at_work(&self) -> Vec<String> {
        let State::Going(going) = &self.state else { return Vec::new() };
        let (mut open, mut names) = (vec![&going.root], Vec::new());
        while let Some(frame) = open.pop() {
            names.extend(names_in(frame));
            for (_, state) in frame.active() {
                if let NodeState::Looping(looping) = state {
                    open.extend(looping.passes());
                }
            }
        }
        names
    }
}

fn names_in(frame: &Frame) -> impl Iterator<Item = String> {
    let is_at_work = |state: &NodeState| match state {
        NodeState::Ready | NodeState::Calling(_) | NodeState::Updating(_) => true,
        NodeState::Looping(looping) => looping.to_check().is_some(),
        _ => false,
    };
    let at_work = frame.active().filter(move |(_, state)| is_at_work(state));
    at_work.filter_map(|(node, _)| frame.plan.graph()[node].step.as_ref().map(|step| step.name.clone()))
}
