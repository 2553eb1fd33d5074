//! Child runs: a step runs another flow and waits for its answer. Where the child sleeps, whoever waits for it may too:
//! it asks again at the child's time.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use tracing::{error, warn};

use super::broken::INTERNAL;
use super::failed::holds_hidden;
use super::tasks::Report;
use super::{Beginning, BrokeOff, DriveError, Driven, World, caught, inputs_of};
use crate::connector::{Answer, CallError, CallErrorKind};
use crate::outcome::Outcome;
use crate::pack::Pack;
use crate::run::event::Event;
use crate::run::{Call, Doubt, Run, RunId, Unresumable};

impl World {
    /// Runs a flow for a step, and says what came back, or until when there is nothing to do. Where the store fails
    /// nothing did: the run that waits is then driven again as a whole. A run may run others, so the future holds itself.
    pub(super) fn child(
        self: Arc<Self>,
        call: Arc<Call>,
        flow: String,
        pack: Arc<Pack>,
    ) -> Pin<Box<dyn Future<Output = Report> + Send>> {
        Box::pin(async move {
            let driven = match caught(self.child_run(&call, &flow, pack)).await {
                Ok(driven) => driven,
                Err(BrokeOff) => self.child_broke_off(&run_of(&call)).await,
            };
            let result = match driven {
                Ok(Driven::Ended(run)) => answer(&run, &flow),
                Ok(Driven::Sleeping(until)) => return Report::Asleep(call, until),
                Err(DriveError::Store(error)) => return Report::Lost(call.step.clone(), call.part, error),
                Err(error) => Err(broken(&error, &flow)),
            };
            if let Err(error) = &result {
                // What the error says may be secret; it stands in the run's record.
                warn!(step = %call.step, kind = error.kind.name(), status = error.status, "call failed");
            }
            let (step, part) = (call.step.clone(), call.part);
            Report::Came(Event::CallFinished { step, part, result, attempts: 1, at: self.clock.now() })
        })
    }

    /// A mistake must not be met again and again by the run that waits.
    async fn child_broke_off(self: &Arc<Self>, id: &RunId) -> Result<Driven, DriveError> {
        error!(run = %id, "driving the child run broke off: a mistake in the engine or in a connector; it ends as failed");
        self.end_broken(id).await
    }

    /// Runs a child flow, or goes on with it where its record ends. Where the run that waits for it was resumed after a
    /// failure, so is the child.
    async fn child_run(self: &Arc<Self>, call: &Call, flow: &str, pack: Arc<Pack>) -> Result<Driven, DriveError> {
        let id = run_of(call);
        let events = self.store.record(&id).await?;
        if events.is_empty() {
            let trigger = inputs_of(&pack, flow, Value::clone(&call.input))?;
            let beginning = Beginning { id, flow: flow.to_owned(), trigger, ..Beginning::default() };
            return self.begin(beginning, pack)?.on(true).await;
        }
        if call.doubt != Doubt::None
            && let Some(resumed) = self.resume_failed_child(&id, &events).await?
        {
            return Ok(resumed);
        }
        let (run, pack) = self.replay(&id, &events).await?;
        // What an ended run answered is kept as people may see it.
        if run.ended().is_some() && holds_hidden(&run, &events) {
            return Err(DriveError::Unresumable { run: id, why: Unresumable::Secure });
        }
        self.take_up(run, pack, &events).on(true).await
    }
}

/// The run that a call of a flow has: the key of the call is its id.
pub(super) fn run_of(call: &Call) -> RunId {
    RunId(call.key.as_str().to_owned())
}

fn broken(error: &DriveError, flow: &str) -> CallError {
    let kind =
        if matches!(error, DriveError::Inputs { .. }) { CallErrorKind::Input } else { CallErrorKind::Unexpected };
    let code = matches!(error, DriveError::BrokeOff(_)).then(|| INTERNAL.to_owned());
    CallError { code, ..CallError::new(kind, format!("the flow `{flow}` could not be run: {error}")) }
}

/// What a child answers the step that waits for it.
fn answer(run: &Run, flow: &str) -> Result<Answer, CallError> {
    let Some(ended) = run.ended() else { return Ok(Value::Null.into()) };
    match (&ended.response, ended.outcome, &ended.error) {
        (Some(answer), ..) if answer.envelope.status < 400 => Ok(answer.clone()),
        (Some(answer), ..) => {
            let status = answer.envelope.status;
            let error =
                CallError::new(CallErrorKind::Unexpected, format!("the flow `{flow}` answered with status {status}"));
            Err(CallError { status: Some(status), body: Some(Box::new(Value::clone(&answer.value))), ..error })
        }
        (None, Outcome::Succeeded, _) => Ok(Value::Null.into()),
        (None, outcome, Some(error)) => {
            let message = format!("the flow `{flow}` {outcome}: {error}");
            Err(CallError {
                code: Some(error.code.clone()),
                status: error.status,
                request_id: error.request_id.clone(),
                ..CallError::new(CallErrorKind::Unexpected, message)
            })
        }
        (None, outcome, None) => Err(CallError::new(CallErrorKind::Unexpected, format!("the flow `{flow}` {outcome}"))),
    }
}
