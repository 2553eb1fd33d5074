//! Drives a run: performs what `Run::next` asks for, side by side, and makes durable what must be before it is done.
//!
//! This is the only code that waits for services, and the one place that tries a call again. The path: `World::start`
//! or `World::resume` makes a `drive`, which decides, records (`record`) and begins calls (`tasks`); `attempt` makes
//! one attempt at a call and says what follows from it. `child` runs another flow for a step, `cancel` ends runs from
//! outside, `failed` lets a failed run go on, `broken` ends one whose driving broke off, `pinned`
//! finds the pack that a run began with, and `recall` tells connectors what they knew before the process ended.

mod attempt;
mod broken;
mod cancel;
mod child;
mod drive;
mod failed;
mod pinned;
mod recall;
mod record;
mod tasks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indexmap::IndexMap;
use serde_json::Value;
use tracing::{info, warn};

use super::event::{Event, StepError};
use super::{Run, RunId, Unresumable};
use crate::clock::Clock;
use crate::connector::{Connectors, Limits};
use crate::flow::inputs;
use crate::outcome::Outcome;
use crate::pack::Pack;
use crate::store::{EventId, Fate, Store, StoreError, Transition};
use crate::traffic::Traffic;
pub(crate) use broken::{BrokeOff, caught, internal};
use drive::Drive;
use pinned::Pinned;
use record::Record;

/// The first and the longest wait for a store that is full.
const FULL: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(30));

/// What a run needs around it.
pub struct World {
    /// The flows that new runs follow.
    pub pack: Arc<Pack>,
    /// The services.
    pub connectors: Connectors,
    /// Where runs are kept.
    pub store: Arc<dyn Store>,
    /// The time.
    pub clock: Arc<dyn Clock>,
    /// The calls to the services, of all runs.
    pub traffic: Traffic,
    pinned: Pinned,
    /// Whether runs are to rest where they can.
    is_stopping: AtomicBool,
}

/// What a run begins with.
#[derive(Debug, Default)]
pub struct Beginning {
    /// Its identity.
    pub id: RunId,
    /// The flow's name.
    pub flow: String,
    /// The event's body, or the inputs.
    pub trigger: Value,
    /// The names of what it is about.
    pub keys: Vec<String>,
    /// What becomes of events that waited, with the run's first event.
    pub fates: Vec<(EventId, Fate)>,
    /// The run that it does once more.
    pub resubmits: Option<RunId>,
}

/// How far a run was driven.
#[derive(Debug)]
pub enum Driven {
    /// To its end.
    Ended(Box<Run>),
    /// Nothing is to be done for it until then, or it rests since the engine stops. It is not in memory any more;
    /// [`World::resume`] goes on with it.
    Sleeping(jiff::Timestamp),
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
    /// The pack that a run began with cannot be had any more.
    #[error("the pack `{content}` that the run began with cannot be had any more: {why}")]
    PackGone {
        /// Its content.
        content: String,
        /// What is missing or wrong.
        why: String,
    },
    /// A run cannot go on from where it failed.
    #[error("run `{run}` cannot be resumed: {why}")]
    Unresumable {
        /// The run.
        run: RunId,
        /// Why.
        why: Unresumable,
    },
    /// The engine was stopped before the run had ended. It goes on at the next start.
    #[error("the engine was stopped before the run had ended")]
    Stopped,
    /// Driving the run broke off, and its record cannot even be read to where it stood: a mistake of ours.
    #[error("run `{0}` broke off: a mistake in the engine or in a connector")]
    BrokeOff(String),
    /// Nothing is to be done, and the run has not ended: a mistake of ours.
    #[error("run `{0}` cannot go on")]
    Stuck(String),
}

impl World {
    /// A world with the limits that the connectors state: nothing is running in it yet.
    pub fn new(pack: Arc<Pack>, connectors: Connectors, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> World {
        let traffic = Traffic::new(connectors.limits(), &clock);
        World {
            pack,
            connectors,
            store,
            clock,
            traffic,
            pinned: Pinned::default(),
            is_stopping: AtomicBool::new(false),
        }
    }

    /// The same world with other limits for some connections, by name; names that it does not know do not count.
    #[must_use]
    pub fn with_limits(mut self, limits: &IndexMap<String, Limits>) -> World {
        let mut all = self.connectors.limits();
        for (name, known) in &mut all {
            *known = limits.get(name).copied().unwrap_or(*known);
        }
        self.traffic = Traffic::new(all, &self.clock);
        self
    }

    /// Has all runs rest once what they have begun has come back.
    pub(crate) fn rest(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// The inputs of a flow, complete; for a flow that events start, what is given stands for the event.
    pub fn inputs(&self, flow: &str, given: Value) -> Result<Value, DriveError> {
        inputs_of(&self.pack, flow, given)
    }

    /// Starts a run and drives it to its end, or until it sleeps.
    pub async fn start(self: &Arc<Self>, beginning: Beginning) -> Result<Driven, DriveError> {
        self.begin(beginning, Arc::clone(&self.pack))?.on(true).await
    }

    /// Starts a run and drives it to its end; where it sleeps, this waits.
    pub async fn start_to_end(self: &Arc<Self>, beginning: Beginning) -> Result<Run, DriveError> {
        to_end(self.begin(beginning, Arc::clone(&self.pack))?.on(false).await?)
    }

    /// Records a run for an event with which its flow cannot begin, so that the event is not lost.
    pub async fn refuse(self: &Arc<Self>, beginning: Beginning, wrong: String) -> Result<Run, DriveError> {
        let mut drive = self.begin(beginning, Arc::clone(&self.pack))?;
        let error = Some(StepError::value("trigger", wrong));
        drive.take(Event::RunFinished { outcome: Outcome::Failed, error, at: self.clock.now() })?;
        to_end(drive.on(false).await?)
    }

    /// Takes up a run where its record ends, and drives it to its end, or until it sleeps. One that is woken early
    /// sleeps on. One whose pack cannot be had any more ends as failed.
    pub async fn resume(self: &Arc<Self>, id: &RunId) -> Result<Driven, DriveError> {
        let events = self.store.record(id).await?;
        match self.replay(id, &events).await {
            Ok((run, pack)) => self.take_up(run, pack, &events).on(true).await,
            Err(DriveError::PackGone { content, why }) => self.end_without_pack(id, &events, content, why).await,
            Err(error) => Err(error),
        }
    }

    fn begin(self: &Arc<Self>, beginning: Beginning, pack: Arc<Pack>) -> Result<Drive, DriveError> {
        let Beginning { id, flow, trigger, keys, fates, resubmits } = beginning;
        let run = new_run(id, &flow, &pack)?;
        let record = Record::of_new(&run, keys, fates);
        let (content, at) = (pack.content().to_owned(), self.clock.now());
        let mut drive = Drive::new(self, run, pack, record);
        drive.take(Event::RunStarted { flow, pack: content, trigger, resubmits, at })?;
        Ok(drive)
    }

    fn take_up(self: &Arc<Self>, run: Run, pack: Arc<Pack>, events: &[Event]) -> Drive {
        let record = Record::of(&run, events.len() as u64);
        Drive::new(self, run, pack, record)
    }

    /// A run as its record left it, with its pack.
    async fn replay(&self, id: &RunId, events: &[Event]) -> Result<(Run, Arc<Pack>), DriveError> {
        let Some(Event::RunStarted { flow, pack, .. }) = events.first() else {
            return Err(DriveError::Stuck(id.to_string()));
        };
        let pack = self.pack_of(pack).await?;
        let Run { id, plan, parameters, .. } = new_run(id.clone(), flow, &pack)?;
        Ok((Run::replay(id, plan, parameters, events)?, pack))
    }

    /// Commits a transition. Where the store is full it is tried again until there is space: nothing that happened may
    /// be lost.
    async fn commit(&self, transition: &Transition) -> Result<(), StoreError> {
        let (mut wait, longest) = FULL;
        loop {
            match self.store.commit(std::slice::from_ref(transition)).await {
                Err(StoreError::Full(why)) => {
                    warn!(run = %transition.run, why, ?wait, "the store is full: a run waits");
                }
                Ok(()) if wait > FULL.0 => {
                    info!(run = %transition.run, "the store has space again");
                    return Ok(());
                }
                result => return result,
            }
            self.clock.sleep(wait).await;
            wait = (wait * 2).min(longest);
        }
    }
}

fn new_run(id: RunId, flow: &str, pack: &Pack) -> Result<Run, DriveError> {
    let planned = pack.flow(flow).ok_or_else(|| DriveError::NoFlow(flow.to_owned()))?;
    Ok(Run::new(id, Arc::clone(&planned.plan), Arc::clone(pack.parameters())))
}

fn inputs_of(pack: &Pack, flow: &str, given: Value) -> Result<Value, DriveError> {
    let planned = pack.flow(flow).ok_or_else(|| DriveError::NoFlow(flow.to_owned()))?;
    match planned.flow.inputs() {
        Some(declared) => inputs::complete(declared, &given)
            .map_err(|wrong| DriveError::Inputs { flow: flow.to_owned(), wrong: wrong.join("; ") }),
        None => Ok(given),
    }
}

/// The run of a drive that does not let it sleep.
fn to_end(driven: Driven) -> Result<Run, DriveError> {
    match driven {
        Driven::Ended(run) => Ok(*run),
        Driven::Sleeping(_) => Err(DriveError::Stopped),
    }
}
