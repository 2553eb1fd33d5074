//! `update_row`: changes a row that was read.

use async_trait::async_trait;
use cosell_engine::connector::{CallError, CallErrorKind, CallKey, Effect, Operation, Repeat};
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::fields::Selection;
use super::metadata::Table;
use super::opportunity::{Close, own_revenue};
use super::service::{Dataverse, object, version};
use super::write::{Place, Prepared};
use super::{api, compare};
use crate::Row;
use crate::connection::Connection;

/// Changes a row; one that is gone is never made anew.
///
/// An opportunity is Won or Lost by the service's own actions, after its other columns were written, and
/// opened again by an update. Related rows are written after the row itself.
///
/// A repeat is harmless: with `if_match` the service refuses it once the first attempt has written the row; the
/// row is then read, and where it says what is to be written, that is no conflict. Without `if_match` the
/// same is written again. What follows the row (closing, related rows) compares with what is there and goes on.
/// Two windows remain: where somebody else changes the same columns between the attempts, a repeat with
/// `if_match` ends in a conflict, and one without it undoes that change. And an opportunity that is on its way
/// from Won to Lost, or back, may be left open by a repeat with `if_match`, which then ends in a conflict.
pub struct UpdateRow(Connection<Dataverse>);

/// What to change.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UpdateRowInput {
    /// The table's logical name, such as `opportunity`.
    pub table: String,
    /// The row's GUID.
    pub id: String,
    /// The changed columns and their values, as in `create_row`. A list under the name of a relation
    /// says which related rows there should be: missing ones are made, surplus ones deleted.
    pub row: Map<String, Value>,
    /// The version that was read (`@odata.etag`); without it any version is overwritten.
    #[serde(default)]
    pub if_match: Option<String>,
    /// The row then says what the other side says. Read again at that version it carries
    /// `@cosell.in_step: true`, so that the echo of this write can be told from somebody's change.
    #[serde(default)]
    pub in_step: bool,
}

impl UpdateRow {
    pub(super) fn new(connection: &Connection<Dataverse>) -> UpdateRow {
        UpdateRow(connection.clone())
    }
}

#[async_trait]
impl Operation for UpdateRow {
    const NAME: &'static str = "update_row";
    const EFFECT: Effect = Effect::Writes;
    const REPEAT: Repeat = Repeat::Safe;
    type Input = UpdateRowInput;
    type Output = Row;

    fn json(row: Row) -> serde_json::Result<Value> {
        Ok(row.into())
    }

    async fn call(&self, key: &CallKey, input: UpdateRowInput) -> Result<Row, CallError> {
        let dataverse = self.0.bound()?;
        let id = api::id(&input.id)?;
        let table = dataverse.table(key, &input.table).await?;
        let place = Place { key, path: String::new() };
        let prepared = dataverse.prepare(&place, &table, &input.row).await?;
        let if_match = input.if_match.as_deref().unwrap_or("*");
        dataverse.update(&place, &table, id, prepared, (if_match, input.in_step)).await.map(Row::from)
    }
}

impl Dataverse {
    async fn update(
        &self,
        place: &Place<'_>,
        table: &Table,
        id: Uuid,
        prepared: Prepared,
        (if_match, in_step): (&str, bool),
    ) -> Result<Map<String, Value>, CallError> {
        let Prepared { mut body, related } = prepared;
        let close = Close::take(table, &mut body);
        own_revenue(table, &mut body);
        let written = match body.is_empty() {
            true => self.unchanged(place.key, table, id, if_match, close).await?,
            false => self.patch_once(place.key, table, id, body, (if_match, in_step)).await?,
        };
        let mut followed = false;
        for relation in related {
            followed |= self.relate(place, table, id, relation).await?;
        }
        if let Some(close) = close.filter(|close| !close.is_done(&written)) {
            self.close(place.key, table, id, close).await?;
            followed = true;
        }
        if followed { self.get(place.key, table, id, &Selection::default()).await } else { Ok(written) }
    }

    /// Writes columns as [`Dataverse::patch`] does, unless the row holds them already: then an earlier attempt has
    /// written them.
    async fn patch_once(
        &self,
        key: &CallKey,
        table: &Table,
        id: Uuid,
        body: Map<String, Value>,
        (if_match, in_step): (&str, bool),
    ) -> Result<Map<String, Value>, CallError> {
        let refused = match self.patch(key, table, id, body.clone(), (if_match, in_step)).await {
            Err(error) if error.kind == CallErrorKind::Conflict => error,
            result => return result,
        };
        let row = self.get(key, table, id, &Selection::default()).await?;
        if compare::holds(table, &row, &body) { Ok(row) } else { Err(refused) }
    }

    /// Writes columns of a row that exists and has that version; whether it then is in step with the other side.
    pub(super) async fn patch(
        &self,
        key: &CallKey,
        table: &Table,
        id: Uuid,
        body: Map<String, Value>,
        (if_match, in_step): (&str, bool),
    ) -> Result<Map<String, Value>, CallError> {
        let reply = self.send(key, api::update(table, id, body, if_match)).await?;
        // The service may answer without the row although it was asked for. What is read then may hold
        // somebody else's change already.
        if reply.body().is_empty() {
            return self.get(key, table, id, &Selection::default()).await;
        }
        let row = object(&reply)?;
        self.in_step().wrote(version(&row), Some(if_match), in_step);
        Ok(row)
    }

    /// The row, if it still has the version that was read, or is closed as it should be: an earlier attempt has
    /// done that. Nothing is sent that would let the service compare the version, so it is compared here.
    async fn unchanged(
        &self,
        key: &CallKey,
        table: &Table,
        id: Uuid,
        if_match: &str,
        close: Option<Close>,
    ) -> Result<Map<String, Value>, CallError> {
        let row = self.get(key, table, id, &Selection::default()).await?;
        let done = close.is_some_and(|close| close.is_done(&row));
        if done || if_match == "*" || version(&row) == Some(if_match) {
            return Ok(row);
        }
        let message = format!("updating `{}` row `{id}` failed: it has changed since it was read", table.name);
        Err(CallError { status: Some(412), ..CallError::new(CallErrorKind::Conflict, message) })
    }
}
