//! When the state is written: every few seconds, once something may have changed, and when the sandbox stops.
//!
//! What may have changed is counted, not looked for: a request that is no read, an attempt to deliver, time that
//! passed over a deal. The count goes up after the change, so that a change is never taken as written before it is.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use tokio::sync::watch;
use tokio::task::{JoinHandle, spawn_blocking};

use super::Snapshot;
use crate::world::World;

/// How often it is looked whether anything may have changed.
const LOOK: Duration = Duration::from_secs(5);

/// How often something may have changed.
#[derive(Debug, Default)]
pub(crate) struct Changes(AtomicU64);

impl Changes {
    /// Something may have changed just now.
    pub(crate) fn count(&self) {
        self.0.fetch_add(1, Ordering::Release);
    }

    fn counted(&self) -> u64 {
        self.0.load(Ordering::Acquire)
    }
}

/// Counts when it goes, so that a request counts that its client gave up half-way.
struct AtLast<'a>(&'a Changes);

impl Drop for AtLast<'_> {
    fn drop(&mut self) {
        self.0.count();
    }
}

/// Counts every request that is no read.
pub(crate) async fn count(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let _at_last = (!request.method().is_safe()).then(|| AtLast(&world.changes));
    next.run(request).await
}

/// Keeps the state in a file.
pub(crate) struct Keeper {
    world: Arc<World>,
    file: PathBuf,
    /// The count of changes that the file has; `None` before it was written.
    written: Option<u64>,
}

impl Keeper {
    pub(crate) fn new(world: &Arc<World>, file: PathBuf) -> Keeper {
        Keeper { world: Arc::clone(world), file, written: None }
    }

    /// Looks again and again until everything has stopped, and then once more.
    pub(crate) fn run(mut self, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
        tokio::spawn(async move {
            loop {
                // An error of the channel means that the sandbox is gone, which is a stop as well.
                let stopped = tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await.is_ok();
                self.look().await;
                if stopped {
                    return;
                }
            }
        })
    }

    async fn look(&mut self) {
        let counted = self.world.changes.counted();
        if self.written == Some(counted) {
            return;
        }
        let (world, file) = (Arc::clone(&self.world), self.file.clone());
        match spawn_blocking(move || Snapshot::of(&world).write(&file)).await {
            Ok(Ok(())) => self.written = Some(counted),
            Ok(Err(error)) => tracing::error!(%error, "the sandbox's state is not kept"),
            Err(error) => tracing::error!(%error, "the sandbox's state is not kept"),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use reqwest::{Client, Method};

    use super::*;
    use crate::{Sandbox, SandboxOptions};

    /// It strikes the next read, and is no more then.
    const FAULT: &str = r#"{"service": "dataverse", "method": "GET", "status": 200}"#;

    #[cfg(unix)]
    #[tokio::test]
    async fn only_its_owner_reads_the_file() {
        use std::os::unix::fs::PermissionsExt;

        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let left_by_a_crash = folder.path().join("state.json.new");
        std::fs::write(&left_by_a_crash, "{").unwrap();
        std::fs::set_permissions(&left_by_a_crash, std::fs::Permissions::from_mode(0o644)).unwrap();
        Keeper::new(&sandbox.world, file.clone()).look().await;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    }

    #[tokio::test]
    async fn the_file_is_written_only_after_something_may_have_changed() {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("state.json");
        let mut keeper = Keeper::new(&sandbox.world, file.clone());
        let client = Client::builder().no_proxy().build().unwrap();
        let addresses = sandbox.addresses().clone();
        let rows = format!("{}/api/data/v9.2/accounts", addresses.dataverse);
        keeper.look().await;
        assert!(file.exists(), "the first time");
        for (method, address, body, written) in [
            (None, "", "", false),
            (Some(Method::GET), rows.as_str(), "", false),
            (Some(Method::POST), rows.as_str(), r#"{"name": "a"}"#, true),
            (Some(Method::GET), &format!("{}/log", addresses.admin), "", false),
            (Some(Method::POST), &format!("{}/clock", addresses.admin), r#"{"ahead_seconds": 9}"#, true),
            (Some(Method::POST), &format!("{}/faults", addresses.admin), FAULT, true),
            (Some(Method::GET), rows.as_str(), "", true),
            (Some(Method::GET), rows.as_str(), "", false),
        ] {
            std::fs::remove_file(&file).unwrap_or_default();
            if let Some(method) = method.clone() {
                let request = client.request(method, address).bearer_auth(&sandbox.credentials().seller_token);
                let answer = request.header("content-type", "application/json").body(body).send().await.unwrap();
                assert!(answer.status().is_success(), "{address}");
            }
            keeper.look().await;
            assert_eq!(file.exists(), written, "{method:?} {address}");
        }
    }
}
