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
        while let Some(due) = self.schedule.next_after(last) {
            tokio::select! {
                _ = stopped.wait_for(|stopped| *stopped) => return,
                () = self.wait(due) => {}
            }
            if let Err(error) = self.engine.fire(&self.flow, due).await {
                warn!(flow = self.flow, %error, "a start by the clock could not be kept; it is tried again");
                tokio::time::sleep(AGAIN).await;
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
