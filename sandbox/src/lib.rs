//! Partner Center, Entra ID and Dataverse, played by real HTTP servers on the loopback address
//! with their state in memory.
//!
//! The sandbox shares no code with the connectors: it is written from the services' documented
//! behaviour, so that a connector is judged by something that did not come from it. Behaviours
//! carry their number in comments: S1 to S38 for Partner Center, plain numbers for Dataverse.
//!
//! A tour: [`Sandbox::start`] binds six listeners (`server`) over one shared `world`. Requests to
//! the four services pass the `gate` (faults, log) and reach `entra`, `partner_center` or
//! `dataverse`; both of the latter read queries with `odata`. `certificates` signs the events
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
mod certificates;
mod clock;
mod dataverse;
mod entra;
mod faults;
mod gate;
mod held;
mod log;
mod odata;
mod options;
mod partner_center;
mod past;
mod server;
mod world;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use uuid::Uuid;

use crate::dataverse::{Dataverse, Hooks};
use crate::entra::Entra;
use crate::faults::Service;
use crate::gate::guard;
use crate::held::Held;
use crate::partner_center::{Deliveries, Referrals, Webhooks};
use crate::world::World;

pub use crate::certificates::Certificates;
pub use crate::options::{
    Addresses, ColumnKind, Credentials, CustomColumn, CustomTable, Organization, Ports, SandboxError, SandboxOptions,
};

/// How long a stop waits for requests under way.
const PATIENCE: Duration = Duration::from_secs(2);

/// A running sandbox. Dropping it ends every server, connection and delivery.
pub struct Sandbox {
    world: Arc<World>,
    credentials: Credentials,
    stop: watch::Sender<bool>,
    servers: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Starts all servers; they answer once this returns.
    ///
    /// # Errors
    ///
    /// When a port is taken, a custom table does not fit, or the certificates cannot be made.
    pub async fn start(options: SandboxOptions) -> Result<Sandbox, SandboxError> {
        let listeners = Listeners::bind(options.ports).await?;
        let addresses = listeners.addresses();
        let credentials = fresh_credentials();
        let world = Arc::new(World {
            entra: Held::new(Entra::new(credentials.clone(), addresses.clone())),
            certificates: Certificates::shared()?,
            referrals: Held::new(Referrals::default()),
            webhooks: Held::new(Webhooks::new()),
            deliveries: Deliveries::new(options.delivery_spacing)?,
            dataverse: Held::new(Dataverse::new(&options.custom)?),
            hooks: Hooks::new(),
            faults: Held::default(),
            log: Held::default(),
            organization: options.organization,
            addresses,
        });
        let (stop, stopped) = watch::channel(false);
        let servers = listeners
            .with_routers(&world)
            .into_iter()
            .map(|(listener, router)| server::serve(listener, router, stopped.clone()))
            .collect();
        Ok(Sandbox { world, credentials, stop, servers })
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
        self.world.certificates.trust_pem()
    }

    /// Ends all servers, and waits for requests under way for two seconds at the longest.
    pub async fn stop(mut self) {
        self.end();
        for server in std::mem::take(&mut self.servers) {
            let abort = server.abort_handle();
            if tokio::time::timeout(PATIENCE, server).await.is_err() {
                abort.abort();
            }
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

struct Listeners {
    entra: TcpListener,
    referrals: TcpListener,
    partner_center: TcpListener,
    dataverse: TcpListener,
    certificates: TcpListener,
    admin: TcpListener,
}

impl Listeners {
    async fn bind(ports: Ports) -> Result<Listeners, SandboxError> {
        Ok(Listeners {
            entra: server::bind("entra", ports.entra).await?,
            referrals: server::bind("referrals", ports.referrals).await?,
            partner_center: server::bind("partner_center", ports.partner_center).await?,
            dataverse: server::bind("dataverse", ports.dataverse).await?,
            certificates: server::bind("certificates", ports.certificates).await?,
            admin: server::bind("admin", ports.admin).await?,
        })
    }

    fn addresses(&self) -> Addresses {
        Addresses {
            entra: address(&self.entra),
            referrals: address(&self.referrals),
            partner_center: address(&self.partner_center),
            dataverse: address(&self.dataverse),
            certificates: address(&self.certificates),
            admin: address(&self.admin),
        }
    }

    fn with_routers(self, world: &Arc<World>) -> [(TcpListener, Router); 6] {
        let service = |service, router| guard(router, service, world);
        [
            (self.entra, service(Service::Entra, entra::router(world.clone()))),
            (self.referrals, service(Service::Referrals, partner_center::referral_router(world.clone()))),
            (self.partner_center, service(Service::PartnerCenter, partner_center::webhook_router(world.clone()))),
            (self.dataverse, service(Service::Dataverse, dataverse::router(world.clone()))),
            (self.certificates, world.certificates.router()),
            (self.admin, admin::router(world.clone())),
        ]
    }
}

fn address(listener: &TcpListener) -> String {
    let port = listener.local_addr().map_or(0, |address| address.port());
    format!("http://127.0.0.1:{port}")
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
