//! Connections that read, beside the one that writes and beside each other.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::Connection;
use tokio::sync::Semaphore;

use super::open;
use crate::store::StoreError;

/// How many may read at a time.
const MOST: usize = 4;

/// The connections that are open and idle, and the right to use one.
#[derive(Debug)]
pub(super) struct Readers {
    path: PathBuf,
    idle: Mutex<Vec<Connection>>,
    free: Semaphore,
}

impl Readers {
    /// Opens none yet.
    pub(super) fn new(path: PathBuf) -> Arc<Readers> {
        Arc::new(Readers { path, idle: Mutex::default(), free: Semaphore::new(MOST) })
    }

    /// Reads, on a thread that may wait for the disk.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Readers>,
        read: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = |_| StoreError::Broken("its readers have stopped".to_owned());
        let _right = self.free.acquire().await.map_err(stopped)?;
        let readers = Arc::clone(self);
        let reading = tokio::task::spawn_blocking(move || readers.read_now(read));
        reading.await.map_err(|error| StoreError::Broken(format!("reading was stopped: {error}")))?
    }

    fn read_now<T>(&self, read: impl FnOnce(&Connection) -> Result<T, StoreError>) -> Result<T, StoreError> {
        let idle = || self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let db = idle().pop();
        let db = db.map_or_else(|| open::read(&self.path), Ok)?;
        let result = read(&db);
        idle().push(db);
        result
    }
}
