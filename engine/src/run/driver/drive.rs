//! A run being driven: decide, record, begin what was decided, wait for what comes back, until the run ends or sleeps.
//!
//! What is recorded takes effect at once in memory. Before the outside can see anything of it, a write or the run of
//! another flow, it is durable: such calls wait in `ready` for the next commit.

use std::collections::HashMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use jiff::{SignedDuration, Timestamp};
use tracing::warn;

use super::child::run_of;
use super::record::Record;
use super::tasks::{Report, Tasks};
use super::{DriveError, Driven, World, attempt};
use crate::connector::{AnyOperation, CallError, CallErrorKind, Effect};
use crate::pack::Pack;
use crate::run::event::{Event, Part, StepPath};
use crate::run::{Call, Doubt, Run, RunId, Work};
use crate::traffic::{Connection, Entry, Later, Pass};

/// A wait that is longer than this is not worth a place in memory.
const NAP: SignedDuration = SignedDuration::from_secs(2);

/// A run being driven.
pub(super) struct Drive {
    world: Arc<World>,
    run: Run,
    /// The pack that it follows; its children follow the same.
    pack: Arc<Pack>,
    record: Record,
    tasks: Tasks,
    /// Calls that are tried again, and flows that are asked again, and when.
    delayed: HashMap<(StepPath, Part), Delayed>,
    /// What may be begun once all that was recorded is durable.
    ready: Vec<Ready>,
    /// Child runs that nobody waits for any more.
    given_up: Vec<RunId>,
}

/// A call for which nothing is to be done until then.
struct Delayed {
    until: Timestamp,
    /// The run of another flow, where the call is one.
    child: Option<RunId>,
}

/// A call whose turn it is.
enum Ready {
    Operation(Call, Arc<dyn AnyOperation>, Pass),
    Flow(Call, String),
}

impl Drive {
    pub(super) fn new(world: &Arc<World>, run: Run, pack: Arc<Pack>, record: Record) -> Drive {
        Drive {
            world: Arc::clone(world),
            run,
            pack,
            record,
            tasks: Tasks::default(),
            delayed: HashMap::new(),
            ready: Vec::new(),
            given_up: Vec::new(),
        }
    }

    /// Drives the run to its end, or until it sleeps where it may.
    pub(super) async fn on(mut self, may_sleep: bool) -> Result<Driven, DriveError> {
        self.take_up()?;
        loop {
            self.pass_barrier().await?;
            if self.run.ended().is_some() {
                self.record.commit(&self.world, None).await?;
                return Ok(Driven::Ended(Box::new(self.run)));
            }
            let now = self.world.clock.now();
            if self.is_stopping() {
                match self.tasks.is_empty() {
                    true => {
                        self.record.commit(&self.world, None).await?;
                        return Ok(Driven::Sleeping(now));
                    }
                    false => self.wait(None).await?,
                }
                continue;
            }
            let next = self.run.next(now);
            if !next.events.is_empty() {
                next.events.into_iter().try_for_each(|event| self.take(event))?;
                continue;
            }
            if self.begin_delayed(now)? {
                continue;
            }
            match earliest(next.wake, self.delayed.values().map(|delayed| delayed.until).min()) {
                Some(until) if may_sleep && self.tasks.is_empty() && until.duration_since(now) > NAP => {
                    self.record.commit(&self.world, Some(until)).await?;
                    return Ok(Driven::Sleeping(until));
                }
                None if self.tasks.is_empty() => return Err(DriveError::Stuck(self.run.id().to_string())),
                wake => self.wait(wake).await?,
            }
        }
    }

    /// Takes an event into the run and its record, and begins or gives up what follows from it.
    pub(super) fn take(&mut self, event: Event) -> Result<(), DriveError> {
        self.run.apply(&event)?;
        let mut begins = None;
        match &event {
            Event::CallStarted { step, .. } => begins = self.run.call(step),
            Event::CallDelayed { step, part, until, .. } => {
                self.delayed.insert((step.clone(), *part), Delayed { until: *until, child: None });
            }
            Event::StepFinished { .. } | Event::RunFinished { .. } => self.give_up(),
            _ => {}
        }
        self.record.push(event);
        begins.map_or(Ok(()), |call| self.begin(call))
    }

    /// Goes on with the calls that were under way when the engine stopped, or when the run went to sleep. Other flows go
    /// on after the run has decided what is due: perhaps it waits for them no longer.
    fn take_up(&mut self) -> Result<(), DriveError> {
        let now = self.world.clock.now();
        for call in self.run.calls() {
            let place = (call.step.clone(), call.part);
            match (&call.delay, &call.work) {
                (Some(delay), _) => {
                    self.delayed.insert(place, Delayed { until: delay.until, child: None });
                }
                (None, Work::Flow(_)) => {
                    self.delayed.insert(place, Delayed { until: now, child: Some(run_of(&call)) });
                }
                (None, Work::Operation { .. }) => self.begin(Call { doubt: Doubt::Open, ..call })?,
            }
        }
        Ok(())
    }

    /// Begins the attempts whose time has come; says whether there were any.
    fn begin_delayed(&mut self, now: Timestamp) -> Result<bool, DriveError> {
        let due: Vec<_> = self.delayed.extract_if(|_, delayed| delayed.until <= now).collect();
        let any = !due.is_empty();
        for ((step, part), _) in due {
            if let Some(call) = self.run.call(&step).filter(|call| call.part == part) {
                self.begin(call)?;
            }
        }
        Ok(any)
    }

    /// Begins a call or its next attempt, as far as the traffic to its service allows.
    fn begin(&mut self, call: Call) -> Result<(), DriveError> {
        let name = match &call.work {
            Work::Operation { name, .. } => name,
            Work::Flow(flow) => {
                let flow = flow.clone();
                self.ready.push(Ready::Flow(call, flow));
                return Ok(());
            }
        };
        let world = Arc::clone(&self.world);
        let Some((operation, connection)) = known(&world, name) else {
            let error = CallError::new(CallErrorKind::Input, format!("there is no operation `{name}`"));
            let Call { step, part, .. } = call;
            return self.take(Event::CallFinished {
                step,
                part,
                result: Err(error),
                attempts: 1,
                at: world.clock.now(),
            });
        };
        if call.doubt != Doubt::None
            && call.delay.is_none()
            && let Some(event) = attempt::doubt(&call, operation.as_ref(), world.clock.now())
        {
            return self.take(event);
        }
        match connection.try_enter(&call.key) {
            Entry::Go(pass) => self.go(call, operation, pass),
            Entry::Busy => self.line_up(call, operation, connection),
            Entry::Later(later) => self.put_off(call, later),
        }
    }

    /// Makes an attempt: a read at once, a write when everything before it is durable.
    fn go(&mut self, call: Call, operation: &Arc<dyn AnyOperation>, pass: Pass) -> Result<(), DriveError> {
        let writes = operation.effect() == Effect::Writes;
        if writes && call.delay.is_some() && !attempt::is_harmless(&call, operation.as_ref()) {
            let (step, part, at) = (call.step.clone(), call.part, self.world.clock.now());
            self.take(Event::CallRepeated { step, part, at })?;
        }
        let ready = Ready::Operation(call, Arc::clone(operation), pass);
        if writes {
            self.ready.push(ready);
        } else {
            self.perform(ready);
        }
        Ok(())
    }

    /// Lets a call wait for its turn. Where nobody could tell after a stop whether it was made, it is recorded that it
    /// was not.
    fn line_up(
        &mut self,
        mut call: Call,
        operation: &Arc<dyn AnyOperation>,
        connection: &Arc<Connection>,
    ) -> Result<(), DriveError> {
        if call.delay.is_none() && !attempt::is_harmless(&call, operation.as_ref()) {
            let (step, at) = (call.step.clone(), self.world.clock.now());
            let error = CallError::new(CallErrorKind::Unavailable, "it waits for its turn");
            let (part, attempts) = (call.part, call.attempts);
            self.take(Event::CallDelayed { step: step.clone(), part, error, attempts, until: at, at })?;
            // It stands in line, and does not wait for a time.
            self.delayed.remove(&(step.clone(), part));
            call = self.run.call(&step).unwrap_or(call);
        }
        self.tasks.line_up(call, Arc::clone(operation), Arc::clone(connection));
        Ok(())
    }

    /// Lets a call wait that may not be made yet. That it was not made is recorded once, so that nobody need wonder.
    fn put_off(&mut self, call: Call, later: Later) -> Result<(), DriveError> {
        let Call { step, part, attempts, delay, .. } = call;
        if delay.is_some() {
            self.delayed.insert((step, part), Delayed { until: later.until, child: None });
            return Ok(());
        }
        let Later { until, error } = later;
        self.take(Event::CallDelayed { step, part, error, attempts, until, at: self.world.clock.now() })
    }

    fn perform(&mut self, ready: Ready) {
        let world = Arc::clone(&self.world);
        match ready {
            Ready::Operation(call, operation, pass) => {
                let call = Arc::new(call);
                let performed = world.attempt(Arc::clone(&call), operation, pass);
                self.tasks.spawn(&call, async { Report::Came(performed.await) });
            }
            Ready::Flow(call, flow) => {
                let call = Arc::new(call);
                self.tasks.spawn(&call, world.child(Arc::clone(&call), flow, Arc::clone(&self.pack)));
            }
        }
    }

    fn is_stopping(&self) -> bool {
        self.world.is_stopping.load(Ordering::Relaxed)
    }

    fn give_up(&mut self) {
        let run = &self.run;
        self.given_up.extend(self.tasks.give_up(run));
        let delayed = self.delayed.extract_if(|(step, part), _| !run.awaits(step, *part));
        self.given_up.extend(delayed.filter_map(|(_, delayed)| delayed.child));
        self.ready.retain(|ready| {
            let (Ready::Operation(call, ..) | Ready::Flow(call, _)) = ready;
            run.awaits(&call.step, call.part)
        });
    }

    /// Makes durable what must be, and then begins what waits for that.
    async fn pass_barrier(&mut self) -> Result<(), DriveError> {
        if self.ready.is_empty() && self.given_up.is_empty() && !self.record.is_full() {
            return Ok(());
        }
        self.record.commit(&self.world, None).await?;
        for ready in std::mem::take(&mut self.ready) {
            self.perform(ready);
        }
        for child in std::mem::take(&mut self.given_up) {
            if let Err(error) = self.world.cancel_child(child).await {
                warn!(%error, "a child run could not be ended; it will be when the engine starts again");
            }
        }
        Ok(())
    }

    /// Waits until a call comes back, or until it is time for something.
    async fn wait(&mut self, wake: Option<Timestamp>) -> Result<(), DriveError> {
        let clock = Arc::clone(&self.world.clock);
        let wake = earliest(wake, self.record.due());
        let report = match wake {
            Some(wake) if self.tasks.is_empty() => {
                clock.sleep_until(wake).await;
                None
            }
            None => self.tasks.next(&self.run, || clock.now()).await,
            Some(wake) => tokio::select! {
                biased;
                report = self.tasks.next(&self.run, || clock.now()) => report,
                () = clock.reached(wake) => None,
            },
        };
        match report {
            None => {}
            Some(Report::Came(event)) => self.take(event)?,
            Some(Report::Asleep(call, until)) => {
                let delayed = Delayed { until, child: Some(run_of(&call)) };
                self.delayed.insert((call.step.clone(), call.part), delayed);
            }
            Some(Report::Lost(_, _, error)) => return Err(error.into()),
            Some(Report::Turn(call, _, Err(later))) => self.put_off(*call, later)?,
            // Its turn comes again at the next start.
            Some(Report::Turn(..)) if self.is_stopping() => {}
            Some(Report::Turn(call, operation, Ok(pass))) => self.go(*call, &operation, pass)?,
        }
        if self.record.due().is_some_and(|due| due <= clock.now()) {
            self.record.commit(&self.world, None).await?;
        }
        Ok(())
    }
}

fn earliest(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    one.into_iter().chain(other).min()
}

fn known<'w>(world: &'w World, name: &str) -> Option<(&'w Arc<dyn AnyOperation>, &'w Arc<Connection>)> {
    Some((world.connectors.operation(name)?, world.traffic.connection(name)?))
}
