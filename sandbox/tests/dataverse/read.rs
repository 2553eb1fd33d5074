//! Queries, pages and definitions.

use serde_json::{Value, json};

use super::{ID, ROOT, started};
use crate::harness::{Case, Host, case};

#[tokio::test]
async fn lookups_children_and_queries() {
    let harness = started().await;
    let body = json!({
        "opportunityid": ID, "name": "Harbour", "estimatedvalue": 12.5, "cosell_referralid": "R-1", "cosell_sync": true,
        "customerid_account@odata.bind": "/accounts(bbbbbbbb-0000-4000-8000-000000000001)",
        "parentaccountid@odata.bind": "accounts(bbbbbbbb-0000-4000-8000-000000000001)",
        "transactioncurrencyid@odata.bind": "/transactioncurrencies(isocurrencycode='SEK')",
        "parentcontactid": {"firstname": "Test", "lastname": "Person", "emailaddress1": "t@contoso.example"},
        "cosell_opportunity_solution": [{"cosell_name": "One", "cosell_code": "SOL-1"}, {"cosell_name": "Two"}],
    });
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), body).await;
    let list = |query: &str| format!("{ROOT}/opportunities?{query}");
    let annotated = [("prefer", "odata.include-annotations=\"*\",odata.maxpagesize=5")].as_slice();
    let cases = vec![
        case(
            "by key",
            "GET",
            format!("{ROOT}/opportunities(cosell_referralid='R-1')?$select=name"),
            Value::Null,
            200,
            &["Harbour", ID, "!estimatedvalue"],
        ),
        case(
            "no such key",
            "GET",
            format!("{ROOT}/opportunities(estimatedvalue='1')"),
            Value::Null,
            400,
            &["key in the request URI"],
        ),
        case(
            "by lookup",
            "GET",
            list("$filter=_customerid_value eq bbbbbbbb-0000-4000-8000-000000000001"),
            Value::Null,
            200,
            &["Harbour"],
        ),
        case(
            "by related",
            "GET",
            list("$filter=parentaccountid/name eq 'CONTOSO' and statecode eq 0"),
            Value::Null,
            200,
            &["Harbour"],
        ),
        case(
            "by child",
            "GET",
            list("$filter=cosell_opportunity_solution/any(s:s/cosell_code eq 'SOL-1')"),
            Value::Null,
            200,
            &["Harbour"],
        ),
        case(
            "by currency",
            "GET",
            list("$filter=transactioncurrencyid/isocurrencycode eq 'USD'"),
            Value::Null,
            200,
            &["\"value\":[]"],
        ),
        case(
            "encoded",
            "GET",
            list("%24filter=contains(name,%27arb%27)&%24count=true"),
            Value::Null,
            200,
            &["\"@odata.count\":1"],
        ),
        case(
            "expand",
            "GET",
            list(
                "$select=name&$expand=parentcontactid($select=fullname),\
                  cosell_opportunity_solution($select=cosell_name;$filter=cosell_name eq 'Two')",
            ),
            Value::Null,
            200,
            &["\"fullname\":\"Test Person\"", "\"cosell_name\":\"Two\"", "!\"One\""],
        ),
        Case {
            headers: annotated,
            ..case(
                "annotations",
                "GET",
                list("$select=estimatedvalue,_customerid_value"),
                Value::Null,
                200,
                &["kr12.50", "\"customerid_account\"", "lookuplogicalname"],
            )
        },
        case("select lookup", "GET", list("$select=customerid"), Value::Null, 400, &["0x80060888"]),
        case("skip", "GET", list("$skip=1"), Value::Null, 400, &["$skip"]),
        case("count", "GET", format!("{ROOT}/cosell_solutions/$count"), Value::Null, 200, &["\u{feff}2"]),
        case(
            "clear",
            "PATCH",
            format!("{ROOT}/opportunities({ID})"),
            json!({"parentcontactid@odata.bind": null}),
            204,
            &[],
        ),
        case("cleared", "GET", list("$filter=_parentcontactid_value eq null"), Value::Null, 200, &["Harbour"]),
        case(
            "customer goes",
            "DELETE",
            format!("{ROOT}/accounts(bbbbbbbb-0000-4000-8000-000000000001)"),
            Value::Null,
            204,
            &[],
        ),
        case("and its deals", "GET", format!("{ROOT}/opportunities({ID})"), Value::Null, 404, &["0x80040217"]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn pages_follow_the_preference() {
    let harness = started().await;
    for number in 0..5 {
        harness.json(Host::Dataverse, "POST", &format!("{ROOT}/leads"), json!({"subject": format!("L{number}")})).await;
    }
    let headers = [("prefer", "odata.maxpagesize=2")];
    let first = format!("{ROOT}/leads?$select=subject&$orderby=subject desc&$top=1");
    assert_eq!(harness.pages(&first, &headers, "subject").await, ["L4", "L3", "L2", "L1", "L0"]);
}

#[tokio::test]
async fn definitions_describe_the_tables() {
    let harness = started().await;
    let path = format!(
        "{ROOT}/EntityDefinitions(LogicalName='cosell_solution')?$select=LogicalName,EntitySetName,PrimaryIdAttribute\
         &$expand=Attributes($select=LogicalName,AttributeType),\
         ManyToOneRelationships($select=ReferencingAttribute,ReferencedEntity,ReferencingEntityNavigationPropertyName)"
    );
    let definition = harness.json(Host::Dataverse, "GET", &path, Value::Null).await;
    assert_eq!(definition["EntitySetName"], "cosell_solutions");
    assert_eq!(definition["PrimaryIdAttribute"], "cosell_solutionid");
    let attributes = definition["Attributes"].to_string();
    assert!(attributes.contains("\"cosell_name\"") && attributes.contains("\"Lookup\""), "{attributes}");
    let relationships = definition["ManyToOneRelationships"].to_string();
    assert!(relationships.contains("\"cosell_opportunityid\""), "{relationships}");
    let path = format!("{ROOT}/EntityDefinitions(LogicalName='opportunity')?$expand=OneToManyRelationships,Keys");
    let definition = harness.json(Host::Dataverse, "GET", &path, Value::Null).await;
    assert!(definition["OneToManyRelationships"].to_string().contains("\"cosell_opportunity_solution\""));
    let who = harness.json(Host::Dataverse, "GET", &format!("{ROOT}/WhoAmI()"), Value::Null).await;
    let user = format!("{ROOT}/systemusers({})", who["UserId"].as_str().unwrap());
    assert_eq!(harness.json(Host::Dataverse, "GET", &user, Value::Null).await["fullname"], "Connector App");
}
