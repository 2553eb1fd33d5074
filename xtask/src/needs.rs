//! What must be on the machine before anything is built.

use std::process::{Command, Stdio};

use crate::command::{Failure, cargo};

/// Something that is needed: its name, and a command that succeeds where it is to be had.
type Need = (String, Command);

/// Says what all tests need, and fails naming what cannot be had.
#[expect(clippy::print_stdout, reason = "people read here what is needed")]
pub(crate) fn check() -> Result<(), Failure> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    println!("needs: cargo, and a C compiler for the cryptography (`{compiler}`; the variable CC names another);");
    println!("       for the clients by others Node.js, Python and the network, once");
    let mut needs = vec![
        ("cargo".to_owned(), cargo(&["--version"])),
        (format!("a C compiler (`{compiler}`)"), compiler_version(&compiler)),
    ];
    needs.extend(clients());
    check_all(needs)
}

/// Fails naming what the clients by others need and cannot be had.
pub(crate) fn check_clients() -> Result<(), Failure> {
    check_all(clients())
}

fn clients() -> Vec<Need> {
    let mut needs = vec![
        ("Node.js 20 or later".to_owned(), command("node", &["--eval", NODE_IS_RECENT])),
        ("npm".to_owned(), command("npm", &["--version"])),
        ("Python 3.11 or later with `venv`".to_owned(), command("python3", &["-c", PYTHON_IS_RECENT])),
    ];
    if cfg!(target_os = "linux") {
        // Elsewhere the Rust client takes the system's own TLS.
        needs.push(("OpenSSL's headers and `pkg-config`".to_owned(), command("pkg-config", &["--exists", "openssl"])));
    }
    needs
}

const NODE_IS_RECENT: &str = "process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)";

const PYTHON_IS_RECENT: &str = "import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))";

/// CC may hold arguments too, or a program that starts the compiler: `ccache cc`.
fn compiler_version(compiler: &str) -> Command {
    let mut words = compiler.split_whitespace();
    let mut version = Command::new(words.next().unwrap_or("cc"));
    version.args(words).arg("--version");
    version
}

fn command(program: &str, arguments: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.args(arguments);
    command
}

fn check_all(needs: Vec<Need>) -> Result<(), Failure> {
    let missing =
        needs.into_iter().filter_map(|(name, mut command)| if answers(&mut command) { None } else { Some(name) });
    let missing: Vec<String> = missing.collect();
    if missing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("cannot get {}; install it, and look that PATH leads there", missing.join(" and "))))
}

fn answers(command: &mut Command) -> bool {
    let command = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
