//! Child runs: a step runs another flow and waits for its answer. When nobody waits any more, since the time of the
//! step is used up or its run has ended, the child ends as cancelled.

use std::collections::HashSet;
use std::sync::Arc;

use serde_json::Value;

use super::{Beginning, DriveError, World};
use crate::connector::{Answer, CallError, CallErrorKind};
use crate::outcome::Outcome;
use crate::run::event::{Event, StepError};
use crate::run::{Run, RunId, Work};
use crate::store::{OpenRun, StoreError, Transition};

/// How often it is tried to end a run whose last task may still commit something: it does so once at most.
const TRIES: usize = 3;

impl World {
    /// Runs a child flow, or goes on with it where its record ends, and gives its response.
    pub(super) async fn child(self: &Arc<Self>, id: RunId, flow: &str, input: Value) -> Result<Answer, CallError> {
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
            let flow = flow.to_owned();
            self.start_to_end(Beginning { id, flow, trigger: input, ..Beginning::default() }).await
        } else {
            self.resume_to_end(&id).await
        };
        let run = run.map_err(broken)?;
        let Some(ended) = run.ended() else { return Ok(Value::Null.into()) };
        match (&ended.response, ended.outcome, &ended.error) {
            (Some(answer), ..) if answer.envelope.status < 400 => Ok(answer.clone()),
            (Some(answer), ..) => {
                let status = answer.envelope.status;
                let error = CallError::new(
                    CallErrorKind::Unexpected,
                    format!("the flow `{flow}` answered with status {status}"),
                );
                Err(CallError { status: Some(status), body: Some(Box::new(answer.value.clone())), ..error })
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
            (None, outcome, None) => {
                Err(CallError::new(CallErrorKind::Unexpected, format!("the flow `{flow}` {outcome}")))
            }
        }
    }

    /// Ends a run for which nobody waits any more, and the runs that it waits for itself.
    pub(crate) async fn cancel(&self, run: RunId, _why: &str) -> Result<(), DriveError> {
        let mut open = vec![run];
        while let Some(id) = open.pop() {
            open.extend(self.cancel_one(&id).await?);
        }
        Ok(())
    }

    /// Ends one run; gives the runs that it was waiting for.
    async fn cancel_one(&self, id: &RunId) -> Result<Vec<RunId>, DriveError> {
        for _ in 0..TRIES {
            let events = self.store.record(id).await?;
            let run = match events.first() {
                Some(_) => self.replay(id, &events)?,
                None => return Ok(Vec::new()),
            };
            if run.ended().is_some() {
                return Ok(Vec::new());
            }
            let message = "nobody waits for its answer any more";
            let error = StepError { code: "cancelled".to_owned(), ..StepError::value("trigger", message) };
            let finished = Event::RunFinished { outcome: Outcome::Cancelled, error: Some(error), at: self.clock.now() };
            let after = events.len() as u64;
            let transition = Transition { run: id.clone(), after, events: vec![finished], ..Transition::default() };
            match self.store.commit(std::slice::from_ref(&transition)).await {
                Ok(()) => return Ok(children(&run).collect()),
                // What drove it has just committed for the last time.
                Err(StoreError::OutOfStep { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(DriveError::Stuck(id.to_string()))
    }

    /// The child runs that no run waits for: the process stopped before they could be ended. Where a run's record
    /// does not fit its flow, its children are left alone.
    pub(crate) async fn orphans(&self, unfinished: &[OpenRun]) -> Result<Vec<RunId>, StoreError> {
        let mut awaited = HashSet::new();
        for run in unfinished {
            let below: Vec<&OpenRun> = unfinished.iter().filter(|child| is_below(&child.id, &run.id)).collect();
            if below.is_empty() {
                continue;
            }
            match self.replay(&run.id, &self.store.record(&run.id).await?) {
                Ok(run) => awaited.extend(children(&run)),
                Err(_) => awaited.extend(below.into_iter().map(|child| child.id.clone())),
            }
        }
        let orphans = unfinished.iter().filter(|run| run.id.is_child() && !awaited.contains(&run.id));
        Ok(orphans.map(|run| run.id.clone()).collect())
    }
}

/// The runs whose answers a run waits for.
fn children(run: &Run) -> impl Iterator<Item = RunId> {
    let calls = run.calls().into_iter();
    calls.filter(|call| matches!(call.work, Work::Flow(_))).map(|call| RunId(call.key.as_str().to_owned()))
}

fn is_below(child: &RunId, parent: &RunId) -> bool {
    child.0.strip_prefix(&parent.0).is_some_and(|rest| rest.starts_with('/'))
}
