//! Whether everything that a value reads is there when its step starts.

use std::sync::Arc;

use serde_json::Value;

use super::names::Gives;
use super::order::{Unreadable, Unsure};
use super::steps::StepChecker;
use super::values::ROOTS;
use super::{field, part_of, way_to_guard};
use crate::expression::{Read, Root};
use crate::flow::Trigger;
use crate::source::{Code, Problem, Route, Source, nearest};

/// The fields of the value of an `update_if_different`.
const UPDATE: [&str; 4] = ["changed", "changes", "before", "after"];

impl StepChecker<'_> {
    /// Tells what is wrong with a read of `step`; `extra` are roots that exist in this place only.
    pub(super) fn check_read(&mut self, read: &Read, at: &Route, step: &str, extra: &[&str]) {
        let problem = match &read.root {
            Root::Step(name) | Root::Outputs(name) | Root::Record(name) | Root::Result(name) => {
                match self.readable(name, step) {
                    Ok(()) => self.step_field(name, read, at).or_else(|| self.unsure(name, read, at, step)),
                    Err(why) => self.unreadable(name, why, read, at),
                }
            }
            Root::Pass(name) if !self.names.in_passes(step, Some(name)) && !self.after_pass => {
                Some(self.not_in_loop(name, read, at, step))
            }
            Root::Items(name) if !self.names.in_loop(step, Some(name)) => Some(self.not_in_loop(name, read, at, step)),
            Root::Named(name) => self.named(name, read, at, step, extra),
            _ => None,
        };
        self.problems.extend(problem);
    }

    fn named(&self, name: &str, read: &Read, at: &Route, step: &str, extra: &[&str]) -> Option<Problem> {
        match name {
            _ if extra.contains(&name) => None,
            "trigger" => self.trigger_field(read, at),
            "variables" => self.unknown_variable(read, at),
            "parameters" => unknown_parameter(self.source, self.context.parameters, read, at),
            "item" if !self.names.in_loop(step, None) => {
                Some(self.wrong(read, at, name, Code::UnknownRoot, "there is an `item` only in a loop".to_owned()))
            }
            "error" if !self.names.in_handler(step) => {
                let message = "there is an `error` only in a step that handles one".to_owned();
                let help = "a handler says `after: { STEP: [failed, timed_out] }`";
                Some(self.wrong(read, at, name, Code::UnknownRoot, message).help(help))
            }
            _ if ROOTS.contains(&name) => None,
            _ => {
                let known: Vec<&str> = ROOTS.iter().chain(extra).copied().collect();
                let help = match nearest(name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("here there are {}", known.join(", ")),
                };
                Some(self.wrong(read, at, name, Code::UnknownRoot, format!("there is no `{name}` to read")).help(help))
            }
        }
    }

    /// A problem with a name in the text of a read.
    pub(super) fn wrong(&self, read: &Read, at: &Route, name: &str, code: Code, message: String) -> Problem {
        let part = part_of(self.source, at, read.part.clone(), name);
        Problem::error(self.source, at, message).in_part(at, part.as_ref()).of_kind(code)
    }

    /// A field that the step is known not to give.
    fn step_field(&self, step: &str, read: &Read, at: &Route) -> Option<Problem> {
        match (&read.root, self.names.gives(step)) {
            (Root::Result(_), _) if !self.names.holds_steps(step) => {
                let message = format!("`{step}` holds no steps that could have results");
                Some(self.wrong(read, at, step, Code::UnknownStep, message))
            }
            (Root::Step(_), Gives::Operation(operation)) => {
                let schema = self.context.connectors.operation(operation)?.output_schema();
                self.field(operation, read, field::Fields::of(schema), at)
            }
            (Root::Step(_), Gives::Update) => self.field(step, read, field::Fields::named(&UPDATE), at),
            (Root::Step(_) | Root::Outputs(_), Gives::Flow(flow)) => {
                let silent = self.context.children.get(flow).is_some_and(|child| !child.responds);
                silent.then(|| {
                    let message = format!("`{step}` runs `{flow}`, which gives no answer to read");
                    let problem = self.wrong(read, at, step, Code::NoAnswer, message).as_warning();
                    problem.help(format!("add a step to `{flow}`: `respond: VALUE`"))
                })
            }
            _ => None,
        }
    }

    /// A step whose value may be missing, since it may not have succeeded.
    fn unsure(&self, name: &str, read: &Read, at: &Route, step: &str) -> Option<Problem> {
        let fails_on_null =
            matches!(read.root, Root::Step(_) | Root::Outputs(_)) && read.key.is_some() && !read.guarded;
        if !fails_on_null || self.after_pass || self.asked.contains(&asked(&read.root)) {
            return None;
        }
        let message = match self.names.unsure(name, step)? {
            Unsure::InBranch { of } => {
                format!("`{name}` stands in a branch of `{of}`; where that is not taken, this finds nothing")
            }
            Unsure::NotSucceeded { step } => {
                format!("`{step}` may have failed or been skipped before this; then this finds nothing")
            }
        };
        let problem = self.wrong(read, at, name, Code::MayBeMissing, message).as_warning();
        Some(problem.help(way_to_guard(self.source, at)))
    }

    /// A field that the event or the inputs are known not to have.
    fn trigger_field(&self, read: &Read, at: &Route) -> Option<Problem> {
        match self.trigger {
            Trigger::Event(event) => {
                let schema = self.context.connectors.trigger(&event.name)?.output_schema();
                self.field(&event.name, read, field::Fields::of(schema), at)
            }
            Trigger::Schedule(_) => None,
            Trigger::Manual(inputs) | Trigger::Child(inputs) => {
                let names: Vec<&str> = inputs.keys().map(String::as_str).collect();
                self.field("trigger", read, field::Fields::named(&names), at)
            }
        }
    }

    fn field(&self, owner: &str, read: &Read, fields: field::Fields<'_>, at: &Route) -> Option<Problem> {
        let guarded = read.guarded || self.asked.contains(&asked(&read.root));
        field::check(self.source, owner, read, &fields, guarded, at)
    }

    fn readable(&self, name: &str, reader: &str) -> Result<(), Unreadable> {
        if self.after_pass { self.names.readable_after_pass(name, reader) } else { self.names.readable(name, reader) }
    }

    fn not_in_loop(&self, name: &str, read: &Read, at: &Route, step: &str) -> Problem {
        let around: Vec<&str> = self.names.loops_around(step).map(|known| known.name.as_str()).collect();
        let help = match nearest(name, around.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None if around.is_empty() => format!("`{step}` stands in no loop"),
            None => format!("it stands in {}", around.join(", ")),
        };
        let message = format!("`{step}` does not stand in a loop `{name}`");
        self.wrong(read, at, name, Code::UnknownLoop, message).help(help)
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
        let message = format!("the flow has no variable `{key}`");
        Some(self.wrong(read, at, key, Code::UnknownVariable, message).help(help))
    }

    fn unreadable(&self, name: &str, why: Unreadable, read: &Read, at: &Route) -> Option<Problem> {
        let error = |code: Code, message: String| self.wrong(read, at, name, code, message);
        match why {
            Unreadable::Unknown { .. } if self.names.is_left_out(name) => None,
            Unreadable::Unknown { nearest } => Some(
                error(Code::UnknownStep, format!("there is no step `{name}`"))
                    .help_if(nearest.map(|near| format!("did you mean `{near}`?"))),
            ),
            Unreadable::Itself => {
                let message = format!("`{name}` is the step itself, or holds it; it has no value yet");
                Some(error(Code::NotBefore, message))
            }
            Unreadable::InLoop { loop_name } => Some(
                error(
                    Code::NotBefore,
                    format!("`{name}` stands in the loop `{loop_name}` and has no single value outside of it"),
                )
                .help("move the step that needs it into the loop"),
            ),
            Unreadable::NotBefore => Some(
                error(Code::NotBefore, format!("`{name}` may not have ended when this is read"))
                    .help(format!("let this step run after it: `after: [{name}]`")),
            ),
        }
    }
}

/// What a condition asks about where it reads this root: a step, or the root itself.
pub(super) fn asked(root: &Root) -> Root {
    match root {
        Root::Step(name) | Root::Outputs(name) | Root::Record(name) => Root::Step(name.to_lowercase()),
        other => other.clone(),
    }
}

/// A parameter that the pack does not declare.
pub(super) fn unknown_parameter(source: &Arc<Source>, declared: &Value, read: &Read, at: &Route) -> Option<Problem> {
    let declared = declared.as_object()?;
    let key = read.key.as_ref()?;
    let any_case = read.part.is_some();
    if declared.keys().any(|known| known == key || (any_case && known.eq_ignore_ascii_case(key))) {
        return None;
    }
    let help = nearest(key, declared.keys().map(String::as_str))
        .map_or_else(|| "parameters are declared in pack.yaml".to_owned(), |near| format!("did you mean `{near}`?"));
    let part = part_of(source, at, read.part.clone(), key);
    let problem = Problem::error(source, at, format!("the pack has no parameter `{key}`")).help(help);
    Some(problem.in_part(at, part.as_ref()).of_kind(Code::UnknownParameter))
}
