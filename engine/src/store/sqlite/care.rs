//! Whether a store is in order, and copies of it.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::Path;
use std::time::Duration;

use rusqlite::Connection;
use rusqlite::backup::Backup;

use crate::store::StoreError;
use crate::store::vault::private;

/// The tables that are small however long the history is.
const LIVE: &[&str] = &["waiting", "cursors", "kinds", "secrets", "orders"];

/// What must hold besides, each with a query for what breaks it.
const RULES: &[(&str, &str)] = &[
    ("has no record", "SELECT 'run ' || id FROM runs WHERE NOT EXISTS (SELECT 1 FROM records WHERE run = number)"),
    (
        "does not fit the part of the record before it",
        "SELECT 'position ' || position || ' of run ' || (SELECT id FROM runs WHERE number = run) FROM
            (SELECT run, position, lag(position + count, 1, 0) OVER (PARTITION BY run ORDER BY position) AS due
             FROM records)
         WHERE position <> due",
    ),
    (
        "is kept as if it had another end",
        "SELECT 'run ' || runs.id FROM runs JOIN kinds ON kinds.id = kind
         WHERE (finished IS NULL) <> (outcome = '')",
    ),
    (
        "has ended, but its secure values are still there",
        "SELECT DISTINCT 'run ' || runs.id FROM secrets JOIN runs ON number = run WHERE finished IS NOT NULL",
    ),
];

/// How many findings are told: a broken file has no end of them.
const MOST_FINDINGS: usize = 100;

/// Looks at what an engine needs to start. The history is left out, as it may be large.
pub(super) fn check_live(db: &Connection) -> Result<(), StoreError> {
    for table in LIVE {
        let found: String =
            db.query_row("SELECT quick_check FROM pragma_quick_check(?1)", [table], |row| row.get(0))?;
        if found != "ok" {
            return Err(StoreError::Broken(format!("its table `{table}` is damaged: {found}")));
        }
    }
    Ok(())
}

/// Looks at all of it. What is wrong is told in words; an empty list is good.
pub(super) fn check(db: &Connection) -> Result<Vec<String>, StoreError> {
    // All of what is looked at is of one moment.
    let moment = db.unchecked_transaction()?;
    let mut findings =
        strings(&moment, "SELECT integrity_check FROM pragma_integrity_check LIMIT ?1", [MOST_FINDINGS])?;
    findings.retain(|finding| finding != "ok");
    if !findings.is_empty() {
        return Ok(findings);
    }
    let dangling = "SELECT 'row ' || coalesce(rowid, '') || ' of ' || \"table\" || ' names a row of ' || parent || ' that is not there'
                    FROM pragma_foreign_key_check LIMIT ?1";
    findings.append(&mut strings(&moment, dangling, [MOST_FINDINGS])?);
    for (finding, query) in RULES {
        let found = strings(&moment, &format!("{query} LIMIT ?1"), [MOST_FINDINGS])?;
        findings.extend(found.into_iter().map(|what| format!("{what} {finding}")));
    }
    findings.truncate(MOST_FINDINGS);
    Ok(findings)
}

fn strings(db: &Connection, sql: &str, parameters: [usize; 1]) -> Result<Vec<String>, StoreError> {
    let mut statement = db.prepare(sql)?;
    let found = statement.query_map(parameters, |row| row.get(0))?;
    Ok(found.collect::<rusqlite::Result<_>>()?)
}

/// Copies all of it, as it is at one moment, to a file that is not there yet.
pub(super) fn backup(db: &Connection, to: &Path) -> Result<(), StoreError> {
    let failed = |error: io::Error| StoreError::Broken(format!("the copy `{}`: {error}", to.display()));
    private(OpenOptions::new().write(true).create_new(true)).open(to).map_err(failed)?;
    let copied = copy(db, to).and_then(|()| sync(to).map_err(failed));
    if copied.is_err() {
        // What is half a copy must not be taken for one.
        fs::remove_file(to).map_err(failed)?;
    }
    copied
}

/// Makes a new file and its name durable.
fn sync(file: &Path) -> io::Result<()> {
    File::open(file)?.sync_all()?;
    // Only Unix lets a folder be synced; elsewhere its entries are durable with their files.
    #[cfg(unix)]
    if let Some(folder) = file.parent() {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        File::open(folder)?.sync_all()?;
    }
    Ok(())
}

/// In one step: where the source is written to between two, it would begin again each time.
fn copy(db: &Connection, to: &Path) -> Result<(), StoreError> {
    let mut target = Connection::open(to)?;
    Backup::new(db, &mut target)?.run_to_completion(i32::MAX, Duration::ZERO, None)?;
    Ok(())
}
