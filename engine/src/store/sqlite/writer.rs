//! The one thread that writes.
//!
//! Whatever is asked for while it waits for the disk goes into the next transaction, so that many share one sync
//! (group commit). Each piece of work is done whole or not at all, whatever becomes of the others, and is answered
//! when it is on the disk.

use std::mem;
use std::thread::{self, JoinHandle};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::room::Room;
use crate::store::StoreError;

/// How many may ask before the next has to wait.
const MOST_QUEUED: usize = 1024;
/// How many share one transaction: they all wait for the last of them.
const MOST_TOGETHER: usize = 256;

/// Where work is handed to the thread. The thread ends, and closes the file, when this is dropped.
#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Job>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(db: Connection, room: Room) -> Result<Writer, StoreError> {
        let (queue, jobs) = mpsc::channel(MOST_QUEUED);
        let thread = thread::Builder::new().name("store".to_owned()).spawn(move || work(&db, room, jobs));
        let thread = thread.map_err(|error| StoreError::Broken(format!("its thread does not start: {error}")))?;
        Ok(Writer { queue: Some(queue), thread: Some(thread) })
    }

    /// Has something written, within a transaction of which nothing stays where it fails. It is done again where the
    /// transaction fails for what others asked.
    pub(super) async fn write<T: Send + 'static>(
        &self,
        work: impl Fn(&Connection, &mut Room) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let stopped = || StoreError::Broken("its thread has stopped".to_owned());
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or_else(stopped)?;
        queue.send(Box::new(Task { work, result: None, answer })).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take() {
            // Had it panicked, whoever waited has been told.
            thread.join().ok();
        }
    }
}

/// Something to be written, and whom to tell.
trait Job: Send {
    /// Writes it, and remembers the result. Whether something is to be kept of it.
    fn write(&mut self, db: &Connection, room: &mut Room) -> bool;

    /// Tells the result, or that nothing was written.
    fn answer(self: Box<Self>, failed: Option<StoreError>);
}

struct Task<W, T> {
    work: W,
    result: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<W, T> Job for Task<W, T>
where
    W: Fn(&Connection, &mut Room) -> Result<T, StoreError> + Send,
    T: Send,
{
    fn write(&mut self, db: &Connection, room: &mut Room) -> bool {
        let result = (self.work)(db, room);
        let written = result.is_ok();
        self.result = Some(result);
        written
    }

    fn answer(self: Box<Self>, failed: Option<StoreError>) {
        let result = match (self.result, failed) {
            (Some(Err(error)), _) | (_, Some(error)) => Err(error),
            (Some(result), None) => result,
            (None, None) => return,
        };
        // Who has gone away does not want to know.
        self.answer.send(result).ok();
    }
}

fn work(db: &Connection, mut room: Room, mut queue: mpsc::Receiver<Box<dyn Job>>) {
    let mut jobs = Vec::new();
    while queue.blocking_recv_many(&mut jobs, MOST_TOGETHER) > 0 {
        write_together(db, &mut room, mem::take(&mut jobs));
    }
}

/// In one transaction. What cannot be written takes nothing of the others with it: they are written once more without
/// it. A savepoint for each would cost more than all of them write.
fn write_together(db: &Connection, room: &mut Room, mut jobs: Vec<Box<dyn Job>>) {
    while !jobs.is_empty() {
        let transaction = match Transaction::new_unchecked(db, TransactionBehavior::Immediate) {
            Ok(transaction) => transaction,
            Err(error) => return refuse(jobs, error),
        };
        let before = room.waiting;
        let mut written = Vec::with_capacity(jobs.len());
        let mut failed = Vec::new();
        for mut job in jobs {
            // A full disk may have ended the transaction: what follows would be written by itself, so it waits.
            if db.is_autocommit() || job.write(db, room) {
                written.push(job);
            } else {
                failed.push(job);
            }
        }
        jobs = written;
        if failed.is_empty() {
            match transaction.commit() {
                Ok(()) => {
                    room.done();
                    return jobs.into_iter().for_each(|job| job.answer(None));
                }
                Err(error) => {
                    room.undo(before);
                    return write_apart(db, room, jobs, error);
                }
            }
        }
        drop(transaction);
        room.undo(before);
        failed.into_iter().for_each(|job| job.answer(None));
    }
}

/// Each in its own transaction, after one for all has failed: one may be too large for what is left of the disk.
fn write_apart(db: &Connection, room: &mut Room, jobs: Vec<Box<dyn Job>>, error: rusqlite::Error) {
    if jobs.len() > 1 {
        jobs.into_iter().for_each(|job| write_together(db, room, vec![job]));
    } else {
        refuse(jobs, error);
    }
}

fn refuse(jobs: Vec<Box<dyn Job>>, error: rusqlite::Error) {
    let error = StoreError::from(error);
    jobs.into_iter().for_each(|job| job.answer(Some(error.clone())));
}
