//! Steps that wait, answer or end the run, and what any step may say of time and secrecy.

use std::time::Duration;

use serde_json::Value;

use super::steps::StepChecker;
use crate::document::{
    RetryDocument, RetryKind, RetryPolicyDocument, SecureDocument, StepDocument, TerminateDocument, UnknownDocument,
};
use crate::expression::{Expression, ExpressionError, Kinds};
use crate::flow::{Answer, Retry, Secure, StepKind, Unknown, Wait, Waits, duration};
use crate::outcome::Outcome;
use crate::source::{Problem, Route};

/// The longest that an `until` may take where its author says nothing.
const UNTIL: Duration = Duration::from_secs(3600);

impl StepChecker<'_> {
    pub(super) fn wait(&mut self, name: &str, step: &StepDocument, at: &Route) -> Option<StepKind> {
        let at = at.key("wait");
        let wait = step.wait.as_ref()?;
        match (&wait.duration, &wait.until) {
            (Some(text), None) => {
                let value = self.expression(&Value::from(text.as_str()), &at.key("for"), name, &[]);
                self.literal(&value, &at.key("for"), |text| duration::after(jiff::Timestamp::UNIX_EPOCH, text));
                Some(StepKind::Wait(Wait::For(value)))
            }
            (None, Some(text)) => {
                let value = self.expression(&Value::from(text.as_str()), &at.key("until"), name, &[]);
                self.literal(&value, &at.key("until"), duration::moment);
                Some(StepKind::Wait(Wait::Until(value)))
            }
            _ => {
                let problem = Problem::error_in_key(self.source, &at, "a wait says either `for` or `until`");
                self.problem(problem.help("write wait: { for: 5 minutes }"));
                None
            }
        }
    }

    /// A text that is not worked out must be as it is read.
    fn literal<T>(&mut self, value: &Expression, at: &Route, read: impl Fn(&str) -> Result<T, ExpressionError>) {
        if let Some(Err(error)) = value.literal().and_then(Value::as_str).map(read) {
            self.problem(Problem::error(self.source, at, error.message).help_if(error.help));
        }
    }

    pub(super) fn respond(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        if self.names.in_passes(name, None) {
            self.problem(Problem::error_in_key(self.source, at, "an answer cannot be given from within a loop"));
        }
        let status = step.status.as_ref().map(|status| self.expression(status, &at.key("status"), name, &[]));
        if let Some(Err(error)) = status.as_ref().and_then(Expression::literal).map(Answer::status_of) {
            self.problem(Problem::error(self.source, &at.key("status"), error.message));
        }
        let headers = step.headers.as_ref().map(|headers| self.expression(headers, &at.key("headers"), name, &[]));
        if let Some(headers) = &headers {
            let (place, help) = ("the headers of an answer are an object", "write headers: { NAME: VALUE }");
            self.wants(Kinds::OBJECT, place, headers, &at.key("headers"), help);
        }
        let body = self.optional(step.respond.as_ref(), &at.key("respond"), name);
        StepKind::Respond(Box::new(Answer { status, headers, body }))
    }

    pub(super) fn terminate(&mut self, name: &str, step: &StepDocument, at: &Route) -> StepKind {
        if self.names.in_passes(name, None) {
            self.problem(Problem::error_in_key(self.source, at, "a run cannot be ended from within a loop"));
        }
        let at = at.key("terminate");
        let (outcome, code, message) = match &step.terminate {
            Some(TerminateDocument::Error(error)) => (error.outcome, error.code.clone(), error.message.clone()),
            Some(TerminateDocument::Outcome(outcome)) => (*outcome, None, None),
            None => (Outcome::Failed, None, None),
        };
        if !matches!(outcome, Outcome::Succeeded | Outcome::Failed | Outcome::Cancelled) {
            let problem = Problem::error(self.source, &at, format!("a run cannot be ended as `{outcome}`"));
            self.problem(problem.help("one of: succeeded, failed, cancelled"));
        }
        let mut text = |text: Option<String>, key: &str| {
            text.map(|text| self.expression(&Value::String(text), &at.key(key), name, &[]))
        };
        StepKind::Terminate { outcome, code: text(code, "code"), message: text(message, "message") }
    }

    /// How a step's calls are tried again.
    pub(super) fn retry(&mut self, step: &StepDocument, at: &Route) -> Retry {
        match &step.retry {
            None => Retry::DEFAULT,
            Some(RetryDocument::Word(_)) => Retry::NONE,
            Some(RetryDocument::Policy(policy)) => self.policy(policy, &at.key("retry")),
        }
    }

    fn policy(&mut self, policy: &RetryPolicyDocument, at: &Route) -> Retry {
        let mut read = |text: &Option<String>, key: &str| {
            let text = text.as_ref()?;
            self.length(text, &at.key(key))
        };
        let (interval, least, most) =
            (read(&policy.interval, "interval"), read(&policy.minimum, "minimum"), read(&policy.maximum, "maximum"));
        let Retry { count, waits, .. } = Retry::DEFAULT;
        let count = policy.count.unwrap_or(count);
        let unknown = match policy.unknown {
            Some(UnknownDocument::Repeat) => Unknown::Repeat,
            Some(UnknownDocument::Fail) | None => Unknown::Fail,
        };
        let Waits::Exponential { scale, minimum, maximum } = waits else { return Retry { count, waits, unknown } };
        let fixed = policy.kind == Some(RetryKind::Fixed);
        if fixed && (least.is_some() || most.is_some()) {
            let key = if least.is_some() { "minimum" } else { "maximum" };
            let message = format!("`{key}` does not belong to a fixed interval");
            self.problem(Problem::error_in_key(self.source, &at.key(key), message));
        }
        let interval = interval.unwrap_or(scale);
        let waits = if fixed {
            Waits::Fixed(interval)
        } else {
            Waits::Exponential { scale: interval, minimum: least.unwrap_or(minimum), maximum: most.unwrap_or(maximum) }
        };
        Retry { count, waits, unknown }
    }

    /// The longest that a step may take.
    pub(super) fn timeout(&mut self, step: &StepDocument, at: &Route) -> Option<Duration> {
        match &step.timeout {
            Some(text) => self.length(text, &at.key("timeout")),
            None => step.until.is_some().then_some(UNTIL),
        }
    }

    fn length(&mut self, text: &str, at: &Route) -> Option<Duration> {
        duration::read(text)
            .map_err(|error| self.problem(Problem::error(self.source, at, error.message).help_if(error.help)))
            .ok()
    }
}

/// What is not shown of a step.
pub(super) fn secure(said: Option<&Vec<SecureDocument>>) -> Secure {
    let has = |what| said.is_some_and(|said| said.contains(&what));
    Secure { inputs: has(SecureDocument::Inputs), outputs: has(SecureDocument::Outputs) }
}
