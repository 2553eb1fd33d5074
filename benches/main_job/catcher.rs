//! Stands where Partner Center believes the engine to be, and keeps every event that comes.
//!
//! Whoever hands an event on to the engine then knows the moment of its POST exactly.

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::routing::post;
use cosell::failure::Failure;
use tokio::net::TcpListener;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};
use tokio::task::JoinHandle;

/// An event as it was sent, with its signature.
pub(crate) struct Caught {
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// A server that keeps events. Dropping it ends the server.
pub(crate) struct Catcher {
    pub(crate) address: String,
    events: UnboundedReceiver<Caught>,
    server: JoinHandle<()>,
}

impl Catcher {
    pub(crate) async fn start() -> Result<Catcher, Failure> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(Failure::world)?;
        let address = format!("http://{}/events", listener.local_addr().map_err(Failure::world)?);
        let (sender, events) = unbounded_channel();
        let routes = Router::new().route("/events", post(keep)).with_state(sender);
        let server = tokio::spawn(async move {
            // It ends only when it is aborted.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Catcher { address, events, server })
    }

    /// The next event.
    pub(crate) async fn next(&mut self) -> Result<Caught, Failure> {
        self.events.recv().await.ok_or_else(|| Failure::World("the catcher of events has ended".to_owned()))
    }

    /// Forgets the events that have come.
    pub(crate) fn forget(&mut self) {
        while self.events.try_recv().is_ok() {}
    }
}

impl Drop for Catcher {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn keep(State(events): State<UnboundedSender<Caught>>, mut headers: HeaderMap, body: Bytes) -> StatusCode {
    // These belong to the connection that the event came over.
    for name in [header::HOST, header::CONTENT_LENGTH] {
        headers.remove(name);
    }
    let _ = events.send(Caught { headers, body });
    StatusCode::OK
}
