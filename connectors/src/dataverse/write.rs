//! Rows as flows write them, turned into what the service takes.
//!
//! A plain column goes as it is. A lookup takes null, the GUID of a row, or a reference that says how to
//! find it (and what to do when it is not there). A list under the name of a relation says which related
//! rows there should be; those are set aside here and written by `related.rs`.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::fields::Selection;
use super::metadata::{Collection, Lookup, Table};
use super::service::{Dataverse, id_of, object};
use super::{api, filter};

/// A row, ready to be sent.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    /// What goes into the body.
    pub(super) body: Map<String, Value>,
    /// The related rows that there should be.
    pub(super) related: Vec<PreparedRelation>,
}

/// The rows that should belong to a row by one relation.
#[derive(Debug)]
pub(super) struct PreparedRelation {
    pub(super) collection: Collection,
    pub(super) table: Arc<Table>,
    pub(super) rows: Vec<Map<String, Value>>,
}

/// A row that is not named by its id.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Reference {
    /// The values of columns by which it is found.
    find: Map<String, Value>,
    /// What to do when there is none.
    #[serde(default)]
    missing: Missing,
    /// The row to make when there is none.
    #[serde(default)]
    create: Map<String, Value>,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Missing {
    #[default]
    Error,
    Create,
    Leave,
}

/// The place of a row within what is written, from which ids of new rows are made.
pub(super) struct Place<'a> {
    pub(super) key: &'a CallKey,
    pub(super) path: String,
}

impl Place<'_> {
    /// The id of a new row at this place: the same for every attempt at the call, so that a repeat makes
    /// no second row.
    pub(super) fn id(&self) -> Uuid {
        match self.path.as_str() {
            "" => self.key.guid(),
            path => Uuid::new_v5(&self.key.guid(), path.as_bytes()),
        }
    }

    /// A place below.
    pub(super) fn below(&self, name: &str) -> Place<'_> {
        Place { key: self.key, path: format!("{}/{name}", self.path) }
    }
}

impl Dataverse {
    /// Turns a row into what is sent. Rows that references ask for are made on the way.
    ///
    /// Boxed, since a row that is made may hold references of its own.
    pub(super) fn prepare<'a>(
        &'a self,
        place: &'a Place<'a>,
        table: &'a Table,
        row: &'a Map<String, Value>,
    ) -> Pin<Box<dyn Future<Output = Result<Prepared, CallError>> + Send + 'a>> {
        Box::pin(async move {
            let mut prepared = Prepared::default();
            for (name, value) in row {
                if name.ends_with("@odata.bind") {
                    prepared.body.insert(name.clone(), value.clone());
                } else if name.contains('@') {
                    // Annotations of a row that was read are not columns.
                } else if let Some(collection) = table.collection(name) {
                    prepared.related.push(self.relation(place, collection, value).await?);
                } else if table.is_lookup(name) {
                    prepared.body.extend(self.bind(&place.below(name), table, name, value).await?);
                } else if table.column_type(name).is_some() {
                    prepared.body.insert(name.clone(), value.clone());
                } else {
                    return Err(table.unknown(name));
                }
            }
            Ok(prepared)
        })
    }

    /// Makes a row with the id of its place. When that id is taken, an earlier attempt has made the row,
    /// and it is returned.
    pub(super) async fn insert(
        &self,
        place: &Place<'_>,
        table: &Table,
        mut body: Map<String, Value>,
    ) -> Result<Map<String, Value>, CallError> {
        let given = body.get(&table.key).and_then(Value::as_str);
        let id = given.map_or_else(|| Ok(place.id()), api::id)?;
        body.insert(table.key.clone(), json!(id));
        let refused = match self.send(place.key, api::create(table, body)).await {
            Ok(reply) if !reply.body().is_empty() => {
                let mut row = object(&reply)?;
                self.wrote(&mut row, None, true);
                return Ok(row);
            }
            // The service may answer without the row although it was asked for.
            Ok(_) => return self.get(place.key, table, id, &Selection::default()).await,
            Err(error) if error.kind == CallErrorKind::Conflict => error,
            Err(error) => return Err(error),
        };
        match self.get(place.key, table, id, &Selection::default()).await {
            // Not this id was taken but another value that must be unique: that is no repeat.
            Err(error) if error.kind == CallErrorKind::NotFound => Err(refused),
            made => made,
        }
    }

    async fn relation(
        &self,
        place: &Place<'_>,
        collection: &Collection,
        value: &Value,
    ) -> Result<PreparedRelation, CallError> {
        let name = &collection.navigation;
        let wrong = || input(format!("`{name}` holds related rows: a list of rows is expected"));
        let table = self.table(place.key, &collection.table).await?;
        let mut rows = Vec::new();
        for (index, row) in value.as_array().ok_or_else(wrong)?.iter().enumerate() {
            let row = row.as_object().ok_or_else(wrong)?;
            let prepared = self.prepare(&place.below(&format!("{name}[{index}]")), &table, row).await?;
            if !prepared.related.is_empty() {
                return Err(input(format!("`{name}[{index}]` has related rows of its own; one level can be written")));
            }
            rows.push(prepared.body);
        }
        Ok(PreparedRelation { collection: collection.clone(), table, rows })
    }

    /// What a lookup's value becomes in the body; nothing when the lookup is to be left as it is.
    async fn bind(
        &self,
        place: &Place<'_>,
        table: &Table,
        column: &str,
        value: &Value,
    ) -> Result<Option<(String, Value)>, CallError> {
        match value {
            Value::Null => {
                let lookup = table.lookups_of(column).into_iter().next().ok_or_else(|| table.unknown(column))?;
                Ok(Some((format!("{}@odata.bind", lookup.written_as), Value::Null)))
            }
            Value::String(text) => {
                let id = api::id(text)?;
                let (lookup, target) = one(self.targets_with(place.key, table, column, &[]).await?, column)?;
                Ok(Some(bound(&lookup, &target, id)))
            }
            Value::Object(_) => {
                let reference = Reference::deserialize(value)
                    .map_err(|error| input(format!("`{column}` holds a reference that cannot be read: {error}")))?;
                self.bind_reference(place, table, column, &reference).await
            }
            _ => Err(input(format!("`{column}` is a lookup: null, a GUID or a reference is expected"))),
        }
    }

    async fn bind_reference(
        &self,
        place: &Place<'_>,
        table: &Table,
        column: &str,
        reference: &Reference,
    ) -> Result<Option<(String, Value)>, CallError> {
        let columns: Vec<String> = reference.find.keys().cloned().collect();
        let (lookup, target) = one(self.targets_with(place.key, table, column, &columns).await?, column)?;
        if let Some(id) = self.find(place.key, &target, column, &reference.find).await? {
            return Ok(Some(bound(&lookup, &target, id)));
        }
        let says_nothing = reference.create.values().all(filter::is_empty);
        match reference.missing {
            Missing::Leave => Ok(None),
            // Neither what to look for nor what to make: there is no such row to speak of.
            Missing::Create if says_nothing => Ok(None),
            Missing::Create => {
                let id = self.create_target(place, &target, reference).await?;
                Ok(Some(bound(&lookup, &target, id)))
            }
            Missing::Error => {
                let wanted = Value::Object(reference.find.clone());
                Err(input(format!("`{column}` cannot be set: no `{}` row has {wanted}", target.name)))
            }
        }
    }

    /// Makes the row that a reference did not find. Its id follows from what it is found by, so that two
    /// deals of one new customer that come at the same time make one account: the second meets the first's.
    async fn create_target(&self, place: &Place<'_>, target: &Table, reference: &Reference) -> Result<Uuid, CallError> {
        let mut prepared = self.prepare(place, target, &reference.create).await?;
        if let Some(relation) = prepared.related.first() {
            let name = &relation.collection.navigation;
            return Err(input(format!("`{name}` cannot be written with a row that is made by a reference")));
        }
        let found_by = Value::Object(reference.find.clone()).to_string().to_lowercase();
        let id = Uuid::new_v5(&Uuid::NAMESPACE_URL, format!("cosell:{}:{found_by}", target.name).as_bytes());
        prepared.body.entry(target.key.clone()).or_insert_with(|| json!(id));
        id_of(target, &self.insert(place, target, prepared.body).await?)
    }

    /// The one row with these values.
    async fn find(
        &self,
        key: &CallKey,
        target: &Table,
        column: &str,
        values: &Map<String, Value>,
    ) -> Result<Option<Uuid>, CallError> {
        let Some(filter) = filter::equal(target, values)? else {
            return Ok(None);
        };
        let selection = Selection::of(target, std::slice::from_ref(&target.key))?;
        let request = api::list(target, Some(&filter), None, &selection, 2);
        let found = self.rows(key, request, &selection, 2).await?;
        match found.as_slice() {
            [] => Ok(None),
            [row] => id_of(target, row).map(Some),
            _ => {
                let wanted = Value::Object(values.clone());
                let message = format!("`{column}` cannot be set: several `{}` rows have {wanted}", target.name);
                Err(input(message))
            }
        }
    }
}

fn bound(lookup: &Lookup, target: &Table, id: Uuid) -> (String, Value) {
    (format!("{}@odata.bind", lookup.written_as), json!(api::reference(target, id)))
}

/// The only target; a lookup that may point to several tables does not say which is meant.
fn one(targets: Vec<(Lookup, Arc<Table>)>, column: &str) -> Result<(Lookup, Arc<Table>), CallError> {
    let names: Vec<String> = targets.iter().map(|(lookup, _)| format!("`{}`", lookup.target)).collect();
    let mut targets = targets.into_iter();
    match (targets.next(), targets.next()) {
        (Some(only), None) => Ok(only),
        _ => Err(input(format!(
            "`{column}` may point to {}; use a reference whose columns only one of them has",
            names.join(" or ")
        ))),
    }
}

fn input(message: String) -> CallError {
    CallError::new(CallErrorKind::Input, message)
}
