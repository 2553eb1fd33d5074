//! Conditions as written to conditions as meant.

use serde_json::{Map, Value};

use super::steps::StepChecker;
use crate::expression::{Comparison, Condition, Expression};
use crate::source::{Problem, Route, nearest};

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

impl StepChecker<'_> {
    /// Reads a condition; several keys in one object must all hold.
    pub(super) fn condition(&mut self, value: &Value, at: &Route, step: &str) -> Condition {
        let Value::Object(map) = value else {
            let help = "write a condition such as { equals: [$.trigger.type, Shared] }";
            self.problem(Problem::error(self.source, at, "a condition is a map").help(help));
            return Condition::All(Vec::new());
        };
        let mut conditions = self.conditions(map, at, step);
        if conditions.len() == 1 { conditions.remove(0) } else { Condition::All(conditions) }
    }

    fn conditions(&mut self, map: &Map<String, Value>, at: &Route, step: &str) -> Vec<Condition> {
        map.iter().filter_map(|(key, value)| self.test(key, value, &at.key(key), step)).collect()
    }

    fn test(&mut self, key: &str, value: &Value, at: &Route, step: &str) -> Option<Condition> {
        match key {
            "all" => Some(Condition::All(self.list(value, at, step))),
            "any" => Some(Condition::Any(self.list(value, at, step))),
            "not" => Some(Condition::Not(Box::new(self.condition(value, at, step)))),
            "empty" => Some(Condition::Empty(self.expression(value, at, step, &[]))),
            _ => match COMPARISONS.into_iter().find(|comparison| comparison.name() == key) {
                Some(comparison) => self.comparison(comparison, value, at, step),
                None => {
                    self.unknown_test(key, at);
                    None
                }
            },
        }
    }

    fn list(&mut self, value: &Value, at: &Route, step: &str) -> Vec<Condition> {
        match value {
            Value::Array(items) => {
                items.iter().enumerate().map(|(index, item)| self.condition(item, &at.index(index), step)).collect()
            }
            Value::Object(map) => self.conditions(map, at, step),
            _ => {
                self.problem(Problem::error(self.source, at, "expected a list of conditions"));
                Vec::new()
            }
        }
    }

    fn comparison(&mut self, how: Comparison, value: &Value, at: &Route, step: &str) -> Option<Condition> {
        let Some([left, right]) = value.as_array().map(Vec::as_slice) else {
            let message = format!("`{}` compares two values", how.name());
            self.problem(Problem::error_in_key(self.source, at, message).help(format!("write {}: [A, B]", how.name())));
            return None;
        };
        let mut read =
            |side: &Value, index: usize| -> Expression { self.expression(side, &at.index(index), step, &[]) };
        Some(Condition::Compare(how, read(left, 0), read(right, 1)))
    }

    fn unknown_test(&mut self, key: &str, at: &Route) {
        let known: Vec<&str> = ["all", "any", "not", "empty"]
            .into_iter()
            .chain(COMPARISONS.iter().map(|comparison| comparison.name()))
            .collect();
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        };
        self.problem(Problem::error_in_key(self.source, at, format!("unknown condition `{key}`")).help(help));
    }
}
