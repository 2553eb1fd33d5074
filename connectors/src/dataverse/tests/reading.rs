//! Reads, and the poll.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use cosell_engine::connector::CallErrorKind;
use serde_json::json;

use super::*;

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
    let found = call(&server, "get_row", json!({ "table": "opportunity", "id": ID, "fields": fields })).await.unwrap();
    assert_eq!(found["ownerid"], json!({ "internalemailaddress": "a@b.example" }));
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
        (json!({ "table": "opportunity", "id": ID, "fields": ["nmae"] }), "did you mean `name`"),
        (json!({ "table": "opportunity", "id": ID, "fields": ["parentaccountid.nam"] }), "did you mean `name`"),
        (json!({ "table": "opportunity", "id": ID, "fields": ["nowhere[].x"] }), "no column `nowhere`"),
        (json!({ "table": "nosuch", "id": ID }), "there is no table `nosuch`"),
        (json!({ "table": "opportunity", "id": "7" }), "`7` is not the id of a row"),
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
        Answer::json(200, json!({ "value": [{ "opportunityid": OTHER, "name": "Deal" }] })),
        refused(404, "0x80040217"),
        Answer::json(200, json!({ "value": [{ "opportunityid": ID }, { "opportunityid": OTHER }] })),
    ])
    .await;
    assert_eq!(call(&server, "find_row", input.clone()).await.unwrap()["name"], json!("Deal"));
    let several = call(&server, "find_row", input).await.unwrap_err();
    assert_eq!(several.kind, CallErrorKind::Conflict);
    assert!(several.message.contains(ID) && several.message.contains(OTHER), "{several}");
    assert_eq!(lines(&server)[1], "GET opportunities?$select=name&$filter=cosell_referralid%20eq%20'r-1'");
}

#[tokio::test]
async fn d06_lists_resend_the_page_size() {
    let next = "/api/data/v9.2/opportunities?$skiptoken=%3Ccookie%2520p%3E";
    let server = server([
        Answer::json(200, json!({ "value": [{ "name": "a" }], "@odata.nextLink": next })),
        Answer::json(200, json!({ "value": [{ "name": "b" }, { "name": "c" }] })),
    ])
    .await;
    let found = call(&server, "list_rows", json!({ "table": "opportunity", "top": 2 })).await.unwrap();
    assert_eq!(found, json!({ "value": [{ "name": "a" }, { "name": "b" }] }));
    assert_eq!(lines(&server), ["GET opportunities", "GET opportunities?$skiptoken=%3Ccookie%2520p%3E"]);
    let asked = server.asked();
    let pages = asked.iter().filter_map(|asked| asked.header("prefer"));
    assert!(pages.clone().count() == 2 && pages.clone().all(|prefer| prefer.ends_with("odata.maxpagesize=2")));
}

#[tokio::test]
async fn t09_d19_a_next_page_elsewhere_is_not_followed() {
    let page = json!({ "value": [{ "name": "a" }], "@odata.nextLink": "https://elsewhere.example/api/data/v9.2/x" });
    let server = server([Answer::json(200, page)]).await;
    let error = call(&server, "list_rows", json!({ "table": "opportunity" })).await.unwrap_err();
    assert_eq!(error.kind, CallErrorKind::Unexpected);
    assert_eq!(lines(&server), ["GET opportunities"]);
}

#[tokio::test]
async fn the_first_poll_counts_from_now_on() {
    let change = |etag: &str, at: &str| json!({ "opportunityid": ID, "@odata.etag": etag, "modifiedon": at });
    let (old, new) = (change("a", "2026-01-01T10:00:00Z"), change("b", "2026-01-01T10:00:09Z"));
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
    assert!(lines(&server)[2].contains("$filter=(name%20eq%20'x')%20and%20modifiedon%20ge%202026-01-01T09:58:00Z"));
}
