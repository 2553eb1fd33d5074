//! What runs are about, to find them by it.
//!
//! A name is found with its kind or without, in any case. What is kept are hashes, so what they find is looked at once
//! more.

use aws_lc_rs::digest::{SHA256, digest};
use rusqlite::{Connection, params};

use crate::store::StoreError;

/// The names in a row of a run.
pub(super) fn names(json: &str) -> Vec<String> {
    serde_json::from_str(json).unwrap_or_default()
}

/// The number of a key: a hash of the name without its kind, and one of the whole.
fn number(key: &str) -> i64 {
    first_of(bare(key)) | i64::from(hash(key))
}

/// The least number of a key that has this name without its kind.
fn first_of(bare: &str) -> i64 {
    (u64::from(hash(bare)) << 32).cast_signed()
}

fn hash(name: &str) -> u32 {
    let hash = digest(&SHA256, name.to_ascii_lowercase().as_bytes());
    hash.as_ref().iter().take(4).fold(0, |hash, byte| (hash << 8) | u32::from(*byte))
}

fn bare(key: &str) -> &str {
    key.split_once('/').map_or(key, |(_, name)| name)
}

/// The numbers of the keys that a name may mean: itself, and those that have it behind a kind.
pub(super) fn numbers(db: &Connection, name: &str) -> Result<Vec<i64>, StoreError> {
    let mut next = db.prepare_cached("SELECT min(name) FROM about WHERE name >= ?1 AND name <= ?2")?;
    let (mut least, most) = (first_of(name), first_of(name) | i64::from(u32::MAX));
    let mut numbers = vec![number(name)];
    while let Some(found) = next.query_row([least, most], |row| row.get::<_, Option<i64>>(0))? {
        numbers.push(found);
        if found == most {
            break;
        }
        least = found + 1;
    }
    Ok(numbers)
}

/// Writes what a run is about. Two of its names may differ in case only.
pub(super) fn write(db: &Connection, about: &[String], kind: i64, run: i64) -> Result<(), StoreError> {
    let mut insert = db.prepare_cached("INSERT OR IGNORE INTO about (name, kind, run) VALUES (?1, ?2, ?3)")?;
    about.iter().try_for_each(|key| insert.execute(params![number(key), kind, run]).map(|_| ()))?;
    Ok(())
}

/// Deletes what was written.
pub(super) fn delete(db: &Connection, about: &[String], kind: i64, run: i64) -> Result<(), StoreError> {
    let mut delete = db.prepare_cached("DELETE FROM about WHERE name = ?1 AND kind = ?2 AND run = ?3")?;
    about.iter().try_for_each(|key| delete.execute(params![number(key), kind, run]).map(|_| ()))?;
    Ok(())
}
