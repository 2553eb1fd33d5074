//! The rehearsal as a stage: scenes are announced, and what happened is told.

use std::sync::Arc;

use cosell_engine::run::{Event, Run};
use tokio::sync::broadcast;

use super::Pair;
use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::rehearsal::{People, Rehearsal};
use crate::{narrate, print};

/// Everything that the demo needs.
pub(super) struct Stage {
    rehearsal: Rehearsal,
    ended: broadcast::Receiver<Arc<Run>>,
    scenes: u32,
}

impl Stage {
    /// Starts sandbox and engine, and registers the webhook by running its flow.
    pub(super) async fn set() -> Result<Stage, Failure> {
        let opened = Opened::new("dynamics365")?;
        let rehearsal = Rehearsal::start(&opened, Environment::default()).await?;
        let ended = rehearsal.engine.ended_runs();
        let mut stage = Stage { rehearsal, ended, scenes: 0 };
        stage.introduce();
        stage.scene("The operator registers the engine's address for Partner Center's events");
        stage.rehearsal.register().await?;
        stage.tell().await?;
        Ok(stage)
    }

    /// The people who act.
    pub(super) fn people(&self) -> &People {
        &self.rehearsal.people
    }

    fn introduce(&self) {
        let addresses = self.rehearsal.sandbox.addresses();
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
        self.rehearsal.quiet().await?;
        while let Ok(run) = self.ended.try_recv() {
            let world = self.rehearsal.engine.world();
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

    /// An opportunity and its referral.
    pub(super) async fn pair_of_opportunity(&self, id: &str) -> Result<Pair, Failure> {
        let opportunity = self.people().opportunity(id).await?;
        let referral = self.people().referral(&narrate::shown(&opportunity["cosell_referralid"])).await?;
        Ok(Pair { referral, opportunity })
    }

    /// A referral and its opportunity.
    pub(super) async fn pair_of_referral(&self, id: &str) -> Result<Pair, Failure> {
        let referral = self.people().referral(id).await?;
        let opportunity = self.people().opportunity(&narrate::shown(&referral["externalReferenceId"])).await?;
        Ok(Pair { referral, opportunity })
    }

    /// One opportunity and one referral a deal, and Microsoft's copy of the one that asked for help.
    pub(super) async fn count_records(&self) -> Result<(), Failure> {
        let (opportunities, referrals) = self.people().count().await?;
        print::line(format!("  {opportunities} opportunities; {referrals} referrals, one of them Microsoft's copy"));
        if (opportunities, referrals) == (2, 3) {
            Ok(())
        } else {
            Err(Failure::Data("there should be 2 opportunities and 3 referrals".to_owned()))
        }
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        self.rehearsal.stop().await;
    }
}
