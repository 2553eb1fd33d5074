//! Child runs: a step runs another flow and waits for its answer.

use std::pin::Pin;
use std::sync::Arc;

use serde_json::Value;
use tracing::warn;

use super::failed::holds_hidden;
use super::{Beginning, DriveError, World, inputs_of};
use crate::connector::{Answer, CallError, CallErrorKind};
use crate::outcome::Outcome;
use crate::pack::Pack;
use crate::run::event::Event;
use crate::run::{Call, Doubt, Run, RunId, Unresumable};
use crate::store::StoreError;

impl World {
    /// Runs a flow for a step, and says what came back. Where the store fails nothing did: the run that waits is then
    /// driven again as a whole. A run may run others, so the future holds itself.
    pub(super) fn child(
        self: Arc<Self>,
        id: RunId,
        call: Arc<Call>,
        flow: String,
        pack: Arc<Pack>,
    ) -> Pin<Box<dyn Future<Output = Result<Event, StoreError>> + Send>> {
        Box::pin(async move {
            let result = match self.child_run(id, &call, &flow, pack).await {
                Ok(run) => answer(&run, &flow),
                Err(DriveError::Store(error)) => return Err(error),
                Err(error) => Err(broken(&error, &flow)),
            };
            if let Err(error) = &result {
                // What the error says may be secret; it stands in the run's record.
                warn!(step = %call.step, kind = error.kind.name(), status = error.status, "call failed");
            }
            let (step, part) = (call.step.clone(), call.part);
            Ok(Event::CallFinished { step, part, result, attempts: 1, at: self.clock.now() })
        })
    }

    /// Runs a child flow, or goes on with it where its record ends. Where the run that waits for it was resumed after a
    /// failure, so is the child.
    async fn child_run(
        self: &Arc<Self>,
        id: RunId,
        call: &Call,
        flow: &str,
        pack: Arc<Pack>,
    ) -> Result<Run, DriveError> {
        let events = self.store.record(&id).await?;
        if events.is_empty() {
            let trigger = inputs_of(&pack, flow, Value::clone(&call.input))?;
            let beginning = Beginning { id, flow: flow.to_owned(), trigger, ..Beginning::default() };
            return self.start_child(beginning, pack).await;
        }
        if call.doubt != Doubt::None
            && let Some(resumed) = self.resume_failed_to_end(&id, &events).await?
        {
            return Ok(resumed);
        }
        let run = self.resume_to_end(&id).await?;
        // What an ended run answered is kept as people may see it.
        if matches!(events.last(), Some(Event::RunFinished { .. })) && holds_hidden(&run, &events) {
            return Err(DriveError::Unresumable { run: id, why: Unresumable::Secure });
        }
        Ok(run)
    }
}

fn broken(error: &DriveError, flow: &str) -> CallError {
    let kind =
        if matches!(error, DriveError::Inputs { .. }) { CallErrorKind::Input } else { CallErrorKind::Unexpected };
    CallError::new(kind, format!("the flow `{flow}` could not be run: {error}"))
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
