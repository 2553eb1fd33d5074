//! Operations against a server that answers as told: which requests they make.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

mod reading;
mod writing;

use cosell_engine::connector::{CallError, CallKey};
use serde_json::{Value, json};

use super::metadata::tests::{definition, opportunity_definition};
use super::*;
use crate::test_server::{Answer, Asked, TestServer};

const ID: &str = "11111111-1111-4111-8111-111111111111";
const OTHER: &str = "22222222-2222-4222-8222-222222222222";

/// A server that knows a few tables, and for the rest gives these answers in turn.
async fn server(answers: impl IntoIterator<Item = Answer>) -> TestServer {
    let mut answers: std::collections::VecDeque<Answer> = answers.into_iter().collect();
    TestServer::ruled(move |asked| match table_asked(asked).as_deref() {
        Some(table) => Some(described(table)),
        None if asked.target.ends_with("/token") => None,
        None => answers.pop_front(),
    })
    .await
}

fn table_asked(asked: &Asked) -> Option<String> {
    let rest = asked.target.split_once("EntityDefinitions(LogicalName='")?.1;
    rest.split_once('\'').map(|(table, _)| table.to_owned())
}

fn described(table: &str) -> Answer {
    let body = match table {
        "opportunity" => opportunity_definition(),
        "account" => definition("account", "accounts", &["name", "address1_postalcode", "accountnumber"]),
        "contact" => definition("contact", "contacts", &["fullname", "emailaddress1"]),
        "transactioncurrency" => definition(table, "transactioncurrencies", &["isocurrencycode"]),
        "systemuser" => definition("systemuser", "systemusers", &["internalemailaddress"]),
        "cosell_solution" => {
            let mut definition = definition(table, "cosell_solutions", &["cosell_name", "cosell_solutionidentifier"]);
            definition["ManyToOneRelationships"] = json!([{
                "ReferencingAttribute": "cosell_opportunityid", "ReferencedEntity": "opportunity",
                "ReferencingEntityNavigationPropertyName": "cosell_OpportunityId" }]);
            definition
        }
        _ => {
            return Answer::json(404, json!({ "error": { "code": "0x80040217", "message": "No such table." } }));
        }
    };
    Answer::json(200, body)
}

fn connected(server: &TestServer) -> Connector {
    let settings = DataverseSettings { timeout: 5, ..DataverseSettings::new(&server.url, server.sign_in()) };
    connector(&Connection::of("dataverse", Some(settings.service().unwrap())))
}

async fn call(server: &TestServer, operation: &str, input: Value) -> Result<Value, CallError> {
    let key = CallKey::new("run", "step", "call");
    connected(server)
        .operation(operation)
        .unwrap()
        .call_any(&key, &input)
        .await
        .map(|answer| Value::clone(&answer.value))
}

/// The requests for rows, without those for definitions and without the common start of their paths.
fn lines(server: &TestServer) -> Vec<String> {
    let lines = server.lines().into_iter().filter(|line| !line.contains("EntityDefinitions"));
    lines.map(|line| line.replace("/api/data/v9.2/", "").replace("%27", "'")).collect()
}

/// The bodies that were sent.
fn bodies(server: &TestServer) -> Vec<Value> {
    server.asked().iter().filter(|asked| !asked.body.is_empty()).map(Asked::json).collect()
}

fn row(extra: Value) -> Answer {
    let mut row = json!({ "@odata.etag": "W/\"1\"", "opportunityid": ID });
    row.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
    Answer::json(200, row)
}

fn refused(status: u16, code: &str) -> Answer {
    Answer::json(status, json!({ "error": { "code": code, "message": "Refused." } }))
}
