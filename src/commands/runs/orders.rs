//! `cosell runs resubmit`, `cancel` and `resume`: orders to the engine, for one run or for all that match.
//!
//! Of many the first is the canary: the others follow when it has succeeded. What is ordered is in the store, so it is
//! carried out also when this command is ended, and when an engine starts later.

use cosell_engine::run::RunId;
use cosell_engine::store::{EventId, Order, RunSummary};
use jiff::Timestamp;

use super::canary::Canary;
use super::matching::{Matching, matching};
use super::{chosen, list, waiting};
use crate::cli::{OrderArgs, OutcomeFilter};
use crate::failure::Failure;
use crate::store::Desk;
use crate::{print, store};

/// The most runs of one command.
const MOST_RUNS: usize = 10_000;
/// Orders that are waited for together: after each batch it is told how far things are.
const BATCH: usize = 200;
/// Runs that are shown before anything is done with them.
const MOST_SHOWN: usize = 10;
/// Refused orders that are told one by one.
const MOST_TOLD: usize = 20;

/// What is to be done with a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Wish {
    /// Its event once more.
    Resubmit,
    /// An end.
    Cancel,
    /// To go on from the step that failed.
    Resume,
}

impl Wish {
    fn name(self) -> &'static str {
        match self {
            Wish::Resubmit => "resubmit",
            Wish::Cancel => "cancel",
            Wish::Resume => "resume",
        }
    }

    /// The same as what was done.
    fn done(self) -> &'static str {
        match self {
            Wish::Resubmit => "resubmitted",
            Wish::Cancel => "cancelled",
            Wish::Resume => "resumed",
        }
    }

    pub(super) fn order(self, run: RunId) -> Order {
        match self {
            Wish::Resubmit => Order::Resubmit { run },
            Wish::Cancel => Order::Cancel { run },
            Wish::Resume => Order::Resume { run },
        }
    }

    /// How runs stand that are meant where nothing is said.
    pub(super) fn usual(self) -> &'static [OutcomeFilter] {
        match self {
            Wish::Resubmit | Wish::Resume => &[OutcomeFilter::Failed, OutcomeFilter::TimedOut],
            Wish::Cancel => &[OutcomeFilter::Running],
        }
    }
}

pub(super) async fn orders(wish: Wish, args: &OrderArgs) -> Result<(), Failure> {
    let desk = store::attach(&args.store)?;
    if let Some(event) = args.id.as_deref().and_then(waiting::named).filter(|_| wish == Wish::Cancel) {
        return cancel_event(&desk, event).await;
    }
    if let Some(id) = &args.id {
        let run = chosen::one(desk.store(), id).await?.run;
        refuse_child(wish, &run)?;
        return one(wish, &desk, &run, args.no_canary).await;
    }
    if args.filter.is_empty() {
        let help = "name a run, or say which: `--outcome failed`, `--since 2h`, `--flow`, `--about`, `--code`";
        return Err(Failure::Usage(help.to_owned()));
    }
    let most = args.most.unwrap_or(MOST_RUNS).min(MOST_RUNS);
    let Matching { runs, has_more } = matching(wish, desk.store(), &args.filter, most).await?;
    match runs.as_slice() {
        [] => print::line(format!("there is nothing to {}", wish.name())),
        _ if !args.yes => preview(wish, &runs),
        [first, rest @ ..] if !args.no_canary => {
            if !desk.is_served() {
                let way_out = "start one, or order it for all at once by --no-canary";
                return Err(Failure::Data(format!("no engine is at work, so no canary can be watched; {way_out}")));
            }
            print::line(format!("{} to {}; first, as a canary, {}", runs.len(), wish.name(), first.id));
            one(wish, &desk, first, false).await.map_err(|failure| stopped(failure, rest.len()))?;
            all(wish, &desk, rest).await?;
        }
        runs => all(wish, &desk, runs).await?,
    }
    if has_more {
        print::line(format!("older runs match too; when these are {}, do it again for the others", wish.done()));
    }
    Ok(())
}

async fn cancel_event(desk: &Desk, event: EventId) -> Result<(), Failure> {
    let order = desk.place(&Order::CancelEvent { event }).await?;
    match desk.is_served() {
        true => print::line(desk.result(order).await?),
        false => print::line(desk.waits_for_engine()),
    }
    Ok(())
}

fn refuse_child(wish: Wish, run: &RunSummary) -> Result<(), Failure> {
    let top = list::top(&run.id);
    if top == run.id.0 {
        return Ok(());
    }
    Err(Failure::Usage(format!("`{}` is part of another run: {} `{top}`", run.id, wish.name())))
}

/// A canary that did not succeed, and what that means for the others.
fn stopped(failure: Failure, rest: usize) -> Failure {
    match failure {
        Failure::Data(why) if rest > 0 => Failure::Data(format!("{why}; nothing was done with the other {rest}")),
        failure => failure,
    }
}

fn preview(wish: Wish, runs: &[RunSummary]) {
    list::table(&runs[..runs.len().min(MOST_SHOWN)], Timestamp::now()).iter().for_each(print::line);
    if runs.len() > MOST_SHOWN {
        print::line(format!("… and {} more", runs.len() - MOST_SHOWN));
    }
    let what = if runs.len() == 1 { "1 run".to_owned() } else { format!("{} runs", runs.len()) };
    print::line(format!("{what} would be {}; add --yes to do it", wish.done()));
}

/// Orders it for one run, and waits for what becomes of it.
async fn one(wish: Wish, desk: &Desk, run: &RunSummary, no_canary: bool) -> Result<(), Failure> {
    let canary = Canary::new(wish, desk.store(), run).await?;
    let order = desk.place(&wish.order(run.id.clone())).await?;
    if !desk.is_served() {
        print::line(desk.waits_for_engine());
        return Ok(());
    }
    if no_canary {
        return Ok(());
    }
    print::line(desk.result(order).await?);
    canary.end(desk).await
}

/// Orders it for all of them, and waits until the engine has carried that out.
async fn all(wish: Wish, desk: &Desk, runs: &[RunSummary]) -> Result<(), Failure> {
    let (mut done, mut refused) = (0, 0);
    for batch in runs.chunks(BATCH) {
        let mut orders = Vec::new();
        for run in batch {
            orders.push((&run.id, desk.place(&wish.order(run.id.clone())).await?));
        }
        if !desk.is_served() {
            continue;
        }
        for (run, order) in orders {
            match desk.result(order).await {
                Ok(_) => done += 1,
                Err(Failure::Data(why)) => {
                    refused += 1;
                    if refused <= MOST_TOLD {
                        print::line(format!("✖ {run}: {why}"));
                    }
                }
                Err(failure) => return Err(failure),
            }
        }
        print::line(format!("{} of {} {}", done, runs.len(), wish.done()));
    }
    match refused {
        _ if !desk.is_served() => print::line(desk.waits_for_engine()),
        0 => {}
        _ => return Err(Failure::Data(format!("{refused} of {} could not be {}", runs.len(), wish.done()))),
    }
    Ok(())
}
