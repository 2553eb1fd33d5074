//! The store in one file.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cosell_engine::store::{Options, SqliteStore, Store};

use super::conformance;

#[tokio::test]
async fn the_store_in_a_file_does_what_a_store_must() {
    let folder = tempfile::tempdir().unwrap();
    let made = AtomicU32::new(0);
    let make = async || {
        let path = folder.path().join(made.fetch_add(1, Ordering::Relaxed).to_string());
        Arc::new(SqliteStore::open(&path, &Options::default()).unwrap()) as Arc<dyn Store>
    };
    conformance(make).await;
}
