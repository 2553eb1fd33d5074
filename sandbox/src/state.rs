//! The state in a file, so that it outlives the sandbox: one JSON document, written whole, and seldom (`keep`).
//!
//! Left out is what is on its way or soon over: access tokens, codes of devices, held events, deliveries, the log, and
//! the certificates that events are signed with.

mod keep;

use std::fs::OpenOptions;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;

use jiff::SignedDuration;
use serde::{Deserialize, Serialize};

use crate::SandboxError;
use crate::dataverse::DataverseSnapshot;
use crate::entra::EntraSnapshot;
use crate::faults::Fault;
use crate::limits::Limit;
use crate::options::Credentials;
use crate::partner_center::{self, Referral, Switches, WebhooksSnapshot};
use crate::world::World;
pub(crate) use keep::{Changes, Keeper, count};

/// The form of the file. Another form is refused, never guessed at.
const FORM: u32 = 2;

/// Everything that is kept.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Snapshot {
    form: u32,
    ahead_seconds: i64,
    behaviours: Vec<(String, bool)>,
    asked: Asked,
    entra: EntraSnapshot,
    referrals: Vec<Referral>,
    webhooks: WebhooksSnapshot,
    dataverse: DataverseSnapshot,
}

/// The form alone, which says whether the rest can be read.
#[derive(Deserialize)]
struct Form {
    form: u32,
}

/// What the person at the keyboard has asked for besides behaviours.
#[derive(Debug, Serialize, Deserialize)]
struct Asked {
    faults: Vec<Fault>,
    limits: Vec<Limit>,
    deliveries: Switches,
    /// How far the lists of either service lag behind, in seconds.
    referrals_lag: i64,
    dataverse_lag: i64,
}

impl Snapshot {
    /// Reads the file; `None` where there is none yet.
    pub(crate) fn read(file: &Path) -> Result<Option<Snapshot>, SandboxError> {
        let failed = |reason: String| SandboxError::State { file: file.to_owned(), verb: "read", reason };
        let text = match std::fs::read(file) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            text => text.map_err(|error| failed(error.to_string()))?,
        };
        let unreadable = |error: serde_json::Error| failed(error.to_string());
        let Form { form } = serde_json::from_slice(&text).map_err(unreadable)?;
        if form != FORM {
            return Err(failed(format!("its form is {form}, and this sandbox knows {FORM}; name another file")));
        }
        serde_json::from_slice(&text).map(Some).map_err(unreadable)
    }

    /// Writes the file. It is written beside and put in its place, so that a crash leaves the old state or the new
    /// one.
    fn write(&self, file: &Path) -> Result<(), SandboxError> {
        let failed = |reason: String| SandboxError::State { file: file.to_owned(), verb: "written", reason };
        let text = serde_json::to_vec(self).map_err(|error| failed(error.to_string()))?;
        let beside = file.with_added_extension("new");
        write_anew(&beside, &text).map_err(|error| failed(error.to_string()))?;
        std::fs::rename(&beside, file).map_err(|error| failed(error.to_string()))
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
            asked: Asked::of(world),
            entra: world.entra.with(|entra| entra.snapshot()),
            referrals: world.referrals.with(|referrals| referrals.all().cloned().collect()),
            webhooks: world.webhooks.with(|webhooks| webhooks.snapshot()),
            dataverse: world.dataverse.with(|dataverse| dataverse.snapshot()),
        }
    }

    /// Makes the world as it was. A behaviour of an older sandbox that is no more is passed over.
    pub(crate) fn restore(self, world: &Arc<World>) {
        world.clock.set_ahead(self.ahead_seconds);
        for (name, on) in &self.behaviours {
            world.behaviours.set(name, *on);
        }
        world.entra.with(|entra| entra.restore(self.entra));
        world.referrals.with(|referrals| referrals.restore(self.referrals, &world.addresses));
        world.webhooks.with(|webhooks| webhooks.restore(self.webhooks));
        world.dataverse.with(|dataverse| dataverse.restore(self.dataverse));
        // Last, or what is taken up would be new to the lists that lag.
        self.asked.restore(world);
    }
}

/// Writes a file that only its owner can read, for it holds secrets. It is on the disk when this returns.
fn write_anew(file: &Path, text: &[u8]) -> std::io::Result<()> {
    // One that a crash has left may be open to others.
    match std::fs::remove_file(file) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut opened = options.open(file)?;
    opened.write_all(text)?;
    opened.sync_all()
}

impl Asked {
    fn of(world: &World) -> Asked {
        Asked {
            faults: world.faults.with(|faults| faults.list()),
            limits: world.limits.with(|limits| limits.list()),
            deliveries: world.deliveries.switches(),
            referrals_lag: world.referrals.with(|referrals| referrals.past.lag().as_secs()),
            dataverse_lag: world.dataverse.with(|dataverse| dataverse.past.lag().as_secs()),
        }
    }

    fn restore(self, world: &Arc<World>) {
        world.faults.with(|faults| {
            for fault in self.faults {
                faults.add(fault);
            }
        });
        world.limits.with(|limits| self.limits.into_iter().for_each(|limit| limits.set(limit)));
        partner_center::switch(world, self.deliveries);
        let lag = SignedDuration::from_secs;
        world.referrals.with(|referrals| referrals.past.set_lag(lag(self.referrals_lag)));
        world.dataverse.with(|dataverse| dataverse.past.set_lag(lag(self.dataverse_lag)));
    }
}
