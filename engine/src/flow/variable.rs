//! Variables: values of a run that steps may change, each of one kind for good.

use serde_json::{Map, Number, Value, json};

use crate::document::VariableKind;
use crate::expression::{Expression, ExpressionError, Kinds, Scope};

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

/// What a step makes of a variable.
#[derive(Debug, Clone, PartialEq)]
pub enum Assigned {
    /// It holds this from now on.
    Whole(Value),
    /// It holds this too, at its end: one more item of a list, or more text.
    More(Value),
}

/// Puts more at the end of a list or a text; anything else stays as it is.
pub fn append(held: &mut Value, more: &Value) {
    match (held, more) {
        (Value::Array(items), item) => items.push(item.clone()),
        (Value::String(text), Value::String(more)) => text.push_str(more),
        _ => {}
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
    /// What the step makes of the variable.
    pub fn evaluate(&self, variables: &Map<String, Value>, scope: &dyn Scope) -> Result<Assigned, ExpressionError> {
        let value = self.value.evaluate(scope)?;
        let held = variables.get(&self.variable).unwrap_or(&Value::Null);
        match self.change {
            VariableChange::Set => self.set(value).map(Assigned::Whole),
            VariableChange::Append => self.more(held, value),
            VariableChange::Increment => self.add(held, &value, false).map(Assigned::Whole),
            VariableChange::Decrement => self.add(held, &value, true).map(Assigned::Whole),
        }
    }

    fn set(&self, value: Value) -> Result<Value, ExpressionError> {
        let given = Kinds::of(&value);
        fitting(self.kind, value).ok_or_else(|| {
            let wanted = word(self.kind);
            ExpressionError::new(format!("the variable `{}` holds {wanted} and cannot become {given}", self.variable))
        })
    }

    /// One item to a list; what looks like several is refused, as the service does.
    fn more(&self, held: &Value, value: Value) -> Result<Assigned, ExpressionError> {
        let given = Kinds::of(&value);
        match (self.kind, value) {
            (VariableKind::Text, value @ Value::String(_)) if held.is_null() => Ok(Assigned::Whole(value)),
            (VariableKind::Text, value @ Value::String(_)) => Ok(Assigned::More(value)),
            (VariableKind::List, Value::Array(_) | Value::Null) => {
                let error = ExpressionError::new(format!("{given} cannot be appended to the list `{}`", self.variable));
                Err(error.help("append one item, or set the variable to `@union(…)` of two lists"))
            }
            (VariableKind::List, value) if held.is_null() => Ok(Assigned::Whole(Value::Array(vec![value]))),
            (VariableKind::List, value) => Ok(Assigned::More(value)),
            _ => Err(ExpressionError::new(format!("`{}` takes text, and this is {given}", self.variable))),
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
        let given = Kinds::of(by);
        Err(ExpressionError::new(format!("`{}` holds {}, and this is {given}", self.variable, word(self.kind))))
    }
}
