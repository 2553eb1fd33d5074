//! What may be typed about the sandbox on its own.

use std::path::PathBuf;

use clap::Args;

use super::PackArgs;

/// How the sandbox is started.
#[derive(Debug, Args)]
pub struct SandboxArgs {
    /// Whose tables and columns the CRM has
    #[command(flatten)]
    pub pack: PackArgs,
    /// Serve TLS by an authority of its own, at https://localhost; plain http works at the same ports
    #[arg(long)]
    pub tls: bool,
    /// Write the authority's certificate, which clients must trust, into this file (with --tls)
    #[arg(long, value_name = "FILE", requires = "tls")]
    pub ca: Option<PathBuf>,
    /// Take this port and the five after it: Entra ID, referrals, Partner Center, Dataverse, certificates, admin
    #[arg(long, value_name = "PORT")]
    pub port: Option<u16>,
    /// Keep the state in this file between two starts
    #[arg(long, value_name = "FILE")]
    pub state: Option<PathBuf>,
    /// Begin with what this YAML file says; not where --state finds an older state
    #[arg(long, value_name = "FILE")]
    pub seed: Option<PathBuf>,
    /// Turn a behaviour on, such as `duplicate_events`
    #[arg(long = "with", value_name = "BEHAVIOUR")]
    pub with: Vec<String>,
    /// Turn a behaviour off
    #[arg(long = "without", value_name = "BEHAVIOUR")]
    pub without: Vec<String>,
    /// List the behaviours that can be turned, and end
    #[arg(long)]
    pub behaviours: bool,
    /// Let the application sign in with the key of this certificate, PEM
    #[arg(long, value_name = "FILE")]
    pub client_certificate: Vec<PathBuf>,
    /// Print one line of JSON with addresses and credentials, and nothing of what happens
    #[arg(long)]
    pub json: bool,
}
