//! The keyring that the kernel of Linux keeps for each user, in memory: it outlives processes and sessions, and ends with
//! the machine, or after some days in which nobody looks into it.
//!
//! An entry is always looked for in this keyring itself. The keyring of a session may hold an older key of the same name,
//! and would give that for as long as the session lasts.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use keyring_core::api::{CredentialApi, CredentialPersistence, CredentialStoreApi};
use keyring_core::{Credential, Entry, Error, Result};
use linux_keyutils::{Key, KeyError, KeyRing, KeyRingIdentifier};

/// The keyring of the user of this process.
#[derive(Debug)]
pub(super) struct Persistent;

/// A key of that keyring, which may not be there yet.
#[derive(Debug)]
struct PersistentKey {
    /// Its name in the keyring: `cosell:NAME`.
    description: String,
}

impl CredentialStoreApi for Persistent {
    fn vendor(&self) -> String {
        "persistent keyring of Linux".to_owned()
    }

    fn id(&self) -> String {
        self.vendor()
    }

    fn build(&self, service: &str, user: &str, _: Option<&HashMap<&str, &str>>) -> Result<Entry> {
        let description = format!("{service}:{user}");
        Ok(Entry::new_with_credential(Arc::new(PersistentKey { description })))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn persistence(&self) -> CredentialPersistence {
        CredentialPersistence::UntilReboot
    }
}

impl CredentialApi for PersistentKey {
    /// A key that is there gets the new content; whoever reads it finds the old one or the new one.
    fn set_secret(&self, secret: &[u8]) -> Result<()> {
        opened()?.add_key(&self.description, secret).map(drop).map_err(refused)
    }

    fn get_secret(&self) -> Result<Vec<u8>> {
        self.found()?.read_to_vec().map_err(refused)
    }

    fn delete_credential(&self) -> Result<()> {
        let key = self.found()?;
        opened()?.unlink_key(key).map_err(refused)
    }

    fn get_credential(&self) -> Result<Option<Arc<Credential>>> {
        self.found().map(|_| None)
    }

    fn get_specifiers(&self) -> Option<(String, String)> {
        let (service, user) = self.description.split_once(':')?;
        Some((service.to_owned(), user.to_owned()))
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    fn debug_fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        std::fmt::Debug::fmt(self, formatter)
    }
}

impl PersistentKey {
    fn found(&self) -> Result<Key> {
        opened()?.search(&self.description).map_err(refused)
    }
}

/// Opens the keyring for this thread, which may read only what it has a link to. That also puts its end off.
fn opened() -> Result<KeyRing> {
    KeyRing::get_persistent(KeyRingIdentifier::Thread).map_err(|error| Error::NoStorageAccess(error.into()))
}

fn refused(error: KeyError) -> Error {
    match error {
        KeyError::KeyDoesNotExist | KeyError::KeyRevoked | KeyError::KeyExpired => Error::NoEntry,
        error => Error::PlatformFailure(error.into()),
    }
}
