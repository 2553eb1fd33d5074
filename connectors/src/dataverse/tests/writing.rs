//! Writes: rows, what they point to, what belongs to them.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cosell_engine::connector::CallErrorKind;
use serde_json::json;

use super::*;

#[tokio::test]
async fn a_row_is_made_with_all_it_points_to() {
    let server = server([
        Answer::json(200, json!({ "value": [] })),
        Answer::json(201, json!({ "accountid": OTHER })),
        Answer::json(200, json!({ "value": [{ "systemuserid": OTHER }] })),
        Answer::json(201, json!({ "opportunityid": ID, "statecode": 0, "statuscode": 1 })),
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
async fn d03_a_repeated_create_returns_the_first_row() {
    let server = server([
        refused(412, "0x80040237"),
        row(json!({ "name": "Deal" })),
        refused(412, "0x80060892"),
        refused(404, "0x80040217"),
    ])
    .await;
    let input = json!({ "table": "opportunity", "row": { "name": "Deal" } });
    assert_eq!(call(&server, "create_row", input.clone()).await.unwrap()["name"], json!("Deal"));
    // Another row holds the alternate key: that is no repeat.
    let error = call(&server, "create_row", input).await.unwrap_err();
    assert_eq!((error.kind, error.code.as_deref()), (CallErrorKind::Conflict, Some("0x80060892")));
}

#[tokio::test]
async fn references_that_fit_nothing_or_too_much_are_refused() {
    let none = Answer::json(200, json!({ "value": [] }));
    let two = Answer::json(200, json!({ "value": [{ "accountid": ID }, { "accountid": OTHER }] }));
    let reference = json!({ "find": { "name": "Contoso" } });
    let cases = [
        (vec![none], json!({ "parentaccountid": reference }), "no `account` row has"),
        (vec![two], json!({ "parentaccountid": reference }), "several `account` rows have"),
        (vec![], json!({ "customerid": ID }), "`account` or `contact`"),
        (vec![], json!({ "parentaccountid": { "find": { "nosuch": 1 } } }), "no column `nosuch`"),
        (vec![], json!({ "parentaccountid": { "serch": {} } }), "cannot be read"),
        (vec![], json!({ "parentaccountid": 7 }), "is a lookup"),
        (vec![], json!({ "nosuch": 7 }), "no column `nosuch`"),
        (vec![], json!({ "cosell_opportunity_solution": {} }), "a list of rows is expected"),
    ];
    for (answers, row, expected) in cases {
        let server = server(answers).await;
        let error = call(&server, "create_row", json!({ "table": "opportunity", "row": row })).await.unwrap_err();
        assert_eq!(error.kind, CallErrorKind::Input, "{error}");
        assert!(error.message.contains(expected), "{error}");
    }
}

#[tokio::test]
async fn an_update_writes_the_row_then_what_follows() {
    let server = server([
        row(json!({ "statecode": 2, "statuscode": 4 })),
        Answer::json(200, json!({ "value": [{ "cosell_solutionid": OTHER, "cosell_name": "old" }] })),
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
            format!("GET opportunities({ID})/cosell_opportunity_solution?$select=cosell_name,cosell_solutionid"),
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
    assert_eq!(bodies[1]["cosell_OpportunityId@odata.bind"], json!(format!("/opportunities({ID})")));
    assert_eq!(bodies[2], json!({ "statecode": 0, "statuscode": 1 }));
    let patch = &server.asked().into_iter().find(|asked| asked.method == "PATCH").unwrap();
    assert_eq!(patch.header("if-match"), Some("W/\"1\""));
}

#[tokio::test]
async fn d04_a_stale_version_is_a_conflict() {
    let answers = [refused(412, "0x80060882"), row(json!({ "name": "y" })), row(json!({ "statecode": 0 }))];
    let server = server(answers).await;
    let columns = json!({ "table": "opportunity", "id": ID, "if_match": "W/\"0\"", "row": { "name": "x" } });
    assert_eq!(call(&server, "update_row", columns).await.unwrap_err().kind, CallErrorKind::Conflict);
    let closing = json!({ "table": "opportunity", "id": ID, "if_match": "W/\"0\"", "row": { "statecode": 1 } });
    let error = call(&server, "update_row", closing).await.unwrap_err();
    assert_eq!((error.kind, error.status), (CallErrorKind::Conflict, Some(412)));
}

#[tokio::test]
async fn d02_an_upsert_tells_what_it_did() {
    let key = CallKey::new("run", "step", "call").guid();
    let server = server([
        refused(404, "0x80040217"),
        Answer::json(201, json!({ "accountid": key })),
        Answer::json(200, json!({ "accountid": ID })),
        refused(404, "0x80040217"),
        refused(412, "0x80060892"),
        Answer::json(200, json!({ "accountid": ID })),
    ])
    .await;
    let input = json!({ "table": "account", "key": { "accountnumber": "A 1" }, "row": { "name": "Contoso" } });
    // There was none, there was one, and somebody made one in between.
    for (id, created) in [(key.to_string(), true), (ID.to_owned(), false), (ID.to_owned(), false)] {
        let upserted = call(&server, "upsert_row", input.clone()).await.unwrap();
        assert_eq!(upserted, json!({ "row": { "accountid": id }, "created": created }));
    }
    assert_eq!(lines(&server), ["PATCH accounts(accountnumber='A%201')"; 6]);
    let made = &bodies(&server)[1];
    assert_eq!(*made, json!({ "name": "Contoso", "accountid": key }));
}

#[tokio::test]
async fn an_audit_line_is_tried_again_after_a_conflict() {
    let found = || row(json!({ "description": "old", "name": "✖ Deal" }));
    let server = server([found(), refused(412, "0x80060882"), found(), row(json!({ "name": "✔ Deal" }))]).await;
    let input = json!({ "table": "opportunity", "by": [{ "opportunityid": ID }], "column": "description",
        "line": "all well", "mark": { "column": "name", "write": "✔ ", "marks": ["✔ ", "✖ "] } });
    assert_eq!(call(&server, "append_audit", input).await.unwrap()["name"], json!("✔ Deal"));
    let sent = &bodies(&server)[1];
    assert_eq!(sent["name"], json!("✔ Deal"));
    assert!(sent["description"].as_str().unwrap().starts_with("old\n20"), "{sent}");
}

#[tokio::test]
async fn d01_a_change_never_makes_a_row() {
    for (if_match, sent) in [(Value::Null, "*"), (json!("W/\"1\""), "W/\"1\"")] {
        let server = server([Answer::bytes(204, b""), row(json!({ "name": "Deal" }))]).await;
        let mut input = json!({ "table": "opportunity", "id": ID, "row": { "name": "Deal" } });
        if if_match != Value::Null {
            input["if_match"] = if_match;
        }
        let _ = call(&server, "update_row", input).await;
        let changes: Vec<Asked> = server.asked().into_iter().filter(|asked| asked.method == "PATCH").collect();
        assert!(!changes.is_empty());
        for change in changes {
            assert_eq!(change.header("if-match"), Some(sent), "{}", change.target);
        }
    }
}

/// Nothing is cut, since half a text is another text: the service says which column takes how much, and that stands.
#[tokio::test]
async fn d13_a_text_that_is_too_long_is_refused_with_its_column_and_length() {
    let said =
        "A validation error occurred. The length of the 'name' attribute exceeded the maximum allowed length of '300'.";
    let too_long = || Answer::json(400, json!({ "error": { "code": "0x80044331", "message": said } }));
    let server = server([too_long(), too_long()]).await;
    let row = json!({ "name": "n".repeat(301) });
    for (operation, input) in [
        ("create_row", json!({ "table": "opportunity", "row": row })),
        ("update_row", json!({ "table": "opportunity", "id": ID, "row": row, "if_match": "W/\"1\"" })),
    ] {
        let refused = call(&server, operation, input).await.unwrap_err();
        assert_eq!((refused.kind, refused.code.as_deref()), (CallErrorKind::Input, Some("0x80044331")), "{operation}");
        assert!(refused.message.contains("'name'") && refused.message.contains("'300'"), "{operation}: {refused}");
    }
    assert!(bodies(&server).iter().all(|body| body["name"].as_str().is_some_and(|name| name.len() == 301)));
}
