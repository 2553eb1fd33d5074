//! A scope as it is written: every key has its place, and what has none is told.

use jiff::Timestamp;
use serde_json::{Map, Value};

use super::GivenScope;
use crate::expression::{ExpressionError, Kinds, Root};
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
}

/// The error that a scope does not have what is read.
pub(super) fn missing(root: &Root) -> ExpressionError {
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
