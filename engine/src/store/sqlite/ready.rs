//! What is to be written, made ready where it is asked for: the one thread that writes has no time to lose.

use aws_lc_rs::digest::{SHA256, digest};
use jiff::Timestamp;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::outcome::Outcome;
use crate::run::{Event, RunId, StepError};
use crate::store::vault::Vault;
use crate::store::{Cursor, NewEvent, StoreError, Transition};

/// An event that came in.
pub(super) struct ReadyEvent {
    /// Stands for the flow and the content key.
    pub(super) key: [u8; 16],
    pub(super) at: i64,
    pub(super) sealed: bool,
    pub(super) bytes: Vec<u8>,
}

impl ReadyEvent {
    pub(super) fn new(event: &NewEvent, vault: &Vault) -> Result<ReadyEvent, StoreError> {
        let key = event_key(event);
        let bytes = to_json(event)?;
        let bytes = if event.secure { vault.seal(bytes, &event_place(&key))? } else { bytes };
        Ok(ReadyEvent { key, at: nanoseconds(event.at), sealed: event.secure, bytes })
    }
}

/// Half of a SHA-256 is enough to tell all events apart. The length keeps flow and key apart.
fn event_key(event: &NewEvent) -> [u8; 16] {
    let length = event.flow.len().to_le_bytes();
    let parts = [&length, event.flow.as_bytes(), event.content_key.as_bytes()].concat();
    let mut key = [0; 16];
    key.copy_from_slice(&digest(&SHA256, &parts).as_ref()[..16]);
    key
}

/// Where a poll goes on.
pub(super) struct ReadyCursor {
    pub(super) name: String,
    pub(super) value: Vec<u8>,
}

impl ReadyCursor {
    pub(super) fn new(cursor: &Cursor) -> Result<ReadyCursor, StoreError> {
        Ok(ReadyCursor { name: cursor.name.clone(), value: to_json(&cursor.value)? })
    }
}

/// A transition.
pub(super) struct ReadyTransition {
    pub(super) run: RunId,
    pub(super) after: u64,
    pub(super) count: u64,
    /// What people may see, as JSON.
    pub(super) events: Vec<u8>,
    /// All of it, where that differs and the run goes on.
    pub(super) secret: Option<Vec<u8>>,
    /// Events that wait no longer.
    pub(super) taken: Vec<u64>,
    pub(super) begins: Option<Beginning>,
    pub(super) ends: Option<Ending>,
    pub(super) sleeps_until: Option<i64>,
}

/// What is known of a run from its first event.
pub(super) struct Beginning {
    pub(super) flow: String,
    pub(super) pack: String,
    pub(super) about: Vec<String>,
    pub(super) resubmits: Option<RunId>,
    pub(super) started: Timestamp,
}

/// What is known of a run from its last event.
pub(super) struct Ending {
    pub(super) outcome: Outcome,
    pub(super) code: String,
    pub(super) error: Option<String>,
    pub(super) finished: i64,
}

impl ReadyTransition {
    pub(super) fn new(transition: &Transition, vault: &Vault) -> Result<ReadyTransition, StoreError> {
        let Transition { run, after, events, shown, .. } = transition;
        let visible = shown.as_ref().unwrap_or(events);
        let ends = match visible.last() {
            Some(Event::RunFinished { outcome, error, at }) => Some(ending(*outcome, error.as_ref(), *at)?),
            _ => None,
        };
        let secret = match shown {
            Some(_) if ends.is_none() => Some(vault.seal(to_json(events)?, &record_place(&run.0, *after))?),
            _ => None,
        };
        Ok(ReadyTransition {
            run: run.clone(),
            after: *after,
            count: events.len() as u64,
            events: to_json(visible)?,
            secret,
            taken: transition.fates.iter().map(|(event, _)| event.0).collect(),
            begins: beginning(transition),
            ends,
            sleeps_until: transition.sleeps_until.map(nanoseconds),
        })
    }
}

fn beginning(transition: &Transition) -> Option<Beginning> {
    match transition.events.first() {
        Some(Event::RunStarted { flow, pack, resubmits, at, .. }) => Some(Beginning {
            flow: flow.clone(),
            pack: pack.clone(),
            about: transition.keys.clone(),
            resubmits: resubmits.clone(),
            started: *at,
        }),
        _ => None,
    }
}

fn ending(outcome: Outcome, error: Option<&StepError>, at: Timestamp) -> Result<Ending, StoreError> {
    let code = error.map(|error| error.code.clone()).unwrap_or_default();
    let error = error.map(to_json).transpose()?.map(|error| String::from_utf8_lossy(&error).into_owned());
    Ok(Ending { outcome, code, error, finished: nanoseconds(at) })
}

/// What a sealed event is bound to.
pub(super) fn event_place(key: &[u8]) -> Vec<u8> {
    [b"event ", key].concat()
}

/// What the sealed part of a record is bound to.
pub(super) fn record_place(run: &str, position: u64) -> Vec<u8> {
    format!("run {run} {position}").into_bytes()
}

/// A time as it is kept: nanoseconds since 1970, in UTC. It is good for the years from 1678 to 2262, and stays at the
/// nearest of these beyond.
pub(super) fn nanoseconds(at: Timestamp) -> i64 {
    let nearest = if at < Timestamp::UNIX_EPOCH { i64::MIN } else { i64::MAX };
    i64::try_from(at.as_nanosecond()).unwrap_or(nearest)
}

/// The time that was kept.
pub(super) fn timestamp(nanoseconds: i64) -> Timestamp {
    Timestamp::from_nanosecond(nanoseconds.into()).unwrap_or_default()
}

pub(super) fn to_json(value: &(impl Serialize + ?Sized)) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(value).map_err(|error| StoreError::Broken(format!("this cannot be written as JSON: {error}")))
}

/// `what` is named in the message when it is damaged.
pub(super) fn from_json<T: DeserializeOwned>(json: &[u8], what: &str) -> Result<T, StoreError> {
    serde_json::from_slice(json).map_err(|error| StoreError::Broken(format!("{what} cannot be read: {error}")))
}

/// An outcome by its name.
pub(super) fn outcome(name: &str) -> Result<Outcome, StoreError> {
    let outcome = serde_json::from_value(Value::from(name));
    outcome.map_err(|error| StoreError::Broken(format!("the outcome of a run cannot be read: {error}")))
}
