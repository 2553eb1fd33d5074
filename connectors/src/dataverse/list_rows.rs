//! `list_rows` and `related_rows`: several rows at once.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::api;
use super::service::Dataverse;
use crate::Row;
use crate::connection::Connection;

/// How many rows one call of `list_rows` returns at most.
const MOST: usize = 100_000;

/// How many related rows one call returns at most.
const MOST_RELATED: usize = 5000;

/// Lists rows of a table.
pub struct ListRows(Connection<Dataverse>);

/// Which rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ListRowsInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// An OData filter, such as `statecode eq 0`. A lookup is called `_x_value` in it.
    #[serde(default)]
    pub filter: Option<String>,
    /// The columns to read, as in `get_row`. All columns by default.
    #[serde(default)]
    pub fields: Vec<String>,
    /// Columns to order by, such as `modifiedon desc`.
    #[serde(default)]
    pub order_by: Option<String>,
    /// How many at most: 1000 by default, 100,000 at most. As many pages are read as it takes.
    #[serde(default)]
    #[schemars(range(min = 1, max = 100_000))]
    pub top: Option<usize>,
}

/// Several rows.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Rows {
    /// The rows, in the order asked for.
    pub value: Vec<Row>,
}

/// Lists the rows that belong to a row.
pub struct RelatedRows(Connection<Dataverse>);

/// Which rows.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct RelatedRowsInput {
    /// The table of the row that they belong to.
    pub table: String,
    /// The GUID of the row that they belong to.
    pub id: String,
    /// The name of the relation, such as `cosell_opportunity_solution`.
    pub relation: String,
    /// The columns to read, as in `get_row`. All columns by default.
    #[serde(default)]
    pub fields: Vec<String>,
}

impl ListRows {
    pub(super) fn new(connection: &Connection<Dataverse>) -> ListRows {
        ListRows(connection.clone())
    }
}

impl RelatedRows {
    pub(super) fn new(connection: &Connection<Dataverse>) -> RelatedRows {
        RelatedRows(connection.clone())
    }
}

#[async_trait]
impl Operation for ListRows {
    const NAME: &'static str = "list_rows";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = ListRowsInput;
    type Output = Rows;

    async fn call(&self, key: &CallKey, input: ListRowsInput) -> Result<Rows, CallError> {
        let dataverse = self.0.bound()?;
        let most = input.top.unwrap_or(1000).clamp(1, MOST);
        let table = dataverse.table(key, &input.table).await?;
        let selection = dataverse.selection(key, &table, &input.fields).await?;
        let (filter, order_by) = (input.filter.as_deref(), input.order_by.as_deref());
        let request = api::list(&table, filter, order_by, &selection, most);
        let rows = dataverse.rows(key, request, &selection, most).await?;
        Ok(Rows { value: rows.into_iter().map(Row::from).collect() })
    }
}

#[async_trait]
impl Operation for RelatedRows {
    const NAME: &'static str = "related_rows";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = RelatedRowsInput;
    type Output = Rows;

    async fn call(&self, key: &CallKey, input: RelatedRowsInput) -> Result<Rows, CallError> {
        let dataverse = self.0.bound()?;
        let id = api::id(&input.id)?;
        let table = dataverse.table(key, &input.table).await?;
        let collection = table.collection(&input.relation).ok_or_else(|| table.unknown(&input.relation))?;
        let related = dataverse.table(key, &collection.table).await?;
        let selection = dataverse.selection(key, &related, &input.fields).await?;
        let request = api::related(&table, id, &collection.navigation, &selection, MOST_RELATED);
        let rows = dataverse.rows(key, request, &selection, MOST_RELATED).await?;
        Ok(Rows { value: rows.into_iter().map(Row::from).collect() })
    }
}
