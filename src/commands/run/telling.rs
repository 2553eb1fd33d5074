//! What runs did, told as they end: in full as long as somebody can read it, else in numbers.

use std::sync::Arc;
use std::time::Duration;

use cosell_engine::engine::Engine;
use cosell_engine::outcome::Outcome;
use cosell_engine::run::{Event, Run};
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::{narrate, print};

/// The most runs of a second that are told in full: nobody reads more, and telling takes longer than running.
const MOST_TOLD: u32 = 20;
const SECOND: Duration = Duration::from_secs(1);

/// Tells what runs did until it is stopped.
pub(super) struct Telling {
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Telling {
    /// Tells of the runs that end from now on. Other commands see them only where they are kept.
    pub(super) fn start(engine: &Engine, are_kept: bool) -> Telling {
        let (stop, stopped) = oneshot::channel();
        let ended = engine.ended_runs();
        Telling { stop, task: tokio::spawn(tell(engine.clone(), are_kept, ended, stopped)) }
    }

    /// Tells of those that have ended until now, and no more.
    pub(super) async fn stop(self) {
        let _ = self.stop.send(());
        let _ = self.task.await;
    }
}

async fn tell(
    engine: Engine,
    are_kept: bool,
    mut ended: broadcast::Receiver<Arc<Run>>,
    mut stopped: oneshot::Receiver<()>,
) {
    let mut second = tokio::time::interval(SECOND);
    let mut told = 0;
    let mut untold = Untold::default();
    loop {
        tokio::select! {
            biased;
            _ = second.tick() => {
                std::mem::take(&mut untold).tell();
                told = 0;
            }
            result = ended.recv() => match result {
                Ok(run) if told < MOST_TOLD => {
                    told += 1;
                    tell_one(&engine, &run, are_kept).await;
                }
                Ok(run) => untold.count(&run),
                Err(RecvError::Lagged(missed)) => untold.missed += missed,
                Err(RecvError::Closed) => return untold.tell(),
            },
            _ = &mut stopped => return untold.tell(),
        }
    }
}

async fn tell_one(engine: &Engine, run: &Run, is_kept: bool) {
    let Some(ended) = run.ended() else { return };
    let world = engine.world();
    let Ok(record) = world.store.record(run.id()).await else { return };
    let Some(Event::RunStarted { flow, at, .. }) = record.first() else { return };
    let took = ended.at.duration_since(*at).as_millis();
    print::line(format!("{}  {flow}: {} in {took} ms", ended.at.strftime("%H:%M:%S"), ended.outcome));
    if let Ok(deeds) = narrate::deeds(world, run.id()).await {
        if deeds.is_empty() {
            print::line("          = nothing to do");
        }
        narrate::lines(&deeds).iter().for_each(|line| print::line(format!("          {line}")));
    }
    if is_kept && matches!(ended.outcome, Outcome::Failed | Outcome::TimedOut) {
        print::line(format!("          `cosell runs show {}` tells more", run.id()));
    }
}

/// Runs of one second that are not told one by one.
#[derive(Default)]
struct Untold {
    succeeded: u64,
    others: u64,
    /// Those that ended faster than they could be counted.
    missed: u64,
}

impl Untold {
    fn count(&mut self, run: &Run) {
        match run.ended().map(|ended| ended.outcome) {
            Some(Outcome::Succeeded) => self.succeeded += 1,
            _ => self.others += 1,
        }
    }

    fn tell(self) {
        let Untold { succeeded, others, missed } = self;
        if succeeded + others + missed == 0 {
            return;
        }
        let missed = if missed > 0 { format!(", {missed} were not counted") } else { String::new() };
        print::line(format!("          … and more runs: {succeeded} succeeded, {others} did not{missed}"));
    }
}
