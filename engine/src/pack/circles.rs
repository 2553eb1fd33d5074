//! Flows that run each other in a circle would never end: each circle is a problem.

use std::sync::Arc;

use indexmap::IndexMap;
use petgraph::algo::tarjan_scc;
use petgraph::graphmap::DiGraphMap;

use super::PlannedFlow;
use crate::flow::{Step, StepKind, Steps};
use crate::source::{Problem, Source};

/// A problem for each circle, at a step that runs the next flow of it.
pub(super) fn problems(flows: &IndexMap<String, (Arc<Source>, Arc<PlannedFlow>)>) -> Vec<Problem> {
    let mut graph: DiGraphMap<&str, ()> = DiGraphMap::new();
    for (name, (_, planned)) in flows {
        for (_, target) in runs(&planned.flow.steps) {
            graph.add_edge(name, target, ());
        }
    }
    let circular = |group: &Vec<&str>| group.len() > 1 || group.iter().any(|flow| graph.contains_edge(flow, flow));
    tarjan_scc(&graph).iter().filter(|group| circular(group)).filter_map(|group| problem(group, flows)).collect()
}

fn problem(group: &[&str], flows: &IndexMap<String, (Arc<Source>, Arc<PlannedFlow>)>) -> Option<Problem> {
    let (source, planned) = flows.get(*group.iter().min()?)?;
    let (step, target) = runs(&planned.flow.steps).into_iter().find(|(_, target)| group.contains(target))?;
    let message = if target == planned.flow.name {
        format!("the flow `{target}` runs itself and would never end")
    } else {
        format!("the flows {} run each other in a circle and would never end", quoted(group))
    };
    let help = "take one of these `run_flow` away; a list is gone through with `for_each`";
    Some(Problem::error(source, &step.at.key("run_flow"), message).help(help))
}

fn quoted(group: &[&str]) -> String {
    let mut names: Vec<String> = group.iter().map(|name| format!("`{name}`")).collect();
    names.sort();
    names.join(", ")
}

/// The steps that run other flows, at any depth, with the flow that each runs.
fn runs(steps: &Steps) -> Vec<(&Step, &str)> {
    let mut found = Vec::new();
    for step in steps.values() {
        if let StepKind::RunFlow { flow, .. } = &step.kind {
            found.push((step.as_ref(), flow.as_str()));
        }
        step.kind.inner().into_iter().for_each(|(_, inner)| found.extend(runs(inner)));
    }
    found
}
