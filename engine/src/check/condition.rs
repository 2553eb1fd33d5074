//! Conditions as written to conditions as meant.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::expression::{Comparison, Condition, Expression, NamedValues};
use crate::source::{Code, Problem, Route, Source, nearest};

const COMPARISONS: [Comparison; 8] = [
    Comparison::Equals,
    Comparison::Greater,
    Comparison::GreaterOrEquals,
    Comparison::Less,
    Comparison::LessOrEquals,
    Comparison::Contains,
    Comparison::StartsWith,
    Comparison::EndsWith,
];

/// Reads the values that stand in a condition, where it stands.
pub(super) trait ReadValues {
    /// The file.
    fn source(&self) -> &Arc<Source>;
    /// Adds a problem.
    fn problem(&mut self, problem: Problem);
    /// Reads a value.
    fn value(&mut self, value: &Value, at: &Route) -> Expression;
}

/// Reads a condition; several keys in one object must all hold.
pub(super) fn read(reader: &mut dyn ReadValues, value: &Value, at: &Route) -> Condition {
    match value {
        Value::Object(map) => {
            let mut conditions = tests(reader, map, at);
            if conditions.len() == 1 { conditions.remove(0) } else { Condition::All(conditions) }
        }
        Value::Bool(_) | Value::String(_) => truth(reader, value, at),
        _ => {
            let help = "write a condition such as { equals: [$.trigger.type, Shared] }";
            let problem = Problem::error(reader.source(), at, "a condition is a map, or an expression").help(help);
            reader.problem(problem);
            Condition::always()
        }
    }
}

/// A value that is true or false by itself.
fn truth(reader: &mut dyn ReadValues, value: &Value, at: &Route) -> Condition {
    let read = reader.value(value, at);
    let is_text = matches!(&read, Expression::Template(_)) || read.literal().is_some_and(Value::is_string);
    if is_text {
        let problem = Problem::error(reader.source(), at, "a condition is true or false, and this is text");
        let help = "write { equals: [A, B] }, or an expression such as \"@equals(triggerBody()?['type'], 'Shared')\"";
        reader.problem(problem.help(help));
    }
    Condition::Truth(read)
}

fn tests(reader: &mut dyn ReadValues, map: &Map<String, Value>, at: &Route) -> Vec<Condition> {
    map.iter().filter_map(|(key, value)| test(reader, key, value, &at.key(key))).collect()
}

fn test(reader: &mut dyn ReadValues, key: &str, value: &Value, at: &Route) -> Option<Condition> {
    match key {
        "all" => Some(Condition::All(list(reader, value, at))),
        "any" => Some(Condition::Any(list(reader, value, at))),
        "not" => Some(Condition::Not(Box::new(read(reader, value, at)))),
        "empty" => Some(Condition::Empty(reader.value(value, at))),
        _ => match COMPARISONS.into_iter().find(|comparison| comparison.name() == key) {
            Some(comparison) => compare(reader, comparison, value, at),
            None => {
                unknown_test(reader, key, at);
                None
            }
        },
    }
}

fn list(reader: &mut dyn ReadValues, value: &Value, at: &Route) -> Vec<Condition> {
    match value {
        Value::Array(items) => {
            items.iter().enumerate().map(|(index, item)| read(reader, item, &at.index(index))).collect()
        }
        Value::Object(map) => tests(reader, map, at),
        _ => {
            let problem = Problem::error(reader.source(), at, "expected a list of conditions");
            reader.problem(problem);
            Vec::new()
        }
    }
}

fn compare(reader: &mut dyn ReadValues, how: Comparison, value: &Value, at: &Route) -> Option<Condition> {
    let Some([left, right]) = value.as_array().map(Vec::as_slice) else {
        let message = format!("`{}` compares two values", how.name());
        let problem = Problem::error_in_key(reader.source(), at, message).help(format!("write {}: [A, B]", how.name()));
        reader.problem(problem);
        return None;
    };
    let left = reader.value(left, &at.index(0));
    let right = reader.value(right, &at.index(1));
    let fixed = left.literal().is_some() && right.literal().is_some();
    let comparison = Condition::Compare(how, left, right);
    if fixed && let Err(error) = comparison.holds(&NamedValues::default()) {
        reader.problem(Problem::error_in_key(reader.source(), at, error.message).of_kind(Code::WrongType));
    }
    Some(comparison)
}

fn unknown_test(reader: &mut dyn ReadValues, key: &str, at: &Route) {
    let known: Vec<&str> = ["all", "any", "not", "empty"]
        .into_iter()
        .chain(COMPARISONS.iter().map(|comparison| comparison.name()))
        .collect();
    let help = match nearest(key, known.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("known here: {}", known.join(", ")),
    };
    let problem = Problem::error_in_key(reader.source(), at, format!("unknown condition `{key}`")).help(help);
    reader.problem(problem);
}
