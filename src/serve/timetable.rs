//! Flows that the clock starts.
//!
//! The store knows the last time at which each schedule fired, and keeps it together with the event. So what was due
//! while nobody looked is known at the next start: since the process did not run, or the machine slept. A time that has
//! fired once does not fire again when the clock is set back: its event has the time for a key.

use cosell_engine::document::MissedDocument;
use cosell_engine::engine::{Engine, schedule_cursor};
use cosell_engine::flow::{ScheduleTrigger, Trigger};
use cosell_engine::store::StoreError;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tracing::{info, warn};

use super::wait_until;

/// The pause before a firing that could not be kept is tried again.
const AGAIN: SignedDuration = SignedDuration::from_secs(5);
/// How late a firing may be without being missed: the process was busy.
const LATE: SignedDuration = SignedDuration::from_mins(1);
/// Missed firings that are caught up at most.
const MOST_MISSED: usize = 1_000;

/// The schedule of one flow.
pub struct Timetable {
    engine: Engine,
    flow: String,
    /// The time that fired last, or from which on it counts.
    last: Option<Timestamp>,
}

/// The schedules of a pack's flows, each where the store says that it goes on.
pub(super) fn of(engine: &Engine) -> Vec<Timetable> {
    let scheduled = engine.world().pack.flows().map(|planned| &planned.flow);
    let scheduled = scheduled.filter(|flow| matches!(flow.trigger, Trigger::Schedule(_)));
    scheduled
        .map(|flow| {
            let last = engine.cursor(&schedule_cursor(&flow.name, Timestamp::UNIX_EPOCH).name);
            let last = last.and_then(|last| last.as_str()?.parse().ok());
            Timetable { engine: engine.clone(), flow: flow.name.clone(), last }
        })
        .collect()
}

impl Timetable {
    /// The flow and when it starts, in words.
    pub(super) fn describe(&self) -> String {
        let when = self.trigger().map(|trigger| trigger.schedule.describe());
        format!("{} starts {}", self.flow, when.unwrap_or_default())
    }

    fn trigger(&self) -> Option<&ScheduleTrigger> {
        match &self.engine.world().pack.flow(&self.flow)?.flow.trigger {
            Trigger::Schedule(trigger) => Some(trigger),
            _ => None,
        }
    }

    /// Starts the flow at its times until it is stopped, or there are no more of them.
    pub(super) async fn run(mut self, mut stopped: watch::Receiver<bool>) {
        let clock = self.engine.world().clock.clone();
        loop {
            let next = match self.fire_what_is_due().await {
                Ok(Some(next)) => next,
                Ok(None) => return,
                Err(error) => {
                    warn!(flow = self.flow, %error, "a start by the clock could not be kept; it is tried again");
                    clock.now().checked_add(AGAIN).unwrap_or(Timestamp::MAX)
                }
            };
            if !wait_until(clock.as_ref(), next, &mut stopped).await {
                return;
            }
        }
    }

    /// Starts the flow for what is due now; gives when the next time is.
    async fn fire_what_is_due(&mut self) -> Result<Option<Timestamp>, StoreError> {
        let now = self.engine.world().clock.now();
        let Some(ScheduleTrigger { schedule, missed, .. }) = self.trigger() else { return Ok(None) };
        let (schedule, missed) = (schedule.clone(), *missed);
        let last = match self.last {
            None if schedule.begins_at_once() => {
                self.engine.fire(&self.flow, &[now]).await?;
                now
            }
            None => {
                self.engine.keep_cursor(schedule_cursor(&self.flow, now)).await?;
                now
            }
            // The clock was set back.
            Some(last) if last > now => now,
            Some(last) => {
                let due = schedule.between(last, now, MOST_MISSED);
                self.fire(&due, missed, now).await?;
                due.last().copied().unwrap_or(last)
            }
        };
        self.last = Some(last);
        Ok(schedule.next_after(last))
    }

    async fn fire(&self, due: &[Timestamp], missed: MissedDocument, now: Timestamp) -> Result<(), StoreError> {
        let is_late = |due: &Timestamp| now.duration_since(*due) > LATE;
        let late = due.partition_point(is_late);
        let wanted = match missed {
            MissedDocument::All => due,
            MissedDocument::Once => &due[late.min(due.len().saturating_sub(1))..],
            MissedDocument::Skip => &due[late..],
        };
        if late > 0 {
            info!(flow = self.flow, missed = late, caught_up = wanted.len(), "times were missed");
        }
        match (wanted, due.last()) {
            ([], Some(last)) => self.engine.keep_cursor(schedule_cursor(&self.flow, *last)).await,
            (wanted, _) => self.engine.fire(&self.flow, wanted).await.map(drop),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, clippy::panic, reason = "a test may panic")]

    use std::sync::Arc;

    use cosell_engine::clock::VirtualClock;
    use cosell_engine::connector::Connectors;
    use cosell_engine::engine::Engine;
    use cosell_engine::pack::PackFiles;
    use cosell_engine::run::Event;
    use cosell_engine::run::driver::World;
    use cosell_engine::store::MemoryStore;
    use indexmap::IndexMap;
    use tokio::sync::watch;

    /// When the first runs of a flow with that schedule begin, from eight o'clock on.
    async fn starts(schedule: &str) -> Vec<String> {
        let flow = format!("flow: timed\ntrigger: {{ schedule: {{ {schedule} }} }}\nsteps:\n  a: {{ compose: 1 }}\n");
        let pack = "pack: timed\nversion: 1.0.0\n".to_owned();
        let files = PackFiles(IndexMap::from([("pack.yaml".to_owned(), pack), ("flow.yaml".to_owned(), flow)]));
        let connectors = Connectors::default();
        let engine = Engine::new(World::new(
            Arc::new(files.check("", &IndexMap::new(), &connectors).unwrap_or_else(|wrong| panic!("{wrong}"))),
            connectors,
            Arc::new(MemoryStore::new()),
            Arc::new(VirtualClock::at("2026-03-02T08:00:00Z".parse().unwrap())),
        ));
        let mut ended = engine.ended_runs();
        let (stop, stopped) = watch::channel(false);
        let timetable = super::of(&engine).pop().unwrap();
        let task = tokio::spawn(timetable.run(stopped));
        let mut starts = Vec::new();
        while starts.len() < 3 {
            let run = ended.recv().await.unwrap();
            let record = engine.world().store.record(run.id()).await.unwrap();
            let Some(Event::RunStarted { at, .. }) = record.first() else { panic!("the run has no beginning") };
            starts.push(at.strftime("%d %H:%M").to_string());
        }
        stop.send(true).unwrap();
        task.await.unwrap();
        starts
    }

    #[tokio::test]
    async fn a_flow_starts_at_its_times() {
        assert_eq!(starts("every: 90 minutes").await, ["02 08:00", "02 09:30", "02 11:00"]);
        assert_eq!(starts("every: day, at: [\"06:30\"]").await, ["03 06:30", "04 06:30", "05 06:30"]);
        assert_eq!(starts("cron: \"0 9 * * *\"").await, ["02 09:00", "03 09:00", "04 09:00"]);
    }
}
