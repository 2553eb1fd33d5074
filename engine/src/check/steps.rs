//! Steps as written to steps as meant.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::{Map, Value};

use super::Context;
use super::input::Input;
use super::names::{Names, Unreadable};
use crate::connector::{AnyOperation, Effect};
use crate::document::{AfterDocument, CallDocument, StepDocument, TerminateDocument, UpdateDocument};
use crate::expression::{Expression, ExpressionError, Forms, Path, Read, Root, Transform};
use crate::flow::{Call, RunAfter, Step, StepKind, Steps, UpdateIfDifferent};
use crate::outcome::{Outcome, Outcomes};
use crate::source::{Problem, Route, Source, nearest};

/// The roots that every step may read, each where it exists.
const ROOTS: [&str; 6] = ["trigger", "parameters", "steps", "items", "item", "error"];

/// The kinds of steps, by their keys.
const KINDS: [&str; 9] =
    ["call", "scope", "if", "for_each", "run_flow", "update_if_different", "compose", "respond", "terminate"];

/// Reads the steps of one flow.
pub(super) struct StepChecker<'a> {
    pub(super) source: &'a Arc<Source>,
    pub(super) context: &'a Context<'a>,
    pub(super) names: &'a Names,
    pub(super) problems: &'a mut Vec<Problem>,
}

impl StepChecker<'_> {
    /// Reads sibling steps; a step without `after` follows the nearest one above it that has none either.
    pub(super) fn steps(&mut self, documents: &IndexMap<String, StepDocument>, at: &Route) -> Steps {
        let mut steps = Steps::new();
        let mut written_before: Option<&str> = None;
        for (name, document) in documents {
            let here = at.key(name);
            let after = match &document.after {
                Some(after) => self.after(after, documents, &here.key("after")),
                None => written_before
                    .map(|step| RunAfter { step: step.to_owned(), outcomes: Outcomes::SUCCEEDED })
                    .into_iter()
                    .collect(),
            };
            if let Some(kind) = self.kind(name, document, &here) {
                let step = Step { name: name.clone(), title: document.title.clone(), after, kind, at: here };
                steps.insert(name.clone(), Arc::new(step));
            }
            if document.after.is_none() {
                written_before = Some(name);
            }
        }
        steps
    }

    pub(super) fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    /// Reads a value, and checks that everything it reads is there when `step` starts. `extra` are roots
    /// that exist in this place only.
    pub(super) fn expression(&mut self, value: &Value, at: &Route, step: &str, extra: &[&str]) -> Expression {
        self.expression_for(value, at, step, extra, None)
    }

    fn expression_for(
        &mut self,
        value: &Value,
        at: &Route,
        step: &str,
        extra: &[&str],
        connector: Option<&str>,
    ) -> Expression {
        let roots: Vec<&str> = ROOTS.iter().chain(extra).copied().collect();
        let mappings = self.context.mappings;
        let mapping = |name: &str, to: Option<&str>| -> Result<Arc<dyn Transform>, ExpressionError> {
            let mapping = mappings.get(name).ok_or_else(|| unknown_mapping(name, mappings.keys()))?;
            let side = match (to, connector) {
                (Some(to), _) => mapping.side_named(to).ok_or_else(|| {
                    ExpressionError::new(format!("the mapping `{name}` has no side `{to}`")).help(sides_help(mapping))
                })?,
                (None, Some(connector)) => mapping.side_of_connector(connector).ok_or_else(|| {
                    ExpressionError::new(format!("the mapping `{name}` has no side of `{connector}`"))
                        .help(sides_help(mapping))
                })?,
                (None, None) => {
                    return Err(ExpressionError::new(format!(
                        "towards which side `{name}` is meant is not clear here"
                    ))
                    .help(format!("add `to`; {}", sides_help(mapping))));
                }
            };
            Ok(Arc::new(mapping.directed(side)))
        };
        let mut mistakes = Vec::new();
        let expression = Forms { roots: &roots, mapping: &mapping }.parse(value, at, &mut mistakes);
        let mut reads = Vec::new();
        expression.reads(&mut reads);
        for (at, error) in mistakes {
            self.problem(Problem::error(self.source, &at, error.message).help_if(error.help));
        }
        for read in reads {
            self.check_read(&read, at, step, extra);
        }
        expression
    }

    fn check_read(&mut self, read: &Read, at: &Route, step: &str, extra: &[&str]) {
        let problem = match &read.root {
            Root::Step(name) => self.names.readable(name, step).err().and_then(|why| self.unreadable(name, why, at)),
            Root::Items(name) if !self.names.in_loop(step, Some(name)) => {
                Some(Problem::error(self.source, at, format!("`{step}` does not stand in a loop `{name}`")))
            }
            Root::Named(name) if name == "item" && !self.names.in_loop(step, None) => {
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

    fn after(&mut self, after: &AfterDocument, siblings: &IndexMap<String, StepDocument>, at: &Route) -> Vec<RunAfter> {
        let named: Vec<(String, Outcomes, Route)> = match after {
            AfterDocument::Names(names) => names
                .iter()
                .enumerate()
                .map(|(index, name)| (name.clone(), Outcomes::SUCCEEDED, at.index(index)))
                .collect(),
            AfterDocument::Outcomes(outcomes) => outcomes
                .iter()
                .map(|(name, outcomes)| (name.clone(), outcomes.iter().copied().collect(), at.key(name)))
                .collect(),
        };
        let mut run_after = Vec::new();
        for (name, outcomes, at) in named {
            match siblings.keys().find(|sibling| sibling.eq_ignore_ascii_case(&name)) {
                Some(sibling) => run_after.push(RunAfter { step: sibling.clone(), outcomes }),
                None if self.names.is_left_out(&name) => {}
                None => self.unknown_sibling(&name, siblings, &at),
            }
        }
        run_after
    }

    fn unknown_sibling(&mut self, name: &str, siblings: &IndexMap<String, StepDocument>, at: &Route) {
        let problem = if let Some(known) = self.names.canonical(name) {
            let message = format!("`{known}` does not stand beside this step");
            Problem::error_in_key(self.source, at, message)
                .help("a step can only wait for its siblings, in the same scope or branch")
        } else {
            let near = nearest(name, siblings.keys().map(String::as_str));
            Problem::error_in_key(self.source, at, format!("there is no step `{name}`"))
                .help_if(near.map(|near| format!("did you mean `{near}`?")))
        };
        self.problem(problem);
    }

    fn kind(&mut self, name: &str, step: &StepDocument, at: &Route) -> Option<StepKind> {
        let given = kinds_of(step);
        let [kind] = given.as_slice() else {
            let problem = if given.is_empty() {
                Problem::error_in_key(self.source, at, format!("what `{name}` does is missing"))
                    .help(format!("a step is exactly one of {}", KINDS.join(", ")))
            } else {
                Problem::error_in_key(self.source, at, format!("`{name}` is of several kinds: {}", given.join(", ")))
                    .help("a step is of exactly one kind; make a step of each")
            };
            if !given.is_empty() || !self.names.is_left_out(name) {
                self.problem(problem);
            }
            return None;
        };
        self.misplaced(step, kind, at);
        match *kind {
            "call" => self.call(step.call.as_deref()?, step.with.as_ref(), at, name, &[]).map(StepKind::Call),
            "scope" => Some(StepKind::Scope(self.steps(step.scope.as_ref()?, &at.key("scope")))),
            "if" => Some(self.branches(name, step, at)),
            "for_each" => Some(self.for_each(name, step, at)),
            "run_flow" => self.run_flow(name, step, at),
            "update_if_different" => {
                self.update(name, step.update_if_different.as_ref()?, &at.key("update_if_different"))
            }
            "compose" => {
                Some(StepKind::Compose(self.expression(step.compose.as_ref()?, &at.key("compose"), name, &[])))
            }
            "respond" => Some(self.respond(name, step, at)),
            _ => Some(self.terminate(name, step, at)),
        }
    }

    /// Keys that belong to another kind.
    fn misplaced(&mut self, step: &StepDocument, kind: &str, at: &Route) {
        let parts = [
            ("with", step.with.is_some(), kind == "call" || kind == "run_flow"),
            ("then", step.then.is_some(), kind == "if"),
            ("else", step.otherwise.is_some(), kind == "if"),
            ("steps", step.steps.is_some(), kind == "for_each"),
        ];
        for (key, given, belongs) in parts {
            if given && !belongs {
                self.problem(Problem::error_in_key(
                    self.source,
                    &at.key(key),
                    format!("`{key}` does not belong to `{kind}`"),
                ));
            }
        }
    }

    fn branches(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let condition = step.condition.as_ref().map(|condition| self.condition(condition, &at.key("if"), name));
        let mut branch = |key: &str, steps: &Option<IndexMap<String, StepDocument>>| {
            steps.as_ref().map(|steps| self.steps(steps, &at.key(key))).unwrap_or_default()
        };
        let then = branch("then", &step.then);
        let otherwise = branch("else", &step.otherwise);
        StepKind::If { condition: condition.unwrap_or(crate::expression::Condition::All(Vec::new())), then, otherwise }
    }

    fn for_each(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        let items = step.for_each.as_ref().map(|items| self.expression(items, &at.key("for_each"), name, &[]));
        let steps = step.steps.as_ref().map(|steps| self.steps(steps, &at.key("steps"))).unwrap_or_default();
        if steps.is_empty() {
            let problem = Problem::error_in_key(self.source, at, format!("the loop `{name}` has no `steps`"));
            self.problem(problem);
        }
        StepKind::ForEach { items: items.unwrap_or(Expression::Literal(Value::Null)), steps }
    }

    /// A call of an operation, with its input held against the operation's schema.
    fn call(&mut self, operation: &str, with: Option<&Value>, at: &Route, step: &str, extra: &[&str]) -> Option<Call> {
        let known = self.operation(operation, &at.key("call"))?;
        let with = self.input(operation, with, &at.key("with"), step, extra);
        Input { source: self.source, owner: operation, problems: self.problems }.check(
            &with,
            &known.input_schema(),
            &at.key("with"),
        );
        Some(Call { operation: operation.to_owned(), effect: known.effect(), with })
    }

    fn input(&mut self, operation: &str, with: Option<&Value>, at: &Route, step: &str, extra: &[&str]) -> Expression {
        let nothing = Value::Object(Map::new());
        let connector = operation.split('.').next();
        self.expression_for(with.unwrap_or(&nothing), at, step, extra, connector)
    }

    fn operation(&mut self, name: &str, at: &Route) -> Option<Arc<dyn AnyOperation>> {
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
        self.problem(Problem::error(self.source, at, format!("there is no operation `{name}`")).help(help));
        None
    }

    fn run_flow(&mut self, name: &str, step: &StepDocument, at: &Route) -> Option<StepKind> {
        let flow = step.run_flow.as_deref()?;
        let nothing = Value::Object(Map::new());
        let with = self.expression(step.with.as_ref().unwrap_or(&nothing), &at.key("with"), name, &[]);
        let Some(inputs) = self.context.children.get(flow) else {
            let known = self.context.children.keys().map(String::as_str);
            let problem = if self.context.flows.contains(flow) {
                Problem::error(self.source, &at.key("run_flow"), format!("`{flow}` cannot be run by another flow"))
                    .help("a flow that is run by others has the trigger `child`")
            } else {
                Problem::error(self.source, &at.key("run_flow"), format!("there is no flow `{flow}`"))
                    .help_if(nearest(flow, known).map(|near| format!("did you mean `{near}`?")))
            };
            self.problem(problem);
            return None;
        };
        if let Expression::Object(given) = &with {
            for key in given.keys().filter(|key| !inputs.contains_key(*key)) {
                let near = nearest(key, inputs.keys().map(String::as_str));
                let help = near.map(|near| format!("did you mean `{near}`?"));
                let message = format!("the flow `{flow}` has no input `{key}`");
                self.problem(Problem::error_in_key(self.source, &at.key("with").key(key), message).help_if(help));
            }
            for (key, _) in inputs.iter().filter(|(key, input)| input.default.is_none() && !given.contains_key(*key)) {
                self.problem(Problem::error_in_key(
                    self.source,
                    &at.key("with"),
                    format!("the flow `{flow}` needs `{key}`"),
                ));
            }
        }
        Some(StepKind::RunFlow { flow: flow.to_owned(), with })
    }

    fn update(&mut self, name: &str, document: &UpdateDocument, at: &Route) -> Option<StepKind> {
        let from = self.expression(&document.from, &at.key("from"), name, &[]);
        let read_operation = self.operation(&document.read.call, &at.key("read").key("call"));
        let update_operation = self.operation(&document.update.call, &at.key("update").key("call"));
        let Some(mapping) = self.context.mappings.get(&document.map) else {
            let error = unknown_mapping(&document.map, self.context.mappings.keys());
            self.problem(Problem::error(self.source, &at.key("map"), error.message).help_if(error.help));
            return None;
        };
        let connector = document.update.call.split('.').next().unwrap_or_default();
        let Some(side) = mapping.side_of_connector(connector) else {
            let message = format!("the mapping `{}` has no side of `{connector}`", document.map);
            self.problem(Problem::error(self.source, &at.key("map"), message).help(sides_help(mapping)));
            return None;
        };
        let mapping = mapping.directed(side);
        let (read_operation, update_operation) = (read_operation?, update_operation?);
        let mut read = self.part(&document.read, &at.key("read"), name, &["from"]);
        fill(&mut read, &read_operation.input_schema(), "fields", Expression::Literal(mapping.fields()));
        let mut update = self.part(&document.update, &at.key("update"), name, &["from", "to", "changes"]);
        let schema = update_operation.input_schema();
        if let Expression::Object(said) = &read {
            for (key, value) in said.iter().filter(|(key, _)| *key != "fields") {
                fill(&mut update, &schema, key, value.clone());
            }
        }
        if let Some(version) = read_operation.version()
            && let Ok(path) = Path::parse(&format!("$.to['{version}']"))
        {
            fill(&mut update, &schema, "if_match", Expression::Path(path));
        }
        let read = self.checked_part(&document.read.call, read_operation.as_ref(), read, &at.key("read").key("with"));
        let update =
            self.checked_part(&document.update.call, update_operation.as_ref(), update, &at.key("update").key("with"));
        if read.effect == Effect::Writes {
            self.problem(Problem::error(
                self.source,
                &at.key("read"),
                format!("`{}` changes the service", read.operation),
            ));
        }
        Some(StepKind::UpdateIfDifferent(Box::new(UpdateIfDifferent { mapping, from, read, update })))
    }

    fn part(&mut self, document: &CallDocument, at: &Route, step: &str, extra: &[&str]) -> Expression {
        self.input(&document.call, document.with.as_ref(), &at.key("with"), step, extra)
    }

    fn checked_part(&mut self, name: &str, operation: &dyn AnyOperation, with: Expression, at: &Route) -> Call {
        Input { source: self.source, owner: name, problems: self.problems }.check(&with, &operation.input_schema(), at);
        Call { operation: name.to_owned(), effect: operation.effect(), with }
    }

    fn respond(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        if self.names.in_loop(name, None) {
            self.problem(Problem::error_in_key(self.source, at, "an answer cannot be given from within a loop"));
        }
        let answer = step.respond.clone().unwrap_or(Value::Null);
        StepKind::Respond(self.expression(&answer, &at.key("respond"), name, &[]))
    }

    fn terminate(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        if self.names.in_loop(name, None) {
            self.problem(Problem::error_in_key(self.source, at, "a run cannot be ended from within a loop"));
        }
        let (outcome, code, message) = match &step.terminate {
            Some(TerminateDocument::Error { outcome, code, message }) => (*outcome, code.clone(), message.clone()),
            Some(TerminateDocument::Outcome(outcome)) => (*outcome, None, None),
            None => (Outcome::Failed, None, None),
        };
        if !matches!(outcome, Outcome::Succeeded | Outcome::Failed | Outcome::Cancelled) {
            let problem =
                Problem::error(self.source, &at.key("terminate"), format!("a run cannot be ended as `{outcome}`"));
            self.problem(problem.help("one of: succeeded, failed, cancelled"));
        }
        let message = message
            .map(|message| self.expression(&Value::String(message), &at.key("terminate").key("message"), name, &[]));
        StepKind::Terminate { outcome, code, message }
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

fn kinds_of(step: &StepDocument) -> Vec<&'static str> {
    let given = [
        step.call.is_some(),
        step.scope.is_some(),
        step.condition.is_some(),
        step.for_each.is_some(),
        step.run_flow.is_some(),
        step.update_if_different.is_some(),
        step.compose.is_some(),
        step.respond.is_some(),
        step.terminate.is_some(),
    ];
    KINDS.into_iter().zip(given).filter_map(|(kind, given)| given.then_some(kind)).collect()
}

fn unknown_mapping<'k>(name: &str, known: impl Iterator<Item = &'k String>) -> ExpressionError {
    let error = ExpressionError::new(format!("the pack has no mapping `{name}`"));
    match nearest(name, known.map(String::as_str)) {
        Some(near) => error.help(format!("did you mean `{near}`?")),
        None => error,
    }
}

fn sides_help(mapping: &crate::mapping::Mapping) -> String {
    let [one, other] = mapping.sides();
    format!("it is between `{}` ({}) and `{}` ({})", one.name(), one.record(), other.name(), other.record())
}
