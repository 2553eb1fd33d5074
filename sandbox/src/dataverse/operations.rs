//! Functions and actions that belong to no set.

use axum::http::StatusCode;
use serde_json::{Map, Value, json};

use super::call::{Asker, Call};
use super::metadata;
use super::refusal::Refusal;
use super::reply::Reply;
use super::rows::Dataverse;
use super::seed::{BUSINESS_UNIT, ORGANIZATION, ORGANIZATION_NAME};
use super::states::Outcome;
use super::write::Conditions;
use crate::odata::Literal;
use crate::odata::parse_literal;

use super::keys::Key;

/// Does a function (GET) or an action (POST).
pub(crate) fn operation(
    crm: &mut Dataverse,
    call: &Call,
    name: &str,
    arguments: &str,
    asker: &Asker,
) -> Result<Reply, Refusal> {
    let found = |kind: &str, members: Value| {
        let mut answer = Map::from_iter([(
            "@odata.context".to_owned(),
            json!(format!("{}$metadata#Microsoft.Dynamics.CRM.{kind}", call.base)),
        )]);
        answer.extend(members.as_object().cloned().unwrap_or_default());
        Ok(Reply::json(StatusCode::OK, answer))
    };
    match (call.method.as_str(), name) {
        ("GET", "WhoAmI") => found(
            "WhoAmIResponse",
            json!({"BusinessUnitId": BUSINESS_UNIT, "UserId": asker.user, "OrganizationId": ORGANIZATION}),
        ),
        ("GET", "RetrieveVersion") => found("RetrieveVersionResponse", json!({"Version": "9.2.0.0"})),
        ("GET", "RetrieveAvailableLanguages") => {
            found("RetrieveAvailableLanguagesResponse", json!({"LocaleIds": [1033]}))
        }
        ("GET", "RetrieveCurrentOrganization") => found(
            "RetrieveCurrentOrganizationResponse",
            json!({"Detail": {"OrganizationId": ORGANIZATION, "UniqueName": ORGANIZATION_NAME}}),
        ),
        ("GET", "RetrieveTotalRecordCount") => {
            let (keys, values) = totals(crm, arguments)?;
            let counts = json!({"EntityRecordCountCollection": {
                "Count": keys.len(), "IsReadOnly": false, "Keys": keys, "Values": values,
            }});
            found("RetrieveTotalRecordCountResponse", counts)
        }
        ("GET", "RetrieveMetadataChanges") => metadata::changes(crm, call, arguments),
        ("POST", "WinOpportunity") => {
            crm.close(Outcome::Won, &call.object()?, asker)?;
            Ok(Reply::nothing())
        }
        ("POST", "LoseOpportunity") => {
            crm.close(Outcome::Lost, &call.object()?, asker)?;
            Ok(Reply::nothing())
        }
        ("POST", "CreateEntities") => metadata::create_entities(crm, call),
        ("POST", "BulkDelete") => bulk_delete(crm, call, asker),
        // Labels and forms are of no interest here, and new columns are there at once.
        ("POST", "PublishXml" | "PublishAllXml") => Ok(Reply::nothing()),
        (_, "RetrieveDuplicates") => Err(Refusal::not_played(name)),
        _ => Err(Refusal::no_method(&call.url)),
    }
}

/// `EntityNames=['account','contact']`
fn totals(crm: &Dataverse, arguments: &str) -> Result<(Vec<String>, Vec<usize>), Refusal> {
    let bad = || Refusal::query("The arguments of the function 'RetrieveTotalRecordCount' do not fit.");
    let list = arguments.trim().strip_prefix("EntityNames=").and_then(|rest| rest.strip_prefix('[')?.strip_suffix(']'));
    let mut counts = (Vec::new(), Vec::new());
    for name in list.ok_or_else(bad)?.split(',') {
        let Ok(Literal::Text(name)) = parse_literal(name.trim()) else { return Err(bad()) };
        crm.table(&name)?;
        counts.1.push(crm.shelf(&name).map_or(0, super::shelf::Shelf::len));
        counts.0.push(name);
    }
    Ok(counts)
}

/// A job that deletes rows by their keys. The real one takes its time; here it is done at once.
fn bulk_delete(crm: &mut Dataverse, call: &Call, asker: &Asker) -> Result<Reply, Refusal> {
    let body = call.object()?;
    let queries = body.get("QuerySet").and_then(Value::as_array).cloned().unwrap_or_default();
    for query in &queries {
        let name = query.get("EntityName").and_then(Value::as_str).unwrap_or_default();
        let table = std::sync::Arc::clone(crm.table(name)?);
        let conditions = query.pointer("/Criteria/Conditions").and_then(Value::as_array).cloned().unwrap_or_default();
        let [condition] = conditions.as_slice() else {
            return Err(Refusal::not_played("a BulkDelete with other conditions than keys"));
        };
        let by_key = condition.get("AttributeName").and_then(Value::as_str) == Some(table.key.as_str());
        let operator = condition.get("Operator").and_then(Value::as_str);
        if !by_key || !matches!(operator, Some("In" | "Equal")) {
            return Err(Refusal::not_played("a BulkDelete with other conditions than keys"));
        }
        let values = condition.get("Values").and_then(Value::as_array).cloned().unwrap_or_default();
        for id in values.iter().filter_map(|value| value.get("Value")?.as_str()) {
            let key = Key::Id(id.to_ascii_lowercase());
            // A row that is gone is no failure of the job.
            if crm.find(&table, &key)?.is_some() {
                crm.delete(&table, &key, &Conditions::default(), asker)?;
            }
        }
    }
    let job = json!({"name": body.get("JobName").and_then(Value::as_str), "statecode": 3, "statuscode": 30});
    let id = crm.create("asyncoperation", job.as_object().unwrap_or(&Map::new()), asker)?;
    let context = format!("{}$metadata#Microsoft.Dynamics.CRM.BulkDeleteResponse", call.base);
    Ok(Reply::json(StatusCode::OK, json!({"@odata.context": context, "JobId": id})))
}
