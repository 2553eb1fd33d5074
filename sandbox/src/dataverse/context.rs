//! The body of a webhook: a RemoteExecutionContext.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde_json::{Map, Value, json};
use uuid::Uuid;

use super::call::Asker;
use super::hooks::Told;
use super::rows::Dataverse;
use super::seed::{BUSINESS_UNIT, ORGANIZATION, ORGANIZATION_NAME};
use super::shelf::{Link, Row};
use super::tables::Table;
use crate::options::ColumnKind;

/// What happened to a row.
pub(crate) struct Event<'a> {
    /// `Create`, `Update` …
    pub(crate) message: &'a str,
    /// The table.
    pub(crate) table: &'a str,
    /// The row.
    pub(crate) id: &'a str,
    /// What was sent.
    pub(crate) told: &'a Told,
    /// Who did it.
    pub(crate) asker: &'a Asker,
}

/// A context, with the id that its headers repeat.
pub(crate) struct Context {
    /// The id of the request that set it off.
    pub(crate) correlation: String,
    fields: Map<String, Value>,
}

/// What is left out of a context that is too long.
const DETAILS: [&str; 4] = ["ParentContext", "InputParameters", "PreEntityImages", "PostEntityImages"];

impl Context {
    /// The body, with or without what makes it long.
    pub(crate) fn text(&self, short: bool) -> String {
        let mut fields = self.fields.clone();
        if short {
            fields.retain(|name, _| !DETAILS.contains(&name.as_str()));
        }
        // A JSON text may hold `\/`, and only an instant of this form wants it.
        Value::Object(fields).to_string().replace("/Date(", "\\/Date(").replace(")/\"", ")\\/\"")
    }
}

/// The context of an event as a step is told it.
pub(crate) fn body(crm: &Dataverse, step: &Row, event: &Event<'_>, synchronous: bool) -> Context {
    let correlation = Uuid::new_v4().to_string();
    let asker = event.asker;
    let user = json!(asker.user);
    let stage = step.number("stage").unwrap_or(40);
    let target = match (event.message, crm.tables.get(event.table)) {
        ("Delete", _) | (_, None) => reference(&Link { table: event.table.to_owned(), id: event.id.to_owned() }),
        (_, Some(table)) => entity(table, event),
    };
    let fields = json!({
        "BusinessUnitId": BUSINESS_UNIT, "CorrelationId": correlation, "Depth": 1,
        "InitiatingUserId": asker.on_behalf.as_ref().unwrap_or(&asker.user), "UserId": user,
        "InputParameters": [{"key": "Target", "value": target}],
        "IsExecutingOffline": false, "IsInTransaction": synchronous, "IsOfflinePlayback": false, "IsolationMode": 1,
        "MessageName": event.message, "Mode": i64::from(!synchronous),
        "OperationCreatedOn": date(crm.now()), "OperationId": Uuid::new_v4().to_string(),
        "OrganizationId": ORGANIZATION, "OrganizationName": ORGANIZATION_NAME,
        "OutputParameters": output(event),
        "OwningExtension": reference(&Link { table: "sdkmessageprocessingstep".to_owned(), id: step.id.clone() }),
        "ParentContext": Value::Null, "PostEntityImages": [], "PreEntityImages": [],
        "PrimaryEntityId": event.id, "PrimaryEntityName": event.table, "RequestId": Value::Null,
        "SecondaryEntityName": "none", "SharedVariables": [], "Stage": stage,
    });
    Context { correlation, fields: fields.as_object().cloned().unwrap_or_default() }
}

fn output(event: &Event<'_>) -> Value {
    if event.message == "Create" { json!([{"key": "id", "value": event.id}]) } else { json!([]) }
}

fn entity(table: &Table, event: &Event<'_>) -> Value {
    let values = event.told.values.iter().map(|(name, value)| {
        let kind = table.columns.get(name).map(|column| column.kind);
        json!({"key": name, "value": wrapped(kind, value)})
    });
    let links = event
        .told
        .links
        .iter()
        .map(|(column, link)| json!({"key": column, "value": link.as_ref().map_or(Value::Null, reference)}));
    let key = json!({"key": table.key, "value": event.id});
    let attributes: Vec<Value> = values.chain(links).chain([key]).collect();
    json!({
        "__type": "Entity:http://schemas.microsoft.com/xrm/2011/Contracts", "Attributes": attributes,
        "EntityState": Value::Null, "FormattedValues": [], "Id": event.id, "KeyAttributes": [],
        "LogicalName": event.table, "RelatedEntities": [], "RowVersion": Value::Null,
    })
}

fn reference(link: &Link) -> Value {
    json!({
        "__type": "EntityReference:http://schemas.microsoft.com/xrm/2011/Contracts",
        "Id": link.id, "KeyAttributes": [], "LogicalName": link.table, "Name": Value::Null, "RowVersion": Value::Null,
    })
}

/// Amounts, options and instants come in wrappers of their own.
fn wrapped(kind: Option<ColumnKind>, value: &Value) -> Value {
    let typed = |name: &str, value: Value| json!({"__type": format!("{name}:http://schemas.microsoft.com/xrm/2011/Contracts"), "Value": value});
    let day = |text: &str| text.parse::<Date>().ok()?.to_zoned(TimeZone::UTC).ok();
    match (kind, value) {
        (_, Value::Null) => Value::Null,
        (Some(ColumnKind::Money), value) => typed("Money", value.clone()),
        (Some(ColumnKind::Choice), value) => typed("OptionSetValue", value.clone()),
        (Some(ColumnKind::Choices), Value::String(list)) => {
            list.split(',').map(|option| typed("OptionSetValue", json!(option.parse::<i64>().ok()))).collect()
        }
        (Some(ColumnKind::Instant), Value::String(text)) => {
            text.parse::<Timestamp>().map_or(Value::Null, |instant| json!(date(instant)))
        }
        (Some(ColumnKind::Date), Value::String(text)) => {
            day(text).map_or(Value::Null, |day| json!(date(day.timestamp())))
        }
        (_, value) => value.clone(),
    }
}

fn date(instant: Timestamp) -> String {
    format!("/Date({})/", instant.as_millisecond())
}
