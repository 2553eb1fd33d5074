//! Drives a run: performs what [`Run::next`] asks for, side by side, and records before it applies.
//!
//! This is the only code that waits for services, and the one place that tries a call again.

mod child;

use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;
use serde_json::Value;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{Instrument, debug, info_span, warn};
use uuid::Uuid;

use super::event::{Event, Part, StepError, StepPath};
use super::{Call, Run, RunId, Work};
use crate::clock::Clock;
use crate::connector::{Answer, AnyOperation, CallError, CallErrorKind, CallKey, Connectors, Effect};
use crate::flow::{Retry, inputs};
use crate::outcome::Outcome;
use crate::pack::Pack;
use crate::store::{EventId, Fate, Store, StoreError, Transition};

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
    /// Nothing is to be done for it until then. It is not in memory any more; [`World::resume`] goes on with it.
    Sleeping(Timestamp),
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

    /// A world with the system's ways: nothing is running in it yet.
    pub fn new(pack: Arc<Pack>, connectors: Connectors, store: Arc<dyn Store>, clock: Arc<dyn Clock>) -> World {
        World { pack, connectors, store, clock }
    }

    /// Starts a run and drives it to its end, or until it sleeps.
    pub async fn start(self: &Arc<Self>, beginning: Beginning) -> Result<Driven, DriveError> {
        Ok(Driven::Ended(Box::new(self.start_to_end(beginning).await?)))
    }

    /// Starts a run and drives it to its end; where it sleeps, this waits.
    pub async fn start_to_end(self: &Arc<Self>, beginning: Beginning) -> Result<Run, DriveError> {
        let run = self.begin(beginning, Vec::new()).await?;
        self.drive(run, 1).await
    }

    /// Records a run for an event with which its flow cannot begin, so that the event is not lost.
    pub async fn refuse(&self, beginning: Beginning, wrong: String) -> Result<Run, DriveError> {
        let error = Some(StepError::value("trigger", wrong));
        let finished = Event::RunFinished { outcome: Outcome::Failed, error, at: self.clock.now() };
        self.begin(beginning, vec![finished]).await
    }

    async fn begin(&self, beginning: Beginning, more: Vec<Event>) -> Result<Run, DriveError> {
        let Beginning { id, flow, trigger, keys, fates, resubmits } = beginning;
        let mut run = self.new_run(id, &flow)?;
        let pack = self.pack.content().to_owned();
        let mut events = vec![Event::RunStarted { flow, pack, trigger, resubmits, at: self.clock.now() }];
        events.extend(more);
        let transition = Transition { run: run.id.clone(), events, fates, keys, ..Transition::default() };
        self.store.commit(std::slice::from_ref(&transition)).await?;
        for event in &transition.events {
            run.apply(event)?;
        }
        Ok(run)
    }

    /// Takes up a run where its record ends.
    pub async fn resume(self: &Arc<Self>, id: &RunId) -> Result<Driven, DriveError> {
        Ok(Driven::Ended(Box::new(self.resume_to_end(id).await?)))
    }

    async fn resume_to_end(self: &Arc<Self>, id: &RunId) -> Result<Run, DriveError> {
        let events = self.store.record(id).await?;
        let run = self.replay(id, &events)?;
        self.drive(run, events.len() as u64).await
    }

    /// A run as its record left it.
    fn replay(&self, id: &RunId, events: &[Event]) -> Result<Run, DriveError> {
        let Some(Event::RunStarted { flow, .. }) = events.first() else {
            return Err(DriveError::Stuck(id.to_string()));
        };
        let mut run = self.new_run(id.clone(), flow)?;
        events.iter().try_for_each(|event| run.apply(event))?;
        Ok(run)
    }

    fn new_run(&self, id: RunId, flow: &str) -> Result<Run, DriveError> {
        let planned = self.pack.flow(flow).ok_or_else(|| DriveError::NoFlow(flow.to_owned()))?;
        Ok(Run::new(id, Arc::clone(&planned.plan), Arc::clone(self.pack.parameters())))
    }

    async fn drive(self: &Arc<Self>, mut run: Run, mut recorded: u64) -> Result<Run, DriveError> {
        let mut tasks = Tasks::default();
        for call in run.calls() {
            tasks.spawn(self, &run, call);
        }
        while run.ended().is_none() {
            let next = run.next(self.clock.now());
            let events = match next.events {
                decided if !decided.is_empty() => decided,
                _ => match self.something(&mut tasks, &run, next.wake).await? {
                    Some(event) => vec![event],
                    None => continue,
                },
            };
            let transition = Transition { run: run.id.clone(), after: recorded, events, ..Transition::default() };
            self.store.commit(std::slice::from_ref(&transition)).await?;
            recorded += transition.events.len() as u64;
            let mut given_up = Vec::new();
            for event in &transition.events {
                run.apply(event)?;
                given_up.extend(tasks.after(self, &run, event));
            }
            for child in given_up {
                if let Err(error) = self.cancel(child, "nobody waits for its answer any more").await {
                    warn!(%error, "a child run could not be ended; it will be when the engine starts again");
                }
            }
        }
        Ok(run)
    }

    /// Waits until a call comes back, or until it is time; nothing is to be recorded for the latter.
    async fn something(
        &self,
        tasks: &mut Tasks,
        run: &Run,
        wake: Option<Timestamp>,
    ) -> Result<Option<Event>, DriveError> {
        match wake {
            None if tasks.set.is_empty() => Err(DriveError::Stuck(run.id.to_string())),
            None => Ok(tasks.result(run, self.clock.as_ref()).await),
            Some(wake) if tasks.set.is_empty() => {
                self.clock.sleep_until(wake).await;
                Ok(None)
            }
            Some(wake) => tokio::select! {
                biased;
                event = tasks.result(run, self.clock.as_ref()) => Ok(event),
                () = self.clock.reached(wake) => Ok(None),
            },
        }
    }

    /// Performs a call, or a child run, and says what came back.
    fn perform(self: Arc<Self>, call: Call) -> Pin<Box<dyn Future<Output = Event> + Send>> {
        Box::pin(async move {
            let Call { step, part, key, work, input } = call;
            let (result, attempts) = match work {
                Work::Operation { name, effect, retry } => self.call(&key, &name, effect, retry, input).await,
                Work::Flow(flow) => (self.child(RunId(key.as_str().to_owned()), &flow, input).await, 1),
            };
            if let Err(error) = &result {
                // What the error says may be secret; it stands in the run's record.
                warn!(%step, kind = error.kind.name(), status = error.status, "call failed");
            }
            Event::CallFinished { step, part, result, attempts, at: self.clock.now() }
        })
    }

    async fn call(
        &self,
        key: &CallKey,
        name: &str,
        effect: Effect,
        retry: Retry,
        input: Value,
    ) -> (Result<Answer, CallError>, u32) {
        let Some(operation) = self.connectors.operation(name) else {
            let message = format!("there is no operation `{name}`");
            return (Err(CallError::new(CallErrorKind::Input, message)), 1);
        };
        self.try_again(key, operation.as_ref(), effect, retry, input).await
    }

    /// Calls again while the service says that it did nothing and may later.
    async fn try_again(
        &self,
        key: &CallKey,
        operation: &dyn AnyOperation,
        effect: Effect,
        retry: Retry,
        input: Value,
    ) -> (Result<Answer, CallError>, u32) {
        let mut attempt = 1;
        loop {
            let error = match operation.call_any(key, &input).await {
                Ok(answer) => return (Ok(answer), attempt),
                Err(error) => error,
            };
            let may_be_repeated = match error.kind {
                CallErrorKind::Throttled | CallErrorKind::Unavailable => true,
                CallErrorKind::Unanswered => effect == Effect::Reads,
                _ => false,
            };
            let asked = error.retry_after().unwrap_or_default();
            if !may_be_repeated || attempt > retry.count || asked > LONGEST_WAIT {
                return (Err(error), attempt);
            }
            let pause = retry.wait(attempt, chance(key, attempt)).max(asked);
            debug!(kind = error.kind.name(), ?pause, attempt, "trying again");
            self.clock.sleep(pause).await;
            attempt += 1;
        }
    }
}

/// The calls that a run has under way, each in a task of its own.
#[derive(Default)]
struct Tasks {
    set: JoinSet<Event>,
    begun: HashMap<(StepPath, Part), Begun>,
}

struct Begun {
    task: AbortHandle,
    /// The run of another flow, where the call is one.
    child: Option<RunId>,
}

impl Tasks {
    fn spawn(&mut self, world: &Arc<World>, run: &Run, call: Call) {
        let place = (call.step.clone(), call.part);
        let child = matches!(call.work, Work::Flow(_)).then(|| RunId(call.key.as_str().to_owned()));
        let span = info_span!("call", run = %run.id, key = call.key.as_str());
        let task = self.set.spawn(Arc::clone(world).perform(call).instrument(span));
        self.begun.insert(place, Begun { task, child });
    }

    /// Begins the call that an event started, and gives up those that nobody waits for any more; gives the child runs
    /// among these.
    fn after(&mut self, world: &Arc<World>, run: &Run, event: &Event) -> Vec<RunId> {
        match event {
            Event::CallStarted { step, .. } => {
                if let Some(call) = run.call(step) {
                    self.spawn(world, run, call);
                }
                Vec::new()
            }
            Event::StepFinished { .. } | Event::RunFinished { .. } => {
                let given_up = self.begun.extract_if(|(step, part), _| !run.awaits(step, *part));
                let stop = |(_, Begun { task, child }): (_, Begun)| {
                    task.abort();
                    child
                };
                given_up.filter_map(stop).collect()
            }
            _ => Vec::new(),
        }
    }

    /// The next result that the run still waits for; what was given up has none.
    async fn result(&mut self, run: &Run, clock: &dyn Clock) -> Option<Event> {
        let event = match self.set.join_next().await? {
            Ok(event) => event,
            Err(error) if error.is_panic() => self.broken(error.id(), clock.now())?,
            Err(_) => return None,
        };
        let Event::CallFinished { step, part, .. } = &event else { return None };
        self.begun.remove(&(step.clone(), *part));
        run.awaits(step, *part).then_some(event)
    }

    /// The result of a call whose code broke off: nobody knows what it did, and its run must not wait for ever.
    fn broken(&self, task: tokio::task::Id, at: Timestamp) -> Option<Event> {
        let (step, part) = self.begun.iter().find(|(_, begun)| begun.task.id() == task)?.0.clone();
        let error = CallError::new(CallErrorKind::Unexpected, "the operation broke off: a mistake in its connector");
        Some(Event::CallFinished { step, part, result: Err(error), attempts: 1, at })
    }
}

/// A number from 0 to 1 that follows from the call and the attempt, so that calls that failed together do not come
/// back together.
fn chance(key: &CallKey, attempt: u32) -> f64 {
    let bits = Uuid::new_v5(&key.guid(), &attempt.to_be_bytes()).as_u64_pair().0;
    f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}
