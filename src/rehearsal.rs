//! A rehearsal: sandbox, engine and server together, with people who act on both sides.
//!
//! The demo plays on it, and so do the tests and the benchmark.

pub mod people;

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::clock::{Clock, SystemClock};
use cosell_engine::engine::Engine;
use cosell_engine::outcome::Outcome;
use cosell_engine::run::Run;
use cosell_engine::store::MemoryStore;
use cosell_sandbox::Sandbox;
use serde_json::json;
use tokio::time::Instant;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::serve::{Server, listener};
use crate::{host, sandboxed};

pub use people::People;

/// The flow that registers the webhook.
pub const REGISTRATION: &str = "partner-center-webhook-registration";

/// Seconds between two polls: somebody is waiting.
const POLL_EVERY: f64 = 0.05;
/// How long nothing must happen for all to be quiet, and the longest that it may take.
const QUIET: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(300);

/// Everything together, at work.
pub struct Rehearsal {
    /// The people.
    pub people: People,
    /// The engine.
    pub engine: Engine,
    /// What feeds it.
    pub server: Server,
    /// The services.
    pub sandbox: Sandbox,
}

impl Rehearsal {
    /// Starts sandbox, engine and server. The webhook is not registered yet.
    pub async fn start(opened: &Opened, environment: Environment) -> Result<Rehearsal, Failure> {
        Rehearsal::with_clock(opened, environment, Arc::new(SystemClock)).await
    }

    /// The same with a clock of one's own, so that the engine's waits take no time.
    pub async fn with_clock(
        opened: &Opened,
        environment: Environment,
        clock: Arc<dyn Clock>,
    ) -> Result<Rehearsal, Failure> {
        let (sandbox, mut environment) = sandboxed::start(opened, environment).await?;
        environment.engine.poll_every = POLL_EVERY;
        let engine = host::engine_with(opened, &environment, Arc::new(MemoryStore::new()), clock).await?;
        let server = Server::start(&engine, &environment.engine).await?;
        Ok(Rehearsal { people: People::new(&sandbox), engine, server, sandbox })
    }

    /// Where the engine takes the events of Partner Center; `None` where it polls.
    pub fn endpoint(&self) -> Option<String> {
        self.server.address().map(|address| format!("http://{address}{}", listener::path("events.referral")))
    }

    /// Registers the webhook by running its flow.
    pub async fn register(&self) -> Result<(), Failure> {
        let endpoint = self.endpoint().ok_or_else(|| Failure::Data("the pack has no flow for events".to_owned()))?;
        register(&self.engine, &endpoint).await
    }

    /// Waits until no event is on its way and no run is under way, for a while.
    pub async fn quiet(&self) -> Result<(), Failure> {
        let mut ended = self.engine.ended_runs();
        let deadline = Instant::now() + LONGEST;
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET {
            if Instant::now() > deadline {
                return Err(Failure::World("the runs did not come to rest".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.engine.idle().await;
            let mut news = self.people.deliveries_waiting().await? > 0;
            while !matches!(ended.try_recv(), Err(tokio::sync::broadcast::error::TryRecvError::Empty)) {
                news = true;
            }
            if news {
                quiet_since = Instant::now();
            }
        }
        Ok(())
    }

    /// Ends everything.
    pub async fn stop(self) {
        self.server.stop().await;
        self.sandbox.stop().await;
    }
}

/// Runs the registration flow for an endpoint.
pub async fn register(engine: &Engine, endpoint: &str) -> Result<(), Failure> {
    let run = engine.run_now(REGISTRATION, json!({ "endpoint": endpoint })).await.map_err(Failure::world)?;
    match failure_of(&run) {
        Some(error) => Err(Failure::World(format!("the webhook could not be registered: {error}"))),
        None => Ok(()),
    }
}

/// Why a run did not succeed.
fn failure_of(run: &Run) -> Option<String> {
    let ended = run.ended()?;
    match (&ended.error, ended.outcome) {
        (Some(error), _) => Some(error.to_string()),
        (None, Outcome::Succeeded) => None,
        (None, outcome) => Some(outcome.to_string()),
    }
}
