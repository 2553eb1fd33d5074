//! What a person wants of the engine is carried out once, also when the process stops in the middle of it.
//!
//! An order that is not settled is looked at again at the next start. So each is made of something that the store
//! knows when it is done twice: an event with a content key of the order's own, the end of a run, a run that is open.

use jiff::SignedDuration;
use serde_json::Value;
use tracing::{info, warn};

use super::dispatch::fates;
use super::work::{Begin, Deed, Item, Turn};
use super::{Engine, admission, desk};
use crate::connector::TriggerEvent;
use crate::flow::Trigger;
use crate::outcome::Outcome;
use crate::run::driver::{Beginning, DriveError, Driven};
use crate::run::{Event, HIDDEN, RunId, StepError};
use crate::store::{EventId, NewEvent, Order, OrderId, RunQuery, StoreError};

/// Why a run ends that a person wants no more of.
const CANCELLED: &str = "it was cancelled";

/// What became of an order, in words.
pub type Settled = Result<String, String>;

/// How far an order was carried out.
enum Carried {
    /// To its end.
    Done(Settled),
    /// Something else settles it.
    Later,
    /// Not at all: the run has just ended, and still holds its place. It is looked at again in a second.
    NotYet,
}

impl Engine {
    /// Gives an order and waits until it is carried out.
    pub async fn place(&self, order: &Order) -> Result<Settled, StoreError> {
        let store = &self.world().store;
        let id = store.place(order).await?;
        loop {
            let changed = self.0.settled.notified();
            tokio::pin!(changed);
            changed.as_mut().enable();
            self.carry_out_orders().await?;
            if let Some(settled) = store.settled(id).await? {
                return Ok(settled);
            }
            changed.await;
        }
    }

    /// Carries out the orders that the store has, one after the other; those that take long go on by themselves. What the
    /// store cannot do for one of them now is tried again later, and keeps none of the others from its turn.
    pub(super) async fn carry_out_orders(&self) -> Result<(), StoreError> {
        let _only_one = self.0.ordering.lock().await;
        let mut first_error = None;
        for (id, order) in self.world().store.orders().await? {
            if !self.desk().take_in_hand(id) {
                continue;
            }
            match self.carry_out(id, order).await {
                Ok(Carried::Done(settled)) => self.settle(id, settled).await,
                Ok(Carried::Later) => {}
                Ok(Carried::NotYet) => {
                    self.desk().in_hand.remove(&id);
                }
                // Trying again would end the same.
                Err(error @ StoreError::Broken(_)) => self.settle(id, Err(error.to_string())).await,
                Err(error) => {
                    self.desk().in_hand.remove(&id);
                    first_error.get_or_insert(error);
                }
            }
        }
        first_error.map_or(Ok(()), Err)
    }

    async fn carry_out(&self, id: OrderId, order: Order) -> Result<Carried, StoreError> {
        match order {
            Order::Resubmit { run } => self.resubmit(id, run).await.map(Carried::Done),
            Order::Cancel { run } => self.cancel(&run).await.map(Carried::Done),
            Order::CancelEvent { event } => self.cancel_event(event).await,
            Order::Resume { run } => self.resume_failed(id, run).await,
            Order::Backfill { since, flow } => {
                let engine = self.clone();
                tokio::spawn(async move {
                    let settled = engine.backfill(since, flow.as_deref()).await;
                    engine.settle(id, settled).await;
                });
                Ok(Carried::Later)
            }
            Order::Unreadable { why } => Ok(Carried::Done(Err(why))),
        }
    }

    /// Says what became of an order; where the store cannot keep that, it is carried out again, which does no harm.
    async fn settle(&self, id: OrderId, settled: Settled) {
        match &settled {
            Ok(done) => info!(order = id.0, done, "order carried out"),
            Err(why) => warn!(order = id.0, why, "order not carried out"),
        }
        if let Err(error) = self.world().store.settle(id, settled, self.world().clock.now()).await {
            warn!(order = id.0, %error, "what became of an order could not be kept");
        }
        self.desk().in_hand.remove(&id);
        self.0.settled.notify_waiters();
    }

    /// The run's event once more, in the lane of what it is about.
    async fn resubmit(&self, id: OrderId, run: RunId) -> Result<Settled, StoreError> {
        let ended = match self.ended(&run).await? {
            Ok(ended) => ended,
            Err(why) => return Ok(Err(why)),
        };
        let Ended { flow, trigger, outcome: _, had_no_beginning, keys } = ended;
        let Some(planned) = self.world().pack.flow(&flow) else {
            return Ok(Err(format!("the pack has no flow `{flow}` any more")));
        };
        if trigger == HIDDEN {
            return Ok(Err("its event is secure, and was forgotten when the run ended".to_owned()));
        }
        let content_key = format!("resubmit/{run}/{}", id.0);
        let events = match &planned.flow.trigger {
            // The trigger could not be worked out; perhaps it can be now.
            Trigger::Event(used) if had_no_beginning => {
                let event = TriggerEvent { body: trigger, content_key };
                let mut events = admission::admit(&flow, used, &event, self.world());
                events.iter_mut().for_each(|event| event.resubmits = Some(run.clone()));
                events
            }
            _ => {
                let secure = planned.plan.facts().usage.secure_trigger;
                let (at, resubmits) = (self.world().clock.now(), Some(run));
                vec![NewEvent { flow, body: trigger, content_key, keys, secure, at, wrong: None, resubmits }]
            }
        };
        let count = events.len();
        self.keep(events, None).await?;
        Ok(match count {
            0 => Err("its trigger wants no run for the event".to_owned()),
            1 => Ok("its event has a run of its own".to_owned()),
            count => Ok(format!("its event has {count} runs of its own")),
        })
    }

    /// Ends a run, wherever it is: driven, asleep, or in line.
    async fn cancel(&self, run: &RunId) -> Result<Settled, StoreError> {
        if let Some(why) = part_of_another(run) {
            return Ok(Err(why));
        }
        match self.world().store.record(run).await?.last() {
            None => return Ok(Err(format!("there is no run `{run}`"))),
            Some(Event::RunFinished { outcome: Outcome::Cancelled, .. }) => {
                return Ok(Ok("it is cancelled".to_owned()));
            }
            Some(Event::RunFinished { outcome, .. }) => return Ok(Err(format!("it has ended: {outcome}"))),
            Some(_) => {}
        }
        let turn = self.take_from_work(run).await;
        let cancelled = self.world().cancel(run.clone(), CANCELLED).await;
        if let Some(turn) = turn {
            let mut desk = self.desk();
            match &cancelled {
                Ok(()) => desk.lanes.release(turn.lane, &turn.flow),
                // It is still open, and goes on.
                Err(_) => desk.sleep(self.world().clock.now(), run.clone(), turn, Deed::Resume),
            }
        }
        self.start_what_can();
        self.wake_in_time();
        self.0.changed.notify_waiters();
        match cancelled {
            Ok(()) => Ok(Ok("it is cancelled".to_owned())),
            Err(DriveError::Store(error)) => Err(error),
            Err(error) => Ok(Err(error.to_string())),
        }
    }

    /// Ends an event that waits: its run is over before it begins, so that it is found among those that were cancelled.
    async fn cancel_event(&self, event: EventId) -> Result<Carried, StoreError> {
        let taken = self.desk().take_out(event);
        let Some((arrival, item)) = taken else {
            return Ok(match self.world().store.waiting_event(event).await? {
                // Its run is about to begin.
                Some(_) => Carried::NotYet,
                None => Carried::Done(Err(format!("no event {} waits: it has its run, or has never come", event.0))),
            });
        };
        let cancelled = match &item.deed {
            Deed::Begin(begin) if begin.event == event => self.end_waiting(&item, begin).await,
            Deed::Begin(Begin { event: newer, .. }) => {
                let newer = newer.0;
                self.desk().put_back(arrival, item);
                return Ok(Carried::Done(Err(format!("the newer event {newer} stands for it: cancel that one"))));
            }
            _ => Ok(()),
        };
        if cancelled.is_err() {
            self.desk().put_back(arrival, item);
        }
        self.start_what_can();
        self.0.changed.notify_waiters();
        match cancelled {
            Ok(()) => Ok(Carried::Done(Ok("it is cancelled".to_owned()))),
            Err(DriveError::Store(error)) => Err(error),
            Err(error) => Ok(Carried::Done(Err(error.to_string()))),
        }
    }

    async fn end_waiting(&self, item: &Item, begin: &Begin) -> Result<(), DriveError> {
        let beginning = Beginning {
            id: desk::new_id(),
            flow: item.flow.clone(),
            trigger: begin.body.clone(),
            keys: item.keys.clone(),
            fates: fates(begin.event, &begin.merged),
            resubmits: begin.resubmits.clone(),
        };
        let error = StepError { code: "cancelled".to_owned(), ..StepError::value("trigger", CANCELLED) };
        self.world().end_unbegun(beginning, begin.secure, Outcome::Cancelled, error).await
    }

    /// Stops what is done for a run, and gives what it held.
    async fn take_from_work(&self, run: &RunId) -> Option<Turn> {
        let driving = {
            let mut desk = self.desk();
            match desk.driven.remove(run) {
                Some(driving) => driving,
                None => return desk.take_sleeping(run),
            }
        };
        driving.task.abort();
        // After this it asks for no more commits. One that it asked for before may still be made; whoever ends the run
        // sees that its record has grown, and looks again.
        let _ = driving.task.await;
        if let Some(order) = driving.order {
            self.settle(order, Err("the run was cancelled".to_owned())).await;
        }
        Some(driving.turn)
    }

    /// Puts a run that had failed in line; it goes on when it is its turn.
    async fn resume_failed(&self, id: OrderId, run: RunId) -> Result<Carried, StoreError> {
        if let Some(Event::RunFinished { .. }) | None = self.world().store.record(&run).await?.last() {
            let Ended { flow, keys, outcome, .. } = match self.ended(&run).await? {
                Ok(ended) => ended,
                Err(why) => return Ok(Carried::Done(Err(why))),
            };
            if outcome == Outcome::Succeeded {
                return Ok(Carried::Done(Err("it has succeeded".to_owned())));
            }
            {
                let mut desk = self.desk();
                if desk.is_reopened(&run) {
                    return Ok(Carried::Done(Err("it is being resumed already".to_owned())));
                }
                if desk.is_held(&run) {
                    return Ok(Carried::NotYet);
                }
                desk.reopening.insert(run.clone());
                desk.lanes.push(Item { run: Some(run), flow, keys, deed: Deed::Reopen(id), merges: false });
            }
            self.start_what_can();
            return Ok(Carried::Later);
        }
        Ok(Carried::Done(Ok("it goes on".to_owned())))
    }

    /// Goes on with a run that had failed, now that it is its turn, and says so.
    pub(super) async fn reopen(&self, run: &RunId, order: OrderId) -> Result<Driven, DriveError> {
        let driven = self.world().resume_failed(run).await;
        let settled = match &driven {
            Ok(Driven::Sleeping(until)) => Ok(format!("it goes on at {until}")),
            Ok(Driven::Ended(run)) => {
                let outcome = run.ended().map(|ended| ended.outcome.to_string());
                Ok(format!("it went on: {}", outcome.unwrap_or_default()))
            }
            Err(error) => Err(error.to_string()),
        };
        self.settle(order, settled).await;
        driven
    }

    /// What is known of a run that has ended; else why nothing can be done with it.
    async fn ended(&self, run: &RunId) -> Result<Result<Ended, String>, StoreError> {
        if let Some(why) = part_of_another(run) {
            return Ok(Err(why));
        }
        let record = self.world().store.record(run).await?;
        let Some(Event::RunStarted { flow, trigger, at, .. }) = record.first() else {
            return Ok(Err(format!("there is no run `{run}`")));
        };
        let Some(Event::RunFinished { outcome, error, .. }) = record.last() else {
            return Ok(Err("it has not ended".to_owned()));
        };
        let had_no_beginning = record.len() == 2
            && error.as_ref().is_some_and(|error| error.step == "trigger" && error.code == "invalid_value");
        // What it is about stands beside its record.
        let until = at.checked_add(SignedDuration::from_nanos(1)).ok();
        let query = RunQuery { flow: Some(flow.clone()), since: Some(*at), until, ..RunQuery::default() };
        let summary = self.world().store.runs(&query).await?.into_iter().find(|summary| summary.id == *run);
        let keys = summary.map(|summary| summary.about).unwrap_or_default();
        let (flow, trigger, outcome) = (flow.clone(), trigger.clone(), *outcome);
        Ok(Ok(Ended { flow, trigger, outcome, had_no_beginning, keys }))
    }
}

/// A run that has ended.
struct Ended {
    flow: String,
    /// The event's body.
    trigger: Value,
    outcome: Outcome,
    /// Whether it could only fail, since its trigger could not be worked out.
    had_no_beginning: bool,
    /// The names of what it is about.
    keys: Vec<String>,
}

fn part_of_another(run: &RunId) -> Option<String> {
    let (parent, _) = run.0.split_once('/')?;
    Some(format!("it is part of run `{parent}`; name that one"))
}
