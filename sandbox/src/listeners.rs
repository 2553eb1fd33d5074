//! The six ports of a sandbox, and which service answers at which.

use std::sync::Arc;

use axum::Router;
use axum::middleware::from_fn_with_state;
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::faults::Service;
use crate::gate::guard;
use crate::tls::{Greeter, LocalAuthority};
use crate::world::World;
use crate::{Addresses, Ports, SandboxError, admin, certificates, dataverse, entra, partner_center, server, state};

/// Ports that are taken, before anything answers at them.
pub(crate) struct Listeners {
    entra: TcpListener,
    referrals: TcpListener,
    partner_center: TcpListener,
    dataverse: TcpListener,
    certificates: TcpListener,
    admin: TcpListener,
}

impl Listeners {
    /// Takes the ports.
    pub(crate) async fn bind(ports: Ports) -> Result<Listeners, SandboxError> {
        Ok(Listeners {
            entra: server::bind("entra", ports.entra).await?,
            referrals: server::bind("referrals", ports.referrals).await?,
            partner_center: server::bind("partner_center", ports.partner_center).await?,
            dataverse: server::bind("dataverse", ports.dataverse).await?,
            certificates: server::bind("certificates", ports.certificates).await?,
            admin: server::bind("admin", ports.admin).await?,
        })
    }

    /// Where they are; with TLS under the name that libraries want. The admin server is told without it, for
    /// command lines.
    pub(crate) fn addresses(&self, tls: bool) -> Addresses {
        let base = if tls { "https://localhost" } else { PLAIN };
        Addresses {
            entra: address(base, &self.entra),
            referrals: address(base, &self.referrals),
            partner_center: address(base, &self.partner_center),
            dataverse: address(base, &self.dataverse),
            certificates: address(base, &self.certificates),
            admin: address(PLAIN, &self.admin),
        }
    }

    /// Begins to answer, until `stop` holds true.
    pub(crate) fn serve(
        self,
        world: &Arc<World>,
        authority: Option<&LocalAuthority>,
        stop: &watch::Receiver<bool>,
    ) -> Vec<JoinHandle<()>> {
        let counted = |router: Router| router.layer(from_fn_with_state(Arc::clone(world), state::count));
        let serve = |(listener, router)| {
            server::serve(listener, Greeter::new(authority.cloned()), counted(router), stop.clone())
        };
        self.with_routers(world).into_iter().map(serve).collect()
    }

    fn with_routers(self, world: &Arc<World>) -> [(TcpListener, Router); 6] {
        let service = |service, router| guard(router, service, world);
        [
            (self.entra, service(Service::Entra, entra::router(world.clone()))),
            (self.referrals, service(Service::Referrals, partner_center::referral_router(world.clone()))),
            (self.partner_center, service(Service::PartnerCenter, partner_center::webhook_router(world.clone()))),
            (self.dataverse, service(Service::Dataverse, dataverse::router(world.clone()))),
            (self.certificates, certificates::router(world.clone())),
            (self.admin, admin::router(world.clone())),
        ]
    }
}

const PLAIN: &str = "http://127.0.0.1";

fn address(base: &str, listener: &TcpListener) -> String {
    let port = listener.local_addr().map_or(0, |address| address.port());
    format!("{base}:{port}")
}
