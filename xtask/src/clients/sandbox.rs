//! `cosell sandbox` as a process of its own, from its first line to its end.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::install::Installed;
use super::program::{Service, lines};
use crate::command::{Failure, not_started, root};

/// How long it may take until its first line.
const PATIENCE: Duration = Duration::from_secs(30);

/// A running sandbox. It ends with this value.
pub(crate) struct Sandbox {
    process: Child,
    /// Its addresses and credentials, a line of JSON.
    pub(crate) about: String,
}

/// Starts a sandbox with the pack's columns and the application's certificate.
pub(crate) fn start(service: Service, installed: &Installed) -> Result<Sandbox, Failure> {
    let mut command = Command::new(&installed.cosell);
    command.args(["sandbox", "--json", "--pack", "flows/dynamics365", "--client-certificate"]);
    command.arg(&installed.certificate);
    if matches!(service, Service::Tls) {
        command.arg("--tls").arg("--ca").arg(&installed.authority);
    }
    command.current_dir(root()).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = command.spawn().map_err(|error| not_started(&command, &error))?;
    match lines(process.stdout.take()).recv_timeout(PATIENCE) {
        Ok(about) => Ok(Sandbox { process, about }),
        Err(_) => {
            // It may have ended by itself, and then there is nothing to end.
            let _ = process.kill();
            let _ = process.wait();
            Err(Failure::new("`cosell sandbox` did not start; what it said is above"))
        }
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        // It may have ended by itself, and then there is nothing to end.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
