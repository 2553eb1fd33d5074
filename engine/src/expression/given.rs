//! A scope that is written down: what an expression reads, when no flow is running.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::computed::find_property;
use super::{ExpressionError, Kinds, Root, Scope};
use crate::source::nearest;

/// The keys of a scope, as they are written.
const KEYS: [&str; 17] = [
    "parameters",
    "variables",
    "triggerBody",
    "triggerOutputs",
    "trigger",
    "outputs",
    "actions",
    "result",
    "item",
    "items",
    "iterationIndexes",
    "workflow",
    "error",
    "from",
    "to",
    "changes",
    "now",
];

/// What `cosell eval --with FILE` reads: a JSON object with any of these keys. Names of steps, loops, parameters and
/// variables may be in any case.
///
/// ```json
/// {
///   "parameters": { "name": "value" },
///   "triggerBody": { "id": 7 },
///   "outputs": { "Get_row": { "statusCode": 200, "body": { "id": 7 } } },
///   "now": "2026-01-31T12:00:00Z"
/// }
/// ```
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Value")]
pub struct GivenScope {
    /// The values of parameters: an object with their names.
    pub parameters: Value,
    /// The values of variables: an object with their names.
    pub variables: Value,
    /// The body of the event: `triggerBody()`, `$.trigger`.
    pub trigger_body: Option<Value>,
    /// The headers and the body of the event: `triggerOutputs()`. It is made from `triggerBody` or `trigger` where
    /// it is not given.
    pub trigger_outputs: Option<Value>,
    /// The record of the trigger: `trigger()`. It is made from the outputs where it is not given.
    pub trigger: Option<Value>,
    /// What the steps gave, by name: `outputs('NAME')`; with `statusCode`, `headers` and `body`, where the step has
    /// an envelope.
    pub outputs: Map<String, Value>,
    /// The records of steps, by name: `actions('NAME')`. They are made from `outputs` where they are not given.
    pub actions: Map<String, Value>,
    /// The records of the steps in a scope or a loop, by its name: `result('NAME')`.
    pub result: Map<String, Value>,
    /// The current item: `item()`.
    pub item: Option<Value>,
    /// The current items, by the name of the loop: `items('NAME')`.
    pub items: Map<String, Value>,
    /// The numbers of the passes, by the name of the loop: `iterationIndexes('NAME')`.
    pub iteration_indexes: Map<String, Value>,
    /// The flow and its run: `workflow()`.
    pub workflow: Option<Value>,
    /// The error that is handled: `$.error`.
    pub error: Option<Value>,
    /// The record that leads, in `update_if_different`: `$.from`.
    pub from: Option<Value>,
    /// The record that is to be updated, in `update_if_different`: `$.to`.
    pub to: Option<Value>,
    /// What is to be written, in `update_if_different`: `$.changes`.
    pub changes: Option<Value>,
    /// The time that counts as now: `utcNow()`.
    pub now: Option<Timestamp>,
}

impl Scope for GivenScope {
    fn root(&self, root: &Root) -> Result<Cow<'_, Value>, ExpressionError> {
        let value = match root {
            Root::Named(name) => self.named(name),
            Root::Step(name) => self.value(name),
            Root::Outputs(name) => of(&self.outputs, name),
            Root::Record(name) => self.record(name),
            Root::Items(name) => of(&self.items, name),
            Root::Result(name) => of(&self.result, name),
            Root::Pass(name) => of(&self.iteration_indexes, name),
            Root::TriggerOutputs => self.trigger_outputs(),
            Root::TriggerRecord => self.trigger_record(),
            Root::Workflow => self.workflow.as_ref().map(Cow::Borrowed),
        };
        value.ok_or_else(|| not_given(root))
    }

    fn now(&self) -> Result<Timestamp, ExpressionError> {
        self.now.ok_or_else(|| ExpressionError::new("no `now` is given"))
    }

    /// A random identifier has six bits that are fixed; those of a second one, turned by half, make up for them.
    fn random(&self) -> Result<u128, ExpressionError> {
        Ok(Uuid::new_v4().as_u128() ^ Uuid::new_v4().as_u128().rotate_left(64))
    }
}

/// Reads a scope; null gives nothing to read. A key that is not one of a scope's is an error, and so is a value that
/// its key cannot have.
impl TryFrom<Value> for GivenScope {
    type Error = ExpressionError;

    fn try_from(value: Value) -> Result<GivenScope, ExpressionError> {
        let given = match value {
            Value::Null => Map::new(),
            Value::Object(given) => given,
            other => {
                return Err(ExpressionError::new(format!("a scope is an object, and this is {}", Kinds::of(&other))));
            }
        };
        let mut scope = GivenScope::default();
        for (key, value) in given {
            scope.give(&key, value)?;
        }
        Ok(scope)
    }
}

impl GivenScope {
    fn give(&mut self, key: &str, value: Value) -> Result<(), ExpressionError> {
        match key {
            "parameters" => self.parameters = value,
            "variables" => self.variables = value,
            "triggerBody" => self.trigger_body = Some(value),
            "triggerOutputs" => self.trigger_outputs = Some(value),
            "trigger" => self.trigger = Some(value),
            "outputs" => self.outputs = by_name(key, value)?,
            "actions" => self.actions = by_name(key, value)?,
            "result" => self.result = by_name(key, value)?,
            "item" => self.item = Some(value),
            "items" => self.items = by_name(key, value)?,
            "iterationIndexes" => self.iteration_indexes = by_name(key, value)?,
            "workflow" => self.workflow = Some(value),
            "error" => self.error = Some(value),
            "from" => self.from = Some(value),
            "to" => self.to = Some(value),
            "changes" => self.changes = Some(value),
            "now" => self.now = Some(time(&value)?),
            unknown => return Err(unknown_key(unknown)),
        }
        Ok(())
    }

    fn named(&self, name: &str) -> Option<Cow<'_, Value>> {
        match name {
            "parameters" => Some(Cow::Borrowed(&self.parameters)),
            "variables" => Some(Cow::Borrowed(&self.variables)),
            "trigger" => self.trigger_outputs().map(|outputs| body(outputs).unwrap_or_default()),
            "item" => self.item.as_ref().map(Cow::Borrowed),
            "error" => self.error.as_ref().map(Cow::Borrowed),
            "from" => self.from.as_ref().map(Cow::Borrowed),
            "to" => self.to.as_ref().map(Cow::Borrowed),
            "changes" => self.changes.as_ref().map(Cow::Borrowed),
            _ => None,
        }
    }

    /// The value of a step: the body of its envelope, where it has one.
    fn value(&self, step: &str) -> Option<Cow<'_, Value>> {
        let outputs = of(&self.outputs, step)?;
        Some(body(outputs.clone()).unwrap_or(outputs))
    }

    fn record(&self, step: &str) -> Option<Cow<'_, Value>> {
        of(&self.actions, step)
            .or_else(|| of(&self.outputs, step).map(|outputs| Cow::Owned(json!({ "name": step, "outputs": outputs }))))
    }

    fn trigger_outputs(&self) -> Option<Cow<'_, Value>> {
        let made = || self.trigger_body.as_ref().map(|body| Cow::Owned(json!({ "body": body })));
        let recorded = || self.trigger.as_ref()?.get("outputs").map(Cow::Borrowed);
        self.trigger_outputs.as_ref().map(Cow::Borrowed).or_else(made).or_else(recorded)
    }

    fn trigger_record(&self) -> Option<Cow<'_, Value>> {
        let made = || self.trigger_outputs().map(|outputs| Cow::Owned(json!({ "outputs": outputs })));
        self.trigger.as_ref().map(Cow::Borrowed).or_else(made)
    }
}

/// The entry of that name, in any case.
fn of<'m>(map: &'m Map<String, Value>, name: &str) -> Option<Cow<'m, Value>> {
    find_property(map, name).map(Cow::Borrowed)
}

/// The body of an envelope.
fn body(envelope: Cow<'_, Value>) -> Option<Cow<'_, Value>> {
    match envelope {
        Cow::Borrowed(envelope) => envelope.get("body").map(Cow::Borrowed),
        Cow::Owned(mut envelope) => envelope.get_mut("body").map(|body| Cow::Owned(body.take())),
    }
}

fn by_name(key: &str, value: Value) -> Result<Map<String, Value>, ExpressionError> {
    match value {
        Value::Object(map) => Ok(map),
        other => {
            let given = Kinds::of(&other);
            Err(ExpressionError::new(format!(
                "`{key}` of a scope is an object with names as keys, and this is {given}"
            )))
        }
    }
}

fn time(value: &Value) -> Result<Timestamp, ExpressionError> {
    let read = value.as_str().and_then(|text| text.parse().ok());
    read.ok_or_else(|| {
        ExpressionError::new(format!("`now` of a scope is a time, and this is {value}"))
            .help("write it like `2026-01-31T12:00:00Z`")
    })
}

fn unknown_key(key: &str) -> ExpressionError {
    let help = match nearest(key, KEYS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a scope has {}", KEYS.join(", ")),
    };
    ExpressionError::new(format!("a scope has no key `{key}`")).help(help)
}

/// The error that a scope does not have what is read.
fn not_given(root: &Root) -> ExpressionError {
    let key = match root {
        Root::Named(name) if name == "trigger" => "triggerBody".to_owned(),
        Root::Named(name) if KEYS.contains(&name.as_str()) => name.clone(),
        Root::Named(name) => return no_root(name),
        Root::Step(name) | Root::Outputs(name) => format!("outputs: {{ {name}: … }}"),
        Root::Record(name) => format!("actions: {{ {name}: … }}"),
        Root::Items(name) => format!("items: {{ {name}: … }}"),
        Root::Result(name) => format!("result: {{ {name}: … }}"),
        Root::Pass(name) => format!("iterationIndexes: {{ {name}: … }}"),
        Root::TriggerRecord => "trigger".to_owned(),
        Root::TriggerOutputs => "triggerBody".to_owned(),
        Root::Workflow => "workflow".to_owned(),
    };
    ExpressionError::new(format!("no `{root}` is given")).help(format!("give it in the scope as `{key}`"))
}

/// The error that nothing of that name is ever there.
fn no_root(name: &str) -> ExpressionError {
    const ROOTS: [&str; 10] =
        ["trigger", "parameters", "variables", "steps", "item", "items", "error", "from", "to", "changes"];
    let help = match nearest(name, ROOTS) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("a path starts with one of {}", ROOTS.join(", ")),
    };
    ExpressionError::new(format!("there is nothing called `{name}`")).help(help)
}

#[cfg(test)]
mod tests {
    use serde_json::{Map, Value, json};

    use super::{GivenScope, KEYS};

    #[test]
    fn every_key_can_be_given() {
        for key in KEYS {
            let value = if key == "now" { json!("2026-01-31T12:00:00Z") } else { json!({}) };
            let scope = Value::Object(Map::from_iter([(key.to_owned(), value)]));
            assert!(GivenScope::try_from(scope).is_ok(), "{key}");
        }
    }

    #[test]
    fn what_no_scope_has_is_told() {
        let cases = [
            (json!({"trigerBody": 1}), "a scope has no key `trigerBody`", Some("did you mean `triggerBody`?")),
            (json!({"outputs": []}), "`outputs` of a scope is an object with names as keys, and this is a list", None),
            (json!({"now": "soon"}), "`now` of a scope is a time", Some("2026-01-31T12:00:00Z")),
            (json!([]), "a scope is an object, and this is a list", None),
        ];
        for (scope, message, help) in cases {
            let said = GivenScope::try_from(scope.clone()).map(|_| ()).err();
            let said = said.map(|error| (error.message, error.help.unwrap_or_default())).unwrap_or_default();
            assert!(said.0.contains(message) && said.1.contains(help.unwrap_or_default()), "{scope}: {said:?}");
        }
    }
}
