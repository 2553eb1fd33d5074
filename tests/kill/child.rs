//! The engine in a process of its own: this test program once more, which runs one test that does nothing unless it
//! is told where its store and its environment are.
//!
//! It says on its output `ready`, with the address at which it listens, and `append N` after each append to its
//! store. At the append at which it is to be killed it goes no further.

use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use cosell::environment::Environment;
use cosell::host;
use cosell::packs::{Opened, built_in};
use cosell::serve::Server;
use cosell_engine::clock::SystemClock;
use cosell_engine::store::{Accepted, Around, Cursor, NewEvent, Options, SqliteStore, Store, StoreError, Transition};
use tokio::sync::mpsc;

/// Names the folder with `store.db` and `environment.yaml`.
const FOLDER: &str = "COSELL_TEST_FOLDER";
/// The append at which it stops; 0 for none.
const STOP_AT: &str = "COSELL_TEST_STOP_AT";

/// What a child says.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It listens there.
    Ready(SocketAddr),
    /// So many appends were made.
    Appended(usize),
    /// It goes no further.
    Stopped,
}

/// An engine at work in a process of its own, which ends with this.
pub(crate) struct Engine {
    process: Child,
    said: mpsc::UnboundedReceiver<Said>,
}

impl Engine {
    /// Starts one on the store and the environment of a folder.
    pub(crate) fn start(folder: &Path, stop_at: usize) -> Engine {
        let mut process = Command::new(std::env::current_exe().unwrap())
            .args(["kill::child::engine", "--exact", "--nocapture"])
            .env(FOLDER, folder)
            .env(STOP_AT, stop_at.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(process.stdout.take().unwrap());
        let (say, said) = mpsc::unbounded_channel();
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if let Some(words) = read(&line) {
                    let _ = say.send(words);
                }
            }
        });
        Engine { process, said }
    }

    /// The next thing that it says; `None` when it has ended.
    pub(crate) async fn said(&mut self) -> Option<Said> {
        self.said.recv().await
    }

    /// Kills it, and waits until it is gone.
    pub(crate) fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The line may have the test program's own words before ours.
fn read(line: &str) -> Option<Said> {
    let (_, words) = line.split_once("child: ")?;
    match words.split_once(' ') {
        Some(("ready", address)) => Some(Said::Ready(address.parse().unwrap())),
        Some(("append", number)) => Some(Said::Appended(number.parse().unwrap())),
        _ => Some(Said::Stopped),
    }
}

fn say(words: std::fmt::Arguments<'_>) {
    let mut output = std::io::stdout().lock();
    let _ = writeln!(output, "child: {words}");
    let _ = output.flush();
}

#[test]
fn engine() {
    let Ok(folder) = std::env::var(FOLDER) else { return };
    let stop_at = std::env::var(STOP_AT).unwrap().parse().unwrap();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(work(&PathBuf::from(folder), stop_at));
}

async fn work(folder: &Path, stop_at: usize) {
    let store = SqliteStore::open(&folder.join("store.db"), &Options::default()).unwrap();
    let store = Arc::new(Stopping { store, appends: AtomicUsize::new(0), stop_at });
    let files = built_in("dynamics365").unwrap();
    let opened = Opened { files, folder: None, shown: "dynamics365".to_owned() };
    let environment = Environment::read(&folder.join("environment.yaml")).unwrap();
    let engine = host::engine_with(&opened, &environment, store, Arc::new(SystemClock)).await.unwrap();
    let server = Server::start(&engine, &environment.engine).await.unwrap();
    say(format_args!("ready {}", server.address().unwrap()));
    std::future::pending::<()>().await;
}

/// A store that goes no further after some append.
struct Stopping {
    store: SqliteStore,
    appends: AtomicUsize,
    stop_at: usize,
}

impl Stopping {
    async fn appended(&self) {
        let number = self.appends.fetch_add(1, Ordering::Relaxed) + 1;
        if number == self.stop_at {
            say(format_args!("stopped"));
            std::future::pending::<()>().await;
        }
        if number < self.stop_at || self.stop_at == 0 {
            say(format_args!("append {number}"));
        } else {
            // It is about to be killed: nothing more may happen.
            std::future::pending::<()>().await;
        }
    }
}

#[async_trait]
impl Around for Stopping {
    fn inner(&self) -> &dyn Store {
        &self.store
    }

    async fn accept(&self, events: &[NewEvent], cursor: Option<&Cursor>) -> Result<Vec<Accepted>, StoreError> {
        let accepted = self.store.accept(events, cursor).await?;
        if !events.is_empty() {
            self.appended().await;
        }
        Ok(accepted)
    }

    async fn commit(&self, transitions: &[Transition]) -> Result<(), StoreError> {
        self.store.commit(transitions).await?;
        self.appended().await;
        Ok(())
    }
}
