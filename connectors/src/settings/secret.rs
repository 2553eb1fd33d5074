//! Where a secret is, how it is read, and how a newer one takes its place.

mod file;
mod keyring;
#[cfg(target_os = "linux")]
mod persistent;

use std::path::PathBuf;

use schemars::JsonSchema;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use super::SettingsError;

/// Where a secret is: `{ env: NAME }`, `{ file: PATH }` or `{ keyring: NAME }`. It never prints.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Secret {
    /// The name of an environment variable.
    Env(String),
    /// The path of a file that holds nothing else; white space at its ends does not count. A relative path
    /// counts from the folder of the environment file.
    File(PathBuf),
    /// The name of an entry in the keyring of the operating system, for the service `cosell`.
    Keyring(String),
    /// The secret itself, handed over in code.
    #[serde(skip)]
    Given(SecretString),
}

impl Secret {
    /// A secret from code instead of from the environment or a file.
    pub fn given(text: impl Into<String>) -> Secret {
        Secret::Given(SecretString::from(text.into()))
    }

    /// The secret as it is now.
    pub(crate) fn read(&self) -> Result<SecretString, SettingsError> {
        let text = match self {
            Secret::Given(secret) => secret.expose_secret().to_owned(),
            Secret::Env(name) => std::env::var(name).map_err(|error| self.unreadable(error.to_string()))?,
            Secret::File(path) => std::fs::read_to_string(path).map_err(|error| self.unreadable(error.to_string()))?,
            Secret::Keyring(name) => keyring::read(name).map_err(|reason| self.unreadable(reason))?,
        };
        match text.trim() {
            "" => Err(self.unreadable("it is empty".to_owned())),
            text => Ok(SecretString::from(text.to_owned())),
        }
    }

    /// Whether another process may put a newer secret here.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self, Secret::File(_) | Secret::Keyring(_))
    }

    /// Puts a newer secret in this one's place. False where that cannot be: only files and keyrings can be written.
    ///
    /// Whoever reads it finds the old secret or the new one, never half of one.
    pub(crate) fn replace(&self, newer: &SecretString) -> Result<bool, SettingsError> {
        let written = match self {
            Secret::File(path) => file::write_whole(path, newer.expose_secret()).map_err(|error| error.to_string()),
            Secret::Keyring(name) => keyring::write(name, newer.expose_secret()),
            Secret::Env(_) | Secret::Given(_) => return Ok(false),
        };
        match written {
            Ok(()) => Ok(true),
            Err(reason) => {
                Err(SettingsError::SignIn(format!("the secret {} cannot be written: {reason}", self.place())))
            }
        }
    }

    /// Where it is, in words; never what it is.
    pub(crate) fn place(&self) -> String {
        match self {
            Secret::Given(_) => "given in code".to_owned(),
            Secret::Env(name) => format!("in the environment variable `{name}`"),
            Secret::File(path) => format!("in the file `{}`", path.display()),
            Secret::Keyring(name) => format!("in the system's keyring as `{name}`"),
        }
    }

    fn unreadable(&self, reason: String) -> SettingsError {
        SettingsError::Secret { place: self.place(), reason }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn secrets_do_not_print() {
        let secret = Secret::given("do-not-print");
        assert!(!format!("{secret:?}").contains("do-not-print"));
        assert_eq!(secret.read().unwrap().expose_secret(), "do-not-print");
        let missing = Secret::Env("COSELL_TEST_NO_SUCH_VARIABLE".to_owned());
        let message = missing.read().err().map(|error| error.to_string()).unwrap_or_default();
        assert!(message.contains("`COSELL_TEST_NO_SUCH_VARIABLE`"), "{message}");
    }

    #[test]
    fn a_file_takes_a_newer_secret_and_nothing_else_does() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let newer = SecretString::from("newer".to_owned());
        // Where there is no file yet, and where there is one.
        for _ in 0..2 {
            assert!(Secret::File(path.clone()).replace(&newer).unwrap());
            assert_eq!(std::fs::read_to_string(&path).unwrap(), "newer");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "nothing else stays behind");
        let nowhere = Secret::File(folder.path().join("missing/token")).replace(&newer).unwrap_err().to_string();
        assert!(nowhere.contains("missing/token") && !nowhere.contains("newer"), "{nowhere}");
        assert!(!Secret::given("older").replace(&newer).unwrap());
        assert!(!Secret::Env("COSELL_TEST_NO_SUCH_VARIABLE".to_owned()).replace(&newer).unwrap());
    }
}
