//! One attempt at a call, and what follows from it: a result, or another attempt after a while.
//!
//! Where nobody knows whether a call was made, its operation's [`Repeat`] decides. The engine may have stopped during it
//! ([`doubt`]), or its answer may be lost.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tracing::{debug, warn};
use uuid::Uuid;

use super::World;
use crate::connector::{Answer, AnyOperation, CallError, CallErrorKind, CallKey, Effect, Repeat};
use crate::flow::{Retry, Unknown};
use crate::run::event::{Event, Part};
use crate::run::update::ENGINE_STOPPED;
use crate::run::{Call, Doubt, Work};
use crate::traffic::{Met, Pass};

/// The code of a call of which nobody knows whether it was made.
const UNKNOWN_RESULT: &str = "unknown_result";

/// What follows from an attempt.
enum Followed {
    /// The call is done, or has failed for good.
    Result(Result<Answer, CallError>),
    /// It is to be tried again.
    Delay(CallError, Timestamp),
}

/// A call with what is known of its operation.
struct Attempt<'a> {
    call: &'a Call,
    operation: &'a dyn AnyOperation,
    retry: Retry,
    now: Timestamp,
}

impl World {
    /// Makes an attempt at a call, and says what follows from it. Where the call may have been made already and the
    /// service can tell, it is asked first.
    pub(super) async fn attempt(
        self: Arc<Self>,
        call: Arc<Call>,
        operation: Arc<dyn AnyOperation>,
        pass: Pass,
    ) -> Event {
        let operation = operation.as_ref();
        if call.doubt == Doubt::Open && matches!(repeat(&call, operation), Repeat::Verify { .. }) {
            match operation.look_up_any(&call.key, &call.input).await {
                Ok(None) if call.attempts <= policy(&call).count => {}
                Ok(found) => {
                    pass.leave(&call.key, None);
                    let result = found.ok_or_else(|| not_made(&call));
                    return event(&call, Followed::Result(result), call.attempts.max(1), self.clock.now());
                }
                Err(error) => {
                    let met = pass.leave(&call.key, Some(&error));
                    let attempt = Attempt::new(&call, operation, self.clock.now());
                    let followed = attempt.after_look_up(error, met);
                    return event(&call, followed, counted(&call, met), attempt.now);
                }
            }
        }
        let result = operation.call_any(&call.key, &call.input).await;
        let met = pass.leave(&call.key, result.as_ref().err());
        let attempt = Attempt::new(&call, operation, self.clock.now());
        match result {
            Ok(answer) => event(&call, Followed::Result(Ok(answer)), attempt.tries(), attempt.now),
            Err(error) => match attempt.after_error(error, met) {
                Followed::Delay(error, until) => {
                    event(&call, Followed::Delay(error, until), counted(&call, met), attempt.now)
                }
                failed => event(&call, failed, attempt.tries(), attempt.now),
            },
        }
    }
}

/// What follows for a call that the engine does not know to have been made or not, before anything is asked of the
/// service: nothing where it may simply be made.
pub(super) fn doubt(call: &Call, operation: &dyn AnyOperation, now: Timestamp) -> Option<Event> {
    let attempt = Attempt::new(call, operation, now);
    let lost = || CallError {
        code: Some(ENGINE_STOPPED.to_owned()),
        ..CallError::new(CallErrorKind::Unanswered, "the engine stopped during the call")
    };
    let followed = match (call.part, repeat(call, operation)) {
        // The step reads again and compares.
        (Part::Update(_), _) => Followed::Result(Err(lost())),
        (_, Repeat::Verify { settle }) => Followed::Delay(lost(), attempt.after(settle)),
        (_, Repeat::Unsafe) if attempt.retry.unknown == Unknown::Fail && call.doubt == Doubt::Open => {
            Followed::Result(Err(unknown_result(lost())))
        }
        (_, Repeat::Safe | Repeat::Unsafe) => return None,
    };
    let attempts = match &followed {
        Followed::Delay(..) => call.attempts,
        Followed::Result(_) => call.attempts.saturating_add(1),
    };
    Some(event(call, followed, attempts, now))
}

/// Whether a call of a write does no more when it is made twice.
pub(super) fn is_harmless(call: &Call, operation: &dyn AnyOperation) -> bool {
    repeat(call, operation) == Repeat::Safe
}

impl<'a> Attempt<'a> {
    fn new(call: &'a Call, operation: &'a dyn AnyOperation, now: Timestamp) -> Attempt<'a> {
        Attempt { call, operation, retry: policy(call), now }
    }

    /// What follows from an error of the call. `met`: whether it is one of an outage.
    fn after_error(&self, error: CallError, met: Option<Met>) -> Followed {
        let in_doubt = error.kind == CallErrorKind::Unanswered;
        if in_doubt && matches!(self.call.part, Part::Update(_)) {
            return Followed::Result(Err(error));
        }
        let repeat = repeat(self.call, self.operation);
        if in_doubt && repeat == Repeat::Unsafe && self.retry.unknown == Unknown::Fail {
            return Followed::Result(Err(unknown_result(error)));
        }
        let settle = match repeat {
            Repeat::Verify { settle } if in_doubt => Some(settle),
            _ => None,
        };
        let until = match met {
            // Whoever can find out whether it was made does so, also after the last try.
            Some(met) if self.may_go_on(met, self.retry.count) || settle.is_some() => met.until,
            Some(_) => return Followed::Result(Err(error)),
            None if !may_pass(&error) => return Followed::Result(Err(error)),
            None if self.tries() > self.retry.count && settle.is_none() => return Followed::Result(Err(error)),
            None => self.next_try(&error),
        };
        Followed::Delay(error, until.max(self.after(settle.unwrap_or_default())))
    }

    /// What follows where it could not be found out whether the call was made. It is asked about as often as the call
    /// itself may be tried.
    fn after_look_up(&self, error: CallError, met: Option<Met>) -> Followed {
        let tries = self.retry.count.saturating_add(1).saturating_mul(2);
        match met {
            Some(met) if self.may_go_on(met, tries) => Followed::Delay(error, met.until),
            None if may_pass(&error) && self.tries() <= tries => {
                let until = self.next_try(&error);
                Followed::Delay(error, until)
            }
            _ => Followed::Result(Err(unknown_result(error))),
        }
    }

    /// Whether a call that met an outage is tried again: always, unless it fails alone and has used up its tries.
    fn may_go_on(&self, met: Met, tries: u32) -> bool {
        !met.counts || self.tries() <= tries
    }

    fn tries(&self) -> u32 {
        self.call.attempts.saturating_add(1)
    }

    fn next_try(&self, error: &CallError) -> Timestamp {
        let wait = self.retry.wait(self.tries(), chance(&self.call.key, self.tries()));
        self.after(wait.max(error.retry_after().unwrap_or_default()))
    }

    fn after(&self, wait: Duration) -> Timestamp {
        let wait = SignedDuration::try_from(wait).unwrap_or(SignedDuration::MAX);
        self.now.checked_add(wait).unwrap_or(Timestamp::MAX)
    }
}

/// Tries do not count while the service is down for others too.
fn counted(call: &Call, met: Option<Met>) -> u32 {
    if met.is_some_and(|met| !met.counts) { call.attempts } else { call.attempts.saturating_add(1) }
}

fn policy(call: &Call) -> Retry {
    match &call.work {
        Work::Operation { retry, .. } => *retry,
        Work::Flow(_) => Retry::NONE,
    }
}

fn repeat(call: &Call, operation: &dyn AnyOperation) -> Repeat {
    match operation.effect() {
        Effect::Reads => Repeat::Safe,
        Effect::Writes => operation.repeat_of(&call.input),
    }
}

/// Whether another try may succeed though nothing was changed.
fn may_pass(error: &CallError) -> bool {
    matches!(error.kind, CallErrorKind::Throttled | CallErrorKind::Unavailable | CallErrorKind::Unanswered)
}

fn event(call: &Call, followed: Followed, attempts: u32, at: Timestamp) -> Event {
    let (step, part) = (call.step.clone(), call.part);
    match followed {
        Followed::Result(result) => {
            if let Err(error) = &result {
                // What the error says may be secret; it stands in the run's record.
                warn!(%step, kind = error.kind.name(), status = error.status, "call failed");
            }
            Event::CallFinished { step, part, result, attempts, at }
        }
        Followed::Delay(error, until) => {
            debug!(%step, kind = error.kind.name(), status = error.status, attempts, %until, "the call is tried again");
            Event::CallDelayed { step, part, error, attempts, until, at }
        }
    }
}

/// The error of a call that may have been made, and may not be made twice.
fn unknown_result(error: CallError) -> CallError {
    let message = format!(
        "{}; nobody knows whether it was done: look at the service, then resume the run, or let such a call be made again with `retry: {{ unknown: repeat }}`",
        error.message
    );
    CallError { kind: CallErrorKind::Unanswered, message, code: Some(UNKNOWN_RESULT.to_owned()), ..error }
}

/// The error of a call that was tried to the end, and of which a look at the service says that it was never made.
fn not_made(call: &Call) -> CallError {
    let last = call.delay.as_ref().map(|delay| delay.error.clone());
    let last = last.unwrap_or_else(|| CallError::new(CallErrorKind::Unanswered, "no answer came"));
    let message = format!("{}; the service shows that it was not done", last.message);
    CallError { kind: CallErrorKind::Unavailable, message, ..last }
}

/// A number from 0 to 1 that follows from the call and the attempt, so that calls that failed together do not come
/// back together.
fn chance(key: &CallKey, attempt: u32) -> f64 {
    let bits = Uuid::new_v5(&key.guid(), &attempt.to_be_bytes()).as_u64_pair().0;
    f64::from(u32::try_from(bits >> 32).unwrap_or_default()) / (f64::from(u32::MAX) + 1.0)
}
