//! `create_row`: makes a row, with its related rows.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::Selection;
use super::metadata::Table;
use super::opportunity::{Close, own_revenue};
use super::service::{Dataverse, id_of};
use super::write::{Place, Prepared};
use crate::Row;
use crate::connection::Connection;

/// Makes a row and, in the same request, the related rows given with it.
///
/// An opportunity that is to be Won or Lost is made open and closed afterwards.
///
/// A repeat is harmless: the row's id is made from the call's own identity, so the service refuses a
/// second one, and the first is returned. A row that a reference makes has its id from what it is looked for
/// by. One window remains: a row that somebody deletes between the attempts is made again. Where the flow gives
/// an id itself, a row of somebody else with that id is taken for the call's own.
pub struct CreateRow(Connection<Dataverse>);

/// What to make.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct CreateRowInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// Columns and their values. A lookup takes a GUID, null, or `{ find: { column: value }, missing:
    /// error | create | leave, create: { row } }`. A list under the name of a relation makes related rows.
    pub row: Map<String, Value>,
}

impl CreateRow {
    pub(super) fn new(connection: &Connection<Dataverse>) -> CreateRow {
        CreateRow(connection.clone())
    }
}

#[async_trait]
impl Operation for CreateRow {
    const NAME: &'static str = "create_row";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = CreateRowInput;
    type Output = Row;

    fn json(row: Row) -> serde_json::Result<Value> {
        Ok(row.into())
    }

    async fn call(&self, key: &CallKey, input: CreateRowInput) -> Result<Row, CallError> {
        let dataverse = self.0.bound()?;
        let table = dataverse.table(key, &input.table).await?;
        dataverse.create(key, &table, &input.row).await.map(Row::from)
    }
}

impl Dataverse {
    async fn create(
        &self,
        key: &CallKey,
        table: &Table,
        row: &Map<String, Value>,
    ) -> Result<Map<String, Value>, CallError> {
        let place = Place { key, path: String::new() };
        let Prepared { mut body, related } = self.prepare(&place, table, row).await?;
        let close = Close::take(table, &mut body);
        own_revenue(table, &mut body);
        for relation in related {
            let rows = relation.rows.into_iter().map(Value::Object).collect();
            body.insert(relation.collection.navigation, Value::Array(rows));
        }
        let made = self.insert(&place, table, body).await?;
        match close {
            Some(close) => {
                let id = id_of(table, &made)?;
                self.close(key, table, id, close).await?;
                self.get(key, table, id, &Selection::default()).await
            }
            None => Ok(made),
        }
    }
}
