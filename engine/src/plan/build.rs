//! From a flow to its plan.

use std::collections::HashMap;
use std::sync::Arc;

use petgraph::algo::tarjan_scc;
use petgraph::graph::{DiGraph, NodeIndex};
use serde_json::Value;

use super::{Cycle, Edge, Facts, Loop, Member, Node, Place, Plan, Role};
use crate::flow::{Flow, Step, StepKind, Steps, Usage};

impl Plan {
    /// Plans a flow of whose values this can be said, or names a circle among its steps.
    pub fn new(flow: &Flow, usage: Usage) -> Result<Plan, Cycle> {
        let variables = flow.variables.iter().map(|(name, variable)| (name.clone(), variable.value.clone()));
        let facts = Facts {
            flow: flow.name.clone(),
            title: flow.title.clone(),
            variables: Value::Object(variables.collect()),
            usage,
        };
        Plan::of_steps(&flow.steps, &Arc::new(facts), false)
    }

    /// Plans the steps of a flow or of a loop's body.
    fn of_steps(steps: &Steps, facts: &Arc<Facts>, in_parallel: bool) -> Result<Plan, Cycle> {
        let mut builder = Builder { graph: DiGraph::new(), places: HashMap::new(), facts, in_parallel };
        let start = builder.node(None, Role::Start);
        let end = builder.container(None, start, steps)?;
        let plan = Plan { graph: builder.graph, start, end, places: builder.places, facts: Arc::clone(facts) };
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

struct Builder<'f> {
    graph: DiGraph<Node, Edge>,
    places: HashMap<String, Place>,
    facts: &'f Arc<Facts>,
    /// Whether a loop around these steps has several passes at once: then loops within go one after the other.
    in_parallel: bool,
}

impl Builder<'_> {
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
            StepKind::If { .. } | StepKind::Switch { .. } => self.branches(step),
            StepKind::ForEach { steps, at_once, .. } => {
                let at_once = if self.in_parallel { 1 } else { *at_once };
                self.a_loop(step, steps, at_once)
            }
            StepKind::Until { steps, .. } => self.a_loop(step, steps, 1),
            _ => {
                let node = self.node(Some(step), Role::Whole);
                Ok(Place { entry: node, exit: node })
            }
        }
    }

    fn branches(&mut self, step: &Arc<Step>) -> Result<Place, Cycle> {
        let entry = self.node(Some(step), Role::Start);
        let mut members = Vec::new();
        for (number, (_, steps)) in step.kind.inner().into_iter().enumerate() {
            let branch = self.node(Some(step), Role::Branch(number));
            self.graph.add_edge(entry, branch, Edge::Within);
            let exit = self.container(Some(step), branch, steps)?;
            members.push(Member { exit, after: Vec::new(), is_leaf: true });
        }
        let exit = self.end(Some(step), entry, members);
        Ok(Place { entry, exit })
    }

    fn a_loop(&mut self, step: &Arc<Step>, steps: &Steps, at_once: usize) -> Result<Place, Cycle> {
        let body = Arc::new(Plan::of_steps(steps, self.facts, self.in_parallel || at_once > 1)?);
        let collects = self.facts.usage.collected.contains(&step.name.to_lowercase());
        let node = self.node(Some(step), Role::Loop(Loop { body, at_once, collects }));
        Ok(Place { entry: node, exit: node })
    }
}
