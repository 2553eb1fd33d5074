//! Sandbox, engine and person together, and the timing of one event.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cosell::environment::Environment;
use cosell::failure::Failure;
use cosell::packs::Opened;
use cosell::rehearsal::{People, register};
use cosell::serve::{Server, listener};
use cosell::{host, sandboxed};
use cosell_engine::engine::Engine;
use cosell_engine::run::Run;
use cosell_sandbox::Sandbox;
use reqwest::Client;
use serde_json::{Value, json};
use tokio::sync::broadcast;
use tokio::time::timeout;

use crate::PACK;
use crate::catcher::{Catcher, Caught};

/// Seconds between two polls of the CRM: none shall fall into a round.
const POLL_EVERY: f64 = 86_400.0;
/// How long an event may take before the benchmark is given up.
const PATIENCE: Duration = Duration::from_secs(20);

/// A sandbox that has started, the engine's environment, and when that was.
pub(crate) struct Start {
    pub(crate) began: Instant,
    pub(crate) sandbox_ready: Instant,
    opened: Opened,
    sandbox: Sandbox,
    environment: Environment,
}

impl Start {
    pub(crate) async fn new() -> Result<Start, Failure> {
        let began = Instant::now();
        let opened = Opened::new(PACK)?;
        let (sandbox, mut environment) = sandboxed::start(&opened, Environment::default()).await?;
        environment.engine.listen = ([127, 0, 0, 1], 0).into();
        environment.engine.poll_every = POLL_EVERY;
        Ok(Start { began, sandbox_ready: Instant::now(), opened, sandbox, environment })
    }
}

/// How long one event took until nothing was left to do.
pub(crate) struct Times {
    /// From its POST to the engine's listener.
    pub(crate) from_post: Duration,
    /// From the person's change, with the sandbox's part and one POST more than in earnest, to the catcher.
    pub(crate) from_change: Duration,
}

/// A deal and its opportunity, by their ids.
pub(crate) struct Pair {
    deal: String,
    opportunity: String,
}

/// Everything at work.
pub(crate) struct Stage {
    http: Client,
    people: People,
    catcher: Catcher,
    listener: String,
    engine: Engine,
    server: Server,
    sandbox: Sandbox,
    ended: broadcast::Receiver<Arc<Run>>,
}

impl Stage {
    /// Starts the engine, and registers the catcher for the events.
    pub(crate) async fn set(start: Start) -> Result<Stage, Failure> {
        let Start { opened, sandbox, environment, .. } = start;
        let engine = host::engine(&opened, &environment).await?;
        let server = Server::start(&engine, &environment.engine).await?;
        let address = server.address().ok_or_else(|| Failure::Data("the pack has no flow for events".to_owned()))?;
        let catcher = Catcher::start().await?;
        register(&engine, &catcher.address).await?;
        let http = Client::builder().no_proxy().build().map_err(Failure::world)?;
        Ok(Stage {
            people: People::new(&sandbox),
            http,
            catcher,
            listener: format!("http://{address}{}", listener::path("events.referral")),
            ended: engine.ended_runs(),
            engine,
            server,
            sandbox,
        })
    }

    /// Brings the first event to the engine, and gives the moment in which it was accepted.
    pub(crate) async fn accept_first(&mut self) -> Result<Instant, Failure> {
        self.people.create_deal(&new_deal()).await?;
        let event = self.caught().await?;
        self.hand_on(event).await?;
        let accepted = Instant::now();
        self.run_ended().await?;
        Ok(accepted)
    }

    /// Creates a deal, and lets the engine create its opportunity.
    pub(crate) async fn create_pair(&mut self) -> Result<Pair, Failure> {
        let deal = self.people.create_deal(&new_deal()).await?;
        let event = self.caught().await?;
        self.hand_on(event).await?;
        self.run_ended().await?;
        // The CRM's id was written to the deal; the event of that must not meet the first round.
        while self.people.deliveries_waiting().await? > 0 {
            tokio::task::yield_now().await;
        }
        self.catcher.forget();
        let referral = self.people.referral(&deal).await?;
        let opportunity = referral["externalReferenceId"].as_str().unwrap_or_default().to_owned();
        Ok(Pair { deal, opportunity })
    }

    /// Changes a deal's value in Partner Center, and times its way into the CRM.
    pub(crate) async fn change_value(&mut self, pair: &Pair, value: u32) -> Result<Times, Failure> {
        // A line of audit that stands there already, with the same minute, would not be written again.
        self.people.change_opportunity(&pair.opportunity, &json!({ "cosell_audit": null })).await?;
        let changed = Instant::now();
        self.people.change_deal(&pair.deal, &json!({ "dealValue": value })).await?;
        let event = self.caught().await?;
        let posted = Instant::now();
        self.hand_on(event).await?;
        self.run_ended().await?;
        self.engine.idle().await;
        let times = Times { from_post: posted.elapsed(), from_change: changed.elapsed() };
        self.look_for(pair, value).await?;
        Ok(times)
    }

    /// A time counts only if the value has arrived and one line of audit was written.
    async fn look_for(&self, pair: &Pair, value: u32) -> Result<(), Failure> {
        let row = self.people.opportunity(&pair.opportunity).await?;
        let (found, audit) = (&row["estimatedvalue"], row["cosell_audit"].as_str().unwrap_or_default());
        if found.as_f64() == Some(f64::from(value)) && audit.lines().count() == 1 {
            return Ok(());
        }
        Err(Failure::Data(format!("after a change to {value} the CRM has {found}, and the audit `{audit}`")))
    }

    /// Ends everything.
    pub(crate) async fn strike(self) {
        self.server.stop().await;
        self.engine.idle().await;
        self.sandbox.stop().await;
    }

    async fn caught(&mut self) -> Result<Caught, Failure> {
        in_time("the event of Partner Center", self.catcher.next()).await?
    }

    /// Posts an event to the engine's listener, which accepts it.
    async fn hand_on(&self, event: Caught) -> Result<(), Failure> {
        let request = self.http.post(&self.listener).headers(event.headers).body(event.body);
        let response = request.send().await.map_err(Failure::world)?;
        response.error_for_status().map(|_| ()).map_err(Failure::world)
    }

    async fn run_ended(&mut self) -> Result<(), Failure> {
        let run = in_time("the end of a run", self.ended.recv()).await?;
        let run = run.map_err(Failure::world)?;
        succeeded(&run)
    }
}

fn new_deal() -> Value {
    json!({ "name": "Harbour pilot", "dealValue": 30_000, "currency": "EUR" })
}

async fn in_time<T>(what: &str, work: impl Future<Output = T>) -> Result<T, Failure> {
    timeout(PATIENCE, work).await.map_err(|_| Failure::World(format!("{what} did not come in {PATIENCE:?}")))
}

fn succeeded(run: &Run) -> Result<(), Failure> {
    match run.ended().and_then(|ended| ended.error.as_ref()) {
        Some(error) => Err(Failure::Data(format!("a run failed: {error}"))),
        None => Ok(()),
    }
}
