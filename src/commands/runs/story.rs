//! The events of a run as a story: a line for each, with values below it.

use std::fmt::Display;

use cosell_engine::outcome::Outcome;
use cosell_engine::run::{Change, Ending, Event, Part, Verdict};
use cosell_engine::store::RunSummary;
use serde_json::Value;

use crate::{moment, narrate};

/// The most lines of one value that are shown, and their longest; `--json` has it whole.
const MOST_LINES: usize = 16;
const LONGEST_LINE: usize = 160;
/// How far values stand to the right: below the step's name.
const INDENT: &str = "              ";

/// What an event says; `child` is the run of another flow that it began.
pub(super) fn lines(event: &Event, child: Option<&RunSummary>) -> Vec<String> {
    let (text, below) = told(event, child);
    let name = event.step().map(|step| format!("{step}: ")).unwrap_or_default();
    let time = event.at().strftime("%H:%M:%S%.3f");
    let mut lines = vec![format!("{time}  {name}{text}")];
    lines.extend(below.into_iter().map(|line| format!("{INDENT}{line}")));
    lines
}

/// What happened, and the values that belong to it.
fn told(event: &Event, child: Option<&RunSummary>) -> (String, Vec<String>) {
    let plain = |text: String| (text, Vec::new());
    match event {
        Event::RunStarted { trigger, .. } => ("the run begins, with".to_owned(), value(trigger)),
        Event::BranchTaken { branch, value, .. } => {
            plain(format!("takes branch {}, decided by {}", branch + 1, narrate::shown(value)))
        }
        Event::LoopStarted { items, .. } => plain(format!("has {}", counted(items.len(), "item"))),
        Event::UntilStarted { count, .. } => plain(format!("has {count} passes at most")),
        Event::PassChecked { verdict, .. } => plain(verdict_of(*verdict).to_owned()),
        Event::WaitStarted { until, .. } => plain(format!("waits until {}", moment::shown(*until))),
        Event::VariableSet { variable, value: new, .. } => (format!("sets `{variable}` to"), value(new)),
        Event::VariableAppended { variable, value: more, .. } => (format!("appends to `{variable}`"), value(more)),
        Event::CallStarted { part, input, changes, .. } => call(*part, input, changes, child),
        Event::CallDelayed { error, attempts, until, .. } => plain(format!(
            "{} without a result: {error}; again at {}",
            counted(*attempts, "attempt"),
            moment::shown(*until)
        )),
        Event::CallRepeated { .. } => plain("calls once more".to_owned()),
        Event::CallFinished { result, attempts, .. } => {
            let tried = if *attempts > 1 { format!(" after {attempts} attempts") } else { String::new() };
            match result {
                Ok(answer) => (format!("gave{tried}"), value(&answer.value)),
                Err(error) => plain(format!("✖ failed{tried}: {error}")),
            }
        }
        Event::Responded { answer, .. } => ("answers".to_owned(), value(&answer.value)),
        Event::StepFinished { ending, .. } => ended(ending),
        Event::RunResumed { keep, .. } => {
            plain(format!("the run goes on from a step that failed; only its first {} count", counted(*keep, "event")))
        }
        Event::RunFinished { outcome, error, .. } => {
            let why = error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
            plain(format!("the run ends, {outcome}{why}"))
        }
    }
}

fn call(part: Part, input: &Value, changes: &[Change], child: Option<&RunSummary>) -> (String, Vec<String>) {
    if let Some(child) = child {
        let outcome = child.outcome.map_or("under way", Outcome::name);
        return (format!("runs the flow `{}`, {outcome}: {}", child.flow, child.id), value(input));
    }
    let text = match part {
        Part::Call => "calls, with".to_owned(),
        Part::Read(1) => "reads, with".to_owned(),
        Part::Read(round) => format!("reads once more (round {round}), with"),
        Part::Update(1) => "writes".to_owned(),
        Part::Update(round) => format!("writes once more (round {round})"),
    };
    (text, if changes.is_empty() { value(input) } else { changed(changes) })
}

fn ended(ending: &Ending) -> (String, Vec<String>) {
    let mark = if ending.error.is_some() { "✖ " } else { "" };
    let why = ending.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    let below = if ending.value.is_null() { Vec::new() } else { value(&ending.value) };
    (format!("{mark}{}{why}", ending.outcome), below)
}

/// The fields that a write changes, before → after.
fn changed(changes: &[Change]) -> Vec<String> {
    let line = |change: &Change| {
        let target = change.target.join(", ");
        format!("{target}  {} → {}", narrate::shown(&change.before), narrate::shown(&change.after))
    };
    changes.iter().map(line).collect()
}

fn verdict_of(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::GoOn => "the condition does not hold yet: another pass",
        Verdict::Done => "the condition holds",
        Verdict::AtLimit => "the condition does not hold, and the passes or the time are used up",
    }
}

/// A value as JSON, in lines; a long one is cut.
fn value(value: &Value) -> Vec<String> {
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    let mut lines: Vec<String> = text.lines().take(MOST_LINES).map(cut).collect();
    let more = text.lines().count() - lines.len();
    if more > 0 {
        lines.push(format!("… {} more; `--json` prints all", counted(more, "line")));
    }
    lines
}

fn cut(line: &str) -> String {
    match line.char_indices().nth(LONGEST_LINE) {
        Some((end, _)) => format!("{}…", &line[..end]),
        None => line.to_owned(),
    }
}

fn counted(count: impl Display, what: &str) -> String {
    let count = count.to_string();
    format!("{count} {what}{}", if count == "1" { "" } else { "s" })
}
