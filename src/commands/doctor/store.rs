//! Whether the store is in order.

use std::fs;
use std::path::Path;

use cosell_engine::store::{RunQuery, SqliteStore, Store};

use crate::failure::Failure;
use crate::print;
use crate::store::Desk;

/// With less of it free, the store takes no events in before long.
const LITTLE_SPACE: u64 = 1_000_000_000;

/// Prints what there is, and notes what is wrong.
pub(super) async fn examine(desk: &Desk, wrong: &mut Vec<String>) -> Result<(), Failure> {
    row("store", &format!("`{}`, {}, format {}", desk.file().display(), size(desk.file()), SqliteStore::FORMAT));
    row("engine", &desk.store().engine().unwrap_or_else(|| "none is at work".to_owned()));
    row("work", &work(desk).await?);
    row("space", &space(desk.store(), wrong));
    row("key", &key(desk.key(), wrong));
    wrong.extend(desk.store().check().await.map_err(Failure::world)?);
    Ok(())
}

fn row(what: &str, text: &str) {
    print::line(format!("{what:<8} {text}"));
}

/// The size of the store and its log.
fn size(file: &Path) -> String {
    let bytes = |path: &Path| fs::metadata(path).map(|file| file.len()).unwrap_or_default();
    print::size(bytes(file) + bytes(&file.with_file_name(format!("{}-wal", file_name(file)))))
}

fn file_name(file: &Path) -> String {
    file.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// What is not done.
async fn work(desk: &Desk) -> Result<String, Failure> {
    let open = RunQuery { ended: Some(false), ..RunQuery::default() };
    let runs = desk.store().runs(&open).await.map_err(Failure::world)?;
    let orders = desk.store().orders().await.map_err(Failure::world)?.len();
    let asleep = runs.iter().filter(|run| run.sleeps_until.is_some()).count();
    Ok(format!("runs under way: {}, asleep: {asleep}; orders that wait: {orders}", runs.len() - asleep))
}

fn space(store: &SqliteStore, wrong: &mut Vec<String>) -> String {
    let Some(bytes) = store.free_bytes() else { return "how much is free is not known".to_owned() };
    if bytes < LITTLE_SPACE {
        wrong.push("there is little space on the disk: when it is full, no events are taken in".to_owned());
    }
    format!("{} free", print::size(bytes))
}

fn key(path: &Path, wrong: &mut Vec<String>) -> String {
    match fs::metadata(path) {
        Ok(file) if is_shared(&file) => {
            wrong.push(format!("others can read the key `{}`: give it the mode 600", path.display()));
        }
        Ok(_) => {}
        Err(error) => wrong.push(format!("the key `{}` cannot be read: {error}", path.display())),
    }
    format!("`{}`", path.display())
}

#[cfg(unix)]
fn is_shared(file: &fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    file.permissions().mode() & 0o077 != 0
}

/// Elsewhere a file has the rights of its folder.
#[cfg(not(unix))]
fn is_shared(_: &fs::Metadata) -> bool {
    false
}
