//! Whether the CRM has what the pack reads and writes.

use cosell_engine::connector::{CallError, CallKey};
use uuid::Uuid;

use super::{Finding, Findings, TableNeeds, access, wrong};
use crate::dataverse::service::{AlternateKey, Dataverse};

/// Looks at the connection to Dataverse, and at its tables.
pub(super) async fn examine(found: &mut Findings<'_>, service: &Dataverse, needs: &[TableNeeds]) {
    if access::signed_in(found, service.client()).await.is_none() {
        found.leave_out(&["role", "columns", "keys"]);
        return;
    }
    let key = CallKey::new("doctor", "dataverse", Uuid::new_v4());
    let answer = service.who_am_i(&key).await.map(|()| "the environment takes the token".to_owned());
    let help = "add the application to the environment as an application user, and give that a security role which may \
                read and write the pack's tables";
    if !found.add("role", access::role(answer, help)) {
        found.leave_out(&["columns", "keys"]);
        return;
    }
    found.add("columns", columns(service, &key, needs).await.unwrap_or_else(later));
    found.add("keys", keys(service, &key, needs).await.unwrap_or_else(later));
}

async fn columns(service: &Dataverse, key: &CallKey, needs: &[TableNeeds]) -> Result<Finding, CallError> {
    let mut missing = Vec::new();
    let mut there = 0;
    for need in needs {
        let Some(table) = service.table_if_there(key, &need.name).await? else {
            missing.push(format!("the table `{}`", need.name));
            continue;
        };
        let (has, lacks): (Vec<&String>, Vec<&String>) =
            need.fields.iter().partition(|name| table.column_type(name).is_some() || table.collection(name).is_some());
        there += has.len();
        missing.extend(lacks.iter().map(|name| format!("`{}.{name}`", need.name)));
    }
    Ok(match missing.is_empty() {
        true => Finding::Good(format!("all {there} that the pack uses are there")),
        false => wrong(
            format!("the CRM lacks {}", missing.join(", ")),
            "add them as `tables` in the pack says, with its `prefix`, publish, and name columns of your own in the mappings",
        ),
    })
}

async fn keys(service: &Dataverse, key: &CallKey, needs: &[TableNeeds]) -> Result<Finding, CallError> {
    let mut wrongs = Vec::new();
    let mut there = 0;
    for need in needs.iter().filter(|need| !need.keys.is_empty()) {
        let Some(known) = service.alternate_keys(key, &need.name).await? else { continue };
        for wanted in &need.keys {
            match known.iter().find(|one| one.is_over(wanted)) {
                Some(AlternateKey { status, .. }) if status != "Active" => {
                    wrongs.push(format!("the key over `{}.{wanted}` is not ready: {status}", need.name));
                }
                Some(_) => there += 1,
                None => wrongs.push(format!("no key is over `{}.{wanted}`", need.name)),
            }
        }
    }
    Ok(match wrongs.is_empty() {
        true => Finding::Good(format!("all {there} that the pack uses are there")),
        false => wrong(
            wrongs.join("; "),
            "add an alternate key over the column; where one failed, mend rows that share a value and have it built again",
        ),
    })
}

fn later(error: CallError) -> Finding {
    wrong(error.message, "try again later")
}
