//! Where packs come from: a folder, or those that are built into the command.

use std::path::{Path, PathBuf};

use cosell_engine::connector::Connectors;
use cosell_engine::pack::{Pack, PackFiles};
use include_dir::{Dir, DirEntry, include_dir};
use indexmap::IndexMap;
use serde_json::Value;

use crate::cli::PackArgs;
use crate::environment::Environment;
use crate::failure::Failure;

/// Our packs, as they were when the command was built.
static BUILT_IN: Dir<'_> = include_dir!("$CARGO_MANIFEST_DIR/flows");

/// The files of a pack, and what stands before their names in problems.
pub struct Opened {
    /// The files.
    pub files: PackFiles,
    /// The folder they come from; none for a pack that is built in.
    pub folder: Option<PathBuf>,
    /// What people see before a file's name.
    pub shown: String,
}

impl Opened {
    /// Opens a pack: a folder, `flows/NAME` below the working folder, or one that is built in.
    pub fn new(name: &str) -> Result<Opened, Failure> {
        for folder in [PathBuf::from(name), Path::new("flows").join(name)] {
            if folder.join("pack.yaml").is_file() {
                let files = PackFiles::read(&folder).map_err(Failure::world)?;
                return Ok(Opened { files, shown: folder.display().to_string(), folder: Some(folder) });
            }
        }
        let files = built_in(name).ok_or_else(|| {
            let known: Vec<String> = BUILT_IN.dirs().map(|dir| dir.path().display().to_string()).collect();
            Failure::Usage(format!(
                "there is no pack `{name}`: no folder with a pack.yaml, and none of ours ({})",
                known.join(", ")
            ))
        })?;
        Ok(Opened { files, folder: None, shown: format!("{name} (built in)") })
    }

    /// The environment that the command line names, that of the pack's folder, or none.
    pub fn environment(&self, args: &PackArgs) -> Result<Environment, Failure> {
        let local =
            self.folder.as_ref().map(|folder| folder.join("environments/local.yaml")).filter(|path| path.is_file());
        match args.environment.clone().or(local) {
            Some(path) => Environment::read(&path),
            None => Ok(Environment::default()),
        }
    }

    /// Checks the pack with the environment's parameter values.
    pub fn check(&self, parameters: &IndexMap<String, Value>, connectors: &Connectors) -> Result<Pack, Failure> {
        Ok(self.files.check(&self.shown, parameters, connectors)?)
    }
}

/// The files of a pack that is built in.
pub fn built_in(name: &str) -> Option<PackFiles> {
    let dir = BUILT_IN.get_dir(name)?;
    let mut files = PackFiles::default();
    collect(dir, dir.path(), &mut files);
    files.0.sort_keys();
    Some(files)
}

fn collect(dir: &Dir<'_>, top: &Path, files: &mut PackFiles) {
    for entry in dir.entries() {
        match entry {
            DirEntry::Dir(inner) => collect(inner, top, files),
            DirEntry::File(file) => {
                let name = file.path().strip_prefix(top).unwrap_or(file.path()).display().to_string();
                if let Some(text) = file.contents_utf8().filter(|_| name.ends_with(".yaml")) {
                    files.0.insert(name, text.to_owned());
                }
            }
        }
    }
}
