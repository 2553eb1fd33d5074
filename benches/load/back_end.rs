//! The services, as small and fast as they can be: Partner Center's referrals, the sign-in, and Dataverse's opportunities.
//!
//! The path of a request: [`answer`] waits as long as a service would, [`Call`] says what is asked for, and the
//! [`Ledger`] keeps what was done to which deal and when. What the deals are is in [`deal`]. One thread serves all,
//! in the process of the driver, so that both read one clock.

mod call;
mod deal;
mod ledger;
mod reply;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use axum::serve::ListenerExt;

use crate::Failure;
use call::Call;
use deal::Deal;
pub(crate) use ledger::Ledger;

/// Where the certificate that signs the events is served.
pub(crate) const CERTIFICATE: &str = "/cert/pcnotifications-dispatch.microsoft.com.cer";

/// The services at work. They end with the process.
pub(crate) struct BackEnd {
    address: SocketAddr,
    certificate: Bytes,
    deals: Vec<Deal>,
    /// What every call takes, in milliseconds.
    latency: AtomicU64,
    ledger: Mutex<Ledger>,
}

impl BackEnd {
    /// Starts to serve `deals` deals, on an address of its own.
    pub(crate) fn start(deals: usize, certificate: Vec<u8>) -> Result<Arc<BackEnd>, Failure> {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0))?;
        listener.set_nonblocking(true)?;
        let back_end = Arc::new(BackEnd {
            address: listener.local_addr()?,
            certificate: certificate.into(),
            deals: (0..deals).map(Deal::new).collect(),
            latency: AtomicU64::new(0),
            ledger: Mutex::new(Ledger::new(deals)),
        });
        let routes = Router::new().fallback(answer).with_state(Arc::clone(&back_end));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("back end".to_owned()).spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                // An answer goes out at once: a delay of the protocol would be measured as the program's.
                let listener = listener.tap_io(|stream| {
                    let _ = stream.set_nodelay(true);
                });
                axum::serve(listener, routes).await
            })
        })?;
        Ok(back_end)
    }

    /// Where the services are.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// The host of the certificates, as settings name it.
    pub(crate) fn host(&self) -> String {
        self.address.to_string()
    }

    /// The id of a deal.
    pub(crate) fn deal(&self, number: usize) -> &str {
        self.deals.get(number).map_or("", |deal| &deal.id)
    }

    /// Forgets what was done, and takes so long for a call from now on.
    pub(crate) fn reset(&self, latency: Duration) {
        self.latency.store(u64::try_from(latency.as_millis()).unwrap_or(u64::MAX), Ordering::Relaxed);
        *self.ledger() = Ledger::new(self.deals.len());
    }

    /// What was done until now.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn answer(
    State(back_end): State<Arc<BackEnd>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let latency = back_end.latency.load(Ordering::Relaxed);
    if latency > 0 {
        tokio::time::sleep(Duration::from_millis(latency)).await;
    }
    reply::to(&back_end, Call::read(&method, &uri, &headers, &body))
}
