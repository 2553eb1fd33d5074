//! What a trigger's conditions and its `split` make of an event: none, one or several runs.

use std::borrow::Cow;

use serde_json::{Value, json};

use crate::connector::TriggerEvent;
use crate::expression::{ExpressionError, Root, Scope};
use crate::flow::EventTrigger;
use crate::run::driver::World;
use crate::store::NewEvent;

/// The most runs that one event may start.
const MOST_ITEMS: usize = 100_000;

/// The events that a flow's runs are for. Where the trigger cannot be worked out, one whose run can only fail.
pub(super) fn admit(flow: &str, trigger: &EventTrigger, event: &TriggerEvent, world: &World) -> Vec<NewEvent> {
    let new = |body: Value, content_key: String, wrong: Option<String>| NewEvent {
        flow: flow.to_owned(),
        keys: keys(trigger, &body, world),
        body,
        content_key,
        secure: world.pack.flow(flow).is_some_and(|planned| planned.plan.facts().usage.secure_trigger),
        at: world.clock.now(),
        wrong,
        resubmits: None,
    };
    match bodies(trigger, event, world) {
        Ok(None) => vec![new(event.body.clone(), event.content_key.clone(), None)],
        Ok(Some(items)) => {
            let key = |number: usize| format!("{}#{number}", event.content_key);
            items.into_iter().enumerate().map(|(number, item)| new(item, key(number), None)).collect()
        }
        Err(error) => vec![new(event.body.clone(), event.content_key.clone(), Some(error.message))],
    }
}

/// The items that an event is split into; `None` where it stays whole. Conditions are looked at first.
fn bodies(trigger: &EventTrigger, event: &TriggerEvent, world: &World) -> Result<Option<Vec<Value>>, ExpressionError> {
    let scope = TriggerScope { body: &event.body, world };
    let during = |what: &str| {
        let what = what.to_owned();
        move |error: ExpressionError| ExpressionError::new(format!("{what}: {}", error.message))
    };
    if !trigger.when.holds(&scope).map_err(during("a condition of the trigger"))? {
        return Ok(Some(Vec::new()));
    }
    let Some(split) = &trigger.split else { return Ok(None) };
    match split.evaluate(&scope).map_err(during("the split of the trigger"))? {
        Value::Null => Ok(Some(Vec::new())),
        Value::Array(items) if items.len() > MOST_ITEMS => Err(ExpressionError::new(format!(
            "the event would be split into {} runs; {MOST_ITEMS} is the most",
            items.len()
        ))),
        Value::Array(items) => Ok(Some(items)),
        other => {
            let kind = crate::expression::Kinds::of(&other);
            Err(ExpressionError::new(format!("the trigger splits a list, and this is {kind}")))
        }
    }
}

/// The names of what an event is about; those that are empty or not there do not count.
fn keys(trigger: &EventTrigger, body: &Value, world: &World) -> Vec<String> {
    let scope = TriggerScope { body, world };
    let mut keys = Vec::new();
    for (kind, expressions) in &trigger.key {
        for expression in expressions {
            match expression.evaluate(&scope) {
                Ok(Value::String(text)) if !text.is_empty() => keys.push(format!("{kind}/{}", text.to_lowercase())),
                Ok(Value::Number(number)) => keys.push(format!("{kind}/{number}")),
                _ => {}
            }
        }
    }
    keys
}

/// What a trigger's own values see. Every event that comes in is looked at, so it is copied only for those that ask
/// for more than its body.
struct TriggerScope<'a> {
    body: &'a Value,
    world: &'a World,
}

impl TriggerScope<'_> {
    fn outputs(&self) -> Value {
        json!({"headers": {}, "body": self.body})
    }
}

impl Scope for TriggerScope<'_> {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        match root {
            Root::TriggerOutputs => Ok(Cow::Owned(self.outputs())),
            Root::TriggerRecord => Ok(Cow::Owned(json!({"outputs": self.outputs(), "status": "Succeeded"}))),
            Root::Named(name) if name == "trigger" => Ok(Cow::Borrowed(self.body)),
            Root::Named(name) if name == "parameters" => Ok(Cow::Borrowed(self.world.pack.parameters())),
            root => Err(ExpressionError::new(format!("`{root}` cannot be read in a trigger"))),
        }
    }

    fn now(&self) -> Result<jiff::Timestamp, ExpressionError> {
        Ok(self.world.clock.now())
    }
}
