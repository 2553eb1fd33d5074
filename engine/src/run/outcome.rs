//! The rule by which a scope, a branch, a pass of a loop and a run end.
//!
//! The last steps count: those that no sibling waits for. A last step that was skipped is replaced by the
//! steps that it waited for, again and again; one that waited for nobody vanishes. Then one failure fails
//! the container, else one that timed out does, else it succeeded. So a failure that a handler dealt with
//! is a success. It is the rule of Power Automate.

use std::collections::BTreeSet;

use petgraph::graph::NodeIndex;

use crate::outcome::Outcome;
use crate::plan::Member;

/// A container's outcome, from the outcomes of its steps.
pub(super) fn of_container(members: &[Member], outcome: impl Fn(NodeIndex) -> Outcome) -> Outcome {
    let mut open: Vec<NodeIndex> = members.iter().filter(|member| member.is_leaf).map(|member| member.exit).collect();
    let mut seen = BTreeSet::new();
    let mut ended = Vec::new();
    while let Some(node) = open.pop() {
        if !seen.insert(node) {
            continue;
        }
        match outcome(node) {
            Outcome::Skipped => {
                let before = members.iter().find(|member| member.exit == node);
                open.extend(before.into_iter().flat_map(|member| member.after.iter().copied()));
            }
            outcome => ended.push(outcome),
        }
    }
    merged(ended)
}

/// The outcome of several that all count.
pub(super) fn merged(outcomes: impl IntoIterator<Item = Outcome>) -> Outcome {
    outcomes.into_iter().fold(Outcome::Succeeded, |worst, outcome| match (worst, outcome) {
        (_, Outcome::Failed) | (Outcome::Failed, _) => Outcome::Failed,
        (_, Outcome::TimedOut) | (Outcome::TimedOut, _) => Outcome::TimedOut,
        _ => Outcome::Succeeded,
    })
}
