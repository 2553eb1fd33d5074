//! Tables, columns, keys and shared choices made, changed and deleted by clients.

use std::sync::Arc;

use axum::http::StatusCode;
use jiff::SignedDuration;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::relationships::delete_pairs;
use super::{Segment, wanted};
use crate::behaviours::Behaviour;
use crate::dataverse::call::Call;
use crate::dataverse::options::{OptionSet, Options};
use crate::dataverse::refusal::Refusal;
use crate::dataverse::reply::Reply;
use crate::dataverse::rows::Dataverse;
use crate::dataverse::seed::add_message_filters;
use crate::dataverse::tables::{ACTIVE_OR_NOT, AlternateKey, Table, base_of, can_be_key};
use crate::options::ColumnKind;

/// Most tables an organization can have here.
const MOST_TABLES: usize = 1_000;

/// Most columns of a table.
const MOST_COLUMNS: usize = 1_000;

/// Most keys of a table, and most columns of a key.
const MOST_KEYS: usize = 10;
const MOST_KEY_COLUMNS: usize = 16;

/// How long the index of a new key is built (behaviour 12). No document says how long; by switch it is long enough
/// to be seen.
const USUAL_INDEX: SignedDuration = SignedDuration::from_millis(500);
const SLOW_INDEX: SignedDuration = SignedDuration::from_hours(1);

/// The longest line of text and the longest memo.
const LONGEST_TEXT: u64 = 4_000;
const LONGEST_MEMO: u64 = 1_048_576;

type Object = Map<String, Value>;

/// `POST EntityDefinitions`
pub(super) fn table(crm: &mut Dataverse, call: &Call) -> Result<Reply, Refusal> {
    let id = make_table(crm, &call.object()?)?;
    Ok(made(format!("{}EntityDefinitions({id})", call.base)))
}

/// `POST CreateEntities`: several tables at once.
pub(crate) fn create_entities(crm: &mut Dataverse, call: &Call) -> Result<Reply, Refusal> {
    let body = call.object()?;
    let missing = || Refusal::payload("The parameter 'Entities' is missing or is no list of tables.");
    let entities = body.get("Entities").and_then(Value::as_array).ok_or_else(missing)?;
    let mut ids = Vec::new();
    for entity in entities {
        ids.push(make_table(crm, entity.as_object().ok_or_else(missing)?)?);
    }
    let context = format!("{}$metadata#Microsoft.Dynamics.CRM.CreateEntitiesResponse", call.base);
    Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "EntityIds": ids})))
}

/// `POST EntityDefinitions(…)/Attributes`
pub(super) fn column(crm: &mut Dataverse, call: &Call, logical: &str) -> Result<Reply, Refusal> {
    let mut table = Table::clone(crm.table(logical)?);
    let body = call.object()?;
    let name = add_column(crm, &mut table, &body)?;
    let id = table.columns.get(&name).map(|column| column.metadata_id.to_string()).unwrap_or_default();
    let owner = table.metadata_id;
    crm.tables_mut().insert(logical.to_owned(), Arc::new(table));
    Ok(made(format!("{}EntityDefinitions({owner})/Attributes({id})", call.base)))
}

/// `POST EntityDefinitions(…)/Keys`
pub(super) fn key(crm: &mut Dataverse, call: &Call, logical: &str) -> Result<Reply, Refusal> {
    let mut table = Table::clone(crm.table(logical)?);
    let body = call.object()?;
    let schema = schema_name(&body)?;
    let columns = body.get("KeyAttributes").and_then(Value::as_array).cloned().unwrap_or_default();
    let columns: Vec<String> = columns.iter().filter_map(|column| column.as_str().map(str::to_owned)).collect();
    let serves = |name: &String| {
        let lookup = table.lookups.iter().any(|lookup| lookup.column == *name);
        lookup || table.columns.get(name).is_some_and(|column| can_be_key(column.kind))
    };
    if columns.is_empty() || columns.len() > MOST_KEY_COLUMNS || !columns.iter().all(serves) {
        return Err(Refusal::argument("'KeyAttributes' must name columns of the table that can be in a key."));
    }
    if table.keys.len() >= MOST_KEYS || table.keys.iter().any(|key| key.schema.eq_ignore_ascii_case(&schema)) {
        return Err(Refusal::argument(format!("The key '{schema}' is there already, or the table has too many.")));
    }
    let title = label_of(&body, "DisplayName").unwrap_or_else(|| schema.clone());
    let now = crm.now();
    let ready = now + if crm.behaviours.on(Behaviour::SlowKeys) { SLOW_INDEX } else { USUAL_INDEX };
    let mut key = AlternateKey {
        schema,
        title,
        columns,
        metadata_id: Uuid::new_v4(),
        building: Some((now, ready)),
        failed: false,
    };
    key.failed = crm.shares_values(&table, &key);
    let (owner, id) = (table.metadata_id, key.metadata_id);
    table.keys.push(key);
    crm.tables_mut().insert(logical.to_owned(), Arc::new(table));
    Ok(made(format!("{}EntityDefinitions({owner})/Keys({id})", call.base)))
}

/// `PUT EntityDefinitions(…)`: change tracking is switched on, and never off again.
pub(super) fn change_table(crm: &mut Dataverse, call: &Call, logical: &str) -> Result<Reply, Refusal> {
    let mut table = Table::clone(crm.table(logical)?);
    let body = call.object()?;
    match body.get("ChangeTrackingEnabled").and_then(Value::as_bool) {
        Some(false) if table.tracked => {
            return Err(Refusal::argument("Change tracking cannot be disabled once it is enabled."));
        }
        Some(tracked) => table.tracked = tracked,
        None => {}
    }
    table.title = label_of(&body, "DisplayName").unwrap_or(table.title);
    crm.tables_mut().insert(logical.to_owned(), Arc::new(table));
    Ok(Reply::nothing())
}

/// `PUT EntityDefinitions(…)/Attributes(…)`
pub(super) fn change_column(
    crm: &mut Dataverse,
    call: &Call,
    logical: &str,
    segment: &Segment,
) -> Result<Reply, Refusal> {
    let mut table = Table::clone(crm.table(logical)?);
    let name = column_name(&table, segment)?;
    let body = call.object()?;
    let options = sent_options(crm, &body)?;
    if let Some(column) = table.columns.get_mut(&name) {
        column.title = label_of(&body, "DisplayName").unwrap_or_else(|| column.title.clone());
        column.length = length_of(&body, column.kind)?.or(column.length);
        column.options = options.unwrap_or_else(|| std::mem::take(&mut column.options));
    }
    crm.tables_mut().insert(logical.to_owned(), Arc::new(table));
    Ok(Reply::nothing())
}

/// `DELETE EntityDefinitions(…)`
pub(super) fn delete_table(crm: &mut Dataverse, logical: &str) -> Result<Reply, Refusal> {
    if crm.table(logical)?.standard {
        return Err(Refusal::not_here(format!("The entity {logical} cannot be deleted.")));
    }
    let pointed_at =
        |table: &&Arc<Table>| table.logical != logical && table.lookups.iter().any(|lookup| lookup.target == logical);
    if let Some(child) = crm.tables.values().find(pointed_at) {
        let message = format!("The entity {logical} cannot be deleted: {} depends on it.", child.logical);
        return Err(Refusal::not_here(message));
    }
    crm.clear_table(logical);
    delete_pairs(crm, |it| it.sides.iter().any(|side| side.0 == logical));
    crm.tables_mut().shift_remove(logical);
    Ok(Reply::nothing())
}

/// `DELETE EntityDefinitions(…)/Attributes(…)`
pub(super) fn delete_column(crm: &mut Dataverse, logical: &str, segment: &Segment) -> Result<Reply, Refusal> {
    let mut table = Table::clone(crm.table(logical)?);
    let name = column_name(&table, segment)?;
    let column = table.columns.get(&name);
    // Columns of one's own have a prefix; the others came with the product.
    if column.is_none_or(|column| column.system) || !name.contains('_') || name == table.name {
        return Err(Refusal::not_here(format!("The column {name} cannot be deleted.")));
    }
    if table.keys.iter().any(|key| key.columns.contains(&name)) {
        return Err(Refusal::not_here(format!("The column {name} cannot be deleted: a key depends on it.")));
    }
    let is_amount = column.is_some_and(|column| column.kind == ColumnKind::Money);
    // An amount takes the same in the organization's currency with it.
    let base = is_amount.then(|| base_of(&name));
    let gone: Vec<String> = std::iter::once(name).chain(base).collect();
    for name in &gone {
        table.columns.shift_remove(name);
    }
    crm.tables_mut().insert(logical.to_owned(), Arc::new(table));
    for name in &gone {
        crm.clear_column(logical, name);
    }
    Ok(Reply::nothing())
}

/// `DELETE EntityDefinitions(…)/Keys(…)`
pub(super) fn delete_key(crm: &mut Dataverse, logical: &str, segment: &Segment) -> Result<Reply, Refusal> {
    let mut table = Table::clone(crm.table(logical)?);
    let wanted = wanted(segment)?;
    let is_wanted =
        |key: &AlternateKey| key.metadata_id.to_string() == wanted || key.schema.eq_ignore_ascii_case(&wanted);
    let at = table.keys.iter().position(is_wanted).ok_or_else(|| Refusal::no_definition("a key", &wanted))?;
    table.keys.remove(at);
    crm.tables_mut().insert(logical.to_owned(), Arc::new(table));
    Ok(Reply::nothing())
}

/// `POST GlobalOptionSetDefinitions`
pub(super) fn option_set(crm: &mut Dataverse, call: &Call) -> Result<Reply, Refusal> {
    let body = call.object()?;
    let name = body.get("Name").and_then(Value::as_str).unwrap_or_default().to_owned();
    if !is_name(&name) || crm.option_sets.contains_key(&name) || crm.option_sets.len() >= MOST_TABLES {
        return Err(Refusal::argument(format!("'{name}' cannot be the name of a new option set.")));
    }
    let title = label_of(&body, "DisplayName").unwrap_or_else(|| name.clone());
    let set = OptionSet { metadata_id: Uuid::new_v4(), title, options: options_of(&body)? };
    let id = set.metadata_id;
    crm.option_sets_mut().insert(name, set);
    Ok(made(format!("{}GlobalOptionSetDefinitions({id})", call.base)))
}

/// `DELETE GlobalOptionSetDefinitions(…)`
pub(super) fn delete_option_set(crm: &mut Dataverse, segment: &Segment) -> Result<Reply, Refusal> {
    let wanted = wanted(segment)?;
    let found = crm.option_sets.iter().find(|(name, set)| **name == wanted || set.metadata_id.to_string() == wanted);
    let name = found.map(|(name, _)| name.clone()).ok_or_else(|| Refusal::no_definition("an option set", &wanted))?;
    crm.option_sets_mut().shift_remove(&name);
    Ok(Reply::nothing())
}

fn make_table(crm: &mut Dataverse, body: &Object) -> Result<String, Refusal> {
    let schema = schema_name(body)?;
    let logical = schema.to_lowercase();
    if crm.tables.contains_key(&logical) || crm.tables.len() >= MOST_TABLES {
        return Err(Refusal::argument(format!("An entity with the name {logical} already exists.")));
    }
    let columns = body.get("Attributes").and_then(Value::as_array).cloned().unwrap_or_default();
    let columns: Vec<Object> = columns.iter().filter_map(|column| column.as_object().cloned()).collect();
    let is_primary = |column: &&Object| column.get("IsPrimaryName") == Some(&Value::Bool(true));
    let primary = columns.iter().find(is_primary).ok_or_else(|| {
        Refusal::argument("A new entity needs a column with 'IsPrimaryName', which is a line of text.")
    })?;
    let primary = schema_name(primary)?.to_lowercase();
    let set = plural(&logical);
    if crm.table_of_set(&set).is_ok() {
        return Err(Refusal::argument(format!("An entity set with the name {set} already exists.")));
    }
    let mut table = Table::new(&logical, &set, &format!("{logical}id"), &primary, ACTIVE_OR_NOT);
    table.schema = schema;
    table.title = label_of(body, "DisplayName").unwrap_or_else(|| logical.clone());
    table.tracked = body.get("ChangeTrackingEnabled") != Some(&Value::Bool(false));
    table.metadata_id = Uuid::new_v4();
    for column in &columns {
        add_column(crm, &mut table, column)?;
    }
    let id = table.metadata_id.to_string();
    crm.tables_mut().insert(logical.clone(), Arc::new(table));
    add_message_filters(crm, &logical);
    Ok(id)
}

/// `new_category` → `new_categories`, as the service makes names of sets.
fn plural(name: &str) -> String {
    match name.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if name.ends_with(['s', 'x', 'z']) || name.ends_with("ch") || name.ends_with("sh") => format!("{name}es"),
        _ => format!("{name}s"),
    }
}

/// Adds a column to a table, and answers with its logical name.
fn add_column(crm: &Dataverse, table: &mut Table, body: &Object) -> Result<String, Refusal> {
    let schema = schema_name(body)?;
    let name = schema.to_lowercase();
    if table.has(&name) || table.columns.len() >= MOST_COLUMNS {
        let message = format!("An attribute with the name {name} already exists for entity {}.", table.logical);
        return Err(Refusal::argument(message));
    }
    let kind = kind_of(body)?;
    let options = sent_options(crm, body)?.unwrap_or_default();
    let length = length_of(body, kind)?;
    table.add_column(&name, kind, length, false);
    if let Some(column) = table.columns.get_mut(&name) {
        column.title = label_of(body, "DisplayName").unwrap_or_else(|| name.clone());
        column.schema = schema;
        column.options = options;
    }
    Ok(name)
}

fn kind_of(body: &Object) -> Result<ColumnKind, Refusal> {
    let text = |name: &str| body.get(name).and_then(Value::as_str).unwrap_or_default();
    let class = text("@odata.type").trim_start_matches('#').trim_start_matches("Microsoft.Dynamics.CRM.");
    let class = class.trim_start_matches("Complex").trim_end_matches("AttributeMetadata");
    Ok(match class {
        "String" => ColumnKind::Text,
        "Memo" => ColumnKind::LongText,
        "Boolean" => ColumnKind::YesNo,
        "Picklist" => ColumnKind::Choice,
        "MultiSelectPicklist" => ColumnKind::Choices,
        "Integer" | "BigInt" => ColumnKind::Integer,
        "Decimal" | "Double" => ColumnKind::Decimal,
        "Money" => ColumnKind::Money,
        "DateTime" if text("Format") == "DateOnly" => ColumnKind::Date,
        "DateTime" => ColumnKind::Instant,
        "Lookup" => return Err(Refusal::argument("A lookup is made together with its relationship.")),
        "File" | "Image" => return Err(Refusal::not_played("columns with files")),
        _ => return Err(Refusal::payload(format!("'{}' is no type of a column.", text("@odata.type")))),
    })
}

fn length_of(body: &Object, kind: ColumnKind) -> Result<Option<usize>, Refusal> {
    let longest = match kind {
        ColumnKind::Text => LONGEST_TEXT,
        ColumnKind::LongText => LONGEST_MEMO,
        _ => return Ok(None),
    };
    let Some(length) = body.get("MaxLength").filter(|length| !length.is_null()) else { return Ok(None) };
    let length = length.as_u64().filter(|length| (1..=longest).contains(length));
    let length = length.and_then(|length| usize::try_from(length).ok());
    length.map(Some).ok_or_else(|| Refusal::argument(format!("'MaxLength' must be from 1 to {longest}.")))
}

/// The options that a body brings: its own, those of a shared set, or the two of a column of yes and no.
fn sent_options(crm: &Dataverse, body: &Object) -> Result<Option<Options>, Refusal> {
    let shared = body.get("GlobalOptionSet@odata.bind").and_then(Value::as_str);
    if let Some(address) = shared {
        let inner = address.rsplit_once('(').and_then(|(_, rest)| rest.strip_suffix(')')).unwrap_or_default();
        let wanted = inner.trim_start_matches("Name=").trim_matches('\'');
        let mut sets = crm.option_sets.iter();
        let found = sets.find(|(name, set)| *name == wanted || set.metadata_id.to_string() == wanted);
        let (_, set) = found.ok_or_else(|| Refusal::no_definition("an option set", wanted))?;
        return Ok(Some(set.options.clone()));
    }
    let Some(set) = body.get("OptionSet").and_then(Value::as_object) else { return Ok(None) };
    if let (Some(yes), Some(no)) = (set.get("TrueOption"), set.get("FalseOption")) {
        let label = |option: &Value, usual: &str| {
            option.as_object().and_then(|option| label_of(option, "Label")).unwrap_or_else(|| usual.to_owned())
        };
        return Ok(Some(vec![(1, label(yes, "Yes")), (0, label(no, "No"))]));
    }
    options_of(set).map(Some)
}

fn options_of(set: &Object) -> Result<Options, Refusal> {
    let options = set.get("Options").and_then(Value::as_array).cloned().unwrap_or_default();
    let option = |option: &Value| {
        let option = option.as_object()?;
        let value = option.get("Value")?.as_i64()?;
        Some((value, label_of(option, "Label").unwrap_or_else(|| value.to_string())))
    };
    let options: Option<Options> = options.iter().map(option).collect();
    options.ok_or_else(|| Refusal::payload("An option needs a 'Value' and a 'Label'."))
}

/// The text of a label in the one language that the sandbox speaks.
pub(super) fn label_of(body: &Object, name: &str) -> Option<String> {
    let label = body.get(name)?;
    let of = |label: &Value| label.get("Label").and_then(Value::as_str).map(str::to_owned);
    let first = label.get("LocalizedLabels").and_then(Value::as_array).and_then(|labels| labels.first());
    first.and_then(of).or_else(|| label.get("UserLocalizedLabel").and_then(of))
}

/// A name with the prefix of its publisher.
pub(super) fn schema_name(body: &Object) -> Result<String, Refusal> {
    let name = body.get("SchemaName").and_then(Value::as_str).unwrap_or_default();
    if is_name(name) {
        return Ok(name.to_owned());
    }
    Err(Refusal::argument(format!(
        "'{name}' is no valid schema name: a prefix, '_' and letters or digits are expected."
    )))
}

fn is_name(name: &str) -> bool {
    let plain = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let begins = name.chars().next().is_some_and(|c| c.is_ascii_alphabetic());
    plain && begins && name.contains('_') && name.len() <= 100
}

fn column_name(table: &Table, segment: &Segment) -> Result<String, Refusal> {
    let wanted = wanted(segment)?;
    let found =
        table.columns.iter().find(|(name, column)| **name == wanted || column.metadata_id.to_string() == wanted);
    found.map(|(name, _)| name.clone()).ok_or_else(|| Refusal::no_definition("an attribute", &wanted))
}

/// 204 with the address of what was made.
pub(super) fn made(address: String) -> Reply {
    Reply::nothing().with("odata-entityid", address.clone()).with("location", address)
}
