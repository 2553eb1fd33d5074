//! The files of a store, and how they are opened.
//!
//! The database carries the number of its format. An older one is brought to ours when an engine opens it, step by
//! step and all at once; a newer one is refused.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read, Seek, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior};

use super::Options;
use crate::store::StoreError;
use crate::store::vault::private;

/// What tells our files from other databases: `cosl`.
const APPLICATION: i64 = 0x636f_736c;
/// What leads from each format to the next, from none at all.
pub(super) const MIGRATIONS: &[&str] = &[include_str!("migrations/1.sql")];
/// How long one process waits for another that writes.
const BUSY: Duration = Duration::from_secs(10);
/// Small, as a run's part of each table is.
const PAGE_BYTES: u64 = 4096;

/// How often, and after which pause, a lock is tried again.
const MOST_LOOKS: u32 = 10;
const LOOK: Duration = Duration::from_millis(10);

/// Opens the database to write to it, and makes it where there is none.
pub(super) fn open(path: &Path, options: &Options) -> Result<Connection, StoreError> {
    let made = private(OpenOptions::new().create(true).truncate(false).write(true)).open(path);
    made.map_err(|error| StoreError::Broken(format!("`{}`: {error}", path.display())))?;
    let db = connect(path)?;
    let version = version(&db, path)?;
    if version == 0 {
        db.pragma_update(None, "page_size", PAGE_BYTES)?;
        db.pragma_update(None, "journal_mode", "wal")?;
    }
    prepare(&db)?;
    if let Some(bytes) = options.most_bytes {
        db.pragma_update_and_check(None, "max_page_count", bytes / PAGE_BYTES, |_| Ok(()))?;
    }
    migrate(&db, version)?;
    Ok(db)
}

/// Opens a database that is there, and of our format.
pub(super) fn attach(path: &Path) -> Result<Connection, StoreError> {
    if !path.exists() {
        return Err(StoreError::Broken(format!(
            "there is none at `{}`: it is made when the engine starts",
            path.display()
        )));
    }
    let db = connect(path)?;
    let (version, ours) = (version(&db, path)?, MIGRATIONS.len());
    if version < ours {
        let reason = format!("`{}` has format {version}, older than {ours}: start the engine once", path.display());
        return Err(StoreError::Broken(reason));
    }
    prepare(&db)?;
    Ok(db)
}

/// Opens it once more, to read.
pub(super) fn read(path: &Path) -> Result<Connection, StoreError> {
    let db = connect(path)?;
    db.pragma_update(None, "query_only", true)?;
    Ok(db)
}

fn connect(path: &Path) -> Result<Connection, StoreError> {
    let db = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    db.busy_timeout(BUSY)?;
    // Else a statement that compares with a parameter is parsed anew each time that the parameter changes, to plan for
    // its value: a third of the writer's time, for plans that are the same.
    db.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    db.set_prepared_statement_cache_capacity(64);
    Ok(db)
}

/// The format of a database; 0 of one that is empty.
fn version(db: &Connection, path: &Path) -> Result<usize, StoreError> {
    let number = |pragma: &str| db.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
    let tables: u64 = db.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    let (application, version) = (number("application_id")?, number("user_version")?);
    let (path, ours) = (path.display(), MIGRATIONS.len());
    match usize::try_from(version) {
        Ok(0) if application == 0 && tables == 0 => Ok(0),
        Ok(version) if application == APPLICATION && version <= ours => Ok(version),
        Ok(_) if application == APPLICATION => {
            let reason = format!("`{path}` has format {version}, this program knows up to {ours}: use a newer one");
            Err(StoreError::Broken(reason))
        }
        _ => Err(StoreError::Broken(format!("`{path}` is the database of another program"))),
    }
}

fn prepare(db: &Connection) -> Result<(), StoreError> {
    // Synced at every commit, on a Mac too, where the usual sync leaves it to the disk. What is deleted is overwritten.
    // The log is brought over every 16 MB, and does not stay longer than 64 MB. Foreign keys are for the full check:
    // at every write they would cost what they never find.
    db.execute_batch(
        "PRAGMA synchronous = FULL;
         PRAGMA fullfsync = ON;
         PRAGMA secure_delete = ON;
         PRAGMA wal_autocheckpoint = 4000;
         PRAGMA journal_size_limit = 67108864;
         PRAGMA foreign_keys = OFF;
         PRAGMA cache_size = -16000;",
    )?;
    Ok(())
}

fn migrate(db: &Connection, version: usize) -> Result<(), StoreError> {
    if version == MIGRATIONS.len() {
        return Ok(());
    }
    let transaction = Transaction::new_unchecked(db, TransactionBehavior::Immediate)?;
    MIGRATIONS[version..].iter().try_for_each(|migration| db.execute_batch(migration))?;
    db.pragma_update(None, "user_version", MIGRATIONS.len())?;
    db.pragma_update(None, "application_id", APPLICATION)?;
    Ok(transaction.commit()?)
}

/// Makes this process the one whose engine works on a store, until the file is dropped.
pub(super) fn lock(store: &Path) -> Result<File, StoreError> {
    let path = beside(store, "lock");
    let failed = |error: io::Error| StoreError::Broken(format!("its lock `{}`: {error}", path.display()));
    let file = private(OpenOptions::new().create(true).truncate(false).read(true).write(true)).open(&path);
    let mut file = file.map_err(failed)?;
    let mut looks = 0;
    while let Err(error) = file.try_lock() {
        match error {
            // Whoever looks whether an engine is at work has the lock for a moment.
            TryLockError::WouldBlock if looks < MOST_LOOKS => std::thread::sleep(LOOK),
            TryLockError::WouldBlock => return Err(StoreError::InUse(holder(file))),
            TryLockError::Error(error) => return Err(failed(error)),
        }
        looks += 1;
    }
    let written = file.set_len(0).and_then(|()| file.rewind()).and_then(|()| write!(file, "{}", std::process::id()));
    written.map_err(failed)?;
    Ok(file)
}

/// Which engine works on a store, in words.
pub(super) fn engine(store: &Path) -> Option<String> {
    let file = File::open(beside(store, "lock")).ok()?;
    matches!(file.try_lock_shared(), Err(TryLockError::WouldBlock)).then(|| holder(file))
}

/// Where a locked file cannot be read, it is somebody at least.
fn holder(file: File) -> String {
    let mut process = String::new();
    match file.take(20).read_to_string(&mut process) {
        Ok(length) if length > 0 => format!("the engine of process {process} works on it"),
        _ => "the engine of another process works on it".to_owned(),
    }
}

/// The name of a file that belongs to a store.
pub(super) fn beside(store: &Path, extension: &str) -> PathBuf {
    store.with_added_extension(extension)
}
