//! The records of steps as the expression language gives them: `actions('STEP')`, `result('SCOPE')`.
//!
//! They have the shape and the words of Power Automate, which flows that come from there look for: `status` is
//! `Failed`, not `failed`, and a value that cannot be worked out has the code `InvalidTemplate`.

use std::borrow::Cow;

use indexmap::IndexMap;
use jiff::Timestamp;
use petgraph::graph::NodeIndex;
use serde_json::{Map, Value, json};

use super::event::StepError;
use super::frame::{Ended, Frame};
use crate::flow::{Step, StepKind};
use crate::outcome::Outcome;
use crate::plan::Role;

/// The records of the steps that stand directly in a frame.
pub(super) fn of_frame(frame: &Frame) -> Vec<Value> {
    of_container(frame, frame.plan.end())
}

/// The records of the steps that stand directly in a container that ends at this node, in written order. Of a
/// condition and a switch, those in all their branches.
pub(super) fn of_container(frame: &Frame, exit: NodeIndex) -> Vec<Value> {
    let graph = frame.plan.graph();
    let Role::End { members, .. } = &graph[exit].role else { return Vec::new() };
    let mut records = Vec::new();
    for member in members {
        let weight = &graph[member.exit];
        match (&weight.role, &weight.step) {
            // The end of a branch belongs to the step that branches.
            (Role::End { start, .. }, _) if matches!(graph[*start].role, Role::Branch(_)) => {
                records.extend(of_container(frame, member.exit));
            }
            (_, Some(step)) => records.extend(of_step(frame, step)),
            _ => {}
        }
    }
    records
}

/// The record of a step that has ended.
pub(super) fn of_step(frame: &Frame, step: &Step) -> Option<Value> {
    let place = frame.plan.place(&step.name)?;
    let ended = frame.ending(place.exit)?;
    let mut record = Map::new();
    record.insert("name".to_owned(), Value::from(step.name.clone()));
    record.insert("inputs".to_owned(), inputs(frame, step, place.entry, ended));
    record.insert("outputs".to_owned(), outputs(frame, step, place.entry, ended).into_owned());
    if ended.outcome != Outcome::Skipped {
        record.insert("startTime".to_owned(), Value::from(time(frame.since(place.entry))));
        record.insert("endTime".to_owned(), Value::from(time(ended.at)));
    }
    record.insert("code".to_owned(), Value::from(code(step, ended)));
    record.insert("status".to_owned(), Value::from(status(ended.outcome)));
    if let Some(error) = error(frame, step, place.entry, ended) {
        record.insert("error".to_owned(), error);
    }
    Some(Value::Object(record))
}

/// The records of a loop: one for each of its steps, with what belongs to all passes in lists.
pub(super) fn grouped(passes: Vec<Vec<Value>>) -> Value {
    let mut groups: IndexMap<String, Vec<Value>> = IndexMap::new();
    for record in passes.into_iter().flatten() {
        let name = record["name"].as_str().unwrap_or_default().to_owned();
        groups.entry(name).or_default().push(record);
    }
    groups.into_iter().map(|(name, records)| group(&name, records)).collect()
}

fn group(name: &str, mut records: Vec<Value>) -> Value {
    let worst = ["Failed", "TimedOut", "Cancelled", "Succeeded", "Skipped"]
        .into_iter()
        .find_map(|status| records.iter().position(|record| record["status"] == status))
        .unwrap_or(0);
    let mut all = |key: &str| -> Value { records.iter_mut().map(|record| record[key].take()).collect() };
    let (inputs, outputs) = (all("inputs"), all("outputs"));
    let start = records.iter().find_map(|record| record.get("startTime")).cloned();
    let end = records.iter().rev().find_map(|record| record.get("endTime")).cloned();
    let mut group = Map::new();
    group.insert("name".to_owned(), Value::from(name));
    group.insert("inputs".to_owned(), inputs);
    group.insert("outputs".to_owned(), outputs);
    group.extend(start.map(|start| ("startTime".to_owned(), start)));
    group.extend(end.map(|end| ("endTime".to_owned(), end)));
    for key in ["code", "status", "error"] {
        if let Some(value) = records.get_mut(worst).and_then(|record| record.get_mut(key)) {
            group.insert(key.to_owned(), value.take());
        }
    }
    Value::Object(group)
}

/// A time as the language writes it, with seven digits after the second.
pub(super) fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%S%.7fZ").to_string()
}

/// An outcome as the language names it.
pub(super) fn status(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Succeeded => "Succeeded",
        Outcome::Failed => "Failed",
        Outcome::Skipped => "Skipped",
        Outcome::TimedOut => "TimedOut",
        Outcome::Cancelled => "Cancelled",
    }
}

fn inputs(frame: &Frame, step: &Step, entry: NodeIndex, ended: &Ended) -> Value {
    match (&step.kind, frame.ending(entry)) {
        (StepKind::If { .. }, Some(start)) => json!({"expressionResult": *start.inputs}),
        _ => Value::clone(&ended.inputs),
    }
}

/// What `outputs('STEP')` gives of a step that has ended.
pub(super) fn outputs<'f>(frame: &'f Frame, step: &Step, entry: NodeIndex, ended: &'f Ended) -> Cow<'f, Value> {
    match (&step.kind, frame.ending(entry)) {
        (StepKind::Switch { .. }, Some(start)) if start.branch.is_some() => {
            Cow::Owned(json!({"expression": *start.inputs}))
        }
        _ => Cow::Borrowed(ended.outputs()),
    }
}

fn is_container(step: &Step) -> bool {
    !step.kind.inner().is_empty()
}

fn code(step: &Step, ended: &Ended) -> &'static str {
    match (ended.outcome, &ended.error) {
        (Outcome::Succeeded, _) if is_container(step) || matches!(step.kind, StepKind::Assign(_)) => "NotSpecified",
        (Outcome::Succeeded, _) => "OK",
        (Outcome::Skipped, _) => "ActionSkipped",
        (Outcome::TimedOut, _) => "ActionTimedOut",
        (Outcome::Cancelled, _) => "Cancelled",
        (Outcome::Failed, Some(error)) if is_of_another(error, step) => "ActionFailed",
        (Outcome::Failed, error) => error.as_ref().and_then(|error| error.status).map_or("BadRequest", reason),
    }
}

fn error(frame: &Frame, step: &Step, entry: NodeIndex, ended: &Ended) -> Option<Value> {
    let (code, message) = match (ended.outcome, &ended.error) {
        (Outcome::Skipped, _) => skipped(frame, entry),
        (Outcome::Failed, Some(error)) if is_of_another(error, step) => {
            ("ActionFailed", "a step in it failed, and nothing that handles it succeeded".to_owned())
        }
        (_, Some(error)) => (error_code(error), error.message.clone()),
        (_, None) => return None,
    };
    Some(json!({"code": code, "message": message}))
}

/// Whether a container failed since a step in it did, and not by a value of its own.
fn is_of_another(error: &StepError, step: &Step) -> bool {
    is_container(step) && error.step != step.name
}

fn error_code(error: &StepError) -> &str {
    match error.code.as_str() {
        "invalid_value" => "InvalidTemplate",
        "timed_out" => "ActionTimedOut",
        code => code,
    }
}

/// Why a step was skipped.
fn skipped(frame: &Frame, entry: NodeIndex) -> (&'static str, String) {
    let graph = frame.plan.graph();
    for edge in graph.edges_directed(entry, petgraph::Direction::Incoming) {
        use petgraph::visit::EdgeRef;
        let from = edge.source();
        let is_skipped = frame.ending(from).is_some_and(|ended| ended.outcome == Outcome::Skipped);
        match (&graph[from].role, edge.weight()) {
            (Role::Branch(_), crate::plan::Edge::Within) if is_skipped => {
                return ("ActionBranchingConditionNotSatisfied", "its branch was not taken".to_owned());
            }
            (_, crate::plan::Edge::Within) if is_skipped => {
                return ("ActionSkipped", "what it stands in was skipped".to_owned());
            }
            (_, crate::plan::Edge::After(outcomes)) => {
                let outcome = frame.ending(from).map_or(Outcome::Skipped, |ended| ended.outcome);
                if !outcomes.contains(outcome) {
                    let before = graph[from].step.as_ref().map_or("", |step| step.name.as_str());
                    return ("ActionDependencyFailed", format!("`{before}`, which it waits for, {outcome}"));
                }
            }
            _ => {}
        }
    }
    ("ActionSkipped", "the run ended before its turn".to_owned())
}

/// The name of an HTTP status.
fn reason(status: u16) -> &'static str {
    match status {
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "NotFound",
        405 => "MethodNotAllowed",
        408 => "RequestTimeout",
        409 => "Conflict",
        410 => "Gone",
        412 => "PreconditionFailed",
        413 => "RequestEntityTooLarge",
        415 => "UnsupportedMediaType",
        422 => "UnprocessableEntity",
        429 => "TooManyRequests",
        500 => "InternalServerError",
        501 => "NotImplemented",
        502 => "BadGateway",
        503 => "ServiceUnavailable",
        504 => "GatewayTimeout",
        _ => "BadRequest",
    }
}
