//! Where runs are kept: opened by the engine, or beside it by commands that read and order.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cosell_engine::store::{Order, OrderId, SqliteStore, Store, StoreError};

use crate::cli::StoreArgs;
use crate::environment::StoreSettings;
use crate::failure::Failure;
use crate::packs::Opened;

/// The file where nothing says another one; in the working folder.
const USUAL: &str = "cosell.db";
/// The pause between two looks at an order.
const LOOK: Duration = Duration::from_millis(100);

/// The file that keeps the runs: what the command line says, else the environment, else the usual one.
pub fn file(named: Option<&Path>, settings: &StoreSettings) -> PathBuf {
    named.or(settings.file.as_deref()).unwrap_or(Path::new(USUAL)).to_owned()
}

/// Opens the store for an engine, which has it for itself.
///
/// # Errors
///
/// Another process works on it, it is of a newer format, damaged, or cannot be read or made.
pub fn open(file: &Path, settings: &StoreSettings) -> Result<SqliteStore, Failure> {
    SqliteStore::open(file, &settings.options(file)).map_err(|error| failed(file, &error))
}

/// Opens the store beside the engine that may be at work on it.
///
/// # Errors
///
/// There is none, or it cannot be read.
pub(crate) fn attach(args: &StoreArgs) -> Result<Desk, Failure> {
    let settings = settings(args)?;
    let file = file(args.store.as_deref(), &settings);
    attached(&file, &settings)?.ok_or_else(|| {
        let help = "`cosell run` makes it; another one is named by `--store`, or by `--pack` and its environment";
        Failure::Usage(format!("there is no store `{}` here; {help}", file.display()))
    })
}

/// The same where there may be none yet: only one that is named must be there.
pub(crate) fn attach_if_there(args: &StoreArgs) -> Result<Option<Desk>, Failure> {
    if args.store.is_some() {
        return attach(args).map(Some);
    }
    let settings = settings(args)?;
    attached(&file(None, &settings), &settings)
}

fn settings(args: &StoreArgs) -> Result<StoreSettings, Failure> {
    match Opened::new(&args.pack.pack) {
        Ok(opened) => Ok(opened.environment(&args.pack)?.engine.store),
        // Where the file is named, a pack need not be there. Where it is, it says where the key is.
        Err(_) if args.store.is_some() && args.pack.environment.is_none() => Ok(StoreSettings::default()),
        Err(failure) => Err(failure),
    }
}

fn attached(file: &Path, settings: &StoreSettings) -> Result<Option<Desk>, Failure> {
    if !file.exists() {
        return Ok(None);
    }
    let store = SqliteStore::attach(file).map_err(|error| failed(file, &error))?;
    Ok(Some(Desk { store, file: file.to_owned(), key: settings.key_file(file) }))
}

fn failed(file: &Path, error: &StoreError) -> Failure {
    Failure::World(format!("{error} (`{}`)", file.display()))
}

/// Where orders are left for the engine.
pub(crate) struct Desk {
    store: SqliteStore,
    file: PathBuf,
    key: PathBuf,
}

impl Desk {
    /// The store.
    pub(crate) fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// Its file.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The file of its key.
    pub(crate) fn key(&self) -> &Path {
        &self.key
    }

    /// Leaves an order.
    pub(crate) async fn place(&self, order: &Order) -> Result<OrderId, Failure> {
        self.store.place(order).await.map_err(Failure::world)
    }

    /// Whether an engine is at work on the store.
    pub(crate) fn is_served(&self) -> bool {
        self.store.engine().is_some()
    }

    /// What is said where none is.
    pub(crate) fn waits_for_engine(&self) -> String {
        format!("no engine is at work on `{}`; what is ordered waits until one starts", self.file.display())
    }

    /// Fails where no engine is at work any more.
    pub(crate) fn expect_engine(&self) -> Result<(), Failure> {
        if self.is_served() { Ok(()) } else { Err(Failure::World(self.waits_for_engine())) }
    }

    /// Waits until an order is carried out, and says with what result; an order that was refused is a failure.
    pub(crate) async fn result(&self, order: OrderId) -> Result<String, Failure> {
        loop {
            // An engine that stopped may have carried it out before.
            let is_served = self.expect_engine();
            match self.store.settled(order).await.map_err(Failure::world)? {
                Some(result) => return result.map_err(Failure::Data),
                None => is_served?,
            }
            tokio::time::sleep(LOOK).await;
        }
    }
}
