//! The refresh token: every answer may bring a newer one, which counts from then on.
//!
//! It is written to where the old one was read before the token that came with it is used, so that a crash loses
//! nothing. What somebody else has put there meanwhile, such as another connection with the same file or a person who
//! signed in again, is left alone.

use secrecy::{ExposeSecret, SecretString};

use crate::settings::{Secret, SettingsError};

/// The refresh token of a connection.
pub(super) struct RefreshToken {
    source: Secret,
    kept: Option<Kept>,
}

/// A newer one that could not be written.
struct Kept {
    /// What was at the source when it came. Once that is something else, the source counts again.
    held: SecretString,
    newest: SecretString,
}

/// The token to use now.
pub(super) struct Current {
    held: SecretString,
    pub(super) token: SecretString,
}

impl RefreshToken {
    /// The one that is there.
    pub(super) fn at(source: Secret) -> RefreshToken {
        RefreshToken { source, kept: None }
    }

    /// Whether others may use it too.
    pub(super) fn is_shared(&self) -> bool {
        self.source.is_shared()
    }

    /// The newest.
    pub(super) fn current(&self) -> Result<Current, SettingsError> {
        let held = self.source.read()?;
        let token = match &self.kept {
            Some(kept) if same(&kept.held, &held) => kept.newest.clone(),
            _ => held.clone(),
        };
        Ok(Current { held, token })
    }

    /// Whether there is another than the one that was used.
    pub(super) fn has_changed(&self, used: &Current) -> bool {
        self.current().is_ok_and(|current| !same(&current.token, &used.token))
    }

    /// Takes a newer one that came in return for the one that was used.
    pub(super) fn replace(&mut self, used: Current, newest: SecretString) {
        // Where somebody put another there meanwhile, that one counts.
        if same(&used.token, &newest) || self.source.read().is_ok_and(|held| !same(&held, &used.held)) {
            return;
        }
        let place = self.source.place();
        match self.source.replace(&newest) {
            Ok(true) => {
                self.kept = None;
                return;
            }
            // Whoever hands it over in code knows; and once is enough to say it.
            Ok(false) if matches!(self.source, Secret::Given(_)) || self.kept.is_some() => {}
            Ok(false) => tracing::warn!(
                "a newer refresh token came for the one {place}, which cannot be written: it is kept in memory, and \
                 after a restart the old one must still be good; give it as `file` or `keyring` instead"
            ),
            Err(error) => tracing::warn!(
                "a newer refresh token came and is kept in memory only: {error}; after a restart the old one must \
                 still be good"
            ),
        }
        self.kept = Some(Kept { held: used.held, newest });
    }
}

fn same(one: &SecretString, other: &SecretString) -> bool {
    one.expose_secret() == other.expose_secret()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    fn secret(text: &str) -> SecretString {
        SecretString::from(text.to_owned())
    }

    fn now(token: &RefreshToken) -> String {
        token.current().unwrap().token.expose_secret().to_owned()
    }

    #[test]
    fn d20_a_newer_token_is_written_to_the_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "one\n").unwrap();
        let mut token = RefreshToken::at(Secret::File(path.clone()));
        let used = token.current().unwrap();
        token.replace(used, secret("two"));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert_eq!(now(&token), "two");
        // What somebody else wrote while the service was asked stays.
        let used = token.current().unwrap();
        std::fs::write(&path, "by hand").unwrap();
        assert!(token.has_changed(&used));
        token.replace(used, secret("three"));
        assert_eq!(now(&token), "by hand");
    }

    #[test]
    fn d20_what_cannot_be_written_is_kept_until_the_source_changes() {
        let mut given = RefreshToken::at(Secret::given("one"));
        let used = given.current().unwrap();
        given.replace(used, secret("two"));
        assert_eq!(now(&given), "two");
        let used = given.current().unwrap();
        assert!(!given.has_changed(&used));
        given.replace(used, secret("three"));
        assert_eq!(now(&given), "three");
    }
}
