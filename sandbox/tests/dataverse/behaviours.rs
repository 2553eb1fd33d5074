//! Behaviours of the reference that are told in one short exchange each.

use serde_json::{Value, json};

use super::{ACCOUNT, ID, MISSING, REPRESENTATION, ROOT, ask, protect, started, switch};
use crate::harness::{Case, Harness, Host, case};

const ANNOTATED: &[(&str, &str)] = &[("prefer", "odata.include-annotations=\"*\"")];

fn row() -> String {
    format!("{ROOT}/opportunities({ID})")
}

async fn with_opportunity(values: Value) -> Harness {
    let harness = started().await;
    let mut body = json!({"opportunityid": ID, "name": "Harbour"});
    body.as_object_mut().unwrap().extend(values.as_object().unwrap().clone());
    harness.json(Host::Dataverse, "POST", &format!("{ROOT}/opportunities"), body).await;
    harness
}

#[tokio::test]
async fn d01_a_create_answers_with_an_address_and_with_the_row_only_when_asked() {
    let harness = started().await;
    let (status, headers, body) = ask(&harness, "POST", "opportunities", &[], json!({"opportunityid": ID})).await;
    assert_eq!((status, body.as_str()), (204, ""));
    assert!(headers["odata-entityid"].to_str().unwrap().ends_with(&format!("/opportunities({ID})")));
    let (status, headers, body) =
        ask(&harness, "POST", "opportunities?$select=name", REPRESENTATION, json!({"name": "A"})).await;
    assert_eq!(status, 201);
    assert!(!headers.contains_key("odata-entityid") && body.contains("opportunities(name)/$entity"), "{body}");
    assert_eq!(headers["preference-applied"], "return=representation");
}

#[tokio::test]
async fn d02_an_upsert_by_key_echoes_its_address_and_creates_with_both_values() {
    let harness = started().await;
    let path = "opportunities(cosell_referralid='R-9')";
    let (status, headers, _) = ask(&harness, "PATCH", path, &[], json!({"name": "New"})).await;
    assert_eq!(status, 204);
    assert!(
        headers["odata-entityid"].to_str().unwrap().ends_with("R-9%27)")
            || headers["odata-entityid"].to_str().unwrap().ends_with("R-9')")
    );
    let cases = [
        (path, &[("if-match", "*")][..], 204),
        ("opportunities(cosell_referralid='R-8')", &[("if-match", "*")], 404),
        (path, &[("if-none-match", "*")], 412),
        (path, REPRESENTATION, 200),
        ("opportunities(cosell_referralid='R-8')", REPRESENTATION, 201),
    ];
    for (path, headers, expected) in cases {
        let (status, _, body) = ask(&harness, "PATCH", path, headers, json!({"name": "N"})).await;
        assert_eq!(status, expected, "{path} {headers:?}: {body}");
    }
}

#[tokio::test]
async fn d03_a_plain_read_is_answered_304_and_others_are_not() {
    let harness = with_opportunity(json!({})).await;
    let read = harness.json(Host::Dataverse, "GET", &row(), Value::Null).await;
    let etag = read["@odata.etag"].as_str().unwrap();
    let path = format!("opportunities({ID})");
    let same = [("if-none-match", etag)];
    let (status, _, body) = ask(&harness, "GET", &path, &same, Value::Null).await;
    assert_eq!((status, body.as_str()), (304, ""));
    let expanded = format!("{path}?$expand=parentaccountid");
    assert_eq!(ask(&harness, "GET", &expanded, &same, Value::Null).await.0, 200);
    let annotated = [same[0], ANNOTATED[0]];
    assert_eq!(ask(&harness, "GET", &path, &annotated, Value::Null).await.0, 200);
    assert_eq!(ask(&harness, "GET", &path, &[("if-none-match", "null")], Value::Null).await.0, 200);
    // A change that changes nothing moves the etag all the same.
    ask(&harness, "PATCH", &path, &[], json!({"name": "Harbour"})).await;
    assert_eq!(ask(&harness, "GET", &path, &same, Value::Null).await.0, 200);
    // Not every table knows etags.
    let teams = harness.json(Host::Dataverse, "GET", &format!("{ROOT}/teams"), Value::Null).await;
    let team = &teams["value"][0];
    let (path, etag) = (format!("teams({})", team["teamid"].as_str().unwrap()), team["@odata.etag"].as_str().unwrap());
    assert_eq!(ask(&harness, "GET", &path, &[("if-none-match", etag)], Value::Null).await.0, 200);
    let (status, _, body) = ask(&harness, "PATCH", &path, &[("if-match", etag)], json!({"name": "T"})).await;
    assert!(status == 400 && body.contains("0x80060893"), "{body}");
}

#[tokio::test]
async fn d04_names_are_exact_whether_there_are_rows_or_none() {
    let harness = started().await;
    let get =
        |title, path: &str, status, parts| case(title, "GET", format!("{ROOT}/{path}"), Value::Null, status, parts);
    let cases = vec![
        get("set", "Opportunities", 404, &["0x8006088a", "segment 'Opportunities'"]),
        get("select", "leads?$select=Subject", 400, &["0x80060888", "'Subject'"]),
        get("filter", "leads?$filter=nothing eq 1", 400, &["0x80060888", "'nothing'"]),
        get("order", "leads?$orderby=nothing", 400, &["0x80060888"]),
        get("expand", "leads?$expand=nothing", 400, &["0x80060888"]),
        get("option", "leads?$Select=subject", 400, &["$Select"]),
        get("search", "leads?$search=x", 400, &["$search"]),
        case(
            "body",
            "POST",
            format!("{ROOT}/leads"),
            json!({"Subject": "x"}),
            400,
            &["0x0", "Invalid property 'Subject'"],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d05_lookups_are_written_by_their_navigation_property() {
    let harness = with_opportunity(json!({"customerid_account@odata.bind": format!("accounts({ACCOUNT})")})).await;
    let team = harness.json(Host::Dataverse, "GET", &format!("{ROOT}/teams"), Value::Null).await;
    let team = format!("/teams({})", team["value"][0]["teamid"].as_str().unwrap());
    let absolute = format!("{}{ROOT}/accounts({ACCOUNT})", harness.base(Host::Dataverse));
    let patch = |title, body, status, parts| case(title, "PATCH", row(), body, status, parts);
    let cases = vec![
        patch("value", json!({"_customerid_value": ACCOUNT}), 400, &["is a lookup"]),
        patch("column", json!({"customerid@odata.bind": "/accounts(x)"}), 400, &["0x80048d19", "undeclared property"]),
        patch("absolute", json!({"parentaccountid@odata.bind": absolute}), 204, &[]),
        patch("team", json!({"ownerid@odata.bind": team}), 204, &[]),
        Case {
            headers: ANNOTATED,
            ..case(
                "owner",
                "GET",
                format!("{}?$select=_ownerid_value,_owninguser_value", row()),
                Value::Null,
                200,
                &["lookuplogicalname\":\"team\"", "\"_owninguser_value\":null"],
            )
        },
        patch("contact instead", json!({"customerid_contact": {"lastname": "P"}}), 400, &["Invalid property"]),
        patch("cleared", json!({"customerid_account@odata.bind": null}), 204, &[]),
        case(
            "nobody",
            "GET",
            format!("{}?$select=_customerid_value", row()),
            Value::Null,
            200,
            &["\"_customerid_value\":null"],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d06_annotations_come_only_when_asked() {
    let harness = with_opportunity(json!({"estimatedvalue": 5000, "estimatedclosedate": "2024-05-31"})).await;
    let path = format!("{}?$select=estimatedvalue,estimatedclosedate,statecode,_ownerid_value", row());
    let read = |title, headers, parts| Case { headers, ..case(title, "GET", path.clone(), Value::Null, 200, parts) };
    let cases = vec![
        read("none", &[], &["!FormattedValue", "!lookuplogicalname"]),
        read("all", ANNOTATED, &["\"$5,000.00\"", "\"5/31/2024\"", "\"Open\"", "lookuplogicalname"]),
        read(
            "one",
            &[("prefer", "odata.include-annotations=OData.Community.Display.V1.FormattedValue")],
            &["$5,000.00", "!lookuplogicalname"],
        ),
        read(
            "wildcard",
            &[("prefer", "odata.include-annotations=\"Microsoft.Dynamics.CRM.*\",return=representation")],
            &["lookuplogicalname", "!FormattedValue"],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d07_pages_are_not_upset_by_writes_and_top_gives_way_to_a_page_size() {
    let harness = started().await;
    for number in 0..5 {
        harness.json(Host::Dataverse, "POST", &format!("{ROOT}/leads"), json!({"subject": format!("L{number}")})).await;
    }
    let headers = [("prefer", "odata.maxpagesize=2")];
    let page = ask(&harness, "GET", "leads?$select=subject&$top=1", &headers, Value::Null).await;
    assert_eq!(page.1["preference-applied"], "odata.maxpagesize=2");
    let page: Value = serde_json::from_str(&page.2).unwrap();
    assert_eq!(page["value"].as_array().unwrap().len(), 2);
    let first = page["value"][0]["leadid"].as_str().unwrap();
    ask(&harness, "PATCH", &format!("leads({first})"), &[], json!({"subject": "moved"})).await;
    let link = page["@odata.nextLink"].as_str().unwrap();
    assert!(link.contains("$skiptoken=%253Ccookie"), "{link}");
    let rest = harness.pages(link.strip_prefix(harness.base(Host::Dataverse)).unwrap(), &headers, "subject").await;
    assert_eq!(rest, ["L2", "L3", "L4"]);
    let (status, _, body) = ask(&harness, "GET", "leads?$skiptoken=nonsense", &[], Value::Null).await;
    assert_eq!(status, 400, "{body}");
}

#[tokio::test]
async fn d08_counts_are_capped_at_5000() {
    let harness = started().await;
    let targets: Vec<Value> =
        (0..2_501).map(|_| json!({"@odata.type": "Microsoft.Dynamics.CRM.lead", "subject": "S"})).collect();
    for _ in 0..2 {
        let path = "leads/Microsoft.Dynamics.CRM.CreateMultiple";
        assert_eq!(ask(&harness, "POST", path, &[], json!({"Targets": targets})).await.0, 200);
    }
    let cases = vec![
        case("text", "GET", format!("{ROOT}/leads/$count"), Value::Null, 200, &["\u{feff}5000"]),
        case(
            "filtered",
            "GET",
            format!("{ROOT}/leads/$count?$filter=subject eq 's'"),
            Value::Null,
            200,
            &["\u{feff}5000"],
        ),
        Case {
            headers: ANNOTATED,
            ..case(
                "in a list",
                "GET",
                format!("{ROOT}/leads?$count=true&$top=1&$select=subject"),
                Value::Null,
                200,
                &["\"@odata.count\":5000", "totalrecordcount\":5000", "totalrecordcountlimitexceeded\":true"],
            )
        },
        Case {
            headers: ANNOTATED,
            ..case("uncounted", "GET", format!("{ROOT}/leads?$top=1"), Value::Null, 200, &["totalrecordcount\":-1"])
        },
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d10_amounts_have_a_currency_and_a_base() {
    let harness = started().await;
    let currencies = harness.json(Host::Dataverse, "GET", &format!("{ROOT}/transactioncurrencies"), Value::Null).await;
    let krona = currencies["value"].as_array().unwrap().iter().find(|row| row["isocurrencycode"] == "SEK").unwrap();
    let krona = krona["transactioncurrencyid"].as_str().unwrap();
    let body = json!({
        "opportunityid": ID, "estimatedvalue": 125, "transactioncurrencyid@odata.bind": format!("/transactioncurrencies({krona})"),
        "estimatedvalue_base": 1, "exchangerate": 9,
    });
    let cases = vec![
        case("create", "POST", format!("{ROOT}/opportunities"), body, 204, &[]),
        case("base", "GET", row(), Value::Null, 200, &["\"estimatedvalue_base\":12.5", "\"exchangerate\":10.0"]),
        case("calculated", "PATCH", row(), json!({"isrevenuesystemcalculated": true, "estimatedvalue": 9}), 204, &[]),
        case("ignored", "GET", row(), Value::Null, 200, &["\"estimatedvalue\":125"]),
        case(
            "no currency",
            "POST",
            format!("{ROOT}/opportunities"),
            json!({"opportunityid": MISSING, "estimatedvalue": 3}),
            204,
            &[],
        ),
        case(
            "own currency",
            "GET",
            format!("{ROOT}/opportunities({MISSING})"),
            Value::Null,
            200,
            &["\"estimatedvalue_base\":3.0"],
        ),
        case("gone", "PATCH", format!("{ROOT}/opportunities({MISSING})"), json!({"estimatedvalue": null}), 204, &[]),
        case(
            "base gone",
            "GET",
            format!("{ROOT}/opportunities({MISSING})"),
            Value::Null,
            200,
            &["\"estimatedvalue_base\":null"],
        ),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d14_service_protection_refuses_with_three_codes_and_a_growing_wait() {
    let harness = started().await;
    protect(&harness, json!({"requests": 3})).await;
    for left in [2, 1, 0] {
        let (status, headers, _) = ask(&harness, "GET", "WhoAmI", &[], Value::Null).await;
        assert_eq!(
            (status, headers["x-ms-ratelimit-burst-remaining-xrm-requests"].to_str().unwrap()),
            (200, left.to_string().as_str())
        );
    }
    let mut waits = Vec::new();
    for _ in 0..3 {
        let (status, headers, body) = ask(&harness, "GET", "WhoAmI", &[], Value::Null).await;
        assert_eq!(status, 429);
        assert!(body.contains("0x80072322") && body.contains("exceeded the limit of 3"), "{body}");
        waits.push(headers["retry-after"].to_str().unwrap().parse::<u64>().unwrap());
    }
    assert!(waits[0] > 250 && waits[2] > waits[0], "{waits:?}");
    // The seller is another user, with a measure of its own.
    let seller = [("authorization", "Bearer sandbox-seller")];
    assert_eq!(ask(&harness, "GET", "WhoAmI", &seller, Value::Null).await.0, 200);
    for (limits, code) in [(json!({"milliseconds": 0}), "0x80072321"), (json!({"at_once": 0}), "0x80072326")] {
        // A request without ceilings forgets those before it.
        switch(&harness, json!({"service_protection": false})).await;
        assert_eq!(ask(&harness, "GET", "WhoAmI", &[], Value::Null).await.0, 200);
        protect(&harness, limits).await;
        let (status, headers, body) = ask(&harness, "GET", "leads", &[], Value::Null).await;
        assert!(status == 429 && body.contains(code) && headers.contains_key("retry-after"), "{body}");
    }
    switch(&harness, json!({"service_protection": false})).await;
    assert_eq!(ask(&harness, "GET", "WhoAmI", &[], Value::Null).await.0, 200);
}

#[tokio::test]
async fn d15_every_failure_has_a_body_with_a_code() {
    let harness = started().await;
    let nobody: &[(&str, &str)] = &[("authorization", "Bearer nobody")];
    let nothing: &[(&str, &str)] = &[];
    let cases = [
        ("GET", "leads", nobody, 401),
        ("GET", "nothing", nothing, 404),
        ("GET", "leads(1)", nothing, 400),
        ("GET", "leads?$filter=(", nothing, 400),
        ("DELETE", "leads", nothing, 404),
        ("PATCH", "leads", nothing, 404),
        ("GET", "leads?$filter=subject eq %27%80%27", nothing, 400),
        ("GET", "$batch", nothing, 404),
        ("POST", "leads/Microsoft.Dynamics.CRM.Nothing", nothing, 404),
    ];
    for (method, path, headers, expected) in cases {
        let (status, _, body) = ask(&harness, method, path, headers, Value::Null).await;
        assert_eq!(status, expected, "{method} {path}: {body}");
        let body: Value = serde_json::from_str(&body).unwrap();
        assert!(body["error"]["code"].is_string() && body["error"]["message"].is_string(), "{method} {path}");
    }
    let (_, headers, _) = ask(&harness, "GET", "leads", nobody, Value::Null).await;
    assert_eq!(headers["www-authenticate"], "Bearer");
    let (_, _, body) = ask(&harness, "GET", "nothing", ANNOTATED, Value::Null).await;
    assert!(body.contains("@Microsoft.PowerApps.CDS.HelpLink"), "{body}");
}

#[tokio::test]
async fn d17_bulk_messages_are_all_or_nothing() {
    let harness = started().await;
    let lead = |subject: &str| json!({"@odata.type": "Microsoft.Dynamics.CRM.lead", "subject": subject});
    let act = |title, action: &str, targets: Value, status, parts| {
        let path = format!("{ROOT}/leads/Microsoft.Dynamics.CRM.{action}");
        case(title, "POST", path, json!({ "Targets": targets }), status, parts)
    };
    let one = json!({"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": ID, "subject": "One"});
    let update = json!({"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": ID, "subject": "Two"});
    let missing = json!({"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": MISSING, "subject": "Three"});
    let count = |title, parts| case(title, "GET", format!("{ROOT}/leads/$count"), Value::Null, 200, parts);
    let by_key = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.opportunity", "@odata.id": "opportunities(cosell_referralid='R-1')", "name": "K",
    });
    let long = lead(&"x".repeat(301));
    let cases = vec![
        act(
            "create",
            "CreateMultiple",
            json!([one, lead("B")]),
            200,
            &["\"Ids\":[\"aaaaaaaa-0000-4000-8000-000000000001\""],
        ),
        act("one is bad", "CreateMultiple", json!([lead("C"), long]), 400, &["0x80044331"]),
        count("none of them", &["2"]),
        act("update", "UpdateMultiple", json!([update.clone()]), 204, &[]),
        act(
            "one is not there",
            "UpdateMultiple",
            json!([{"@odata.type": "Microsoft.Dynamics.CRM.lead", "leadid": ID, "subject": "Lost"}, missing.clone()]),
            404,
            &["0x80040217"],
        ),
        case("as before", "GET", format!("{ROOT}/leads({ID})"), Value::Null, 200, &["\"Two\"", "!Lost"]),
        act("upsert", "UpsertMultiple", json!([update, missing]), 204, &[]),
        count("one more", &["3"]),
        act("another table", "CreateMultiple", json!([by_key.clone()]), 400, &["Microsoft.Dynamics.CRM.lead"]),
        act("elastic only", "DeleteMultiple", json!([]), 405, &["elastic"]),
        act("no rows", "CreateMultiple", json!([]), 400, &["0x80040203"]),
        case(
            "by key",
            "POST",
            format!("{ROOT}/opportunities/Microsoft.Dynamics.CRM.UpsertMultiple"),
            json!({"Targets": [by_key]}),
            204,
            &[],
        ),
        case("made", "GET", format!("{ROOT}/opportunities(cosell_referralid='R-1')"), Value::Null, 200, &["\"K\""]),
    ];
    harness.check(Host::Dataverse, cases).await;
}

#[tokio::test]
async fn d20_an_application_must_be_a_user_and_may_act_for_others() {
    let harness = started().await;
    let users = harness.json(Host::Dataverse, "GET", &format!("{ROOT}/systemusers"), Value::Null).await;
    let sales = users["value"].as_array().unwrap().iter().find(|row| row["firstname"] == "Sales").unwrap();
    let (id, object) =
        (sales["systemuserid"].as_str().unwrap(), sales["azureactivedirectoryobjectid"].as_str().unwrap());
    for header in [("mscrmcallerid", id), ("callerobjectid", object)] {
        let headers = [header, REPRESENTATION[0]];
        let (status, _, body) = ask(&harness, "POST", "leads", &headers, json!({"subject": "S"})).await;
        let made: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, made["_createdby_value"].as_str()), (201, Some(id)));
        assert!(made["_createdonbehalfby_value"].is_string(), "{body}");
    }
    let (status, _, body) = ask(&harness, "GET", "WhoAmI", &[("mscrmcallerid", MISSING)], Value::Null).await;
    assert!(status == 403 && body.contains("0x80072560"), "{body}");
    switch(&harness, json!({"no_impersonation": true})).await;
    let (status, _, body) = ask(&harness, "GET", "WhoAmI", &[("mscrmcallerid", id)], Value::Null).await;
    assert!(status == 403 && body.contains("0x80040220"), "{body}");
    switch(&harness, json!({"no_application_user": true})).await;
    let (status, _, body) = ask(&harness, "GET", "WhoAmI", &[], Value::Null).await;
    assert!(status == 403 && body.contains("0x80072560"), "{body}");
}

#[tokio::test]
async fn d03_an_old_etag_is_refused_with_a_code_or_with_none() {
    let harness = started().await;
    let old: &[(&str, &str)] = &[("if-match", "W/\"1\"")];
    for (on, code) in [(false, "0x80060882"), (true, "")] {
        switch(&harness, json!({"stale_without_code": on})).await;
        let path = format!("accounts({ACCOUNT})");
        let (status, _, body) = ask(&harness, "PATCH", &path, old, json!({"name": "Other"})).await;
        let body: Value = serde_json::from_str(&body).unwrap();
        assert_eq!((status, &body["error"]["code"]), (412, &json!(code)), "{body}");
    }
}

#[tokio::test]
async fn d22_duplicates_are_found_only_when_asked_for() {
    let harness = started().await;
    let asked: &[(&str, &str)] = &[("mscrm.suppressduplicatedetection", "false")];
    let contoso = || json!({"name": "contoso"});
    assert_eq!(ask(&harness, "POST", "accounts", &[], contoso()).await.0, 204);
    let (status, _, body) = ask(&harness, "POST", "accounts", asked, contoso()).await;
    assert!(status == 412 && body.contains("0x80040333"), "{body}");
    assert_eq!(ask(&harness, "POST", "opportunities", asked, json!({"name": "Contoso"})).await.0, 204);
    switch(&harness, json!({"duplicates_are_500": true})).await;
    assert_eq!(ask(&harness, "POST", "accounts", asked, contoso()).await.0, 500);
}

#[tokio::test]
async fn d23_a_create_whose_answer_is_lost_has_happened() {
    let harness = started().await;
    let fault =
        json!({"service": "dataverse", "method": "POST", "path_contains": "leads", "drop": true, "after": true});
    harness.json(Host::Admin, "POST", "/faults", fault).await;
    let lost = harness.send(Host::Dataverse, "POST", &format!("{ROOT}/leads"), &[], &json!({"leadid": ID})).await;
    assert!(lost.is_err());
    let (status, _, body) = ask(&harness, "POST", "leads", &[], json!({"leadid": ID})).await;
    assert!(status == 412 && body.contains("0x80040237"), "{body}");
}
