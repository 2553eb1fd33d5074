//! Entra ID over HTTP: the endpoints in both forms, the documents about them, and the page for a device's code.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, RawQuery, Request, State};
use axum::http::header::{AUTHORIZATION, CACHE_CONTROL, PRAGMA};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{Html, IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::Value;
use uuid::Uuid;

use super::Entra;
use super::grants::{Form, Version};
use super::refusal::Refusal;
use crate::gate::is_not_of_the_service;
use crate::world::World;

/// The routes of the service.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/{tenant}/oauth2/token", post(token_v1))
        .route("/{tenant}/oauth2/v2.0/token", post(token_v2))
        .route("/{tenant}/oauth2/devicecode", post(device_v1))
        .route("/{tenant}/oauth2/v2.0/devicecode", post(device_v2))
        .route("/{tenant}/.well-known/openid-configuration", get(configuration_v1))
        .route("/{tenant}/v2.0/.well-known/openid-configuration", get(configuration_v2))
        .route("/{tenant}/discovery/keys", get(keys))
        .route("/{tenant}/discovery/v2.0/keys", get(keys))
        .route("/common/discovery/instance", get(instance))
        .route("/common/oauth2/deviceauth", get(async || page("")).post(type_code))
        .method_not_allowed_fallback(wrong_method)
        .layer(from_fn_with_state(world.clone(), refuse_otherwise))
        .with_state(world)
}

/// What is refused before it reaches the service's own rules is refused in its words all the same.
async fn refuse_otherwise(State(world): State<Arc<World>>, request: Request, next: Next) -> Response {
    let response = next.run(request).await;
    if !is_not_of_the_service(&response) {
        return response;
    }
    let refusal = Refusal::new("invalid_request", 90_023, "Invalid STS request");
    respond(&world, Err(Refusal { status: response.status(), ..refusal }), None)
}

type Parts = (State<Arc<World>>, Path<String>, RawQuery, HeaderMap, Bytes);

async fn token_v1((state, tenant, query, headers, body): Parts) -> Response {
    exchange(&state, &tenant, &query, &headers, &body, |entra, tenant, form| entra.grant(tenant, Version::V1, form))
}

async fn token_v2((state, tenant, query, headers, body): Parts) -> Response {
    exchange(&state, &tenant, &query, &headers, &body, |entra, tenant, form| entra.grant(tenant, Version::V2, form))
}

async fn device_v1((state, tenant, query, headers, body): Parts) -> Response {
    let begin = |entra: &mut Entra, tenant: &str, form: &Form| entra.begin_device(tenant, Version::V1, form);
    exchange(&state, &tenant, &query, &headers, &body, begin)
}

async fn device_v2((state, tenant, query, headers, body): Parts) -> Response {
    let begin = |entra: &mut Entra, tenant: &str, form: &Form| entra.begin_device(tenant, Version::V2, form);
    exchange(&state, &tenant, &query, &headers, &body, begin)
}

/// Reads a form, does the work, and writes the answer with the headers that tokens need.
fn exchange(
    world: &World,
    tenant: &str,
    RawQuery(query): &RawQuery,
    headers: &HeaderMap,
    body: &[u8],
    work: impl FnOnce(&mut Entra, &str, &Form) -> Result<Value, Refusal>,
) -> Response {
    let form = read(body, headers);
    let answer = form.and_then(|form| world.entra.with(|entra| work(entra, tenant, &form)));
    let mut response = respond(world, answer, correlation(headers, query.as_deref()));
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store, no-cache"));
    response.headers_mut().insert(PRAGMA, HeaderValue::from_static("no-cache"));
    response
}

async fn configuration_v1(State(world): State<Arc<World>>, Path(tenant): Path<String>) -> Response {
    let answer = world.entra.with(|entra| entra.configuration(&tenant, Version::V1));
    respond(&world, answer, None)
}

async fn configuration_v2(State(world): State<Arc<World>>, Path(tenant): Path<String>) -> Response {
    let answer = world.entra.with(|entra| entra.configuration(&tenant, Version::V2));
    respond(&world, answer, None)
}

async fn keys(State(world): State<Arc<World>>, Path(tenant): Path<String>) -> Response {
    let answer = world.entra.with(|entra| entra.keys(&tenant));
    respond(&world, answer, None)
}

async fn instance(State(world): State<Arc<World>>, RawQuery(query): RawQuery) -> Response {
    let pairs = pairs(query.unwrap_or_default().as_bytes());
    let authorize = pairs.iter().find(|(name, _)| name == "authorization_endpoint");
    let answer = match authorize {
        Some((_, address)) => world.entra.with(|entra| entra.instance(address)),
        None => Err(Refusal::missing("authorization_endpoint")),
    };
    respond(&world, answer, None)
}

async fn wrong_method(State(world): State<Arc<World>>, method: Method) -> Response {
    let right = if method == Method::GET { "POST" } else { "GET" };
    let text = format!("The endpoint only accepts {right}, OPTIONS requests. Received a {method} request");
    respond(&world, Err(Refusal::new("invalid_request", 900_561, text)), None)
}

async fn type_code(State(world): State<Arc<World>>, body: Bytes) -> Response {
    let pairs = pairs(&body);
    let code = pairs.iter().find(|(name, _)| name == "code").map_or("", |(_, code)| code);
    match world.entra.with(|entra| entra.decide_device(code, true)) {
        true => page("You have signed in. You can close this page."),
        false => page("That code did not work. Check the code and try again."),
    }
}

/// Where the person types the code. The sandbox asks nobody for a password.
fn page(said: &str) -> Response {
    let form = "<form method=post>Code <input name=code autofocus> <button>Sign in</button></form>";
    Html(format!("<!doctype html><title>Sign in</title><p>{said}</p>{form}")).into_response()
}

fn respond(world: &World, answer: Result<Value, Refusal>, correlation: Option<Uuid>) -> Response {
    match answer {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => {
            let spelled = refusal.with_status_by(&world.behaviours);
            spelled.answer(world.clock.now(), correlation)
        }
    }
}

/// The caller's own id of the request, which comes as a header or in the query.
fn correlation(headers: &HeaderMap, query: Option<&str>) -> Option<Uuid> {
    let header = headers.get("client-request-id").and_then(|value| value.to_str().ok()).map(str::to_owned);
    let asked = || pairs(query?.as_bytes()).into_iter().find(|(name, _)| name == "client-request-id").map(|(_, id)| id);
    header.or_else(asked)?.parse().ok()
}

/// The form's fields, and the application's name and secret where they come as Basic credentials.
fn read(body: &[u8], headers: &HeaderMap) -> Result<Form, Refusal> {
    let mut fields = BTreeMap::new();
    for (name, value) in pairs(body) {
        if fields.insert(name.clone(), value).is_some() {
            let text = format!("The request is not properly formatted. The parameter '{name}' is duplicated");
            return Err(Refusal::new("invalid_request", 9_000_411, text));
        }
    }
    if let Some((id, secret)) = basic(headers) {
        fields.entry("client_id".to_owned()).or_insert(id);
        fields.entry("client_secret".to_owned()).or_insert(secret);
    }
    Ok(Form(fields))
}

fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let encoded = headers.get(AUTHORIZATION)?.to_str().ok()?.strip_prefix("Basic ")?;
    let text = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
    let (id, secret) = text.split_once(':')?;
    // Both halves are encoded as in a form before they are joined.
    let decoded = |half: &str| pairs(format!("x={half}").as_bytes()).into_iter().next().map(|(_, value)| value);
    Some((decoded(id)?, decoded(secret)?))
}

/// Names and values of a form or a query.
fn pairs(encoded: &[u8]) -> Vec<(String, String)> {
    url::form_urlencoded::parse(encoded).into_owned().collect()
}
