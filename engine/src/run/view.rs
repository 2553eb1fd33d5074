//! What the expressions of a step see: the trigger, the parameters, the steps before, the items of loops.

use std::borrow::Cow;
use std::cell::Cell;
use std::collections::BTreeSet;

use jiff::Timestamp;
use petgraph::graph::NodeIndex;
use serde_json::{Value, json};
use uuid::Uuid;

use super::event::StepPath;
use super::frame::{Ended, Frame, State};
use super::{Going, Run, records};
use crate::expression::{ExpressionError, Root, Scope};
use crate::flow::{RunAfter, Step};
use crate::outcome::Outcome;
use crate::plan::{Place, Role};

static NULL: Value = Value::Null;

/// The values that a step can read.
pub(super) struct View<'a> {
    pub(super) run: &'a Run,
    pub(super) going: &'a Going,
    /// The frames around the step, from the outside in.
    pub(super) frames: &'a [&'a Frame],
    pub(super) step: &'a Step,
    /// The step's entry in the innermost frame.
    pub(super) node: NodeIndex,
    pub(super) now: Timestamp,
    /// Roots that exist in this place only.
    pub(super) extra: Vec<(&'a str, &'a Value)>,
    /// How often chance was asked for in this evaluation.
    pub(super) draws: Cell<u32>,
}

impl<'a> View<'a> {
    /// The view with roots that exist in one place only.
    pub(super) fn with(&self, extra: &[(&'a str, &'a Value)]) -> View<'a> {
        View { extra: extra.to_vec(), draws: Cell::new(self.draws.get()), ..*self }
    }

    /// The step's name with the passes around it.
    pub(super) fn path(&self) -> StepPath {
        let passes = self.frames.iter().filter_map(|frame| frame.pass.as_ref());
        StepPath { loops: passes.map(|pass| (pass.of.clone(), pass.number)).collect(), name: self.step.name.clone() }
    }

    /// The error that the step handles: of the nearest step before it, or before a container of it, that failed.
    pub(super) fn handled_error(&self) -> Option<Value> {
        std::iter::once(self.step)
            .chain(containers(self.frames, self.node).into_iter().rev())
            .find_map(|step| error_before(step, self.frames))
    }

    fn find(&self, name: &str) -> Option<(&'a Frame, Place)> {
        self.frames.iter().rev().find_map(|frame| Some((*frame, frame.plan.place(name)?)))
    }

    /// What is kept of a step; nothing where it has not ended.
    fn ended(&self, name: &str) -> Option<&'a Ended> {
        let (frame, place) = self.find(name)?;
        frame.ending(place.exit)
    }

    fn item(&self, of: Option<&str>) -> Result<&'a Value, ExpressionError> {
        let passes = self.frames.iter().rev().filter_map(|frame| frame.pass.as_ref());
        passes
            .filter(|pass| of.is_none_or(|of| of.eq_ignore_ascii_case(&pass.of)))
            .find_map(|pass| pass.item.as_ref())
            .ok_or_else(|| ExpressionError::new("there is an item only in a loop over a list"))
    }

    fn pass(&self, of: &str) -> Result<Value, ExpressionError> {
        let mut passes = self.frames.iter().rev().filter_map(|frame| frame.pass.as_ref());
        let pass = passes.find(|pass| of.eq_ignore_ascii_case(&pass.of));
        pass.map(|pass| Value::from(pass.number))
            .ok_or_else(|| ExpressionError::new(format!("this does not stand in a loop `{of}`")))
    }

    fn record(&self, name: &str) -> Value {
        let found = self.find(name).and_then(|(frame, place)| {
            let step = frame.plan.graph()[place.exit].step.as_deref()?;
            records::of_step(frame, step)
        });
        found.map_or(Value::Null, |mut record| {
            if let Some(record) = record.as_object_mut() {
                let key = format!("{}/{name}", self.run.id);
                let tracking = Uuid::new_v5(&Uuid::NAMESPACE_URL, key.to_lowercase().as_bytes());
                record.insert("trackingId".to_owned(), Value::from(tracking.to_string()));
                record.insert("clientTrackingId".to_owned(), Value::from(self.run.id.to_string()));
            }
            record
        })
    }

    fn result(&self, name: &str) -> Result<Cow<'a, Value>, ExpressionError> {
        let Some((frame, place)) = self.find(name) else { return Ok(Cow::Borrowed(&NULL)) };
        match (&frame.plan.graph()[place.exit].role, frame.state(place.exit)) {
            (Role::Loop(planned), _) if !planned.collects => {
                Err(ExpressionError::new(format!("the records of the loop `{name}` were not kept"))
                    .help(format!("name it as it stands: `result('{name}')`")))
            }
            // A loop that was skipped has no passes to tell of.
            (Role::Loop(_), State::Ended(ended)) if ended.records.is_null() => Ok(Cow::Owned(Value::Array(Vec::new()))),
            (Role::Loop(_), State::Ended(ended)) => Ok(Cow::Borrowed(&ended.records)),
            (Role::Loop(_), State::Looping(looping)) => Ok(Cow::Owned(records::grouped(looping.records().to_vec()))),
            (Role::End { .. }, _) => Ok(Cow::Owned(Value::Array(records::of_container(frame, place.exit)))),
            _ => Err(ExpressionError::new(format!("`{name}` holds no steps"))),
        }
    }

    fn outputs(&self, name: &str) -> Cow<'a, Value> {
        let found = self.find(name).and_then(|(frame, place)| {
            let step = frame.plan.graph()[place.exit].step.as_deref()?;
            Some(records::outputs(frame, step, place.entry, frame.ending(place.exit)?))
        });
        found.unwrap_or(Cow::Borrowed(&NULL))
    }

    fn trigger_record(&self) -> Value {
        let started = records::time(self.going.started);
        json!({
            "name": "manual",
            "inputs": null,
            "outputs": self.going.trigger,
            "startTime": started,
            "endTime": started,
            "scheduledTime": started,
            "clientTrackingId": self.run.id,
            "code": "OK",
            "status": "Succeeded",
        })
    }

    fn workflow(&self) -> Value {
        let facts = self.run.plan.facts();
        let kind = "Microsoft.Logic/workflows";
        json!({
            "id": format!("/workflows/{}", facts.flow),
            "name": facts.flow,
            "type": kind,
            "location": "local",
            "tags": {"flowDisplayName": facts.title, "logicAppName": facts.flow, "environmentName": "local"},
            "run": {
                "id": format!("/workflows/{}/runs/{}", facts.flow, self.run.id),
                "name": self.run.id,
                "type": format!("{kind}/runs"),
            },
        })
    }
}

impl Scope for View<'_> {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        let borrowed = match root {
            Root::Step(name) => self.ended(name).map_or(&NULL, Ended::value),
            Root::Items(name) => self.item(Some(name))?,
            Root::Outputs(name) => return Ok(self.outputs(name)),
            Root::Record(name) => return Ok(Cow::Owned(self.record(name))),
            Root::Result(name) => return self.result(name),
            Root::Pass(name) => return self.pass(name).map(Cow::Owned),
            Root::TriggerRecord => return Ok(Cow::Owned(self.trigger_record())),
            Root::TriggerOutputs => &self.going.trigger,
            Root::Workflow => return Ok(Cow::Owned(self.workflow())),
            Root::Named(name) => match name.as_str() {
                "trigger" => self.going.body(),
                "parameters" => &self.run.parameters,
                "variables" => &self.going.variables,
                "item" => self.item(None)?,
                "error" => return Ok(self.handled_error().map_or(Cow::Borrowed(&NULL), Cow::Owned)),
                name => {
                    let extra = self.extra.iter().find(|(known, _)| *known == name).map(|(_, value)| *value);
                    extra.ok_or_else(|| ExpressionError::new(format!("there is no `{name}` here")))?
                }
            },
        };
        Ok(Cow::Borrowed(borrowed))
    }

    fn now(&self) -> Result<Timestamp, ExpressionError> {
        Ok(self.now)
    }

    fn random(&self) -> Result<u128, ExpressionError> {
        let draw = self.draws.get();
        self.draws.set(draw.wrapping_add(1));
        let seed = format!("{}/{}/{draw}", self.run.id, self.path());
        Ok(Uuid::new_v5(&Uuid::NAMESPACE_OID, seed.as_bytes()).as_u128())
    }
}

/// The containers around a node, from the outside in: the loops of the frames, then scopes and conditions.
fn containers<'a>(frames: &[&'a Frame], node: NodeIndex) -> Vec<&'a Step> {
    let mut found = Vec::new();
    for (depth, frame) in frames.iter().enumerate() {
        let inner = match frames.get(depth + 1) {
            Some(next) => next.pass.as_ref().and_then(|pass| frame.plan.place(&pass.of)).map(|place| place.entry),
            None => Some(node),
        };
        let Some(inner) = inner else { continue };
        let mut chain = frame.plan.containers(inner);
        chain.reverse();
        found.extend(chain);
        if depth + 1 < frames.len() {
            found.extend(frame.plan.graph()[inner].step.as_deref());
        }
    }
    found
}

/// The error of the nearest step that failed among those that a step waits for, directly or through others. Each
/// of them is looked at once, however many ways lead to it.
fn error_before(step: &Step, frames: &[&Frame]) -> Option<Value> {
    let mut open: Vec<&RunAfter> = step.after.iter().rev().collect();
    let mut seen = BTreeSet::new();
    while let Some(RunAfter { step: name, .. }) = open.pop() {
        let found = frames.iter().rev().find_map(|frame| {
            let place = frame.plan.place(name)?;
            Some((frame.plan.graph()[place.exit].step.as_deref()?, frame.ending(place.exit)?))
        });
        let Some((before, ended)) = found.filter(|_| seen.insert(name)) else { continue };
        match (ended.outcome, &ended.error) {
            (Outcome::Failed | Outcome::TimedOut, Some(error)) => return serde_json::to_value(error).ok(),
            (Outcome::Failed | Outcome::TimedOut, None) => {}
            _ => open.extend(before.after.iter().rev()),
        }
    }
    None
}
