//! What is the same after a restart, part by part.

use std::path::Path;

use cosell_sandbox::{Sandbox, SandboxOptions};
use reqwest::{Client, Method, Response};
use serde_json::{Value, json};

const ID: &str = "aaaaaaaa-0000-4000-8000-000000000001";
const OTHER: &str = "aaaaaaaa-0000-4000-8000-000000000002";

/// A sandbox that keeps its state in a file, and a client for it.
struct Kept {
    sandbox: Sandbox,
    client: Client,
}

impl Kept {
    async fn start(file: &Path) -> Kept {
        let options = SandboxOptions { state: Some(file.to_owned()), ..SandboxOptions::default() };
        let client = Client::builder().no_proxy().build().unwrap();
        Kept { sandbox: Sandbox::start(options).await.unwrap(), client }
    }

    async fn again(self, file: &Path) -> Kept {
        self.sandbox.stop().await;
        Kept::start(file).await
    }

    async fn send(&self, method: Method, address: String, headers: &[(&str, &str)], body: Value) -> Response {
        let mut request = self.client.request(method, address).bearer_auth(&self.sandbox.credentials().seller_token);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(&body);
        }
        request.send().await.unwrap()
    }

    async fn crm(&self, method: Method, path: &str, headers: &[(&str, &str)], body: Value) -> Response {
        let address = format!("{}/api/data/v9.2/{path}", self.sandbox.addresses().dataverse);
        self.send(method, address, headers, body).await
    }

    /// Sends to the CRM what must succeed.
    async fn make(&self, path: &str, body: Value) {
        let answer = self.crm(Method::POST, path, &[], body).await;
        let status = answer.status();
        assert!(status.is_success(), "{path}: {}", answer.text().await.unwrap());
    }

    async fn read(&self, path: &str, headers: &[(&str, &str)]) -> Value {
        self.crm(Method::GET, path, headers, Value::Null).await.json().await.unwrap()
    }

    async fn admin(&self, method: Method, path: &str, body: Value) -> Value {
        let address = format!("{}{path}", self.sandbox.addresses().admin);
        let answer = self.send(method, address, &[], body).await;
        assert!(answer.status().is_success(), "{path}");
        answer.json().await.unwrap()
    }

    async fn refresh(&self, token: &str) -> (u16, Value) {
        let credentials = self.sandbox.credentials();
        let address = format!("{}/{}/oauth2/v2.0/token", self.sandbox.addresses().entra, credentials.tenant);
        let fields = [
            ("grant_type", "refresh_token"),
            ("client_id", &credentials.client_id),
            ("client_secret", &credentials.client_secret),
            ("refresh_token", token),
        ];
        let answer = self.client.post(address).form(&fields).send().await.unwrap();
        (answer.status().as_u16(), answer.json().await.unwrap())
    }
}

fn file() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    (folder, file)
}

#[tokio::test]
async fn etags_and_delta_links_stay_good_and_old_ones_stay_bad() {
    let (_folder, file) = file();
    let first = Kept::start(&file).await;
    first.make("leads", json!({"leadid": ID, "subject": "deleted"})).await;
    first.make("accounts", json!({"accountid": ID, "name": "Contoso"})).await;
    let account = format!("accounts({ID})");
    let stale = first.read(&account, &[]).await["@odata.etag"].as_str().unwrap().to_owned();
    first.crm(Method::PATCH, &account, &[], json!({"name": "Fabrikam"})).await;
    let etag = first.read(&account, &[]).await["@odata.etag"].as_str().unwrap().to_owned();
    let tracked = [("prefer", "odata.track-changes")];
    let all = first.read("leads?$select=subject", &tracked).await;
    let link = all["@odata.deltaLink"].as_str().unwrap().split_once("/api/data/v9.2/").unwrap().1.to_owned();
    first.crm(Method::DELETE, &format!("leads({ID})"), &[], Value::Null).await;
    first.make("leads", json!({"leadid": OTHER, "subject": "made"})).await;

    let second = first.again(&file).await;
    assert_eq!(second.read(&account, &[]).await["@odata.etag"], json!(etag));
    let changes = second.read(&link, &[]).await;
    let ids: Vec<&Value> =
        changes["value"].as_array().unwrap().iter().map(|one| one.get("leadid").unwrap_or(&one["id"])).collect();
    assert_eq!(ids, [&json!(OTHER), &json!(ID)], "what was made and what was deleted, and nothing else: {changes}");
    for (sent, status) in [(&stale, 412), (&etag, 204), (&etag, 412)] {
        let headers = [("if-match", sent.as_str())];
        let answer = second.crm(Method::PATCH, &account, &headers, json!({"name": "Contoso"})).await;
        assert_eq!(answer.status(), status, "{sent}");
    }
}

#[tokio::test]
async fn what_clients_made_of_the_definitions_is_kept() {
    let (_folder, file) = file();
    let first = Kept::start(&file).await;
    let label = |text: &str| json!({"LocalizedLabels": [{"Label": text, "LanguageCode": 1033}]});
    let column = |kind: &str, schema: &str, more: Value| {
        let mut column = json!({
            "@odata.type": format!("Microsoft.Dynamics.CRM.{kind}AttributeMetadata"), "SchemaName": schema,
            "DisplayName": label(schema),
        });
        column.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        column
    };
    let table = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata", "SchemaName": "new_Category",
        "DisplayName": label("Category"), "DisplayCollectionName": label("Categories"),
        "Attributes": [column("String", "new_Name", json!({"IsPrimaryName": true, "MaxLength": 100}))],
    });
    first.make("EntityDefinitions", table).await;
    let code = column("String", "new_Code", json!({"MaxLength": 5}));
    first.make("EntityDefinitions(LogicalName='account')/Attributes", code).await;
    let key = json!({"SchemaName": "new_code_key", "DisplayName": label("Code"), "KeyAttributes": ["new_code"]});
    first.make("EntityDefinitions(LogicalName='account')/Keys", key).await;
    let levels = json!({
        "Name": "new_levels", "DisplayName": label("Levels"), "Options": [{"Value": 7, "Label": label("Seven")}],
    });
    first.make("GlobalOptionSetDefinitions", levels).await;
    let pairs = json!({
        "@odata.type": "Microsoft.Dynamics.CRM.ManyToManyRelationshipMetadata", "SchemaName": "new_category_account",
        "Entity1LogicalName": "new_category", "Entity2LogicalName": "account", "IntersectEntityName": "new_pairs",
    });
    first.make("RelationshipDefinitions", pairs).await;
    let set = first.read("EntityDefinitions(LogicalName='new_category')?$select=EntitySetName", &[]).await;
    let set = set["EntitySetName"].as_str().unwrap().to_owned();
    first.make(&set, json!({"new_categoryid": ID, "new_name": "C"})).await;
    first.make("accounts", json!({"accountid": ID, "new_code": "A-1"})).await;
    let related = format!("{set}({ID})/new_category_account");
    first.make(&format!("{related}/$ref"), json!({"@odata.id": format!("accounts({ID})")})).await;
    let id_of_column = "EntityDefinitions(LogicalName='account')/Attributes(LogicalName='new_code')?$select=MetadataId";
    let before = first.read(id_of_column, &[]).await["MetadataId"].clone();

    let second = first.again(&file).await;
    second.admin(Method::POST, "/clock", json!({"advance_seconds": 1})).await;
    assert_eq!(second.read(&format!("{set}({ID})"), &[]).await["new_name"], "C");
    assert_eq!(second.read("accounts(new_code='A-1')", &[]).await["accountid"], ID);
    assert_eq!(second.read(id_of_column, &[]).await["MetadataId"], before);
    assert_eq!(second.read("GlobalOptionSetDefinitions(Name='new_levels')", &[]).await["Options"][0]["Value"], 7);
    assert_eq!(second.read(&related, &[]).await["value"][0]["accountid"], ID);
    let long = second.crm(Method::POST, "accounts", &[], json!({"new_code": "longer"})).await;
    assert_eq!(long.status(), 400, "the column's length is kept");
    let gone = second
        .crm(
            Method::DELETE,
            "EntityDefinitions(LogicalName='account')/Keys(LogicalName='new_code_key')",
            &[],
            Value::Null,
        )
        .await;
    assert_eq!(gone.status(), 204);

    let third = second.again(&file).await;
    assert_eq!(third.crm(Method::GET, "accounts(new_code='A-1')", &[], Value::Null).await.status(), 400);
}

#[tokio::test]
async fn tokens_tests_and_what_was_asked_for_are_kept() {
    let (_folder, file) = file();
    let first = Kept::start(&file).await;
    let original = first.sandbox.credentials().refresh_token.clone();
    let handed_out = first.refresh(&original).await.1["refresh_token"].as_str().unwrap().to_owned();
    first.admin(Method::POST, "/tokens", json!({"lifetime_seconds": 77})).await;
    first.admin(Method::POST, "/person", json!({"role": "global_admin"})).await;
    first.admin(Method::POST, "/clock", json!({"ahead_seconds": 86_400})).await;
    let fault = json!({"service": "dataverse", "status": 503, "times": 9, "path_contains": "nothing"});
    first.admin(Method::POST, "/faults", fault).await;
    first.admin(Method::POST, "/limits", json!({"service": "referrals", "requests": 1, "seconds": 3600})).await;
    first.admin(Method::POST, "/dataverse", json!({"requests": 5})).await;
    first.admin(Method::POST, "/deliveries", json!({"hold": true, "duplicate": 2})).await;
    first.admin(Method::POST, "/lag", json!({"service": "dataverse", "seconds": 3600})).await;
    first.admin(Method::POST, "/behaviours", json!({"slow_keys": true, "invalid_client_is_400": true})).await;
    let hooks = format!("{}/webhooks/v1/registration", first.sandbox.addresses().partner_center);
    let registration = json!({"WebhookUrl": "http://127.0.0.1:9/hook", "WebhookEvents": ["test-created"]});
    first.send(Method::POST, hooks.clone(), &[], registration).await;
    let asked = first.send(Method::POST, format!("{hooks}/validationEvents"), &[], Value::Null).await;
    let test = asked.json::<Value>().await.unwrap()["correlationId"].as_str().unwrap().to_owned();

    let second = first.again(&file).await;
    let (status, body) = second.refresh(&handed_out).await;
    assert_eq!((status, &body["expires_in"]), (200, &json!(77)), "{body}");
    assert_eq!(second.refresh(&original).await.0, 200);
    assert_eq!(second.admin(Method::GET, "/person", Value::Null).await["role"], "global_admin");
    let ahead = second.admin(Method::GET, "/clock", Value::Null).await["ahead_seconds"].clone();
    assert_eq!(ahead, json!(86_400));
    assert_eq!(second.admin(Method::GET, "/faults", Value::Null).await[0]["times"], json!(9));
    assert_eq!(second.admin(Method::GET, "/dataverse", Value::Null).await["ceilings"]["requests"], json!(5));
    let report = second.admin(Method::GET, "/deliveries", Value::Null).await;
    assert_eq!((&report["hold"], &report["duplicate"]), (&json!(true), &json!(2)));
    let behaviours = second.admin(Method::GET, "/behaviours", Value::Null).await;
    let on = behaviours.as_array().unwrap().iter().filter(|told| told["on"] == json!(true));
    assert_eq!(on.map(|told| &told["name"]).collect::<Vec<_>>(), ["invalid_client_is_400", "slow_keys"]);
    let list = format!("{}/v1.0/engagements/referrals", second.sandbox.addresses().referrals);
    for status in [200, 429] {
        assert_eq!(second.send(Method::GET, list.clone(), &[], Value::Null).await.status(), status);
    }
    second.make("accounts", json!({"name": "late"})).await;
    assert_eq!(second.read("accounts", &[]).await["value"], json!([]), "lists lag as before");
    let hooks = format!("{}/webhooks/v1/registration", second.sandbox.addresses().partner_center);
    let told = second.send(Method::GET, format!("{hooks}/validationEvents/{test}"), &[], Value::Null).await;
    assert_eq!(told.json::<Value>().await.unwrap()["status"], "completed");

    second.admin(Method::POST, "/tokens", json!({"revoke_refresh": true})).await;
    let third = second.again(&file).await;
    assert_eq!(third.refresh(&handed_out).await.1["error_codes"], json!([50_173]), "what was revoked stays revoked");
}

#[tokio::test]
async fn a_file_of_another_form_is_refused() {
    let (_folder, file) = file();
    std::fs::write(&file, r#"{"form": 1, "whatever": []}"#).unwrap();
    let options = SandboxOptions { state: Some(file), ..SandboxOptions::default() };
    let error = Sandbox::start(options).await.err().unwrap().to_string();
    assert!(error.contains("its form is 1, and this sandbox knows 2"), "{error}");
}
