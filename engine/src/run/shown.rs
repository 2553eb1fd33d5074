//! The record of a run as people may see it: without what is secure.

use std::sync::Arc;

use serde_json::Value;

use super::event::{Event, StepError};
use super::report::HIDDEN;
use crate::connector::{Answer, CallError};
use crate::flow::Usage;

impl Event {
    /// The event with [`HIDDEN`] in place of every value that the flow keeps from being shown. An error of a step
    /// whose values are secure may quote them, so its message and its code go too.
    #[must_use]
    pub fn shown(mut self, usage: &Usage) -> Event {
        let secure = self.step().map(|step| usage.secure(&step.name)).unwrap_or_default();
        let hides_error = self.step().is_some_and(|step| usage.hides_error(&step.name));
        match &mut self {
            Event::RunStarted { trigger, .. } if usage.secure_trigger => hide(trigger),
            Event::BranchTaken { value, .. } if secure.inputs => hide(value),
            Event::LoopStarted { items, .. } if secure.inputs => items.iter_mut().for_each(hide),
            Event::VariableSet { value, .. } | Event::VariableAppended { value, .. }
                if secure.inputs || secure.outputs =>
            {
                hide(value);
            }
            Event::CallStarted { input, changes, .. } if secure.inputs || secure.outputs => {
                if secure.inputs {
                    hide_shared(input);
                }
                // They hold what was read.
                changes.clear();
            }
            Event::CallFinished { result: Ok(answer), .. } if secure.outputs => hide_answer(answer),
            Event::CallFinished { result: Err(error), .. } | Event::CallDelayed { error, .. } if hides_error => {
                hide_call_error(error);
            }
            Event::Responded { answer, .. } if secure.inputs || secure.outputs => hide_answer(answer),
            Event::StepFinished { ending, .. } => {
                if secure.inputs || secure.outputs {
                    hide(&mut ending.value);
                    ending.changes.clear();
                }
                if let Some(error) = ending.error.take() {
                    ending.error = Some(error.shown(usage));
                }
            }
            Event::RunFinished { error, .. } => *error = error.take().map(|error| error.shown(usage)),
            _ => {}
        }
        self
    }
}

impl StepError {
    /// The error with [`HIDDEN`] in place of what may quote a value that the flow keeps from being shown.
    #[must_use]
    pub fn shown(mut self, usage: &Usage) -> StepError {
        if usage.hides_error(&self.step) {
            HIDDEN.clone_into(&mut self.message);
            HIDDEN.clone_into(&mut self.code);
        }
        self
    }
}

/// Null stays: that there is nothing is no secret, and a step without a value has none to hide.
fn hide(value: &mut Value) {
    if !value.is_null() {
        *value = Value::from(HIDDEN);
    }
}

fn hide_shared(value: &mut Arc<Value>) {
    if !value.is_null() {
        *value = Arc::new(Value::from(HIDDEN));
    }
}

fn hide_answer(answer: &mut Answer) {
    hide_shared(&mut answer.value);
    answer.envelope.headers.clear();
}

fn hide_call_error(error: &mut CallError) {
    HIDDEN.clone_into(&mut error.message);
    error.code = None;
    error.body = None;
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use crate::connector::{Answer, CallError, CallErrorKind};
    use crate::flow::{Secure, Usage};
    use crate::run::{Change, Ending, Event, Part, StepError, StepPath};

    const SECRET: &str = "canary-7f3a";

    /// Every kind of event that holds a value, with the secret in it.
    fn events() -> Vec<Event> {
        let step = StepPath { loops: Vec::new(), name: "Hidden".to_owned() };
        let at = Timestamp::UNIX_EPOCH;
        let secret = || Value::from(SECRET);
        let name = || "name".to_owned();
        let changes =
            vec![Change { field: name(), title: name(), target: vec![name()], before: secret(), after: secret() }];
        let mut answer = Answer::from(json!({"token": SECRET}));
        answer.envelope.headers.insert("x-token".to_owned(), SECRET.to_owned());
        let error = || StepError::value("hidden", SECRET);
        let refused = CallError::new(CallErrorKind::Throttled, SECRET);
        vec![
            Event::RunStarted { flow: String::new(), pack: String::new(), trigger: secret(), resubmits: None, at },
            Event::BranchTaken { step: step.clone(), branch: 0, value: secret(), at },
            Event::LoopStarted { step: step.clone(), items: vec![secret()], at },
            Event::VariableSet { step: step.clone(), variable: "v".to_owned(), value: secret(), at },
            Event::VariableAppended { step: step.clone(), variable: "v".to_owned(), value: secret(), at },
            Event::CallStarted {
                step: step.clone(),
                part: Part::Call,
                input: secret().into(),
                changes: changes.clone(),
                at,
            },
            Event::CallDelayed { step: step.clone(), part: Part::Call, error: refused, attempts: 1, until: at, at },
            Event::CallFinished { step: step.clone(), part: Part::Call, result: Ok(answer.clone()), attempts: 1, at },
            Event::Responded { step: step.clone(), answer, at },
            Event::StepFinished { step: step.clone(), ending: Ending { changes, ..Ending::succeeded(secret()) }, at },
            Event::StepFinished { step, ending: Ending::failed(error()), at },
            Event::RunFinished { outcome: crate::outcome::Outcome::Failed, error: Some(error()), at },
        ]
    }

    #[test]
    fn what_is_secure_is_in_no_event() {
        let hidden = Secure { inputs: true, outputs: true };
        let secure = HashMap::from([("hidden".to_owned(), hidden)]);
        let mut usage = Usage::default();
        usage.secure = secure;
        usage.secure_trigger = true;
        for event in events() {
            let shown = format!("{:?}", event.clone().shown(&usage));
            assert!(!shown.contains(SECRET), "{shown}");
            assert_eq!(event.clone().shown(&Usage::default()), event, "what is not secure stays");
        }
    }
}
