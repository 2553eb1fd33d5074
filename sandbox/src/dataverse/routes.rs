//! The Web API over HTTP.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::middleware::map_response;
use axum::response::{IntoResponse, Response};
use axum::routing::any;
use axum::{Json, Router};
use serde_json::{Map, Value, json};

use super::address::{Address, parse};
use super::draft::describe;
use super::keys::Key;
use super::list::{Listing, Preferences, parse_query};
use super::read::show;
use super::refusal::Refusal;
use super::rows::{Dataverse, RowRecord};
use super::states::Outcome;
use super::tables::Table;
use super::write::{Conditions, Patched};
use crate::entra::{Audience, Caller};
use crate::log::Changed;
use crate::odata::Query;
use crate::world::World;

const ROOT: &str = "/api/data/v9.2/";

/// The routes of the service. Its paths carry keys in parentheses, so they are read by `address`
/// and not by the router.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new()
        .route(&format!("{ROOT}{{*rest}}"), any(handle))
        .fallback(async || Refusal::no_segment("/"))
        .layer(map_response(protocol_headers))
        .with_state(world)
}

async fn protocol_headers(mut response: Response) -> Response {
    let headers = response.headers_mut();
    headers.insert("odata-version", HeaderValue::from_static("4.0"));
    if headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind == "application/json") {
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json; odata.metadata=minimal"));
    }
    response
}

async fn handle(
    State(world): State<Arc<World>>,
    Path(rest): Path<String>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, Refusal> {
    let caller =
        world.entra.with(|entra| entra.caller(&headers, Audience::Dataverse)).ok_or_else(Refusal::unauthenticated)?;
    let request = Request {
        address: parse(&rest)?,
        url: format!("{}{}", world.addresses.dataverse, uri.path()),
        raw: uri.query().unwrap_or_default().to_owned(),
        prefer: preferences(&headers),
        conditions: conditions(&headers),
        base: format!("{}{ROOT}", world.addresses.dataverse),
        body,
    };
    world.dataverse.with(|crm| {
        let user = if caller == Caller::Seller { crm.seller.clone() } else { crm.connector.clone() };
        request.answer(&method, crm, &user)
    })
}

struct Request {
    address: Address,
    /// The address that was asked for, without its query.
    url: String,
    raw: String,
    prefer: Preferences,
    conditions: Conditions,
    base: String,
    body: Bytes,
}

impl Request {
    fn answer(&self, method: &Method, crm: &mut Dataverse, user: &str) -> Result<Response, Refusal> {
        match (method.as_str(), &self.address) {
            ("GET", Address::Set(set)) => self.list(crm, set),
            ("GET", Address::Count(set)) => self.count(crm, set),
            ("GET", Address::Row(set, key)) => self.read(crm, set, key),
            ("GET", Address::Related(set, key, navigation)) => self.related(crm, set, key, navigation),
            ("GET", Address::Definition(logical)) => {
                Ok(Json(crm.definition(logical, &parse_query(&self.raw)?)?).into_response())
            }
            ("GET", Address::WhoAmI) => Ok(Json(who_am_i(user, &self.base)).into_response()),
            ("POST", Address::Set(set)) => self.create(crm, set, user),
            ("POST", Address::Win) => self.close(crm, Outcome::Won, user),
            ("POST", Address::Lose) => self.close(crm, Outcome::Lost, user),
            ("PATCH", Address::Row(set, key)) => self.patch(crm, set, key, user),
            ("DELETE", Address::Row(set, key)) => self.delete(crm, set, key),
            _ => Err(Refusal::no_method(&self.url)),
        }
    }

    fn list(&self, crm: &Dataverse, set: &str) -> Result<Response, Refusal> {
        let table = crm.table_of_set(set)?;
        let rows = crm.records(table, parse_query(&self.raw)?.filter.as_ref());
        Ok(Json(self.listing().page(table, rows)?).into_response())
    }

    fn count(&self, crm: &Dataverse, set: &str) -> Result<Response, Refusal> {
        let rows = crm.records(crm.table_of_set(set)?, parse_query(&self.raw)?.filter.as_ref());
        // The number follows a byte order mark.
        let text = format!("\u{feff}{}", self.listing().count(rows)?);
        Ok(([(header::CONTENT_TYPE, "text/plain")], text).into_response())
    }

    fn read(&self, crm: &Dataverse, set: &str, key: &Key) -> Result<Response, Refusal> {
        self.single(StatusCode::OK, record(crm, set, key)?, &parse_query(&self.raw)?)
    }

    /// What a navigation property of a row leads to: one row, or a list like that of a set.
    fn related(&self, crm: &Dataverse, set: &str, key: &Key, navigation: &str) -> Result<Response, Refusal> {
        let record = record(crm, set, key)?;
        if let Some(lookup) = record.table.navigation(navigation) {
            return match record.target(lookup) {
                Some(target) => self.single(StatusCode::OK, target, &parse_query(&self.raw)?),
                None => Ok(StatusCode::NO_CONTENT.into_response()),
            };
        }
        let (table, rows) = record.children(navigation).ok_or_else(|| Refusal::no_segment(navigation))?;
        Ok(Json(self.listing().page(table, rows)?).into_response())
    }

    fn create(&self, crm: &mut Dataverse, set: &str, user: &str) -> Result<Response, Refusal> {
        let table = crm.table_of_set(set)?.clone();
        let id = crm.create(&table.logical, &self.object()?, user)?;
        self.written(StatusCode::CREATED, crm, &table, &id)
    }

    fn patch(&self, crm: &mut Dataverse, set: &str, key: &Key, user: &str) -> Result<Response, Refusal> {
        let table = crm.table_of_set(set)?.clone();
        match crm.patch(&table, key, &self.object()?, &self.conditions, user)? {
            Patched::Created(id) => self.written(StatusCode::CREATED, crm, &table, &id),
            Patched::Updated(id, changed) => {
                let mut response = self.written(StatusCode::OK, crm, &table, &id)?;
                response.extensions_mut().insert(Changed(changed));
                Ok(response)
            }
        }
    }

    fn delete(&self, crm: &mut Dataverse, set: &str, key: &Key) -> Result<Response, Refusal> {
        let table = crm.table_of_set(set)?.clone();
        crm.delete(&table, key, &self.conditions)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    fn close(&self, crm: &mut Dataverse, outcome: Outcome, user: &str) -> Result<Response, Refusal> {
        crm.close(outcome, &self.object()?, user)?;
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    /// The answer to a write: nothing but the row's address, or the row when it was asked for.
    fn written(&self, with_row: StatusCode, crm: &Dataverse, table: &Table, id: &str) -> Result<Response, Refusal> {
        if !self.prefer.representation {
            // An upsert by alternate key echoes its own address, so the GUID is not in it.
            let address = match &self.address {
                Address::Row(_, Key::Columns(_)) => self.url.clone(),
                _ => format!("{}{}({id})", self.base, table.set),
            };
            return Ok((StatusCode::NO_CONTENT, [("odata-entityid", address)]).into_response());
        }
        let row = crm.row(&table.logical, id).ok_or_else(|| Refusal::no_row(&table.logical, id))?;
        let mut query = parse_query(&self.raw)?;
        if matches!(self.address, Address::Row(..)) {
            // `$expand` has no effect on a PATCH.
            query.expand.clear();
        }
        let mut response = self.single(with_row, RowRecord { crm, table, row }, &query)?;
        response.headers_mut().insert("preference-applied", HeaderValue::from_static("return=representation"));
        Ok(response)
    }

    fn single(&self, status: StatusCode, record: RowRecord<'_>, query: &Query) -> Result<Response, Refusal> {
        let context = format!("{}$metadata#{}/$entity", self.base, record.table.set);
        let mut answer = Map::from_iter([("@odata.context".to_owned(), json!(context))]);
        if let Value::Object(members) = show(record, query, self.prefer.annotate)? {
            answer.extend(members);
        }
        let mut response = (status, Json(answer)).into_response();
        if let Ok(etag) = HeaderValue::from_str(&record.row.etag()) {
            response.headers_mut().insert(header::ETAG, etag);
        }
        Ok(response)
    }

    fn listing(&self) -> Listing<'_> {
        Listing { base: &self.base, url: &self.url, raw: &self.raw, prefer: self.prefer }
    }

    fn object(&self) -> Result<Map<String, Value>, Refusal> {
        serde_json::from_slice(&self.body)
            .map_err(|error| Refusal::payload(format!("The payload cannot be read: {error}.")))
    }
}

fn record<'a>(crm: &'a Dataverse, set: &str, key: &Key) -> Result<RowRecord<'a>, Refusal> {
    let table = crm.table_of_set(set)?;
    let row = crm.find(table, key)?.ok_or_else(|| Refusal::no_row(&table.logical, &describe(key)))?;
    Ok(RowRecord { crm, table, row })
}

fn who_am_i(user: &str, base: &str) -> Value {
    json!({
        "@odata.context": format!("{base}$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse"),
        "BusinessUnitId": "44444444-4444-4444-8444-444444444444", "UserId": user,
        "OrganizationId": "55555555-5555-4555-8555-555555555555",
    })
}

fn conditions(headers: &HeaderMap) -> Conditions {
    let text = |name: header::HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
    Conditions {
        if_match: text(header::IF_MATCH).map(str::to_owned),
        // The literal `null` is advised against caches and means nothing.
        must_be_new: text(header::IF_NONE_MATCH) == Some("*"),
    }
}

/// `Prefer` comes as one list or as several headers, values quoted or not.
fn preferences(headers: &HeaderMap) -> Preferences {
    let lists = headers.get_all("prefer").iter().filter_map(|value| value.to_str().ok());
    let mut preferences = Preferences::default();
    for preference in lists.flat_map(|list| list.split(',')) {
        let (name, value) = preference.split_once('=').unwrap_or((preference, ""));
        match (name.trim().to_ascii_lowercase().as_str(), value.trim().trim_matches('"')) {
            ("return", "representation") => preferences.representation = true,
            ("odata.maxpagesize", size) => preferences.page = size.parse().ok(),
            ("odata.include-annotations", _) => preferences.annotate = true,
            _ => {}
        }
    }
    preferences
}
