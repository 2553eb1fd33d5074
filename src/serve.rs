//! What feeds the engine: requests that come in ([`listener`]), and questions asked again and again ([`poll`]).

pub mod listener;
pub mod poll;

use cosell_engine::engine::Engine;
use cosell_engine::flow::Trigger;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::environment::EngineSettings;
use crate::failure::Failure;

/// A server at work. Dropping it ends everything at once; [`Server::stop`] lets requests finish.
pub struct Server {
    address: Option<std::net::SocketAddr>,
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
        for (flow, trigger) in polled {
            let poller = poll::Poller::new(engine, flow, trigger, settings.poll_pause()).await?;
            tasks.spawn(poller.run(stopped.clone()));
        }
        Ok(Server { address, stop, tasks })
    }

    /// Where it listens, if it does.
    pub fn address(&self) -> Option<std::net::SocketAddr> {
        self.address
    }

    /// Ends listening and polling, and waits until that is so.
    pub async fn stop(mut self) {
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// The flows that wait for requests, and those that ask, each with its trigger.
fn triggers(engine: &Engine, settings: &EngineSettings) -> (Vec<(String, String)>, Vec<(String, String)>) {
    engine
        .world()
        .pack
        .flows()
        .filter_map(|planned| match &planned.flow.trigger {
            Trigger::Event(event) => {
                Some((event.webhook && settings.webhook, planned.flow.name.clone(), event.name.clone()))
            }
            _ => None,
        })
        .fold((Vec::new(), Vec::new()), |(mut received, mut polled), (webhook, flow, trigger)| {
            if webhook { &mut received } else { &mut polled }.push((flow, trigger));
            (received, polled)
        })
}
