//! Secrets in the keyring of the operating system: the keychain of macOS, the credential manager of Windows, and on Linux
//! the user's keyring in the kernel (`persistent.rs`).
//!
//! What desktops of Linux have beside that, the Secret Service, is a program of its own that is reached over D-Bus. It is
//! not used: a server has none, and the libraries for it are larger than all that is here for signing in.

use std::sync::Arc;

use keyring_core::{CredentialStore, Entry, Error, Result};

/// Under which the entries stand; the name of an entry is what some keyrings call the account or the user.
const SERVICE: &str = "cosell";

/// What is kept under that name.
pub(super) fn read(name: &str) -> std::result::Result<String, String> {
    entry(name).and_then(|entry| entry.get_password()).map_err(|error| reason(&error))
}

/// Keeps something under that name, in the place of what was there.
pub(super) fn write(name: &str, text: &str) -> std::result::Result<(), String> {
    entry(name).and_then(|entry| entry.set_password(text)).map_err(|error| reason(&error))
}

fn entry(name: &str) -> Result<Entry> {
    let keyring = match keyring_core::get_default_store() {
        Some(keyring) => keyring,
        None => {
            let keyring = of_system()?;
            keyring_core::set_default_store(Arc::clone(&keyring));
            keyring
        }
    };
    keyring.build(SERVICE, name, None)
}

#[cfg(target_os = "linux")]
fn of_system() -> Result<Arc<CredentialStore>> {
    Ok(Arc::new(super::persistent::Persistent))
}

#[cfg(target_os = "macos")]
fn of_system() -> Result<Arc<CredentialStore>> {
    Ok(apple_native_keyring_store::keychain::Store::new()?)
}

#[cfg(windows)]
fn of_system() -> Result<Arc<CredentialStore>> {
    Ok(windows_native_keyring_store::Store::new()?)
}

#[cfg(not(any(target_os = "linux", target_os = "macos", windows)))]
fn of_system() -> Result<Arc<CredentialStore>> {
    Err(Error::NotSupportedByStore("there is none for this operating system".to_owned()))
}

/// Why it did not go, and what helps. Some errors hold what is in the keyring, so they do not print themselves.
fn reason(error: &Error) -> String {
    match error {
        Error::NoEntry => {
            "nothing is kept under this name for the user of this process: put it there (a refresh token: \
                           by `cosell connect`); the keyring of Linux is empty after a restart of the machine"
                .to_owned()
        }
        Error::PlatformFailure(cause) | Error::NoStorageAccess(cause) => {
            format!("the system's keyring cannot be used here ({cause}): give the secret as `file` or `env`")
        }
        Error::TooLong(_, most) => {
            format!("the system's keyring takes no more than {most} bytes: give the secret as `file`")
        }
        Error::BadEncoding(_) | Error::BadDataFormat(..) => "what is kept there is no text".to_owned(),
        Error::Ambiguous(_) => "more than one entry has this name".to_owned(),
        Error::Invalid(what, why) => format!("the system's keyring does not take it: `{what}` {why}"),
        _ => "this system has no keyring that can be used: give the secret as `file` or `env`".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use secrecy::{ExposeSecret, SecretString};

    use super::super::Secret;
    use super::*;

    /// A keyring in the memory of this process, which all tests share: each has a name of its own.
    fn in_memory() -> Arc<CredentialStore> {
        static KEYRING: std::sync::OnceLock<Arc<CredentialStore>> = std::sync::OnceLock::new();
        let keyring = KEYRING.get_or_init(|| keyring_core::mock::Store::new().unwrap());
        keyring_core::set_default_store(Arc::clone(keyring));
        Arc::clone(keyring)
    }

    #[test]
    fn a_keyring_gives_and_takes_secrets() {
        in_memory();
        let secret = Secret::Keyring("partner".to_owned());
        let none = secret.read().unwrap_err().to_string();
        assert!(none.contains("`partner`") && none.contains("`cosell connect`"), "{none}");
        for newer in ["one", "two"] {
            assert!(secret.replace(&SecretString::from(newer.to_owned())).unwrap());
            assert_eq!(secret.read().unwrap().expose_secret(), newer);
        }
        assert!(!format!("{secret:?}").contains("two"));
    }

    #[test]
    fn what_a_keyring_refuses_is_told_without_what_it_holds() {
        let keyring = in_memory();
        let cause = || Box::new(std::io::Error::other("the door is shut"));
        let cases = [
            (Error::NoStorageAccess(cause()), "the door is shut): give the secret as `file` or `env`"),
            (Error::PlatformFailure(cause()), "the door is shut"),
            (Error::TooLong("secret".to_owned(), 2560), "no more than 2560 bytes"),
            (Error::BadEncoding(b"hush".to_vec()), "is no text"),
            (Error::BadDataFormat(b"hush".to_vec(), cause()), "is no text"),
            (Error::Ambiguous(Vec::new()), "more than one"),
            (Error::Invalid("secret".to_owned(), "cannot be empty".to_owned()), "`secret` cannot be empty"),
            (Error::NoDefaultStore, "no keyring"),
        ];
        for (error, expected) in cases {
            let entry = keyring.build(SERVICE, "refusing", None).unwrap();
            entry.as_any().downcast_ref::<keyring_core::mock::Cred>().unwrap().set_error(error);
            let said = Secret::Keyring("refusing".to_owned()).read().unwrap_err().to_string();
            assert!(said.contains(expected) && !said.contains("hush"), "{said}");
        }
    }
}
