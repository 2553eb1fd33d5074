//! What every request to a service passes: faults, then the work, then the log.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, HttpBody, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};

use crate::faults::{Fault, Service};
use crate::log::{Changed, Entry};
use crate::server::Cut;
use crate::world::World;

/// The longest that a fault can make a request wait.
const LONGEST_DELAY_MS: u64 = 3_600_000;

/// Bytes of a body that is taken in whole before anything answers.
const ORDINARY: usize = 256 * 1024;

/// Puts the gate in front of a service's routes.
pub(crate) fn guard(router: Router, service: Service, world: &Arc<World>) -> Router {
    router.layer(from_fn_with_state((service, world.clone()), pass))
}

/// Whether an answer refuses a request in words of the library that read it, and not in the service's own.
pub(crate) fn is_not_of_the_service(response: &Response) -> bool {
    let json =
        response.headers().get(CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"application/json"));
    response.status().is_client_error() && !json
}

async fn pass(
    State((service, world)): State<(Service, Arc<World>)>,
    ConnectInfo(cut): ConnectInfo<Cut>,
    request: Request,
    next: Next,
) -> Response {
    let request = taken_in(request).await;
    let method = request.method().as_str().to_owned();
    let path = request.uri().path_and_query().map_or_else(String::new, ToString::to_string);
    let who = world.entra.with(|entra| entra.who(request.headers()));
    let limited = || world.limits.with(|limits| limits.take(service)).map(|wait| Fault::throttle(service, wait));
    let struck = world.faults.with(|faults| faults.strike(service, &method, &path));
    if struck.is_some() {
        // It strikes once less, which is kept as well.
        world.changes.count();
    }
    let by_switch = || world.faults.with(|faults| faults.by_switch(service, &world.behaviours));
    let fault = struck.or_else(by_switch).or_else(limited);
    let (response, lost) = match fault {
        None => (next.run(request).await, false),
        Some(fault) => suffer(&fault, request, next).await,
    };
    if lost {
        cut.cut();
    }
    let status = if lost { 0 } else { response.status().as_u16() };
    let changed = response.extensions().get::<Changed>().map(|Changed(changed)| *changed);
    let entry = Entry { service, method, path, status, who, changed };
    world.log.with(|log| log.add(entry));
    response
}

/// A body that a handler leaves unread, as most do that answer a GET, would have the connection cut while the answer is
/// on its way.
async fn taken_in(request: Request) -> Request {
    let (parts, body) = request.into_parts();
    let is_ordinary = body.size_hint().upper().is_some_and(|length| length <= ORDINARY as u64);
    let body = match is_ordinary {
        true => Body::from(to_bytes(body, ORDINARY).await.unwrap_or_default()),
        false => body,
    };
    Request::from_parts(parts, body)
}

/// The response under a fault, and whether the connection is to be lost.
async fn suffer(fault: &Fault, request: Request, next: Next) -> (Response, bool) {
    if fault.delay_ms > 0 {
        tokio::time::sleep(Duration::from_millis(fault.delay_ms.min(LONGEST_DELAY_MS))).await;
    }
    let replaced = fault.drop || fault.status.is_some();
    if !replaced {
        return (next.run(request).await, false);
    }
    if fault.after {
        next.run(request).await;
    }
    (replacement(fault), fault.drop)
}

fn replacement(fault: &Fault) -> Response {
    let status = fault.status.and_then(|status| StatusCode::from_u16(status).ok());
    let body = fault.body.as_ref().map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let mut headers = HeaderMap::new();
    if fault.body.is_some() {
        headers.insert("content-type", HeaderValue::from_static("application/json"));
    }
    for (name, value) in &fault.headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            headers.insert(name, value);
        }
    }
    (status.unwrap_or(StatusCode::INTERNAL_SERVER_ERROR), headers, body).into_response()
}
