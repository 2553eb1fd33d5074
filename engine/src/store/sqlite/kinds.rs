//! Kinds of runs: the combinations of flow, outcome and code.
//!
//! Any filter by these is a set of kinds, and one index gives the newest runs of each.

use rusqlite::{Connection, OptionalExtension, params};

use super::ready::Ending;
use crate::store::{RunQuery, StoreError};

/// The code of kinds for which there were too many codes to tell them apart.
const ANY_CODE: &str = "*";
/// How many kinds there may be before codes are no longer told apart.
const MOST_KINDS: u64 = 2_000;
/// The length, in bytes, up to which a code is one.
const LONGEST_CODE: usize = 200;

/// The number of the kind of a run.
pub(super) fn kind(db: &Connection, flow: &str, ends: Option<&Ending>) -> Result<i64, StoreError> {
    let outcome = ends.map_or("", |ends| ends.outcome.name());
    let code = ends.map_or("", |ends| ends.code.as_str());
    let code = if code.len() > LONGEST_CODE { ANY_CODE } else { code };
    if let Some(kind) = find(db, flow, outcome, code)? {
        return Ok(kind);
    }
    let kinds: u64 = db.prepare_cached("SELECT count(*) FROM kinds")?.query_row([], |row| row.get(0))?;
    if kinds < MOST_KINDS || code.is_empty() {
        return insert(db, flow, outcome, code);
    }
    match find(db, flow, outcome, ANY_CODE)? {
        Some(kind) => Ok(kind),
        None => insert(db, flow, outcome, ANY_CODE),
    }
}

fn find(db: &Connection, flow: &str, outcome: &str, code: &str) -> Result<Option<i64>, StoreError> {
    let mut find = db.prepare_cached("SELECT id FROM kinds WHERE flow = ?1 AND outcome = ?2 AND code = ?3")?;
    Ok(find.query_row([flow, outcome, code], |row| row.get(0)).optional()?)
}

fn insert(db: &Connection, flow: &str, outcome: &str, code: &str) -> Result<i64, StoreError> {
    let mut insert = db.prepare_cached("INSERT INTO kinds (flow, outcome, code) VALUES (?1, ?2, ?3)")?;
    Ok(insert.insert([flow, outcome, code])?)
}

/// The kinds that a query may want; `None` where it does not matter.
pub(super) fn wanted(db: &Connection, query: &RunQuery) -> Result<Option<Vec<i64>>, StoreError> {
    let RunQuery { flow, outcome, ended, code, .. } = query;
    if flow.is_none() && outcome.is_none() && ended.is_none() && code.is_none() {
        return Ok(None);
    }
    let sql = "SELECT id FROM kinds WHERE (?1 IS NULL OR flow = ?1) AND (?2 IS NULL OR outcome = ?2)
               AND (?3 IS NULL OR (outcome <> '') = ?3) AND (?4 IS NULL OR code IN (?4, ?5))";
    let mut kinds = db.prepare_cached(sql)?;
    let outcome = outcome.map(|outcome| outcome.name());
    let kinds = kinds.query_map(params![flow, outcome, ended, code, ANY_CODE], |row| row.get(0))?;
    Ok(Some(kinds.collect::<rusqlite::Result<_>>()?))
}

/// Every kind.
pub(super) fn all(db: &Connection) -> Result<Vec<i64>, StoreError> {
    let mut kinds = db.prepare_cached("SELECT id FROM kinds")?;
    let kinds = kinds.query_map([], |row| row.get(0))?;
    Ok(kinds.collect::<rusqlite::Result<_>>()?)
}
