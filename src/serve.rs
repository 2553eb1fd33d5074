//! What feeds the engine: requests that come in ([`listener`]), questions asked again and again ([`poll`]), and the
//! clock ([`timetable`]).

pub mod listener;
pub mod poll;
pub mod timetable;

use cosell_engine::engine::Engine;
use cosell_engine::flow::Trigger;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::environment::EngineSettings;
use crate::failure::Failure;

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
