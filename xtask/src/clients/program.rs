//! One client's program: it says `ok NAME` or `not ok NAME: why` for each check, on a line of its own.

use std::io::{BufRead, BufReader};
use std::process::{ChildStdout, Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use super::install::Installed;
use super::programs;
use super::sandbox::Sandbox;
use crate::command::{Failure, not_started};

/// How long one program may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// A client, and how it is tried.
pub(crate) struct Client {
    /// The package's name.
    pub(crate) name: &'static str,
    pub(crate) runs: Runs,
    pub(crate) service: Service,
}

/// What runs the program, and its file in `tests/clients`.
pub(crate) enum Runs {
    Node(&'static str),
    Python(&'static str),
    Rust,
}

/// How the client is spoken to.
#[derive(Clone, Copy)]
pub(crate) enum Service {
    /// By plain http.
    Plain,
    /// By TLS: the client takes no other addresses.
    Tls,
}

/// Runs a program to its end, and counts its checks. One that ends badly without saying why is a failed check too.
pub(crate) fn run(client: &Client, sandbox: &Sandbox, installed: &Installed) -> Result<Checks, Failure> {
    let mut command = command(client, installed);
    command.env("SANDBOX", &sandbox.about).env("NO_PROXY", "localhost,127.0.0.1");
    command.env("CLIENT_KEY", &installed.key).env("CLIENT_CERTIFICATE", &installed.certificate);
    command.env("NODE_EXTRA_CA_CERTS", &installed.authority).env("REQUESTS_CA_BUNDLE", &installed.authority);
    command.env("PYTHONPYCACHEPREFIX", &installed.modules).stdin(Stdio::null()).stdout(Stdio::piped());
    let mut process = command.spawn().map_err(|error| not_started(&command, &error))?;
    let mut checks = Checks::default();
    if follow(&lines(process.stdout.take()), &mut checks).is_err() {
        // It may end by itself just now, and then there is nothing to end.
        let _ = process.kill();
        let _ = process.wait();
        checks.add(&format!("not ok all checks: they were not done after {} s", PATIENCE.as_secs()));
        return Ok(checks);
    }
    let status = process.wait().map_err(|error| Failure::new(format!("cannot wait for `{}`: {error}", client.name)))?;
    if checks.failed == 0 && (checks.passed == 0 || !status.success()) {
        checks.add(&format!("not ok all checks: the program ended with {status}"));
    }
    Ok(checks)
}

fn command(client: &Client, installed: &Installed) -> Command {
    match client.runs {
        Runs::Node(file) => {
            let mut command = Command::new("node");
            command.arg(installed.node.join(file));
            command
        }
        Runs::Python(file) => {
            let mut command = Command::new(&installed.python);
            command.arg(programs().join("python").join(file));
            command
        }
        Runs::Rust => Command::new(&installed.rust),
    }
}

/// How many checks had which result.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Checks {
    pub(crate) passed: usize,
    pub(crate) failed: usize,
}

impl Checks {
    /// Passes a line on, and counts the check if it is one's result.
    #[expect(clippy::print_stdout, reason = "people read here what each check says")]
    fn add(&mut self, line: &str) {
        println!("{line}");
        self.passed += usize::from(line.starts_with("ok "));
        self.failed += usize::from(line.starts_with("not ok "));
    }
}

/// Reads lines until there are no more, or fails if that takes too long.
fn follow(lines: &Receiver<String>, checks: &mut Checks) -> Result<(), RecvTimeoutError> {
    let end = Instant::now() + PATIENCE;
    loop {
        match lines.recv_timeout(end.saturating_duration_since(Instant::now())) {
            Ok(line) => checks.add(&line),
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
            Err(timeout) => return Err(timeout),
        }
    }
}

/// What a process writes, line by line, for as long as it writes. Nobody need read it for the process to go on.
pub(crate) fn lines(output: Option<ChildStdout>) -> Receiver<String> {
    let (sender, receiver) = channel();
    thread::spawn(move || {
        for line in output.into_iter().flat_map(|output| BufReader::new(output).split(b'\n')) {
            let Ok(line) = line else { break };
            // Reading goes on without a receiver too, else the process would have nowhere to write.
            let _ = sender.send(String::from_utf8_lossy(&line).into_owned());
        }
    });
    receiver
}

#[cfg(test)]
mod tests {
    use super::Checks;

    #[test]
    fn results_of_checks_are_counted() {
        check(&[], (0, 0));
        check(&["ok one", "not ok two: it was three", "ok four"], (2, 1));
        check(&["", "a line that is ok", " ok indented", "okay", "nothing is not ok "], (0, 0));
    }

    fn check(lines: &[&str], (passed, failed): (usize, usize)) {
        let mut checks = Checks::default();
        for line in lines {
            checks.add(line);
        }
        assert_eq!(checks, Checks { passed, failed });
    }
}
