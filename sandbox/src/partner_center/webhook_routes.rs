//! The host of webhook registrations over HTTP (S23, S24).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::deliver;
use super::events::Event;
use super::registration::{EVENTS, Registration, Validation, Webhooks};
use crate::clock;
use crate::entra::Audience;
use crate::world::World;

/// The routes of the service.
pub(crate) fn router(world: Arc<World>) -> Router {
    let path = "/webhooks/v1/registration";
    Router::new()
        .route(path, get(view).post(register).put(update))
        .route(&format!("{path}/events"), get(async || Json(EVENTS)))
        .route(&format!("{path}/validationEvents"), post(validate))
        .route(&format!("{path}/validationEvents/{{id}}"), get(validation))
        .fallback(async || Refusal::not_found("The resource was not found."))
        .layer(from_fn_with_state(world.clone(), authorize))
        .with_state(world)
}

/// The application alone will do here, unlike on the referrals host.
async fn authorize(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    match world.entra.with(|entra| entra.caller(request.headers(), Audience::PartnerCenter)) {
        Some(_) => next.run(request).await,
        None => {
            Refusal::new(StatusCode::UNAUTHORIZED, 401, "The access token is missing or not valid.").into_response()
        }
    }
}

async fn view(State(world): State<Arc<World>>) -> Result<Json<Value>, Refusal> {
    world.webhooks.with(|webhooks| match &webhooks.registration {
        Some(registration) => Ok(Json(reply(registration))),
        None => Err(Refusal::no_registration()),
    })
}

async fn register(State(world): State<Arc<World>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let registration = read(&body)?;
    world.webhooks.with(|webhooks| {
        if webhooks.registration.is_some() {
            return Err(Refusal::new(StatusCode::CONFLICT, 409, "A registration exists already; update it instead."));
        }
        Ok(store(webhooks, registration))
    })
}

async fn update(State(world): State<Arc<World>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let registration = read(&body)?;
    world.webhooks.with(|webhooks| match webhooks.registration {
        Some(_) => Ok(store(webhooks, registration)),
        None => Err(Refusal::no_registration()),
    })
}

fn store(webhooks: &mut Webhooks, registration: Registration) -> Json<Value> {
    let mut answer = reply(&registration);
    answer["SubscriberId"] = json!(webhooks.subscriber);
    webhooks.registration = Some(registration);
    Json(answer)
}

fn reply(registration: &Registration) -> Value {
    json!({
        "WebhookUrl": registration.url, "WebhookEvents": registration.events,
        "SignatureTokenToMsSignatureHeader": registration.signature_in_own_header,
        "lastModifiedTimestamp": clock::fine(registration.modified),
    })
}

/// Reads a registration, whose names come in either case.
fn read(body: &[u8]) -> Result<Registration, Refusal> {
    let sent: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Refusal::invalid("The body is not a registration."))?;
    let member = |wanted: &str| sent.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
    let url = member("WebhookUrl").and_then(Value::as_str).unwrap_or_default();
    if reqwest::Url::parse(url).is_err() {
        return Err(Refusal::invalid("WebhookUrl must be an absolute address."));
    }
    let events: Vec<String> = member("WebhookEvents")
        .and_then(Value::as_array)
        .map(|events| events.iter().filter_map(|event| event.as_str().map(str::to_owned)).collect())
        .unwrap_or_default();
    if events.is_empty() || events.iter().any(|event| !EVENTS.contains(&event.as_str())) {
        return Err(Refusal::invalid("WebhookEvents must name at least one event, and only known ones."));
    }
    let flag = member("SignatureTokenToMsSignatureHeader").and_then(Value::as_bool).unwrap_or(false);
    Ok(Registration { url: url.to_owned(), events, signature_in_own_header: flag, modified: Timestamp::now() })
}

/// A repeat carries the same `MS-RequestId`; it begins nothing new.
async fn validate(State(world): State<Arc<World>>, headers: HeaderMap) -> Result<Json<Value>, Refusal> {
    let request = headers.get("ms-requestid").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let known = request.as_deref().and_then(|request| {
        world.webhooks.with(|webhooks| webhooks.begun_by(request).map(|validation| validation.id.clone()))
    });
    if let Some(id) = known {
        return Ok(Json(json!({"correlationId": id})));
    }
    let under_way = world.deliveries.announce();
    let id = world.webhooks.with(|webhooks| {
        let registration = webhooks.registration.as_ref().ok_or_else(Refusal::no_registration)?;
        if !registration.events.iter().any(|event| event == "test-created") {
            return Err(Refusal::invalid("The registration does not include test-created."));
        }
        let url = registration.url.clone();
        webhooks.begin_validation(url, request).map_err(Refusal::throttled)
    })?;
    let resource_uri = format!("{}/webhooks/v1/registration/validationEvents/{id}", world.addresses.partner_center);
    let event = Event { name: "test-created", resource_uri, resource_name: "test", changed: Timestamp::now() };
    deliver::send(&world, event, Some(id.clone()), &under_way);
    Ok(Json(json!({"correlationId": id})))
}

async fn validation(State(world): State<Arc<World>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let found = world.webhooks.with(|webhooks| webhooks.validation(&id).cloned());
    let Some(Validation { id, url, results, done, .. }) = found else {
        return Err(Refusal::not_found("The validation event was not found."));
    };
    let status = if done { "completed" } else { "pending" };
    Ok(Json(json!({
        "correlationId": id, "partnerId": world.organization.id, "status": status, "callbackUrl": url,
        "results": results,
    })))
}

/// The error answer of this host, which differs from the referrals host's.
struct Refusal {
    status: StatusCode,
    code: u32,
    description: &'static str,
    retry_after: Option<i64>,
}

impl Refusal {
    fn new(status: StatusCode, code: u32, description: &'static str) -> Refusal {
        Refusal { status, code, description, retry_after: None }
    }

    fn invalid(description: &'static str) -> Refusal {
        Refusal::new(StatusCode::BAD_REQUEST, 20_002, description)
    }

    fn not_found(description: &'static str) -> Refusal {
        Refusal::new(StatusCode::NOT_FOUND, 404, description)
    }

    fn no_registration() -> Refusal {
        Refusal::not_found("The tenant has no registration.")
    }

    fn throttled(seconds: i64) -> Refusal {
        Refusal { retry_after: Some(seconds), ..Refusal::new(StatusCode::TOO_MANY_REQUESTS, 429, "") }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let Some(seconds) = self.retry_after else {
            let body = json!({"code": self.code, "description": self.description, "data": [], "source": "PartnerFD"});
            return (self.status, Json(body)).into_response();
        };
        let message = format!("Rate limit is exceeded. Try again in {seconds} seconds.");
        let body = json!({"statusCode": 429, "message": message});
        (self.status, [(header::RETRY_AFTER, seconds.to_string())], Json(body)).into_response()
    }
}
