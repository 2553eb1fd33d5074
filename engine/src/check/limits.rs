//! What Power Automate does not allow and we do: warnings, for whoever wants to take a flow back there.

use std::sync::Arc;

use serde_json::Value;

use crate::document::FlowDocument;
use crate::expression::Form;
use crate::flow::{Flow, Retry, Step, StepKind, Steps, Waits};
use crate::source::{Code, Problem, Route, Source};

const ACTIONS: usize = 500;
const DEPTH: usize = 8;
const CASES: usize = 25;
const VARIABLES: usize = 250;
const PARAMETERS: usize = 50;
const NAME: usize = 80;
const NOTE: usize = 256;
const EXPRESSION: usize = 8_192;
const ADDRESS: usize = 16_384;
const DAY: u64 = 86_400;
/// The longest that a run may take there, in days.
const RUN: u64 = 30;

/// What is too much in a flow.
pub(super) fn flow(source: &Arc<Source>, document: &FlowDocument, flow: &Flow, problems: &mut Vec<Problem>) {
    let mut limits = Limits { source, problems };
    let root = Route::root();
    let actions = count(&flow.steps) + flow.variables.len();
    limits.at_most(
        ACTIONS,
        actions,
        &root.key("steps"),
        "a flow has at most",
        "actions, its variables counted",
        "move some of the steps to a flow of their own, and `run_flow` it",
    );
    limits.at_most(
        VARIABLES,
        flow.variables.len(),
        &root.key("variables"),
        "a flow has at most",
        "variables",
        "put several values into one variable of the type `record`",
    );
    limits.note(document.note.as_deref(), &root);
    limits.steps(&flow.steps, 1);
    limits.texts(source.value(), &root);
}

/// What is too much in the parameters of a pack.
pub fn parameters(source: &Arc<Source>, count: usize, problems: &mut Vec<Problem>) {
    let at = Route::root().key("parameters");
    let help = "put several values into one parameter";
    Limits { source, problems }.at_most(PARAMETERS, count, &at, "a flow reads at most", "parameters", help);
}

struct Limits<'a> {
    source: &'a Arc<Source>,
    problems: &'a mut Vec<Problem>,
}

impl Limits<'_> {
    fn at_most(&mut self, most: usize, found: usize, at: &Route, before: &str, what: &str, help: &str) {
        if found > most {
            self.tell(at, format!("in Power Automate {before} {most} {what}, and here there are {found}"), help);
        }
    }

    fn tell(&mut self, at: &Route, message: String, help: &str) {
        let problem = Problem::warning_in_key(self.source, at, message).help(help);
        self.problems.push(problem.of_kind(Code::Limit));
    }

    /// Steps with `depth` levels, their own included.
    fn steps(&mut self, steps: &Steps, depth: usize) {
        for step in steps.values() {
            self.step(step);
            let inner = step.kind.inner();
            if depth == DEPTH + 1 && inner.iter().any(|(_, inner)| !inner.is_empty()) {
                let message =
                    format!("in Power Automate steps stand in at most {DEPTH} others, and those in here in more");
                self.tell(&step.at, message, "move the inner steps to a flow of their own, and `run_flow` it");
            }
            inner.into_iter().for_each(|(_, inner)| self.steps(inner, depth + 1));
        }
    }

    fn step(&mut self, step: &Step) {
        let length = step.name.chars().count();
        self.at_most(NAME, length, &step.at, "a name has at most", "characters", "use `title` for what people see");
        let note = self.source.value().pointer(step.at.key("note").as_str()).and_then(Value::as_str);
        self.note(note, &step.at);
        if let StepKind::Switch { cases, .. } = &step.kind {
            let help = "split the switch: let the `default` hold another one";
            self.at_most(CASES, cases.len(), &step.at.key("cases"), "a switch has at most", "cases", help);
        }
        if let Some(timeout) = step.timeout.filter(|timeout| timeout.as_secs() > RUN * DAY) {
            let days = timeout.as_secs() / DAY;
            let message = format!("in Power Automate a run takes at most {RUN} days, and this step may take {days}");
            self.tell(&step.at.key("timeout"), message, "let the step end earlier, and start another run");
        }
        self.retry(&step.retry, step);
    }

    fn retry(&mut self, retry: &Retry, step: &Step) {
        let interval = match &retry.waits {
            Waits::Fixed(interval) | Waits::Exponential { scale: interval, .. } => *interval,
        };
        let at = step.at.key("retry").key("interval");
        if self.source.value().pointer(at.as_str()).is_none() {
            return;
        }
        if interval.as_secs() < 5 || interval.as_secs() > DAY {
            let message = "in Power Automate the interval of retries is 5 seconds to 1 day".to_owned();
            self.tell(&at, message, "choose an interval in between");
        }
    }

    fn note(&mut self, note: Option<&str>, at: &Route) {
        let length = note.map_or(0, |note| note.chars().count());
        let help = "keep the first sentence, and write the rest as a comment (`# …`)";
        self.at_most(NOTE, length, &at.key("note"), "a note has at most", "characters", help);
    }

    /// Expressions and addresses that are too long.
    fn texts(&mut self, value: &Value, at: &Route) {
        match value {
            Value::String(text) if text.len() > EXPRESSION => self.text(text, at),
            Value::Array(items) => {
                items.iter().enumerate().for_each(|(place, item)| self.texts(item, &at.index(place)));
            }
            Value::Object(map) => map.iter().for_each(|(key, entry)| self.texts(entry, &at.key(key))),
            _ => {}
        }
    }

    fn text(&mut self, text: &str, at: &Route) {
        let length = text.chars().count();
        if Form::of(text) == Form::Computed {
            let help = "work out parts of it in `compose` steps before";
            self.at_most(EXPRESSION, length, at, "an expression has at most", "characters", help);
        } else if text.starts_with("https://") || text.starts_with("http://") {
            let help = "send long values in the body of the request";
            self.at_most(ADDRESS, length, at, "an address has at most", "characters", help);
        }
    }
}

/// How many steps there are, at any depth.
fn count(steps: &Steps) -> usize {
    steps.values().map(|step| 1 + step.kind.inner().into_iter().map(|(_, inner)| count(inner)).sum::<usize>()).sum()
}
