//! From work whose turn it is to runs that are driven, each in a task of its own, and what becomes of them.

use std::sync::{Arc, Weak};

use jiff::{SignedDuration, Timestamp};
use tokio::task::JoinHandle;
use tracing::{Instrument, error, info_span};
use uuid::Uuid;

use super::desk::{Driving, Next};
use super::work::{Begin, Deed};
use super::{Engine, Shared};
use crate::clock::Clock;
use crate::flow::Flow;
use crate::outcome::Outcome;
use crate::run::RunId;
use crate::run::driver::{Beginning, BrokeOff, DriveError, Driven, caught, internal};
use crate::store::{EventId, Fate, NewEvent};

/// The pause before a run is taken up again that the store could not keep.
const AGAIN: SignedDuration = SignedDuration::from_mins(1);
/// By how much the pauses of different runs differ at most: those that failed together do not come back together.
const SPREAD: u32 = 15_000;
/// The longest time until the clock is looked at again: somebody may set it, and a machine that slept does not count
/// the time in between.
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(30);

impl Engine {
    /// Starts runs while there is work whose turn it is and a place for it.
    pub(super) fn start_what_can(&self) {
        let pack = &self.world().pack;
        let most = |flow: &str| pack.flow(flow).map(|planned| &planned.flow).and_then(Flow::at_once);
        let mut desk = self.desk();
        while let Some(next) = desk.next(self.0.options.at_once, most) {
            let (run, turn) = (next.run.clone(), next.turn.clone());
            let order = if let Deed::Reopen(order) = next.deed { Some(order) } else { None };
            desk.reopening.remove(&run);
            // The task waits for the desk before it says that it is done, so it is known by then.
            let task = self.drive_in_task(next);
            desk.driven.insert(run, Driving { turn, task, order });
        }
    }

    fn drive_in_task(&self, next: Next) -> JoinHandle<()> {
        let engine = self.clone();
        let span = info_span!("run", flow = next.turn.flow);
        let Next { run, turn, keys, deed } = next;
        let task = async move {
            let again = match &deed {
                Deed::Begin(Begin { event, merged, .. }) => Deed::BeginAgain(*event, merged.clone()),
                Deed::BeginAgain(event, merged) => Deed::BeginAgain(*event, merged.clone()),
                Deed::Resume | Deed::Reopen(_) => Deed::Resume,
            };
            let result = match caught(engine.drive(&run, turn.flow, keys, deed)).await {
                Ok(result) => result,
                Err(BrokeOff) => engine.broke_off(&run, &again).await,
            };
            engine.after(&run, result, again);
        };
        tokio::spawn(task.instrument(span))
    }

    async fn drive(&self, run: &RunId, flow: String, keys: Vec<String>, deed: Deed) -> Result<Driven, DriveError> {
        match deed {
            Deed::Begin(begin) => self.begin(run.clone(), flow, keys, begin).await,
            Deed::BeginAgain(event, merged) => self.begin_again(run, event, merged).await,
            Deed::Resume => self.world().resume(run).await,
            Deed::Reopen(order) => self.reopen(run, order).await,
        }
    }

    /// A mistake must neither hold up what comes after the run nor be met again at each start.
    async fn broke_off(&self, run: &RunId, deed: &Deed) -> Result<Driven, DriveError> {
        error!(%run, "driving the run broke off: a mistake in the engine or in a connector; the run ends as failed");
        let ended = caught(async {
            match deed {
                Deed::BeginAgain(event, merged) if self.world().store.record(run).await?.is_empty() => {
                    self.end_before_it_began(run, *event, merged).await
                }
                _ => self.world().end_broken(run).await,
            }
        });
        ended.await.unwrap_or_else(|BrokeOff| Err(DriveError::Stuck(run.to_string())))
    }

    /// Records a run of which nothing was kept as failed, with the fate of its event.
    async fn end_before_it_began(&self, run: &RunId, event: EventId, merged: &[EventId]) -> Result<Driven, DriveError> {
        let NewEvent { flow, keys, body, resubmits, secure, .. } = self.kept(run, event).await?;
        let fates = fates(event, merged);
        let beginning = Beginning { id: run.clone(), flow, trigger: body, keys, fates, resubmits };
        self.world().end_unbegun(beginning, secure, Outcome::Failed, internal(&[])).await?;
        self.world().resume(run).await
    }

    /// The event of a run, as the store has it.
    async fn kept(&self, run: &RunId, event: EventId) -> Result<NewEvent, DriveError> {
        let kept = self.world().store.waiting_event(event).await?;
        kept.ok_or_else(|| DriveError::Stuck(run.to_string()))
    }

    async fn begin(&self, id: RunId, flow: String, keys: Vec<String>, begin: Begin) -> Result<Driven, DriveError> {
        let Begin { event, body: trigger, wrong, resubmits, secure, merged, .. } = begin;
        let fates = fates(event, &merged);
        let beginning = Beginning { id, flow, trigger, keys, fates, resubmits };
        if self.world().pack.flow(&beginning.flow).is_none() {
            return self.world().end_without_flow(beginning, secure).await;
        }
        match wrong {
            None => self.world().start(beginning).await,
            Some(wrong) => self.world().refuse(beginning, wrong).await.map(|run| Driven::Ended(Box::new(run))),
        }
    }

    /// Goes on with a run whose beginning was kept; else the event has its run now, as the store has it.
    async fn begin_again(&self, run: &RunId, event: EventId, merged: Vec<EventId>) -> Result<Driven, DriveError> {
        if !self.world().store.record(run).await?.is_empty() {
            return self.world().resume(run).await;
        }
        let NewEvent { flow, keys, body, wrong, resubmits, secure, .. } = self.kept(run, event).await?;
        let begin = Begin { event, body, wrong, resubmits, secure, merged, weight: 0 };
        self.begin(run.clone(), flow, keys, begin).await
    }

    /// Gives back what a run held, or lets it sleep. A run that was cancelled meanwhile holds nothing any more.
    fn after(&self, run: &RunId, result: Result<Driven, DriveError>, again: Deed) {
        let now = self.world().clock.now();
        let mut desk = self.desk();
        let Some(Driving { turn, .. }) = desk.driven.remove(run) else { return };
        match result {
            Ok(Driven::Ended(ended)) => {
                let _ = self.0.ended.send(Arc::from(ended));
                desk.lanes.release(turn.lane, &turn.flow);
            }
            Ok(Driven::Sleeping(until)) => desk.sleep(until, run.clone(), turn, Deed::Resume),
            Err(DriveError::Store(error)) => {
                error!(%error, %run, "the run could not be kept; it is taken up again in about a minute");
                let until = now.checked_add(again_after(run)).unwrap_or(Timestamp::MAX);
                desk.sleep(until, run.clone(), turn, again);
            }
            // Trying again would end the same, and what comes after it must not wait for ever.
            Err(error) => {
                error!(%error, %run, "the run could not be driven to its end; if it is open, it is taken up at the next start");
                desk.lanes.release(turn.lane, &turn.flow);
            }
        }
        drop(desk);
        self.start_what_can();
        self.wake_in_time();
        self.0.changed.notify_waiters();
    }

    /// Sees to it that runs that sleep are woken: by one task, while there are any.
    pub(super) fn wake_in_time(&self) {
        let mut desk = self.desk();
        if desk.next_wake().is_some() && !desk.has_timer && !desk.is_stopping {
            desk.has_timer = true;
            tokio::spawn(wake(Arc::downgrade(&self.0), Arc::clone(&self.world().clock)));
        }
    }
}

/// What becomes of an event that has its run, and of those that it stands for.
pub(super) fn fates(event: EventId, merged: &[EventId]) -> Vec<(EventId, Fate)> {
    let older = merged.iter().map(|older| (*older, Fate::Merged(event)));
    older.chain([(event, Fate::Started)]).collect()
}

fn again_after(run: &RunId) -> SignedDuration {
    let chance = Uuid::new_v5(&Uuid::NAMESPACE_OID, run.0.as_bytes()).as_fields().0;
    AGAIN + SignedDuration::from_millis(i64::from(chance % SPREAD))
}

/// Wakes runs when it is time, until none sleeps any more or the engine is gone.
async fn wake(engine: Weak<Shared>, clock: Arc<dyn Clock>) {
    loop {
        let Some(shared) = engine.upgrade() else { return };
        let engine = Engine(shared);
        let changed = engine.0.changed.notified();
        tokio::pin!(changed);
        changed.as_mut().enable();
        let now = clock.now();
        let (next, is_quiet) = {
            let mut desk = engine.desk();
            let next = desk.wake(now).filter(|_| !desk.is_stopping);
            desk.has_timer = next.is_some();
            (next, desk.is_quiet())
        };
        engine.start_what_can();
        let Some(next) = next else { return };
        let look = next.min(now.checked_add(LONGEST_LOOK).unwrap_or(Timestamp::MAX));
        tokio::select! {
            biased;
            () = changed => {}
            // While nothing is driven, a clock that jumps may.
            () = clock.sleep_until(look), if is_quiet => {}
            () = clock.reached(look), if !is_quiet => {}
        }
    }
}
