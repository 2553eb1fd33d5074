//! `find_row`: one row by the values of columns.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::fields::Selection;
use super::metadata::Table;
use super::service::{Dataverse, id_of};
use super::{api, filter};
use crate::Row;
use crate::connection::Connection;

/// Finds one row; null when there is none.
///
/// Several ways to find it can be given and are tried in turn. When one of them fits several rows, that
/// is a conflict: which row is meant is for a person to say.
pub struct FindRow(Connection<Dataverse>);

/// Which row.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FindRowInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// Columns and the values they must have; the first entry that fits a row counts. An entry with a
    /// value that is null or empty is passed over.
    pub by: Vec<Map<String, Value>>,
    /// The columns to read, as in `get_row`. All columns by default.
    #[serde(default)]
    pub fields: Vec<String>,
}

impl FindRow {
    pub(super) fn new(connection: &Connection<Dataverse>) -> FindRow {
        FindRow(connection.clone())
    }
}

#[async_trait]
impl Operation for FindRow {
    const NAME: &'static str = "find_row";
    const EFFECT: Effect = Effect::Reads;
    const REPEAT: Repeat = Repeat::Safe;
    const VERSION: Option<&'static str> = Some("@odata.etag");
    type Input = FindRowInput;
    type Output = Option<Row>;

    fn json(row: Option<Row>) -> serde_json::Result<Value> {
        Ok(row.into())
    }

    async fn call(&self, key: &CallKey, input: FindRowInput) -> Result<Option<Row>, CallError> {
        let dataverse = self.0.bound()?;
        let table = dataverse.table(key, &input.table).await?;
        let selection = dataverse.selection(key, &table, &input.fields).await?;
        let found = dataverse.first_of(key, &table, &input.by, &selection).await?;
        Ok(found.map(Row::from))
    }
}

impl Dataverse {
    /// The row that the first fitting candidate names.
    pub(super) async fn first_of(
        &self,
        key: &CallKey,
        table: &Table,
        candidates: &[Map<String, Value>],
        selection: &Selection,
    ) -> Result<Option<Map<String, Value>>, CallError> {
        for candidate in candidates {
            if candidate.is_empty() || candidate.values().any(filter::is_empty) {
                continue;
            }
            let found = match by_id(table, candidate) {
                Some(text) => self.by_id(key, table, text, selection).await?,
                None => self.by_columns(key, table, candidate, selection).await?,
            };
            if found.is_some() {
                return Ok(found);
            }
        }
        Ok(None)
    }

    /// The row with that id. A text that is no GUID is nobody's id: other systems keep theirs in the same
    /// field.
    async fn by_id(
        &self,
        key: &CallKey,
        table: &Table,
        text: &str,
        selection: &Selection,
    ) -> Result<Option<Map<String, Value>>, CallError> {
        let Ok(id) = api::id(text) else {
            return Ok(None);
        };
        match self.get(key, table, id, selection).await {
            Ok(row) => Ok(Some(row)),
            Err(error) if error.kind == CallErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    async fn by_columns(
        &self,
        key: &CallKey,
        table: &Table,
        columns: &Map<String, Value>,
        selection: &Selection,
    ) -> Result<Option<Map<String, Value>>, CallError> {
        let filter = filter::equal(table, columns)?;
        let request = api::list(table, filter.as_deref(), None, selection, 3);
        let mut rows = self.rows(key, request, selection, 3).await?;
        if rows.len() < 2 {
            return Ok(rows.pop());
        }
        let ids: Result<Vec<String>, CallError> =
            rows.iter().map(|row| id_of(table, row).map(|id| format!("`{id}`"))).collect();
        let (name, wanted) = (&table.name, Value::Object(columns.clone()));
        let message = format!("several `{name}` rows have {wanted}, among them {}", ids?.join(", "));
        Err(CallError::new(CallErrorKind::Conflict, message))
    }
}

/// The value, when a candidate names the row's id and nothing else.
fn by_id<'a>(table: &Table, candidate: &'a Map<String, Value>) -> Option<&'a str> {
    if candidate.len() == 1 { candidate.get(&table.key)?.as_str() } else { None }
}
