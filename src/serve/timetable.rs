//! Flows that the clock starts.

use std::time::Duration;

use cosell_engine::engine::Engine;
use cosell_engine::flow::Trigger;
use cosell_engine::schedule::Schedule;
use jiff::Timestamp;
use tokio::sync::watch;
use tracing::warn;

/// The longest time until the clock is looked at again: somebody may set it.
const LONGEST_LOOK: Duration = Duration::from_secs(30);
/// The pause before a firing that could not be kept is tried again.
const AGAIN: Duration = Duration::from_secs(5);

/// The schedule of one flow.
pub struct Timetable {
    engine: Engine,
    flow: String,
    schedule: Schedule,
}

/// The schedules of a pack's flows.
pub(super) fn of(engine: &Engine) -> Vec<Timetable> {
    let scheduled = engine.world().pack.flows().filter_map(|planned| match &planned.flow.trigger {
        Trigger::Schedule(trigger) => Some((planned.flow.name.clone(), trigger.schedule.clone())),
        _ => None,
    });
    scheduled.map(|(flow, schedule)| Timetable { engine: engine.clone(), flow, schedule }).collect()
}

impl Timetable {
    /// The flow and when it starts, in words.
    pub(super) fn describe(&self) -> String {
        format!("{} starts {}", self.flow, self.schedule.describe())
    }

    /// Starts the flow at its times, from now on, until it is stopped. What was due before is not made up for.
    pub(super) async fn run(self, mut stopped: watch::Receiver<bool>) {
        let mut last = self.engine.world().clock.now();
        let mut at_once = self.schedule.begins_at_once().then_some(last);
        while let Some(due) = at_once.take().or_else(|| self.schedule.next_after(last)) {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = self.wait(due) => {}
            }
            if let Err(error) = self.engine.fire(&self.flow, due).await {
                warn!(flow = self.flow, %error, "a start by the clock could not be kept; it is tried again");
                tokio::select! {
                    _ = stopped.wait_for(|stopped| *stopped) => return,
                    () = tokio::time::sleep(AGAIN) => {}
                }
                at_once = Some(due);
                continue;
            }
            last = due;
        }
    }

    async fn wait(&self, due: Timestamp) {
        let clock = &self.engine.world().clock;
        while clock.now() < due {
            let rest = Duration::try_from(due.duration_since(clock.now())).unwrap_or_default();
            clock.sleep(rest.min(LONGEST_LOOK)).await;
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
