//! `$batch` (behaviour 16).

use reqwest::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::{ID, ROOT, ask, started};
use crate::harness::{Harness, Host};

/// Sends a batch; line feeds become CRLF unless `as_it_is`.
async fn send(harness: &Harness, text: &str, headers: &[(&str, &str)], as_it_is: bool) -> (u16, String, String) {
    let text = if as_it_is { text.to_owned() } else { text.replace('\n', "\r\n") };
    let address = format!("{}{ROOT}/$batch", harness.base(Host::Dataverse));
    let mut request = harness.client.post(address).bearer_auth(&harness.tokens[&Host::Dataverse]);
    request = request.header("content-type", "multipart/mixed;boundary=batch_1").body(text);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let response = request.send().await.unwrap();
    let kind = response.headers().get(CONTENT_TYPE).map_or("", |kind| kind.to_str().unwrap()).to_owned();
    (response.status().as_u16(), kind, response.text().await.unwrap())
}

fn part(request: &str) -> String {
    format!("\n--batch_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\n\n{request}\n")
}

fn get(path: &str) -> String {
    part(&format!("GET {path} HTTP/1.1\nAccept: application/json\n"))
}

fn change_set(requests: &[&str]) -> String {
    let mut text = "\n--batch_1\nContent-Type: multipart/mixed;boundary=changeset_1\n".to_owned();
    for (at, request) in requests.iter().enumerate() {
        text.push_str(&format!(
            "\n--changeset_1\nContent-Type: application/http\nContent-Transfer-Encoding: binary\nContent-Id: {}\n\n{request}\n",
            at + 1
        ));
    }
    text.push_str("\n--changeset_1--\n");
    text
}

fn write(method: &str, path: &str, body: &Value) -> String {
    format!("{method} {path} HTTP/1.1\nContent-Type: application/json;type=entry\n\n{body}")
}

const END: &str = "\n--batch_1--";

async fn leads(harness: &Harness) -> String {
    ask(harness, "GET", "leads/$count", &[], Value::Null).await.2.trim_start_matches('\u{feff}').to_owned()
}

#[tokio::test]
async fn d16_parts_are_answered_in_order_whatever_form_their_address_has() {
    let harness = started().await;
    let base = harness.base(Host::Dataverse);
    let text = [
        get(&format!("{base}{ROOT}/WhoAmI()")),
        get(&format!("{ROOT}/accounts?$select=name&$filter=name eq 'contoso'")),
        get("accounts?$select=name"),
        part(&write("POST", &format!("{ROOT}/leads"), &json!({"subject": "alone"}))),
        END.to_owned(),
    ];
    let (status, kind, answer) = send(&harness, &text.concat(), &[], false).await;
    assert_eq!(status, 200, "{answer}");
    let ends = kind.strip_prefix("multipart/mixed; boundary=").unwrap();
    assert!(ends.starts_with("batchresponse_") && answer.ends_with(&format!("--{ends}--\r\n")), "{kind}");
    assert_eq!(answer.matches("HTTP/1.1 200 OK").count(), 3, "{answer}");
    assert!(answer.contains("\"UserId\"") && answer.contains("Contoso"), "{answer}");
    assert!(answer.contains("HTTP/1.1 204 No Content\r\nOData-EntityId: http"), "{answer}");
}

#[tokio::test]
async fn d16_definitions_of_a_change_set_that_fails_are_undone() {
    let harness = started().await;
    let set = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata", "Name": "cosell_levels", "OptionSetType": "Picklist",
        "Options": [{"Value": 1}],
    });
    let made = write("POST", "GlobalOptionSetDefinitions", &set);
    let bad = write("POST", "leads", &json!({"nothing": 1}));
    for (requests, status, found) in [(vec![made.as_str(), &bad], 400, 404), (vec![made.as_str()], 200, 200)] {
        let (answered, _, answer) = send(&harness, &format!("{}{END}", change_set(&requests)), &[], false).await;
        assert_eq!(answered, status, "{answer}");
        let path = "GlobalOptionSetDefinitions(Name='cosell_levels')";
        assert_eq!(ask(&harness, "GET", path, &[], Value::Null).await.0, found, "{answer}");
    }
}

#[tokio::test]
async fn d16_a_change_set_is_done_entirely_or_not_at_all() {
    let harness = started().await;
    let lead = |subject: &str| write("POST", "/api/data/v9.2/leads", &json!({ "subject": subject }));
    let bad = write("POST", "leads", &json!({"nothing": 1}));
    let text = [change_set(&[&lead("one"), &bad, &lead("three")]), get("WhoAmI"), END.to_owned()].concat();
    let (status, _, answer) = send(&harness, &text, &[], false).await;
    assert_eq!(status, 400, "{answer}");
    assert!(answer.contains("HTTP/1.1 400 Bad Request") && !answer.contains("changesetresponse_"), "{answer}");
    assert!(!answer.contains("UserId"), "it goes on after a failure: {answer}");
    assert_eq!(leads(&harness).await, "0");
    let (status, _, answer) = send(&harness, &text, &[("prefer", "odata.continue-on-error")], false).await;
    assert!(status == 200 && answer.contains("UserId"), "{answer}");
    let text = [change_set(&[&lead("one"), &lead("two")]), END.to_owned()].concat();
    let (status, _, answer) = send(&harness, &text, &[], false).await;
    assert!(status == 200 && answer.contains("--changesetresponse_"), "{answer}");
    assert_eq!(answer.matches("Content-ID: ").count(), 2);
    assert_eq!(leads(&harness).await, "2");
}

#[tokio::test]
async fn d16_rows_of_a_change_set_are_named_by_their_content_id() {
    let harness = started().await;
    let account = write("POST", "accounts", &json!({"name": "New"}));
    let opportunity = write(
        "POST",
        "opportunities",
        &json!({
            "opportunityid": ID, "name": "O", "customerid_account@odata.bind": "$1",
            "cosell_opportunity_solution": [{"cosell_name": "S"}],
        }),
    );
    let renamed = write("PATCH", "$2", &json!({"name": "Renamed", "parentaccountid@odata.bind": "$1"}));
    let named = write("PUT", "$1/telephone1", &json!({"value": "1"}));
    let text = [change_set(&[&account, &opportunity, &renamed, &named]), END.to_owned()].concat();
    let (status, _, answer) = send(&harness, &text, &[], false).await;
    assert_eq!(status, 200, "{answer}");
    let path = format!(
        "opportunities({ID})?$select=name&$expand=customerid_account($select=name,telephone1),parentaccountid($select=name)"
    );
    let body = ask(&harness, "GET", &path, &[], Value::Null).await.2;
    let row: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (row["name"].as_str(), row["parentaccountid"]["name"].as_str()),
        (Some("Renamed"), Some("New")),
        "{body}"
    );
    assert_eq!(row["customerid_account"]["telephone1"], "1");
}

#[tokio::test]
async fn d16_what_cannot_be_read_is_refused() {
    let harness = started().await;
    let good = [get("WhoAmI"), END.to_owned()].concat();
    let in_set = [change_set(&["GET WhoAmI HTTP/1.1\n"]), END.to_owned()].concat();
    let nested = [part("POST $batch HTTP/1.1\n"), END.to_owned()].concat();
    let many = [vec![get("WhoAmI"); 1_001].concat(), END.to_owned()].concat();
    let cases = [
        ("line feeds", good.clone(), true, "0x80048d19"),
        ("no end", get("WhoAmI"), false, "0x80048d19"),
        ("nothing", String::new(), false, "0x80048d19"),
        ("no request", [part("nonsense"), END.to_owned()].concat(), false, "0x80048d19"),
        ("a read in a change set", in_set, false, "GET cannot be"),
        ("a batch in a batch", nested, false, "cannot be in a batch"),
        ("too many", many, false, "1000"),
    ];
    for (title, text, as_it_is, part) in cases {
        let (status, _, answer) = send(&harness, &text, &[], as_it_is).await;
        assert!(status == 400 && answer.contains(part), "{title}: {status} {answer}");
    }
    // A batch is one request for the limit on their number.
    super::protect(&harness, json!({"requests": 2})).await;
    let ten = [vec![get("WhoAmI"); 10].concat(), END.to_owned()].concat();
    let (status, _, answer) = send(&harness, &ten, &[], false).await;
    assert!(status == 200 && answer.matches("200 OK").count() == 10, "{answer}");
}
