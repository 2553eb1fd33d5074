//! Values as written to expressions: their mistakes, and their reads handed on to [`super::reads`].

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::steps::StepChecker;
use super::{look_alikes, mistake};
use crate::expression::{Expression, ExpressionError, Forms, Transform};
use crate::mapping::Mapping;
use crate::source::{Route, nearest};

/// The roots that every step may read, each where it exists.
pub(super) const ROOTS: [&str; 7] = ["trigger", "parameters", "variables", "steps", "items", "item", "error"];

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
        self.problems.extend(mistakes.into_iter().map(|(at, error)| mistake(self.source, &at, error)));
        for (at, read) in reads {
            self.check_read(&read, &at, step, extra);
        }
        look_alikes::find(self.source, value, at, &roots, self.problems);
        expression
    }
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
