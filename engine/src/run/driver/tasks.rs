//! The calls that a run has under way, each in a task of its own: in line for their turn, or being made.

use std::collections::HashMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::task::{AbortHandle, JoinSet};
use tracing::{Instrument, info_span};

use super::child::run_of;
use crate::connector::{AnyOperation, CallError, CallErrorKind};
use crate::run::event::{Event, Part, StepPath};
use crate::run::{Call, Run, RunId, Work};
use crate::store::StoreError;
use crate::traffic::{Connection, Later, Pass};

/// The calls under way.
#[derive(Default)]
pub(super) struct Tasks {
    set: JoinSet<Report>,
    begun: HashMap<(StepPath, Part), Begun>,
}

struct Begun {
    task: AbortHandle,
    /// The run of another flow, where the call is one.
    child: Option<RunId>,
}

/// What a task has to say.
pub(super) enum Report {
    /// It is a call's turn, or it will not be soon.
    Turn(Box<Call>, Arc<dyn AnyOperation>, Result<Pass, Later>),
    /// An attempt came back.
    Came(Event),
    /// The run of another flow sleeps until then.
    Asleep(Arc<Call>, Timestamp),
    /// The store failed in the run of another flow, whose end is therefore not known.
    Lost(StepPath, Part, StoreError),
}

impl Tasks {
    pub(super) fn is_empty(&self) -> bool {
        self.set.is_empty()
    }

    /// Waits for a call's turn.
    pub(super) fn line_up(&mut self, call: Call, operation: Arc<dyn AnyOperation>, connection: Arc<Connection>) {
        let place = (call.step.clone(), call.part);
        let task = self.set.spawn(async move {
            let pass = connection.enter(&call.key).await;
            Report::Turn(Box::new(call), operation, pass)
        });
        self.begun.insert(place, Begun { task, child: None });
    }

    /// Performs a call.
    pub(super) fn spawn(&mut self, call: &Call, performed: impl Future<Output = Report> + Send + 'static) {
        let span = info_span!("call", key = call.key.as_str());
        let task = self.set.spawn(performed.instrument(span));
        let child = matches!(call.work, Work::Flow(_)).then(|| run_of(call));
        self.begun.insert((call.step.clone(), call.part), Begun { task, child });
    }

    /// Gives up the calls that nobody waits for any more; gives the child runs among these.
    pub(super) fn give_up(&mut self, run: &Run) -> impl Iterator<Item = RunId> {
        let given_up = self.begun.extract_if(|(step, part), _| !run.awaits(step, *part));
        given_up.filter_map(|(_, Begun { task, child })| {
            task.abort();
            child
        })
    }

    /// What the next task has to say that the run still waits for; what was given up says nothing.
    pub(super) async fn next(&mut self, run: &Run, now: impl Fn() -> Timestamp) -> Option<Report> {
        let report = match self.set.join_next().await? {
            Ok(report) => report,
            Err(error) if error.is_panic() => Report::Came(self.broken(error.id(), now())?),
            Err(_) => return None,
        };
        let (step, part) = match &report {
            Report::Turn(call, ..) => (&call.step, call.part),
            Report::Asleep(call, _) => (&call.step, call.part),
            Report::Lost(step, part, _) => (step, *part),
            Report::Came(Event::CallFinished { step, part, .. } | Event::CallDelayed { step, part, .. }) => {
                (step, *part)
            }
            Report::Came(_) => return None,
        };
        self.begun.remove(&(step.clone(), part));
        run.awaits(step, part).then_some(report)
    }

    /// The result of a call whose code broke off: nobody knows what it did, and its run must not wait for ever.
    fn broken(&self, task: tokio::task::Id, at: Timestamp) -> Option<Event> {
        let (step, part) = self.begun.iter().find(|(_, begun)| begun.task.id() == task)?.0.clone();
        let error = CallError::new(CallErrorKind::Unexpected, "the operation broke off: a mistake in its connector");
        Some(Event::CallFinished { step, part, result: Err(error), attempts: 1, at })
    }
}
