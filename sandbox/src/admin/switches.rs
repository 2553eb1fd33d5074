//! The part of the admin API that says how the services behave: behaviours, the clock, tokens, who is signed in.

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::certificates::Signing;
use crate::entra::{ClientCertificate, Person};
use crate::partner_center::{Referrals, look};
use crate::world::World;

/// The routes.
pub(super) fn routes() -> Router<Arc<World>> {
    Router::new()
        .route("/behaviours", get(behaviours).post(turn))
        .route("/clock", get(clock).post(move_clock))
        .route("/tokens", post(tokens))
        .route("/certificates/rotate", post(rotate))
        .route("/person", get(person).post(become_person))
        .route("/applications/certificates", post(register))
        .route("/device-codes", get(devices))
        .route("/device-codes/{code}", post(decide))
}

type Wrong = (StatusCode, Json<Value>);

fn wrong(status: StatusCode, message: impl std::fmt::Display) -> Wrong {
    (status, Json(json!({"error": message.to_string()})))
}

async fn behaviours(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.behaviours.told()))
}

/// All or none: a misspelled name turns nothing.
async fn turn(
    State(world): State<Arc<World>>,
    Json(asked): Json<BTreeMap<String, bool>>,
) -> Result<Json<Value>, Wrong> {
    let known = world.behaviours.told();
    if let Some(name) = asked.keys().find(|name| known.iter().all(|told| told.name() != *name)) {
        return Err(wrong(StatusCode::BAD_REQUEST, format!("there is no behaviour `{name}`")));
    }
    for (name, on) in &asked {
        world.behaviours.set(name, *on);
    }
    world.referrals.with(Referrals::lag_where_reads_do);
    look(&world);
    Ok(Json(json!(world.behaviours.told())))
}

async fn clock(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!({"now": world.clock.now().to_string(), "ahead_seconds": world.clock.ahead()}))
}

#[derive(Debug, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Move {
    /// So many seconds from where it is.
    AdvanceSeconds(i64),
    /// So many seconds ahead of the machine's clock; 0 puts it right.
    AheadSeconds(i64),
    /// To an instant.
    Set(Timestamp),
}

async fn move_clock(State(world): State<Arc<World>>, Json(asked): Json<Move>) -> Json<Value> {
    let ahead = match asked {
        Move::AdvanceSeconds(seconds) => world.clock.ahead().saturating_add(seconds),
        Move::AheadSeconds(seconds) => seconds,
        Move::Set(instant) => instant.as_second().saturating_sub(Timestamp::now().as_second()),
    };
    world.clock.set_ahead(ahead);
    look(&world);
    clock(State(world)).await
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct TokenSwitches {
    lifetime_seconds: Option<i64>,
    #[serde(default)]
    revoke: bool,
    #[serde(default)]
    revoke_refresh: bool,
}

async fn tokens(State(world): State<Arc<World>>, Json(switches): Json<TokenSwitches>) -> Json<Value> {
    world.entra.with(|entra| {
        if let Some(seconds) = switches.lifetime_seconds {
            entra.set_lifetime(seconds);
        }
        if switches.revoke {
            entra.revoke();
        }
        if switches.revoke_refresh {
            entra.revoke_refresh();
        }
    });
    Json(json!({}))
}

async fn rotate(State(world): State<Arc<World>>) -> Result<Json<Value>, Wrong> {
    let rotated = world.signing.with(Signing::rotate);
    let url = rotated.map_err(|reason| wrong(StatusCode::INTERNAL_SERVER_ERROR, reason))?;
    Ok(Json(json!({"certificate_url": url})))
}

async fn person(State(world): State<Arc<World>>) -> Json<Person> {
    Json(world.entra.with(|entra| entra.person.clone()))
}

async fn become_person(State(world): State<Arc<World>>, Json(person): Json<Person>) -> Json<Person> {
    world.entra.with(|entra| entra.person = person.clone());
    Json(person)
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Pem {
    pem: String,
}

async fn register(State(world): State<Arc<World>>, Json(Pem { pem }): Json<Pem>) -> Result<Json<Value>, Wrong> {
    let read = ClientCertificate::from_pem(&pem).map_err(|reason| wrong(StatusCode::BAD_REQUEST, reason))?;
    world.entra.with(|entra| entra.register(read));
    Ok(Json(json!({})))
}

async fn devices(State(world): State<Arc<World>>) -> Json<Value> {
    Json(json!(world.entra.with(|entra| entra.devices())))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    approve: bool,
}

async fn decide(
    State(world): State<Arc<World>>,
    Path(code): Path<String>,
    Json(Decision { approve }): Json<Decision>,
) -> Result<Json<Value>, Wrong> {
    match world.entra.with(|entra| entra.decide_device(&code, approve)) {
        true => Ok(Json(json!({}))),
        false => Err(wrong(StatusCode::NOT_FOUND, format!("no sign-in waits for the code `{code}`"))),
    }
}
