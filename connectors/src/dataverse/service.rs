//! An environment of Dataverse: its client, and what it has said of its tables.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::api;
use super::fields::{Grouped, Selection};
pub(crate) use super::metadata::AlternateKey;
use super::metadata::{Lookup, Table};
use crate::Row;
use crate::client::{Client, Reply, Request};

/// How long a definition is believed: columns are added while flows run.
const DEFINITION_LIFE: Duration = Duration::from_secs(600);

/// How many definitions are kept.
const MOST_DEFINITIONS: usize = 200;

/// How many pages one list follows at most.
const MOST_PAGES: usize = 100;

/// An environment.
pub(crate) struct Dataverse {
    client: Client,
    tables: Mutex<HashMap<String, (Instant, Arc<Table>)>>,
}

impl Dataverse {
    /// The environment behind that client.
    pub(super) fn new(client: Client) -> Dataverse {
        Dataverse { client, tables: Mutex::default() }
    }

    /// Sends one request.
    pub(super) async fn send(&self, key: &CallKey, request: Request) -> Result<Reply, CallError> {
        let request = request.header("odata-version", "4.0").header("odata-maxversion", "4.0").traced(
            "x-ms-client-request-id",
            "x-ms-correlation-id",
            key,
        );
        self.client.send(&request).await.map_err(api::refined)
    }

    /// What is known of a table; asked for once.
    pub(super) async fn table(&self, key: &CallKey, name: &str) -> Result<Arc<Table>, CallError> {
        if let Some(known) = self.known(name) {
            return Ok(known);
        }
        let reply = self.send(key, api::definition(name)).await.map_err(|error| match error.kind {
            CallErrorKind::NotFound => {
                CallError { kind: CallErrorKind::Input, message: format!("there is no table `{name}`"), ..error }
            }
            _ => error,
        })?;
        let table = Arc::new(Table::read(&reply)?);
        let mut tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        if tables.len() >= MOST_DEFINITIONS {
            tables.clear();
        }
        tables.insert(name.to_owned(), (Instant::now(), Arc::clone(&table)));
        Ok(table)
    }

    /// The same, where the table may be missing.
    pub(crate) async fn table_if_there(&self, key: &CallKey, name: &str) -> Result<Option<Arc<Table>>, CallError> {
        match self.table(key, name).await {
            Err(error) if error.status == Some(404) => Ok(None),
            result => result.map(Some),
        }
    }

    /// The alternate keys of a table, where it is there.
    pub(crate) async fn alternate_keys(
        &self,
        key: &CallKey,
        table: &str,
    ) -> Result<Option<Vec<AlternateKey>>, CallError> {
        match self.send(key, api::keys(table)).await {
            Ok(reply) => AlternateKey::read_all(&reply).map(Some),
            Err(error) if error.kind == CallErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Asks whether the environment lets the bearer of the token in.
    pub(crate) async fn who_am_i(&self, key: &CallKey) -> Result<(), CallError> {
        self.send(key, api::who_am_i()).await.map(drop)
    }

    /// The client behind it.
    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    /// The columns to read. Names are checked here, before the service answers for them.
    pub(super) async fn selection(
        &self,
        key: &CallKey,
        table: &Table,
        fields: &[String],
    ) -> Result<Selection, CallError> {
        let grouped = Grouped::from(fields)?;
        let mut selection = Selection::of(table, &grouped.columns)?;
        for (column, columns) in &grouped.of_lookups {
            for (lookup, target) in self.targets_with(key, table, column, columns).await? {
                selection.with_lookup(&lookup, Selection::of(&target, columns)?);
            }
        }
        for (relation, columns) in &grouped.of_collections {
            let collection = table.collection(relation).ok_or_else(|| table.unknown(relation))?;
            let related = self.table(key, &collection.table).await?;
            selection.with_collection(&collection.navigation, relation, Selection::of(&related, columns)?);
        }
        selection.at_least(&table.key);
        Ok(selection)
    }

    /// The tables that a lookup may point to and that have all these columns; at least one.
    pub(super) async fn targets_with(
        &self,
        key: &CallKey,
        table: &Table,
        column: &str,
        columns: &[String],
    ) -> Result<Vec<(Lookup, Arc<Table>)>, CallError> {
        let mut targets = Vec::new();
        let mut wrong = None;
        for lookup in table.lookups_of(column) {
            let target = self.table(key, &lookup.target).await?;
            match columns.iter().find(|column| target.column_type(column).is_none()) {
                Some(column) => wrong = Some(target.unknown(column)),
                None => targets.push((lookup.clone(), target)),
            }
        }
        match targets.is_empty() {
            true => Err(wrong.unwrap_or_else(|| table.unknown(column))),
            false => Ok(targets),
        }
    }

    /// One row.
    pub(super) async fn get(
        &self,
        key: &CallKey,
        table: &Table,
        id: Uuid,
        selection: &Selection,
    ) -> Result<Map<String, Value>, CallError> {
        let reply = self.send(key, api::get(table, id, selection)).await?;
        let mut row = object(&reply)?;
        self.complete(key, &mut row).await?;
        selection.shape(&mut row);
        self.client.in_step.mark(&mut row, VERSION);
        Ok(row)
    }

    /// Notes what a write made of a row; whether it then is in step with the other side.
    pub(super) fn wrote(&self, row: &mut Map<String, Value>, based_on: Option<&str>, in_step: bool) {
        self.client.in_step.wrote(row, VERSION, based_on, in_step);
    }

    /// Learns again from what a call gave that an earlier process put a row in step.
    pub(super) fn recall(&self, row: &Value) {
        self.client.in_step.recall(row, VERSION);
    }

    /// The rows of a request, over as many pages as it takes; `most` at most.
    pub(super) async fn rows(
        &self,
        key: &CallKey,
        request: Request,
        selection: &Selection,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, CallError> {
        let mut rows = self.pages(key, request, most).await?;
        for row in &mut rows {
            self.complete(key, row).await?;
            selection.shape(row);
            self.client.in_step.mark(row, VERSION);
        }
        Ok(rows)
    }

    async fn pages(
        &self,
        key: &CallKey,
        mut request: Request,
        most: usize,
    ) -> Result<Vec<Map<String, Value>>, CallError> {
        let mut rows = Vec::new();
        for _ in 0..MOST_PAGES {
            let reply = self.send(key, request).await?;
            let (page, next) = reply.list()?;
            for row in page {
                match row {
                    Value::Object(row) => rows.push(row),
                    _ => return Err(reply.unexpected("lists something that is no row")),
                }
            }
            let Some(next) = next.filter(|_| rows.len() < most) else {
                break;
            };
            request = api::next_page(self.client.own_path(&next)?, most);
        }
        rows.truncate(most);
        Ok(rows)
    }

    /// Related rows that were read along may come in pages of their own.
    async fn complete(&self, key: &CallKey, row: &mut Map<String, Value>) -> Result<(), CallError> {
        const MARK: &str = "@odata.nextLink";
        let open: Vec<String> = row.keys().filter_map(|name| name.strip_suffix(MARK)).map(str::to_owned).collect();
        for name in open {
            let Some(Value::String(next)) = row.shift_remove(&format!("{name}{MARK}")) else {
                continue;
            };
            let request = api::next_page(self.client.own_path(&next)?, usize::MAX);
            let more = self.pages(key, request, usize::MAX).await?;
            if let Some(Value::Array(rows)) = row.get_mut(&name) {
                rows.extend(more.into_iter().map(Value::Object));
            }
        }
        Ok(())
    }

    fn known(&self, name: &str) -> Option<Arc<Table>> {
        let tables = self.tables.lock().unwrap_or_else(PoisonError::into_inner);
        let (since, table) = tables.get(name)?;
        (since.elapsed() < DEFINITION_LIFE).then(|| Arc::clone(table))
    }
}

/// The column that holds a row's version.
const VERSION: &str = "@odata.etag";

/// The version of a row.
pub(super) fn version(row: &Map<String, Value>) -> Option<&str> {
    row.get(VERSION).and_then(Value::as_str)
}

/// The row in an answer.
pub(super) fn object(reply: &Reply) -> Result<Map<String, Value>, CallError> {
    match reply.json()? {
        Value::Object(row) => Ok(row),
        _ => Err(reply.unexpected("is no row")),
    }
}

/// The id of a row that was read.
pub(super) fn id_of(table: &Table, row: &Map<String, Value>) -> Result<Uuid, CallError> {
    let id = row.get(&table.key).and_then(Value::as_str).and_then(|text| Uuid::try_parse(text).ok());
    id.ok_or_else(|| {
        let message = format!("a `{}` row came without its id `{}`", table.name, table.key);
        CallError::new(CallErrorKind::Unexpected, message)
    })
}

impl From<Map<String, Value>> for Row {
    fn from(row: Map<String, Value>) -> Row {
        Row(row)
    }
}
