//! Steps that call an operation or run another flow.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::input::Input;
use super::steps::StepChecker;
use crate::connector::AnyOperation;
use crate::document::{InputDocument, StepDocument};
use crate::expression::Expression;
use crate::flow::{Call, StepKind, inputs};
use crate::source::{Code, Problem, Route, nearest};

impl StepChecker<'_> {
    /// A call of an operation, with its input held against the operation's schema.
    pub(super) fn call(
        &mut self,
        operation: &str,
        with: Option<&Value>,
        at: &Route,
        step: &str,
        extra: &[&str],
    ) -> Option<Call> {
        let known = self.operation(operation, &at.key("call"))?;
        let with = self.input(operation, with, &at.key("with"), step, extra);
        Input { source: self.source, owner: operation, problems: self.problems }.check(
            &with,
            known.input_schema(),
            &at.key("with"),
        );
        Some(Call { operation: operation.to_owned(), effect: known.effect(), with })
    }

    /// The input of a call, not yet held against its schema.
    pub(super) fn input(
        &mut self,
        operation: &str,
        with: Option<&Value>,
        at: &Route,
        step: &str,
        extra: &[&str],
    ) -> Expression {
        let nothing = Value::Object(Map::new());
        let connector = operation.split('.').next();
        self.expression_for(with.unwrap_or(&nothing), at, step, extra, connector)
    }

    /// The operation of that full name, or a problem at `at`.
    pub(super) fn operation(&mut self, name: &str, at: &Route) -> Option<Arc<dyn AnyOperation>> {
        let connectors = self.context.connectors;
        if let Some(operation) = connectors.operation(name) {
            return Some(Arc::clone(operation));
        }
        let known: Vec<String> = connectors
            .iter()
            .flat_map(|connector| {
                connector.operations().map(|operation| format!("{}.{}", connector.name(), operation.name()))
            })
            .collect();
        let help = match nearest(name, known.iter().map(String::as_str)) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known: {}", known.join(", ")),
        };
        self.problem(
            Problem::error(self.source, at, format!("there is no operation `{name}`"))
                .help(help)
                .of_kind(Code::UnknownOperation),
        );
        None
    }

    /// A run of another flow, with its inputs held against those that the flow declares.
    pub(super) fn run_flow(&mut self, name: &str, step: &StepDocument, at: &Route) -> Option<StepKind> {
        let flow = step.run_flow.as_deref()?;
        let nothing = Value::Object(Map::new());
        let with = self.expression(step.with.as_ref().unwrap_or(&nothing), &at.key("with"), name, &[]);
        let Some(child) = self.context.children.get(flow) else {
            let known = self.context.children.keys().map(String::as_str);
            let problem = if self.context.flows.contains(flow) {
                Problem::error(self.source, &at.key("run_flow"), format!("`{flow}` cannot be run by another flow"))
                    .help("a flow that is run by others has the trigger `child`")
            } else {
                Problem::error(self.source, &at.key("run_flow"), format!("there is no flow `{flow}`"))
                    .help_if(nearest(flow, known).map(|near| format!("did you mean `{near}`?")))
            };
            self.problem(problem.of_kind(Code::UnknownFlow));
            return None;
        };
        if let Expression::Object(given) = &with {
            self.flow_inputs(flow, given, &child.inputs, &at.key("with"));
        }
        Some(StepKind::RunFlow { flow: flow.to_owned(), with })
    }

    /// Inputs that a flow does not have or that cannot be so, and those that it needs and is not given.
    fn flow_inputs(
        &mut self,
        flow: &str,
        given: &IndexMap<String, Expression>,
        declared: &IndexMap<String, InputDocument>,
        at: &Route,
    ) {
        for (key, value) in given {
            let mistake = value.literal().and_then(|value| inputs::mistake(key, declared.get(key)?, value));
            if let Some(message) = mistake {
                self.problem(Problem::error(self.source, &at.key(key), message).of_kind(Code::WrongType));
            }
        }
        for key in given.keys().filter(|key| !declared.contains_key(*key)) {
            let near = nearest(key, declared.keys().map(String::as_str));
            let problem =
                Problem::error_in_key(self.source, &at.key(key), format!("the flow `{flow}` has no input `{key}`"));
            self.problem(
                problem.of_kind(Code::UnknownInput).help_if(near.map(|near| format!("did you mean `{near}`?"))),
            );
        }
        for (key, _) in declared.iter().filter(|(key, input)| input.default.is_none() && !given.contains_key(*key)) {
            let problem = Problem::error_in_key(self.source, at, format!("the flow `{flow}` needs `{key}`"));
            self.problem(problem.of_kind(Code::MissingInput));
        }
    }
}
