//! What there is room for: so many events may wait, and some of the disk must be left for the runs under way.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::store::StoreError;

use super::Options;

/// For how long it is believed what the disk had free.
const BELIEVED: Duration = Duration::from_secs(1);

/// What the thread that writes keeps in mind.
#[derive(Debug)]
pub(super) struct Room {
    /// As of the transaction under way.
    pub(super) waiting: Waiting,
    options: Options,
    folder: PathBuf,
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
        let folder = store.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        Room { waiting, options: options.clone(), folder: folder.to_owned(), asked: None, free: u64::MAX }
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
            self.free = free_bytes(&self.folder);
        }
        self.free
    }
}

#[cfg(unix)]
fn free_bytes(folder: &Path) -> u64 {
    rustix::fs::statvfs(folder).map_or(u64::MAX, |disk| disk.f_bavail.saturating_mul(disk.f_frsize))
}

/// Elsewhere the database says it when there is no space left.
#[cfg(not(unix))]
fn free_bytes(_: &Path) -> u64 {
    u64::MAX
}
