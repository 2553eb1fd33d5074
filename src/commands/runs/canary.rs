//! The run that comes of an order: the new one of a resubmission, or the same one where it goes on.

use std::time::Duration;

use cosell_engine::outcome::Outcome;
use cosell_engine::run::RunId;
use cosell_engine::store::{RunQuery, RunSummary, Store};

use super::chosen::{self, Found};
use super::orders::Wish;
use crate::failure::Failure;
use crate::store::Desk;
use crate::{moment, print};

/// The pause between two looks at a run.
const LOOK: Duration = Duration::from_millis(200);

/// How to know the run: what there was of it before the order.
pub(super) enum Canary {
    /// None comes of it.
    None,
    /// A new run does that one once more; these did before.
    Resubmitted(RunId, Vec<RunId>),
    /// The run goes on; so many events were in its record.
    Resumed(RunId, usize),
}

impl Canary {
    /// Looks at what there is before the order is placed.
    pub(super) async fn new(wish: Wish, store: &dyn Store, run: &RunSummary) -> Result<Canary, Failure> {
        let id = run.id.clone();
        Ok(match wish {
            Wish::Cancel => Canary::None,
            Wish::Resubmit => {
                let before = resubmissions(store, &id).await?;
                Canary::Resubmitted(id, before.into_iter().map(|run| run.id).collect())
            }
            Wish::Resume => {
                let before = store.record(&id).await.map_err(Failure::world)?.len();
                Canary::Resumed(id, before)
            }
        })
    }

    /// Waits for the run's end, which must be a success.
    pub(super) async fn end(&self, desk: &Desk) -> Result<(), Failure> {
        if matches!(self, Canary::None) {
            return Ok(());
        }
        let mut told = None;
        loop {
            if let Some(run) = self.run(desk.store()).await? {
                if let Some(outcome) = run.outcome {
                    return ended(&run, outcome);
                }
                if let Some(until) = run.sleeps_until.filter(|until| told != Some(*until)) {
                    print::line(format!("run {} sleeps until {}; waiting for its end", run.id, moment::shown(until)));
                    told = Some(until);
                }
            }
            desk.expect_engine()?;
            tokio::time::sleep(LOOK).await;
        }
    }

    /// The run as it stands, once there is more of it than before.
    async fn run(&self, store: &dyn Store) -> Result<Option<RunSummary>, Failure> {
        match self {
            Canary::None => Ok(None),
            Canary::Resubmitted(of, before) => {
                Ok(resubmissions(store, of).await?.into_iter().find(|run| !before.contains(&run.id)))
            }
            Canary::Resumed(id, before) => {
                let found = chosen::exact(store, id).await?.filter(|Found { record, .. }| record.len() > *before);
                Ok(found.map(|Found { run, .. }| run))
            }
        }
    }
}

async fn resubmissions(store: &dyn Store, of: &RunId) -> Result<Vec<RunSummary>, Failure> {
    let query = RunQuery { resubmits: Some(of.clone()), ..RunQuery::default() };
    store.runs(&query).await.map_err(Failure::world)
}

fn ended(run: &RunSummary, outcome: Outcome) -> Result<(), Failure> {
    if outcome == Outcome::Succeeded {
        print::line(format!("run {} succeeded", run.id));
        return Ok(());
    }
    let why = run.error.as_ref().map(|error| format!(": {error}")).unwrap_or_default();
    Err(Failure::Data(format!("run {} {outcome}{why}", run.id)))
}
