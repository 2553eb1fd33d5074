//! Variables: values of a run that steps may change, each of one kind for good.

use serde_json::{Map, Number, Value, json};

use crate::document::VariableKind;
use crate::expression::{Expression, ExpressionError, Scope};

/// A variable as its flow declares it.
#[derive(Debug, Clone)]
pub struct Variable {
    /// What kind of value it holds.
    pub kind: VariableKind,
    /// The value when the run begins.
    pub value: Value,
}

/// A step that changes a variable.
#[derive(Debug)]
pub struct Assignment {
    /// The variable, as it is declared.
    pub variable: String,
    /// What it holds.
    pub kind: VariableKind,
    /// What is done to it.
    pub change: VariableChange,
    /// What it is done with.
    pub value: Expression,
}

/// What is done to a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VariableChange {
    /// It gets another value.
    Set,
    /// A list gets one more item, a text more text.
    Append,
    /// A number becomes greater.
    Increment,
    /// A number becomes smaller.
    Decrement,
}

impl VariableChange {
    /// The change's key in a file.
    pub fn name(self) -> &'static str {
        match self {
            VariableChange::Set => "set",
            VariableChange::Append => "append",
            VariableChange::Increment => "increment",
            VariableChange::Decrement => "decrement",
        }
    }
}

/// The value that a variable of a kind begins with where its flow says none.
pub fn initial(kind: VariableKind) -> Value {
    match kind {
        VariableKind::Text => json!(""),
        VariableKind::Integer => json!(0),
        VariableKind::Number => json!(0.0),
        VariableKind::YesNo => json!(false),
        VariableKind::List => json!([]),
        VariableKind::Record => Value::Null,
    }
}

/// The value as a variable of that kind holds it, or `None` where it does not fit. A whole number becomes a
/// number; null fits a text, a list and a record.
pub fn fitting(kind: VariableKind, value: Value) -> Option<Value> {
    match (kind, value) {
        (VariableKind::Text | VariableKind::List | VariableKind::Record, Value::Null) => Some(Value::Null),
        (VariableKind::Text, value @ Value::String(_))
        | (VariableKind::YesNo, value @ Value::Bool(_))
        | (VariableKind::List, value @ Value::Array(_))
        | (VariableKind::Record, value @ Value::Object(_)) => Some(value),
        (VariableKind::Integer, Value::Number(number)) if number.is_i64() => Some(Value::Number(number)),
        (VariableKind::Number, Value::Number(number)) => number.as_f64().and_then(Number::from_f64).map(Value::Number),
        _ => None,
    }
}

/// A kind in words.
pub fn word(kind: VariableKind) -> &'static str {
    match kind {
        VariableKind::Text => "text",
        VariableKind::Integer => "a whole number",
        VariableKind::Number => "a number",
        VariableKind::YesNo => "true or false",
        VariableKind::List => "a list",
        VariableKind::Record => "a record",
    }
}

impl Assignment {
    /// What the variable holds after the step.
    pub fn evaluate(&self, variables: &Map<String, Value>, scope: &dyn Scope) -> Result<Value, ExpressionError> {
        let value = self.value.evaluate(scope)?;
        let held = variables.get(&self.variable).unwrap_or(&Value::Null);
        match self.change {
            VariableChange::Set => self.set(value),
            VariableChange::Append => self.append(held, value),
            VariableChange::Increment => self.add(held, &value, false),
            VariableChange::Decrement => self.add(held, &value, true),
        }
    }

    fn set(&self, value: Value) -> Result<Value, ExpressionError> {
        let given = crate::expression::Kinds::of(&value);
        fitting(self.kind, value).ok_or_else(|| {
            let wanted = word(self.kind);
            ExpressionError::new(format!("the variable `{}` holds {wanted} and cannot become {given}", self.variable))
        })
    }

    /// One item to a list; what looks like several is refused, as the service does.
    fn append(&self, held: &Value, value: Value) -> Result<Value, ExpressionError> {
        match (self.kind, held, value) {
            (VariableKind::Text, held, Value::String(more)) => {
                Ok(Value::from(format!("{}{more}", held.as_str().unwrap_or_default())))
            }
            (VariableKind::List, held, value) if !value.is_array() && !value.is_null() => {
                let mut items = held.as_array().cloned().unwrap_or_default();
                items.push(value);
                Ok(Value::Array(items))
            }
            (VariableKind::List, _, value) => {
                let given = crate::expression::Kinds::of(&value);
                let error = ExpressionError::new(format!("{given} cannot be appended to the list `{}`", self.variable));
                Err(error.help("append one item, or set the variable to `@union(…)` of two lists"))
            }
            (_, _, value) => {
                let given = crate::expression::Kinds::of(&value);
                Err(ExpressionError::new(format!("`{}` takes text, and this is {given}", self.variable)))
            }
        }
    }

    fn add(&self, held: &Value, by: &Value, less: bool) -> Result<Value, ExpressionError> {
        let too_large = || ExpressionError::new(format!("the variable `{}` would become too large", self.variable));
        match (self.kind, held.as_i64(), by.as_i64()) {
            (VariableKind::Integer, Some(held), Some(by)) => {
                let sum = if less { held.checked_sub(by) } else { held.checked_add(by) };
                return sum.map(Value::from).ok_or_else(too_large);
            }
            (VariableKind::Number, ..) => {
                if let (Some(held), Some(by)) = (held.as_f64(), by.as_f64()) {
                    let sum = if less { held - by } else { held + by };
                    return Number::from_f64(sum).map(Value::Number).ok_or_else(too_large);
                }
            }
            _ => {}
        }
        let given = crate::expression::Kinds::of(by);
        Err(ExpressionError::new(format!("`{}` holds {}, and this is {given}", self.variable, word(self.kind))))
    }
}
