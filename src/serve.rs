//! What feeds the engine: requests that come in ([`listener`]), questions asked again and again ([`poll`]), the
//! clock ([`timetable`]), and sweeps for what was missed ([`reconcile`]). Beside them somebody looks whether events are
//! still sent here (`registration.rs`).

pub mod listener;
pub mod poll;
pub mod reconcile;
mod registration;
pub mod timetable;

use cosell_engine::clock::Clock;
use cosell_engine::engine::Engine;
use cosell_engine::flow::Trigger;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::environment::EngineSettings;
use crate::failure::Failure;

/// The longest time until the clock is looked at again: somebody may set it, and a machine that slept does not count the
/// time in between.
const LONGEST_LOOK: SignedDuration = SignedDuration::from_secs(30);

/// A server at work. Dropping it ends everything at once; [`Server::stop`] lets requests finish.
pub struct Server {
    address: Option<std::net::SocketAddr>,
    polled: Vec<String>,
    scheduled: Vec<String>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Server {
    /// Starts to listen and to poll, as the flows and the settings want it.
    pub async fn start(engine: &Engine, settings: &EngineSettings) -> Result<Server, Failure> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        let mut address = None;
        let (received, polled) = triggers(engine, settings);
        if !received.is_empty() {
            address = Some(listener::start(engine, settings, stopped.clone(), &mut tasks).await?);
        }
        if let Some(lookout) = registration::of(engine, settings, &received) {
            tasks.spawn(lookout.run(stopped.clone()));
        }
        let names = polled.iter().map(|fed| fed.trigger.clone()).collect();
        for Fed { flow, trigger } in polled {
            let poller = poll::Poller::new(engine, flow, trigger, settings.poll_pause()).await?;
            tasks.spawn(poller.run(stopped.clone()));
        }
        let timetables = timetable::of(engine);
        let scheduled = timetables.iter().map(timetable::Timetable::describe).collect();
        for timetable in timetables {
            tasks.spawn(timetable.run(stopped.clone()));
        }
        for reconciler in reconcile::of(engine) {
            tasks.spawn(reconciler.run(stopped.clone()));
        }
        Ok(Server { address, polled: names, scheduled, stop, tasks })
    }

    /// Where it listens, if it does.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.address
    }

    /// The triggers that it asks for, instead of being told.
    pub fn polled(&self) -> &[String] {
        &self.polled
    }

    /// The flows that the clock starts, each with when, in words.
    pub fn scheduled(&self) -> &[String] {
        &self.scheduled
    }

    /// Ends listening, polling and schedules, and waits until that is so.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Waits until it is that time, but no longer than the longest look: the caller asks again what is due. False where it
/// was stopped before.
async fn wait_until(clock: &dyn Clock, time: Timestamp, stopped: &mut watch::Receiver<bool>) -> bool {
    let look = clock.now().checked_add(LONGEST_LOOK).unwrap_or(Timestamp::MAX);
    tokio::select! {
        biased;
        _ = stopped.wait_for(|stopped| *stopped) => false,
        () = clock.reached(time.min(look)) => true,
    }
}

/// A flow that events start, and its trigger.
struct Fed {
    flow: String,
    trigger: String,
}

/// The flows that events start: those that wait for requests, and those that ask.
fn triggers(engine: &Engine, settings: &EngineSettings) -> (Vec<Fed>, Vec<Fed>) {
    let (mut received, mut polled) = (Vec::new(), Vec::new());
    for planned in engine.world().pack.flows() {
        if let Trigger::Event(event) = &planned.flow.trigger {
            let fed = Fed { flow: planned.flow.name.clone(), trigger: event.name.clone() };
            if event.webhook && settings.webhook { &mut received } else { &mut polled }.push(fed);
        }
    }
    (received, polled)
}
