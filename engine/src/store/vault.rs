//! Keeps what is secure from standing on disk in clear text.
//!
//! Values are sealed with AES-256-GCM under a key in a file of its own beside the store, so that a copy of the store
//! alone tells nothing. Each is bound to the place where it belongs: it cannot be moved to another run.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::rand;

use super::StoreError;

/// Bytes of a key.
const KEY_LEN: usize = 32;

/// Seals and opens secure values.
#[derive(Debug)]
pub(super) struct Vault(RandomizedNonceKey);

impl Vault {
    /// With the key in that file, which is made where there is none, unless something is sealed `already`.
    pub(super) fn open(path: &Path, already: bool) -> Result<Vault, StoreError> {
        let failed = |error: io::Error| StoreError::Broken(format!("its key `{}`: {error}", path.display()));
        let key = match File::open(path) {
            Ok(file) => read_key(file).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound && !already => make_key(path).map_err(failed)?,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let path = path.display();
                let reason = format!("its key `{path}` is missing, and there are secure values that only it opens");
                return Err(StoreError::Broken(reason));
            }
            Err(error) => return Err(failed(error)),
        };
        let key = RandomizedNonceKey::new(&AES_256_GCM, &key).map_err(|error| failed(io::Error::other(error)))?;
        Ok(Vault(key))
    }

    /// Seals a value for a place.
    pub(super) fn seal(&self, mut value: Vec<u8>, place: &[u8]) -> Result<Vec<u8>, StoreError> {
        let nonce = self.0.seal_in_place_append_tag(Aad::from(place), &mut value);
        let nonce = nonce.map_err(|_| StoreError::Broken("a secure value could not be encrypted".to_owned()))?;
        let mut sealed = nonce.as_ref().to_vec();
        sealed.append(&mut value);
        Ok(sealed)
    }

    /// Opens a value that was sealed for that place.
    pub(super) fn unseal(&self, sealed: &[u8], place: &[u8]) -> Result<Vec<u8>, StoreError> {
        let wrong = || StoreError::Broken("a secure value is damaged, or its key is another one".to_owned());
        let (nonce, value) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut value = value.to_vec();
        let opened = self.0.open_in_place(nonce, Aad::from(place), &mut value).map_err(|_| wrong())?.len();
        value.truncate(opened);
        Ok(value)
    }
}

fn read_key(mut file: File) -> io::Result<[u8; KEY_LEN]> {
    refuse_shared(&file)?;
    let mut key = [0; KEY_LEN];
    file.read_exact(&mut key)?;
    if file.read(&mut [0])? > 0 {
        return Err(io::Error::other(format!("it is longer than {KEY_LEN} bytes")));
    }
    Ok(key)
}

#[cfg(unix)]
fn refuse_shared(file: &File) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    if mode & 0o077 == 0 {
        return Ok(());
    }
    Err(io::Error::other(format!("others may read it (mode {mode:o}); it must be 600, and should be a new one")))
}

/// Elsewhere a file in the folder of a service has the folder's rights.
#[cfg(not(unix))]
fn refuse_shared(_: &File) -> io::Result<()> {
    Ok(())
}

/// Under another name first: a key that was written in part would be taken for a broken one.
fn make_key(path: &Path) -> io::Result<[u8; KEY_LEN]> {
    let mut key = [0; KEY_LEN];
    rand::fill(&mut key).map_err(io::Error::other)?;
    let unfinished = path.with_added_extension("new");
    match fs::remove_file(&unfinished) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = private(OpenOptions::new().write(true).create_new(true)).open(&unfinished)?;
    file.write_all(&key)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    sync_folder(path)?;
    Ok(key)
}

/// For a file that only its owner may read, from its creation.
#[cfg(unix)]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    std::os::unix::fs::OpenOptionsExt::mode(options, 0o600)
}

/// Elsewhere a file in the folder of a service has the folder's rights.
#[cfg(not(unix))]
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    options
}

/// A new name is durable with its folder only.
#[cfg(unix)]
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}
