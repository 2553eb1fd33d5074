//! A run whose driving broke off by a panic, a mistake of the engine or of a connector: it ends as failed, so that
//! nothing waits for it and it is found.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use super::{DriveError, Driven, World};
use crate::outcome::Outcome;
use crate::run::event::StepError;
use crate::run::{Run, RunId};

/// The code of such a run.
pub(super) const INTERNAL: &str = "internal";

/// A future broke off.
#[derive(Debug)]
pub(crate) struct BrokeOff;

/// Gives what a future gives, unless it breaks off.
pub(crate) async fn caught<T>(future: impl Future<Output = T>) -> Result<T, BrokeOff> {
    let mut future = pin!(future);
    std::future::poll_fn(|context| {
        // Whatever it held is dropped and not looked at again.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(poll) => poll.map(Ok),
            Err(_) => Poll::Ready(Err(BrokeOff)),
        }
    })
    .await
}

impl World {
    /// Ends a run whose driving broke off, with the step at which it did, as far as that can be found out.
    pub(crate) async fn end_broken(self: &Arc<Self>, id: &RunId) -> Result<Driven, DriveError> {
        match caught(self.end_at_step(id)).await {
            Ok(Err(error @ DriveError::Store(_))) => Err(error),
            Ok(Ok(ended)) => Ok(ended),
            // The same mistake may be met on the way to where it stood.
            Ok(Err(_)) | Err(BrokeOff) => {
                self.end(id.clone(), Outcome::Failed, internal(&[])).await?;
                Err(DriveError::BrokeOff(id.to_string()))
            }
        }
    }

    async fn end_at_step(self: &Arc<Self>, id: &RunId) -> Result<Driven, DriveError> {
        let events = self.store.record(id).await?;
        let (run, _) = self.replay(id, &events).await?;
        let error = internal(&steps_at_end(run, self.clock.now()));
        self.end(id.clone(), Outcome::Failed, error).await?;
        let (run, _) = self.replay(id, &self.store.record(id).await?).await?;
        Ok(Driven::Ended(Box::new(run)))
    }
}

/// The error of a run that broke off at one of these steps, or before it came to any.
pub(crate) fn internal(steps: &[String]) -> StepError {
    let step = steps.first().map_or("trigger", String::as_str);
    let at = if steps.is_empty() { step.to_owned() } else { steps.join("` or `") };
    let message =
        format!("the run broke off at `{at}`: a mistake in the engine or in a connector; the log has its place");
    StepError { code: INTERNAL.to_owned(), ..StepError::value(step, message) }
}

/// The steps at which a run was when it broke off. Not all that it had decided may be in its record, so it decides that
/// again.
fn steps_at_end(mut run: Run, now: jiff::Timestamp) -> Vec<String> {
    let mut steps = run.at_work();
    while let Ok(true) = catch_unwind(AssertUnwindSafe(|| goes_on(&mut run, now))) {
        steps = run.at_work();
    }
    steps
}

/// Takes what can be decided into the run; whether there was anything, and it has not ended.
fn goes_on(run: &mut Run, now: jiff::Timestamp) -> bool {
    let next = run.next(now);
    !next.events.is_empty() && next.events.iter().all(|event| run.apply(event).is_ok()) && run.ended().is_none()
}
