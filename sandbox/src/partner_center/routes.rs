//! The referrals host over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Extension, Json, Router};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use uuid::Uuid;

use super::category::Viewer;
use super::patch::Operation;
use super::present::present;
use super::states::text;
use super::{Refusal, events};
use crate::behaviours::Behaviour;
use crate::entra::{Audience, Caller, Role};
use crate::gate::is_not_of_the_service;
use crate::log::Changed;
use crate::world::World;

/// The routes of the service.
pub(crate) fn router(world: Arc<World>) -> Router {
    let path = "/v1.0/engagements/referrals";
    let one = || get(read).patch(patch).put(put).fallback(refuse_method);
    Router::new()
        .route(path, get(list).post(create).fallback(refuse_method))
        .route(&format!("{path}/{{id}}"), one())
        // The published definition tells its operations on one referral apart by slashes at the end.
        .route(&format!("{path}/{{id}}/"), one())
        .route(&format!("{path}/{{id}}//"), one())
        .fallback(async || Refusal::not_found("at this address"))
        .layer(from_fn_with_state(world.clone(), authorize))
        .layer(from_fn_with_state(world.clone(), finish))
        .with_state(world)
}

/// Only a person's token opens this host: the application alone is refused (S1, S2).
async fn authorize(State(world): State<Arc<World>>, mut request: Request, next: Next) -> Response {
    match world.entra.with(|entra| entra.caller(request.headers(), Audience::Referrals)) {
        None => Refusal::unauthenticated().into_response(),
        Some(Caller::App) if world.behaviours.on(Behaviour::AppOnlyAccepted) => {
            let no_marketplace_leads = world.behaviours.on(Behaviour::MarketplaceLeadsHidden);
            request.extensions_mut().insert(Viewer { person: None, no_marketplace_leads });
            next.run(request).await
        }
        Some(Caller::App) if world.behaviours.on(Behaviour::AppOnlyUnauthenticated) => {
            Refusal::unauthenticated().into_response()
        }
        Some(Caller::App) => Refusal::denied("An application-only token is not accepted here.").into_response(),
        Some(Caller::User { mfa: false }) if world.behaviours.on(Behaviour::MfaEnforced) => {
            Refusal::denied("The token has insufficient claims: multi-factor authentication is required.")
                .into_response()
        }
        Some(Caller::User { .. }) => {
            let mut person = world.entra.with(|entra| entra.person.clone());
            if person.role == Role::GlobalAdmin && world.behaviours.on(Behaviour::GlobalAdminAccepted) {
                person.role = Role::ReferralsAdmin;
            }
            if !matches!(person.role, Role::ReferralsAdmin | Role::ReferralsUser) {
                return Refusal::denied("The caller has no Referrals role.").into_response();
            }
            let no_marketplace_leads = world.behaviours.on(Behaviour::MarketplaceLeadsHidden);
            request.extensions_mut().insert(Viewer { person: Some(person), no_marketplace_leads });
            next.run(request).await
        }
        Some(Caller::Seller) => {
            request.extensions_mut().insert(Viewer { person: None, no_marketplace_leads: false });
            next.run(request).await
        }
    }
}

/// The headers of every answer, and the spelling of refusals.
async fn finish(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    const CLIENT: HeaderName = HeaderName::from_static("client-request-id");
    let client = request.headers().get(CLIENT).cloned();
    let mut response = next.run(request).await;
    if is_not_of_the_service(&response) {
        response = Refusal::unreadable(response.status()).into_response();
    }
    if let Some(refusal) = response.extensions().get::<Refusal>()
        && world.behaviours.on(Behaviour::OddErrorCasing)
    {
        response = refusal.answer(true);
    }
    let id = Uuid::new_v4().to_string();
    let diagnostic = json!({"ServerInfo": {"DataCenter": "Sandbox", "Slice": "SliceC", "Ring": "1"}}).to_string();
    let time = world.clock.now().strftime("%a, %d %b %Y %H:%M:%S GMT").to_string();
    for (name, value) in [("request-id", id), ("x-ms-ags-diagnostic", diagnostic), ("timestamp", time)] {
        if let Ok(value) = HeaderValue::from_str(&value) {
            response.headers_mut().insert(name, value);
        }
    }
    if let Some(client) = client {
        response.headers_mut().insert(CLIENT, client);
    }
    response
}

async fn refuse_method() -> Refusal {
    Refusal::method()
}

async fn list(
    State(world): State<Arc<World>>,
    Extension(viewer): Extension<Viewer>,
    RawQuery(raw): RawQuery,
) -> Result<Json<Value>, Refusal> {
    let raw = raw.unwrap_or_default();
    world.referrals.with(|referrals| referrals.list(&raw, &world.addresses.referrals, &viewer)).map(Json)
}

async fn read(
    State(world): State<Arc<World>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
) -> Result<Response, Refusal> {
    let body = world.referrals.with(|referrals| referrals.seen(&id, &viewer).map(|referral| referral.body.clone()))?;
    Ok(single(&world, body))
}

async fn create(
    State(world): State<Arc<World>>,
    Extension(viewer): Extension<Viewer>,
    body: Bytes,
) -> Result<Response, Refusal> {
    let sent: Value = parse(&body)?;
    let under_way = world.deliveries.announce();
    let created =
        world.referrals.with(|referrals| referrals.create(&sent, &viewer, &world.organization, &world.addresses))?;
    events::created(&world, &created, &under_way);
    Ok(single(&world, created.body))
}

async fn patch(
    State(world): State<Arc<World>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let operations: Vec<Operation> = parse(&body)?;
    let under_way = world.deliveries.announce();
    let (after, changed) = world.referrals.with(|referrals| {
        referrals.seen(&id, &viewer)?;
        referrals.patch(&id, &operations, if_match(&headers))
    })?;
    // The writer's own change comes back as an event, too (S27).
    events::updated(&world, &after, false, &under_way);
    let prefer = headers.get("prefer").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let mut response = if prefer.contains("return=representation") {
        single(&world, after)
    } else {
        (StatusCode::NO_CONTENT, etag(&after)).into_response()
    };
    response.extensions_mut().insert(Changed(changed));
    Ok(response)
}

async fn put(
    State(world): State<Arc<World>>,
    Extension(viewer): Extension<Viewer>,
    Path(id): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let sent: Value = parse(&body)?;
    let under_way = world.deliveries.announce();
    let (after, changed) = world.referrals.with(|referrals| {
        referrals.seen(&id, &viewer)?;
        referrals.put(&id, &sent, if_match(&headers))
    })?;
    events::updated(&world, &after, false, &under_way);
    let mut response = single(&world, after);
    response.extensions_mut().insert(Changed(changed));
    Ok(response)
}

fn if_match(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::IF_MATCH).and_then(|value| value.to_str().ok())
}

fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(body).map_err(|error| Refusal::invalid(format!("The body cannot be read: {error}.")))
}

/// One referral with its context and its ETag header.
fn single(world: &World, body: Value) -> Response {
    let headers = etag(&body);
    let context = format!("{}/v1.0/$metadata#Referrals/$entity", world.addresses.referrals);
    let mut answer = serde_json::Map::from_iter([("@odata.context".to_owned(), json!(context))]);
    if let Value::Object(members) = present(body, &world.behaviours) {
        answer.extend(members);
    }
    (headers, Json(answer)).into_response()
}

fn etag(body: &Value) -> HeaderMap {
    let value = HeaderValue::from_str(text(body, "/eTag")).ok();
    value.map(|value| (header::ETAG, value)).into_iter().collect()
}
