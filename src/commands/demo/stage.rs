//! Sandbox, engine and people together, and the telling of what happened.

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::engine::Engine;
use cosell_engine::run::{Event, Run};
use cosell_sandbox::Sandbox;
use tokio::sync::broadcast;
use tokio::time::Instant;

use super::Pair;
use super::people::People;
use crate::commands::run::register;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::serve::{Server, listener};
use crate::{host, narrate, print, sandboxed};

/// Seconds between two polls of the CRM: the audience is waiting.
const POLL_EVERY: f64 = 0.05;
/// How long nothing must happen for a scene to be over, and how long a scene may take.
const QUIET: Duration = Duration::from_millis(200);
const LONGEST_SCENE: Duration = Duration::from_secs(20);

/// Everything that the demo needs.
pub(super) struct Stage {
    pub(super) people: People,
    engine: Engine,
    server: Server,
    sandbox: Sandbox,
    ended: broadcast::Receiver<Arc<Run>>,
    scenes: u32,
}

impl Stage {
    /// Starts sandbox and engine, and registers the webhook by running its flow.
    pub(super) async fn set() -> Result<Stage, Failure> {
        let opened = Opened::new("dynamics365")?;
        let (sandbox, mut environment) = sandboxed::start(&opened, Environment::default()).await?;
        environment.engine.listen = ([127, 0, 0, 1], 0).into();
        environment.engine.poll_every = POLL_EVERY;
        let engine = host::engine(&opened, &environment).await?;
        let ended = engine.ended_runs();
        let server = Server::start(&engine, &environment.engine).await?;
        let address = server.address().ok_or_else(|| Failure::Data("the pack has no flow for events".to_owned()))?;
        let endpoint = format!("http://{address}{}", listener::path("events.referral"));
        let people = People::new(&sandbox);
        let mut stage = Stage { people, engine, server, sandbox, ended, scenes: 0 };
        stage.introduce();
        stage.scene("The operator registers the engine's address for Partner Center's events");
        register(&stage.engine, &endpoint).await?;
        stage.tell().await?;
        Ok(stage)
    }

    fn introduce(&self) {
        let addresses = self.sandbox.addresses();
        print::line("Partner Center, Entra ID and Dynamics 365 are played by the embedded sandbox:");
        print::line(format!(
            "  referrals {}   events {}   CRM {}",
            addresses.referrals, addresses.partner_center, addresses.dataverse
        ));
        print::line(
            "Signs: ✎ written (field  before → after)   = compared, nothing to write   ▸ another flow   ✖ failed",
        );
    }

    /// Says what is about to happen.
    pub(super) fn scene(&mut self, what: &str) {
        self.scenes += 1;
        print::heading(format!("\n{}. {what}", self.scenes));
    }

    /// Waits until all is quiet, then tells what the runs did.
    pub(super) async fn tell(&mut self) -> Result<(), Failure> {
        self.quiet().await?;
        while let Ok(run) = self.ended.try_recv() {
            let world = self.engine.world();
            let record = world.store.record(run.id()).await.map_err(Failure::world)?;
            let Some(Event::RunStarted { flow, .. }) = record.first() else { continue };
            let title = world.pack.flow(flow).map_or(flow.as_str(), |planned| planned.flow.title.as_str());
            print::line(format!("  ▸ {title}"));
            let deeds = narrate::deeds(world, run.id()).await.map_err(Failure::world)?;
            for line in narrate::lines(&deeds) {
                print::line(format!("    {line}"));
            }
            if deeds.is_empty() {
                print::line("    = nothing to do");
            }
            if let Some(error) = run.ended().and_then(|ended| ended.error.as_ref()) {
                return Err(Failure::Data(format!("{title}: {error}")));
            }
        }
        Ok(())
    }

    /// Waits until no event is on its way and no run is under way, for a while.
    async fn quiet(&self) -> Result<(), Failure> {
        let deadline = Instant::now() + LONGEST_SCENE;
        let mut heard = self.ended.len();
        let mut quiet_since = Instant::now();
        while quiet_since.elapsed() < QUIET {
            if Instant::now() > deadline {
                return Err(Failure::World("the runs did not come to rest".to_owned()));
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
            self.engine.idle().await;
            if self.ended.len() != heard || self.people.deliveries_waiting().await? > 0 {
                heard = self.ended.len();
                quiet_since = Instant::now();
            }
        }
        Ok(())
    }

    /// An opportunity and its referral.
    pub(super) async fn pair_of_opportunity(&self, id: &str) -> Result<Pair, Failure> {
        let opportunity = self.people.opportunity(id).await?;
        let referral = self.people.referral(&narrate::shown(&opportunity["cosell_referralid"])).await?;
        Ok(Pair { referral, opportunity })
    }

    /// A referral and its opportunity.
    pub(super) async fn pair_of_referral(&self, id: &str) -> Result<Pair, Failure> {
        let referral = self.people.referral(id).await?;
        let opportunity = self.people.opportunity(&narrate::shown(&referral["externalReferenceId"])).await?;
        Ok(Pair { referral, opportunity })
    }

    /// One opportunity and one referral a deal, and Microsoft's copy of the one that asked for help.
    pub(super) async fn count_records(&self) -> Result<(), Failure> {
        let (opportunities, referrals) = self.people.count().await?;
        print::line(format!("  {opportunities} opportunities; {referrals} referrals, one of them Microsoft's copy"));
        if (opportunities, referrals) == (2, 3) {
            Ok(())
        } else {
            Err(Failure::Data("there should be 2 opportunities and 3 referrals".to_owned()))
        }
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        self.server.stop().await;
        self.sandbox.stop().await;
    }
}
