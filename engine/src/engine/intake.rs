//! How events come in: what a trigger brought, and what the clock has started, is kept by the store and then put in line.

use std::sync::Arc;

use jiff::Timestamp;
use serde_json::Value;

use super::work::{self, Item};
use super::{Engine, admission};
use crate::connector::TriggerEvent;
use crate::flow::{EventTrigger, Trigger};
use crate::pack::PlannedFlow;
use crate::run::driver::World;
use crate::store::{Accepted, Cursor, NewEvent, StoreError};

impl Engine {
    /// Takes in what a trigger brought, for every flow that wants it; returns how many were new. `cursor` is
    /// where a poll of that flow goes on.
    pub async fn accept(
        &self,
        trigger: &str,
        events: &[TriggerEvent],
        cursor: Option<Cursor>,
    ) -> Result<usize, StoreError> {
        let only = cursor.as_ref().map(|cursor| cursor.name.clone());
        self.take_in(trigger, events, only.as_deref(), cursor).await
    }

    /// Takes in that the clock has started a flow at these times; one that is known is a copy. The last of them is
    /// where its schedule goes on.
    pub async fn fire(&self, flow: &str, times: &[Timestamp]) -> Result<usize, StoreError> {
        let event = |at: &Timestamp| {
            let (flow, content_key) = (flow.to_owned(), at.to_string());
            NewEvent { flow, content_key, at: *at, ..NewEvent::default() }
        };
        let cursor = times.last().map(|last| schedule_cursor(flow, *last));
        self.keep(times.iter().map(event).collect(), cursor).await
    }

    /// Keeps where something goes on that has brought nothing.
    pub async fn keep_cursor(&self, cursor: Cursor) -> Result<(), StoreError> {
        self.keep(Vec::new(), Some(cursor)).await.map(drop)
    }

    /// Takes in what a trigger brought, for every flow that wants it or for one only.
    pub(super) async fn take_in(
        &self,
        trigger: &str,
        events: &[TriggerEvent],
        only: Option<&str>,
        cursor: Option<Cursor>,
    ) -> Result<usize, StoreError> {
        let world = self.world();
        let Some(known) = world.connectors.trigger(trigger) else { return Ok(0) };
        let mut new = Vec::new();
        for event in events {
            for (planned, used) in
                event_flows(world, trigger).filter(|(planned, _)| only.is_none_or(|only| only == planned.flow.name))
            {
                if known.wants_any(&used.with, event) {
                    new.extend(admission::admit(&planned.flow.name, used, event, world));
                }
            }
        }
        self.keep(new, cursor).await
    }

    /// Has the store keep events and where they came from, and puts those that are new in line; gives how many
    /// these are. Who asked may go away in the middle: what is kept is in line then all the same.
    pub(super) async fn keep(&self, events: Vec<NewEvent>, cursor: Option<Cursor>) -> Result<usize, StoreError> {
        if events.is_empty() && cursor.is_none() {
            return Ok(0);
        }
        let engine = self.clone();
        let kept = tokio::spawn(async move { engine.keep_now(events, cursor).await }).await;
        kept.unwrap_or_else(|error| Err(StoreError::Broken(error.to_string())))
    }

    async fn keep_now(&self, events: Vec<NewEvent>, cursor: Option<Cursor>) -> Result<usize, StoreError> {
        let weights: Vec<usize> = events.iter().map(work::weight).collect();
        {
            let mut desk = self.desk();
            if desk.is_stopping {
                return Err(StoreError::Full("the engine is being stopped".to_owned()));
            }
            desk.reserve(events.len(), weights.iter().sum())?;
        }
        let accepted = match self.world().store.accept(&events, cursor.as_ref()).await {
            Ok(accepted) => accepted,
            Err(error) => {
                self.desk().uncount(events.len(), weights.iter().sum());
                return Err(error);
            }
        };
        if let Some(Cursor { name, value }) = cursor {
            self.cursors().insert(name, value);
        }
        let mut count = 0;
        let mut desk = self.desk();
        for ((accepted, event), weight) in accepted.into_iter().zip(events).zip(weights) {
            match accepted {
                Accepted::New(id) => {
                    let merges = self.merges(&event.flow);
                    desk.push(Item::event(id, event, merges));
                    count += 1;
                }
                Accepted::Duplicate(_) => desk.uncount(1, weight),
            }
        }
        drop(desk);
        self.start_what_can();
        Ok(count)
    }

    /// Whether events of a flow that wait merge.
    pub(super) fn merges(&self, flow: &str) -> bool {
        let trigger = self.world().pack.flow(flow).map(|planned| &planned.flow.trigger);
        matches!(trigger, Some(Trigger::Event(trigger)) if trigger.merge_latest)
    }
}

/// The cursor of a schedule that has fired at that time, or that is taken up then for the first time.
pub fn schedule_cursor(flow: &str, at: Timestamp) -> Cursor {
    Cursor { name: format!("schedule/{flow}"), value: Value::from(at.to_string()) }
}

/// The flows that a trigger starts, with their use of it.
fn event_flows<'a>(
    world: &'a World,
    trigger: &'a str,
) -> impl Iterator<Item = (&'a Arc<PlannedFlow>, &'a EventTrigger)> {
    world.pack.flows().filter_map(move |planned| match &planned.flow.trigger {
        Trigger::Event(used) if used.name == trigger => Some((planned, used.as_ref())),
        _ => None,
    })
}
