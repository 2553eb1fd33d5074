//! Forgets what is older or more than is to be kept, a little at a time.

use std::collections::HashSet;
use std::time::Duration;

use jiff::Timestamp;
use rusqlite::{Connection, params, params_from_iter};

use super::ready::nanoseconds;
use super::{about, number};
use crate::store::{Keep, StoreError};

/// How many runs go at a time: what is to be written waits meanwhile.
const MOST_RUNS: u64 = 200;
/// How many content keys go at a time.
const MOST_KEYS: u64 = 2_000;

/// How many of the runs that have ended are more than are to be kept. This counts them all, so it is not for the thread
/// that writes.
pub(super) fn too_many(db: &Connection, keep: &Keep) -> Result<u64, StoreError> {
    let open = "SELECT count(*) FROM kinds CROSS JOIN runs INDEXED BY runs_of_kind ON kind = kinds.id
                WHERE outcome = ''";
    let open: u64 = db.prepare_cached(open)?.query_row([], |row| row.get(0))?;
    let all: u64 = db.prepare_cached("SELECT count(*) FROM runs")?.query_row([], |row| row.get(0))?;
    Ok(all.saturating_sub(open).saturating_sub(keep.runs))
}

/// Forgets some runs, content keys and packs; `kept` packs stay, since runs are to begin with them. Returns how many
/// runs and keys went.
pub(super) fn prune(
    db: &Connection,
    keep: &Keep,
    now: Timestamp,
    too_many: u64,
    kept: &HashSet<String>,
) -> Result<usize, StoreError> {
    let runs = match old_runs(db, before(now, keep.age))? {
        old if old.is_empty() => oldest_runs(db, too_many.min(MOST_RUNS))?,
        old => old,
    };
    for run in &runs {
        forget(db, run)?;
    }
    let keys = "DELETE FROM seen WHERE key IN (SELECT key FROM seen WHERE at < ?1 ORDER BY at LIMIT ?2)";
    let keys = db.prepare_cached(keys)?.execute(params![nanoseconds(before(now, keep.keys)), MOST_KEYS])?;
    forget_packs(db, kept)?;
    let kinds = "DELETE FROM kinds WHERE NOT EXISTS (SELECT 1 FROM runs WHERE kind = kinds.id)";
    db.prepare_cached(kinds)?.execute([])?;
    Ok(runs.len() + keys)
}

fn before(now: Timestamp, age: Duration) -> Timestamp {
    now.saturating_sub(age).unwrap_or(Timestamp::MIN)
}

/// A run that has ended, as it is found again.
struct Run {
    number: i64,
    kind: i64,
    about: Vec<String>,
}

/// Those that ended before a time. They began before it too, so that the newer ones are not looked at.
fn old_runs(db: &Connection, before: Timestamp) -> Result<Vec<Run>, StoreError> {
    let sql = "SELECT number, kind, about FROM runs WHERE number < ?1 AND finished < ?2 ORDER BY number LIMIT ?3";
    read(db, sql, &[number::end(before), nanoseconds(before), MOST_RUNS.cast_signed()])
}

fn oldest_runs(db: &Connection, most: u64) -> Result<Vec<Run>, StoreError> {
    let sql = "SELECT number, kind, about FROM runs WHERE finished IS NOT NULL ORDER BY number LIMIT ?1";
    read(db, sql, &[most.cast_signed()])
}

fn read(db: &Connection, sql: &str, parameters: &[i64]) -> Result<Vec<Run>, StoreError> {
    let mut statement = db.prepare_cached(sql)?;
    let runs = statement.query_map(params_from_iter(parameters), |row| {
        let about = about::names(&row.get::<_, String>(2)?);
        Ok(Run { number: row.get(0)?, kind: row.get(1)?, about })
    })?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}

fn forget(db: &Connection, run: &Run) -> Result<(), StoreError> {
    about::delete(db, &run.about, run.kind, run.number)?;
    db.prepare_cached("DELETE FROM records WHERE run = ?1")?.execute([run.number])?;
    db.prepare_cached("DELETE FROM runs WHERE number = ?1")?.execute([run.number])?;
    Ok(())
}

/// Forgets packs of which there are no runs.
fn forget_packs(db: &Connection, kept: &HashSet<String>) -> Result<(), StoreError> {
    let sql = "SELECT id, content FROM packs WHERE NOT EXISTS (SELECT 1 FROM runs WHERE runs.pack = packs.id)";
    let mut unused = db.prepare_cached(sql)?;
    let mut unused = unused.query([])?;
    let mut delete = db.prepare_cached("DELETE FROM packs WHERE id = ?1")?;
    while let Some(row) = unused.next()? {
        if !kept.contains(&row.get::<_, String>(1)?) {
            delete.execute([row.get::<_, i64>(0)?])?;
        }
    }
    Ok(())
}
