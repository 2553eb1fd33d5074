//! Events on disk: one thread writes, and one commit holds what came in while the last one was synced.

use std::path::Path;

use rusqlite::{Connection, params};
use tokio::sync::{mpsc, oneshot};

use crate::Failure;

/// Writes in one commit at most.
const LARGEST_COMMIT: usize = 512;

/// The way to the writing thread.
pub(super) struct Store(mpsc::UnboundedSender<Write>);

/// An event that was kept, by its number.
type Kept = (i64, String);

enum Write {
    Event(String, oneshot::Sender<i64>),
    Done(i64, &'static str),
}

impl Store {
    /// Opens the file, and gives what was not done when it was last used.
    pub(super) fn open(file: &Path) -> Result<(Store, Vec<Kept>), Failure> {
        let connection = Connection::open(file)?;
        connection.execute_batch(
            "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;
             CREATE TABLE IF NOT EXISTS runs (id INTEGER PRIMARY KEY, event TEXT NOT NULL, result TEXT);",
        )?;
        let waiting = connection
            .prepare("SELECT id, event FROM runs WHERE result IS NULL")?
            .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?
            .collect::<Result<Vec<Kept>, _>>()?;
        let (sender, writes) = mpsc::unbounded_channel();
        // The thread ends with the process, or at a write that fails; then no event is answered any more.
        std::thread::Builder::new().name("store".to_owned()).spawn(move || write_all(connection, writes))?;
        Ok((Store(sender), waiting))
    }

    /// Keeps an event; it is on disk when this returns its number.
    pub(super) async fn keep(&self, event: String) -> Option<i64> {
        let (kept, answer) = oneshot::channel();
        self.0.send(Write::Event(event, kept)).ok()?;
        answer.await.ok()
    }

    /// Notes how an event ended. Nobody waits for that: at worst its job is done once more after a crash.
    pub(super) fn done(&self, id: i64, result: &'static str) {
        let _ = self.0.send(Write::Done(id, result));
    }
}

fn write_all(mut connection: Connection, mut writes: mpsc::UnboundedReceiver<Write>) -> Result<(), rusqlite::Error> {
    while let Some(first) = writes.blocking_recv() {
        let mut batch = vec![first];
        while batch.len() < LARGEST_COMMIT
            && let Ok(next) = writes.try_recv()
        {
            batch.push(next);
        }
        commit(&mut connection, batch)?;
    }
    Ok(())
}

fn commit(connection: &mut Connection, batch: Vec<Write>) -> Result<(), rusqlite::Error> {
    let mut kept = Vec::new();
    let transaction = connection.transaction()?;
    {
        let mut insert = transaction.prepare_cached("INSERT INTO runs (event) VALUES (?1)")?;
        let mut update = transaction.prepare_cached("UPDATE runs SET result = ?2 WHERE id = ?1")?;
        for write in batch {
            match write {
                Write::Event(event, answer) => kept.push((insert.insert([event])?, answer)),
                Write::Done(id, result) => {
                    update.execute(params![id, result])?;
                }
            }
        }
    }
    transaction.commit()?;
    for (id, answer) in kept {
        // Whoever asked may be gone.
        let _ = answer.send(id);
    }
    Ok(())
}
