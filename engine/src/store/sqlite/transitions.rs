//! Transitions: a run begins, goes on, ends, and perhaps goes on once more.

use rusqlite::{Connection, OptionalExtension, params};

use super::ready::{Beginning, ReadyTransition, nanoseconds, to_json};
use super::room::Room;
use super::{about, accept, kinds, number};
use crate::store::StoreError;

/// What is to be known of a run to write on.
#[derive(Debug)]
pub(super) struct Known {
    number: i64,
    /// How many events its record has.
    length: u64,
    flow: String,
    kind: i64,
    about: Vec<String>,
    sleeps_until: Option<i64>,
    ended: bool,
}

/// Writes transitions, in order. The first that does not fit refuses all.
pub(super) fn commit(db: &Connection, room: &mut Room, transitions: &[ReadyTransition]) -> Result<(), StoreError> {
    for transition in transitions {
        let known = match room.recall(&transition.run.0) {
            Some(known) => Some(known),
            None => find(db, &transition.run.0)?,
        };
        let found = known.as_ref().map_or(0, |known| known.length);
        if found != transition.after {
            let run = transition.run.to_string();
            return Err(StoreError::OutOfStep { run, expected: transition.after, found });
        }
        transition.taken.iter().try_for_each(|event| accept::take(db, room, *event))?;
        let known = match (known, &transition.begins) {
            (Some(known), _) => known,
            (None, Some(begins)) => begin(db, &transition.run.0, begins)?,
            (None, None) if transition.count == 0 => continue,
            (None, None) => {
                let reason = format!("the record of run `{}` does not begin with its start", transition.run);
                return Err(StoreError::Broken(reason));
            }
        };
        let known = go_on(db, known, transition)?;
        if !known.ended {
            room.remember(&transition.run.0, known);
        }
    }
    Ok(())
}

fn find(db: &Connection, run: &str) -> Result<Option<Known>, StoreError> {
    let sql = "SELECT number, flow, kind, about, sleeps_until, finished IS NOT NULL,
                      (SELECT position + count FROM records WHERE run = number ORDER BY position DESC LIMIT 1)
               FROM runs JOIN kinds ON kinds.id = kind WHERE runs.id = ?1";
    let mut find = db.prepare_cached(sql)?;
    let known = find.query_row([run], |row| {
        Ok(Known {
            number: row.get(0)?,
            flow: row.get(1)?,
            kind: row.get(2)?,
            about: about::names(&row.get::<_, String>(3)?),
            sleeps_until: row.get(4)?,
            ended: row.get(5)?,
            length: row.get::<_, Option<u64>>(6)?.unwrap_or_default(),
        })
    });
    Ok(known.optional()?)
}

fn begin(db: &Connection, id: &str, begins: &Beginning) -> Result<Known, StoreError> {
    let Beginning { flow, pack, about, resubmits, started } = begins;
    let number = number::next(db, *started)?;
    let kind = kinds::kind(db, flow, None)?;
    let pack = pack_number(db, pack)?;
    let sql = "INSERT INTO runs (number, id, kind, pack, about, resubmits, started)
               VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)";
    let names = to_json(about)?;
    let names = String::from_utf8_lossy(&names);
    let resubmits = resubmits.as_ref().map(|run| run.0.as_str());
    db.prepare_cached(sql)?.execute(params![number, id, kind, pack, names, resubmits, nanoseconds(*started)])?;
    about::write(db, about, kind, number)?;
    let (flow, about) = (flow.clone(), about.clone());
    Ok(Known { number, length: 0, flow, kind, about, sleeps_until: None, ended: false })
}

/// A pack may be named before it is kept.
fn pack_number(db: &Connection, content: &str) -> Result<i64, StoreError> {
    let mut find = db.prepare_cached("SELECT id FROM packs WHERE content = ?1")?;
    match find.query_row([content], |row| row.get(0)).optional()? {
        Some(pack) => Ok(pack),
        None => Ok(db.prepare_cached("INSERT INTO packs (content) VALUES (?1)")?.insert([content])?),
    }
}

fn go_on(db: &Connection, known: Known, transition: &ReadyTransition) -> Result<Known, StoreError> {
    let ReadyTransition { after, count, events, secret, ends, sleeps_until, .. } = transition;
    if *count > 0 {
        let sql = "INSERT INTO records (run, position, count, events) VALUES (?1, ?2, ?3, ?4)";
        db.prepare_cached(sql)?.execute(params![known.number, after, count, events])?;
    }
    if let Some(secret) = secret {
        let sql = "INSERT INTO secrets (run, position, events) VALUES (?1, ?2, ?3)";
        db.prepare_cached(sql)?.execute(params![known.number, after, secret])?;
    }
    let mut known = Known { length: after + count, ..known };
    let turns = *count > 0 && ends.is_some() != known.ended;
    if turns || known.ended && *count > 0 {
        known = turn(db, known, transition)?;
    } else if *sleeps_until != known.sleeps_until {
        let sql = "UPDATE runs SET sleeps_until = ?2 WHERE number = ?1";
        db.prepare_cached(sql)?.execute(params![known.number, sleeps_until])?;
        known.sleeps_until = *sleeps_until;
    }
    Ok(known)
}

/// The run ends, or one that had ended goes on: it is of another kind from here.
fn turn(db: &Connection, known: Known, transition: &ReadyTransition) -> Result<Known, StoreError> {
    let ReadyTransition { ends, sleeps_until, .. } = transition;
    let kind = kinds::kind(db, &known.flow, ends.as_ref())?;
    let (finished, error) = ends.as_ref().map(|ends| (ends.finished, ends.error.as_deref())).unzip();
    let sql = "UPDATE runs SET kind = ?2, sleeps_until = ?3, finished = ?4, error = ?5 WHERE number = ?1";
    db.prepare_cached(sql)?.execute(params![known.number, kind, sleeps_until, finished, error.flatten()])?;
    about::delete(db, &known.about, known.kind, known.number)?;
    about::write(db, &known.about, kind, known.number)?;
    if ends.is_some() {
        db.prepare_cached("DELETE FROM secrets WHERE run = ?1")?.execute([known.number])?;
    }
    Ok(Known { kind, sleeps_until: *sleeps_until, ended: ends.is_some(), ..known })
}
