//! Operations against a server that answers as told: which requests they make.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cosell_engine::connector::{CallError, CallErrorKind, CallKey};
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
    let rest = asked
        .target
        .split_once("EntityDefinitions(LogicalName='")?
        .1;
    rest.split_once('\'').map(|(table, _)| table.to_owned())
}

fn described(table: &str) -> Answer {
    let body = match table {
        "opportunity" => opportunity_definition(),
        "account" => definition(
            "account",
            "accounts",
            &["name", "address1_postalcode", "accountnumber"],
        ),
        "contact" => definition("contact", "contacts", &["fullname", "emailaddress1"]),
        "transactioncurrency" => definition(table, "transactioncurrencies", &["isocurrencycode"]),
        "systemuser" => definition("systemuser", "systemusers", &["internalemailaddress"]),
        "cosell_solution" => {
            let mut definition = definition(
                table,
                "cosell_solutions",
                &["cosell_name", "cosell_solutionidentifier"],
            );
            definition["ManyToOneRelationships"] = json!([{
                "ReferencingAttribute": "cosell_opportunityid", "ReferencedEntity": "opportunity",
                "ReferencingEntityNavigationPropertyName": "cosell_OpportunityId" }]);
            definition
        }
        _ => {
            return Answer::json(
                404,
                json!({ "error": { "code": "0x80040217", "message": "No such table." } }),
            );
        }
    };
    Answer::json(200, body)
}

fn connected(server: &TestServer) -> Connector {
    let settings = DataverseSettings {
        url: server.url.clone(),
        audience: None,
        sign_in: server.sign_in(),
        timeout: 5,
    };
    connector(&Connection::of(
        "dataverse",
        Some(settings.service().unwrap()),
    ))
}

async fn call(server: &TestServer, operation: &str, input: Value) -> Result<Value, CallError> {
    let key = CallKey::new("run", "step", "call");
    connected(server)
        .operation(operation)
        .unwrap()
        .call_any(&key, input)
        .await
}

/// The requests for rows, without those for definitions and without the common start of their paths.
fn lines(server: &TestServer) -> Vec<String> {
    let lines = server
        .lines()
        .into_iter()
        .filter(|line| !line.contains("EntityDefinitions"));
    lines
        .map(|line| line.replace("/api/data/v9.2/", "").replace("%27", "'"))
        .collect()
}

/// The bodies that were sent.
fn bodies(server: &TestServer) -> Vec<Value> {
    server
        .asked()
        .iter()
        .filter(|asked| !asked.body.is_empty())
        .map(Asked::json)
        .collect()
}

fn row(extra: Value) -> Answer {
    let mut row = json!({ "@odata.etag": "W/\"1\"", "opportunityid": ID });
    row.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    Answer::json(200, row)
}

fn refused(status: u16, code: &str) -> Answer {
    Answer::json(
        status,
        json!({ "error": { "code": code, "message": "Refused." } }),
    )
}

#[tokio::test]
async fn rows_are_read_with_their_neighbours() {
    let server = server([row(json!({
        "name": "Deal", "owninguser": { "internalemailaddress": "a@b.example" }, "ownerid": null,
        "transactioncurrencyid": { "isocurrencycode": "USD" },
        "customerid_account": { "name": "Contoso" }, "cosell_opportunity_solution": [] }))])
    .await;
    let fields = json!([
        "name",
        "transactioncurrencyid.isocurrencycode",
        "ownerid.internalemailaddress",
        "customerid.name",
        "cosell_opportunity_solution[].cosell_name"
    ]);
    let found = call(
        &server,
        "get_row",
        json!({ "table": "opportunity", "id": ID, "fields": fields }),
    )
    .await
    .unwrap();
    assert_eq!(
        found["ownerid"],
        json!({ "internalemailaddress": "a@b.example" })
    );
    assert_eq!(found["customerid"], json!({ "name": "Contoso" }));
    assert_eq!(found.get("owninguser"), None);
    assert_eq!(
        lines(&server),
        [format!(
            "GET opportunities({ID})?$select=name&$expand=transactioncurrencyid($select=isocurrencycode),\
             owninguser($select=internalemailaddress),customerid_account($select=name),\
             cosell_opportunity_solution($select=cosell_name)"
        )]
    );
}

#[tokio::test]
async fn unknown_names_are_refused_before_reading() {
    let server = server([]).await;
    let cases = [
        (
            json!({ "table": "opportunity", "id": ID, "fields": ["nmae"] }),
            "did you mean `name`",
        ),
        (
            json!({ "table": "opportunity", "id": ID, "fields": ["parentaccountid.nam"] }),
            "did you mean `name`",
        ),
        (
            json!({ "table": "opportunity", "id": ID, "fields": ["nowhere[].x"] }),
            "no column `nowhere`",
        ),
        (
            json!({ "table": "nosuch", "id": ID }),
            "there is no table `nosuch`",
        ),
        (
            json!({ "table": "opportunity", "id": "7" }),
            "`7` is not the id of a row",
        ),
    ];
    for (input, expected) in cases {
        let error = call(&server, "get_row", input).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Input);
        assert!(error.message.contains(expected), "{error}");
    }
    assert_eq!(lines(&server), Vec::<String>::new());
}

#[tokio::test]
async fn candidates_are_tried_in_turn() {
    let by = json!([{ "opportunityid": "" }, { "opportunityid": "no guid" }, { "opportunityid": ID },
        { "cosell_referralid": "r-1" }]);
    let input = json!({ "table": "opportunity", "by": by, "fields": ["name"] });
    let server = server([
        refused(404, "0x80040217"),
        Answer::json(
            200,
            json!({ "value": [{ "opportunityid": OTHER, "name": "Deal" }] }),
        ),
        refused(404, "0x80040217"),
        Answer::json(
            200,
            json!({ "value": [{ "opportunityid": ID }, { "opportunityid": OTHER }] }),
        ),
    ])
    .await;
    assert_eq!(
        call(&server, "find_row", input.clone()).await.unwrap()["name"],
        json!("Deal")
    );
    let several = call(&server, "find_row", input).await.unwrap_err();
    assert_eq!(several.kind, CallErrorKind::Conflict);
    assert!(
        several.message.contains(ID) && several.message.contains(OTHER),
        "{several}"
    );
    assert_eq!(
        lines(&server)[1],
        "GET opportunities?$select=name&$filter=cosell_referralid%20eq%20'r-1'"
    );
}

#[tokio::test]
async fn lists_resend_the_page_size() {
    let server = server([]).await;
    let next = format!(
        "{}/api/data/v9.2/opportunities?$skiptoken=%3Ccookie%2520p%3E",
        server.url
    );
    let mut pages = vec![
        json!({ "value": [{ "name": "b" }] }),
        json!({ "value": [{ "name": "a" }], "@odata.nextLink": next }),
    ];
    let paged = TestServer::ruled(move |asked| match table_asked(asked) {
        Some(table) => Some(described(&table)),
        None if asked.target.ends_with("/token") => None,
        None => pages.pop().map(|page| Answer::json(200, page)),
    })
    .await;
    // The link points to another server, so it is not followed.
    let foreign = call(&paged, "list_rows", json!({ "table": "opportunity" }))
        .await
        .unwrap_err();
    assert_eq!(foreign.kind, CallErrorKind::Unexpected);
    assert_eq!(paged.asked().len(), 2);
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn a_row_is_made_with_all_it_points_to() {
    let server = server([
        Answer::json(200, json!({ "value": [] })),
        Answer::json(201, json!({ "accountid": OTHER })),
        Answer::json(200, json!({ "value": [{ "systemuserid": OTHER }] })),
        Answer::json(
            201,
            json!({ "opportunityid": ID, "statecode": 0, "statuscode": 1 }),
        ),
        row(json!({ "statecode": 0, "statuscode": 1 })),
        Answer::bytes(204, b""),
        row(json!({ "statecode": 1, "statuscode": 3 })),
    ])
    .await;
    let input = json!({ "table": "opportunity", "row": {
        "name": "Deal", "estimatedvalue": 10, "statecode": 1, "statuscode": 3,
        "parentaccountid": { "find": { "name": "Contoso", "address1_postalcode": null }, "missing": "create",
            "create": { "name": "Contoso" } },
        "ownerid": { "find": { "internalemailaddress": "a@b.example" }, "missing": "leave" },
        "transactioncurrencyid": null,
        "cosell_opportunity_solution": [{ "cosell_name": "S" }] } });
    let made = call(&server, "create_row", input).await.unwrap();
    assert_eq!(made["statecode"], json!(1));
    assert_eq!(
        lines(&server)[0],
        "GET accounts?$select=accountid&$filter=name%20eq%20'Contoso'%20and%20address1_postalcode%20eq%20null"
    );
    let bodies = bodies(&server);
    let key = CallKey::new("run", "step", "call").guid();
    assert_eq!(
        bodies[1],
        json!({
        "name": "Deal", "estimatedvalue": 10, "isrevenuesystemcalculated": false, "opportunityid": key,
        "parentaccountid@odata.bind": format!("/accounts({OTHER})"),
        "ownerid@odata.bind": format!("/systemusers({OTHER})"),
        "transactioncurrencyid@odata.bind": null,
        "cosell_opportunity_solution": [{ "cosell_name": "S" }] })
    );
    assert_eq!(bodies[2]["Status"], json!(3));
}

#[tokio::test]
async fn a_repeated_create_returns_the_first_row() {
    let server = server([
        refused(412, "0x80040237"),
        row(json!({ "name": "Deal" })),
        refused(412, "0x80060892"),
        refused(404, "0x80040217"),
    ])
    .await;
    let input = json!({ "table": "opportunity", "row": { "name": "Deal" } });
    assert_eq!(
        call(&server, "create_row", input.clone()).await.unwrap()["name"],
        json!("Deal")
    );
    // Another row holds the alternate key: that is no repeat.
    let error = call(&server, "create_row", input).await.unwrap_err();
    assert_eq!(
        (error.kind, error.code.as_deref()),
        (CallErrorKind::Conflict, Some("0x80060892"))
    );
}

#[tokio::test]
async fn references_that_fit_nothing_or_too_much_are_refused() {
    let none = Answer::json(200, json!({ "value": [] }));
    let two = Answer::json(
        200,
        json!({ "value": [{ "accountid": ID }, { "accountid": OTHER }] }),
    );
    let reference = json!({ "find": { "name": "Contoso" } });
    let cases = [
        (
            vec![none],
            json!({ "parentaccountid": reference }),
            "no `account` row has",
        ),
        (
            vec![two],
            json!({ "parentaccountid": reference }),
            "several `account` rows have",
        ),
        (
            vec![],
            json!({ "customerid": ID }),
            "`account` or `contact`",
        ),
        (
            vec![],
            json!({ "parentaccountid": { "find": { "nosuch": 1 } } }),
            "no column `nosuch`",
        ),
        (
            vec![],
            json!({ "parentaccountid": { "serch": {} } }),
            "cannot be read",
        ),
        (vec![], json!({ "parentaccountid": 7 }), "is a lookup"),
        (vec![], json!({ "nosuch": 7 }), "no column `nosuch`"),
        (
            vec![],
            json!({ "cosell_opportunity_solution": {} }),
            "a list of rows is expected",
        ),
    ];
    for (answers, row, expected) in cases {
        let server = server(answers).await;
        let error = call(
            &server,
            "create_row",
            json!({ "table": "opportunity", "row": row }),
        )
        .await
        .unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Input, "{error}");
        assert!(error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_update_writes_the_row_then_what_follows() {
    let server = server([
        row(json!({ "statecode": 2, "statuscode": 4 })),
        Answer::json(
            200,
            json!({ "value": [{ "cosell_solutionid": OTHER, "cosell_name": "old" }] }),
        ),
        Answer::json(201, json!({})),
        Answer::bytes(204, b""),
        row(json!({ "statecode": 2, "statuscode": 4 })),
        Answer::bytes(204, b""),
        Answer::bytes(204, b""),
        row(json!({ "statecode": 1, "statuscode": 3 })),
    ])
    .await;
    let input = json!({ "table": "opportunity", "id": ID, "if_match": "W/\"1\"", "row": {
        "name": "Deal", "statecode": 1, "statuscode": 3,
        "cosell_opportunity_solution": [{ "cosell_name": "new" }] } });
    let updated = call(&server, "update_row", input).await.unwrap();
    assert_eq!(updated["statecode"], json!(1));
    assert_eq!(
        lines(&server),
        [
            format!("PATCH opportunities({ID})"),
            format!(
                "GET opportunities({ID})/cosell_opportunity_solution?$select=cosell_name,cosell_solutionid"
            ),
            "POST cosell_solutions".to_owned(),
            format!("DELETE cosell_solutions({OTHER})"),
            format!("GET opportunities({ID})?$select=statecode,statuscode"),
            format!("PATCH opportunities({ID})"),
            "POST WinOpportunity".to_owned(),
            format!("GET opportunities({ID})"),
        ]
    );
    let bodies = bodies(&server);
    assert_eq!(bodies[0], json!({ "name": "Deal" }));
    assert_eq!(
        bodies[1]["cosell_OpportunityId@odata.bind"],
        json!(format!("/opportunities({ID})"))
    );
    assert_eq!(bodies[2], json!({ "statecode": 0, "statuscode": 1 }));
    let patch = &server
        .asked()
        .into_iter()
        .find(|asked| asked.method == "PATCH")
        .unwrap();
    assert_eq!(patch.header("if-match"), Some("W/\"1\""));
}

#[tokio::test]
async fn a_stale_version_is_a_conflict() {
    let server = server([refused(412, "0x80060882"), row(json!({ "statecode": 0 }))]).await;
    let columns =
        json!({ "table": "opportunity", "id": ID, "if_match": "W/\"0\"", "row": { "name": "x" } });
    assert_eq!(
        call(&server, "update_row", columns).await.unwrap_err().kind,
        CallErrorKind::Conflict
    );
    let closing = json!({ "table": "opportunity", "id": ID, "if_match": "W/\"0\"", "row": { "statecode": 1 } });
    let error = call(&server, "update_row", closing).await.unwrap_err();
    assert_eq!(
        (error.kind, error.status),
        (CallErrorKind::Conflict, Some(412))
    );
}

#[tokio::test]
async fn an_upsert_tells_what_it_did() {
    let server = server([Answer::json(201, json!({ "accountid": ID }))]).await;
    let input = json!({ "table": "account", "key": { "accountnumber": "A 1" }, "row": { "name": "Contoso" } });
    assert_eq!(
        call(&server, "upsert_row", input).await.unwrap(),
        json!({ "row": { "accountid": ID }, "created": true })
    );
    assert_eq!(lines(&server), ["PATCH accounts(accountnumber='A%201')"]);
}

#[tokio::test]
async fn an_audit_line_is_tried_again_after_a_conflict() {
    let found = || row(json!({ "description": "old", "name": "✖ Deal" }));
    let server = server([
        found(),
        refused(412, "0x80060882"),
        found(),
        row(json!({ "name": "✔ Deal" })),
    ])
    .await;
    let input = json!({ "table": "opportunity", "by": [{ "opportunityid": ID }], "column": "description",
        "line": "all well", "mark": { "column": "name", "mark": "✔ ", "marks": ["✔ ", "✖ "] } });
    assert_eq!(
        call(&server, "append_audit", input).await.unwrap()["name"],
        json!("✔ Deal")
    );
    let sent = &bodies(&server)[1];
    assert_eq!(sent["name"], json!("✔ Deal"));
    assert!(
        sent["description"].as_str().unwrap().starts_with("old\n20"),
        "{sent}"
    );
}

#[tokio::test]
async fn the_first_poll_counts_from_now_on() {
    let change = |etag: &str, at: &str| json!({ "opportunityid": ID, "@odata.etag": etag, "modifiedon": at });
    let (old, new) = (
        change("a", "2026-01-01T10:00:00Z"),
        change("b", "2026-01-01T10:00:09Z"),
    );
    let server = server([
        Answer::json(200, json!({ "value": [old] })),
        Answer::json(200, json!({ "value": [old] })),
        Answer::json(200, json!({ "value": [old, new] })),
    ])
    .await;
    let connector = connected(&server);
    let trigger = connector.trigger("row_changed").unwrap();
    let input = json!({ "table": "opportunity", "filter": "name eq 'x'", "fields": ["name"] });
    let first = trigger.poll_any(&input, None).await.unwrap();
    assert_eq!(first.events, []);
    let second = trigger.poll_any(&input, Some(first.cursor)).await.unwrap();
    assert_eq!(second.events.len(), 1);
    assert_eq!(second.events[0].content_key, format!("opportunity|{ID}|b"));
    assert!(
        lines(&server)[2]
            .contains("$filter=(name%20eq%20'x')%20and%20modifiedon%20ge%202026-01-01T09:59:59Z")
    );
}
