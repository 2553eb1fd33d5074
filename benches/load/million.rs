//! A store with a million finished runs: what that does to throughput, to the history and to a start.
//!
//! To run them would take an hour. So some are run, their records are written again and again with other names, times
//! and ends (`fill`), and `cosell` works on that store and on an empty one in turn. It is asked for its history in
//! between (`lists`).

mod fill;
mod lists;

use std::path::{Path, PathBuf};

use cosell_engine::run::Event;
use cosell_engine::store::{Options, RunQuery, SqliteStore, Store};

use crate::driver::{Driver, Setting};
use crate::figures::Figures;
use crate::program::Program;
use crate::{Failure, tell};

/// Runs whose records are written again; the first of the benchmark, so that all its cases are among them.
const SAMPLES: usize = 30;

/// What so many runs do.
pub(crate) struct Million {
    /// How many there were.
    pub(crate) runs: usize,
    /// What the files of the store take for one of them, in bytes.
    pub(crate) bytes: f64,
    /// The medians with an empty store, and with the full one.
    pub(crate) empty: Figures,
    pub(crate) full: Figures,
    /// Every list of runs that was asked for, and how long it took at most, in milliseconds.
    pub(crate) lists: Vec<(&'static str, f64)>,
}

/// Fills a store with `runs` runs, and measures.
pub(crate) async fn measure(
    driver: &Driver,
    setting: Setting,
    runs: usize,
    rounds: usize,
) -> Result<Option<Million>, Failure> {
    let file = fresh(&driver.workshop.folder.join("million"))?;
    let samples = samples(driver, setting).await?;
    tell(&format!("{runs} runs are written into {}", file.display()));
    fill::fill(&SqliteStore::open(&file, &Options::default())?, &samples, runs).await?;
    let bytes = size(&file)? as f64 / runs as f64;
    let lists = lists::measure(&file).await?;
    let (mut empty, mut full) = (Vec::new(), Vec::new());
    for round in 0..rounds {
        empty.push(driver.measure(Program::Cosell, setting).await?);
        full.push(driver.on_history(&file, round + 1)?.measure(Program::Cosell, setting).await?);
    }
    let medians = Figures::median(&empty).zip(Figures::median(&full));
    Ok(medians.map(|(empty, full)| Million { runs, bytes, empty, full, lists }))
}

/// The records of some runs, as `cosell` itself writes them.
async fn samples(driver: &Driver, setting: Setting) -> Result<Vec<Vec<Event>>, Failure> {
    driver.measure(Program::Cosell, Setting { events: SAMPLES, ..setting }).await?;
    let store = SqliteStore::attach(&driver.workshop.own_history())?;
    let ended = RunQuery { ended: Some(true), most: Some(SAMPLES), ..RunQuery::default() };
    let mut samples = Vec::new();
    for run in store.runs(&ended).await? {
        samples.push(store.record(&run.id).await?);
    }
    Ok(samples)
}

/// A file in a folder with nothing else.
fn fresh(folder: &Path) -> Result<PathBuf, Failure> {
    if folder.exists() {
        std::fs::remove_dir_all(folder)?;
    }
    std::fs::create_dir_all(folder)?;
    Ok(folder.join("history.db"))
}

/// Of all files in the folder of a store, in bytes: the log is part of it.
fn size(file: &Path) -> Result<u64, Failure> {
    let mut bytes = 0;
    for file in file.parent().ok_or("a store lies in a folder")?.read_dir()? {
        bytes += file?.metadata()?.len();
    }
    Ok(bytes)
}
