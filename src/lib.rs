//! The command `cosell`: the only place that knows all parts.
//!
//! The path of a command: [`cli`] says what may be typed; [`packs`] finds the pack, [`environment`] the
//! bindings, and [`host`] makes an engine of both; [`serve`] feeds it with what comes in. [`narrate`] tells
//! what a run did; [`needs`] says what a pack wants of the CRM; a [`rehearsal`] is all of it on
//! the [`sandboxed`] services. Each command is a file in
//! `commands`.

pub mod cli;
mod commands;
pub mod environment;
pub mod failure;
pub mod host;
mod moment;
pub mod narrate;
pub mod needs;
pub mod packs;
mod print;
pub mod rehearsal;
pub mod sandboxed;
pub mod serve;
pub mod store;

use std::io::IsTerminal;
use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

/// Reads the command line, does what it says, and prints what went wrong. Exit codes: 0 done, 1 something is
/// wrong in the user's files or data, 2 wrong usage, 3 a service or the machine failed.
pub async fn main() -> ExitCode {
    let cli = cli::Cli::parse();
    let filter = EnvFilter::try_from_env("COSELL_LOG").unwrap_or_else(|_| EnvFilter::new(cli.default_log()));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .with_target(false)
        .with_ansi(std::io::stderr().is_terminal())
        .init();
    // One provider of cryptography for the whole process; a second call finds it in place.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    match commands::run(cli).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            print::failure(&failure);
            failure.exit_code()
        }
    }
}
