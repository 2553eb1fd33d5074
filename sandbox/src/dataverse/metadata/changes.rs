//! `RetrieveMetadataChanges`: columns with what only their own kind has, in one answer.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::describe;
use crate::dataverse::call::Call;
use crate::dataverse::refusal::Refusal;
use crate::dataverse::reply::Reply;
use crate::dataverse::rows::Dataverse;
use crate::odata::decoded_pairs;

/// Answers the function; its one argument is a query in JSON.
pub(crate) fn changes(crm: &Dataverse, call: &Call, arguments: &str) -> Result<Reply, Refusal> {
    let bad = || Refusal::query("The arguments of the function 'RetrieveMetadataChanges' do not fit.");
    let argument = arguments.trim().strip_prefix("Query=").ok_or_else(bad)?;
    let pairs = decoded_pairs(&call.raw).unwrap_or_default();
    let text = match argument.starts_with('@') {
        true => pairs.into_iter().find(|(name, _)| name == argument).map(|(_, value)| value).ok_or_else(bad)?,
        false => argument.to_owned(),
    };
    let query: Value = serde_json::from_str(&text).map_err(|_| bad())?;
    let mut tables = Vec::new();
    for table in crm.tables.values() {
        let definition = describe::table(table);
        if !fits(&definition, query.get("Criteria"))? {
            continue;
        }
        let mut shown = projected(&definition, query.get("Properties"));
        if let Some(of_columns) = query.get("AttributeQuery").filter(|query| query.is_object()) {
            let mut columns = Vec::new();
            for column in describe::attributes(table) {
                crm.budget.spend(column.as_object().map_or(0, Map::len));
                crm.budget.check()?;
                if fits(&column, of_columns.get("Criteria"))? {
                    columns.push(Value::from(projected(&column, of_columns.get("Properties"))));
                }
            }
            shown.insert("Attributes".to_owned(), columns.into());
        }
        tables.push(Value::from(shown));
    }
    let context = format!("{}$metadata#Microsoft.Dynamics.CRM.RetrieveMetadataChangesResponse", call.base);
    let answer = json!({
        "@odata.context": context, "ServerVersionStamp": format!("{}!", crm.version()), "EntityMetadata": tables,
        "DeletedMetadata": Value::Null,
    });
    Ok(Reply::json(StatusCode::OK, answer))
}

fn fits(definition: &Value, criteria: Option<&Value>) -> Result<bool, Refusal> {
    let conditions = criteria.and_then(|criteria| criteria.get("Conditions")?.as_array());
    for condition in conditions.into_iter().flatten() {
        let name = condition.get("PropertyName").and_then(Value::as_str).unwrap_or_default();
        let wanted = condition.pointer("/Value/Value").unwrap_or(&Value::Null);
        let there = definition.get(name).unwrap_or(&Value::Null);
        let fits = match condition.get("ConditionOperator").and_then(Value::as_str) {
            Some("Equals") => there == wanted,
            Some("NotEquals") => there != wanted,
            _ => return Err(Refusal::not_played("this operator of RetrieveMetadataChanges")),
        };
        if !fits {
            return Ok(false);
        }
    }
    Ok(true)
}

fn projected(definition: &Value, properties: Option<&Value>) -> Map<String, Value> {
    let names = properties.and_then(|properties| properties.get("PropertyNames")?.as_array());
    let wanted = |name: &str| names.is_none_or(|names| names.iter().any(|wanted| wanted == name));
    let always = |name: &str| matches!(name, "@odata.type" | "MetadataId" | "LogicalName");
    let members = definition.as_object().into_iter().flatten().filter(|(name, _)| wanted(name) || always(name));
    members.map(|(name, value)| (name.clone(), value.clone())).collect()
}
