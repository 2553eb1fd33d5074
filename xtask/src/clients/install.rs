//! The clients at the versions of their lock files, in a folder that is kept: `target/clients`.
//!
//! What is there is used again as long as its lock file is the same, so that only the first run needs the network.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::Instant;

use super::kept::{copy, files, fresh, version};
use super::{failed, programs};
use crate::command::{Failure, cargo, ended, not_started};
use crate::needs;

/// Where everything is that a client needs.
pub(crate) struct Installed {
    /// The command itself, whose sandbox is tried.
    pub(crate) cosell: PathBuf,
    /// Beside `node_modules`, as Node looks for packages beside the program that asks for them.
    pub(crate) node: PathBuf,
    /// The interpreter that knows the packages.
    pub(crate) python: PathBuf,
    /// Where it keeps compiled modules.
    pub(crate) modules: PathBuf,
    /// The program of the Rust client.
    pub(crate) rust: PathBuf,
    /// What an application signs in with instead of a secret.
    pub(crate) key: PathBuf,
    pub(crate) certificate: PathBuf,
    /// Where the sandbox writes what its certificates are signed by.
    pub(crate) authority: PathBuf,
}

/// Installs what is not there yet, all kinds at once.
pub(crate) fn install() -> Result<Installed, Failure> {
    needs::check_clients()?;
    let (debug, folder) = folders()?;
    fs::create_dir_all(&folder).map_err(|error| failed("make", &folder, &error))?;
    let (cosell, node, python, rust) = thread::scope(|scope| {
        let node = scope.spawn(|| timed("npm packages", || node(&folder.join("node"))));
        let python = scope.spawn(|| timed("Python packages", || python(&folder.join("python"))));
        // One after the other: each takes all the cores there are.
        let cosell = timed("cosell", || build(&["build", "--package", "cosell"]));
        let rust = timed("Rust client", || rust(&folder.join("rust")));
        (cosell, joined(node.join()), joined(python.join()), rust)
    });
    cosell?;
    let python = python?;
    let (key, certificate) = (folder.join("client.key"), folder.join("client.pem"));
    quietly(Command::new(&python).arg(programs().join("python/certificate.py")).args([&key, &certificate]))?;
    Ok(Installed {
        cosell: debug.join("cosell"),
        node: node?,
        python,
        modules: folder.join("python/modules"),
        rust: rust?,
        key,
        certificate,
        authority: folder.join("ca.pem"),
    })
}

/// The folder of built programs, in which this one is too, and the one for the clients.
fn folders() -> Result<(PathBuf, PathBuf), Failure> {
    let program =
        std::env::current_exe().map_err(|error| Failure::new(format!("cannot find this program: {error}")))?;
    let debug = program.parent().map(Path::to_path_buf);
    let target = debug.as_deref().and_then(Path::parent).map(Path::to_path_buf);
    debug.zip(target.map(|target| target.join("clients"))).ok_or_else(|| Failure::new("this program is in no folder"))
}

fn joined<T>(result: thread::Result<Result<T, Failure>>) -> Result<T, Failure> {
    result.unwrap_or_else(|_| Err(Failure::new("an installation stopped without saying why")))
}

/// The npm packages, and beside them the programs that use them.
fn node(folder: &Path) -> Result<PathBuf, Failure> {
    let from = programs().join("node");
    let lock = [from.join("package-lock.json"), from.join("package.json"), from.join(".npmrc")];
    let of = version("npm")?;
    fresh(folder, &lock, &of, || {
        copy(&lock, folder)?;
        let mut npm = Command::new("npm");
        npm.args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(folder);
        fetch(&mut npm, "the npm registry", folder)
    })?;
    copy(&files(&from, "mjs")?, folder)?;
    Ok(folder.to_path_buf())
}

/// A virtual environment with the Python packages.
fn python(folder: &Path) -> Result<PathBuf, Failure> {
    let interpreter = folder.join("bin/python");
    let lock = programs().join("python/requirements.txt");
    let of = version("python3")?;
    fresh(folder, std::slice::from_ref(&lock), &of, || {
        quietly(Command::new("python3").args(["-m", "venv"]).arg(folder))?;
        let mut pip = Command::new(&interpreter);
        pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]);
        // Every package is named in the file, so nothing is looked for beside them; and few of the modules are used, so
        // they are compiled when they are.
        pip.args(["--no-deps", "--no-compile", "--requirement"]).arg(&lock);
        fetch(&mut pip, "the Python package index", folder)
    })?;
    Ok(interpreter)
}

/// The Rust client is a workspace of its own; cargo itself knows what is fresh.
fn rust(folder: &Path) -> Result<PathBuf, Failure> {
    let manifest = programs().join("rust/Cargo.toml").display().to_string();
    let target = folder.display().to_string();
    build(&["build", "--locked", "--manifest-path", &manifest, "--target-dir", &target])?;
    Ok(folder.join("debug/clients"))
}

fn build(arguments: &[&str]) -> Result<(), Failure> {
    let mut command = cargo(arguments);
    quietly(command.arg("--quiet"))
}

/// Runs a command that needs the network, and says so if it fails.
fn fetch(command: &mut Command, registry: &str, folder: &Path) -> Result<(), Failure> {
    quietly(command).map_err(|failure| Failure {
        message: format!(
            "{}\nhelp: the clients come from {registry}, once, and are kept in `{}`; look that the network leads there",
            failure.message,
            folder.display()
        ),
        ..failure
    })
}

/// Runs a command whose output matters only if it fails.
fn quietly(command: &mut Command) -> Result<(), Failure> {
    let output = command.stdin(Stdio::null()).output().map_err(|error| not_started(command, &error))?;
    ended(command, output.status).map_err(|failure| {
        let said = [output.stdout, output.stderr].concat();
        Failure { message: format!("{}\n{}", failure.message, String::from_utf8_lossy(&said).trim_end()), ..failure }
    })
}

/// Says what is being installed, and how long it took.
#[expect(clippy::print_stdout, reason = "people read here what they wait for")]
fn timed<T>(what: &str, work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let began = Instant::now();
    let result = work();
    let state = if result.is_ok() { "there" } else { "not there" };
    println!("{what}: {state} after {:.1} s", began.elapsed().as_secs_f64());
    result
}
