//! A store in one file: SQLite with a write-ahead log, which is synced before anything is answered.
//!
//! What is asked for is made `ready` on the caller's side and written by the one thread of `writer`, in `accept`,
//! `transitions`, `orders` and `prune`. `readers` read beside it: `history` lists runs, `load` gives what is not done.
//! `open` has the files and their format, of which `migrations` is the description; `care` checks and copies.
//!
//! Beside the file `s` stand `s-wal` and `s-shm`, which are part of it, `s.lock`, and `s.key`, which opens its secure
//! values and belongs into no copy.

mod about;
mod accept;
mod care;
mod history;
mod kinds;
mod load;
mod number;
mod open;
mod orders;
mod prune;
mod readers;
mod ready;
mod room;
mod transitions;
mod writer;

use std::collections::HashSet;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use jiff::Timestamp;
use rusqlite::{Connection, ErrorCode, ffi};
use serde_json::Value;

use super::vault::Vault;
use super::{
    Accepted, Cursor, EventId, Keep, NewEvent, Order, OrderId, RunQuery, RunSummary, Store, StoreError, Transition,
    Unfinished, WaitingEvent,
};
use crate::run::{Event, RunId};
use readers::Readers;
use ready::{ReadyCursor, ReadyEvent, ReadyTransition, to_json};
use room::{Room, Waiting};
use writer::Writer;

/// Keeps everything in one file.
#[derive(Debug)]
pub struct SqliteStore {
    readers: Arc<Readers>,
    writer: Writer,
    /// Only the engine has it: whoever is merely attached sees what people may see.
    vault: Option<Arc<Vault>>,
    /// The packs that runs are to begin with.
    packs: Mutex<HashSet<String>>,
    /// Held for as long as the engine works.
    _lock: Option<File>,
}

/// How much a store takes in, and where its key is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// The file of the key that opens secure values; where none is named, it is beside the store.
    pub key: Option<PathBuf>,
    /// How many events may wait for their runs.
    pub most_waiting: u64,
    /// How many bytes these may have.
    pub most_waiting_bytes: u64,
    /// Bytes of the disk that are left to runs under way: with fewer, no event is taken in.
    pub spare_bytes: u64,
    /// How many bytes the file may have; as many as the disk gives where none is named.
    pub most_bytes: Option<u64>,
}

impl Default for Options {
    /// Enough for a morning's outage, and a disk that is never quite full.
    fn default() -> Options {
        Options {
            key: None,
            most_waiting: 100_000,
            most_waiting_bytes: 256 << 20,
            spare_bytes: 64 << 20,
            most_bytes: None,
        }
    }
}

impl SqliteStore {
    /// The number of the format that this program writes; it reads this and older ones.
    pub const FORMAT: usize = open::MIGRATIONS.len();

    /// Opens the store for the engine, and makes it where there is none. Only one can have it: for a second,
    /// [`StoreError::InUse`] names the process of the first.
    pub fn open(path: &Path, options: &Options) -> Result<SqliteStore, StoreError> {
        let lock = open::lock(path)?;
        let db = open::open(path, options)?;
        care::check_live(&db)?;
        let sealed = "SELECT EXISTS (SELECT 1 FROM secrets) OR EXISTS (SELECT 1 FROM waiting WHERE sealed)";
        let sealed = db.query_row(sealed, [], |row| row.get(0))?;
        let key = options.key.clone().unwrap_or_else(|| open::beside(path, "key"));
        let vault = Some(Arc::new(Vault::open(&key, sealed)?));
        SqliteStore::new(path, db, options, vault, Some(lock))
    }

    /// Opens a store that is there, to read, and to place orders; an engine may be at work on it. Secure values are
    /// not to be seen.
    pub fn attach(path: &Path) -> Result<SqliteStore, StoreError> {
        SqliteStore::new(path, open::attach(path)?, &Options::default(), None, None)
    }

    fn new(
        path: &Path,
        db: Connection,
        options: &Options,
        vault: Option<Arc<Vault>>,
        lock: Option<File>,
    ) -> Result<SqliteStore, StoreError> {
        let waiting = |row: &rusqlite::Row<'_>| Ok(Waiting { count: row.get(0)?, bytes: row.get(1)? });
        let waiting = db.query_row("SELECT count(*), coalesce(sum(length(event)), 0) FROM waiting", [], waiting)?;
        let writer = Writer::start(db, Room::new(waiting, options, path))?;
        Ok(SqliteStore { readers: Readers::new(path.to_owned()), writer, vault, packs: Mutex::default(), _lock: lock })
    }

    /// Which engine works on the store, in words; none where no process has it open for one.
    pub fn engine(&self) -> Option<String> {
        open::engine(self.readers.path())
    }

    /// How many bytes the disk of the store has free; none where that cannot be found out.
    pub fn free_bytes(&self) -> Option<u64> {
        room::free_bytes(self.readers.path())
    }

    /// Looks at all of the store, however large. What is wrong is told in words; an empty list is good.
    pub async fn check(&self) -> Result<Vec<String>, StoreError> {
        self.readers.read(care::check).await
    }

    /// Copies the store, as it is at one moment, to a file that must not be there yet. An engine may be at work on it.
    /// The key is not copied.
    pub async fn backup(&self, to: &Path) -> Result<(), StoreError> {
        let to = to.to_owned();
        self.readers.read(move |db| care::backup(db, &to)).await
    }

    /// What only the engine may do needs this.
    fn vault(&self) -> Result<&Arc<Vault>, StoreError> {
        let attached = || StoreError::InUse("only the engine that opened it may do this".to_owned());
        self.vault.as_ref().ok_or_else(attached)
    }

    fn packs(&self) -> std::sync::MutexGuard<'_, HashSet<String>> {
        self.packs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError> {
        let vault = self.vault()?;
        let events: Vec<_> = events.iter().map(|event| ReadyEvent::new(event, vault)).collect::<Result<_, _>>()?;
        let cursor = cursor.map(ReadyCursor::new).transpose()?;
        self.writer.write(move |db, room| accept::accept(db, room, &events, cursor.as_ref())).await
    }

    async fn load(&self) -> Result<Unfinished, StoreError> {
        let vault = Arc::clone(self.vault()?);
        self.readers.read(move |db| load::load(db, &vault)).await
    }

    async fn waiting_event(&self, event: EventId) -> Result<Option<NewEvent>, StoreError> {
        let vault = Arc::clone(self.vault()?);
        self.readers.read(move |db| load::waiting_event(db, &vault, event)).await
    }

    async fn waiting(&self, most: usize) -> Result<Vec<WaitingEvent>, StoreError> {
        self.readers.read(move |db| load::waiting_list(db, most)).await
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        let vault = self.vault()?;
        let ready = transitions.iter().map(|transition| ReadyTransition::new(transition, vault));
        let ready: Vec<_> = ready.collect::<Result<_, _>>()?;
        self.writer.write(move |db, room| transitions::commit(db, room, &ready)).await
    }

    async fn runs(&self, query: &RunQuery) -> Result<Vec<RunSummary>, StoreError> {
        let query = query.clone();
        self.readers.read(move |db| history::runs(db, &query)).await
    }

    async fn record(&self, run: &RunId) -> Result<Vec<Event>, StoreError> {
        let (run, vault) = (run.clone(), self.vault.clone());
        self.readers.read(move |db| load::record(db, vault.as_deref(), &run)).await
    }

    async fn keep_pack(&self, content: &str, pack: &Value) -> Result<(), StoreError> {
        self.vault()?;
        self.packs().insert(content.to_owned());
        let (content, pack) = (content.to_owned(), to_json(pack)?);
        self.writer.write(move |db, _| orders::keep_pack(db, &content, &pack)).await
    }

    async fn pack(&self, content: &str) -> Result<Option<Value>, StoreError> {
        let content = content.to_owned();
        self.readers.read(move |db| orders::pack(db, &content)).await
    }

    async fn place(&self, order: &Order) -> Result<OrderId, StoreError> {
        let order = orders::to_text(order)?;
        self.writer.write(move |db, _| orders::place(db, &order)).await
    }

    async fn orders(&self) -> Result<Vec<(OrderId, Order)>, StoreError> {
        self.readers.read(orders::open_orders).await
    }

    async fn settle(&self, order: OrderId, result: Result<String, String>, at: Timestamp) -> Result<(), StoreError> {
        self.vault()?;
        let result = orders::to_text(&result)?;
        self.writer.write(move |db, _| orders::settle(db, order, &result, at)).await
    }

    async fn settled(&self, order: OrderId) -> Result<Option<Result<String, String>>, StoreError> {
        self.readers.read(move |db| orders::settled(db, order)).await
    }

    async fn prune(&self, keep: &Keep, now: Timestamp) -> Result<usize, StoreError> {
        self.vault()?;
        let (keep, packs) = (*keep, self.packs().clone());
        let too_many = self.readers.read(move |db| prune::too_many(db, &keep)).await?;
        self.writer.write(move |db, _| prune::prune(db, &keep, now, too_many, &packs)).await
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> StoreError {
        let reads = [ffi::SQLITE_IOERR_READ, ffi::SQLITE_IOERR_SHORT_READ];
        let read = error.sqlite_error().is_some_and(|error| reads.contains(&error.extended_code));
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => StoreError::Full(error.to_string()),
            // A disk that takes nothing: a quota says so too.
            Some(ErrorCode::SystemIoFailure) if !read => StoreError::Full(error.to_string()),
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
                StoreError::InUse("another process has been writing to it for a long time".to_owned())
            }
            _ => StoreError::Broken(error.to_string()),
        }
    }
}
