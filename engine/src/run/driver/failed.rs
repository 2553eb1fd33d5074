//! A run that failed goes on from the step at which it did: a person has mended the cause.
//!
//! Calls that were made in what does not count any more are made once more with the same key, and count as calls of which
//! nobody knows whether they were made.

use std::sync::Arc;

use super::record::Record;
use super::{DriveError, Driven, World};
use crate::pack::Pack;
use crate::run::event::Event;
use crate::run::resumed::{Unresumable, keep_before_failure};
use crate::run::{HIDDEN, Run, RunId};

/// What a resumed run goes on with.
struct Resumed {
    run: Run,
    pack: Arc<Pack>,
    events: Vec<Event>,
}

impl World {
    /// Lets a run that failed or timed out go on from the step at which it did, and drives it to its end, or until it
    /// sleeps.
    pub async fn resume_failed(self: &Arc<Self>, id: &RunId) -> Result<Driven, DriveError> {
        let events = self.store.record(id).await?;
        let Resumed { run, pack, events } = self.begin_again(id, events).await?;
        self.take_up(run, pack, &events).on(true).await
    }

    /// The same for a run that another one waits for; nothing where it cannot be resumed.
    pub(super) async fn resume_failed_child(
        self: &Arc<Self>,
        id: &RunId,
        events: &[Event],
    ) -> Result<Option<Driven>, DriveError> {
        match self.begin_again(id, events.to_vec()).await {
            Ok(Resumed { run, pack, events }) => self.take_up(run, pack, &events).on(true).await.map(Some),
            Err(DriveError::Unresumable { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Commits that a run goes on.
    async fn begin_again(&self, id: &RunId, mut events: Vec<Event>) -> Result<Resumed, DriveError> {
        let refused = |why: Unresumable| DriveError::Unresumable { run: id.clone(), why };
        let keep = keep_before_failure(&events).map_err(refused)?;
        let committed = events.len() as u64;
        let resumed = Event::RunResumed { keep, at: self.clock.now() };
        events.push(resumed.clone());
        let (run, pack) = self.replay(id, &events).await?;
        if holds_hidden(&run, &events) {
            return Err(refused(Unresumable::Secure));
        }
        let mut record = Record::of(&run, committed);
        record.push(resumed);
        record.commit(self, None).await?;
        Ok(Resumed { run, pack, events })
    }
}

/// Whether something in the record of a run stands for a value that is gone.
pub(super) fn holds_hidden(run: &Run, events: &[Event]) -> bool {
    run.plan().facts().usage.hides_anything()
        && serde_json::to_string(events).is_ok_and(|record| record.contains(HIDDEN))
}
