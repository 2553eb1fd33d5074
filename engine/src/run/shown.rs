//! The record of a run as people may see it: without what is secure.

use serde_json::Value;

use super::event::{Event, StepError};
use super::report::HIDDEN;
use crate::connector::{Answer, CallError};
use crate::flow::Usage;

impl Event {
    /// The event with [`HIDDEN`] in place of every value that the flow keeps from being shown. An error of a step
    /// whose values are secure may quote them, so its message goes too.
    #[must_use]
    pub fn shown(mut self, usage: &Usage) -> Event {
        let secure = self.step().map(|step| usage.secure(&step.name)).unwrap_or_default();
        match &mut self {
            Event::RunStarted { trigger, .. } if usage.secure_trigger => hide(trigger),
            Event::BranchTaken { value, .. } if secure.inputs => hide(value),
            Event::LoopStarted { items, .. } if secure.inputs => items.iter_mut().for_each(hide),
            Event::VariableSet { value, .. } if secure.inputs || secure.outputs => hide(value),
            Event::CallStarted { input, changes, .. } if secure.inputs => {
                hide(input);
                changes.clear();
            }
            Event::CallFinished { result, .. } if secure.outputs => match result {
                Ok(answer) => hide_answer(answer),
                Err(error) => hide_call_error(error),
            },
            Event::Responded { answer, .. } if secure.inputs || secure.outputs => hide_answer(answer),
            Event::StepFinished { ending, .. } if secure.inputs || secure.outputs => {
                hide(&mut ending.value);
                ending.changes.clear();
                ending.error.iter_mut().for_each(hide_error);
            }
            Event::RunFinished { error: Some(error), .. } => {
                let secure = usage.secure(&error.step);
                if secure.inputs || secure.outputs {
                    hide_error(error);
                }
            }
            _ => {}
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

fn hide_answer(answer: &mut Answer) {
    hide(&mut answer.value);
    answer.envelope.headers.clear();
}

fn hide_call_error(error: &mut CallError) {
    HIDDEN.clone_into(&mut error.message);
    error.body = None;
}

fn hide_error(error: &mut StepError) {
    HIDDEN.clone_into(&mut error.message);
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use jiff::Timestamp;
    use serde_json::{Value, json};

    use crate::connector::Answer;
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
        vec![
            Event::RunStarted { flow: String::new(), pack: String::new(), trigger: secret(), at },
            Event::BranchTaken { step: step.clone(), branch: 0, value: secret(), at },
            Event::LoopStarted { step: step.clone(), items: vec![secret()], at },
            Event::VariableSet { step: step.clone(), variable: "v".to_owned(), value: secret(), at },
            Event::CallStarted { step: step.clone(), part: Part::Call, input: secret(), changes: changes.clone(), at },
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
