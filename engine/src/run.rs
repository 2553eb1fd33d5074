//! A run: one execution of a flow for one event.
//!
//! [`Run`] is a pure state machine. [`Run::next`] says what is to be done, [`Run::apply`] is the only thing
//! that changes it, live and on replay, and evaluates nothing. Time, network and disk are the
//! [`driver`]'s. So a run can be stopped after any event and go on from its record.
//!
//! `frame` holds the states of the nodes of one plan and settles what follows from an ending;
//! `outcome` is the rule by which a container ends; `next` decides; `calls` names what is to be performed; `view`
//! is what expressions see, with `records` for those that ask what became of a step; `resumed` says what of a record
//! counts after a run that had failed went on; `at_work` names the steps at which a run is.

mod at_work;
mod bounds;
mod calls;
pub mod driver;
mod event;
mod frame;
mod next;
mod outcome;
mod records;
mod report;
mod resumed;
mod shown;
mod update;
mod view;

use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

pub use calls::{Call, Delay, Doubt, Work};
pub use event::{Change, Ending, Event, Part, StepError, StepPath, Verdict};
pub use next::Next;
pub use report::{HIDDEN, StepReport};
pub use resumed::{Unresumable, counting};

use crate::connector::Answer;
use crate::flow::variable;
use crate::outcome::Outcome;
use crate::plan::Plan;
use frame::Frame;
use resumed::Doubts;

/// The identity of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct RunId(pub String);

impl RunId {
    /// Whether another run waits for this one: it has the key of that run's call for its id.
    pub(crate) fn is_child(&self) -> bool {
        self.0.contains('/')
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One execution of a flow.
#[derive(Debug)]
pub struct Run {
    id: RunId,
    plan: Arc<Plan>,
    parameters: Arc<Value>,
    state: State,
    doubts: Doubts,
}

#[derive(Debug)]
enum State {
    /// Nothing is recorded yet.
    New,
    /// It goes on.
    Going(Box<Going>),
    /// It has ended.
    Ended(Box<Ended>),
}

/// What a run under way consists of.
#[derive(Debug)]
struct Going {
    /// The event's headers and body.
    trigger: Value,
    started: Timestamp,
    /// An object.
    variables: Value,
    root: Frame,
    response: Option<Answer>,
}

impl Going {
    /// The event's body.
    fn body(&self) -> &Value {
        &self.trigger["body"]
    }
}

/// How a run ended.
#[derive(Debug)]
pub struct Ended {
    /// The outcome.
    pub outcome: Outcome,
    /// The error, where it failed.
    pub error: Option<StepError>,
    /// What a `respond` step answered.
    pub response: Option<Answer>,
    /// When.
    pub at: Timestamp,
    root: Frame,
}

/// An event that does not fit the run's state: the record is damaged, or two drive one run.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("event does not fit run `{run}`: {reason}")]
pub struct IllegalEvent {
    run: String,
    reason: String,
}

impl Run {
    /// A run of which nothing is recorded yet. `parameters` are the pack's, as they stand in this environment.
    pub fn new(id: RunId, plan: Arc<Plan>, parameters: Arc<Value>) -> Run {
        Run { id, plan, parameters, state: State::New, doubts: Doubts::default() }
    }

    /// A run as its record left it.
    pub fn replay(id: RunId, plan: Arc<Plan>, parameters: Arc<Value>, events: &[Event]) -> Result<Run, IllegalEvent> {
        let mut run = Run { doubts: Doubts::of_record(events), ..Run::new(id, plan, parameters) };
        counting(events).into_iter().try_for_each(|event| run.apply(event))?;
        Ok(run)
    }

    /// The run's identity.
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// The plan that it follows.
    pub fn plan(&self) -> Arc<Plan> {
        Arc::clone(&self.plan)
    }

    /// The parameters that it sees.
    pub fn parameters(&self) -> Arc<Value> {
        Arc::clone(&self.parameters)
    }

    /// How it ended, once it has.
    pub fn ended(&self) -> Option<&Ended> {
        match &self.state {
            State::Ended(ended) => Some(ended),
            _ => None,
        }
    }

    /// What a `respond` step has answered so far.
    pub fn response(&self) -> Option<&Answer> {
        match &self.state {
            State::New => None,
            State::Going(going) => going.response.as_ref(),
            State::Ended(ended) => ended.response.as_ref(),
        }
    }

    /// Takes an event into the state. The only way in which a run changes.
    pub fn apply(&mut self, event: &Event) -> Result<(), IllegalEvent> {
        match (&mut self.state, event) {
            (State::New, Event::RunStarted { trigger, at, .. }) => {
                self.state = State::Going(Box::new(Going {
                    trigger: json!({"headers": {}, "body": trigger}),
                    started: *at,
                    variables: self.plan.facts().variables.clone(),
                    root: Frame::new(&self.plan, None, *at),
                    response: None,
                }));
                Ok(())
            }
            (State::Going(_), Event::RunFinished { outcome, error, at }) => {
                let State::Going(mut going) = std::mem::replace(&mut self.state, State::New) else {
                    return Err(self.illegal("it has not started"));
                };
                going.root.cancel(*at);
                self.state = State::Ended(Box::new(Ended {
                    outcome: *outcome,
                    error: error.clone(),
                    response: going.response,
                    at: *at,
                    root: going.root,
                }));
                Ok(())
            }
            (State::Going(going), Event::RunResumed { at, .. }) => {
                going.root.begin_deadlines_again(*at);
                Ok(())
            }
            (State::Going(going), Event::Responded { .. }) if going.response.is_some() => {
                Err(self.illegal("it has answered already"))
            }
            (State::Going(going), event) if event.step().is_some() => {
                if let Err(reason) = going.root.apply(event, 0) {
                    return Err(self.illegal(reason));
                }
                match event {
                    Event::Responded { answer, .. } => going.response = Some(answer.clone()),
                    Event::VariableSet { variable, value, .. } => going.variables[variable] = value.clone(),
                    Event::VariableAppended { variable, value, .. } => {
                        variable::append(&mut going.variables[variable], value);
                    }
                    _ => {}
                }
                Ok(())
            }
            (State::New, _) => Err(self.illegal("it has not started")),
            (State::Going(_), _) => Err(self.illegal("it has started already")),
            (State::Ended(_), _) => Err(self.illegal("it has ended")),
        }
    }

    fn illegal(&self, reason: impl Into<String>) -> IllegalEvent {
        IllegalEvent { run: self.id.to_string(), reason: reason.into() }
    }
}
