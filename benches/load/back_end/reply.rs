//! What the services answer.

use axum::body::Body;
use axum::http::{HeaderName, Response, StatusCode, header};
use serde_json::{Map, Value, json};

use super::BackEnd;
use super::call::Call;
use super::deal::{Case, Deal, number_in, opportunity_id};
use super::ledger::{Effect, Ledger, Seen};

/// The column that an audit is written to.
const AUDIT: &str = "pc_audit";

/// Does what a request asks for, and answers.
pub(super) fn to(back_end: &BackEnd, call: Call<'_>) -> Response<Body> {
    match call {
        Call::Certificate => response(StatusCode::OK, back_end.certificate.clone()),
        Call::Token => json_of(&json!({ "token_type": "Bearer", "expires_in": 3599, "access_token": "token" })),
        Call::Definition { table } => definition(table),
        Call::Referral { number } => match back_end.deals.get(number) {
            Some(deal) => response(StatusCode::OK, deal.referral.clone()),
            None => refused(StatusCode::NOT_FOUND),
        },
        Call::Find { number, select } => find(back_end, number, select),
        Call::Get { id, select } => get(back_end, id, select),
        Call::Create { body } => create(back_end, body),
        Call::Update { id, version, body } => update(back_end, id, version, body),
        Call::Note { body } => note(back_end, body),
        Call::Unknown { method, uri } => {
            back_end.ledger().note_wrong(|| format!("{method} {uri}"));
            refused(StatusCode::NOT_FOUND)
        }
    }
}

fn find(back_end: &BackEnd, number: usize, select: Option<&str>) -> Response<Body> {
    let Some(deal) = back_end.deals.get(number) else { return refused(StatusCode::NOT_FOUND) };
    let seen = back_end.ledger().of(number);
    let is_there = Case::of(number) != Case::New || seen.created > 0;
    let rows = if is_there { vec![row(deal, number, &seen, select)] } else { Vec::new() };
    json_of(&json!({ "value": rows }))
}

fn get(back_end: &BackEnd, id: &str, select: Option<&str>) -> Response<Body> {
    let ledger = back_end.ledger();
    let number = ledger.number_of(id);
    match number.and_then(|number| Some((number, back_end.deals.get(number)?))) {
        Some((number, deal)) => json_of(&row(deal, number, &ledger.of(number), select)),
        None => refused(StatusCode::NOT_FOUND),
    }
}

fn create(back_end: &BackEnd, body: &[u8]) -> Response<Body> {
    let mut ledger = back_end.ledger();
    let columns = object(body);
    let number = columns.get("pc_referralid").and_then(Value::as_str).and_then(number_in);
    let Some((number, deal)) = number.and_then(|number| Some((number, back_end.deals.get(number)?))) else {
        return wrong(&mut ledger, "create", body);
    };
    let all_right = holds_all(&columns, &deal.columns) && Case::of(number) == Case::New;
    if !all_right {
        return wrong(&mut ledger, "create", body);
    }
    if let Some(id) = columns.get("opportunityid").and_then(Value::as_str) {
        if ledger.number_of(id).is_some() {
            return refused(StatusCode::PRECONDITION_FAILED);
        }
        ledger.choose(number, id);
    }
    ledger.note(number, Effect::Created);
    with_status(StatusCode::CREATED, &row(deal, number, &ledger.of(number), None))
}

fn update(back_end: &BackEnd, id: &str, version: Option<&str>, body: &[u8]) -> Response<Body> {
    let mut ledger = back_end.ledger();
    let found = ledger.number_of(id).and_then(|number| Some((number, back_end.deals.get(number)?)));
    let Some((number, deal)) = found else { return refused(StatusCode::NOT_FOUND) };
    if version.is_some_and(|version| version != "*" && version != ledger.of(number).version()) {
        return refused(StatusCode::PRECONDITION_FAILED);
    }
    let columns = object(body);
    match columns.get(AUDIT).and_then(Value::as_str) {
        Some(text) => {
            if let Some(seen) = ledger.seen(number) {
                text.clone_into(&mut seen.audit);
            }
            ledger.note(number, Effect::Audited);
        }
        None if Case::of(number) == Case::Changed
            && deal.old.as_object().is_some_and(|old| is_repaired(old, &columns, deal)) =>
        {
            ledger.note(number, Effect::Updated);
        }
        None => return wrong(&mut ledger, "update", body),
    }
    json_of(&row(deal, number, &ledger.of(number), None))
}

fn note(back_end: &BackEnd, body: &[u8]) -> Response<Body> {
    let mut ledger = back_end.ledger();
    match std::str::from_utf8(body).ok().and_then(number_in) {
        Some(number) => {
            ledger.note(number, Effect::Audited);
            with_status(StatusCode::CREATED, &json!({ "annotationid": object(body).get("annotationid") }))
        }
        None => wrong(&mut ledger, "note", body),
    }
}

/// An opportunity as it is now: its version, and the columns that were asked for.
fn row(deal: &Deal, number: usize, seen: &Seen, select: Option<&str>) -> Value {
    let is_wanted = |name: &str| select.is_none_or(|select| select.split(',').any(|wanted| wanted == name));
    let mut row = Map::new();
    row.insert("@odata.etag".to_owned(), json!(seen.version()));
    let mut put = |name: &str, value: &dyn Fn() -> Value| {
        if is_wanted(name) {
            row.insert(name.to_owned(), value());
        }
    };
    put("opportunityid", &|| seen.opportunity.as_ref().map_or_else(|| json!(opportunity_id(number)), |id| json!(id)));
    put(AUDIT, &|| if seen.audit.is_empty() { Value::Null } else { json!(seen.audit) });
    for (name, value) in deal.columns.as_object().into_iter().flatten() {
        let old = deal.old.get(name).filter(|_| seen.updated == 0);
        put(name, &|| old.unwrap_or(value).clone());
    }
    Value::Object(row)
}

/// What Dataverse says of a table: its columns and their types, as far as they matter here.
fn definition(table: &str) -> Response<Body> {
    let columns: Vec<(String, &str)> = match table {
        "opportunity" => opportunity_columns(),
        "annotation" => ["annotationid", "subject", "notetext"].map(|name| (name.to_owned(), "String")).into(),
        _ => return refused(StatusCode::NOT_FOUND),
    };
    let set = if table == "opportunity" { "opportunities" } else { "annotations" };
    let columns = columns.into_iter().map(|(name, kind)| json!({ "LogicalName": name, "AttributeType": kind }));
    json_of(&json!({
        "LogicalName": table, "EntitySetName": set,
        "PrimaryIdAttribute": format!("{table}id"), "PrimaryNameAttribute": "name",
        "Attributes": columns.collect::<Vec<Value>>(), "ManyToOneRelationships": [], "OneToManyRelationships": [],
    }))
}

fn opportunity_columns() -> Vec<(String, &'static str)> {
    let kind = |name: &str| match name {
        "estimatedvalue" => "Money",
        "estimatedclosedate" => "DateTime",
        "pc_status" => "Picklist",
        _ => "String",
    };
    let deal = Deal::new(0);
    let names = deal.columns.as_object().into_iter().flat_map(Map::keys);
    let mut columns: Vec<(String, &str)> = names.map(|name| (name.clone(), kind(name))).collect();
    columns.push(("opportunityid".to_owned(), "Uniqueidentifier"));
    columns.push((AUDIT.to_owned(), "Memo"));
    columns
}

/// Whether an update brings every column that differed to its new value.
fn is_repaired(old: &Map<String, Value>, columns: &Map<String, Value>, deal: &Deal) -> bool {
    old.keys().all(|name| columns.get(name).is_some_and(|value| is_same(value, &deal.columns[name.as_str()])))
}

fn holds_all(columns: &Map<String, Value>, expected: &Value) -> bool {
    let mut expected = expected.as_object().into_iter().flatten();
    expected.all(|(name, expected)| columns.get(name).is_some_and(|value| is_same(value, expected)))
}

/// Numbers go by value, so that 1000 and 1000.0 are one.
fn is_same(value: &Value, expected: &Value) -> bool {
    value == expected || value.as_f64().is_some_and(|value| expected.as_f64() == Some(value))
}

fn object(body: &[u8]) -> Map<String, Value> {
    serde_json::from_slice(body).unwrap_or_default()
}

fn wrong(ledger: &mut Ledger, what: &str, body: &[u8]) -> Response<Body> {
    ledger.note_wrong(|| format!("{what}: {}", String::from_utf8_lossy(body)));
    refused(StatusCode::BAD_REQUEST)
}

fn refused(status: StatusCode) -> Response<Body> {
    with_status(status, &json!({ "error": { "code": status.as_str(), "message": "refused by the back end" } }))
}

fn json_of(value: &Value) -> Response<Body> {
    with_status(StatusCode::OK, value)
}

fn with_status(status: StatusCode, value: &Value) -> Response<Body> {
    response(status, value.to_string())
}

fn response(status: StatusCode, body: impl Into<Body>) -> Response<Body> {
    let mut response = Response::new(body.into());
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, header::HeaderValue::from_static("application/json"));
    headers.insert(HeaderName::from_static("odata-version"), header::HeaderValue::from_static("4.0"));
    response
}
