//! `cargo xtask schemas`: the folder `schemas/` and the table of functions, which the command itself writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::command::{Failure, cargo, ended, not_started, root, run};

/// The folder of the schemas, below the project's.
const SCHEMAS: &str = "schemas";

/// The page of the functions, below the project's folder.
const FUNCTIONS: &str = "docs/functions.md";

/// Writes them all anew.
pub(crate) fn write() -> Result<(), Failure> {
    write_schemas(Path::new(SCHEMAS))?;
    fs::write(root().join(FUNCTIONS), functions()?)
        .map_err(|error| Failure::new(format!("cannot write {FUNCTIONS}: {error}")))
}

/// Fails, naming the files, if they are not what the command would write today.
pub(crate) fn check() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("cosell-schemas-{}", std::process::id()));
    let fresh = write_schemas(&folder).and_then(|()| files(&folder));
    // The folder is of no use any more; if it cannot be removed, the system will do so one day.
    let _ = fs::remove_dir_all(&folder);
    let mut stale = differing(&files(&root().join(SCHEMAS))?, &fresh?);
    if fs::read(root().join(FUNCTIONS)).unwrap_or_default() != functions()? {
        stale.push(FUNCTIONS.to_owned());
    }
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("not fresh: {}; run `cargo xtask schemas`", stale.join(", "))))
}

fn write_schemas(folder: &Path) -> Result<(), Failure> {
    run(cosell(&["schema", "--write"]).arg(folder))
}

/// The page of the functions.
fn functions() -> Result<Vec<u8>, Failure> {
    let mut command = cosell(&["explain", "functions"]);
    let output = command.output().map_err(|error| not_started(&command, &error))?;
    ended(&command, output.status).map(|()| output.stdout)
}

fn cosell(arguments: &[&str]) -> std::process::Command {
    let mut command = cargo(&["run", "--quiet", "--package", "cosell", "--"]);
    command.args(arguments);
    command
}

/// The files of a folder by their names. A folder that is not there has none.
fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let failed = |error: std::io::Error| Failure::new(format!("cannot read {}: {error}", folder.display()));
    if !folder.exists() {
        return Ok(BTreeMap::new());
    }
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path()).map_err(failed)?);
    }
    Ok(files)
}

/// The names of files that differ, or that only one side has.
fn differing(kept: &BTreeMap<String, Vec<u8>>, fresh: &BTreeMap<String, Vec<u8>>) -> Vec<String> {
    let mut names: Vec<&String> = kept.keys().chain(fresh.keys()).collect();
    names.sort();
    names.dedup();
    names
        .into_iter()
        .filter(|name| kept.get(*name) != fresh.get(*name))
        .map(|name| format!("{SCHEMAS}/{name}"))
        .collect()
}
