//! What may be typed about runs that are kept, and about the store that keeps them.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};
use cosell_engine::outcome::Outcome;
use cosell_engine::store::RunQuery;
use jiff::Timestamp;

use super::PackArgs;
use crate::moment;

/// What to do with runs.
#[derive(Debug, Subcommand)]
pub enum RunsCommand {
    /// Lists runs, the newest first
    List {
        /// Which runs
        #[command(flatten)]
        filter: RunFilter,
        /// At most so many
        #[arg(long, default_value_t = 50)]
        most: usize,
        /// Instead: the events that wait for their runs, the oldest first
        #[arg(long, conflicts_with_all = ["flow", "outcome", "since", "until", "about", "code"])]
        waiting: bool,
        /// Print a line of JSON for each
        #[arg(long)]
        json: bool,
        /// Which store
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Tells what a run did, step by step
    Show {
        /// The run, or the beginning of its id
        id: String,
        /// Print the run and its record as JSON
        #[arg(long)]
        json: bool,
        /// Which store
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Starts a new run for the same event; of many, those that failed or timed out
    Resubmit(OrderArgs),
    /// Ends runs that are under way, or an event that waits (`event/17`)
    Cancel(OrderArgs),
    /// Goes on with failed runs from the step that failed
    Resume(OrderArgs),
}

/// Which runs something is to be done with, and how.
#[derive(Debug, Args)]
pub struct OrderArgs {
    /// The run, or the beginning of its id
    #[arg(conflicts_with_all = ["flow", "outcome", "since", "until", "about", "code", "most"])]
    pub id: Option<String>,
    /// Instead: all to which this applies
    #[command(flatten)]
    pub filter: RunFilter,
    /// At most so many, the newest
    #[arg(long)]
    pub most: Option<usize>,
    /// Do it; without this, what would be done is told
    #[arg(long)]
    pub yes: bool,
    /// Do all at once, and wait for none: without this, the others follow when the first has succeeded
    #[arg(long)]
    pub no_canary: bool,
    /// Which store
    #[command(flatten)]
    pub store: StoreArgs,
}

/// Which runs: those to which all of it applies.
#[derive(Debug, Clone, Default, Args)]
pub struct RunFilter {
    /// Of this flow
    #[arg(long)]
    pub flow: Option<String>,
    /// That ended so, or have not ended
    #[arg(long, value_enum)]
    pub outcome: Option<OutcomeFilter>,
    /// Begun then or later: `2h`, `3 days`, `2026-11-20`, `2026-11-20T08:00` (UTC)
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub since: Option<Timestamp>,
    /// Begun before then
    #[arg(long, value_name = "TIME", value_parser = moment::parse)]
    pub until: Option<Timestamp>,
    /// About this: `deal/17`, or `17`
    #[arg(long, value_name = "NAME")]
    pub about: Option<String>,
    /// Failed with this code
    #[arg(long)]
    pub code: Option<String>,
}

/// How a run ended, or that it has not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum OutcomeFilter {
    /// It did what it should
    Succeeded,
    /// It did not
    Failed,
    /// It had nothing to do
    Skipped,
    /// It took too long
    #[value(alias = "timed-out")]
    TimedOut,
    /// It was ended from outside
    Cancelled,
    /// It has not ended: it is under way, or sleeps
    Running,
}

/// Which store.
#[derive(Debug, Args)]
pub struct StoreArgs {
    /// The file that keeps the runs; else that of the environment, else `cosell.db` in this folder
    #[arg(long, value_name = "FILE", env = "COSELL_STORE")]
    pub store: Option<PathBuf>,
    /// The pack whose environment names the store
    #[command(flatten)]
    pub pack: PackArgs,
}

impl RunFilter {
    /// Whether it says nothing: all runs are meant.
    pub fn is_empty(&self) -> bool {
        let RunFilter { flow, outcome, since, until, about, code } = self;
        flow.is_none() && outcome.is_none() && since.is_none() && until.is_none() && about.is_none() && code.is_none()
    }

    /// The question to the store.
    pub fn query(&self, most: Option<usize>) -> RunQuery {
        let outcome = self.outcome.and_then(OutcomeFilter::outcome);
        RunQuery {
            flow: self.flow.clone(),
            outcome,
            ended: self.outcome.map(|outcome| outcome != OutcomeFilter::Running),
            since: self.since,
            until: self.until,
            about: self.about.clone(),
            code: self.code.clone(),
            most,
            ..RunQuery::default()
        }
    }
}

impl OutcomeFilter {
    /// The outcome; none of a run that has not ended.
    fn outcome(self) -> Option<Outcome> {
        match self {
            OutcomeFilter::Succeeded => Some(Outcome::Succeeded),
            OutcomeFilter::Failed => Some(Outcome::Failed),
            OutcomeFilter::Skipped => Some(Outcome::Skipped),
            OutcomeFilter::TimedOut => Some(Outcome::TimedOut),
            OutcomeFilter::Cancelled => Some(Outcome::Cancelled),
            OutcomeFilter::Running => None,
        }
    }
}
