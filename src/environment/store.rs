//! What the environment says about the store.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cosell_engine::store::{Keep, Options};
use schemars::JsonSchema;
use serde::Deserialize;

/// Where runs are kept, and for how long.
#[derive(Debug, Clone, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct StoreSettings {
    /// The file, which is made at the first start; `cosell.db` in the working folder where this is left out. A relative
    /// path counts from the folder of the environment file.
    pub file: Option<PathBuf>,
    /// Where the key is that encrypts secure values: a file beside the store where this is left out.
    pub key: Option<KeySettings>,
    /// How much is kept of what is done.
    pub keep: KeepSettings,
}

/// Where the key of the store is.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeySettings {
    /// A file that only its owner can read; it is made where there is none. A relative path counts from the folder of
    /// the environment file.
    File(PathBuf),
}

/// How much is kept of runs that have ended: what is older, or more, is forgotten.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct KeepSettings {
    /// Those that ended within so many days, 1 or more.
    #[schemars(range(min = 1))]
    pub days: u32,
    /// Of these at most so many, the newest; 1 or more.
    #[schemars(range(min = 1))]
    pub runs: u64,
}

impl StoreSettings {
    /// What the store in that file wants to know.
    pub fn options(&self, file: &Path) -> Options {
        Options { key: Some(self.key_file(file)), ..Options::default() }
    }

    /// The file of the key for the store in that file.
    pub fn key_file(&self, file: &Path) -> PathBuf {
        match &self.key {
            Some(KeySettings::File(key)) => key.clone(),
            None => file.with_added_extension("key"),
        }
    }

    /// Paths in the file count from its folder.
    pub(super) fn relative_to(&mut self, folder: &Path) {
        let key = self.key.as_mut().map(|KeySettings::File(path)| path);
        for path in self.file.iter_mut().chain(key) {
            *path = folder.join(&path);
        }
    }
}

impl Default for KeepSettings {
    fn default() -> KeepSettings {
        let keep = Keep::default();
        KeepSettings { days: u32::try_from(keep.age.as_secs() / DAY).unwrap_or(u32::MAX), runs: keep.runs }
    }
}

/// Seconds in a day.
const DAY: u64 = 86_400;

impl KeepSettings {
    /// The same as the engine wants it.
    pub fn keep(&self) -> Keep {
        Keep { age: Duration::from_secs(u64::from(self.days) * DAY), runs: self.runs, ..Keep::default() }
    }
}
