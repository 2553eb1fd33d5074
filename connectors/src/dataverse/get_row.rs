//! `get_row`: one row by its id.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

use super::api;
use super::service::Dataverse;
use crate::Row;
use crate::connection::Connection;

/// Reads one row.
pub struct GetRow(Connection<Dataverse>);

/// Which row.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct GetRowInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// The row's GUID.
    pub id: String,
    /// The columns to read: `name`, `parentaccountid.name` of the row that a lookup points to,
    /// `relation[].name` of related rows. All columns by default.
    #[serde(default)]
    pub fields: Vec<String>,
}

impl GetRow {
    pub(super) fn new(connection: &Connection<Dataverse>) -> GetRow {
        GetRow(connection.clone())
    }
}

#[async_trait]
impl Operation for GetRow {
    const NAME: &'static str = "get_row";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    const VERSION: Option<&'static str> = Some("@odata.etag");
    type Input = GetRowInput;
    type Output = Row;

    fn json(row: Row) -> serde_json::Result<Value> {
        Ok(row.into())
    }

    async fn call(&self, key: &CallKey, input: GetRowInput) -> Result<Row, CallError> {
        let dataverse = self.0.bound()?;
        let id = api::id(&input.id)?;
        let table = dataverse.table(key, &input.table).await?;
        let selection = dataverse.selection(key, &table, &input.fields).await?;
        dataverse.get(key, &table, id, &selection).await.map(Row::from)
    }
}
