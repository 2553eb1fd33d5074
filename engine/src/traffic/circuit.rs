//! Whether a service works, from what became of the calls to it. Pure: the time is given.
//!
//! Closed, calls go. After some failures in a row, or at once when the credential is refused, it opens: calls wait. Now
//! and then one of them is let through to find out; its success closes the circuit. Those that failed before (`suspects`)
//! let others go first.

use std::time::Duration;

use jiff::{SignedDuration, Timestamp};

use super::suspects::Suspects;
use crate::connector::{CallError, CallErrorKind, CallKey};

/// Failures in a row that say that the service is down.
const FAILURES: u32 = 5;
/// The time to the first try; it doubles with each that fails.
const FIRST_TRY: SignedDuration = SignedDuration::from_secs(5);
/// The longest time to the next try; and the only one where a person must act.
const LAST_TRY: SignedDuration = SignedDuration::from_secs(60);
/// How much later than others a call is let through that failed before.
const AFTER_OTHERS: SignedDuration = SignedDuration::from_secs(1);

/// What keeps all calls of a connection from success.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outage {
    /// The service does not answer, or says that it cannot now.
    Down,
    /// The service refuses the credential: somebody must renew it.
    Refused,
}

/// The circuit of one connection.
#[derive(Debug, Default)]
pub(super) struct Circuit {
    failures: u32,
    open: Option<Open>,
    suspects: Suspects,
}

/// An open circuit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Open {
    /// Why.
    pub outage: Outage,
    /// Since when.
    pub since: Timestamp,
    /// When the next call is let through.
    pub next_try: Timestamp,
    pause: SignedDuration,
    is_probed: bool,
    /// Whether a call waits that has not failed yet.
    others_wait: bool,
}

/// Whether a call may be made.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Gate {
    /// It may.
    Free,
    /// It may, to find out whether the service works again.
    Probe,
    /// Not before that time; also while another call is finding out.
    Closed(Outage, Timestamp),
}

/// What a result changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Change {
    Opened,
    StillOpen,
    Closed,
}

/// What an outage means for the call that met it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Met {
    /// Until when calls wait.
    pub(crate) until: Timestamp,
    /// Whether the try counts: the service has worked for others since the one before.
    pub(crate) counts: bool,
}

impl Circuit {
    pub(super) fn gate(&mut self, call: &CallKey, now: Timestamp) -> Gate {
        let Some(open) = &mut self.open else { return Gate::Free };
        let is_suspect = self.suspects.has(call);
        // A probe may take long. Whoever comes meanwhile looks again soon, and need not wait in memory for it.
        let until = match open.is_probed {
            true => later(now, FIRST_TRY),
            false if is_suspect && open.others_wait => later(open.next_try, AFTER_OTHERS),
            false => open.next_try,
        };
        if open.is_probed || until > now {
            open.others_wait |= !is_suspect;
            return Gate::Closed(open.outage, until);
        }
        open.is_probed = true;
        open.others_wait = false;
        Gate::Probe
    }

    pub(super) fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    /// What it means for a call that it met an outage; nothing while the circuit is closed.
    pub(super) fn met(&mut self, call: &CallKey) -> Option<Met> {
        let until = self.open.as_ref()?.next_try;
        Some(Met { until, counts: self.suspects.met(call) })
    }

    /// Takes what became of a call into account. Of an open circuit, only that of a probe counts: other calls were begun
    /// before.
    pub(super) fn came(
        &mut self,
        call: &CallKey,
        error: Option<&CallError>,
        is_probe: bool,
        now: Timestamp,
    ) -> Option<Change> {
        let Some((error, outage)) = error.and_then(|error| Some((error, outage(error)?))) else {
            self.suspects.clear(call);
            return self.worked(is_probe);
        };
        let asked = error.retry_after().map_or(SignedDuration::ZERO, signed);
        match &mut self.open {
            Some(open) if is_probe => {
                open.outage = outage;
                open.pause = (open.pause * 2).max(shortest(outage)).min(LAST_TRY);
                open.next_try = later(now, open.pause.max(asked));
                open.is_probed = false;
                Some(Change::StillOpen)
            }
            Some(_) => None,
            None => {
                self.failures = self.failures.saturating_add(1);
                if outage == Outage::Down && self.failures < FAILURES {
                    return None;
                }
                let pause = shortest(outage);
                let next_try = later(now, pause.max(asked));
                self.open = Some(Open { outage, since: now, next_try, pause, is_probed: false, others_wait: false });
                Some(Change::Opened)
            }
        }
    }

    /// A probe went without a result: another one may go.
    pub(super) fn given_up(&mut self) {
        if let Some(open) = &mut self.open {
            open.is_probed = false;
        }
    }

    fn worked(&mut self, is_probe: bool) -> Option<Change> {
        if self.open.is_some() && !is_probe {
            return None;
        }
        self.failures = 0;
        self.suspects.worked();
        self.open.take().map(|_| Change::Closed)
    }
}

/// What an error says of the service: nothing where it answered, be it with a refusal of this call.
pub(super) fn outage(error: &CallError) -> Option<Outage> {
    match (error.kind, error.status) {
        // That this call is not allowed, or that no connection is bound, is the caller's business: waiting changes nothing.
        (CallErrorKind::Denied, status) if status != Some(401) => None,
        (CallErrorKind::Denied, _) => Some(Outage::Refused),
        (CallErrorKind::Unavailable, _) | (CallErrorKind::Unanswered, None | Some(500..)) => Some(Outage::Down),
        _ => None,
    }
}

fn shortest(outage: Outage) -> SignedDuration {
    match outage {
        Outage::Down => FIRST_TRY,
        Outage::Refused => LAST_TRY,
    }
}

pub(super) fn later(now: Timestamp, wait: SignedDuration) -> Timestamp {
    now.checked_add(wait).unwrap_or(Timestamp::MAX)
}

pub(super) fn signed(duration: Duration) -> SignedDuration {
    SignedDuration::try_from(duration).unwrap_or(SignedDuration::MAX)
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::{Change, Circuit, Gate, Met, Outage, outage};
    use crate::connector::{CallError, CallErrorKind, CallKey};

    fn call(name: &str) -> CallKey {
        CallKey::new(name, "step", "call")
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::UNIX_EPOCH + SignedDuration::from_secs(second)
    }

    fn error(kind: CallErrorKind, status: Option<u16>) -> CallError {
        CallError { status, ..CallError::new(kind, "") }
    }

    #[test]
    fn what_says_that_a_service_is_down() {
        use CallErrorKind::{Conflict, Denied, Input, NotFound, Throttled, Unanswered, Unavailable, Unexpected};
        let cases = [
            (Unavailable, None, true),
            (Unavailable, Some(503), true),
            (Unanswered, None, true),
            (Unanswered, Some(500), true),
            (Unanswered, Some(408), false),
            (Denied, Some(401), true),
            (Denied, None, false),
            (Denied, Some(403), false),
            (Throttled, Some(429), false),
            (Input, Some(400), false),
            (NotFound, Some(404), false),
            (Conflict, Some(412), false),
            (Unexpected, Some(200), false),
        ];
        for (kind, status, expected) in cases {
            assert_eq!(outage(&error(kind, status)).is_some(), expected, "{kind:?} {status:?}");
        }
    }

    /// A call at a second: whether it may go, and what its result changes. Nothing comes back of one that may not.
    #[test]
    fn it_opens_probes_and_closes() {
        let down = || Some(error(CallErrorKind::Unavailable, Some(503)));
        let refused = || Some(error(CallErrorKind::Denied, Some(401)));
        let works = || None;
        let story = [
            (0, down(), true, None),
            (0, down(), true, None),
            (1, works(), true, None),
            (2, down(), true, None),
            (3, down(), true, None),
            (4, down(), true, None),
            (5, down(), true, None),
            (6, down(), true, Some(Change::Opened)),
            (10, down(), false, None),
            (11, down(), true, Some(Change::StillOpen)),
            (20, down(), false, None),
            (21, down(), true, Some(Change::StillOpen)),
            (41, down(), true, Some(Change::StillOpen)),
            (81, down(), true, Some(Change::StillOpen)),
            (140, down(), false, None),
            (141, works(), true, Some(Change::Closed)),
            (142, down(), true, None),
            (143, refused(), true, Some(Change::Opened)),
            (202, works(), false, None),
            (203, works(), true, Some(Change::Closed)),
        ];
        let mut circuit = Circuit::default();
        for (second, result, goes, changes) in story {
            let gate = circuit.gate(&call("a"), at(second));
            assert_eq!(matches!(gate, Gate::Free | Gate::Probe), goes, "at {second}: {gate:?}");
            if goes {
                assert_eq!(
                    circuit.came(&call("a"), result.as_ref(), gate == Gate::Probe, at(second)),
                    changes,
                    "at {second}"
                );
            }
        }
    }

    #[test]
    fn one_probe_at_a_time() {
        let mut circuit = Circuit::default();
        let (one, other) = (call("one"), call("other"));
        circuit.came(&one, Some(&error(CallErrorKind::Denied, Some(401))), false, at(0));
        assert_eq!(circuit.gate(&one, at(60)), Gate::Probe);
        assert_eq!(circuit.gate(&other, at(61)), Gate::Closed(Outage::Refused, at(66)), "others look again soon");
        assert_eq!(circuit.came(&other, None, false, at(61)), None, "it was begun before");
        circuit.given_up();
        assert_eq!(circuit.gate(&one, at(61)), Gate::Probe);
    }

    #[test]
    fn who_failed_lets_others_go_first_and_then_it_counts() {
        let mut circuit = Circuit::default();
        let refused = error(CallErrorKind::Denied, Some(401));
        let (one, other) = (call("one"), call("other"));
        circuit.came(&one, Some(&refused), false, at(0));
        assert_eq!(circuit.met(&one), Some(Met { until: at(60), counts: false }), "it may be the service");
        assert_eq!(circuit.gate(&one, at(60)), Gate::Probe, "nobody else waits");
        circuit.came(&one, Some(&refused), true, at(60));
        assert_eq!(circuit.met(&one), Some(Met { until: at(120), counts: false }), "it may still be");
        assert_eq!(circuit.gate(&other, at(70)), Gate::Closed(Outage::Refused, at(120)));
        assert_eq!(circuit.gate(&one, at(120)), Gate::Closed(Outage::Refused, at(121)));
        assert_eq!(circuit.gate(&other, at(120)), Gate::Probe);
        assert_eq!(circuit.came(&other, None, true, at(120)), Some(Change::Closed));
        assert_eq!(circuit.gate(&one, at(121)), Gate::Free);
        circuit.came(&one, Some(&refused), false, at(121));
        assert_eq!(circuit.met(&one), Some(Met { until: at(181), counts: true }), "it is the call");
        assert_eq!(circuit.gate(&other, at(122)), Gate::Closed(Outage::Refused, at(181)));
        assert_eq!(circuit.gate(&one, at(182)), Gate::Probe, "the others are gone");
    }
}
