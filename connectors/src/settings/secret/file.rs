//! Puts a newer secret in the place of a file, so that neither a crash nor another reader ever finds half of it.
//!
//! A new file is written beside the old one and takes its name. It also takes its rights: whoever could read the old
//! one, such as the user of an engine while a person signs in again, can read the new one.

use std::fs;
use std::io::{self, Write};
use std::path::Path;

/// Writes the whole file. When this returns, a crash of the machine does not bring the old one back, unless the log says
/// so.
///
/// A file that was not there has the mode 600.
pub(super) fn write_whole(path: &Path, text: &str) -> io::Result<()> {
    write_and_sync(path, text, sync_folder)
}

fn write_and_sync(path: &Path, text: &str, sync_folder: fn(&Path) -> io::Result<()>) -> io::Result<()> {
    // A link goes on pointing to the file that it points to.
    let path = if path.exists() { path.canonicalize()? } else { path.to_owned() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Such a file has the mode 600 from its beginning, and goes away where this function fails. After a crash it may
    // stay behind; new packs keep names with this ending out of version control.
    let mut file = tempfile::Builder::new().suffix(".secret").tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(older) = fs::metadata(&path) {
        take_rights(file.as_file(), &older, &path)?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    // The newer secret is in its place, and an older one may be good for nothing: it must not count as unwritten.
    if let Err(error) = sync_folder(folder) {
        tracing::warn!(
            %error,
            "the newer secret in `{}` is written, but a crash of the machine may bring the older one back, since its \
             folder cannot be synced",
            path.display()
        );
    }
    Ok(())
}

/// Gives the new file the group, the mode and the owner of the older one, as far as this process may.
#[cfg(unix)]
fn take_rights(new: &fs::File, older: &fs::Metadata, path: &Path) -> io::Result<()> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt, fchown};
    let ours = new.metadata()?;
    let same_group = ours.gid() == older.gid() || fchown(new, None, Some(older.gid())).is_ok();
    // Another group than the older one's must not get to read it.
    let mode = older.mode() & if same_group { 0o777 } else { 0o707 };
    new.set_permissions(fs::Permissions::from_mode(mode))?;
    if ours.uid() != older.uid() && fchown(new, Some(older.uid()), None).is_err() {
        tracing::warn!(
            "the file `{}` belonged to the user {}, and the newer secret in it belongs to the user {}: give it back \
             with `chown {}`, and run this as that user from now on",
            path.display(),
            older.uid(),
            ours.uid(),
            older.uid()
        );
    }
    Ok(())
}

/// Elsewhere a file has the rights of its folder.
#[cfg(not(unix))]
fn take_rights(_: &fs::File, _: &fs::Metadata, _: &Path) -> io::Result<()> {
    Ok(())
}

/// That a file has another name now is written with its folder.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    fs::File::open(folder)?.sync_all()
}

/// Elsewhere a folder cannot be opened as a file, and the system writes names by itself.
#[cfg(not(unix))]
fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(all(test, unix))]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};

    use super::*;

    #[test]
    fn d20_the_file_keeps_its_mode_and_a_link_stays_one() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("token"), folder.path().join("link"));
        symlink(&path, &link).unwrap();
        for mode in [0o644, 0o640, 0o600, 0o400] {
            fs::write(&path, "older").unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            write_whole(&link, "newer").unwrap();
            assert!(link.is_symlink());
            assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
            assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, mode, "{mode:o}");
            fs::remove_file(&path).unwrap();
        }
        write_whole(&path, "first").unwrap();
        assert_eq!(fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    }

    #[test]
    fn d20_a_file_that_has_its_name_is_written_whatever_its_folder_says() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        write_and_sync(&path, "newer", |_| Err(io::Error::other("the folder cannot be synced"))).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer");
    }

    /// Only the system's administrator can give a file away, so there is nothing to see for others.
    #[test]
    fn d20_the_file_keeps_its_owner() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        fs::write(&path, "older").unwrap();
        if chown(&path, Some(4711), Some(4712)).is_err() {
            return;
        }
        write_whole(&path, "newer").unwrap();
        let newer = fs::metadata(&path).unwrap();
        assert_eq!((newer.uid(), newer.gid()), (4711, 4712));
    }
}
