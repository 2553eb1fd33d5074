//! Faults, the log, and the end of a sandbox.

use cosell_sandbox::{ColumnKind, CustomColumn, CustomTable, Sandbox, SandboxOptions};
use serde_json::{Value, json};

use crate::harness::{Harness, Host, referral};

const PATH: &str = "/v1.0/engagements/referrals";

#[tokio::test]
async fn faults_strike_as_often_as_asked() {
    let harness = Harness::start().await;
    let fault = json!({
        "service": "referrals", "method": "GET", "path_contains": "referrals", "status": 429,
        "headers": {"Retry-After": "3"}, "body": {"statusCode": 429}, "times": 2,
    });
    harness.json(Host::Admin, "POST", "/faults", fault).await;
    for expected in [429, 429, 200] {
        let response = harness.send(Host::Referrals, "GET", PATH, &[], &Value::Null).await.unwrap();
        assert_eq!(response.status().as_u16(), expected);
        assert_eq!(response.headers().contains_key("retry-after"), expected == 429);
    }
}

#[tokio::test]
async fn an_answer_can_be_lost_after_the_work() {
    for (after, made) in [(false, 0), (true, 1)] {
        let harness = Harness::start().await;
        let fault = json!({"service": "referrals", "method": "POST", "drop": true, "after": after});
        harness.json(Host::Admin, "POST", "/faults", fault).await;
        assert!(harness.send(Host::Referrals, "POST", PATH, &[], &referral()).await.is_err());
        let list = harness.json(Host::Referrals, "GET", PATH, Value::Null).await;
        assert_eq!(list["value"].as_array().unwrap().len(), made);
        let log = harness.json(Host::Admin, "GET", "/log", Value::Null).await;
        let lost =
            log.as_array().unwrap().iter().find(|entry| entry["method"] == "POST" && entry["service"] == "referrals");
        assert_eq!(
            lost.unwrap(),
            &json!({
                "service": "referrals", "method": "POST", "path": PATH, "status": 0, "who": "user",
            })
        );
    }
}

#[tokio::test]
async fn people_make_and_change_deals() {
    let harness = Harness::start().await;
    let deal = harness.json(Host::Admin, "POST", "/deals", json!({"status": "New", "dealValue": 7.5})).await;
    assert_eq!((&deal["status"], &deal["direction"]), (&json!("New"), &json!("Incoming")));
    assert_eq!(deal["details"]["dealValue"], json!(7.5));
    assert!(deal["expirationDateTime"].as_str().unwrap().ends_with("T00:00:00Z"));
    let path = format!("/deals/{}", deal["id"].as_str().unwrap());
    let change = json!({"status": "Closed", "substatus": "Declined", "notes": "no"});
    let closed = harness.json(Host::Admin, "POST", &path, change).await;
    assert_eq!((&closed["substatus"], &closed["details"]["notes"]), (&json!("Declined"), &json!("no")));
    let again = harness.send(Host::Admin, "POST", &path, &[], &json!({"notes": "yes"})).await.unwrap();
    assert_eq!(again.status(), 400);
    let overview = harness.json(Host::Admin, "GET", "/", Value::Null).await;
    assert_eq!(overview["addresses"]["admin"], harness.base(Host::Admin));
}

#[tokio::test]
async fn a_stop_or_a_drop_ends_every_connection() {
    for dropped in [false, true] {
        let Harness { sandbox, client, .. } = Harness::start().await;
        let admin = sandbox.addresses().admin.clone();
        assert!(client.get(&admin).send().await.is_ok());
        if dropped {
            drop(sandbox);
        } else {
            sandbox.stop().await;
        }
        while client.get(&admin).send().await.is_ok() {
            tokio::task::yield_now().await;
        }
    }
}

#[tokio::test]
async fn custom_tables_that_do_not_fit_are_refused() {
    let cases = [
        ("deal", None, "cosell_code", ColumnKind::Text, "no publisher prefix"),
        ("cosell_solution", Some("deal"), "cosell_code", ColumnKind::Text, "`deal` is not there"),
        ("cosell_solution", None, "cosell_solutionid", ColumnKind::Text, "`cosell_solutionid` already"),
        ("opportunity", None, "estimatedvalue", ColumnKind::Text, "`estimatedvalue` already"),
        ("opportunity", None, "cosell_story", ColumnKind::LongText, "cannot be a key"),
    ];
    for (name, parent, column, kind, part) in cases {
        let column = CustomColumn { name: column.to_owned(), kind, title: String::new(), key: true, max_length: None };
        let table = CustomTable { name: name.to_owned(), parent: parent.map(str::to_owned), columns: vec![column] };
        let options = SandboxOptions { custom: vec![table], ..SandboxOptions::default() };
        let message = Sandbox::start(options).await.err().map(|error| error.to_string()).unwrap();
        assert!(message.contains(part), "{name}: {message}");
    }
}

#[tokio::test]
async fn lists_can_lag_behind_while_reads_by_id_do_not() {
    let harness = Harness::start().await;
    let rows = "/api/data/v9.2/opportunities";
    let seen = async |host, path: &str| {
        let list = harness.json(host, "GET", path, Value::Null).await;
        list["value"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect::<Vec<Value>>()
    };
    let lag = async |seconds: u32| {
        for service in ["referrals", "dataverse"] {
            harness.json(Host::Admin, "POST", "/lag", json!({"service": service, "seconds": seconds})).await;
        }
    };
    let old = harness.json(Host::Referrals, "POST", PATH, referral()).await;
    harness.json(Host::Dataverse, "POST", rows, json!({"name": "old"})).await;
    lag(3600).await;

    let deal = format!("{PATH}/{}", old["id"].as_str().unwrap());
    let change = json!([{"op": "replace", "path": "/details/dealValue", "value": 7}]);
    harness.json(Host::Referrals, "PATCH", &deal, change).await;
    harness.json(Host::Referrals, "POST", PATH, referral()).await;
    let listed = harness.json(Host::Referrals, "GET", PATH, Value::Null).await;
    assert_eq!(listed["value"].as_array().unwrap().len(), 1);
    assert_eq!(listed["value"][0]["details"]["dealValue"], old["details"]["dealValue"]);
    let read = harness.json(Host::Referrals, "GET", &deal, Value::Null).await;
    assert_eq!(read["details"]["dealValue"], json!(7));

    let id = "11111111-1111-4111-8111-111111111111";
    let row = format!("{rows}({id})");
    harness.json(Host::Dataverse, "POST", rows, json!({"name": "new", "opportunityid": id})).await;
    let filtered = format!("{rows}?$filter=name%20eq%20'new'");
    assert_eq!(seen(Host::Dataverse, rows).await, ["old"]);
    assert_eq!(seen(Host::Dataverse, &filtered).await, [] as [Value; 0]);
    assert_eq!(harness.json(Host::Dataverse, "GET", &row, Value::Null).await["name"], json!("new"));

    lag(0).await;
    assert_eq!(seen(Host::Referrals, PATH).await.len(), 2);
    assert_eq!(seen(Host::Dataverse, &filtered).await, ["new"]);
    lag(3600).await;
    harness.json(Host::Dataverse, "DELETE", &row, Value::Null).await;
    assert_eq!(seen(Host::Dataverse, &filtered).await, ["new"], "a deleted row is listed a while yet");
}

#[tokio::test]
async fn the_behaviours_are_listed_and_turned_by_name() {
    let given = vec![("duplicate_events".to_owned(), true)];
    let sandbox = Sandbox::start(SandboxOptions { behaviours: given, ..SandboxOptions::default() }).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let address = format!("{}/behaviours", sandbox.addresses().admin);
    let list: Value = client.get(&address).send().await.unwrap().json().await.unwrap();
    let known: Vec<&str> = cosell_sandbox::behaviours().map(|(name, _)| name).collect();
    let names: Vec<&str> = list.as_array().unwrap().iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(names, known);
    let unique: std::collections::HashSet<&str> = names.iter().copied().collect();
    assert_eq!(unique.len(), names.len());
    for told in list.as_array().unwrap() {
        assert_eq!(told["default"], json!(false), "what is documented needs no switch");
        assert_eq!(told["on"], json!(told["name"] == "duplicate_events"), "{told}");
        assert!(told["what"].as_str().unwrap().len() > 10 && told["source"].is_string(), "{told}");
    }
    let turned = client.post(&address).json(&json!({"slow": true, "nonsense": true})).send().await.unwrap();
    assert_eq!(turned.status(), 400);
    let list: Value = client.get(&address).send().await.unwrap().json().await.unwrap();
    assert_eq!(list.as_array().unwrap().iter().filter(|one| one["on"] == json!(true)).count(), 1, "all or none");
    let given = vec![("nonsense".to_owned(), true)];
    let error = Sandbox::start(SandboxOptions { behaviours: given, ..SandboxOptions::default() }).await.err().unwrap();
    assert!(error.to_string().contains("`nonsense`"), "{error}");
}

#[tokio::test]
async fn the_clock_is_moved_three_ways() {
    let harness = Harness::start().await;
    let cases = [
        (json!({"set": "2030-01-01T00:00:00Z"}), "2030-01-01T00:0"),
        (json!({"advance_seconds": 86_400}), "2030-01-02T00:0"),
        (json!({"advance_seconds": i64::MAX}), "21"),
        (json!({"advance_seconds": i64::MIN}), "19"),
        (json!({"ahead_seconds": 0}), "20"),
    ];
    for (asked, begins) in cases {
        let clock = harness.json(Host::Admin, "POST", "/clock", asked.clone()).await;
        assert!(clock["now"].as_str().unwrap().starts_with(begins), "{asked}: {clock}");
    }
}
