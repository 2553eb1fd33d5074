//! Change tracking (behaviour 13).

use serde_json::{Value, json};

use super::{ID, ROOT, ask, started, switch};
use crate::harness::{Harness, Host};

const TRACKED: &[(&str, &str)] = &[("prefer", "odata.track-changes")];

async fn lead(harness: &Harness, subject: &str) -> String {
    let row = ask(harness, "POST", "leads?$select=leadid", super::REPRESENTATION, json!({ "subject": subject })).await;
    serde_json::from_str::<Value>(&row.2).unwrap()["leadid"].as_str().unwrap().to_owned()
}

async fn follow(harness: &Harness, answer: &Value, link: &str, headers: &[(&str, &str)]) -> Value {
    let link = answer[link].as_str().unwrap_or_else(|| panic!("no {link} in {answer}"));
    let path = link.strip_prefix(harness.base(Host::Dataverse)).unwrap();
    let (status, _, body) =
        ask(harness, "GET", path.strip_prefix("/api/data/v9.2/").unwrap(), headers, Value::Null).await;
    assert_eq!(status, 200, "{body}");
    serde_json::from_str(&body).unwrap()
}

async fn first(harness: &Harness, query: &str) -> Value {
    let (status, headers, body) = ask(harness, "GET", &format!("leads?{query}"), TRACKED, Value::Null).await;
    assert_eq!(status, 200, "{body}");
    assert_eq!(headers["preference-applied"], "odata.track-changes");
    serde_json::from_str(&body).unwrap()
}

fn subjects(answer: &Value) -> Vec<&str> {
    answer["value"].as_array().unwrap().iter().filter_map(|row| row["subject"].as_str()).collect()
}

#[tokio::test]
async fn d13_all_rows_come_first_and_then_what_is_different() {
    let harness = started().await;
    let (one, two) = (lead(&harness, "One").await, lead(&harness, "Two").await);
    ask(&harness, "DELETE", &format!("leads({two})"), &[], Value::Null).await;
    let all = first(&harness, "$select=subject").await;
    assert_eq!(subjects(&all), ["One"]);
    assert!(all["@odata.deltaLink"].as_str().unwrap().contains("$deltatoken="));
    let none = follow(&harness, &all, "@odata.deltaLink", &[]).await;
    assert_eq!(none["value"], json!([]));
    let three = lead(&harness, "Three").await;
    ask(&harness, "PATCH", &format!("leads({one})"), &[], json!({"subject": "One again"})).await;
    let four = lead(&harness, "Four").await;
    for id in [&three, &four] {
        ask(&harness, "DELETE", &format!("leads({id})"), &[], Value::Null).await;
    }
    lead(&harness, "Five").await;
    let changes = follow(&harness, &none, "@odata.deltaLink", &[]).await;
    assert!(changes["@odata.context"].as_str().unwrap().ends_with("#leads(subject)/$delta"));
    assert_eq!(subjects(&changes), ["One again", "Five"]);
    let deleted: Vec<&Value> =
        changes["value"].as_array().unwrap().iter().filter(|row| row["reason"] == "deleted").collect();
    assert_eq!(deleted.iter().map(|row| row["id"].as_str().unwrap()).collect::<Vec<_>>(), [&three, &four]);
    assert!(deleted[0]["@odata.context"].as_str().unwrap().ends_with("#leads/$deletedEntity"));
    let token = none["@odata.deltaLink"].as_str().unwrap().split_once("$deltatoken=").unwrap().1.to_owned();
    let (_, _, count) = ask(&harness, "GET", &format!("leads/$count?$deltatoken={token}"), &[], Value::Null).await;
    assert_eq!(count.trim_start_matches('\u{feff}'), "4");
}

#[tokio::test]
async fn d13_changes_come_in_pages_that_writes_do_not_upset() {
    let harness = started().await;
    let mut ids = Vec::new();
    for number in 0..5 {
        ids.push(lead(&harness, &format!("L{number}")).await);
    }
    let paged: &[(&str, &str)] = &[("prefer", "odata.track-changes,odata.maxpagesize=2")];
    let body = ask(&harness, "GET", "leads?$select=subject", paged, Value::Null).await.2;
    let page: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(subjects(&page), ["L0", "L1"]);
    assert!(page.get("@odata.deltaLink").is_none());
    ask(&harness, "PATCH", &format!("leads({})", ids[0]), &[], json!({"subject": "L0 again"})).await;
    let page = follow(&harness, &page, "@odata.nextLink", paged).await;
    assert_eq!(subjects(&page), ["L2", "L3"]);
    let page = follow(&harness, &page, "@odata.nextLink", paged).await;
    assert_eq!(subjects(&page), ["L4"]);
    // What was written in the meantime comes with the next question.
    for id in &ids[2..] {
        ask(&harness, "DELETE", &format!("leads({id})"), &[], Value::Null).await;
    }
    let changes = follow(&harness, &page, "@odata.deltaLink", paged).await;
    assert_eq!((subjects(&changes), changes["value"].as_array().unwrap().len()), (vec!["L0 again"], 2));
    let changes = follow(&harness, &changes, "@odata.nextLink", paged).await;
    assert_eq!(changes["value"].as_array().unwrap().len(), 2);
    assert!(changes.get("@odata.deltaLink").is_some());
}

#[tokio::test]
async fn d13_what_change_tracking_does_not_do_is_refused() {
    let harness = started().await;
    for option in ["filter=subject eq 'x'", "orderby=subject", "expand=parentaccountid", "top=1"] {
        let (status, _, body) = ask(&harness, "GET", &format!("leads?${option}"), TRACKED, Value::Null).await;
        assert!(status == 400 && body.contains("isn't supported when Change Tracking is enabled"), "{body}");
    }
    let (status, _, body) = ask(&harness, "GET", "transactioncurrencies", TRACKED, Value::Null).await;
    assert!(status == 400 && body.contains("not enabled"), "{body}");
    let table = "EntityDefinitions(LogicalName='transactioncurrency')";
    assert_eq!(ask(&harness, "PUT", table, &[], json!({"ChangeTrackingEnabled": true})).await.0, 204);
    assert_eq!(ask(&harness, "GET", "transactioncurrencies", TRACKED, Value::Null).await.0, 200);
    assert_eq!(ask(&harness, "PUT", table, &[], json!({"ChangeTrackingEnabled": false})).await.0, 400);
    switch(&harness, json!({"no_whole_table_reads": true})).await;
    let (status, _, body) = ask(&harness, "GET", "leads", TRACKED, Value::Null).await;
    assert!(status == 403 && body.contains("0x80040220"), "{body}");
}

#[tokio::test]
async fn d13_tokens_that_are_too_old_are_refused() {
    let harness = started().await;
    lead(&harness, "One").await;
    let all = first(&harness, "$select=subject").await;
    let link = all["@odata.deltaLink"].as_str().unwrap().split_once("/api/data/v9.2/").unwrap().1.to_owned();
    assert_eq!(ask(&harness, "GET", &link, &[], Value::Null).await.0, 200);
    let refused = async |link: &str| {
        let (status, _, body) = ask(&harness, "GET", link, &[], Value::Null).await;
        assert!(status == 400 && body.contains("0x80044352"), "{body}");
    };
    switch(&harness, json!({"delta_tokens_expired": true})).await;
    refused(&link).await;
    switch(&harness, json!({"delta_tokens_expired": false})).await;
    refused("leads?$deltatoken=1001%2108%2f22%2f2017%2008%3a10%3a44").await;
    let (status, _, body) = ask(&harness, "GET", "leads?$deltatoken=nonsense", &[], Value::Null).await;
    assert!(status == 400 && body.contains("0x80060888"), "{body}");
    let path = format!("{ROOT}/organizations");
    let organization = harness.json(Host::Dataverse, "GET", &path, Value::Null).await;
    assert_eq!(organization["value"][0]["expirechangetrackingindays"], 7, "{ID}");
}

#[tokio::test]
async fn d13_a_row_that_was_made_once_more_comes_as_written() {
    let harness = started().await;
    let body = || json!({"leadid": ID, "subject": "Again"});
    let path = format!("leads({ID})");
    assert_eq!(ask(&harness, "POST", "leads", &[], body()).await.0, 204);
    let all = first(&harness, "$select=subject").await;
    assert_eq!(ask(&harness, "DELETE", &path, &[], Value::Null).await.0, 204);
    assert_eq!(ask(&harness, "POST", "leads", &[], body()).await.0, 204);
    let changes = follow(&harness, &all, "@odata.deltaLink", &[]).await;
    assert_eq!((subjects(&changes), changes["value"].as_array().unwrap().len()), (vec!["Again"], 1), "{changes}");
}
