//! The traffic to services: how many calls a connection gets at once and in a time, and when none, since its service is
//! down, its credential is refused, or it asked for a pause. All runs share it.
//!
//! A call enters (`Connection::try_enter`, `Connection::enter`), is made, and leaves with its result (`Pass::leave`).
//! `circuit` decides from the results whether the service works; `suspects` are calls that perhaps do not work themselves.

mod circuit;
mod suspects;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use indexmap::IndexMap;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tracing::{debug, info, warn};

pub(crate) use circuit::Met;
pub use circuit::{Open, Outage};

use crate::clock::Clock;
use crate::connector::{CallError, CallErrorKind, CallKey, Limits, Rate};
use circuit::{Change, Circuit, Gate, later, outage, signed};

/// The longest pause of a whole connection that one answer may ask for. The call itself waits as long as it was told.
const LONGEST_PAUSE: SignedDuration = SignedDuration::from_hours(1);

/// All connections.
pub struct Traffic(HashMap<String, Arc<Connection>>);

/// The way to one service.
pub struct Connection {
    name: String,
    limits: Limits,
    clock: Arc<dyn Clock>,
    places: Arc<Semaphore>,
    state: Mutex<State>,
}

struct State {
    circuit: Circuit,
    /// Until when the service asked for no calls.
    paused: Timestamp,
    /// When the next call would come if all came at an even rate.
    even: Timestamp,
}

/// How a connection does, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConnectionState {
    /// Its name.
    pub name: String,
    /// Calls under way.
    pub under_way: usize,
    /// Why calls wait, and when the next one is tried; nothing where the service works.
    pub open: Option<Open>,
    /// Until when the service asked for no calls.
    pub paused_until: Option<Timestamp>,
}

/// What becomes of a call that wants to be made now.
pub(crate) enum Entry {
    /// It may.
    Go(Pass),
    /// It must wait a little, for others ([`Connection::enter`]).
    Busy,
    /// It may not before a time.
    Later(Later),
}

/// A call that may not be made before a time.
#[derive(Debug)]
pub(crate) struct Later {
    /// The time.
    pub(crate) until: Timestamp,
    /// Why, without a word of other calls.
    pub(crate) error: CallError,
}

/// A call that is being made. Whoever drops it without a word has given the call up.
pub(crate) struct Pass {
    connection: Arc<Connection>,
    is_probe: bool,
    _place: Option<OwnedSemaphorePermit>,
}

impl Traffic {
    /// The connections with these limits, by name.
    pub fn new(limits: IndexMap<String, Limits>, clock: &Arc<dyn Clock>) -> Traffic {
        let connection = |(name, limits): (String, Limits)| {
            let places = Arc::new(Semaphore::new(limits.at_once.clamp(1, Semaphore::MAX_PERMITS)));
            let circuit = Circuit::default();
            let state = Mutex::new(State { circuit, paused: Timestamp::MIN, even: Timestamp::MIN });
            let clock = Arc::clone(clock);
            (name.clone(), Arc::new(Connection { name, limits, clock, places, state }))
        };
        Traffic(limits.into_iter().map(connection).collect())
    }

    /// How all connections do, by name.
    pub fn states(&self) -> Vec<ConnectionState> {
        let mut states: Vec<ConnectionState> = self.0.values().map(|connection| connection.state()).collect();
        states.sort_by(|one, other| one.name.cmp(&other.name));
        states
    }

    /// The connection of an operation, by its full name: the part before the dot.
    pub(crate) fn connection(&self, operation: &str) -> Option<&Arc<Connection>> {
        self.0.get(operation.split_once('.')?.0)
    }
}

impl Connection {
    /// Whether a call may be made at once.
    pub(crate) fn try_enter(self: &Arc<Self>, call: &CallKey) -> Entry {
        let place = Arc::clone(&self.places).try_acquire_owned();
        let now = self.clock.now();
        let mut state = self.locked();
        match (state.gate(call, now), place) {
            (Err(wait), _) => Entry::Later(self.later(wait)),
            (Ok(gate), Ok(place)) if state.turn(self.limits.rate, now, now).is_some() => {
                Entry::Go(self.pass(gate == Gate::Probe, Some(place)))
            }
            (Ok(gate), _) => {
                if gate == Gate::Probe {
                    state.circuit.given_up();
                }
                Entry::Busy
            }
        }
    }

    /// Waits until a call may be made, in the order in which calls came; not for long where there is a time.
    pub(crate) async fn enter(self: &Arc<Self>, call: &CallKey) -> Result<Pass, Later> {
        // Nobody closes the places.
        let place = Arc::clone(&self.places).acquire_owned().await.ok();
        let (mut pass, turn) = {
            let (mut state, now) = (self.locked(), self.clock.now());
            let gate = state.gate(call, now).map_err(|wait| self.later(wait))?;
            let turn = state.turn(self.limits.rate, now, Timestamp::MAX).filter(|turn| *turn > now);
            (self.pass(gate == Gate::Probe, place), turn)
        };
        if let Some(turn) = turn {
            self.clock.reached(turn).await;
            self.look_again(call, &mut pass)?;
        }
        Ok(pass)
    }

    /// Whether a call still may be made that has waited for its turn: others may have found out meanwhile that the service
    /// does not work, or that it wants a pause.
    fn look_again(&self, call: &CallKey, pass: &mut Pass) -> Result<(), Later> {
        let (mut state, now) = (self.locked(), self.clock.now());
        let gate = if pass.is_probe { state.pause(now).map(|()| Gate::Probe) } else { state.gate(call, now) };
        pass.is_probe = gate.map_err(|wait| self.later(wait))? == Gate::Probe;
        Ok(())
    }

    fn pass(self: &Arc<Self>, is_probe: bool, place: Option<OwnedSemaphorePermit>) -> Pass {
        Pass { connection: Arc::clone(self), is_probe, _place: place }
    }

    fn state(&self) -> ConnectionState {
        let state = self.locked();
        ConnectionState {
            name: self.name.clone(),
            under_way: self.limits.at_once.saturating_sub(self.places.available_permits()),
            open: state.circuit.open().copied(),
            paused_until: Some(state.paused).filter(|until| *until > self.clock.now()),
        }
    }

    fn later(&self, (why, until): (Wait, Timestamp)) -> Later {
        let name = &self.name;
        let (kind, message) = match why {
            Wait::Outage(Outage::Down) => (CallErrorKind::Unavailable, format!("`{name}` does not work now")),
            Wait::Outage(Outage::Refused) => (CallErrorKind::Denied, format!("`{name}` refuses the credential")),
            Wait::Pause => (CallErrorKind::Throttled, format!("`{name}` asked for a pause")),
        };
        Later { until, error: CallError::new(kind, message) }
    }

    fn locked(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a call waits for that may not be made.
enum Wait {
    Outage(Outage),
    Pause,
}

impl State {
    fn gate(&mut self, call: &CallKey, now: Timestamp) -> Result<Gate, (Wait, Timestamp)> {
        self.pause(now)?;
        match self.circuit.gate(call, now) {
            Gate::Closed(outage, until) => Err((Wait::Outage(outage), until)),
            gate => Ok(gate),
        }
    }

    fn pause(&self, now: Timestamp) -> Result<(), (Wait, Timestamp)> {
        if self.paused > now { Err((Wait::Pause, self.paused)) } else { Ok(()) }
    }

    /// The time of the next call by the rate, which is then taken; nothing where that is too late.
    fn turn(&mut self, rate: Option<Rate>, now: Timestamp, latest: Timestamp) -> Option<Timestamp> {
        let Some(Rate { calls, per }) = rate else { return Some(now) };
        let (between, per) = (signed(per) / i32::try_from(calls).unwrap_or(i32::MAX).max(1), signed(per));
        let even = self.even.max(now);
        let turn = even.checked_sub(per - between).unwrap_or(now).max(now);
        (turn <= latest).then(|| {
            self.even = later(even, between);
            turn
        })
    }
}

impl Pass {
    /// Ends the call, with its error if it had one. Where that says that the service does not work, and others said so
    /// too, gives what follows for the call.
    pub(crate) fn leave(mut self, call: &CallKey, error: Option<&CallError>) -> Option<Met> {
        let is_probe = std::mem::take(&mut self.is_probe);
        let connection = &self.connection;
        if !connection.limits.one_service {
            return None;
        }
        let now = connection.clock.now();
        let mut state = connection.locked();
        if let Some(CallError { kind: CallErrorKind::Throttled, retry_after_ms: Some(pause), .. }) = error {
            let pause = signed(Duration::from_millis(*pause)).min(LONGEST_PAUSE);
            state.paused = state.paused.max(later(now, pause));
        }
        let change = state.circuit.came(call, error, is_probe, now);
        let met = error.and_then(outage).and_then(|_| state.circuit.met(call));
        let open = state.circuit.open().copied();
        drop(state);
        tell(&connection.name, change, error, open);
        met
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.is_probe {
            self.connection.locked().circuit.given_up();
        }
    }
}

/// Says that a circuit opened or closed. What the error says may be secret, so only its kind and status are told.
fn tell(connection: &str, change: Option<Change>, error: Option<&CallError>, open: Option<Open>) {
    let kind = error.map(|error| error.kind.name());
    let status = error.and_then(|error| error.status);
    let next_try = open.map(|open| tracing::field::display(open.next_try));
    match (change, open.map(|open| open.outage)) {
        (None, _) => {}
        (Some(Change::Opened), Some(Outage::Refused)) => {
            warn!(
                connection,
                kind, status, next_try, "the service refuses the credential: calls wait until it is renewed"
            );
        }
        (Some(Change::Opened), _) => {
            warn!(connection, kind, status, next_try, "the service does not work: calls wait until it does");
        }
        (Some(Change::StillOpen), _) => debug!(connection, kind, status, next_try, "calls still wait"),
        (Some(Change::Closed), _) => info!(connection, "the service works again: calls go on"),
    }
}
