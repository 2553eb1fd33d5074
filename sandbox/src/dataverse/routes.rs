//! The Web API over HTTP.
//!
//! A request is let in (token, limits), answered under the lock, and what it tells is sent afterwards: what it must
//! wait for before the answer, the rest beside it.

use std::sync::Arc;
use std::time::Instant;

use axum::Router;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, Method, Uri};
use axum::response::{IntoResponse, Response};
use axum::routing::any;

use super::address::{Address, parse};
use super::answer::answer;
use super::batch;
use super::call::{Asker, Call, Wants};
use super::deliver::settle;
use super::limits::Left;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use crate::behaviours::Behaviour;
use crate::entra::{Audience, Caller};
use crate::world::World;

/// The path of the service root.
pub(crate) const ROOT: &str = "/api/data/v9.2/";

/// The longest body.
const LONGEST_BODY: usize = 64 * 1024 * 1024;

/// The longest address of a GET; a part of a batch may have one twice as long.
const LONGEST_URL: usize = 32 * 1024;

/// The routes of the service. Its paths carry keys in parentheses, so they are read by `address`
/// and not by the router.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route(ROOT, any(handle))
        .route(ROOT.trim_end_matches('/'), any(handle))
        .route(&format!("{ROOT}{{*rest}}"), any(handle))
        .fallback(async || Refusal::no_segment("/"))
        .layer(DefaultBodyLimit::max(LONGEST_BODY))
        .with_state(world)
}

async fn handle(
    State(world): State<Arc<World>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Result<Bytes, BytesRejection>,
) -> Response {
    let wants = Wants::read(headers.iter().filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?))));
    let annotations = wants.annotations.clone();
    let caller = world.entra.with(|entra| entra.caller(&headers, Audience::Dataverse));
    match respond(&world, caller, method, &uri, wants, body).await {
        Ok(reply) => reply.into_response(),
        Err(refusal) => refusal.reply(&annotations).into_response(),
    }
}

async fn respond(
    world: &Arc<World>,
    caller: Option<Caller>,
    method: Method,
    uri: &Uri,
    wants: Wants,
    body: Result<Bytes, BytesRejection>,
) -> Result<Reply, Refusal> {
    let caller = caller.ok_or_else(Refusal::unauthenticated)?;
    let meter = Meter::begin(world, caller)?;
    let body = body.map_err(|_| Refusal::too_large())?;
    if uri.path_and_query().is_some_and(|whole| whole.as_str().len() > LONGEST_URL) {
        return Err(Refusal::query(format!("The request URI is longer than {LONGEST_URL} bytes.")));
    }
    let base = format!("{}{ROOT}", world.addresses.dataverse);
    let path = uri.path().strip_prefix(ROOT).unwrap_or_default();
    let call = Call::new(method.as_str(), &base, path, uri.query().unwrap_or_default(), wants, body.to_vec())?;
    let (reply, finished, told) = world.dataverse.with(|crm| {
        let reply = run(crm, &call, &meter.user);
        let (finished, told) = crm.finish();
        (reply, finished, told)
    });
    settle(world, finished, told).await.map_err(|reason| Refusal::by_custom_logic(&reason))?;
    let Left { requests, seconds } = meter.left;
    let reply = reply?
        .with("x-ms-ratelimit-burst-remaining-xrm-requests", requests.to_string())
        .with("x-ms-ratelimit-time-remaining-xrm-requests", format!("{seconds}.00"))
        .with("x-ms-service-request-id", uuid::Uuid::new_v4().to_string());
    Ok(reply)
}

fn run(crm: &mut Dataverse, call: &Call, user: &str) -> Result<Reply, Refusal> {
    match (&call.address, call.method.as_str()) {
        (Address::Batch, "POST") => batch::run(crm, call, user),
        _ => one(crm, call, user),
    }
}

/// Answers one request, alone or as a part of a batch: it is done entirely or not at all.
pub(crate) fn one(crm: &mut Dataverse, call: &Call, user: &str) -> Result<Reply, Refusal> {
    crm.budget.check()?;
    let asker = asker(crm, call, user)?;
    crm.asking.clone_from(&asker.user);
    crm.atomically(|crm| answer(crm, call, &asker))
}

/// Who asks, and on whose behalf.
fn asker(crm: &Dataverse, call: &Call, user: &str) -> Result<Asker, Refusal> {
    let wants = &call.wants;
    let asked_for = match (&wants.caller_object, &wants.caller_user) {
        (Some(object), _) => {
            let found = crm.rows_with("systemuser", "azureactivedirectoryobjectid", object).next();
            Some(found.ok_or_else(Refusal::no_member)?)
        }
        (None, Some(id)) => Some(crm.row("systemuser", id).ok_or_else(Refusal::no_member)?),
        (None, None) => None,
    };
    let other = asked_for.map(|row| row.id.clone()).filter(|id| id != user);
    if other.is_some() && crm.behaviours.on(Behaviour::NoImpersonation) {
        return Err(Refusal::no_privilege("prvActOnBehalfOfAnotherUser", user));
    }
    let detect_duplicates = wants.detect_duplicates;
    Ok(match other {
        Some(other) => Asker { user: other, on_behalf: Some(user.to_owned()), detect_duplicates },
        None => Asker { user: user.to_owned(), on_behalf: None, detect_duplicates },
    })
}

/// Counts a request in, and out again whatever becomes of it.
struct Meter<'a> {
    world: &'a World,
    user: String,
    left: Left,
    begun: Instant,
}

impl Meter<'_> {
    fn begin(world: &World, caller: Caller) -> Result<Meter<'_>, Refusal> {
        world.dataverse.with(|crm| {
            let user = if caller == Caller::Seller { crm.seller.clone() } else { crm.connector.clone() };
            if caller != Caller::Seller && crm.behaviours.on(Behaviour::NoApplicationUser) {
                return Err(Refusal::no_member());
            }
            let limits = crm.behaviours.on(Behaviour::ServiceProtection).then_some(crm.ceilings);
            let now = crm.now();
            let left = crm.meters.begin(&user, now, limits)?;
            Ok(Meter { world, user, left, begun: Instant::now() })
        })
    }
}

impl Drop for Meter<'_> {
    fn drop(&mut self) {
        let milliseconds = u64::try_from(self.begun.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.world.dataverse.with(|crm| crm.meters.end(&self.user, milliseconds));
    }
}

impl Call {
    /// A request whose path stands below the service root.
    pub(crate) fn new(
        method: &str,
        base: &str,
        path: &str,
        raw: &str,
        wants: Wants,
        body: Vec<u8>,
    ) -> Result<Call, Refusal> {
        let decoded = percent_encoding::percent_decode_str(path).decode_utf8();
        let decoded = decoded.map_err(|_| Refusal::no_segment(path))?;
        Ok(Call {
            method: method.to_owned(),
            address: parse(&decoded)?,
            url: format!("{base}{path}"),
            raw: raw.to_owned(),
            wants,
            base: base.to_owned(),
            body,
        })
    }
}
