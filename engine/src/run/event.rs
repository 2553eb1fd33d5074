//! What is recorded of a run: its events, in order, are the run.
//!
//! Only what cannot be worked out again is recorded: decisions, calls and their results, values made. That
//! a scope ended or a step was skipped follows from them.

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::RunId;
use crate::connector::{Answer, CallError};
pub use crate::mapping::Change;
use crate::outcome::Outcome;

/// One line of a run's record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Event {
    /// The run began.
    RunStarted {
        /// The flow's name.
        flow: String,
        /// The pack's content as a hash: a run ends on the pack that it began with.
        pack: String,
        /// The event's body.
        trigger: Value,
        /// The run that is done once more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        resubmits: Option<RunId>,
        /// When.
        at: Timestamp,
    },
    /// A condition or a switch was worked out.
    BranchTaken {
        /// The condition or the switch.
        step: StepPath,
        /// The number of the branch, from 0: of a condition, the first is the one taken when it holds.
        branch: usize,
        /// What decided.
        value: Value,
        /// When.
        at: Timestamp,
    },
    /// A loop over a list knows its items.
    LoopStarted {
        /// The loop.
        step: StepPath,
        /// The items.
        items: Vec<Value>,
        /// When.
        at: Timestamp,
    },
    /// A loop with a condition knows its most passes.
    UntilStarted {
        /// The loop.
        step: StepPath,
        /// The most passes.
        count: u32,
        /// When.
        at: Timestamp,
    },
    /// The condition of a loop was worked out after a pass.
    PassChecked {
        /// The loop.
        step: StepPath,
        /// Whether there is another pass, and why not.
        verdict: Verdict,
        /// When.
        at: Timestamp,
    },
    /// A step waits.
    WaitStarted {
        /// The step.
        step: StepPath,
        /// Until when.
        until: Timestamp,
        /// When it began to wait.
        at: Timestamp,
    },
    /// A variable got another value.
    VariableSet {
        /// The step.
        step: StepPath,
        /// The variable.
        variable: String,
        /// What it holds now.
        value: Value,
        /// When.
        at: Timestamp,
    },
    /// A list got one more item, or a text more text. What was there is not said again, so that the record of a loop
    /// that gathers does not grow with the square of its passes.
    VariableAppended {
        /// The step.
        step: StepPath,
        /// The variable.
        variable: String,
        /// The item, or the text.
        value: Value,
        /// When.
        at: Timestamp,
    },
    /// A call is about to be made. It is recorded before the service hears of it.
    CallStarted {
        /// The step.
        step: StepPath,
        /// What the step does with it.
        part: Part,
        /// The input, worked out.
        #[serde(with = "crate::shared")]
        input: Arc<Value>,
        /// What an update will change.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        changes: Vec<Change>,
        /// When.
        at: Timestamp,
    },
    /// A call has no result yet, and is tried again.
    CallDelayed {
        /// The step.
        step: StepPath,
        /// What the step does with it.
        part: Part,
        /// Why there was no result.
        error: CallError,
        /// How often it was tried so far; tries while the service was known to be down do not count.
        attempts: u32,
        /// When it is tried again.
        until: Timestamp,
        /// When.
        at: Timestamp,
    },
    /// A call that may do harm when it is made twice is about to be tried again. It is recorded before the service hears
    /// of it, as [`Event::CallStarted`] is for the first try.
    CallRepeated {
        /// The step.
        step: StepPath,
        /// What the step does with it.
        part: Part,
        /// When.
        at: Timestamp,
    },
    /// A call gave a result.
    CallFinished {
        /// The step.
        step: StepPath,
        /// What the step did with it.
        part: Part,
        /// What came back, in the end.
        result: Result<Answer, CallError>,
        /// How often it was tried.
        attempts: u32,
        /// When.
        at: Timestamp,
    },
    /// A step answered whoever started the run.
    Responded {
        /// The step.
        step: StepPath,
        /// The answer.
        answer: Answer,
        /// When.
        at: Timestamp,
    },
    /// A step ended by itself: it made a value, had nothing to do, or could not start.
    StepFinished {
        /// The step.
        step: StepPath,
        /// How.
        ending: Ending,
        /// When.
        at: Timestamp,
    },
    /// A run that had failed goes on: of what was recorded before, only the first events count.
    RunResumed {
        /// How many, of those that counted until now.
        keep: u64,
        /// When.
        at: Timestamp,
    },
    /// The run ended.
    RunFinished {
        /// How.
        outcome: Outcome,
        /// Why, where it failed.
        error: Option<StepError>,
        /// When.
        at: Timestamp,
    },
}

impl Event {
    /// The step that the event is about.
    pub fn step(&self) -> Option<&StepPath> {
        match self {
            Event::RunStarted { .. } | Event::RunResumed { .. } | Event::RunFinished { .. } => None,
            Event::BranchTaken { step, .. }
            | Event::LoopStarted { step, .. }
            | Event::UntilStarted { step, .. }
            | Event::PassChecked { step, .. }
            | Event::WaitStarted { step, .. }
            | Event::VariableSet { step, .. }
            | Event::VariableAppended { step, .. }
            | Event::CallStarted { step, .. }
            | Event::CallDelayed { step, .. }
            | Event::CallRepeated { step, .. }
            | Event::CallFinished { step, .. }
            | Event::Responded { step, .. }
            | Event::StepFinished { step, .. } => Some(step),
        }
    }

    /// When it happened.
    pub fn at(&self) -> Timestamp {
        match self {
            Event::RunStarted { at, .. }
            | Event::BranchTaken { at, .. }
            | Event::LoopStarted { at, .. }
            | Event::UntilStarted { at, .. }
            | Event::PassChecked { at, .. }
            | Event::WaitStarted { at, .. }
            | Event::VariableSet { at, .. }
            | Event::VariableAppended { at, .. }
            | Event::CallStarted { at, .. }
            | Event::CallDelayed { at, .. }
            | Event::CallRepeated { at, .. }
            | Event::CallFinished { at, .. }
            | Event::Responded { at, .. }
            | Event::StepFinished { at, .. }
            | Event::RunResumed { at, .. }
            | Event::RunFinished { at, .. } => *at,
        }
    }
}

/// What becomes of a loop after a pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The condition does not hold yet.
    GoOn,
    /// It holds.
    Done,
    /// It does not, and the passes or the time are used up.
    AtLimit,
}

/// A step in a run: its name, and the passes of the loops around it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct StepPath {
    /// The loops, from the outside in, each with the number of its pass, from 0.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub loops: Vec<(String, usize)>,
    /// The step's name.
    pub name: String,
}

impl fmt::Display for StepPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.loops.iter().try_for_each(|(name, pass)| write!(f, "{name}[{pass}]/"))?;
        f.write_str(&self.name)
    }
}

/// What a step does with a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Part {
    /// The call is the step.
    Call,
    /// The read of an update, by round from 1.
    Read(u8),
    /// The write of an update, by round from 1.
    Update(u8),
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Part::Call => f.write_str("call"),
            Part::Read(round) => write!(f, "read:{round}"),
            Part::Update(round) => write!(f, "update:{round}"),
        }
    }
}

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ending {
    /// The outcome.
    pub outcome: Outcome,
    /// The step's value: what other steps read.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub value: Value,
    /// Why, where it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<StepError>,
    /// What was written, field by field.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
}

impl Ending {
    /// A success with that value.
    pub fn succeeded(value: Value) -> Ending {
        Ending { outcome: Outcome::Succeeded, value, error: None, changes: Vec::new() }
    }

    /// A failure.
    pub fn failed(error: StepError) -> Ending {
        Ending { outcome: Outcome::Failed, value: Value::Null, error: Some(error), changes: Vec::new() }
    }

    /// An ending after too long a time.
    pub fn timed_out(error: StepError) -> Ending {
        Ending { outcome: Outcome::TimedOut, ..Ending::failed(error) }
    }
}

/// Why a step failed: what `$.error` is in a handler.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StepError {
    /// The step that failed.
    pub step: String,
    /// A code for programs: the service's, or the kind of error.
    pub code: String,
    /// What was being done and what went wrong.
    pub message: String,
    /// The HTTP status, where there was an answer.
    pub status: Option<u16>,
    /// The service's id of the request.
    pub request_id: Option<String>,
    /// How often it was tried.
    pub attempts: u32,
}

impl StepError {
    /// A value could not be worked out, or was not as the step needs it.
    pub fn value(step: &str, message: impl Into<String>) -> StepError {
        StepError {
            step: step.to_owned(),
            code: "invalid_value".to_owned(),
            message: message.into(),
            status: None,
            request_id: None,
            attempts: 1,
        }
    }

    /// A step took longer than it may.
    pub fn timeout(step: &str, longest: std::time::Duration) -> StepError {
        let longest = jiff::SignedDuration::try_from(longest).unwrap_or(jiff::SignedDuration::MAX);
        let message = format!("it was not done after {longest:#}");
        StepError { code: "timed_out".to_owned(), ..StepError::value(step, message) }
    }

    /// A call failed for good.
    pub fn call(step: &str, error: &CallError, attempts: u32) -> StepError {
        StepError {
            step: step.to_owned(),
            code: error.code.clone().unwrap_or_else(|| error.kind.name().to_owned()),
            message: error.message.clone(),
            status: error.status,
            request_id: error.request_id.clone(),
            attempts,
        }
    }
}

impl fmt::Display for StepError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = if self.message.is_empty() { "it failed without a message" } else { &self.message };
        let code = if self.code.is_empty() { "no code" } else { &self.code };
        write!(f, "`{}`: {message} ({code}", self.step)?;
        if let Some(status) = self.status {
            write!(f, ", status {status}")?;
        }
        if let Some(id) = &self.request_id {
            write!(f, ", request id {id}")?;
        }
        if self.attempts > 1 {
            write!(f, ", tried {} times", self.attempts)?;
        }
        f.write_str(")")
    }
}
