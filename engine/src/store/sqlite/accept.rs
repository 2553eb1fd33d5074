//! Events that come in, and where polls go on.

use rusqlite::{Connection, OptionalExtension, params};

use super::ready::{ReadyCursor, ReadyEvent};
use super::room::Room;
use crate::store::{Accepted, EventId, StoreError};

/// Writes events that are not known yet, and the cursor of the poll that found them.
pub(super) fn accept(
    db: &Connection,
    room: &mut Room,
    events: &[ReadyEvent],
    cursor: Option<&ReadyCursor>,
) -> Result<Vec<Accepted>, StoreError> {
    let accepted = events.iter().map(|event| accept_one(db, room, event)).collect::<Result<_, _>>()?;
    if let Some(ReadyCursor { name, value }) = cursor {
        let sql = "INSERT INTO cursors (name, value) VALUES (?1, ?2)
                   ON CONFLICT (name) DO UPDATE SET value = excluded.value";
        db.prepare_cached(sql)?.execute(params![name, value])?;
    }
    Ok(accepted)
}

fn accept_one(db: &Connection, room: &mut Room, event: &ReadyEvent) -> Result<Accepted, StoreError> {
    let mut known = db.prepare_cached("SELECT event FROM seen WHERE key = ?1")?;
    if let Some(known) = known.query_row([&event.key], |row| row.get(0)).optional()? {
        return Ok(Accepted::Duplicate(EventId(known)));
    }
    room.take(event.bytes.len() as u64)?;
    let ReadyEvent { key, at, sealed, bytes } = event;
    let mut insert = db.prepare_cached("INSERT INTO waiting (key, sealed, event) VALUES (?1, ?2, ?3)")?;
    let id = insert.insert(params![key, sealed, bytes])?;
    db.prepare_cached("INSERT INTO seen (key, event, at) VALUES (?1, ?2, ?3)")?.execute(params![key, id, at])?;
    Ok(Accepted::New(EventId(id.cast_unsigned())))
}

/// Takes an event that has its fate out of those that wait. One that does not wait is none of them any more. To ask
/// first takes half the time of a deletion that says what it deleted: that would be kept undoable by itself.
pub(super) fn take(db: &Connection, room: &mut Room, event: u64) -> Result<(), StoreError> {
    let mut length = db.prepare_cached("SELECT length(event) FROM waiting WHERE id = ?1")?;
    if let Some(bytes) = length.query_row([event], |row| row.get(0)).optional()? {
        db.prepare_cached("DELETE FROM waiting WHERE id = ?1")?.execute([event])?;
        room.give_back(bytes);
    }
    Ok(())
}
