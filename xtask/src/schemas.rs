//! `cargo xtask schemas`: the folder `schemas/`, which the command itself writes.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::command::{Failure, cargo, root, run};

/// The folder below the project's.
const FOLDER: &str = "schemas";

/// Writes the schemas anew.
pub(crate) fn write() -> Result<(), Failure> {
    write_into(Path::new(FOLDER))
}

/// Fails, naming the files, if the schemas are not what the command would write today.
pub(crate) fn check() -> Result<(), Failure> {
    let folder = std::env::temp_dir().join(format!("cosell-schemas-{}", std::process::id()));
    let fresh = write_into(&folder).and_then(|()| files(&folder));
    // The folder is of no use any more; if it cannot be removed, the system will do so one day.
    let _ = fs::remove_dir_all(&folder);
    let stale = differing(&files(&root().join(FOLDER))?, &fresh?);
    if stale.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("{FOLDER}/ is not fresh: {}; run `cargo xtask schemas`", stale.join(", "))))
}

fn write_into(folder: &Path) -> Result<(), Failure> {
    let arguments = ["run", "--quiet", "--package", "cosell", "--", "schema", "--write"];
    run(cargo(&arguments).arg(folder))
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
    names.into_iter().filter(|name| kept.get(*name) != fresh.get(*name)).cloned().collect()
}
