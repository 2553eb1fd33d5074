//! Steps that bring one record in step with another: two calls, one mapping, and what is filled in for them.

use serde_json::Value;

use super::input::Input;
use super::steps::StepChecker;
use super::values::{sides_help, unknown_mapping};
use crate::connector::{AnyOperation, Effect};
use crate::document::{CallDocument, UpdateDocument};
use crate::expression::{Expression, Path, Transform};
use crate::flow::{Call, Known, StepKind, UpdateIfDifferent};
use crate::mapping::Directed;
use crate::source::{Problem, Route};

impl StepChecker<'_> {
    /// An update of one record after another, with what its author may leave out filled in.
    pub(super) fn update(&mut self, name: &str, document: &UpdateDocument, at: &Route) -> Option<StepKind> {
        let from = self.expression(&document.from, &at.key("from"), name, &[]);
        let reads = self.operation(&document.read.call, &at.key("read").key("call"));
        let updates = self.operation(&document.update.call, &at.key("update").key("call"));
        let mapping = self.update_mapping(document, &at.key("map"))?;
        let (reads, updates) = (reads?, updates?);
        let to = document.to.as_ref().and_then(|to| self.known(to, &document.read.call, reads.version(), name, at));
        let mut read = self.part(&document.read, &at.key("read"), name, &["from"]);
        fill(&mut read, reads.input_schema(), "fields", Expression::Literal(mapping.fields()));
        let mut update = self.part(&document.update, &at.key("update"), name, &["from", "to", "changes"]);
        fill_from_read(&mut update, updates.input_schema(), &read, reads.version());
        let read = self.checked_part(&document.read.call, reads.as_ref(), read, &at.key("read"));
        let update = self.checked_part(&document.update.call, updates.as_ref(), update, &at.key("update"));
        if read.effect == Effect::Writes {
            let message = format!("`{}` changes the service", read.operation);
            let help = "what reads the record must be an operation that only reads";
            self.problem(Problem::error(self.source, &at.key("read"), message).help(help));
        }
        Some(StepKind::UpdateIfDifferent(Box::new(UpdateIfDifferent { mapping, from, to, read, update })))
    }

    /// The record that an earlier step has read, which stands for the first read.
    fn known(&mut self, record: &Value, read: &str, version: Option<&str>, name: &str, at: &Route) -> Option<Known> {
        let record = self.expression(record, &at.key("to"), name, &[]);
        let Some(version) = version else {
            let message = format!("records that `{read}` reads have no version");
            let help = "without one nobody would notice that the record has changed since it was read; leave `to` out";
            self.problem(Problem::error(self.source, &at.key("to"), message).help(help));
            return None;
        };
        Some(Known { record, version: version.to_owned() })
    }

    /// The mapping towards the record that is updated: the side of the connector that writes it.
    fn update_mapping(&mut self, document: &UpdateDocument, at: &Route) -> Option<Directed> {
        let Some(mapping) = self.context.mappings.get(&document.map) else {
            let error = unknown_mapping(&document.map, self.context.mappings.keys());
            self.problem(Problem::error(self.source, at, error.message).help_if(error.help));
            return None;
        };
        let connector = document.update.call.split('.').next().unwrap_or_default();
        let Some(side) = mapping.side_of_connector(connector) else {
            let message = format!("the mapping `{}` has no side of `{connector}`", document.map);
            self.problem(Problem::error(self.source, at, message).help(sides_help(mapping)));
            return None;
        };
        Some(mapping.directed(side))
    }

    fn part(&mut self, document: &CallDocument, at: &Route, step: &str, extra: &[&str]) -> Expression {
        self.input(&document.call, document.with.as_ref(), &at.key("with"), step, extra)
    }

    fn checked_part(&mut self, name: &str, operation: &dyn AnyOperation, with: Expression, at: &Route) -> Call {
        Input { source: self.source, owner: name, problems: self.problems }.check(
            &with,
            operation.input_schema(),
            &at.key("with"),
        );
        Call { operation: name.to_owned(), effect: operation.effect(), with }
    }
}

/// Gives the write what the read says of the record, and the version that was read.
fn fill_from_read(update: &mut Expression, schema: &Value, read: &Expression, version: Option<&str>) {
    if let Expression::Object(said) = read {
        for (key, value) in said.iter().filter(|(key, _)| *key != "fields") {
            fill(update, schema, key, value.clone());
        }
    }
    if let Some(version) = version
        && let Ok(path) = Path::parse(&format!("$.to['{version}']"))
    {
        fill(update, schema, "if_match", Expression::Path(path));
    }
}

/// Gives a call an input that its author left to us, where the operation has it.
fn fill(with: &mut Expression, schema: &Value, key: &str, value: Expression) {
    let known = schema.get("properties").and_then(|properties| properties.get(key)).is_some();
    if let Expression::Object(entries) = with
        && known
        && !entries.contains_key(key)
    {
        entries.insert(key.to_owned(), value);
    }
}
