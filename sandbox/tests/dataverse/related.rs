//! What the navigation properties of a row lead to.

use serde_json::{Value, json};

use super::{ID, MISSING, ROOT, started};
use crate::harness::{Case, Host, case};

const COLLECTION: &str = "cosell_opportunity_solution";

async fn opportunity_with_solutions() -> crate::harness::Harness {
    let harness = started().await;
    let body = json!({
        "opportunityid": ID, "name": "Harbour",
        "customerid_account@odata.bind": "/accounts(bbbbbbbb-0000-4000-8000-000000000001)",
        "cosell_opportunity_solution": [
            {"cosell_name": "One", "cosell_code": "SOL-1"},
            {"cosell_name": "Two", "cosell_code": "SOL-2"},
            {"cosell_name": "Three", "cosell_code": "SOL-3"},
        ],
    });
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), body).await;
    let stranger = json!({"name": "Other", "cosell_opportunity_solution": [{"cosell_name": "Strange"}]});
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), stranger).await;
    harness
}

#[tokio::test]
async fn a_row_leads_to_others() {
    let harness = opportunity_with_solutions().await;
    let read = |title, path: &str, status, parts| {
        case(title, "GET", format!("{ROOT}/opportunities({ID})/{path}"), Value::Null, status, parts)
    };
    let list = |title, query: &str, status, parts| read(title, &format!("{COLLECTION}{query}"), status, parts);
    let cases = vec![
        list("all of it", "", 200, &["One", "Two", "Three", "!Strange", "@odata.etag"]),
        list("select", "?$select=cosell_code", 200, &["#cosell_solutions(cosell_code)\"", "SOL-1", "!One"]),
        list("filter", "?$filter=cosell_code eq 'SOL-2'", 200, &["Two", "!One", "!Three"]),
        list("first by order", "?$orderby=cosell_code desc&$top=1", 200, &["Three", "!One", "!Two"]),
        list("count", "?$count=true&$top=1", 200, &["\"@odata.count\":3"]),
        list("unknown column", "?$select=nothing", 400, &["'nothing'"]),
        read(
            "one",
            "customerid_account?$select=name",
            200,
            &["#accounts(name)/$entity", "Contoso", "!address1_postalcode"],
        ),
        read("the other target", "customerid_contact", 204, &["!{"]),
        read("none", "parentcontactid", 204, &["!{"]),
        read("a column", "name", 200, &["\"value\":\"Harbour\""]),
        read("a column bare", "name/$value", 200, &["Harbour", "!{"]),
        read("an empty column", "description", 204, &["!{"]),
        read("its number", "cosell_opportunity_solution/$count", 200, &["\u{feff}3"]),
        read("a reference", "customerid_account/$ref", 200, &["\"@odata.id\"", "/accounts("]),
        read("references", "cosell_opportunity_solution/$ref", 200, &["/cosell_solutions("]),
        read("a reference expanded", "?$expand=customerid_account/$ref", 200, &["@odata.id"]),
        read("too much", "name/nothing", 404, &["0x8006088a"]),
        read("unknown", "nothing", 404, &["0x8006088a", "'nothing'"]),
        Case {
            headers: &[("prefer", "odata.include-annotations=\"*\"")],
            ..list("annotations", "?$select=statecode", 200, &["FormattedValue\":\"Active\""])
        },
        case(
            "no such row",
            "GET",
            format!("{ROOT}/opportunities({MISSING})/{COLLECTION}"),
            Value::Null,
            404,
            &["0x80040217"],
        ),
        case("no write", "POST", format!("{ROOT}/opportunities({ID})/{COLLECTION}"), json!({}), 404, &["No HTTP"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn related_rows_come_in_pages() {
    let harness = opportunity_with_solutions().await;
    let headers = [("prefer", "odata.maxpagesize=2")];
    let query = "?$select=cosell_code&$orderby=cosell_code";
    let first = format!("{ROOT}/opportunities({ID})/{COLLECTION}{query}");
    assert_eq!(harness.pages(&first, &headers, "cosell_code").await, ["SOL-1", "SOL-2", "SOL-3"]);
}
