//! Rows tied and parted, columns written alone, and actions that close.

use serde_json::{Value, json};

use super::{ACCOUNT, ID, MISSING, ROOT, ask, started, switch};
use crate::harness::{Case, Host, case};

#[tokio::test]
async fn rows_are_tied_and_parted_by_reference() {
    let harness = started().await;
    let solution = "cccccccc-0000-4000-8000-000000000001";
    let id = |path: &str| json!({"@odata.id": format!("{}{ROOT}/{path}", harness.base(Host::Dataverse))});
    let to = |path: &str| format!("{ROOT}/opportunities({ID})/{path}");
    let collection = "cosell_opportunity_solution";
    let count = |title, parts| case(title, "GET", to(&format!("{collection}/$count")), Value::Null, 200, parts);
    let cases = vec![
        case("one", "POST", format!("{ROOT}/opportunities"), json!({"opportunityid": ID}), 204, &[]),
        case("other", "POST", format!("{ROOT}/cosell_solutions"), json!({"cosell_solutionid": solution}), 204, &[]),
        case("single", "PUT", to("parentaccountid/$ref"), id(&format!("accounts({ACCOUNT})")), 204, &[]),
        case("tied", "GET", to("parentaccountid?$select=name"), Value::Null, 200, &["Contoso"]),
        case("parted", "DELETE", to("parentaccountid/$ref"), Value::Null, 204, &[]),
        case("empty", "GET", to("parentaccountid"), Value::Null, 204, &[]),
        case(
            "wrong table",
            "PUT",
            to("parentaccountid/$ref"),
            id(&format!("opportunities({ID})")),
            400,
            &["takes a row of account"],
        ),
        case(
            "missing row",
            "PUT",
            to("parentaccountid/$ref"),
            id(&format!("accounts({MISSING})")),
            404,
            &["0x80040217"],
        ),
        case("no id", "PUT", to("parentaccountid/$ref"), json!({}), 400, &["@odata.id"]),
        case(
            "in a collection",
            "POST",
            to(&format!("{collection}/$ref")),
            id(&format!("cosell_solutions({solution})")),
            204,
            &[],
        ),
        count("one of it", &["1"]),
        case("out of it", "DELETE", to(&format!("{collection}({solution})/$ref")), Value::Null, 204, &[]),
        count("none of it", &["0"]),
        case("not in it", "DELETE", to(&format!("{collection}({solution})/$ref")), Value::Null, 404, &["0x80040217"]),
        case(
            "bound",
            "PATCH",
            format!("{ROOT}/opportunities({ID})"),
            json!({"cosell_opportunity_solution@odata.bind": [format!("cosell_solutions({solution})")]}),
            204,
            &[],
        ),
        count("again", &["1"]),
        case(
            "by query",
            "DELETE",
            to(&format!("{collection}/$ref?$id={ROOT}/cosell_solutions({solution})")),
            Value::Null,
            204,
            &[],
        ),
        count("again none", &["0"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn columns_are_written_alone() {
    let harness = started().await;
    let column = |name: &str| format!("{ROOT}/accounts({ACCOUNT})/{name}");
    let cases = vec![
        case("put", "PUT", column("telephone1"), json!({"value": "555"}), 204, &[]),
        case("there", "GET", column("telephone1/$value"), Value::Null, 200, &["555"]),
        case("clear", "DELETE", column("telephone1"), Value::Null, 204, &[]),
        case("gone", "GET", column("telephone1"), Value::Null, 204, &[]),
        case("no value", "PUT", column("telephone1"), json!({}), 400, &["'value'"]),
        case("unknown", "PUT", column("nothing"), json!({"value": 1}), 404, &["0x8006088a"]),
        case("wrong type", "PUT", column("telephone1"), json!({"value": 1}), 400, &["Edm.String"]),
        case(
            "no row",
            "PUT",
            format!("{ROOT}/accounts({MISSING})/telephone1"),
            json!({"value": "1"}),
            404,
            &["0x80040217"],
        ),
        case(
            "option",
            "POST",
            format!("{ROOT}/opportunities"),
            json!({"opportunityratingcode": 9}),
            400,
            &["0x8004431a", "Accepted Values: 1,2,3"],
        ),
        Case {
            headers: &[("if-match", "W/\"1\"")],
            ..case("stale", "DELETE", format!("{ROOT}/accounts({ACCOUNT})"), Value::Null, 412, &["0x80060882"])
        },
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d11_states_go_their_ways_only() {
    let harness = started().await;
    let row = format!("{ROOT}/opportunities({ID})");
    let close = |status: i64| json!({"Status": status, "OpportunityClose": {"opportunityid@odata.bind": format!("/opportunities({ID})"), "actualend": "2024-05-31", "actualrevenue": 10}});
    let cases = vec![
        case("create", "POST", format!("{ROOT}/opportunities"), json!({"opportunityid": ID, "name": "A"}), 204, &[]),
        case("misfit", "PATCH", row.clone(), json!({"statecode": 0, "statuscode": 3}), 400, &["not a valid status"]),
        case("plain win", "PATCH", row.clone(), json!({"statecode": 1}), 400, &["WinOpportunity"]),
        case("win", "POST", format!("{ROOT}/WinOpportunity"), close(3), 204, &[]),
        case(
            "activity",
            "GET",
            format!("{ROOT}/opportunitycloses?$filter=_opportunityid_value eq {ID}"),
            Value::Null,
            200,
            &["\"statecode\":1", "\"statuscode\":2"],
        ),
        case(
            "won",
            "GET",
            row.clone(),
            Value::Null,
            200,
            &["\"actualvalue\":10", "\"actualvalue_base\":10.0", "\"actualclosedate\":\"2024-05-31\""],
        ),
        case("edited all the same", "PATCH", row.clone(), json!({"description": "D"}), 204, &[]),
        case("lose", "POST", format!("{ROOT}/LoseOpportunity"), close(5), 400, &["already closed"]),
        case("won to lost", "PATCH", row.clone(), json!({"statecode": 2}), 400, &["LoseOpportunity"]),
    ];
    harness.check(Host::Dataverse, cases).await;
    switch(&harness, json!({"closed_is_read_only": true})).await;
    let cases = vec![
        case("read-only", "PATCH", row.clone(), json!({"description": "E"}), 400, &["reopen"]),
        case("reopen", "PATCH", row.clone(), json!({"statecode": 0, "statuscode": 1}), 204, &[]),
        case("edited", "PATCH", row, json!({"description": "E"}), 204, &[]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d11_a_lead_is_qualified() {
    let harness = started().await;
    let lead = json!({
        "leadid": ID, "subject": "Deal", "firstname": "Ada", "lastname": "P", "companyname": "Fabrikam", "estimatedamount": 9,
    });
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/leads"), lead).await;
    let path = format!("leads({ID})/Microsoft.Dynamics.CRM.QualifyLead");
    let body = json!({"CreateAccount": true, "CreateContact": true, "CreateOpportunity": true, "Status": 3});
    let (status, _, text) = ask(&harness, "POST", &path, &[], body.clone()).await;
    assert_eq!(status, 200, "{text}");
    let made: Value = serde_json::from_str(&text).unwrap();
    let opportunity = made["value"][2]["opportunityid"].as_str().unwrap();
    let cases = vec![
        case(
            "opportunity",
            "GET",
            format!(
                "{ROOT}/opportunities({opportunity})?$expand=customerid_account($select=name),parentcontactid($select=fullname),originatingleadid($select=statecode)"
            ),
            Value::Null,
            200,
            &["\"Fabrikam\"", "\"Ada P\"", "\"statecode\":1", "\"estimatedvalue\":9"],
        ),
        case("again", "POST", format!("{ROOT}/{path}"), body, 400, &["already closed"]),
        case(
            "of a row that is not there",
            "POST",
            format!("{ROOT}/leads({MISSING})/Microsoft.Dynamics.CRM.QualifyLead"),
            json!({}),
            404,
            &["0x80040217"],
        ),
        case("to disqualified", "PATCH", format!("{ROOT}/leads({ID})"), json!({"statecode": 2}), 400, &["0x80040203"]),
        case("to open", "PATCH", format!("{ROOT}/leads({ID})"), json!({"statecode": 0}), 204, &[]),
        case(
            "and disqualified",
            "PATCH",
            format!("{ROOT}/leads({ID})"),
            json!({"statecode": 2, "statuscode": 5}),
            204,
            &[],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn operations_of_no_set_answer() {
    let harness = started().await;
    let delete = json!({"JobName": "J", "QuerySet": [{"EntityName": "account", "Criteria": {"Conditions": [{
        "AttributeName": "accountid", "Operator": "In", "Values": [{"Value": ACCOUNT, "Type": "System.Guid"}],
    }]}}]});
    let get = |title, path: &str, parts| case(title, "GET", format!("{ROOT}/{path}"), Value::Null, 200, parts);
    let cases = vec![
        get("version", "RetrieveVersion()", &["9.2"]),
        get("languages", "RetrieveAvailableLanguages", &["1033"]),
        get("organization", "RetrieveCurrentOrganization()", &["55555555"]),
        get(
            "totals",
            "RetrieveTotalRecordCount(EntityNames=['account'])",
            &["\"Keys\":[\"account\"]", "\"Values\":[1]"],
        ),
        case("delete", "POST", format!("{ROOT}/BulkDelete"), delete, 200, &["\"JobId\":"]),
        get("deleted", "accounts/$count", &["\u{feff}0"]),
        case("publish", "POST", format!("{ROOT}/PublishAllXml"), json!({}), 204, &[]),
        case("wrong verb", "POST", format!("{ROOT}/WhoAmI"), json!({}), 404, &["No HTTP"]),
        case("not played", "GET", format!("{ROOT}/RetrieveDuplicates()"), Value::Null, 501, &["does not play"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}
