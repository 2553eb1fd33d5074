//! Create, update, upsert, close, and what is refused.

use serde_json::{Value, json};

use super::{ID, MISSING, REPRESENTATION, ROOT, started};
use crate::harness::{Case, Host, case};

#[tokio::test]
async fn writes_follow_the_table_of_conditions() {
    let harness = started().await;
    let row = |id: &str| format!("{ROOT}/opportunities({id})");
    let patch = |title, id, headers, status, parts| Case {
        title,
        method: "PATCH",
        path: row(id),
        headers,
        body: json!({"description": "x"}),
        status,
        parts,
    };
    let any = [("if-match", "*")].as_slice();
    let new = [("if-none-match", "*")].as_slice();
    let old = [("if-match", "W/\"1\"")].as_slice();
    let cases = vec![
        case("create", "POST", format!("{ROOT}/opportunities"), json!({"opportunityid": ID, "name": "A"}), 204, &[]),
        case("same key", "POST", format!("{ROOT}/opportunities"), json!({"opportunityid": ID}), 412, &["0x80040237"]),
        patch("update", ID, &[], 204, &[]),
        patch("update only", ID, any, 204, &[]),
        patch("update only, missing", MISSING, any, 404, &["0x80040217"]),
        patch("insert only, there", ID, new, 412, &["matching key values"]),
        patch("stale", ID, old, 412, &["0x80060882"]),
        patch("with row", ID, REPRESENTATION, 200, &["\"description\":\"x\"", "@odata.etag"]),
        patch("upsert", MISSING, REPRESENTATION, 201, &[MISSING]),
        case("delete", "DELETE", row(MISSING), Value::Null, 204, &[]),
        case("delete again", "DELETE", row(MISSING), Value::Null, 404, &["0x80040217"]),
        case("wrong verb", "DELETE", format!("{ROOT}/opportunities"), Value::Null, 404, &["No HTTP resource"]),
        case("unknown set", "GET", format!("{ROOT}/Opportunities"), Value::Null, 404, &["0x8006088a"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn etags_move_and_created_rows_are_named() {
    let harness = started().await;
    let path = format!("{ROOT}/opportunities");
    let made = harness.send(Host::Dataverse, "POST", &path, &[], &json!({"name": "A"})).await.unwrap();
    let address = made.headers()["odata-entityid"].to_str().unwrap().to_owned();
    assert_eq!(made.headers()["odata-version"], "4.0");
    let relative = address.strip_prefix(harness.base(Host::Dataverse)).unwrap().to_owned();
    let before = harness.json(Host::Dataverse, "GET", &relative, Value::Null).await;
    let etag = before["@odata.etag"].as_str().unwrap().to_owned();
    let headers = [("if-match", etag.as_str())];
    let change = json!({"name": "B"});
    let first = harness.send(Host::Dataverse, "PATCH", &relative, &headers, &change).await.unwrap();
    assert_eq!(first.status(), 204);
    let second = harness.send(Host::Dataverse, "PATCH", &relative, &headers, &change).await.unwrap();
    assert_eq!(second.status(), 412);
    let after = harness.json(Host::Dataverse, "GET", &relative, Value::Null).await;
    assert!(after["versionnumber"].as_u64() > before["versionnumber"].as_u64());
    assert_eq!(after["modifiedon"].as_str().unwrap().len(), "2024-05-31T10:20:30Z".len());
}

#[tokio::test]
async fn bodies_are_checked() {
    let harness = started().await;
    let cases = [
        ("unknown property", json!({"nothing": 1}), 400, "Invalid property 'nothing'"),
        ("unknown navigation", json!({"customerid@odata.bind": "/accounts(x)"}), 400, "0x80048d19"),
        ("lookup as value", json!({"_parentaccountid_value": MISSING}), 400, "is a lookup"),
        ("text as number", json!({"estimatedvalue": "5"}), 400, "Edm.Decimal"),
        ("time in a day", json!({"estimatedclosedate": "2024-05-31T00:00:00Z"}), 400, "Edm.Date"),
        ("long text", json!({"name": "x".repeat(301)}), 400, "0x80044331"),
        ("missing row", json!({"parentaccountid@odata.bind": format!("/accounts({MISSING})")}), 404, "0x80040217"),
        (
            "wrong table",
            json!({"customerid_contact@odata.bind": "/accounts(bbbbbbbb-0000-4000-8000-000000000001)"}),
            400,
            "takes a row of contact",
        ),
        ("misfit status", json!({"statuscode": 4}), 400, "not a valid status"),
    ];
    for (title, body, status, part) in cases {
        let response =
            harness.send(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), &[], &body).await.unwrap();
        assert_eq!(response.status().as_u16(), status, "{title}");
        let text = response.text().await.unwrap();
        assert!(text.contains(part), "{title}: {text}");
    }
}

#[tokio::test]
async fn opportunities_close_by_action_only() {
    let harness = started().await;
    let row = format!("{ROOT}/opportunities({ID})");
    let close = |status: i64| {
        let bind = format!("/opportunities({ID})");
        json!({"Status": status, "OpportunityClose": {"subject": "End", "opportunityid@odata.bind": bind}})
    };
    let (win, lose) = (format!("{ROOT}/WinOpportunity"), format!("{ROOT}/LoseOpportunity"));
    let select = format!("{row}?$select=statecode,statuscode,actualvalue");
    let cases = vec![
        case(
            "create",
            "POST",
            format!("{ROOT}/opportunities"),
            json!({"opportunityid": ID, "name": "A", "estimatedvalue": 7}),
            204,
            &[],
        ),
        case("hold", "PATCH", row.clone(), json!({"statuscode": 2}), 204, &[]),
        case("plain win", "PATCH", row.clone(), json!({"statecode": 1, "statuscode": 3}), 400, &["WinOpportunity"]),
        case("wrong reason", "POST", win.clone(), close(4), 400, &["not a valid status"]),
        case("win", "POST", win, close(3), 204, &[]),
        case(
            "won",
            "GET",
            select.clone(),
            Value::Null,
            200,
            &["\"statecode\":1", "\"statuscode\":3", "\"actualvalue\":7"],
        ),
        case("lose a won one", "POST", lose.clone(), close(4), 400, &["already closed"]),
        case("reopen", "PATCH", row.clone(), json!({"statecode": 0, "statuscode": 1}), 204, &[]),
        case("lose", "POST", lose, close(5), 204, &[]),
        case("lost", "GET", select, Value::Null, 200, &["\"statecode\":2", "\"statuscode\":5"]),
        case("two closings", "GET", format!("{ROOT}/opportunitycloses/$count"), Value::Null, 200, &["2"]),
        case(
            "calculated",
            "PATCH",
            row.clone(),
            json!({"isrevenuesystemcalculated": true, "estimatedvalue": 9}),
            204,
            &[],
        ),
        case("ignored", "GET", row, Value::Null, 200, &["\"estimatedvalue\":7"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn a_nested_failure_leaves_nothing_behind() {
    let harness = started().await;
    let body = json!({"name": "A", "cosell_opportunity_solution": [{"cosell_name": "One"}, {"nothing": 1}]});
    let cases = vec![
        case("bad child", "POST", format!("{ROOT}/opportunities"), body, 400, &["'nothing'"]),
        case("no parent", "GET", format!("{ROOT}/opportunities/$count"), Value::Null, 200, &["0"]),
        case("no sibling", "GET", format!("{ROOT}/cosell_solutions/$count"), Value::Null, 200, &["0"]),
        case(
            "upsert by key",
            "PATCH",
            format!("{ROOT}/opportunities(cosell_referralid='R-2')"),
            json!({"name": "K"}),
            204,
            &[],
        ),
        case(
            "again",
            "PATCH",
            format!("{ROOT}/opportunities(cosell_referralid='R-2')"),
            json!({"name": "L"}),
            204,
            &[],
        ),
        case(
            "one row",
            "GET",
            format!("{ROOT}/opportunities?$select=name,cosell_referralid"),
            Value::Null,
            200,
            &["\"name\":\"L\"", "R-2", "!\"K\""],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}
