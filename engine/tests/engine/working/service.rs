//! A service of deals: each has a version, changes are told and listed, and what the flow makes of them is written down.

use std::collections::{HashMap, HashSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cosell_engine::connector::{
    CallError, CallErrorKind, CallKey, Connector, Effect, Incoming, Mode, Operation, Polled, Refusal, Repeat, Trigger,
    TriggerEvent,
};
use jiff::Timestamp;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Value, json};

/// How many changes a page of answers has.
const PAGE: usize = 100;

/// What the service holds, and what it saw.
#[derive(Default)]
pub(super) struct Service {
    /// The version of each deal.
    pub(super) versions: HashMap<String, u64>,
    /// When which version of which deal came about, oldest first.
    pub(super) changes: Vec<(Timestamp, String, u64)>,
    /// What flows have written, oldest first.
    pub(super) written: Vec<Written>,
    /// Deals that are being written now.
    busy: HashSet<String>,
    /// Deals that were written by two at once.
    pub(super) overlaps: Vec<String>,
    /// Writes of these deals do not end while they stand here.
    pub(super) stuck: HashSet<String>,
    /// Writes of these deals fail.
    pub(super) refused: HashSet<String>,
    /// Changes of these deals are not told, though they take their place in a page.
    pub(super) silent: HashSet<String>,
    /// How often it was asked for changes.
    pub(super) polls: usize,
    /// So many questions have no answer.
    pub(super) polls_that_fail: usize,
}

/// One write.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Written {
    pub(super) id: String,
    /// The version that the event told of.
    pub(super) seen: u64,
    /// The version that was read.
    pub(super) version: u64,
}

pub(super) type Shared = Arc<Mutex<Service>>;

pub(super) fn connector(service: &Shared) -> Connector {
    Connector::new("deals")
        .with(Read(Arc::clone(service)))
        .with(Write(Arc::clone(service)))
        .with_trigger(Changed(Arc::clone(service)))
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ReadInput {
    /// The deal.
    id: String,
}

/// Reads a deal's version.
struct Read(Shared);

#[async_trait]
impl Operation for Read {
    const NAME: &'static str = "read";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = ReadInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: ReadInput) -> Result<Value, CallError> {
        Ok(json!(self.0.lock().unwrap().versions.get(&input.id).copied().unwrap_or_default()))
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct WriteInput {
    /// The deal.
    id: String,
    /// The version that the event told of.
    seen: u64,
    /// The version that was read.
    version: u64,
}

/// Writes down that a deal was seen to, and lets others do something in between.
struct Write(Shared);

#[async_trait]
impl Operation for Write {
    const NAME: &'static str = "write";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = WriteInput;
    type Output = Value;

    async fn call(&self, _: &CallKey, input: WriteInput) -> Result<Value, CallError> {
        let WriteInput { id, seen, version } = input;
        let busy = Busy::begin(&self.0, &id);
        let is_refused = self.0.lock().unwrap().refused.contains(&id);
        while self.0.lock().unwrap().stuck.contains(&id) {
            tokio::task::yield_now().await;
        }
        if is_refused {
            return Err(CallError::new(CallErrorKind::Input, "it was refused"));
        }
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        self.0.lock().unwrap().written.push(Written { id, seen, version });
        drop(busy);
        Ok(Value::Null)
    }
}

/// A write under way; one that is broken off is so no more.
struct Busy(Shared, String);

impl Busy {
    fn begin(service: &Shared, id: &str) -> Busy {
        let mut held = service.lock().unwrap();
        if !held.busy.insert(id.to_owned()) {
            held.overlaps.push(id.to_owned());
        }
        drop(held);
        Busy(Arc::clone(service), id.to_owned())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.lock().unwrap().busy.remove(&self.1);
    }
}

#[derive(Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
struct ChangedInput {}

/// Deals that changed; can be asked since when.
struct Changed(Shared);

#[async_trait]
impl Trigger for Changed {
    const NAME: &'static str = "changed";
    const MODES: &'static [Mode] = &[Mode::Webhook, Mode::Poll];
    type Input = ChangedInput;
    type Output = Value;

    fn wants(&self, _: &ChangedInput, _: &TriggerEvent) -> bool {
        true
    }

    async fn receive(&self, _: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        Err(Refusal::new(404, "no requests here"))
    }

    async fn poll(&self, _: &ChangedInput, cursor: Option<Value>) -> Result<Polled, CallError> {
        let mut service = self.0.lock().unwrap();
        service.polls += 1;
        if service.polls_that_fail > 0 {
            service.polls_that_fail -= 1;
            return Err(CallError::new(CallErrorKind::Unavailable, "it is down"));
        }
        let cursor = cursor.unwrap_or_default();
        let since: Option<Timestamp> = cursor["since"].as_str().map(|since| since.parse().unwrap());
        let start = match since {
            Some(since) => service.changes.partition_point(|(at, ..)| *at < since),
            None => usize::try_from(cursor["next"].as_u64().unwrap_or_default()).unwrap(),
        };
        let page: Vec<_> = service.changes.iter().skip(start).take(PAGE).collect();
        let told = page.iter().filter(|(_, id, _)| !service.silent.contains(id));
        let events = told.map(|(_, id, version)| super::changed(id, *version)).collect();
        Ok(Polled { cursor: json!({"next": start + page.len()}), events })
    }

    fn since(&self, time: Timestamp) -> Option<Value> {
        Some(json!({"since": time.to_string()}))
    }
}
