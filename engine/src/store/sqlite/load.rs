//! What an engine needs to go on: what is not done, and records.

use indexmap::IndexMap;
use rusqlite::{Connection, Row};
use serde_json::Value;

use super::about;
use super::ready::{event_place, from_json, record_place, timestamp};
use crate::run::{Event, RunId};
use crate::store::vault::Vault;
use crate::store::{EventId, NewEvent, OpenRun, StoreError, Unfinished, WaitingEvent};

/// Everything that is not done.
pub(super) fn load(db: &Connection, vault: &Vault) -> Result<Unfinished, StoreError> {
    Ok(Unfinished { waiting: waiting(db, vault)?, runs: open_runs(db)?, cursors: cursors(db)? })
}

fn waiting(db: &Connection, vault: &Vault) -> Result<Vec<(EventId, NewEvent)>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id, key, sealed, event FROM waiting ORDER BY id")?;
    let mut rows = statement.query([])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        waiting.push(read_event(row, vault)?);
    }
    Ok(waiting)
}

/// One event that waits.
pub(super) fn waiting_event(db: &Connection, vault: &Vault, event: EventId) -> Result<Option<NewEvent>, StoreError> {
    let mut statement = db.prepare_cached("SELECT id, key, sealed, event FROM waiting WHERE id = ?1")?;
    let mut rows = statement.query([event.0])?;
    rows.next()?.map(|row| read_event(row, vault).map(|(_, event)| event)).transpose()
}

/// The events that wait, for people.
pub(super) fn waiting_list(db: &Connection, most: usize) -> Result<Vec<WaitingEvent>, StoreError> {
    let sql = "SELECT id, sealed, waiting.event, at FROM waiting LEFT JOIN seen USING (key) ORDER BY id LIMIT ?1";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([i64::try_from(most).unwrap_or(i64::MAX)])?;
    let mut waiting = Vec::new();
    while let Some(row) = rows.next()? {
        let (id, sealed, bytes): (u64, bool, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let at = row.get::<_, Option<i64>>(3)?.map(timestamp);
        waiting.push(match sealed {
            true => WaitingEvent { id: EventId(id), flow: None, about: Vec::new(), at },
            false => WaitingEvent::of(EventId(id), from_json(&bytes, &format!("event {id}"))?),
        });
    }
    Ok(waiting)
}

fn read_event(row: &Row<'_>, vault: &Vault) -> Result<(EventId, NewEvent), StoreError> {
    let (id, key, sealed): (u64, Vec<u8>, bool) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let event: Vec<u8> = row.get(3)?;
    let event = if sealed { vault.unseal(&event, &event_place(&key))? } else { event };
    Ok((EventId(id), from_json(&event, &format!("event {id}"))?))
}

fn open_runs(db: &Connection) -> Result<Vec<OpenRun>, StoreError> {
    let sql = "SELECT runs.id, flow, content, about, sleeps_until
               FROM kinds CROSS JOIN runs INDEXED BY runs_of_kind ON kind = kinds.id JOIN packs ON packs.id = runs.pack
               WHERE outcome = '' ORDER BY number";
    let mut statement = db.prepare_cached(sql)?;
    let runs = statement.query_map([], |row| {
        Ok(OpenRun {
            id: RunId(row.get(0)?),
            flow: row.get(1)?,
            pack: row.get(2)?,
            keys: about::names(&row.get::<_, String>(3)?),
            sleeps_until: row.get::<_, Option<i64>>(4)?.map(timestamp),
        })
    })?;
    Ok(runs.collect::<rusqlite::Result<_>>()?)
}

fn cursors(db: &Connection) -> Result<IndexMap<String, Value>, StoreError> {
    let mut statement = db.prepare_cached("SELECT name, value FROM cursors ORDER BY name")?;
    let mut rows = statement.query([])?;
    let mut cursors = IndexMap::new();
    while let Some(row) = rows.next()? {
        let (name, value): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
        let value = from_json(&value, &format!("the mark of poll `{name}`"))?;
        cursors.insert(name, value);
    }
    Ok(cursors)
}

/// The record of a run. Without the key, it is what people may see of it.
pub(super) fn record(db: &Connection, vault: Option<&Vault>, run: &RunId) -> Result<Vec<Event>, StoreError> {
    let sql = "SELECT records.position, records.events, secrets.events
               FROM runs CROSS JOIN records ON records.run = number
               LEFT JOIN secrets ON secrets.run = number AND secrets.position = records.position
               WHERE runs.id = ?1 ORDER BY records.position";
    let mut statement = db.prepare_cached(sql)?;
    let mut rows = statement.query([&run.0])?;
    let mut events = Vec::new();
    while let Some(row) = rows.next()? {
        let (position, shown, secret): (u64, Vec<u8>, Option<Vec<u8>>) = (row.get(0)?, row.get(1)?, row.get(2)?);
        let part = match (vault, secret) {
            (Some(vault), Some(secret)) => vault.unseal(&secret, &record_place(&run.0, position))?,
            _ => shown,
        };
        events.append(&mut from_json(&part, &format!("the record of run `{run}`"))?);
    }
    Ok(events)
}
