//! Drives a run: performs what [`Run::next`] asks for, side by side, and records before it applies.
//!
//! This is the only code that waits for services, and the one place that tries a call again.

use std::collections::HashSet;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use serde_json::Value;
use tokio::task::JoinSet;
use tracing::{Instrument, debug, info_span, warn};

use super::event::{Event, Part, StepPath};
use super::{Action, Run, RunId};
use crate::clock::Clock;
use crate::connector::{AnyOperation, CallError, CallErrorKind, CallKey, Connectors, Effect};
use crate::flow::inputs;
use crate::outcome::Outcome;
use crate::pack::Pack;
use crate::store::{EventId, Fate, Store, StoreError, Transition};

/// How often a call is tried, and how long to wait before the second try; each later wait is twice as long.
const TRIES: u32 = 4;
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// The longest wait that a service may ask for within one call.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// What a run needs around it.
pub struct World {
    /// The flows.
    pub pack: Arc<Pack>,
    /// The services.
    pub connectors: Connectors,
    /// Where runs are kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
}

/// A run that could not be driven to its end. Its record stays, and it can be taken up again.
#[derive(Debug, thiserror::Error)]
pub enum DriveError {
    /// The store could not keep what happened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The record and the flow do not fit.
    #[error(transparent)]
    Illegal(#[from] super::IllegalEvent),
    /// The pack has no such flow.
    #[error("the pack has no flow `{0}`")]
    NoFlow(String),
    /// The flow was not given what it needs.
    #[error("the flow `{flow}` cannot start: {wrong}")]
    Inputs {
        /// The flow.
        flow: String,
        /// Everything that is wrong.
        wrong: String,
    },
    /// Nothing is to be done, and the run has not ended: a mistake of ours.
    #[error("run `{0}` cannot go on")]
    Stuck(String),
}

impl World {
    /// The inputs of a flow, complete; for a flow that events start, what is given stands for the event.
    pub fn inputs(&self, flow: &str, given: Value) -> Result<Value, DriveError> {
        let planned = self.pack.flow(flow).ok_or_else(|| DriveError::NoFlow(flow.to_owned()))?;
        match planned.flow.inputs() {
            Some(declared) => inputs::complete(declared, &given)
                .map_err(|wrong| DriveError::Inputs { flow: flow.to_owned(), wrong: wrong.join("; ") }),
            None => Ok(given),
        }
    }

    /// Starts a run for an event and drives it to its end. `fates` are committed with its first event.
    pub async fn start(
        self: &Arc<Self>,
        id: RunId,
        flow: &str,
        trigger: Value,
        fates: Vec<(EventId, Fate)>,
    ) -> Result<Run, DriveError> {
        let mut run = self.new_run(id, flow)?;
        let pack = self.pack.content().to_owned();
        let started = Event::RunStarted { flow: flow.to_owned(), pack, trigger, at: self.clock.now() };
        let transition = Transition { run: run.id.clone(), after: 0, events: vec![started], fates };
        self.store.commit(std::slice::from_ref(&transition)).await?;
        for event in &transition.events {
            run.apply(event)?;
        }
        self.drive(run, 1).await
    }

    /// Takes up a run where its record ends.
    pub async fn resume(self: &Arc<Self>, id: RunId, events: &[Event]) -> Result<Run, DriveError> {
        let Some(Event::RunStarted { flow, .. }) = events.first() else {
            return Err(DriveError::Stuck(id.to_string()));
        };
        let mut run = self.new_run(id, flow)?;
        events.iter().try_for_each(|event| run.apply(event))?;
        self.drive(run, events.len() as u64).await
    }

    fn new_run(&self, id: RunId, flow: &str) -> Result<Run, DriveError> {
        let planned = self.pack.flow(flow).ok_or_else(|| DriveError::NoFlow(flow.to_owned()))?;
        Ok(Run::new(id, Arc::clone(&planned.plan), Arc::clone(self.pack.parameters())))
    }

    async fn drive(self: &Arc<Self>, mut run: Run, mut recorded: u64) -> Result<Run, DriveError> {
        let mut calls = JoinSet::new();
        let mut begun = HashSet::new();
        while run.ended().is_none() {
            let mut events = Vec::new();
            for action in run.next(self.clock.now()) {
                match action {
                    Action::Record(event) => events.push(event),
                    Action::Call { ref key, .. } | Action::RunFlow { ref key, .. } => {
                        if begun.insert(key.clone()) {
                            let span = info_span!("call", run = %run.id, key = key.as_str());
                            calls.spawn(Arc::clone(self).perform(action).instrument(span));
                        }
                    }
                }
            }
            if events.is_empty() {
                let Some(Ok(event)) = calls.join_next().await else {
                    return Err(DriveError::Stuck(run.id.to_string()));
                };
                events.push(event);
            }
            let transition = Transition { run: run.id.clone(), after: recorded, events, fates: Vec::new() };
            self.store.commit(std::slice::from_ref(&transition)).await?;
            recorded += transition.events.len() as u64;
            transition.events.iter().try_for_each(|event| run.apply(event))?;
        }
        Ok(run)
    }

    /// Performs a call, or a child run, and says what came back.
    fn perform(self: Arc<Self>, action: Action) -> Pin<Box<dyn Future<Output = Event> + Send>> {
        Box::pin(async move {
            match action {
                Action::Call { step, part, key, operation, effect, input } => {
                    let (result, attempts) = self.call(&key, &operation, effect, input).await;
                    self.finished(step, part, result, attempts)
                }
                Action::RunFlow { step, key, flow, input } => {
                    let result = self.child(RunId(key.as_str().to_owned()), &flow, input).await;
                    self.finished(step, Part::Call, result, 1)
                }
                Action::Record(event) => event,
            }
        })
    }

    fn finished(&self, step: StepPath, part: Part, result: Result<Value, CallError>, attempts: u32) -> Event {
        if let Err(error) = &result {
            warn!(%step, %error, "call failed");
        }
        Event::CallFinished { step, part, result, attempts, at: self.clock.now() }
    }

    async fn call(&self, key: &CallKey, name: &str, effect: Effect, input: Value) -> (Result<Value, CallError>, u32) {
        let Some(operation) = self.connectors.operation(name) else {
            let message = format!("there is no operation `{name}`");
            return (Err(CallError::new(CallErrorKind::Input, message)), 1);
        };
        self.try_again(key, operation.as_ref(), effect, input).await
    }

    /// Calls again while the service says that it did nothing and may later.
    async fn try_again(
        &self,
        key: &CallKey,
        operation: &dyn AnyOperation,
        effect: Effect,
        input: Value,
    ) -> (Result<Value, CallError>, u32) {
        let mut wait = FIRST_WAIT;
        let mut attempt = 1;
        loop {
            let error = match operation.call_any(key, input.clone()).await {
                Ok(answer) => return (Ok(answer.value), attempt),
                Err(error) => error,
            };
            let may_be_repeated = match error.kind {
                CallErrorKind::Throttled | CallErrorKind::Unavailable => true,
                CallErrorKind::Unanswered => effect == Effect::Reads,
                _ => false,
            };
            let pause = error.retry_after().unwrap_or(wait).max(wait);
            if !may_be_repeated || attempt == TRIES || pause > LONGEST_WAIT {
                return (Err(error), attempt);
            }
            debug!(%error, ?pause, attempt, "trying again");
            self.clock.sleep(pause).await;
            wait *= 2;
            attempt += 1;
        }
    }

    /// Runs a child flow, or goes on with it where its record ends, and gives its response.
    async fn child(self: &Arc<Self>, id: RunId, flow: &str, input: Value) -> Result<Value, CallError> {
        let broken = |error: DriveError| {
            let kind = if matches!(error, DriveError::Inputs { .. }) {
                CallErrorKind::Input
            } else {
                CallErrorKind::Unexpected
            };
            CallError::new(kind, format!("the flow `{flow}` could not be run: {error}"))
        };
        let events = self.store.record(&id).await.map_err(|error| broken(error.into()))?;
        let run = if events.is_empty() {
            let input = self.inputs(flow, input).map_err(broken)?;
            self.start(id, flow, input, Vec::new()).await
        } else {
            self.resume(id, &events).await
        };
        let run = run.map_err(broken)?;
        let Some(ended) = run.ended() else { return Ok(Value::Null) };
        match (&ended.response, ended.outcome, &ended.error) {
            (Some(response), ..) => Ok(response.clone()),
            (None, Outcome::Succeeded, _) => Ok(Value::Null),
            (None, outcome, Some(error)) => {
                let message = format!("the flow `{flow}` {outcome}: {error}");
                Err(CallError {
                    code: Some(error.code.clone()),
                    status: error.status,
                    request_id: error.request_id.clone(),
                    ..CallError::new(CallErrorKind::Unexpected, message)
                })
            }
            (None, outcome, None) => {
                Err(CallError::new(CallErrorKind::Unexpected, format!("the flow `{flow}` {outcome}")))
            }
        }
    }
}
