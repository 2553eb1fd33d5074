//! The state in a file, so that it outlives the sandbox: one JSON document, written whole, seldom, and only when
//! something is different. Held-back events, deliveries, access tokens and the log are not kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::SandboxError;
use crate::dataverse::DataverseSnapshot;
use crate::entra::EntraSnapshot;
use crate::options::Credentials;
use crate::partner_center::{Referral, WebhooksSnapshot};
use crate::world::World;

/// How often it is looked whether anything is different.
const LOOK: Duration = Duration::from_secs(5);

/// The form of the file. Another form is refused, never guessed at.
const FORM: u32 = 1;

/// Everything that is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    form: u32,
    ahead_seconds: i64,
    behaviours: Vec<(String, bool)>,
    entra: EntraSnapshot,
    referrals: Vec<Referral>,
    webhooks: WebhooksSnapshot,
    dataverse: DataverseSnapshot,
}

impl Snapshot {
    /// Reads the file; `None` where there is none yet.
    pub(crate) fn read(file: &Path) -> Result<Option<Snapshot>, SandboxError> {
        let failed = |reason: String| SandboxError::State { file: file.to_owned(), verb: "read", reason };
        let text = match std::fs::read(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| failed(error.to_string()))?,
        };
        let snapshot: Snapshot = serde_json::from_slice(&text).map_err(|error| failed(error.to_string()))?;
        if snapshot.form != FORM {
            return Err(failed(format!("its form is {}, and this sandbox knows {FORM}", snapshot.form)));
        }
        Ok(Some(snapshot))
    }

    /// What clients of the last start sign in with.
    pub(crate) fn credentials(&self) -> Credentials {
        self.entra.credentials().clone()
    }

    /// The world as it is.
    fn of(world: &World) -> Snapshot {
        Snapshot {
            form: FORM,
            ahead_seconds: world.clock.ahead(),
            behaviours: world.behaviours.turned(),
            entra: world.entra.with(|entra| entra.snapshot()),
            referrals: world.referrals.with(|referrals| referrals.all().cloned().collect()),
            webhooks: world.webhooks.with(|webhooks| webhooks.snapshot()),
            dataverse: world.dataverse.with(|dataverse| dataverse.snapshot()),
        }
    }

    /// Makes the world as it was. A behaviour of an older sandbox that is no more is passed over.
    pub(crate) fn restore(self, world: &World) {
        world.clock.set_ahead(self.ahead_seconds);
        for (name, on) in &self.behaviours {
            world.behaviours.set(name, *on);
        }
        world.entra.with(|entra| entra.restore(self.entra));
        world.referrals.with(|referrals| referrals.restore(self.referrals, &world.addresses));
        world.webhooks.with(|webhooks| webhooks.restore(self.webhooks));
        world.dataverse.with(|dataverse| dataverse.restore(self.dataverse));
    }
}

/// Keeps the state in a file until the sandbox stops, and then once more.
pub(crate) fn keep(world: &Arc<World>, file: PathBuf, mut stop: watch::Receiver<bool>) -> JoinHandle<()> {
    let world = Arc::clone(world);
    tokio::spawn(async move {
        let mut written = Vec::new();
        loop {
            let stopped = tokio::time::timeout(LOOK, stop.wait_for(|stop| *stop)).await.is_ok();
            if let Err(error) = write_if_different(&world, &file, &mut written) {
                tracing::error!(%error, "the sandbox's state is not kept");
            }
            if stopped {
                return;
            }
        }
    })
}

fn write_if_different(world: &World, file: &Path, written: &mut Vec<u8>) -> Result<(), SandboxError> {
    let failed = |reason: String| SandboxError::State { file: file.to_owned(), verb: "written", reason };
    let text = serde_json::to_vec(&Snapshot::of(world)).map_err(|error| failed(error.to_string()))?;
    if text == *written {
        return Ok(());
    }
    // Written beside it and put in its place, so that a crash leaves the old state or the new one.
    let beside = file.with_added_extension("new");
    std::fs::write(&beside, &text).map_err(|error| failed(error.to_string()))?;
    std::fs::rename(&beside, file).map_err(|error| failed(error.to_string()))?;
    *written = text;
    Ok(())
}
