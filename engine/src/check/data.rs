//! Steps that make values: data operations and variables.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::steps::StepChecker;
use crate::document::{ParseDocument, StepDocument, TableFormat, TextTableDocument, VariableDocument, VariableKind};
use crate::expression::{Expression, Kinds};
use crate::flow::StepKind;
use crate::flow::data::{Column, DataOperation, Format, Table};
use crate::flow::variable::{Assignment, Variable, VariableChange, fitting, initial, word};
use crate::source::{Code, Problem, Route, Source, nearest};

/// Variables as declared to variables as meant.
pub(super) fn variables(
    source: &Arc<Source>,
    documents: &IndexMap<String, VariableDocument>,
    problems: &mut Vec<Problem>,
) -> IndexMap<String, Variable> {
    let mut variables: IndexMap<String, Variable> = IndexMap::new();
    for (name, document) in documents {
        let at = Route::root().key("variables").key(name);
        if let Some(same) = variables.keys().find(|known| known.to_lowercase() == name.to_lowercase()) {
            let message = format!("there are two variables of the name `{same}`");
            problems.push(Problem::error_in_key(source, &at, message).help("case does not tell names apart"));
        }
        let value = match document.value.clone() {
            None | Some(Value::Null) => initial(document.kind),
            Some(value) => fitting(document.kind, value).unwrap_or_else(|| {
                let message = format!("the variable `{name}` holds {}, and this is not", word(document.kind));
                problems.push(Problem::error(source, &at.key("value"), message));
                initial(document.kind)
            }),
        };
        variables.insert(name.clone(), Variable { kind: document.kind, value });
    }
    variables
}

impl StepChecker<'_> {
    /// A step that makes a list, a text or a table of a list, or reads JSON.
    pub(super) fn data(&mut self, kind: &str, name: &str, step: &StepDocument, at: &Route) -> Option<StepKind> {
        let at = at.key(kind);
        let operation = match kind {
            "compose" => DataOperation::Compose(self.expression(step.compose.as_ref()?, &at, name, &[])),
            "select" => {
                let select = step.select.as_ref()?;
                let from = self.list(&select.from, &at.key("from"), name);
                DataOperation::Select { from, each: self.expression(&select.each, &at.key("each"), name, &["item"]) }
            }
            "filter" => {
                let filter = step.filter.as_ref()?;
                let from = self.list(&filter.from, &at.key("from"), name);
                let condition = self.condition(&filter.condition, &at.key("where"), name, &["item"]);
                DataOperation::Filter { from, condition }
            }
            "join" => {
                let join = step.join.as_ref()?;
                let from = self.list(&join.from, &at.key("from"), name);
                DataOperation::Join { from, with: self.expression(&join.with, &at.key("with"), name, &[]) }
            }
            "table" => DataOperation::Table(self.table(step.table.as_ref()?, &at, name)),
            _ => self.parse(step.parse.as_ref()?, &at, name)?,
        };
        Some(StepKind::Data(operation))
    }

    /// A value that must be a list.
    fn list(&mut self, value: &Value, at: &Route, step: &str) -> Expression {
        let list = self.expression(value, at, step, &[]);
        self.wants(Kinds::LIST, "this takes a list", &list, at, "pick a list, as in `$.steps.NAME.value`");
        list
    }

    fn table(&mut self, table: &TextTableDocument, at: &Route, step: &str) -> Table {
        let from = self.list(&table.from, &at.key("from"), step);
        let format = match table.format {
            TableFormat::Csv => Format::Csv,
            TableFormat::Html => Format::Html,
        };
        let columns = table.columns.as_ref().map(|columns| {
            let column = |(index, column): (usize, &crate::document::TableColumnDocument)| {
                let at = at.key("columns").index(index);
                let header = self.expression(&column.header, &at.key("header"), step, &[]);
                Column { header, value: self.expression(&column.value, &at.key("value"), step, &["item"]) }
            };
            columns.iter().enumerate().map(column).collect()
        });
        Table { from, format, columns }
    }

    fn parse(&mut self, parse: &ParseDocument, at: &Route, step: &str) -> Option<DataOperation> {
        let content = self.expression(&parse.content, &at.key("content"), step, &[]);
        if content.literal().is_some_and(Value::is_null) {
            let problem = Problem::error(self.source, &at.key("content"), "there is nothing to parse: this is null");
            self.problem(problem.help("pick JSON text, as in `$.steps.NAME`").of_kind(Code::WrongType));
        }
        // No schema fits everything.
        let schema = if parse.schema.is_null() { &Value::Bool(true) } else { &parse.schema };
        match jsonschema::validator_for(schema) {
            Ok(validator) => Some(DataOperation::Parse { content, schema: Arc::new(validator) }),
            Err(error) => {
                let message = format!("this is not a JSON Schema: {error}");
                self.problem(Problem::error(self.source, &at.key("schema"), message));
                None
            }
        }
    }

    /// A step that changes one variable.
    pub(super) fn assign(
        &mut self,
        change: VariableChange,
        given: &IndexMap<String, Value>,
        at: &Route,
        step: &str,
    ) -> Option<StepKind> {
        let at = at.key(change.name());
        let [(name, value)] = given.iter().collect::<Vec<_>>()[..] else {
            let message = format!("`{}` takes one variable", change.name());
            let problem = Problem::error_in_key(self.source, &at, message);
            self.problem(problem.help(format!("write {}: {{ NAME: VALUE }}, with a step for each", change.name())));
            return None;
        };
        let at = at.key(name);
        let expression = self.expression(value, &at, step, &[]);
        let Some((variable, declared)) = self.variable(name) else {
            let near = nearest(name, self.variables.keys().map(String::as_str));
            let help = near.map_or_else(
                || format!("declare it at the top of the flow: variables: {{ {name}: {{ type: text }} }}"),
                |near| format!("did you mean `{near}`?"),
            );
            self.problem(Problem::error_in_key(self.source, &at, format!("there is no variable `{name}`")).help(help));
            return None;
        };
        let (variable, kind) = (variable.to_owned(), declared.kind);
        self.unfitting(change, &variable, kind, &expression, &at);
        Some(StepKind::Assign(Assignment { variable, kind, change, value: expression }))
    }

    /// A declared variable, with its name as it is declared.
    pub(super) fn variable(&self, name: &str) -> Option<(&str, &Variable)> {
        let found = self.variables.iter().find(|(known, _)| known.to_lowercase() == name.to_lowercase());
        found.map(|(name, variable)| (name.as_str(), variable))
    }

    /// What can be told of a change before it is made.
    fn unfitting(&mut self, change: VariableChange, name: &str, kind: VariableKind, value: &Expression, at: &Route) {
        let possible = match change {
            VariableChange::Set => true,
            VariableChange::Append => matches!(kind, VariableKind::Text | VariableKind::List),
            _ => matches!(kind, VariableKind::Integer | VariableKind::Number),
        };
        if !possible {
            let message = format!("`{}` is not possible: `{name}` holds {}", change.name(), word(kind));
            self.problem(Problem::error_in_key(self.source, at, message));
        } else if let (VariableChange::Set, Some(literal)) = (change, value.literal())
            && fitting(kind, literal.clone()).is_none()
        {
            let message = format!("`{name}` holds {}, and this is {}", word(kind), Kinds::of(literal));
            self.problem(Problem::error(self.source, at, message));
        } else {
            self.unfitting_part(change, name, kind, value, at);
        }
    }

    /// What is added to a variable, or taken away from it, can be wrong in itself.
    fn unfitting_part(
        &mut self,
        change: VariableChange,
        name: &str,
        kind: VariableKind,
        value: &Expression,
        at: &Route,
    ) {
        let (wanted, place, help) = match (change, kind) {
            (VariableChange::Set, _) => return,
            (VariableChange::Append, VariableKind::List) => (
                Kinds::NUMBER.or(Kinds::BOOL).or(Kinds::TEXT).or(Kinds::OBJECT),
                format!("only one item can be appended to the list `{name}`"),
                "for several, set the variable to `@union(…)` of two lists",
            ),
            (VariableChange::Append, _) => {
                (Kinds::TEXT, format!("only text can be appended to `{name}`"), "make text of it: `@{…}` or `{{…}}`")
            }
            (_, VariableKind::Integer) => {
                (Kinds::INT, format!("`{name}` holds a whole number"), "write a whole number, such as 1")
            }
            _ => (Kinds::NUMBER, format!("`{name}` holds a number"), "write a number, such as 1.5"),
        };
        self.wants(wanted, &place, value, at, help);
    }
}
