//! What the thread that writes keeps in mind: what there is room for, since only so many events may wait and some of the
//! disk must be left for the runs under way, and the ends of their records.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::StoreError;

use super::Options;
use super::transitions::Known;

/// The most runs of which the ends are kept in mind.
const MOST_RUNS: usize = 4096;
/// For how long it is believed what the disk had free.
const BELIEVED: Duration = Duration::from_secs(1);

/// What the thread that writes keeps in mind.
#[derive(Debug)]
pub(super) struct Room {
    /// As of the transaction under way.
    pub(super) waiting: Waiting,
    /// The runs under way that were written to last, so that they are not looked up each time.
    runs: HashMap<String, Known>,
    /// Those of them that the transaction under way has written to.
    written: Vec<String>,
    options: Options,
    store: PathBuf,
    asked: Option<Instant>,
    /// Bytes; what cannot be found out does not hold anything up.
    free: u64,
}

/// Events that wait for their run.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Waiting {
    pub(super) count: u64,
    pub(super) bytes: u64,
}

impl Room {
    pub(super) fn new(waiting: Waiting, options: &Options, store: &Path) -> Room {
        Room {
            waiting,
            runs: HashMap::new(),
            written: Vec::new(),
            options: options.clone(),
            store: store.to_owned(),
            asked: None,
            free: u64::MAX,
        }
    }

    /// What the transaction under way did is on the disk.
    pub(super) fn done(&mut self) {
        self.written.clear();
    }

    /// What the transaction under way did is undone.
    pub(super) fn undo(&mut self, before: Waiting) {
        self.waiting = before;
        for run in self.written.drain(..) {
            self.runs.remove(&run);
        }
    }

    /// What is kept in mind of a run, for whoever writes on; it is not any more.
    pub(super) fn recall(&mut self, run: &str) -> Option<Known> {
        self.runs.remove(run)
    }

    /// Keeps a run in mind.
    pub(super) fn remember(&mut self, run: &str, known: Known) {
        if self.runs.len() >= MOST_RUNS {
            self.runs.clear();
        }
        self.runs.insert(run.to_owned(), known);
        self.written.push(run.to_owned());
    }

    /// Makes room for one event.
    pub(super) fn take(&mut self, bytes: u64) -> Result<(), StoreError> {
        let Waiting { count, bytes: waiting } = self.waiting;
        if count >= self.options.most_waiting || waiting.saturating_add(bytes) > self.options.most_waiting_bytes {
            let reason = format!("{count} events wait for their runs, with {waiting} bytes");
            return Err(StoreError::Full(reason));
        }
        let free = self.free();
        if free < self.options.spare_bytes {
            return Err(StoreError::Full(format!("the disk has {free} bytes free, which runs under way may need")));
        }
        self.waiting = Waiting { count: count + 1, bytes: waiting + bytes };
        Ok(())
    }

    /// An event has its run.
    pub(super) fn give_back(&mut self, bytes: u64) {
        self.waiting.count = self.waiting.count.saturating_sub(1);
        self.waiting.bytes = self.waiting.bytes.saturating_sub(bytes);
    }

    fn free(&mut self) -> u64 {
        if self.asked.is_none_or(|asked| asked.elapsed() > BELIEVED) {
            self.asked = Some(Instant::now());
            self.free = free_bytes(&self.store).unwrap_or(u64::MAX);
        }
        self.free
    }
}

/// Bytes that the disk of a file has free.
#[cfg(unix)]
pub(super) fn free_bytes(file: &Path) -> Option<u64> {
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    rustix::fs::statvfs(folder).ok().map(|disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Elsewhere the database says it when there is no space left.
#[cfg(not(unix))]
pub(super) fn free_bytes(_: &Path) -> Option<u64> {
    None
}
