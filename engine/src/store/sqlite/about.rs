//! What runs are about, to find them by it.
//!
//! A name is found with its kind or without, in any case: what is kept is a hash of the name without both, and what it
//! finds is looked at once more.

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::{Connection, params};

use crate::store::StoreError;

/// The names in a row of a run.
pub(super) fn names(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The hash under which runs about a key are found.
fn hash(name: &str) -> i64 {
    let hash = digest(&SHA256, name.to_ascii_lowercase().as_bytes());
    hash.as_ref().iter().take(8).fold(0, |hash, byte| (hash << 8) | i64::from(*byte))
}

/// The hashes under which a name that was asked for may stand: it may have its kind before it, or a `/` of its own.
pub(super) fn hashes(name: &str) -> Vec<i64> {
    let mut hashes = vec![hash(name), hash(bare(name))];
    hashes.dedup();
    hashes
}

fn bare(key: &str) -> &str {
    key.split_once('/').map_or(key, |(_, name)| name)
}

/// Writes what a run is about. Two of its names may be one without their kinds.
pub(super) fn write(db: &Connection, about: &[String], kind: i64, run: i64) -> Result<(), StoreError> {
    let mut insert = db.prepare_cached("INSERT OR IGNORE INTO about (name, kind, run) VALUES (?1, ?2, ?3)")?;
    about.iter().try_for_each(|key| insert.execute(params![hash(bare(key)), kind, run]).map(|_| ()))?;
    Ok(())
}

/// Deletes what was written.
pub(super) fn delete(db: &Connection, about: &[String], kind: i64, run: i64) -> Result<(), StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM about WHERE name = ?1 AND kind = ?2 AND run = ?3")?;
    about.iter().try_for_each(|key| delete.execute(params![hash(bare(key)), kind, run]).map(|_| ()))?;
    Ok(())
}
