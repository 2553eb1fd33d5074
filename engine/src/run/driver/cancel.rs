//! Ending runs from outside: for a person, or since nobody waits any more for the answer of a child run. What a run
//! waits for itself ends with it.

use std::collections::HashSet;

use super::child::run_of;
use super::{DriveError, World, caught};
use crate::outcome::Outcome;
use crate::run::event::{Event, StepError};
use crate::run::{Run, RunId, Work};
use crate::store::{OpenRun, StoreError, Transition};

/// How often it is tried to end a run whose last task may still commit something: it does so once at most.
const TRIES: usize = 3;
/// Why a child run ends with the run that waits for it.
const NOBODY_WAITS: &str = "nobody waits for its answer any more";

impl World {
    /// Ends a run that has not ended, and the runs that it waits for; `why` stands in its record. Whoever drives it must
    /// have stopped, or finds out with its next commit. A run that has ended, or does not exist, stays as it is.
    pub async fn cancel(&self, run: RunId, why: &str) -> Result<(), DriveError> {
        self.end(run, Outcome::Cancelled, cancelled(why)).await
    }

    /// Ends a run that has not ended with that outcome, and cancels the runs that it waits for.
    pub(super) async fn end(&self, run: RunId, outcome: Outcome, error: StepError) -> Result<(), DriveError> {
        let mut open = self.end_one(&run, outcome, error).await?;
        while let Some(id) = open.pop() {
            open.extend(self.end_one(&id, Outcome::Cancelled, cancelled(NOBODY_WAITS)).await?);
        }
        Ok(())
    }

    /// Ends a child run since nobody waits for its answer any more.
    pub(super) async fn cancel_child(&self, run: RunId) -> Result<(), DriveError> {
        self.cancel(run, NOBODY_WAITS).await
    }

    /// Ends one run; gives the runs that it was waiting for.
    async fn end_one(&self, id: &RunId, outcome: Outcome, error: StepError) -> Result<Vec<RunId>, DriveError> {
        for _ in 0..TRIES {
            let events = self.store.record(id).await?;
            if matches!(events.last(), None | Some(Event::RunFinished { .. })) {
                return Ok(Vec::new());
            }
            // A run whose pack is gone, or that breaks off even here, can be ended all the same; what it waits for is then not known.
            let replayed = caught(self.replay(id, &events)).await.ok().and_then(Result::ok);
            let children = replayed.map(|(run, _)| children(&run)).unwrap_or_default();
            let finished = Event::RunFinished { outcome, error: Some(error.clone()), at: self.clock.now() };
            let after = events.len() as u64;
            let transition = Transition { run: id.clone(), after, events: vec![finished], ..Transition::default() };
            match self.commit(&transition).await {
                Ok(()) => return Ok(children),
                // What drove it has just committed for the last time.
                Err(StoreError::OutOfStep { .. }) => {}
                Err(error) => return Err(error.into()),
            }
        }
        Err(DriveError::Stuck(id.to_string()))
    }

    /// The child runs that no run waits for: the process stopped before they could be ended. Where a run's record
    /// cannot be read or does not fit its flow, its children are left alone.
    pub(crate) async fn orphans(&self, unfinished: &[OpenRun]) -> Vec<RunId> {
        let ids: HashSet<&str> = unfinished.iter().map(|run| run.id.0.as_str()).collect();
        let open_children: Vec<&RunId> = unfinished.iter().map(|run| &run.id).filter(|id| id.is_child()).collect();
        let parents: HashSet<&str> =
            open_children.iter().flat_map(|child| above(child)).filter(|id| ids.contains(id)).collect();
        let mut awaited = HashSet::new();
        for parent in parents {
            let id = RunId(parent.to_owned());
            match self.awaited_by(&id).await {
                Ok(children) => awaited.extend(children),
                Err(_) => {
                    awaited.extend(open_children.iter().copied().filter(|child| is_below(child, parent)).cloned());
                }
            }
        }
        open_children.into_iter().filter(|child| !awaited.contains(*child)).cloned().collect()
    }

    async fn awaited_by(&self, parent: &RunId) -> Result<Vec<RunId>, DriveError> {
        let events = self.store.record(parent).await?;
        let (run, _) = self.replay(parent, &events).await?;
        Ok(children(&run))
    }
}

fn cancelled(why: &str) -> StepError {
    StepError { code: "cancelled".to_owned(), ..StepError::value("trigger", why) }
}

/// The runs whose answers a run waits for.
fn children(run: &Run) -> Vec<RunId> {
    let calls = run.calls().into_iter();
    calls.filter(|call| matches!(call.work, Work::Flow(_))).map(|call| run_of(&call)).collect()
}

/// The ids that a run above this one may have: a child has its parent's id, the step and the part for its own.
fn above(child: &RunId) -> impl Iterator<Item = &str> {
    child.0.match_indices('/').map(|(end, _)| &child.0[..end])
}

fn is_below(child: &RunId, parent: &str) -> bool {
    child.0.strip_prefix(parent).is_some_and(|rest| rest.starts_with('/'))
}
