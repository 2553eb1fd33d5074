//! `cosell runs`: what is kept of runs, and what a person may want of them.
//!
//! [`list`], [`show`] and [`waiting`] read the store; [`orders`] leaves orders in it for the engine, which carries them out now or
//! when it starts. All of it works beside an engine.

mod canary;
mod chosen;
mod list;
mod matching;
mod orders;
mod show;
mod story;
mod waiting;

use crate::cli::RunsCommand;
use crate::failure::Failure;
use orders::Wish;

pub(super) async fn runs(command: RunsCommand) -> Result<(), Failure> {
    match command {
        RunsCommand::List { most, waiting: true, json, store, .. } => waiting::list(most, json, &store).await,
        RunsCommand::List { filter, most, json, store, .. } => list::list(&filter, most, json, &store).await,
        RunsCommand::Show { id, json, store } => show::show(&id, json, &store).await,
        RunsCommand::Resubmit(args) => orders::orders(Wish::Resubmit, &args).await,
        RunsCommand::Cancel(args) => orders::orders(Wish::Cancel, &args).await,
        RunsCommand::Resume(args) => orders::orders(Wish::Resume, &args).await,
    }
}
