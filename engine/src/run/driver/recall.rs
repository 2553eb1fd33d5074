//! What connectors knew before the process ended, told to them again from the records of runs.

use jiff::SignedDuration;
use tracing::warn;

use super::{DriveError, World};
use crate::flow::{Step, StepKind};
use crate::pack::Pack;
use crate::run::event::{Event, Part, StepPath};
use crate::run::{RunId, counting};
use crate::store::{OpenRun, RunQuery, StoreError};

/// Runs that began so long ago count: what connectors remember is of use for minutes.
const RECENT: SignedDuration = SignedDuration::from_mins(15);
/// The most runs that are looked at, of the recent ones and of those under way each: a start must not take long.
const MOST: usize = 500;

impl World {
    /// Tells the connectors what their operations gave in recent runs, and in those that were under way. What cannot be
    /// read is left out: it is a help and no more.
    pub(crate) async fn recall(&self, open: &[OpenRun]) -> Result<(), StoreError> {
        let since = self.clock.now().checked_sub(RECENT).ok();
        let recent = self.store.runs(&RunQuery { since, most: Some(MOST), ..RunQuery::default() }).await?;
        let mut runs: Vec<RunId> = recent.into_iter().map(|run| run.id).collect();
        let awake = open.iter().filter(|run| run.sleeps_until.is_none()).map(|run| &run.id);
        let older: Vec<RunId> = awake.filter(|id| !runs.contains(id)).take(MOST).cloned().collect();
        runs.extend(older);
        for run in runs {
            if let Err(error) = self.recall_run(&run).await {
                warn!(%error, %run, "what a run was given could not be recalled");
            }
        }
        Ok(())
    }

    async fn recall_run(&self, run: &RunId) -> Result<(), DriveError> {
        let events = counting(self.store.record(run).await?);
        let Some(Event::RunStarted { flow, pack, .. }) = events.first() else { return Ok(()) };
        let pack = self.pack_of(pack).await?;
        for event in &events {
            if let Event::CallFinished { step, part, result: Ok(answer), .. } = event
                && let Some((connector, _)) = operation(&pack, flow, step, *part).and_then(|name| name.split_once('.'))
                && let Some(connector) = self.connectors.get(connector)
            {
                connector.recall(&answer.value);
            }
        }
        Ok(())
    }
}

/// The full name of the operation that a part of a step calls.
fn operation<'p>(pack: &'p Pack, flow: &str, path: &StepPath, part: Part) -> Option<&'p str> {
    let plan = &pack.flow(flow)?.plan;
    let Step { kind, .. } = plan.step(path.loops.iter().map(|(of, _)| of.as_str()), &path.name)?;
    match (kind, part) {
        (StepKind::Call(call), _) => Some(&call.operation),
        (StepKind::UpdateIfDifferent(update), Part::Read(_)) => Some(&update.read.operation),
        (StepKind::UpdateIfDifferent(update), _) => Some(&update.update.operation),
        _ => None,
    }
}
