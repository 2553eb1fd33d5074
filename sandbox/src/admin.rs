//! The server for the person at the keyboard, and for tests: make and change deals as somebody
//! in the portal would, cause failures, hold events back, see what was asked.

mod switches;

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::SignedDuration;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::dataverse::Ceilings;
use crate::faults::Fault;
use crate::limits::Limit;
use crate::log::Entry;
use crate::partner_center::{Deal, Refusal, Switches, Verdict, change_deal, judge_registration, make_deal, switch};
use crate::world::World;

/// The routes. They take plain JSON and no token.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route("/", get(overview))
        .route("/deals", post(new_deal))
        .route("/deals/{id}", post(edit_deal))
        .route("/deals/{id}/registration", post(judge))
        .route("/faults", get(faults).post(add_fault).delete(clear_faults))
        .route("/limits", post(limit))
        .route("/deliveries", get(deliveries).post(switch_deliveries))
        .route("/deliveries/waiting", get(waiting))
        .route("/log", get(log).delete(clear_log))
        .route("/lag", post(lag))
        .merge(switches::routes())
        .route("/dataverse", get(dataverse).post(set_ceilings))
        .with_state(world)
}

async fn overview(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({
        "addresses": world.addresses,
        "endpoints": [
            "POST /deals - make an incoming deal; all of name, dealValue, currency, closingDate, notes, status, \
             type, customer, country, postalCode, solution, category, location, seller may be left out",
            "POST /deals/{id} - change a deal as a person would; also substatus and statusReason",
            "POST /deals/{id}/registration - {status, statusReason}: Microsoft's answer to a deal's registration",
            "POST /faults - {service, method, path_contains, status, body, headers, delay_ms, drop, after, times}",
            "GET /faults, DELETE /faults",
            "POST /limits - {service, requests, seconds}: more than that gets 429; 0 requests is no limit",
            "POST /deliveries - {hold, duplicate, delay_ms, spacing_ms}",
            "GET /deliveries - delivered, waiting, offline and every attempt",
            "POST /lag - {service, seconds}: lists of referrals or dataverse show a write only then",
            "GET /dataverse, POST /dataverse - {requests, milliseconds, at_once, window_seconds}: the ceilings of \
             service_protection, and how many webhooks are on their way",
            "GET /deliveries/waiting - how many events are on their way",
            "GET /log, DELETE /log - requests seen by the services",
            "POST /tokens - {lifetime_seconds, revoke, revoke_refresh}",
            "POST /certificates/rotate - events are signed with a new key and certificate from now on",
            "GET /behaviours, POST /behaviours - {name: true or false, ...}",
            "GET /clock, POST /clock - {advance_seconds} or {ahead_seconds} or {set: instant}",
            "GET /person, POST /person - {id, name, email, role, locations}: whom people's tokens stand for",
            "POST /applications/certificates - {pem}: a certificate that the application signs in with",
            "GET /device-codes, POST /device-codes/{code} - {approve}: what the person does with a code",
        ],
    }))
}

async fn new_deal(State(world): State<Arc<World>>, Json(deal): Json<Deal>) -> Json<Value> {
    Json(make_deal(&world, &deal))
}

async fn edit_deal(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Json(deal): Json<Deal>,
) -> Result<Json<Value>, Refusal> {
    change_deal(&world, &id, &deal).map(Json)
}

async fn judge(
    State(world): State<Arc<World>>,
    Path(id): Path<String>,
    Json(verdict): Json<Verdict>,
) -> Result<Json<Value>, Refusal> {
    judge_registration(&world, &id, &verdict).map(Json)
}

async fn faults(State(world): State<Arc<World>>) -> Json<Vec<Fault>> {
    Json(world.faults.with(|faults| faults.list()))
}

async fn add_fault(State(world): State<Arc<World>>, Json(fault): Json<Fault>) -> Json<Value> {
    Json(json!({"added": world.faults.with(|faults| faults.add(fault))}))
}

async fn clear_faults(State(world): State<Arc<World>>) -> Json<Value> {
    world.faults.with(crate::faults::Faults::clear);
    Json(json!({}))
}

async fn limit(State(world): State<Arc<World>>, Json(limit): Json<Limit>) -> Json<Value> {
    world.limits.with(|limits| limits.set(limit));
    Json(json!({}))
}

async fn deliveries(State(world): State<Arc<World>>) -> Json<Value> {
    Json(world.deliveries.report())
}

async fn waiting(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({ "waiting": world.deliveries.waiting() }))
}

async fn switch_deliveries(State(world): State<Arc<World>>, Json(switches): Json<Switches>) -> Json<Value> {
    switch(&world, switches);
    Json(world.deliveries.report())
}

async fn log(State(world): State<Arc<World>>) -> Json<Vec<Entry>> {
    Json(world.log.with(|log| log.list()))
}

async fn clear_log(State(world): State<Arc<World>>) -> Json<Value> {
    world.log.with(crate::log::RequestLog::clear);
    Json(json!({}))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Lag {
    service: WithLists,
    seconds: u32,
}

/// A service whose lists can lag behind; reads by id never do.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum WithLists {
    Referrals,
    Dataverse,
}

async fn lag(State(world): State<Arc<World>>, Json(lag): Json<Lag>) -> Json<Value> {
    let time = SignedDuration::from_secs(lag.seconds.into());
    match lag.service {
        WithLists::Referrals => world.referrals.with(|referrals| referrals.past.set_lag(time)),
        WithLists::Dataverse => world.dataverse.with(|dataverse| dataverse.past.set_lag(time)),
    }
    Json(json!({}))
}

async fn dataverse(State(world): State<Arc<World>>) -> Json<Value> {
    let ceilings = world.dataverse.with(|crm| crm.ceilings);
    Json(json!({"ceilings": ceilings, "webhooks_waiting": world.hooks.waiting()}))
}

/// Ceilings that are not sent are the usual ones.
async fn set_ceilings(State(world): State<Arc<World>>, Json(ceilings): Json<Ceilings>) -> Json<Value> {
    world.dataverse.with(|crm| crm.ceilings = ceilings);
    dataverse(State(world)).await
}
