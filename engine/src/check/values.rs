//! Values as written to expressions, and whether everything that they read is there when their step starts.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::input::variants;
use super::names::Unreadable;
use super::steps::StepChecker;
use crate::expression::{Expression, ExpressionError, Forms, Read, Root, Transform};
use crate::flow::Trigger;
use crate::mapping::Mapping;
use crate::source::{Problem, Route, nearest};

/// The roots that every step may read, each where it exists.
const ROOTS: [&str; 7] = ["trigger", "parameters", "variables", "steps", "items", "item", "error"];

impl StepChecker<'_> {
    /// Reads a value, and checks that everything it reads is there when `step` starts. `extra` are roots
    /// that exist in this place only.
    pub(super) fn expression(&mut self, value: &Value, at: &Route, step: &str, extra: &[&str]) -> Expression {
        self.expression_for(value, at, step, extra, None)
    }

    /// Reads a value that an operation of this connector is given: a mapping without `to` is one towards it.
    pub(super) fn expression_for(
        &mut self,
        value: &Value,
        at: &Route,
        step: &str,
        extra: &[&str],
        connector: Option<&str>,
    ) -> Expression {
        let roots: Vec<&str> = ROOTS.iter().chain(extra).copied().collect();
        let mappings = self.context.mappings;
        let mapping = |name: &str, to: Option<&str>| transform(mappings, name, to, connector);
        let mut mistakes = Vec::new();
        let expression = Forms { roots: &roots, mapping: &mapping }.parse(value, at, &mut mistakes);
        let mut reads = Vec::new();
        expression.reads(at, &mut reads);
        for (at, error) in mistakes {
            self.problem(Problem::error(self.source, &at, error.message).help_if(error.help));
        }
        for (at, read) in reads {
            self.check_read(&read, &at, step, extra);
        }
        expression
    }

    fn check_read(&mut self, read: &Read, at: &Route, step: &str, extra: &[&str]) {
        let problem = match &read.root {
            Root::Step(name) | Root::Outputs(name) | Root::Record(name) | Root::Result(name) => {
                match self.readable(name, step) {
                    Ok(()) if matches!(read.root, Root::Result(_)) => self.holds_no_steps(name, at),
                    Ok(()) => self.unknown_field_of_step(name, read, at),
                    Err(why) => self.unreadable(name, why, at),
                }
            }
            Root::Pass(name) if !self.names.in_passes(step, Some(name)) && !self.after_pass => {
                Some(Problem::error(self.source, at, format!("`{step}` does not stand in a loop `{name}`")))
            }
            Root::Named(name) if name == "variables" => self.unknown_variable(read, at),
            Root::Named(name) if name == "trigger" => self.unknown_field_of_trigger(read, at),
            Root::Items(name) if !self.names.in_loop(step, Some(name)) => {
                Some(Problem::error(self.source, at, format!("`{step}` does not stand in a loop `{name}`")))
            }
            Root::Named(name) if name == "item" && !extra.contains(&"item") && !self.names.in_loop(step, None) => {
                Some(Problem::error(self.source, at, "there is an `item` only in a loop"))
            }
            Root::Named(name) if name == "error" && !self.names.in_handler(step) => {
                let help = "a handler says `after: { STEP: [failed, timed_out] }`";
                Some(Problem::error(self.source, at, "there is an `error` only in a step that handles one").help(help))
            }
            Root::Named(name) if name == "parameters" => self.unknown_parameter(read, at),
            Root::Named(name) if !ROOTS.contains(&name.as_str()) && !extra.contains(&name.as_str()) => {
                let known: Vec<&str> = ROOTS.iter().chain(extra).copied().collect();
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("here there are {}", known.join(", ")),
                };
                Some(Problem::error(self.source, at, format!("there is no `{name}` to read")).help(help))
            }
            _ => None,
        };
        self.problems.extend(problem);
    }

    /// A field that the step's operation is known not to give.
    fn unknown_field_of_step(&self, step: &str, read: &Read, at: &Route) -> Option<Problem> {
        let operation = self.names.operation(step)?;
        let schema = self.context.connectors.operation(operation)?.output_schema();
        self.unknown_field(operation, read, &properties(&schema), at)
    }

    /// A field that the event or the inputs are known not to have.
    fn unknown_field_of_trigger(&self, read: &Read, at: &Route) -> Option<Problem> {
        match self.trigger {
            Trigger::Event(event) => {
                let schema = self.context.connectors.trigger(&event.name)?.output_schema();
                self.unknown_field(&event.name, read, &properties(&schema), at)
            }
            Trigger::Manual(inputs) | Trigger::Child(inputs) => {
                self.unknown_field("the trigger", read, &inputs.keys().map(String::as_str).collect::<Vec<_>>(), at)
            }
        }
    }

    /// Annotations (`@…`) may stand beside the fields; where no field is known in advance, any may be there.
    fn unknown_field(&self, owner: &str, read: &Read, known: &[&str], at: &Route) -> Option<Problem> {
        let key = read.key.as_deref()?;
        if known.is_empty() || known.contains(&key) || key.starts_with('@') {
            return None;
        }
        let help = match nearest(key, known.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("it gives {}", known.join(", ")),
        };
        Some(Problem::error(self.source, at, format!("`{owner}` gives no `{key}`")).help(help))
    }

    fn readable(&self, name: &str, reader: &str) -> Result<(), Unreadable> {
        if self.after_pass {
            self.names.readable_after_pass(name, reader)
        } else {
            self.names.readable(name, reader)
        }
    }

    fn holds_no_steps(&self, name: &str, at: &Route) -> Option<Problem> {
        let problem = || Problem::error(self.source, at, format!("`{name}` holds no steps that could have results"));
        (!self.names.holds_steps(name)).then(problem)
    }

    fn unknown_variable(&self, read: &Read, at: &Route) -> Option<Problem> {
        let key = read.key.as_deref()?;
        if self.variable(key).is_some() {
            return None;
        }
        let help = nearest(key, self.variables.keys().map(String::as_str)).map_or_else(
            || "variables are declared at the top of the flow".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Some(Problem::error(self.source, at, format!("the flow has no variable `{key}`")).help(help))
    }

    fn unknown_parameter(&self, read: &Read, at: &Route) -> Option<Problem> {
        let parameters = self.context.parameters.as_object()?;
        let key = read.key.as_ref()?;
        if parameters.contains_key(key) {
            return None;
        }
        let help = nearest(key, parameters.keys().map(String::as_str)).map_or_else(
            || "parameters are declared in pack.yaml".to_owned(),
            |near| format!("did you mean `{near}`?"),
        );
        Some(Problem::error(self.source, at, format!("the pack has no parameter `{key}`")).help(help))
    }

    fn unreadable(&self, name: &str, why: Unreadable, at: &Route) -> Option<Problem> {
        let error = |message: String| Problem::error(self.source, at, message);
        match why {
            Unreadable::Unknown { .. } if self.names.is_left_out(name) => None,
            Unreadable::Unknown { nearest } => Some(
                error(format!("there is no step `{name}`"))
                    .help_if(nearest.map(|near| format!("did you mean `{near}`?"))),
            ),
            Unreadable::Itself => Some(error(format!("`{name}` is the step itself, or holds it; it has no value yet"))),
            Unreadable::InLoop { loop_name } => Some(
                error(format!("`{name}` stands in the loop `{loop_name}` and has no single value outside of it"))
                    .help("move the step that needs it into the loop"),
            ),
            Unreadable::NotBefore => Some(
                error(format!("`{name}` may not have ended when this is read"))
                    .help(format!("let this step run after it: `after: [{name}]`")),
            ),
        }
    }
}

/// The fields that a schema names.
fn properties(schema: &Value) -> Vec<&str> {
    variants(schema)
        .filter_map(|schema| schema.get("properties")?.as_object())
        .flatten()
        .map(|(key, _)| key.as_str())
        .collect()
}

/// The mapping of a `$map`, towards the side that `to` names, or that belongs to the connector.
fn transform(
    mappings: &IndexMap<String, Arc<Mapping>>,
    name: &str,
    to: Option<&str>,
    connector: Option<&str>,
) -> Result<Arc<dyn Transform>, ExpressionError> {
    let mapping = mappings.get(name).ok_or_else(|| unknown_mapping(name, mappings.keys()))?;
    let no_side =
        |side: &str| ExpressionError::new(format!("the mapping `{name}` has no side {side}")).help(sides_help(mapping));
    let side = match (to, connector) {
        (Some(to), _) => mapping.side_named(to).ok_or_else(|| no_side(&format!("`{to}`")))?,
        (None, Some(connector)) => {
            mapping.side_of_connector(connector).ok_or_else(|| no_side(&format!("of `{connector}`")))?
        }
        (None, None) => {
            let error = ExpressionError::new(format!("towards which side `{name}` is meant is not clear here"));
            return Err(error.help(format!("add `to`; {}", sides_help(mapping))));
        }
    };
    Ok(Arc::new(mapping.directed(side)))
}

/// The mistake of naming a mapping that the pack does not have.
pub(super) fn unknown_mapping<'k>(name: &str, known: impl Iterator<Item = &'k String>) -> ExpressionError {
    let error = ExpressionError::new(format!("the pack has no mapping `{name}`"));
    match nearest(name, known.map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

/// Between what a mapping stands, for whoever took it for another.
pub(super) fn sides_help(mapping: &Mapping) -> String {
    let [one, other] = mapping.sides();
    format!("it is between `{}` ({}) and `{}` ({})", one.name(), one.record(), other.name(), other.record())
}
