//! What starts a flow, checked.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;

use super::condition::{self, ReadValues};
use super::input::Input;
use super::names::Names;
use super::{Context, ending, field, look_alikes, mistake};
use crate::connector::Mode;
use crate::document::{InputDocument, InputsDocument, MergeDocument, TriggerDocument};
use crate::expression::{Condition, Expression, ExpressionError, Forms, Read, Root};
use crate::flow::{EventTrigger, ScheduleTrigger, Trigger, inputs};
use crate::schedule::Schedule;
use crate::source::{Code, Problem, Route, Source, nearest};

/// What a trigger may read: the event itself and the parameters.
const ROOTS: [&str; 2] = ["trigger", "parameters"];

pub(super) fn check(
    source: &Arc<Source>,
    document: TriggerDocument,
    context: &Context<'_>,
    names: &Names,
    problems: &mut Vec<Problem>,
) -> Trigger {
    let at = Route::root().key("trigger");
    let kinds = [
        document.webhook.is_some(),
        document.poll.is_some(),
        document.schedule.is_some(),
        document.manual.is_some(),
        document.child.is_some(),
    ];
    if kinds.iter().filter(|given| **given).count() != 1 && !names.is_incomplete(&at) {
        let help = "a trigger is exactly one of webhook, poll, schedule, manual, child";
        problems.push(Problem::error_in_key(source, &at, "what starts the flow is not clear").help(help));
    }
    if let Some(schedule) = &document.schedule {
        let missed = schedule.missed;
        let at_once = document.at_once.map(|at_once| at_once as usize);
        match Schedule::check(schedule, &at.key("schedule")) {
            Ok(schedule) => return Trigger::Schedule(ScheduleTrigger { schedule, missed, at_once }),
            Err(mistakes) => problems.extend(
                mistakes.into_iter().map(|(at, error)| Problem::error(source, &at, error.message).help_if(error.help)),
            ),
        }
    }
    match document {
        TriggerDocument { manual: Some(InputsDocument { inputs }), .. } => {
            defaults(source, &inputs, &at.key("manual"), problems);
            Trigger::Manual(inputs)
        }
        TriggerDocument { child: Some(InputsDocument { inputs }), .. } => {
            defaults(source, &inputs, &at.key("child"), problems);
            Trigger::Child(inputs)
        }
        TriggerDocument { webhook, poll, with, key, merge, when, split, at_once, secure, .. } => {
            let webhook_first = webhook.is_some();
            let Some(name) = webhook.or(poll) else { return Trigger::Manual(IndexMap::new()) };
            let mode = if webhook_first { Mode::Webhook } else { Mode::Poll };
            let mut checker = TriggerChecker { source, context, problems, at: &at, name: &name };
            let with = checker.with(&name, mode, with);
            let key = checker.key(key.unwrap_or_default());
            let merge_latest = merge == Some(MergeDocument::Latest);
            let when = when.map_or_else(Condition::always, |when| checker.when(&when));
            let split = split.map(|split| checker.split(split));
            let secure = ending::secure(secure.as_ref()).outputs;
            let at_once = at_once.map(|at_once| at_once as usize);
            Trigger::Event(Box::new(EventTrigger {
                name,
                webhook: webhook_first,
                with,
                key,
                merge_latest,
                when,
                split,
                at_once,
                secure,
            }))
        }
    }
}

/// Defaults that their own inputs cannot have.
fn defaults(source: &Arc<Source>, declared: &IndexMap<String, InputDocument>, at: &Route, problems: &mut Vec<Problem>) {
    for (name, input) in declared {
        let default = input.default.as_ref();
        let Some(message) = default.and_then(|default| inputs::mistake(name, input, default)) else { continue };
        let at = at.key("inputs").key(name).key("default");
        problems.push(Problem::error(source, &at, message).of_kind(Code::WrongType));
    }
}

struct TriggerChecker<'a> {
    source: &'a Arc<Source>,
    context: &'a Context<'a>,
    problems: &'a mut Vec<Problem>,
    at: &'a Route,
    /// The full name of the connector's trigger.
    name: &'a str,
}

impl ReadValues for TriggerChecker<'_> {
    fn source(&self) -> &Arc<Source> {
        self.source
    }

    fn problem(&mut self, problem: Problem) {
        self.problems.push(problem);
    }

    fn value(&mut self, value: &Value, at: &Route) -> Expression {
        self.expression(value, at)
    }
}

impl TriggerChecker<'_> {
    fn with(&mut self, name: &str, mode: Mode, with: Option<Value>) -> Value {
        let kind = if mode == Mode::Webhook { "webhook" } else { "poll" };
        let with = with.unwrap_or_else(|| Value::Object(serde_json::Map::new()));
        let Some(trigger) = self.context.connectors.trigger(name) else {
            let known: Vec<String> = self
                .context
                .connectors
                .iter()
                .flat_map(|connector| {
                    connector.triggers().map(|trigger| format!("{}.{}", connector.name(), trigger.name()))
                })
                .collect();
            let help = match nearest(name, known.iter().map(String::as_str)) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("known: {}", known.join(", ")),
            };
            self.problems.push(
                Problem::error(self.source, &self.at.key(kind), format!("there is no trigger `{name}`"))
                    .help(help)
                    .of_kind(Code::UnknownOperation),
            );
            return with;
        };
        if !trigger.modes().contains(&mode) {
            let message = format!("`{name}` cannot be had by `{kind}`");
            self.problems.push(Problem::error(self.source, &self.at.key(kind), message));
        }
        let at = self.at.key("with");
        let known_problems = self.problems.len();
        let expression = self.expression(&with, &at);
        Input { source: self.source, owner: name, problems: self.problems }.check(
            &expression,
            trigger.input_schema(),
            &at,
        );
        match self.constant(&expression) {
            Ok(with) => with,
            // What cannot be read in a trigger has been told already.
            Err(_) if self.problems.len() > known_problems => with,
            Err(error) => {
                self.problems.push(Problem::error(self.source, &at, error.message).help_if(error.help));
                with
            }
        }
    }

    /// What a trigger looks for is known before there is an event: it may read parameters only.
    fn constant(&self, expression: &Expression) -> Result<Value, ExpressionError> {
        let scope = crate::expression::NamedValues(vec![("parameters", self.context.parameters)]);
        expression.evaluate(&scope)
    }

    fn key(&mut self, key: IndexMap<String, Value>) -> Vec<(String, Vec<Expression>)> {
        key.into_iter()
            .map(|(kind, value)| {
                let at = self.at.key("key").key(&kind);
                let values = match value {
                    Value::Array(items) => {
                        items.iter().enumerate().map(|(index, item)| self.expression(item, &at.index(index))).collect()
                    }
                    single => vec![self.expression(&single, &at)],
                };
                (kind, values)
            })
            .collect()
    }

    /// A condition, or a list of conditions that must all hold.
    fn when(&mut self, when: &Value) -> Condition {
        let at = self.at.key("when");
        match when {
            Value::Array(all) => {
                let read = |(index, when)| condition::read(self, when, &at.index(index));
                Condition::All(all.iter().enumerate().map(read).collect())
            }
            when => condition::read(self, when, &at),
        }
    }

    /// The list whose items become runs.
    fn split(&mut self, split: String) -> Expression {
        let at = self.at.key("split");
        let list = self.expression(&Value::from(split), &at);
        if matches!(list, Expression::Literal(Value::String(_)) | Expression::Template(_)) {
            let problem = Problem::error(self.source, &at, "`split` takes a list, and this is text");
            let help = "pick the list in the event, as in `$.trigger.value`";
            self.problems.push(problem.help(help).of_kind(Code::WrongType));
        }
        list
    }

    fn expression(&mut self, value: &Value, at: &Route) -> Expression {
        let no_mapping = |_: &str, _: Option<&str>| Err(ExpressionError::new("a trigger cannot use a mapping"));
        let mut mistakes = Vec::new();
        let expression = Forms { roots: &ROOTS, mapping: &no_mapping }.parse(value, at, &mut mistakes);
        let mut reads = Vec::new();
        expression.reads(at, &mut reads);
        self.problems.extend(mistakes.into_iter().map(|(at, error)| mistake(self.source, &at, error)));
        for (at, read) in reads {
            let problem = self.read(&read, &at);
            self.problems.extend(problem);
        }
        look_alikes::find(self.source, value, at, &ROOTS, self.problems);
        expression
    }

    /// What is wrong with a read: a trigger knows of its event and of the parameters.
    fn read(&self, read: &Read, at: &Route) -> Option<Problem> {
        match &read.root {
            Root::Named(name) if name == "trigger" => {
                let schema = self.context.connectors.trigger(self.name)?.output_schema();
                field::check(self.source, self.name, read, &field::Fields::of(schema), read.guarded, at)
            }
            Root::Named(name) if name == "parameters" => {
                super::reads::unknown_parameter(self.source, self.context.parameters, read, at)
            }
            Root::TriggerOutputs | Root::TriggerRecord => None,
            root => {
                let message = format!("`{root}` cannot be read in a trigger");
                let problem = Problem::error(self.source, at, message).in_part(at, read.part.as_ref());
                let problem = problem.help("a trigger reads `$.trigger` and `$.parameters`");
                Some(problem.of_kind(Code::UnknownRoot))
            }
        }
    }
}
