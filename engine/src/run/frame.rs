//! The states of the nodes of one plan, and what follows when one of them ends.

use std::collections::BTreeSet;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::graph::NodeIndex;
use petgraph::visit::EdgeRef;
use serde_json::Value;

use super::event::{Ending, Event, Part, StepError};
use super::outcome;
use super::update::Update;
use crate::flow::StepKind;
use crate::outcome::Outcome;
use crate::plan::{Edge, Plan, Role};

/// A plan being run: the flow's own, or one pass of a loop's body.
#[derive(Debug)]
pub(super) struct Frame {
    pub(super) plan: Arc<Plan>,
    nodes: Vec<State>,
    /// Nodes that are ready or at work.
    active: BTreeSet<NodeIndex>,
    /// The loop that this is a pass of.
    pub(super) pass: Option<Pass>,
}

/// A pass of a loop.
#[derive(Debug)]
pub(super) struct Pass {
    pub(super) of: String,
    pub(super) number: usize,
    pub(super) item: Value,
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
    /// It has ended.
    Ended(Box<Ending>),
}

/// A call under way.
#[derive(Debug)]
pub(super) struct Calling {
    pub(super) part: Part,
    pub(super) input: Value,
}

/// A loop under way.
#[derive(Debug)]
pub(super) struct Looping {
    items: std::vec::IntoIter<Value>,
    pub(super) frame: Frame,
    outcomes: Vec<Outcome>,
    error: Option<StepError>,
}

impl Frame {
    /// A plan at its start.
    pub(super) fn new(plan: &Arc<Plan>) -> Frame {
        Frame::pass(plan, None)
    }

    fn pass(plan: &Arc<Plan>, pass: Option<Pass>) -> Frame {
        let graph = plan.graph();
        let nodes = graph
            .node_indices()
            .map(|node| State::Waiting(graph.edges_directed(node, Direction::Incoming).count()))
            .collect();
        let mut frame = Frame { plan: Arc::clone(plan), nodes, active: BTreeSet::new(), pass };
        frame.end(plan.start(), Ending::plain(Outcome::Succeeded));
        frame
    }

    /// The nodes that are ready or at work, with their states.
    pub(super) fn active(&self) -> impl Iterator<Item = (NodeIndex, &State)> {
        self.active.iter().map(|node| (*node, &self.nodes[node.index()]))
    }

    /// How a node ended, if it has.
    pub(super) fn ending(&self, node: NodeIndex) -> Option<&Ending> {
        match &self.nodes[node.index()] {
            State::Ended(ending) => Some(ending),
            _ => None,
        }
    }

    /// How the whole frame ended, if it has.
    pub(super) fn ended(&self) -> Option<&Ending> {
        self.ending(self.plan.end())
    }

    /// Takes an event of a step in this frame, or in a pass of a loop in it.
    pub(super) fn apply(&mut self, event: &Event, depth: usize) -> Result<(), String> {
        let path = event.step().ok_or("the event belongs to no step")?;
        match path.loops.get(depth) {
            Some((name, number)) => {
                let node = self.plan.place(name).ok_or_else(|| format!("there is no loop `{name}`"))?.entry;
                let State::Looping(looping) = &mut self.nodes[node.index()] else {
                    return Err(format!("the loop `{name}` is not under way"));
                };
                if looping.frame.pass.as_ref().map(|pass| pass.number) != Some(*number) {
                    return Err(format!("pass {number} of the loop `{name}` is not under way"));
                }
                looping.frame.apply(event, depth + 1)?;
                self.go_on_looping(node);
                Ok(())
            }
            None => {
                let place = self.plan.place(&path.name).ok_or_else(|| format!("there is no step `{}`", path.name))?;
                self.apply_here(event, place.entry)
            }
        }
    }

    fn apply_here(&mut self, event: &Event, node: NodeIndex) -> Result<(), String> {
        let state = &mut self.nodes[node.index()];
        match (event, state) {
            (Event::ConditionDecided { holds, .. }, State::Ready) => {
                self.end(node, Ending::succeeded(Value::Bool(*holds)));
            }
            (Event::LoopStarted { items, .. }, State::Ready) => self.start_loop(node, items.clone()),
            (Event::Responded { value, .. }, State::Ready) => {
                self.end(node, Ending::succeeded(value.clone()));
            }
            (Event::CallStarted { part: Part::Call, input, .. }, state @ State::Ready) => {
                *state = State::Calling(Calling { part: Part::Call, input: input.clone() });
            }
            (Event::CallFinished { part: Part::Call, result, attempts, .. }, State::Calling(_)) => {
                let ending = match result {
                    Ok(value) => Ending::succeeded(value.clone()),
                    Err(error) => Ending::failed(StepError::call(self.name(node), error, *attempts)),
                };
                self.end(node, ending);
            }
            (Event::CallStarted { part: Part::Read(1), .. }, state @ State::Ready) => {
                let mut update = Update::default();
                update.apply(event)?;
                *state = State::Updating(update);
            }
            (Event::CallStarted { .. } | Event::CallFinished { .. }, State::Updating(update)) => update.apply(event)?,
            (Event::StepFinished { ending, .. }, State::Ready | State::Updating(_)) => {
                self.end_step(node, ending.clone());
            }
            (event, state) => return Err(format!("`{event:?}` does not fit a step that is {}", state.word())),
        }
        Ok(())
    }

    /// Ends everything that has not ended: what is at work is cancelled, the rest skipped.
    pub(super) fn cancel(&mut self) {
        for node in &mut self.nodes {
            let outcome = match node {
                State::Ended(_) => continue,
                State::Calling(_) | State::Updating(_) => Outcome::Cancelled,
                State::Looping(looping) => {
                    looping.frame.cancel();
                    Outcome::Cancelled
                }
                State::Waiting(_) | State::Ready => Outcome::Skipped,
            };
            *node = State::Ended(Box::new(Ending::plain(outcome)));
        }
        self.active.clear();
    }

    /// A step that ends without its container's usual way: where it holds steps, they are skipped.
    fn end_step(&mut self, node: NodeIndex, ending: Ending) {
        let place = self.plan.place(self.name(node)).filter(|place| place.exit != node);
        let Some(place) = place else { return self.end(node, ending) };
        self.nodes[place.exit.index()] = State::Ended(Box::new(ending));
        self.end(node, Ending::plain(Outcome::Skipped));
        self.release(place.exit);
    }

    fn start_loop(&mut self, node: NodeIndex, items: Vec<Value>) {
        let mut items = items.into_iter();
        let Some(first) = items.next() else {
            return self.end(node, Ending::plain(Outcome::Succeeded));
        };
        if let Some(frame) = self.next_pass(node, first, 0) {
            self.nodes[node.index()] =
                State::Looping(Box::new(Looping { items, frame, outcomes: Vec::new(), error: None }));
            self.go_on_looping(node);
        }
    }

    fn next_pass(&self, node: NodeIndex, item: Value, number: usize) -> Option<Frame> {
        let Role::Loop(body) = &self.plan.graph()[node].role else { return None };
        let pass = Pass { of: self.name(node).to_owned(), number, item };
        Some(Frame::pass(body, Some(pass)))
    }

    /// Starts the next pass when one has ended, or ends the loop.
    fn go_on_looping(&mut self, node: NodeIndex) {
        loop {
            let State::Looping(looping) = &mut self.nodes[node.index()] else { return };
            let Some(ending) = looping.frame.ended() else { return };
            looping.outcomes.push(ending.outcome);
            looping.error = looping.error.take().or_else(|| ending.error.clone());
            let Some(item) = looping.items.next() else {
                let outcome = outcome::merged(looping.outcomes.iter().copied());
                let error = looping.error.take().filter(|_| outcome != Outcome::Succeeded);
                return self.end(node, Ending { error, ..Ending::plain(outcome) });
            };
            let number = looping.outcomes.len();
            let Some(frame) = self.next_pass(node, item, number) else { return };
            if let State::Looping(looping) = &mut self.nodes[node.index()] {
                looping.frame = frame;
            }
        }
    }

    /// Ends a node, and settles what follows from it.
    fn end(&mut self, node: NodeIndex, ending: Ending) {
        self.nodes[node.index()] = State::Ended(Box::new(ending));
        self.release(node);
    }

    /// Lets everything that waited for a node know that it has ended. Skipping, starts and ends of
    /// containers follow at once; what needs a decision becomes ready.
    fn release(&mut self, node: NodeIndex) {
        self.active.remove(&node);
        let plan = Arc::clone(&self.plan);
        let mut ended = vec![node];
        while let Some(node) = ended.pop() {
            for follower in plan.graph().neighbors_directed(node, Direction::Outgoing) {
                let State::Waiting(waits) = &mut self.nodes[follower.index()] else { continue };
                *waits -= 1;
                if *waits > 0 {
                    continue;
                }
                match self.follows(&plan, follower) {
                    Some(ending) => {
                        self.nodes[follower.index()] = State::Ended(Box::new(ending));
                        ended.push(follower);
                    }
                    None => {
                        self.nodes[follower.index()] = State::Ready;
                        self.active.insert(follower);
                    }
                }
            }
        }
    }

    /// How a node whose turn it is ends at once, or `None` where somebody must decide or do something.
    fn follows(&self, plan: &Plan, node: NodeIndex) -> Option<Ending> {
        let weight = &plan.graph()[node];
        if let Role::End { start, members } = &weight.role {
            return Some(self.end_of_container(*start, members));
        }
        if !self.may_start(plan, node) {
            return Some(Ending::plain(Outcome::Skipped));
        }
        match (&weight.role, weight.step.as_deref().map(|step| &step.kind)) {
            (Role::Branch(_), _) | (Role::Start, Some(StepKind::Scope(_))) => Some(Ending::plain(Outcome::Succeeded)),
            _ => None,
        }
    }

    fn end_of_container(&self, start: NodeIndex, members: &[crate::plan::Member]) -> Ending {
        if self.outcome(start) == Outcome::Skipped {
            return Ending::plain(Outcome::Skipped);
        }
        let outcome = outcome::of_container(members, |node| self.outcome(node));
        let error = if outcome == Outcome::Succeeded { None } else { self.first_error(members) };
        Ending { error, ..Ending::plain(outcome) }
    }

    /// The error of the first step, in written order, that failed: the same whatever ended first.
    fn first_error(&self, members: &[crate::plan::Member]) -> Option<StepError> {
        members.iter().find_map(|member| self.ending(member.exit)?.error.clone())
    }

    /// Whether the container has started and every sibling that is waited for ended as it should.
    fn may_start(&self, plan: &Plan, node: NodeIndex) -> bool {
        plan.graph().edges_directed(node, Direction::Incoming).all(|edge| match edge.weight() {
            Edge::Within => match (&plan.graph()[node].role, self.ending(edge.source())) {
                (Role::Branch(taken_when), Some(start)) => start.value == Value::Bool(*taken_when),
                (_, start) => start.is_some_and(|start| start.outcome == Outcome::Succeeded),
            },
            Edge::After(outcomes) => outcomes.contains(self.outcome(edge.source())),
            Edge::Last => true,
        })
    }

    fn outcome(&self, node: NodeIndex) -> Outcome {
        self.ending(node).map_or(Outcome::Skipped, |ending| ending.outcome)
    }

    fn name(&self, node: NodeIndex) -> &str {
        self.plan.graph()[node].step.as_ref().map_or("", |step| step.name.as_str())
    }

    /// The frame of the pass that a loop is in.
    pub(super) fn loop_frame(&self, node: NodeIndex) -> Option<&Frame> {
        match &self.nodes[node.index()] {
            State::Looping(looping) => Some(&looping.frame),
            _ => None,
        }
    }
}

impl State {
    fn word(&self) -> &'static str {
        match self {
            State::Waiting(_) => "waiting",
            State::Ready => "ready",
            State::Calling(_) | State::Updating(_) | State::Looping(_) => "at work",
            State::Ended(_) => "over",
        }
    }
}
