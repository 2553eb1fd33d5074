//! The token endpoint of the v2.0 form: client credentials and refresh tokens.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Form, Json, Router};
use jiff::Timestamp;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{Caller, Entra};
use crate::clock;
use crate::world::World;

/// The routes of the service.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new().route("/{tenant}/oauth2/v2.0/token", post(token)).with_state(world)
}

type Fields = HashMap<String, String>;

async fn token(
    State(world): State<Arc<World>>,
    Path(tenant): Path<String>,
    form: Result<Form<Fields>, axum::extract::rejection::FormRejection>,
) -> Response {
    let answer = match form {
        Ok(Form(fields)) => world.entra.with(|entra| entra.grant(&tenant, &fields)),
        Err(_) => Err(Refusal::new(400, "invalid_request", 900_144, "The request body must be form encoded")),
    };
    match answer {
        Ok(body) => Json(body).into_response(),
        Err(refusal) => refusal.into_response(),
    }
}

impl Entra {
    fn grant(&mut self, tenant: &str, fields: &Fields) -> Result<Value, Refusal> {
        if tenant != self.credentials.tenant && !matches!(tenant, "common" | "organizations") {
            return Err(Refusal::new(400, "invalid_request", 90_002, "Tenant not found. Check the tenant id"));
        }
        let field = |name: &str| fields.get(name).map_or("", String::as_str);
        self.check_client(field("client_id"), field("client_secret"))?;
        match field("grant_type") {
            "client_credentials" => self.for_app(field("scope")),
            "refresh_token" => self.for_user(field("refresh_token"), field("scope")),
            _ => Err(Refusal::new(400, "unsupported_grant_type", 70_003, "The grant type is not supported")),
        }
    }

    fn check_client(&self, id: &str, secret: &str) -> Result<(), Refusal> {
        if id != self.credentials.client_id {
            return Err(Refusal::new(400, "unauthorized_client", 700_016, "No such application in the directory"));
        }
        if secret != self.credentials.client_secret {
            return Err(Refusal::new(401, "invalid_client", 7_000_215, "Invalid client secret provided"));
        }
        Ok(())
    }

    fn for_app(&mut self, scope: &str) -> Result<Value, Refusal> {
        if !scope.split_whitespace().any(|scope| scope.ends_with("/.default")) {
            let text = "The scope of a client credentials request must end with /.default";
            return Err(Refusal::new(400, "invalid_scope", 1_002_012, text));
        }
        let audience = self.audience(scope).ok_or_else(Refusal::unknown_resource)?;
        let token = self.issue(audience, Caller::App);
        let life = self.lifetime.as_secs();
        Ok(json!({"token_type": "Bearer", "expires_in": life, "ext_expires_in": life, "access_token": token}))
    }

    fn for_user(&mut self, refresh: &str, scope: &str) -> Result<Value, Refusal> {
        if !self.refresh.iter().any(|known| known == refresh) {
            let text = "The provided refresh token is malformed, expired or revoked";
            return Err(Refusal::new(400, "invalid_grant", 70_008, text));
        }
        let audience = self.audience(scope).ok_or_else(Refusal::unknown_resource)?;
        let token = self.issue(audience, Caller::User);
        let life = self.lifetime.as_secs();
        Ok(json!({
            "token_type": "Bearer", "scope": scope, "expires_in": life, "ext_expires_in": life,
            "access_token": token, "refresh_token": self.rotate(),
        }))
    }
}

struct Refusal {
    status: StatusCode,
    error: &'static str,
    code: u32,
    text: &'static str,
}

impl Refusal {
    fn new(status: u16, error: &'static str, code: u32, text: &'static str) -> Refusal {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_REQUEST);
        Refusal { status, error, code, text }
    }

    fn unknown_resource() -> Refusal {
        let text = "The resource principal named in the scope was not found in the tenant";
        Refusal::new(400, "invalid_resource", 500_011, text)
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (trace, correlation) = (Uuid::new_v4(), Uuid::new_v4());
        let timestamp = clock::whole_seconds(Timestamp::now()).replace('T', " ");
        let description = format!(
            "AADSTS{}: {}.\r\nTrace ID: {trace}\r\nCorrelation ID: {correlation}\r\nTimestamp: {timestamp}",
            self.code, self.text
        );
        let body = json!({
            "error": self.error, "error_description": description, "error_codes": [self.code],
            "timestamp": timestamp, "trace_id": trace, "correlation_id": correlation,
        });
        (self.status, Json(body)).into_response()
    }
}
