//! What may be typed.

mod runs;
mod sandbox;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;

pub use runs::{OrderArgs, OutcomeFilter, RunFilter, RunsCommand, StoreArgs};
pub use sandbox::SandboxArgs;

use crate::moment;

/// Keeps Partner Center referrals and a CRM in step, by flows in YAML.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Plays the main job on the embedded sandbox: no account, no configuration
    Demo,
    /// Checks a pack and tells every mistake in its place
    Check {
        /// Which pack
        #[command(flatten)]
        pack: PackArgs,
        /// Print the problems as JSON
        #[arg(long)]
        json: bool,
        /// Take more than Power Automate allows for an error
        #[arg(long)]
        strict_limits: bool,
    },
    /// Signs a person in for a connection: prints an address and a code, and keeps the refresh token
    Connect {
        /// Which connection
        #[arg(value_enum)]
        connection: ConnectionName,
        /// Which pack
        #[command(flatten)]
        pack: PackArgs,
    },
    /// Draws the flows of a pack
    Graph {
        /// Which pack
        #[command(flatten)]
        pack: PackArgs,
        /// Draw this flow only
        #[arg(long)]
        flow: Option<String>,
        /// The language of the picture
        #[arg(long, value_enum, default_value_t = GraphFormat::Mermaid)]
        format: GraphFormat,
    },
    /// Serves: takes webhooks in, polls, and runs flows, until it is stopped
    Run {
        /// Which pack
        #[command(flatten)]
        pack: PackArgs,
        /// Run against the embedded sandbox instead of real services; runs are kept in memory
        #[arg(long)]
        sandbox: bool,
        /// The file that keeps the runs; else that of the variable COSELL_STORE (not with --sandbox), of the
        /// environment, or `cosell.db` in this folder
        #[arg(long, value_name = "FILE")]
        store: Option<PathBuf>,
    },
    /// Serves the sandbox alone: Partner Center, Entra ID and Dataverse, for clients of any kind
    Sandbox(SandboxArgs),
    /// Lists, shows and repeats runs that are kept, also beside an engine at work
    Runs {
        /// What to do with runs
        #[command(subcommand)]
        command: RunsCommand,
    },
    /// Has the engine look for what changed since then, on both sides, as if it had just been told
    Backfill {
        /// Since when: `2h`, `3 days`, `2026-11-20`, `2026-11-20T08:00` (UTC)
        #[arg(long, value_name = "TIME", value_parser = moment::parse)]
        since: Timestamp,
        /// For this flow only
        #[arg(long)]
        flow: Option<String>,
        /// Which store
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Copies the store into a new file, also while an engine works on it
    Backup {
        /// The new file
        file: PathBuf,
        /// Which store
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Looks whether everything is in place, and if not, says why
    Doctor {
        /// Which store
        #[command(flatten)]
        store: StoreArgs,
    },
    /// Runs one flow now and tells what it did; the run is not kept
    Trigger {
        /// The flow's name
        flow: String,
        /// Which pack
        #[command(flatten)]
        pack: PackArgs,
        /// An input: name=value; a value that reads as JSON is taken as such
        #[arg(long = "input", value_name = "NAME=VALUE")]
        inputs: Vec<String>,
        /// Print the run's record as JSON lines
        #[arg(long)]
        json: bool,
    },
    /// Works out an expression, a template or a path, and prints its value as JSON
    Eval(EvalArgs),
    /// Explains a kind of step, a function or another word of flows; without a word, lists them all
    Explain {
        /// `for_each`, `formatDateTime`, `schedule`, `retry` …
        word: Option<String>,
    },
    /// Prints the JSON Schemas of flow, mapping, pack, test and environment files
    Schema {
        /// Print this one only
        #[arg(value_enum)]
        name: Option<SchemaName>,
        /// Write them all into this folder instead
        #[arg(long, value_name = "FOLDER")]
        write: Option<PathBuf>,
    },
    /// Makes packs
    Pack {
        /// What to do with packs
        #[command(subcommand)]
        command: PackCommand,
    },
}

/// What to do with packs.
#[derive(Debug, Subcommand)]
pub enum PackCommand {
    /// Makes a pack of your own, as a copy of ours to customise
    New {
        /// The new pack's name; its folder is made here
        name: String,
        /// The pack to start from
        #[arg(long, default_value = "dynamics365")]
        from: String,
    },
}

/// Which pack, in which environment.
#[derive(Debug, Args)]
pub struct PackArgs {
    /// A pack's folder, or the name of one of ours
    #[arg(long, default_value = "dynamics365")]
    pub pack: String,
    /// The environment file that binds its connections; `environments/local.yaml` in the pack's folder where it exists
    #[arg(long, env = "COSELL_ENVIRONMENT")]
    pub environment: Option<PathBuf>,
}

/// What is to be worked out.
#[derive(Debug, Args)]
pub struct EvalArgs {
    /// Such as "@concat('a', 'b')", "Deal {{trigger.name}}" or "$.trigger.name"; another text is itself
    #[arg(required_unless_present = "jsonl", conflicts_with = "jsonl", allow_hyphen_values = true)]
    pub text: Option<String>,
    /// What it may read: a JSON or YAML file with triggerBody, parameters, variables, outputs, item, now …; `-` reads
    /// standard input
    #[arg(long, value_name = "FILE", conflicts_with = "jsonl")]
    pub with: Option<PathBuf>,
    /// Read lines {"id", "expr", "scope"} from standard input, and answer each with {"id", "value"} or {"id", "error"}
    #[arg(long)]
    pub jsonl: bool,
}

/// Connections of an environment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum ConnectionName {
    /// Partner Center's referrals
    PartnerCenter,
    /// Partner Center's events
    Events,
    /// Dataverse, the store below Dynamics 365
    Dataverse,
}

impl ConnectionName {
    /// The name in the environment file.
    pub fn name(self) -> &'static str {
        match self {
            ConnectionName::PartnerCenter => "partner_center",
            ConnectionName::Events => "events",
            ConnectionName::Dataverse => "dataverse",
        }
    }
}

/// Languages of pictures.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
}

/// Files that have a schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// Flows
    Flow,
    /// Mappings
    Mapping,
    /// pack.yaml
    Pack,
    /// NAME.test.yaml
    Test,
    /// environments/NAME.yaml
    Environment,
}

impl Cli {
    /// What is logged where `COSELL_LOG` says nothing: a server tells what goes on, other commands only
    /// what is wrong.
    pub fn default_log(&self) -> &'static str {
        match self.command {
            Command::Run { .. } => "warn,cosell=info",
            Command::Demo => "error",
            _ => "warn",
        }
    }
}
