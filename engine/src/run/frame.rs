//! The states of the nodes of one plan, and what follows when one of them ends.
//!
//! `calling` is a call under way; `ended` is what is kept of a node that has ended; `looping` are the passes of a loop,
//! each a frame of its own.

mod calling;
mod ended;
mod looping;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use serde_json::json;

use super::event::{Ending, Event, Part, StepError, StepPath};
use super::outcome;
use super::update::Update;
use crate::flow::data::DataOperation;
use crate::flow::{Step, StepKind, duration};
use crate::outcome::Outcome;
use crate::plan::{Edge, Member, Place, Plan, Role};

pub(super) use calling::Calling;
pub(super) use ended::Ended;
pub(super) use looping::{Looping, Pass};

/// A plan being run: the flow's own, or one pass of a loop's body.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) plan: Arc<Plan>,
    nodes: Vec<Slot>,
    /// Nodes that are ready or at work.
    active: BTreeSet<NodeIndex>,
    /// Steps that may take so long only, by their entry.
    deadlines: Vec<(Timestamp, NodeIndex)>,
    /// The pass of a loop that this is.
    pub(super) pass: Option<Pass>,
}

/// A node: its state, and since when it has been its turn.
#[derive(Debug)]
struct Slot {
    state: State,
    since: Timestamp,
}

/// The state of a node.
#[derive(Debug)]
pub(super) enum State {
    /// So many of the nodes that it waits for have not ended.
    Waiting(usize),
    /// It is its turn.
    Ready,
    /// It is calling.
    Calling(Calling),
    /// It is comparing and updating.
    Updating(Update),
    /// It is looping.
    Looping(Box<Looping>),
    /// It waits for a time.
    Sleeping(Timestamp),
    /// It has ended.
    Ended(Box<Ended>),
}

impl Frame {
    /// A plan at its start.
    pub(super) fn new(plan: &Arc<Plan>, pass: Option<Pass>, at: Timestamp) -> Frame {
        let graph = plan.graph();
        let waiting = |node| State::Waiting(graph.edges_directed(node, Direction::Incoming).count());
        let nodes = graph.node_indices().map(|node| Slot { state: waiting(node), since: at }).collect();
        let (active, deadlines) = (BTreeSet::new(), Vec::new());
        let mut frame = Frame { plan: Arc::clone(plan), nodes, active, deadlines, pass };
        frame.end(plan.start(), Ended::plain(Outcome::Succeeded, at));
        frame
    }

    /// The nodes that are ready or at work, with their states.
    pub(super) fn active(&self) -> impl Iterator<Item = (NodeIndex, &State)> {
        self.active.iter().map(|node| (*node, self.state(*node)))
    }

    pub(super) fn state(&self, node: NodeIndex) -> &State {
        &self.nodes[node.index()].state
    }

    /// Since when it has been a node's turn.
    pub(super) fn since(&self, node: NodeIndex) -> Timestamp {
        self.nodes[node.index()].since
    }

    /// What is kept of a node that has ended.
    pub(super) fn ending(&self, node: NodeIndex) -> Option<&Ended> {
        match self.state(node) {
            State::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// How the whole frame ended, if it has.
    pub(super) fn ended(&self) -> Option<&Ended> {
        self.ending(self.plan.end())
    }

    /// The steps under way that may take so long only, each with its deadline.
    pub(super) fn deadlines(&self) -> impl Iterator<Item = (Timestamp, &Step)> {
        self.deadlines.iter().filter_map(|(deadline, entry)| {
            let step = self.step(*entry)?;
            let exit = self.plan.place(&step.name)?.exit;
            self.ending(exit).is_none().then_some((*deadline, step))
        })
    }

    /// When the time of a step is used up.
    pub(super) fn deadline(&self, entry: NodeIndex) -> Option<Timestamp> {
        self.deadlines.iter().find(|(_, node)| *node == entry).map(|(deadline, _)| *deadline)
    }

    /// The frames from this one to that of a step, and the step's entry there.
    pub(super) fn find<'f>(&'f self, path: &StepPath, frames: &mut Vec<&'f Frame>) -> Option<NodeIndex> {
        frames.push(self);
        let mut frame = self;
        for (name, number) in &path.loops {
            let State::Looping(looping) = frame.state(frame.plan.place(name)?.entry) else { return None };
            frame = looping.pass(*number)?;
            frames.push(frame);
        }
        frame.plan.place(&path.name).map(|place| place.entry)
    }

    /// Takes an event of a step in this frame, or in a pass of a loop in it.
    pub(super) fn apply(&mut self, event: &Event, depth: usize) -> Result<(), String> {
        let path = event.step().ok_or("the event belongs to no step")?;
        let Some((name, number)) = path.loops.get(depth) else {
            let place = self.plan.place(&path.name).ok_or_else(|| format!("there is no step `{}`", path.name))?;
            return self.apply_here(event, place);
        };
        let node = self.plan.place(name).ok_or_else(|| format!("there is no loop `{name}`"))?.entry;
        let State::Looping(looping) = &mut self.nodes[node.index()].state else {
            return Err(format!("the loop `{name}` is not under way"));
        };
        let pass = looping.pass_mut(*number);
        let pass = pass.ok_or_else(|| format!("pass {number} of the loop `{name}` is not under way"))?;
        pass.apply(event, depth + 1)?;
        self.go_on_looping(node, event.at());
        Ok(())
    }

    fn apply_here(&mut self, event: &Event, place: Place) -> Result<(), String> {
        let node = place.entry;
        let is_over = self.ending(place.exit).is_some();
        let state = &mut self.nodes[node.index()].state;
        match (event, state) {
            (Event::BranchTaken { branch, value, at, .. }, State::Ready) => {
                self.end(node, Ended::branch(*branch, value.clone(), *at));
            }
            (Event::LoopStarted { items, at, .. }, State::Ready) => {
                self.start_loop(node, Looping::over(items.clone()), *at);
            }
            (Event::UntilStarted { count, at, .. }, State::Ready) => {
                self.start_loop(node, Looping::until(*count), *at);
            }
            (Event::PassChecked { verdict, at, .. }, State::Looping(looping)) => {
                looping.checked(*verdict)?;
                self.go_on_looping(node, *at);
            }
            (Event::WaitStarted { until, .. }, state @ State::Ready) => *state = State::Sleeping(*until),
            (
                Event::VariableSet { variable, value, at, .. } | Event::VariableAppended { variable, value, at, .. },
                State::Ready,
            ) => {
                let value = json!({"name": variable, "value": value});
                self.end(node, Ended::answer(value.into(), Arc::default(), *at));
            }
            (Event::Responded { answer, at, .. }, State::Ready) => {
                self.end(node, Ended::answer(answer.clone(), Arc::default(), *at));
            }
            (Event::CallStarted { part: Part::Call, input, .. }, state @ State::Ready) => {
                *state = State::Calling(Calling::new(Part::Call, input));
            }
            (Event::CallDelayed { .. } | Event::CallRepeated { .. }, State::Calling(calling)) => {
                calling.apply(event)?;
            }
            (Event::CallFinished { part: Part::Call, result, attempts, at, .. }, State::Calling(calling)) => {
                let input = Arc::clone(&calling.input);
                let ended = match result {
                    Ok(answer) => Ended::answer(answer.clone(), input, *at),
                    Err(error) => Ended::failed_call(self.name(node), error, *attempts, input, *at),
                };
                self.end(node, ended);
            }
            (Event::CallStarted { part: Part::Read(1) | Part::Update(1), .. }, state @ State::Ready) => {
                let mut update = Update::default();
                update.apply(event)?;
                *state = State::Updating(update);
            }
            (
                Event::CallStarted { .. }
                | Event::CallDelayed { .. }
                | Event::CallRepeated { .. }
                | Event::CallFinished { .. },
                State::Updating(update),
            ) => update.apply(event)?,
            (Event::StepFinished { ending, at, .. }, state) if !is_over && !matches!(state, State::Waiting(_)) => {
                self.finish(place, ending.clone(), *at);
            }
            (event, state) => return Err(format!("`{event:?}` does not fit a step that is {}", state.word())),
        }
        Ok(())
    }

    /// Gives the steps under way that may take so long only their whole time again, from now on.
    pub(super) fn begin_deadlines_again(&mut self, at: Timestamp) {
        let graph = self.plan.graph();
        for (deadline, entry) in &mut self.deadlines {
            let longest = graph[*entry].step.as_ref().and_then(|step| step.timeout);
            *deadline = longest.map_or(*deadline, |longest| after(at, longest));
        }
        for slot in &mut self.nodes {
            if let State::Looping(looping) = &mut slot.state {
                looping.passes_mut().for_each(|pass| pass.begin_deadlines_again(at));
            }
        }
    }

    /// Ends everything that has not ended: what is at work is cancelled, the rest skipped.
    pub(super) fn cancel(&mut self, at: Timestamp) {
        for index in 0..self.nodes.len() {
            self.stop(NodeIndex::new(index), at);
        }
    }

    /// A step that ends by itself, or out of its turn since its time is used up: what it holds is cancelled.
    fn finish(&mut self, place: Place, ending: Ending, at: Timestamp) {
        if place.exit != place.entry {
            self.cut(place.exit, at);
        }
        let kind = self.step(place.entry).map(|step| &step.kind);
        let bare = matches!(kind, Some(StepKind::Data(DataOperation::Compose(_))));
        let records = self.cut_loop(place.entry, at);
        self.end(place.exit, Ended { records, ..Ended::by(ending, bare, at) });
    }

    /// Stops everything between the two ends of a container.
    fn cut(&mut self, exit: NodeIndex, at: Timestamp) {
        let plan = Arc::clone(&self.plan);
        if let Role::End { start, members } = &plan.graph()[exit].role {
            for member in members {
                self.cut(member.exit, at);
                self.stop(member.exit, at);
            }
            self.stop(*start, at);
        }
    }

    fn stop(&mut self, node: NodeIndex, at: Timestamp) {
        let outcome = match self.state(node) {
            State::Ended(_) => return,
            State::Calling(_) | State::Updating(_) | State::Sleeping(_) | State::Looping(_) => Outcome::Cancelled,
            State::Waiting(_) if self.has_begun(node) => Outcome::Cancelled,
            State::Waiting(_) | State::Ready => Outcome::Skipped,
        };
        let records = self.cut_loop(node, at);
        self.nodes[node.index()].state = State::Ended(Box::new(Ended { records, ..Ended::plain(outcome, at) }));
        self.active.remove(&node);
    }

    /// Whether a node is the end of a container that has begun.
    fn has_begun(&self, node: NodeIndex) -> bool {
        match &self.plan.graph()[node].role {
            Role::End { start, .. } => self.outcome(*start) == Outcome::Succeeded,
            _ => false,
        }
    }

    /// Ends a node, and settles what follows from it: everything that waited for it hears that it has ended.
    /// Skipping, starts and ends of containers follow at once; what needs a decision becomes ready.
    fn end(&mut self, node: NodeIndex, ended: Ended) {
        let at = ended.at;
        self.nodes[node.index()].state = State::Ended(Box::new(ended));
        self.active.remove(&node);
        let plan = Arc::clone(&self.plan);
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            for follower in plan.graph().neighbors_directed(node, Direction::Outgoing) {
                let State::Waiting(waits) = &mut self.nodes[follower.index()].state else { continue };
                *waits -= 1;
                if *waits > 0 {
                    continue;
                }
                self.nodes[follower.index()].since = at;
                let state = match self.follows(&plan, follower, at) {
                    Some(ended) => {
                        open.push(follower);
                        State::Ended(Box::new(ended))
                    }
                    None => {
                        self.active.insert(follower);
                        State::Ready
                    }
                };
                self.nodes[follower.index()].state = state;
            }
        }
    }

    /// How a node whose turn it is ends at once, or `None` where somebody must decide or do something.
    fn follows(&mut self, plan: &Plan, node: NodeIndex, at: Timestamp) -> Option<Ended> {
        let weight = &plan.graph()[node];
        if let Role::End { start, members } = &weight.role {
            return Some(self.end_of_container(*start, members, at));
        }
        if !self.may_start(plan, node) {
            return Some(Ended::plain(Outcome::Skipped, at));
        }
        if let (Some(step), Role::Start | Role::Whole | Role::Loop(_)) = (&weight.step, &weight.role)
            && let Some(longest) = step.timeout
        {
            self.deadlines.push((after(at, longest), node));
        }
        match (&weight.role, weight.step.as_deref().map(|step| &step.kind)) {
            (Role::Branch(_), _) | (Role::Start, Some(StepKind::Scope(_))) => {
                Some(Ended::plain(Outcome::Succeeded, at))
            }
            _ => None,
        }
    }

    fn end_of_container(&self, start: NodeIndex, members: &[Member], at: Timestamp) -> Ended {
        if self.outcome(start) == Outcome::Skipped {
            return Ended::plain(Outcome::Skipped, at);
        }
        let outcome = outcome::of_container(members, |node| self.outcome(node));
        let error = if outcome == Outcome::Succeeded { None } else { self.first_error(members) };
        Ended { error, ..Ended::plain(outcome, at) }
    }

    /// The error of the first step, in written order, that failed: the same whatever ended first.
    fn first_error(&self, members: &[Member]) -> Option<StepError> {
        members.iter().find_map(|member| self.ending(member.exit)?.error.clone())
    }

    /// Whether the container has started and every sibling that is waited for ended as it should.
    fn may_start(&self, plan: &Plan, node: NodeIndex) -> bool {
        plan.graph().edges_directed(node, Direction::Incoming).all(|edge| match edge.weight() {
            Edge::Within => match (&plan.graph()[node].role, self.ending(edge.source())) {
                (Role::Branch(number), Some(start)) => start.branch == Some(*number),
                (_, start) => start.is_some_and(|start| start.outcome == Outcome::Succeeded),
            },
            Edge::After(outcomes) => outcomes.contains(self.outcome(edge.source())),
            Edge::Last => true,
        })
    }

    fn outcome(&self, node: NodeIndex) -> Outcome {
        self.ending(node).map_or(Outcome::Skipped, |ending| ending.outcome)
    }

    fn step(&self, node: NodeIndex) -> Option<&Step> {
        self.plan.graph()[node].step.as_deref()
    }

    fn name(&self, node: NodeIndex) -> &str {
        self.step(node).map_or("", |step| step.name.as_str())
    }
}

fn after(at: Timestamp, longest: Duration) -> Timestamp {
    at.checked_add(duration::signed(longest)).unwrap_or(Timestamp::MAX)
}

impl State {
    fn word(&self) -> &'static str {
        match self {
            State::Waiting(_) => "waiting",
            State::Ready => "ready",
            State::Calling(_) | State::Updating(_) | State::Looping(_) | State::Sleeping(_) => "at work",
            State::Ended(_) => "over",
        }
    }
}
