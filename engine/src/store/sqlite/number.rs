//! Numbers of runs: greater for those that began later, so that the newest are found by the number alone.
//!
//! A number is the millisecond in which the run began, and which of this millisecond it is.

use jiff::Timestamp;
use rusqlite::Connection;

use crate::store::StoreError;

/// Bits for the runs of one millisecond. What would be more goes into the next.
const BITS: u32 = 17;
/// Milliseconds from 1970, both ways: as many as fit, up to the year 3084. Nearer times stand for those beyond.
const FARTHEST: i64 = 1 << 45;

/// The least number of a run that begins at this time or later.
pub(super) fn first(started: Timestamp) -> i64 {
    started.as_millisecond().clamp(-FARTHEST, FARTHEST) << BITS
}

/// Behind the numbers of all runs that begin before a time; some that begin in the same millisecond are among them.
pub(super) fn end(until: Timestamp) -> i64 {
    first(until) + (1 << BITS)
}

/// The number for a run that begins now; the clock may have gone back.
pub(super) fn next(db: &Connection, started: Timestamp) -> Result<i64, StoreError> {
    let mut before = db.prepare_cached("SELECT max(number) FROM runs WHERE number < ?1")?;
    let mut least = first(started);
    loop {
        let end = least + (1 << BITS);
        let last: Option<i64> = before.query_row([end], |row| row.get(0))?;
        match last.filter(|last| *last >= least) {
            None => return Ok(least),
            Some(last) if last + 1 < end => return Ok(last + 1),
            Some(_) => least = end,
        }
    }
}
