//! `$batch` (behaviour 16): many requests in one, some of them in change sets, which are done entirely or not at
//! all.
//!
//! `multipart` reads and writes the parts; here they are run in order.

mod multipart;

use std::collections::HashMap;

use axum::http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::address::Address;
use super::call::{Call, Wants};
use super::refusal::Refusal;
use super::reply::{Content, Reply};
use super::routes::{ROOT, one};
use super::rows::Dataverse;
use multipart::{Part, boundary, inner_request, parts, shown, wrapped};

/// Most requests in a batch.
const MOST: usize = 1_000;

/// The longest address of a part.
const LONGEST_URL: usize = 64 * 1024;

/// The rows that the requests of a change set have made so far, by `Content-ID`: their addresses.
type Made = HashMap<String, String>;

/// Runs a batch.
pub(crate) fn run(crm: &mut Dataverse, call: &Call, user: &str) -> Result<Reply, Refusal> {
    let unreadable = Refusal::unreadable_batch;
    let text = std::str::from_utf8(&call.body).map_err(|_| unreadable())?;
    let parts = parts(text, &boundary(&call.wants.content_type).ok_or_else(unreadable)?).ok_or_else(unreadable)?;
    let mut asked = 0;
    let mut answers = String::new();
    let mut failed = false;
    let ends = format!("batchresponse_{}", Uuid::new_v4());
    for part in &parts {
        let kind = part.header("content-type").unwrap_or_default();
        let (answer, fails) = if kind.starts_with("multipart/mixed") {
            let inner = self::parts(&part.body, &boundary(kind).ok_or_else(unreadable)?).ok_or_else(unreadable)?;
            asked += inner.len();
            refuse_too_many(asked)?;
            change_set(crm, call, &inner, user)
        } else {
            asked += 1;
            refuse_too_many(asked)?;
            let reply = alone(crm, call, part, user);
            let fails = reply.status.is_client_error() || reply.status.is_server_error();
            (wrapped(&reply, part.header("content-id")), fails)
        };
        crm.budget.spend_bytes(answer.len());
        answers.push_str(&format!("--{ends}\r\n{answer}\r\n"));
        failed |= fails;
        if failed && !call.wants.go_on {
            break;
        }
    }
    answers.push_str(&format!("--{ends}--\r\n"));
    let status = if failed && !call.wants.go_on { StatusCode::BAD_REQUEST } else { StatusCode::OK };
    let reply = Reply { status, content: Content::Parts(ends, answers), ..Reply::nothing() };
    Ok(if call.wants.go_on { reply.with("preference-applied", "odata.continue-on-error") } else { reply })
}

fn refuse_too_many(asked: usize) -> Result<(), Refusal> {
    if asked <= MOST {
        return Ok(());
    }
    Err(Refusal::argument(format!("A batch takes {MOST} requests at most.")))
}

fn alone(crm: &mut Dataverse, outer: &Call, part: &Part, user: &str) -> Reply {
    let call = match request(outer, part, &Made::new()) {
        Ok(call) => call,
        Err(refusal) => return refusal.reply(&outer.wants.annotations),
    };
    let annotations = call.wants.annotations.clone();
    one(crm, &call, user).unwrap_or_else(|refusal| refusal.reply(&annotations))
}

/// A change set as it is answered, and whether it failed: one refusal stands for all of it.
fn change_set(crm: &mut Dataverse, outer: &Call, parts: &[Part], user: &str) -> (String, bool) {
    let mut annotations = outer.wants.annotations.clone();
    let replies = crm.atomically(|crm| {
        let mut made = Made::new();
        let mut replies = Vec::with_capacity(parts.len());
        for part in parts {
            let id = part.header("content-id").map(str::to_owned);
            let id = id.ok_or_else(|| Refusal::payload("A request in a change set has no Content-ID."))?;
            let call = request(outer, part, &made)?;
            annotations = call.wants.annotations.clone();
            if call.method == "GET" {
                return Err(Refusal::payload("A GET cannot be in a change set."));
            }
            let reply = one(crm, &call, user)?;
            if let Some(address) = address_of(crm, &call, &reply) {
                made.insert(id.clone(), address);
            }
            replies.push(wrapped(&reply, Some(&id)));
        }
        Ok(replies)
    });
    match replies {
        Ok(replies) => (shown(&replies), false),
        Err(refusal) => (wrapped(&refusal.reply(&annotations), None), true),
    }
}

/// The address of the row that a request wrote, below the service root.
fn address_of(crm: &Dataverse, call: &Call, reply: &Reply) -> Option<String> {
    let header = reply.headers.iter().find(|(name, _)| *name == "odata-entityid");
    if let Some((_, address)) = header {
        return address.rsplit_once(ROOT).map(|(_, rest)| rest.to_owned());
    }
    let (Address::Set(set) | Address::Row(set, _)) = &call.address else { return None };
    let Content::Json(row) = &reply.content else { return None };
    let key = &crm.table_of_set(set).ok()?.key;
    Some(format!("{set}({})", row.get(key)?.as_str()?))
}

/// The request in a part.
fn request(outer: &Call, part: &Part, made: &Made) -> Result<Call, Refusal> {
    let inner = inner_request(&part.body).ok_or_else(Refusal::unreadable_batch)?;
    if inner.url.len() > LONGEST_URL {
        return Err(Refusal::query(format!("The request URI is longer than {LONGEST_URL} bytes.")));
    }
    let url = resolved(&inner.url, made);
    let (path, raw) = url.split_once('?').unwrap_or((&url, ""));
    let path = path.split_once(ROOT).map_or(path, |(_, rest)| rest);
    let wants = Wants::read(inner.headers.iter().map(|(name, value)| (name.as_str(), value.as_str())));
    let body = if made.is_empty() { inner.body.into_bytes() } else { with_addresses(&inner.body, made) };
    // Spaces may stand as they are in a part.
    let path = path.replace(' ', "%20");
    let call = Call::new(&inner.method, &outer.base, path.trim_start_matches('/'), raw, wants, body)?;
    match call.address {
        Address::Batch => Err(Refusal::payload("A batch cannot be in a batch.")),
        _ => Ok(call),
    }
}

/// `$1/name` → `accounts(…)/name`
fn resolved(url: &str, made: &Made) -> String {
    let Some(rest) = url.trim_start_matches('/').strip_prefix('$') else { return url.to_owned() };
    let (id, tail) = rest.find(['/', '?', '(']).map_or((rest, ""), |at| rest.split_at(at));
    made.get(id).map_or_else(|| url.to_owned(), |address| format!("{address}{tail}"))
}

/// A body whose bindings name rows by their `Content-ID`.
fn with_addresses(body: &str, made: &Made) -> Vec<u8> {
    let Ok(mut value) = serde_json::from_str::<Value>(body) else { return body.as_bytes().to_vec() };
    replace(&mut value, made);
    value.to_string().into_bytes()
}

fn replace(value: &mut Value, made: &Made) {
    match value {
        Value::Object(members) => {
            for (name, member) in members.iter_mut() {
                let names_rows = name.ends_with("@odata.bind") || name == "@odata.id";
                match member {
                    Value::String(text) if names_rows => *text = resolved(text, made),
                    Value::Array(items) if names_rows => {
                        for item in items {
                            if let Value::String(text) = item {
                                *text = resolved(text, made);
                            }
                        }
                    }
                    member => replace(member, made),
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, made)),
        _ => {}
    }
}
