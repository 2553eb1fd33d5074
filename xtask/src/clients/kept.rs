//! A folder that is kept as long as what was installed there is what is wanted.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::failed;
use crate::command::{Failure, not_started};

/// Installs into an empty folder unless the same was installed there; the note of that is written last.
pub(super) fn fresh(
    folder: &Path,
    lock: &[PathBuf],
    of: &str,
    install: impl FnOnce() -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut wanted = of.to_owned();
    for file in lock {
        wanted += &fs::read_to_string(file).map_err(|error| failed("read", file, &error))?;
    }
    let note = folder.join("installed");
    if fs::read_to_string(&note).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    if folder.exists() {
        fs::remove_dir_all(folder).map_err(|error| failed("remove", folder, &error))?;
    }
    fs::create_dir_all(folder).map_err(|error| failed("make", folder, &error))?;
    install()?;
    fs::write(&note, wanted).map_err(|error| failed("write", &note, &error))
}

/// What a tool says of its version: what one installed is not used with another.
pub(super) fn version(tool: &str) -> Result<String, Failure> {
    let mut command = Command::new(tool);
    let output = command.arg("--version").stdin(Stdio::null()).output();
    output
        .map(|output| String::from_utf8_lossy(&output.stdout).into_owned())
        .map_err(|error| not_started(&command, &error))
}

/// The files of a folder that end like this.
pub(super) fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, Failure> {
    let entries = fs::read_dir(folder).map_err(|error| failed("read", folder, &error))?;
    let paths = entries.flatten().map(|entry| entry.path());
    Ok(paths.filter(|path| path.extension().is_some_and(|found| found == extension)).collect())
}

/// Copies files into a folder, under their own names.
pub(super) fn copy(files: &[PathBuf], folder: &Path) -> Result<(), Failure> {
    for file in files {
        let name = file.file_name().unwrap_or_default();
        fs::copy(file, folder.join(name)).map_err(|error| failed("copy", file, &error))?;
    }
    Ok(())
}
