//! From a flow to its plan.

use std::collections::HashMap;
use std::sync::Arc;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};

use super::{Cycle, Edge, Member, Node, Place, Plan, Role};
use crate::flow::{Step, StepKind, Steps};

impl Plan {
    /// Plans steps, or names a circle among them.
    pub fn new(steps: &Steps) -> Result<Plan, Cycle> {
        let mut builder = Builder { graph: DiGraph::new(), places: HashMap::new() };
        let start = builder.node(None, Role::Start);
        let end = builder.container(None, start, steps)?;
        let plan = Plan { graph: builder.graph, start, end, places: builder.places };
        match plan.cycle() {
            Some(cycle) => Err(cycle),
            None => Ok(plan),
        }
    }

    /// A circle, as the names of the steps in it: one walk within a strongly connected component.
    fn cycle(&self) -> Option<Cycle> {
        let component = tarjan_scc(&self.graph).into_iter().find(|component| {
            component.len() > 1 || component.iter().any(|node| self.graph.contains_edge(*node, *node))
        })?;
        let mut walk = vec![*component.first()?];
        loop {
            let at = *walk.last()?;
            let before = self
                .graph
                .neighbors_directed(at, petgraph::Direction::Incoming)
                .find(|node| component.contains(node))?;
            if let Some(first) = walk.iter().position(|node| *node == before) {
                return Some(Cycle { steps: self.step_names(&walk[first..]) });
            }
            walk.push(before);
        }
    }

    /// The steps of a walk through nodes; only those joined by `after` are of interest, and a container's
    /// two ends are one step.
    fn step_names(&self, walk: &[NodeIndex]) -> Vec<String> {
        let mut names: Vec<String> = Vec::new();
        for (node, before) in walk.iter().zip(walk.iter().cycle().skip(1)) {
            let by_after =
                self.graph.edges_connecting(*before, *node).any(|edge| matches!(edge.weight(), Edge::After(_)));
            if let (true, Some(step)) = (by_after, &self.graph[*node].step) {
                names.push(step.name.clone());
            }
        }
        names
    }
}

struct Builder {
    graph: DiGraph<Node, Edge>,
    places: HashMap<String, Place>,
}

impl Builder {
    fn node(&mut self, step: Option<&Arc<Step>>, role: Role) -> NodeIndex {
        self.graph.add_node(Node { step: step.cloned(), role })
    }

    /// Adds the steps of a container between its start and a new end, which is returned.
    fn container(&mut self, step: Option<&Arc<Step>>, start: NodeIndex, steps: &Steps) -> Result<NodeIndex, Cycle> {
        let mut places = Vec::with_capacity(steps.len());
        for inner in steps.values() {
            let place = self.step(inner)?;
            self.graph.add_edge(start, place.entry, Edge::Within);
            self.places.insert(inner.name.to_lowercase(), place);
            places.push(place);
        }
        let place_of = |name: &str| steps.get_index_of(name).map(|index| places[index]);
        let mut members = Vec::with_capacity(steps.len());
        for (inner, place) in steps.values().zip(&places) {
            let mut after = Vec::with_capacity(inner.after.len());
            for run_after in &inner.after {
                if let Some(before) = place_of(&run_after.step) {
                    self.graph.add_edge(before.exit, place.entry, Edge::After(run_after.outcomes));
                    after.push(before.exit);
                }
            }
            let is_leaf = !steps.values().any(|other| other.after.iter().any(|run_after| run_after.step == inner.name));
            members.push(Member { exit: place.exit, after, is_leaf });
        }
        Ok(self.end(step, start, members))
    }

    fn end(&mut self, step: Option<&Arc<Step>>, start: NodeIndex, members: Vec<Member>) -> NodeIndex {
        let exits: Vec<NodeIndex> = members.iter().map(|member| member.exit).collect();
        let end = self.node(step, Role::End { start, members });
        self.graph.add_edge(start, end, Edge::Last);
        for exit in exits {
            self.graph.add_edge(exit, end, Edge::Last);
        }
        end
    }

    fn step(&mut self, step: &Arc<Step>) -> Result<Place, Cycle> {
        match &step.kind {
            StepKind::Scope(steps) => {
                let entry = self.node(Some(step), Role::Start);
                let exit = self.container(Some(step), entry, steps)?;
                Ok(Place { entry, exit })
            }
            StepKind::If { then, otherwise, .. } => {
                let entry = self.node(Some(step), Role::Start);
                let mut members = Vec::with_capacity(2);
                for (taken_when, steps) in [(true, then), (false, otherwise)] {
                    let branch = self.node(Some(step), Role::Branch(taken_when));
                    self.graph.add_edge(entry, branch, Edge::Within);
                    let exit = self.container(Some(step), branch, steps)?;
                    members.push(Member { exit, after: Vec::new(), is_leaf: true });
                }
                let exit = self.end(Some(step), entry, members);
                Ok(Place { entry, exit })
            }
            StepKind::ForEach { steps, .. } => {
                let body = Arc::new(Plan::new(steps)?);
                let node = self.node(Some(step), Role::Loop(body));
                Ok(Place { entry: node, exit: node })
            }
            _ => {
                let node = self.node(Some(step), Role::Whole);
                Ok(Place { entry: node, exit: node })
            }
        }
    }
}
