//! What the expressions of a step see: the trigger, the parameters, the steps before, the items of loops.

use std::borrow::Cow;

use serde_json::Value;

use super::frame::Frame;
use crate::expression::{ExpressionError, Root, Scope};
use crate::flow::Step;
use crate::outcome::Outcome;

static NULL: Value = Value::Null;

/// The values that a step can read.
pub(super) struct View<'a> {
    pub(super) trigger: &'a Value,
    pub(super) parameters: &'a Value,
    /// The frames around the step, from the outside in.
    pub(super) frames: &'a [&'a Frame],
    /// The error that a handler handles.
    pub(super) error: Option<Value>,
    /// Roots that exist in this place only.
    pub(super) extra: Vec<(&'a str, &'a Value)>,
}

impl<'a> View<'a> {
    /// The view with roots that exist in one place only.
    pub(super) fn with(&self, extra: &[(&'a str, &'a Value)]) -> View<'a> {
        View { error: self.error.clone(), extra: extra.to_vec(), ..*self }
    }
}

impl Scope for View<'_> {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        let value = match root {
            Root::Step(name) => Ok(self.step(name)),
            Root::Items(name) => self.item(Some(name)),
            Root::Named(name) => match name.as_str() {
                "trigger" => Ok(self.trigger),
                "parameters" => Ok(self.parameters),
                "item" => self.item(None),
                "error" => Ok(self.error.as_ref().unwrap_or(&NULL)),
                name => self
                    .extra
                    .iter()
                    .find(|(known, _)| *known == name)
                    .map(|(_, value)| *value)
                    .ok_or_else(|| ExpressionError::new(format!("there is no `{name}` here"))),
            },
            other => Err(ExpressionError::new(format!("there is no `{other}` here"))),
        };
        value.map(Cow::Borrowed)
    }
}

impl View<'_> {
    /// The value of a step; null where it was skipped or gave none.
    fn step(&self, name: &str) -> &Value {
        self.frames
            .iter()
            .rev()
            .find_map(|frame| {
                let place = frame.plan.place(name)?;
                Some(frame.ending(place.exit).map_or(&NULL, |ending| &ending.value))
            })
            .unwrap_or(&NULL)
    }

    fn item(&self, of: Option<&String>) -> Result<&Value, ExpressionError> {
        self.frames
            .iter()
            .rev()
            .filter_map(|frame| frame.pass.as_ref())
            .find(|pass| of.is_none_or(|of| of.eq_ignore_ascii_case(&pass.of)))
            .map(|pass| &pass.item)
            .ok_or_else(|| ExpressionError::new("there is an item only in a loop"))
    }
}

/// The error that a step handles: of the nearest step before it, or before a container of it, that failed.
pub(super) fn handled_error(step: &Step, containers: &[&Step], frames: &[&Frame]) -> Option<Value> {
    std::iter::once(&step).chain(containers.iter().rev()).find_map(|step| error_before(step, frames))
}

fn error_before(step: &Step, frames: &[&Frame]) -> Option<Value> {
    step.after.iter().find_map(|run_after| {
        let (before, ending) = frames.iter().rev().find_map(|frame| {
            let place = frame.plan.place(&run_after.step)?;
            Some((frame.plan.graph()[place.exit].step.as_deref()?, frame.ending(place.exit)?))
        })?;
        match ending.outcome {
            Outcome::Failed | Outcome::TimedOut => serde_json::to_value(ending.error.as_ref()?).ok(),
            _ => error_before(before, frames),
        }
    })
}
