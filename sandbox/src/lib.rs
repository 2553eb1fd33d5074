//! Partner Center, Entra ID and Dataverse, played by real HTTP servers on the loopback address, with plain http or
//! TLS, and their state in memory or in a file.
//!
//! The sandbox shares no code with the connectors: it is written from the services' documented
//! behaviour, so that a connector is judged by something that did not come from it. Behaviours
//! carry their number in comments: S1 to S38 for Partner Center, plain numbers for Dataverse.
//!
//! What is documented holds; where sources are silent or contradict each other, and for failures on demand, there are
//! switches (`behaviours`).
//!
//! A tour: [`Sandbox::start`] binds six ports (`listeners`, `server`, `tls`) over one shared `world`, as `state` kept it
//! or as `seed` says. Requests to the four services pass the `gate` (`faults`, `limits`, `log`) and reach `entra`,
//! `partner_center` or `dataverse`; both of the latter read queries with `odata`. `certificates` signs the events
//! that Partner Center sends. `admin` is for the person at the keyboard.
//!
//! ```no_run
//! # async fn example() -> Result<(), cosell_sandbox::SandboxError> {
//! use cosell_sandbox::{Sandbox, SandboxOptions};
//!
//! let sandbox = Sandbox::start(SandboxOptions::default()).await?;
//! let token_endpoint =
//!     format!("{}/{}/oauth2/v2.0/token", sandbox.addresses().entra, sandbox.credentials().tenant);
//! sandbox.stop().await;
//! # Ok(())
//! # }
//! ```

mod admin;
mod behaviours;
mod certificates;
mod clock;
mod dataverse;
mod entra;
mod faults;
mod gate;
mod held;
mod limits;
mod listeners;
mod log;
mod odata;
mod options;
mod partner_center;
mod past;
mod seed;
mod server;
mod state;
mod tls;
mod world;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::behaviours::Behaviours;
use crate::certificates::Signing;
use crate::clock::Clock;
use crate::dataverse::{Dataverse, Hooks};
use crate::entra::{ClientCertificate, Entra};
use crate::held::Held;
use crate::listeners::Listeners;
use crate::partner_center::{Deliveries, Referrals, Webhooks};
use crate::state::{Changes, Keeper, Snapshot};
use crate::tls::LocalAuthority;
use crate::world::World;

pub use crate::behaviours::behaviours;
pub use crate::certificates::Certificates;
pub use crate::log::Happenings;
pub use crate::options::{
    Addresses, ColumnKind, Credentials, CustomColumn, CustomTable, Organization, Ports, SandboxError, SandboxOptions,
};
pub use crate::seed::Seed;

/// How long a stop waits for requests under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running sandbox. Dropping it ends every server, connection and delivery.
pub struct Sandbox {
    world: Arc<World>,
    credentials: Credentials,
    chain: Arc<Certificates>,
    authority: Option<LocalAuthority>,
    stop: watch::Sender<bool>,
    /// The servers and whatever else is at work.
    servers: Vec<JoinHandle<()>>,
    /// What keeps the state, and is told last that all has stopped.
    keeper: Option<(watch::Sender<bool>, JoinHandle<()>)>,
}

impl Sandbox {
    /// Starts all servers; they answer once this returns.
    ///
    /// # Errors
    ///
    /// When a port is taken, a custom table or a behaviour does not fit, a certificate cannot be made or used, or the
    /// state or the seed cannot be used.
    pub async fn start(options: SandboxOptions) -> Result<Sandbox, SandboxError> {
        let listeners = Listeners::bind(options.ports).await?;
        let authority = if options.tls { Some(LocalAuthority::generate()?) } else { None };
        let kept = options.state.as_deref().map(Snapshot::read).transpose()?.flatten();
        let credentials = kept.as_ref().map_or_else(fresh_credentials, Snapshot::credentials);
        let world = Arc::new(world(&options, listeners.addresses(options.tls), credentials.clone())?);
        let begun = kept.is_some();
        if let Some(kept) = kept {
            kept.restore(&world);
            // What this start asks for goes before what the last one had.
            world.behaviours.turn(&options.behaviours)?;
        }
        let chain = world.signing.with(|signing| signing.chain());
        let (stop, stopped) = watch::channel(false);
        let servers = listeners.serve(&world, authority.as_ref(), &stopped);
        let mut sandbox = Sandbox { world, credentials, chain, authority, stop, servers, keeper: None };
        if let Some(seed) = options.seed.filter(|_| !begun) {
            seed.sow(&sandbox.world).await?;
        }
        sandbox.world.referrals.with(Referrals::lag_where_reads_do);
        sandbox.servers.push(partner_center::let_time_pass(&sandbox.world, stopped));
        if let Some(file) = options.state {
            let (last, over) = watch::channel(false);
            sandbox.keeper = Some((last, Keeper::new(&sandbox.world, file).run(over)));
        }
        Ok(sandbox)
    }

    /// Where the servers listen.
    pub fn addresses(&self) -> &Addresses {
        &self.world.addresses
    }

    /// What a client signs in with.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// The root and the intermediate certificate behind the events' signatures, PEM.
    pub fn trust_pem(&self) -> &str {
        self.chain.trust_pem()
    }

    /// The root certificate that a client must trust to speak TLS with the services, PEM; `None` without TLS.
    pub fn ca_pem(&self) -> Option<&str> {
        self.authority.as_ref().map(|authority| authority.pem.as_str())
    }

    /// What happens from now on.
    pub fn happenings(&self) -> Happenings {
        self.world.log.with(|log| log.happenings())
    }

    /// Ends all servers, waits for requests under way for two seconds at the longest, and writes the state as it then
    /// is.
    pub async fn stop(mut self) {
        self.end();
        for server in std::mem::take(&mut self.servers) {
            let abort = server.abort_handle();
            if tokio::time::timeout(PATIENCE, server).await.is_err() {
                abort.abort();
            }
        }
        if let Some((last, keeper)) = self.keeper.take() {
            last.send_replace(true);
            // Ends by itself once the file is written. A failure was told already.
            let _ = keeper.await;
        }
    }

    fn end(&self) {
        self.stop.send_replace(true);
        self.world.deliveries.stop();
        self.world.hooks.stop();
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.end();
    }
}

/// Everything as it is at the start.
fn world(options: &SandboxOptions, addresses: Addresses, credentials: Credentials) -> Result<World, SandboxError> {
    let clock = Clock::default();
    let behaviours = Behaviours::new(&options.behaviours)?;
    let mut entra = Entra::new(credentials, addresses.clone(), clock.clone(), behaviours.clone())?;
    for pem in &options.client_certificates {
        entra.register(ClientCertificate::from_pem(pem).map_err(SandboxError::ClientCertificate)?);
    }
    let chain = Certificates::shared()?;
    Ok(World {
        entra: Held::new(entra),
        signing: Held::new(Signing::new(chain, behaviours.clone(), addresses.certificates.clone())),
        referrals: Held::new(Referrals::new(clock.clone(), behaviours.clone())),
        webhooks: Held::new(Webhooks::new()),
        deliveries: Deliveries::new(options.delivery_spacing)?,
        dataverse: Held::new(Dataverse::new(&options.custom, clock.clone(), behaviours.clone())?),
        hooks: Hooks::new(),
        faults: Held::default(),
        limits: Held::default(),
        log: Held::default(),
        changes: Changes::default(),
        organization: options.organization.clone(),
        addresses,
        clock,
        behaviours,
    })
}

fn fresh_credentials() -> Credentials {
    Credentials {
        tenant: Uuid::new_v4().to_string(),
        client_id: Uuid::new_v4().to_string(),
        client_secret: format!("secret-{}", Uuid::new_v4()),
        refresh_token: format!("refresh-{}", Uuid::new_v4()),
        seller_token: "sandbox-seller".to_owned(),
    }
}
