//! Node-RED, installed beside what is built, from a list of packages that says which and with what content.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::Failure;

/// What the installation is made from.
const FILES: [(&str, &str); 5] = [
    (".npmrc", include_str!("node-red/.npmrc")),
    ("flows.json", include_str!("node-red/flows.json")),
    ("package-lock.json", include_str!("node-red/package-lock.json")),
    ("package.json", include_str!("node-red/package.json")),
    ("settings.js", include_str!("node-red/settings.js")),
];
/// Written last, so that an installation that broke off is made anew.
const INSTALLED: &str = "installed";

/// Installs it, unless it is there, and gives its folder.
pub(crate) fn install(into: &Path) -> Result<PathBuf, Failure> {
    let folder = into.join("node-red-5");
    let lock = include_str!("node-red/package-lock.json");
    std::fs::create_dir_all(&folder)?;
    for (name, content) in FILES {
        std::fs::write(folder.join(name), content)?;
    }
    if std::fs::read_to_string(folder.join(INSTALLED)).is_ok_and(|installed| installed == lock) {
        return Ok(folder);
    }
    let output = Command::new("npm").args(["ci", "--silent"]).current_dir(&folder).stdin(Stdio::null()).output();
    let output = output.map_err(|error| format!("`npm` cannot be started: {error}"))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("`npm ci` failed: {}", said.lines().next().unwrap_or("it does not say why")).into());
    }
    std::fs::write(folder.join(INSTALLED), lock)?;
    Ok(folder)
}
