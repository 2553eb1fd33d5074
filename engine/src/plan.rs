//! The order in which a flow's steps run: a DAG.
//!
//! A scope becomes a start node and an end node with its steps between them; a condition is a start, two
//! branches that are planned as scopes, and an end; a loop is one node whose body is a plan of its own, run
//! once for each item. Edges say what a node waits for. [`draw`] prints a flow for people.

mod build;
pub mod draw;

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef;
use serde_json::Value;

use crate::flow::{Step, Usage};
use crate::outcome::Outcomes;

/// A planned flow, or a planned body of a loop.
#[derive(Debug)]
pub struct Plan {
    graph: DiGraph<Node, Edge>,
    start: NodeIndex,
    end: NodeIndex,
    /// Steps by their name in lower case.
    places: HashMap<String, Place>,
    facts: Arc<Facts>,
}

/// What a plan says of its flow as a whole; the plans of its loops share it.
#[derive(Debug)]
pub struct Facts {
    /// The flow's name.
    pub flow: String,
    /// What people see.
    pub title: String,
    /// The values with which the variables begin, an object.
    pub variables: Value,
    /// What is asked for and what is hidden.
    pub usage: Usage,
}

/// A loop.
#[derive(Debug)]
pub struct Loop {
    /// The plan of its body.
    pub body: Arc<Plan>,
    /// How many passes may be under way at once.
    pub at_once: usize,
    /// Whether the records of its passes are asked for.
    pub collects: bool,
}

/// A node of the graph.
#[derive(Debug)]
pub struct Node {
    /// The step that the node belongs to; none for the start and the end of the plan itself.
    pub step: Option<Arc<Step>>,
    /// What the node is of that step.
    pub role: Role,
}

/// What a node is of its step.
#[derive(Debug)]
pub enum Role {
    /// The whole step.
    Whole,
    /// The whole loop.
    Loop(Loop),
    /// The start of a scope, a condition or the plan.
    Start,
    /// The start of a branch, by its number among the step's: a condition's first is the one taken when it holds,
    /// a switch's last is the one where no case fits.
    Branch(usize),
    /// The end of a scope, a branch, a condition or the plan.
    End {
        /// Its start.
        start: NodeIndex,
        /// What stands between.
        members: Vec<Member>,
    },
}

/// A step of a container, as the container's outcome follows from it.
#[derive(Debug)]
pub struct Member {
    /// The node whose outcome is the step's.
    pub exit: NodeIndex,
    /// The exits of the siblings that it waits for.
    pub after: Vec<NodeIndex>,
    /// Whether no sibling waits for it.
    pub is_leaf: bool,
}

/// What a node waits for.
#[derive(Debug, Clone, Copy)]
pub enum Edge {
    /// Its container must have started.
    Within,
    /// A sibling must have ended with one of these outcomes.
    After(Outcomes),
    /// A container's end waits for all of its steps.
    Last,
}

/// Where a step stands in the graph: one node, or a start and an end.
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Where it begins.
    pub entry: NodeIndex,
    /// Where its outcome and value are.
    pub exit: NodeIndex,
}

/// Steps that wait for each other in a circle, each for the next, the last for the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The steps' names.
    pub steps: Vec<String>,
}

impl Plan {
    /// The graph.
    pub fn graph(&self) -> &DiGraph<Node, Edge> {
        &self.graph
    }

    /// What it says of its flow as a whole.
    pub fn facts(&self) -> &Facts {
        &self.facts
    }

    /// The node that everything waits for.
    pub fn start(&self) -> NodeIndex {
        self.start
    }

    /// The node that waits for everything.
    pub fn end(&self) -> NodeIndex {
        self.end
    }

    /// The scopes and conditions around a node, from the inside out.
    pub fn containers(&self, node: NodeIndex) -> Vec<&Step> {
        let mut containers = Vec::new();
        let mut at = node;
        while let Some(edge) =
            self.graph.edges_directed(at, Direction::Incoming).find(|edge| matches!(edge.weight(), Edge::Within))
        {
            at = edge.source();
            if let Node { step: Some(step), role: Role::Start } = &self.graph[at] {
                containers.push(step.as_ref());
            }
        }
        containers
    }

    /// A step, by the loops around it from the outside in and by its name.
    pub fn step<'n>(&self, loops: impl IntoIterator<Item = &'n str>, name: &str) -> Option<&Step> {
        let mut plan = self;
        for of in loops {
            let Role::Loop(looping) = &plan.graph[plan.place(of)?.entry].role else { return None };
            plan = &looping.body;
        }
        plan.graph[plan.place(name)?.exit].step.as_deref()
    }

    /// Where a step stands, by its name in any case; steps in the bodies of loops stand in those plans.
    pub fn place(&self, name: &str) -> Option<Place> {
        self.places.get(name).or_else(|| self.places.get(&name.to_lowercase())).copied()
    }
}

impl fmt::Display for Cycle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let waits: Vec<String> = self
            .steps
            .iter()
            .zip(self.steps.iter().cycle().skip(1))
            .map(|(step, next)| format!("`{step}` waits for `{next}`"))
            .collect();
        write!(f, "these steps wait for each other: {}", waits.join(", "))
    }
}

impl std::error::Error for Cycle {}
