//! `upsert_row`: changes the row with an alternate key, or makes it.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::fields::Selection;
use super::metadata::Table;
use super::opportunity::{Close, own_revenue};
use super::service::{Dataverse, id_of, object};
use super::write::{Place, Prepared};
use super::{api, filter};
use crate::Row;
use crate::connection::Connection;

/// Characters that the service cannot take in a key, encoded or not (behaviour of its alternate keys).
const NOT_IN_KEYS: [char; 10] = ['/', '<', '>', '*', '%', '&', ':', '\\', '?', '+'];

/// Changes the row with that key, or makes it when there is none.
///
/// The columns of `key` must be an alternate key of the table, or its id.
///
/// A repeat writes the same again and makes no second row. That the call itself has made the row is told by
/// the row's id, which is made from the call's own identity; only where `key` is the id, a repeat says
/// `created: false` of a row that it has made. The window that remains: what somebody else writes to the same
/// columns between the attempts is lost. To notice that, read the row and use `update_row`.
pub struct UpsertRow(Connection<Dataverse>);

/// What to write.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpsertRowInput {
    /// The table's logical name, such as `account`.
    pub table: String,
    /// The columns of the key and their values.
    pub key: Map<String, Value>,
    /// The other columns and their values, as in `create_row`.
    pub row: Map<String, Value>,
}

/// A row that was written.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Upserted {
    /// The row as it is now.
    pub row: Row,
    /// Whether it was made; else it was changed.
    pub created: bool,
}

impl UpsertRow {
    pub(super) fn new(connection: &Connection<Dataverse>) -> UpsertRow {
        UpsertRow(connection.clone())
    }
}

#[async_trait]
impl Operation for UpsertRow {
    const NAME: &'static str = "upsert_row";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = UpsertRowInput;
    type Output = Upserted;

    async fn call(&self, key: &CallKey, input: UpsertRowInput) -> Result<Upserted, CallError> {
        let dataverse = self.0.bound()?;
        let table = dataverse.table(key, &input.table).await?;
        let address = address(&table, &input.key)?;
        let place = Place { key, path: String::new() };
        let Prepared { mut body, related } = dataverse.prepare(&place, &table, &input.row).await?;
        let close = Close::take(&table, &mut body);
        own_revenue(&table, &mut body);
        let own_id = (!input.key.contains_key(&table.key)).then(|| place.id());
        let (written, created) = dataverse.upsert(key, &table, &address, body, own_id).await?;
        let id = id_of(&table, &written)?;
        let followed = !related.is_empty() || close.is_some();
        for relation in related {
            dataverse.relate(&place, &table, id, relation).await?;
        }
        if let Some(close) = close {
            dataverse.close(key, &table, id, close).await?;
        }
        let row = match followed {
            true => dataverse.get(key, &table, id, &Selection::default()).await?,
            false => written,
        };
        Ok(Upserted { row: row.into(), created })
    }
}

impl Dataverse {
    /// Changes the row or makes it with that id; whether this call has made it, now or in an earlier attempt.
    async fn upsert(
        &self,
        key: &CallKey,
        table: &Table,
        address: &str,
        body: Map<String, Value>,
        own_id: Option<Uuid>,
    ) -> Result<(Map<String, Value>, bool), CallError> {
        let mut new = body.clone();
        if let Some(id) = own_id {
            new.insert(table.key.clone(), json!(id));
        }
        if let Some(row) = self.update_by_key(key, table, address, body.clone()).await? {
            let own = Some(id_of(table, &row)?) == own_id;
            return Ok((row, own));
        }
        let refused = match self.send(key, api::create_by_key(table, address, new)).await {
            Ok(reply) => return Ok((object(&reply)?, true)),
            Err(error) if error.kind == CallErrorKind::Conflict => error,
            Err(error) => return Err(error),
        };
        // Somebody has made the row in between.
        let row = self.update_by_key(key, table, address, body).await?;
        row.map(|row| (row, false)).ok_or(refused)
    }

    async fn update_by_key(
        &self,
        key: &CallKey,
        table: &Table,
        address: &str,
        body: Map<String, Value>,
    ) -> Result<Option<Map<String, Value>>, CallError> {
        match self.send(key, api::update_by_key(table, address, body)).await {
            Ok(reply) => object(&reply).map(Some),
            Err(error) if error.kind == CallErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }
}

/// What stands in the brackets of the row's address.
fn address(table: &Table, key: &Map<String, Value>) -> Result<String, CallError> {
    let refused = |message: String| CallError::new(CallErrorKind::Input, message);
    if key.is_empty() {
        return Err(refused("`key` names no column".to_owned()));
    }
    if let (1, Some(Value::String(id))) = (key.len(), key.get(&table.key)) {
        return api::id(id).map(|id| id.to_string());
    }
    let mut parts = Vec::new();
    for (column, value) in key {
        if filter::is_empty(value) {
            return Err(refused(format!("`key.{column}` is empty, which is no key")));
        }
        if value.as_str().is_some_and(|text| text.contains(NOT_IN_KEYS)) {
            return Err(refused(format!("`key.{column}` holds a character that Dataverse takes in no key: `{value}`")));
        }
        parts.push(format!("{}={}", table.read_name(column)?, filter::literal(table, column, value)?));
    }
    Ok(parts.join(","))
}

#[cfg(test)]
mod tests {
    use super::super::metadata::tests::opportunity;
    use super::*;

    #[test]
    fn d15_keys_become_addresses() {
        let id = "11111111-1111-4111-8111-11111111111A";
        let cases = [
            (json!({ "opportunityid": id }), Ok("11111111-1111-4111-8111-11111111111a")),
            (json!({ "cosell_referralid": "it's", "statecode": 0 }), Ok("cosell_referralid='it''s',statecode=0")),
            (json!({}), Err("`key` names no column")),
            (json!({ "name": "" }), Err("`key.name` is empty")),
            (json!({ "name": "a/b" }), Err("`key.name` holds a character")),
            (json!({ "nosuch": 1 }), Err("the table `opportunity` has no column `nosuch`")),
        ];
        for (key, expected) in cases {
            let address = address(&opportunity(), key.as_object().unwrap_or(&Map::new()));
            match (address, expected) {
                (Ok(address), Ok(expected)) => assert_eq!(address, expected),
                (Err(error), Err(expected)) => {
                    assert!(error.message.starts_with(expected), "{error}");
                }
                (address, _) => assert!(address.is_err(), "{key}: {address:?}"),
            }
        }
    }
}
