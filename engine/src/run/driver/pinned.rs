//! The packs that runs began with: a run ends on the pack that it began with, also when another one has come since. What
//! can neither begin nor go on, since its pack or its flow is gone, ends as failed.

use std::sync::Arc;

use indexmap::IndexMap;
use serde_json::Value;
use tokio::sync::Mutex;

use super::{Beginning, DriveError, Driven, World, new_run};
use crate::outcome::Outcome;
use crate::pack::{Pack, PackFiles};
use crate::run::event::{Event, StepError};
use crate::run::{HIDDEN, RunId};
use crate::store::Transition;

/// Older packs that are kept at hand.
const MOST_PACKS: usize = 8;
/// The code of a run whose pack is gone.
const PACK_GONE: &str = "pack_gone";
/// The code of a run whose flow is gone before it began.
const NO_FLOW: &str = "no_flow";

/// Older packs that runs still follow, by content. The lock is held while one is read, so that it is read once.
#[derive(Default)]
pub(super) struct Pinned(Mutex<IndexMap<String, Arc<Pack>>>);

impl World {
    /// The pack of that content: the one of new runs, or an older one from the store, checked with the connectors of
    /// today.
    pub async fn pack_of(&self, content: &str) -> Result<Arc<Pack>, DriveError> {
        // A record that names no pack follows the one there is.
        if content.is_empty() || content == self.pack.content() {
            return Ok(Arc::clone(&self.pack));
        }
        let mut packs = self.pinned.0.lock().await;
        if let Some(known) = packs.get(content) {
            return Ok(Arc::clone(known));
        }
        let pack = Arc::new(self.read_pack(content).await?);
        if packs.len() >= MOST_PACKS {
            packs.shift_remove_index(0);
        }
        packs.insert(content.to_owned(), Arc::clone(&pack));
        Ok(pack)
    }

    async fn read_pack(&self, content: &str) -> Result<Pack, DriveError> {
        let gone = |why: String| DriveError::PackGone { content: content.to_owned(), why };
        let kept = self.store.pack(content).await?.ok_or_else(|| gone("the store does not have it".to_owned()))?;
        let (files, settings) =
            PackFiles::of_kept(&kept).ok_or_else(|| gone("what the store has is not a pack".to_owned()))?;
        let checked = files.check("", &settings, &self.connectors);
        checked.map_err(|problems| {
            gone(format!("it does not fit the connectors of today: {} problems", problems.errors()))
        })
    }

    /// Ends a run that cannot go on, so that it is found among the failed ones.
    pub(super) async fn end_without_pack(
        &self,
        id: &RunId,
        events: &[Event],
        content: String,
        why: String,
    ) -> Result<Driven, DriveError> {
        let gone = DriveError::PackGone { content, why };
        if matches!(events.last(), Some(Event::RunFinished { .. })) {
            return Err(gone);
        }
        let message = format!("{gone}; resubmit the run's event, then a run of the pack of today is made for it");
        let error = StepError { code: PACK_GONE.to_owned(), ..StepError::value("trigger", message) };
        let finished = Event::RunFinished { outcome: Outcome::Failed, error: Some(error), at: self.clock.now() };
        let after = events.len() as u64;
        let transition = Transition { run: id.clone(), after, events: vec![finished], ..Transition::default() };
        self.commit(&transition).await?;
        // Where the flow still exists, its plan of today can say how the run ended.
        let Some(started @ Event::RunStarted { flow, .. }) = events.first() else { return Err(gone) };
        let mut run = new_run(id.clone(), flow, &self.pack).map_err(|_| gone)?;
        run.apply(started)?;
        transition.events.iter().try_for_each(|event| run.apply(event))?;
        Ok(Driven::Ended(Box::new(run)))
    }

    /// Records a run for an event whose flow the pack of today does not have, so that it is found among the failed ones;
    /// `secure`: whether the event must not be kept in clear text. Without a flow there is no run to hand back, so the
    /// error is what this gives.
    pub async fn end_without_flow(&self, beginning: Beginning, secure: bool) -> Result<Driven, DriveError> {
        let gone = DriveError::NoFlow(beginning.flow.clone());
        let message = format!("{gone}; when it has it again, resubmit the run's event");
        let error = StepError { code: NO_FLOW.to_owned(), ..StepError::value("trigger", message) };
        self.end_unbegun(beginning, secure, Outcome::Failed, error).await?;
        Err(gone)
    }

    /// Records a run for an event that is to have none, so that it is found; `secure`: whether the event must not be kept
    /// in clear text.
    pub(crate) async fn end_unbegun(
        &self,
        beginning: Beginning,
        secure: bool,
        outcome: Outcome,
        error: StepError,
    ) -> Result<(), DriveError> {
        let Beginning { id, flow, trigger, keys, fates, resubmits } = beginning;
        let (pack, at) = (self.pack.content().to_owned(), self.clock.now());
        let finished = Event::RunFinished { outcome, error: Some(error), at };
        let record = |trigger: Value| {
            let (flow, pack, resubmits) = (flow.clone(), pack.clone(), resubmits.clone());
            vec![Event::RunStarted { flow, pack, trigger, resubmits, at }, finished.clone()]
        };
        let shown = secure.then(|| record(Value::from(HIDDEN)));
        let events = record(trigger);
        self.commit(&Transition { run: id, events, shown, fates, keys, ..Transition::default() }).await?;
        Ok(())
    }
}
