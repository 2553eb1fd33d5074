//! Messages for many rows at once (behaviour 17): all of them or none.

use std::sync::Arc;

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::address::{Address, parse};
use super::call::{Asker, Call};
use super::keys::Key;
use super::refusal::Refusal;
use super::reply::Reply;
use super::routes::ROOT;
use super::rows::Dataverse;
use super::tables::Table;
use super::write::{Conditions, Patched};

/// Most rows in one message.
const MOST: usize = 10_000;

/// Does a message bound to a set.
pub(crate) fn act(
    crm: &mut Dataverse,
    call: &Call,
    table: &Arc<Table>,
    action: &str,
    asker: &Asker,
) -> Result<Reply, Refusal> {
    if action == "DeleteMultiple" {
        return Err(Refusal::not_here(format!(
            "The DeleteMultiple message is for elastic tables; {} is a standard one.",
            table.logical
        )));
    }
    if !matches!(action, "CreateMultiple" | "UpdateMultiple" | "UpsertMultiple") {
        return Err(Refusal::no_segment(&format!("Microsoft.Dynamics.CRM.{action}")));
    }
    let targets = targets(call, table)?;
    if action == "CreateMultiple" {
        let ids = targets.iter().map(|target| crm.create(&table.logical, target, asker));
        let ids = ids.collect::<Result<Vec<_>, _>>()?;
        let context = format!("{}$metadata#Microsoft.Dynamics.CRM.{action}Response", call.base);
        return Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "Ids": ids})));
    }
    let mut changed = false;
    for target in &targets {
        let update = action == "UpdateMultiple";
        let conditions = Conditions { if_match: update.then(|| "*".to_owned()), must_be_new: false };
        let key = key_of(table, target)?;
        let patched = crm.patch(table, &key, target, &conditions, asker)?;
        changed |= !matches!(patched, Patched::Updated(_, false));
    }
    Ok(Reply { changed: Some(changed), ..Reply::nothing() })
}

fn targets(call: &Call, table: &Table) -> Result<Vec<Map<String, Value>>, Refusal> {
    let body = call.object()?;
    let missing = || Refusal::payload("The parameter 'Targets' is missing or is no list of rows.");
    let targets = body.get("Targets").and_then(Value::as_array).ok_or_else(missing)?;
    if targets.is_empty() || targets.len() > MOST {
        return Err(Refusal::argument(format!("'Targets' takes 1 to {MOST} rows.")));
    }
    let wanted = format!("Microsoft.Dynamics.CRM.{}", table.logical);
    let target = |target: &Value| {
        let target = target.as_object().ok_or_else(missing)?;
        match target.get("@odata.type").and_then(Value::as_str) {
            Some(kind) if kind.trim_start_matches('#') == wanted => Ok(target.clone()),
            Some(kind) => Err(Refusal::payload(format!("A target is a '{kind}' and not a '{wanted}'."))),
            None => Err(Refusal::payload("A target has no '@odata.type'.")),
        }
    };
    targets.iter().map(target).collect()
}

/// A target names its row by its primary key or by `@odata.id`.
fn key_of(table: &Table, target: &Map<String, Value>) -> Result<Key, Refusal> {
    let address = match (target.get(&table.key), target.get("@odata.id")) {
        (Some(Value::String(id)), _) => format!("{}({id})", table.set),
        (_, Some(Value::String(address))) => address.clone(),
        _ => return Err(Refusal::argument("A target names no row: its primary key or '@odata.id' is missing.")),
    };
    match parse(address.rsplit_once(ROOT).map_or(address.as_str(), |(_, rest)| rest))? {
        Address::Row(set, key) if set == table.set => Ok(key),
        _ => Err(Refusal::payload(format!("'{address}' does not name a row of {}.", table.logical))),
    }
}
