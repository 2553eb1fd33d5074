//! The host of webhook registrations over HTTP (S23, S24).

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::deliver;
use super::events::Event;
use super::registration::{Registration, Validation, Webhooks, events};
use super::shape::camel_case;
use crate::behaviours::{Behaviour, Behaviours};
use crate::clock;
use crate::entra::{Audience, Caller, Role};
use crate::gate::is_not_of_the_service;
use crate::world::World;

/// The routes of the service.
pub(crate) fn router(world: Arc<World>) -> Router {
    let path = "/webhooks/v1/registration";
    Router::new()
        .route(path, get(view).post(register).put(update).fallback(refuse_method))
        .route(&format!("{path}/events"), get(list_events).fallback(refuse_method))
        .route(&format!("{path}/validationEvents"), post(validate).fallback(refuse_method))
        .route(&format!("{path}/validationEvents/{{id}}"), get(validation).fallback(refuse_method))
        .fallback(async || Refusal::not_found("The resource was not found."))
        .layer(from_fn_with_state(world.clone(), authorize))
        .layer(from_fn(echo_ids))
        .with_state(world)
}

/// The application alone will do here, unlike on the referrals host. A person needs a role.
async fn authorize(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let on = |behaviour| world.behaviours.on(behaviour);
    match world.entra.with(|entra| entra.caller(request.headers(), Audience::PartnerCenter)) {
        None => {
            let refusal = Refusal::new(StatusCode::UNAUTHORIZED, 401, "The access token is missing or not valid.");
            refusal.into_response()
        }
        Some(Caller::User { mfa: false }) if on(Behaviour::MfaEnforced) => Refusal::forbidden().into_response(),
        Some(Caller::User { .. }) => match world.entra.with(|entra| entra.person.role) {
            Role::AdminAgent | Role::GlobalAdmin => next.run(request).await,
            Role::ReferralsAdmin if !on(Behaviour::RegistrationWantsAdminAgent) => next.run(request).await,
            _ => Refusal::forbidden().into_response(),
        },
        Some(Caller::App | Caller::Seller) => next.run(request).await,
    }
}

/// The caller's ids of the request come back with every answer.
async fn echo_ids(request: Request, next: Next) -> Response {
    const IDS: [HeaderName; 2] = [HeaderName::from_static("ms-requestid"), HeaderName::from_static("ms-correlationid")];
    let sent = IDS.map(|name| (request.headers().get(&name).cloned(), name));
    let mut response = next.run(request).await;
    if is_not_of_the_service(&response) {
        let status = response.status();
        response = Refusal::new(status, status.as_u16().into(), "The request cannot be read.").into_response();
    }
    for (value, name) in sent {
        let fresh = || HeaderValue::from_str(&Uuid::new_v4().to_string()).ok();
        if let Some(value) = value.or_else(fresh) {
            response.headers_mut().insert(name, value);
        }
    }
    response
}

async fn refuse_method() -> Refusal {
    Refusal::new(StatusCode::METHOD_NOT_ALLOWED, 405, "The method is not allowed on this resource.")
}

async fn list_events(State(world): State<Arc<World>>) -> Json<Vec<&'static str>> {
    Json(events(&world.behaviours))
}

async fn view(State(world): State<Arc<World>>) -> Result<Json<Value>, Refusal> {
    world.webhooks.with(|webhooks| match &webhooks.registration {
        Some(registration) => Ok(Json(reply(registration, &world.behaviours))),
        None => Err(Refusal::no_registration()),
    })
}

async fn register(State(world): State<Arc<World>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let registration = read(&body, &world)?;
    world.webhooks.with(|webhooks| {
        if webhooks.registration.is_some() {
            return Err(Refusal::new(StatusCode::CONFLICT, 409, "A registration exists already; update it instead."));
        }
        Ok(store(webhooks, registration, &world.behaviours))
    })
}

async fn update(State(world): State<Arc<World>>, body: Bytes) -> Result<Json<Value>, Refusal> {
    let registration = read(&body, &world)?;
    world.webhooks.with(|webhooks| match webhooks.registration {
        Some(_) => Ok(store(webhooks, registration, &world.behaviours)),
        None => Err(Refusal::no_registration()),
    })
}

fn store(webhooks: &mut Webhooks, registration: Registration, behaviours: &Behaviours) -> Json<Value> {
    let mut answer = reply(&registration, behaviours);
    let name = if behaviours.on(Behaviour::CamelCaseRegistration) { "subscriberId" } else { "SubscriberId" };
    answer[name] = json!(webhooks.subscriber);
    webhooks.registration = Some(registration);
    Json(answer)
}

/// Both spellings are in the documents; ours is the one of most samples.
fn reply(registration: &Registration, behaviours: &Behaviours) -> Value {
    let body = json!({
        "WebhookUrl": registration.url, "WebhookEvents": registration.events,
        "SignatureTokenToMsSignatureHeader": registration.signature_in_own_header,
        "lastModifiedTimestamp": clock::fine(registration.modified),
    });
    if behaviours.on(Behaviour::CamelCaseRegistration) { camel_case(&body) } else { body }
}

/// Reads a registration, whose names come in either case.
fn read(body: &[u8], world: &World) -> Result<Registration, Refusal> {
    let sent: Map<String, Value> =
        serde_json::from_slice(body).map_err(|_| Refusal::invalid("The body is not a registration."))?;
    let member = |wanted: &str| sent.iter().find(|(name, _)| name.eq_ignore_ascii_case(wanted)).map(|(_, value)| value);
    let url = member("WebhookUrl").and_then(Value::as_str).unwrap_or_default();
    if !reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https")) {
        return Err(Refusal::invalid("WebhookUrl must be an absolute address."));
    }
    let wanted: Vec<String> = member("WebhookEvents")
        .and_then(Value::as_array)
        .map(|events| events.iter().map(|event| event.as_str().unwrap_or_default().to_owned()).collect())
        .unwrap_or_default();
    let known = events(&world.behaviours);
    if wanted.is_empty() || wanted.iter().any(|event| !known.contains(&event.as_str())) {
        return Err(Refusal::invalid("WebhookEvents must name at least one event, and only known ones."));
    }
    let flag = member("SignatureTokenToMsSignatureHeader").and_then(Value::as_bool).unwrap_or(false);
    let modified = world.clock.now();
    Ok(Registration { url: url.to_owned(), events: wanted, signature_in_own_header: flag, modified })
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
        webhooks.begin_validation(url, request, world.clock.now()).map_err(Refusal::throttled)
    })?;
    let resource_uri = format!("{}/webhooks/v1/registration/validationEvents/{id}", world.addresses.partner_center);
    let event = Event { name: "test-created", resource_uri, resource_name: "test", changed: world.clock.now() };
    deliver::send(&world, event, Some(id.clone()), &under_way);
    Ok(Json(json!({"correlationId": id})))
}

async fn validation(State(world): State<Arc<World>>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    let found = world.webhooks.with(|webhooks| webhooks.validation(&id, world.clock.now()).cloned());
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

    fn forbidden() -> Refusal {
        Refusal::new(StatusCode::FORBIDDEN, 403, "The caller's role or sign-in does not allow this.")
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
