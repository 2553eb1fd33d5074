//! Requests from services: `POST /webhooks/CONNECTOR/TRIGGER`.
//!
//! A request is verified by the connector, accepted by the store, and only then answered; its run comes
//! later. What is refused leaves no trace but a line in the log. Requests beyond a number are not read at all, and one
//! that is sent too slowly is given up, so that senders cannot fill the memory.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum_server::tls_rustls::RustlsConfig;
use cosell_engine::connector::{Incoming, Mode};
use cosell_engine::engine::Engine;
use cosell_engine::store::StoreError;
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tracing::{debug, warn};

use crate::environment::{EngineSettings, TlsSettings};
use crate::failure::Failure;

/// The largest body that is read at all; a trigger may allow less.
const LARGEST_BODY: usize = 1024 * 1024;
/// Requests that are read and answered side by side.
const MOST_REQUESTS: usize = 512;
/// The longest time in which a body must have come.
const LONGEST_READ: Duration = Duration::from_secs(15);
/// The seconds after which a sender may try again that found no room.
const AGAIN: &str = "10";

/// The path of a trigger below the engine's address.
pub fn path(trigger: &str) -> String {
    format!("/webhooks/{}", trigger.replacen('.', "/", 1))
}

/// Starts to listen, and says where.
pub(super) async fn start(
    engine: &Engine,
    settings: &EngineSettings,
    mut stopped: watch::Receiver<bool>,
    tasks: &mut JoinSet<()>,
) -> Result<SocketAddr, Failure> {
    let failed = |error: std::io::Error| Failure::World(format!("cannot listen on {}: {error}", settings.listen));
    let listener = std::net::TcpListener::bind(settings.listen).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let address = listener.local_addr().map_err(failed)?;
    let routes = routes(engine.clone()).into_make_service();
    let handle = axum_server::Handle::new();
    let stopping = handle.clone();
    tasks.spawn(async move {
        let _ = stopped.wait_for(|stopped| *stopped).await;
        stopping.graceful_shutdown(Some(std::time::Duration::from_secs(10)));
    });
    match &settings.tls {
        Some(tls) => {
            let server =
                axum_server::from_tcp_rustls(listener, certificate(tls).await?).map_err(failed)?.handle(handle);
            tasks.spawn(async move { report(server.serve(routes).await) });
        }
        None => {
            let server = axum_server::from_tcp(listener).map_err(failed)?.handle(handle);
            tasks.spawn(async move { report(server.serve(routes).await) });
        }
    }
    Ok(address)
}

async fn certificate(tls: &TlsSettings) -> Result<RustlsConfig, Failure> {
    RustlsConfig::from_pem_file(&tls.certificate, &tls.key).await.map_err(|error| {
        Failure::Data(format!("cannot serve TLS with {} and {}: {error}", tls.certificate.display(), tls.key.display()))
    })
}

fn report(result: std::io::Result<()>) {
    if let Err(error) = result {
        warn!(%error, "the listener ended");
    }
}

/// What a request meets.
#[derive(Clone)]
struct Hall {
    engine: Engine,
    places: Arc<Semaphore>,
}

fn routes(engine: Engine) -> Router {
    Router::new()
        .route("/webhooks/{connector}/{trigger}", post(receive))
        .route("/health", get(|| async { "ok\n" }))
        .with_state(Hall { engine, places: Arc::new(Semaphore::new(MOST_REQUESTS)) })
}

async fn receive(
    State(Hall { engine, places }): State<Hall>,
    Path((connector, trigger)): Path<(String, String)>,
    request: Request,
) -> Response {
    let Ok(_place) = places.try_acquire() else {
        return again_later(StatusCode::TOO_MANY_REQUESTS, "too many requests at once");
    };
    let (parts, body) = request.into_parts();
    let (headers, body) = match read(body).await {
        Ok(body) => (parts.headers, body),
        Err(refusal) => return refusal,
    };
    let name = format!("{connector}.{trigger}");
    let Some(known) = engine.world().connectors.trigger(&name).filter(|known| known.modes().contains(&Mode::Webhook))
    else {
        return (StatusCode::NOT_FOUND, format!("there is no trigger `{name}` here\n")).into_response();
    };
    match known.receive_any(&incoming(&headers, &body)).await {
        Err(refusal) => {
            warn!(trigger = name, status = refusal.status, reason = refusal.message, "request refused");
            let status = StatusCode::from_u16(refusal.status).unwrap_or(StatusCode::BAD_REQUEST);
            (status, format!("{refusal}\n")).into_response()
        }
        Ok(None) => StatusCode::OK.into_response(),
        Ok(Some(event)) => match engine.accept(&name, std::slice::from_ref(&event), None).await {
            Ok(new) => {
                debug!(trigger = name, event = event.content_key, new, "event accepted");
                StatusCode::OK.into_response()
            }
            Err(error) => not_kept(&error),
        },
    }
}

/// The whole body, or the answer to one that is too large or comes too slowly.
async fn read(body: Body) -> Result<Bytes, Response> {
    match tokio::time::timeout(LONGEST_READ, to_bytes(body, LARGEST_BODY)).await {
        Ok(Ok(body)) => Ok(body),
        Ok(Err(_)) => Err((StatusCode::PAYLOAD_TOO_LARGE, "the body is too large\n").into_response()),
        Err(_) => Err((StatusCode::REQUEST_TIMEOUT, "the body did not come in time\n").into_response()),
    }
}

/// The sender should try again: nothing was kept.
fn not_kept(error: &StoreError) -> Response {
    warn!(%error, "event not kept");
    let status = match error {
        StoreError::Full(_) => StatusCode::TOO_MANY_REQUESTS,
        _ => StatusCode::SERVICE_UNAVAILABLE,
    };
    again_later(status, "the event could not be kept")
}

fn again_later(status: StatusCode, why: &str) -> Response {
    (status, [(header::RETRY_AFTER, AGAIN)], format!("{why}; send it again later\n")).into_response()
}

fn incoming(headers: &HeaderMap, body: &Bytes) -> Incoming {
    let headers = headers
        .iter()
        .filter_map(|(name, value)| Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned())))
        .collect();
    Incoming { headers, body: body.to_vec() }
}
