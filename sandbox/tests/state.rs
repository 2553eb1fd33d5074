//! A seed to begin with, and a state that outlives the sandbox.

mod kept;

use cosell_sandbox::{Sandbox, SandboxOptions, Seed};
use reqwest::{Certificate, Client};
use serde_json::{Value, json};

const SEED: &str = "
clock: 2027-01-01T09:00:00Z
person: { role: referrals_user, email: sales@fabrikam.example }
behaviours: { sane_next_links: true }
deals:
  - { name: Seeded deal, category: qualified_lead, status: New }
  - { name: no, dealValue: 12.5 }
rows:
  accounts:
    - { name: Contoso, accountnumber: A-1 }
  contacts:
    - { lastname: 'on', 'parentcustomerid_account@odata.bind': /accounts(11111111-1111-4111-8111-111111111111) }
";

async fn get(sandbox: &Sandbox, address: &str) -> Value {
    let mut client = Client::builder().no_proxy();
    if let Some(pem) = sandbox.ca_pem() {
        client = client.add_root_certificate(Certificate::from_pem(pem.as_bytes()).unwrap());
    }
    let client = client.build().unwrap();
    let request = client.get(address).bearer_auth(&sandbox.credentials().seller_token);
    request.send().await.unwrap().json().await.unwrap()
}

async fn names(sandbox: &Sandbox, address: String, name: &str) -> Vec<String> {
    let list = get(sandbox, &address).await;
    list["value"].as_array().unwrap().iter().map(|one| one[name].as_str().unwrap().to_owned()).collect()
}

async fn deals(sandbox: &Sandbox) -> Vec<String> {
    names(sandbox, format!("{}/v1.0/engagements/referrals", sandbox.addresses().referrals), "name").await
}

async fn accounts(sandbox: &Sandbox) -> Vec<String> {
    names(sandbox, format!("{}/api/data/v9.2/accounts", sandbox.addresses().dataverse), "name").await
}

fn seed() -> Seed {
    // The account's id is given, so that the contact can name it.
    let text = SEED.replace("accountnumber: A-1", "accountid: 11111111-1111-4111-8111-111111111111");
    Seed::parse(&text).unwrap()
}

#[tokio::test]
async fn a_seed_is_sown_with_and_without_tls() {
    for tls in [false, true] {
        let options = SandboxOptions { seed: Some(seed()), tls, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.unwrap();
        assert_eq!(sandbox.addresses().dataverse.starts_with("https:"), tls);
        assert_eq!(deals(&sandbox).await, ["Seeded deal", "no"]);
        assert_eq!(accounts(&sandbox).await, ["Contoso"]);
        let contacts = format!("{}/api/data/v9.2/contacts", sandbox.addresses().dataverse);
        assert_eq!(names(&sandbox, contacts, "lastname").await, ["on"]);
        let admin = &sandbox.addresses().admin;
        assert!(get(&sandbox, &format!("{admin}/clock")).await["now"].as_str().unwrap().starts_with("2027-01-01T09:"));
        assert_eq!(get(&sandbox, &format!("{admin}/person")).await["role"], "referrals_user");
    }
}

#[tokio::test]
async fn a_seed_is_sown_whatever_is_to_go_wrong() {
    let rows: String = (0..12).map(|number| format!("    - {{ name: Account {number} }}\n")).collect();
    for fault in ["throttled", "unavailable", "cut_connections", "service_protection"] {
        let seed = Seed::parse(&format!("behaviours: {{ slow: true }}\nrows:\n  accounts:\n{rows}")).unwrap();
        let behaviours = vec![(fault.to_owned(), true)];
        let options = SandboxOptions { seed: Some(seed), behaviours, ..SandboxOptions::default() };
        let sandbox = Sandbox::start(options).await.map_err(|error| format!("{fault}: {error}")).unwrap();
        let log = get(&sandbox, &format!("{}/log", sandbox.addresses().admin)).await;
        assert_eq!(log, json!([]), "no client has asked yet");
        assert_eq!(accounts(&sandbox).await.len(), 12, "{fault}");
    }
}

#[tokio::test]
async fn a_seed_that_does_not_fit_is_refused() {
    for (text, part) in [
        ("deals: [{ colour: red }]", "colour"),
        ("behaviours: { nonsense: true }", "`nonsense`"),
        ("rows: { nonsense: [{}] }", "row 1 of `nonsense`"),
        ("rows: { accounts: [{ name: a }, { nonsense: 1 }] }", "row 2 of `accounts`"),
        ("- x", "the seed cannot be sown"),
    ] {
        let error = match Seed::parse(text) {
            Err(error) => error,
            Ok(seed) => {
                let options = SandboxOptions { seed: Some(seed), ..SandboxOptions::default() };
                Sandbox::start(options).await.err().unwrap()
            }
        };
        assert!(error.to_string().contains(part), "{text}: {error}");
    }
}

#[tokio::test]
async fn the_state_outlives_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("state.json");
    let options = || SandboxOptions { state: Some(file.clone()), seed: Some(seed()), ..SandboxOptions::default() };
    let first = Sandbox::start(options()).await.unwrap();
    let credentials = first.credentials().clone();
    let before = get(&first, &format!("{}/v1.0/engagements/referrals", first.addresses().referrals)).await;
    let registration = json!({"WebhookUrl": "http://127.0.0.1:9/hook", "WebhookEvents": ["referral-created"]});
    let hooks = "/webhooks/v1/registration";
    let client = Client::builder().no_proxy().build().unwrap();
    let address = format!("{}{hooks}", first.addresses().partner_center);
    let made = client.post(address).bearer_auth(&credentials.seller_token).json(&registration).send().await.unwrap();
    assert_eq!(made.status(), 200);
    first.stop().await;

    let second = Sandbox::start(options()).await.unwrap();
    assert_eq!(second.credentials().client_secret, credentials.client_secret);
    assert_eq!(second.credentials().refresh_token, credentials.refresh_token);
    let after = get(&second, &format!("{}/v1.0/engagements/referrals", second.addresses().referrals)).await;
    assert_eq!(before["value"][0]["eTag"], after["value"][0]["eTag"]);
    let link = after["value"][0]["links"]["self"]["uri"].as_str().unwrap();
    assert!(link.starts_with(&second.addresses().referrals), "{link}");
    assert_eq!(deals(&second).await, ["Seeded deal", "no"], "and not sown again");
    assert_eq!(accounts(&second).await, ["Contoso"]);
    let kept = get(&second, &format!("{}{hooks}", second.addresses().partner_center)).await;
    assert_eq!(kept["WebhookUrl"], "http://127.0.0.1:9/hook");
    let admin = &second.addresses().admin;
    assert!(get(&second, &format!("{admin}/clock")).await["now"].as_str().unwrap().starts_with("2027-01-01T"));
    let behaviours = get(&second, &format!("{admin}/behaviours")).await;
    assert!(behaviours.as_array().unwrap().iter().any(|one| one["name"] == "sane_next_links" && one["on"] == true));
    second.stop().await;

    let behaviours = vec![("sane_next_links".to_owned(), false)];
    let third = Sandbox::start(SandboxOptions { behaviours, ..options() }).await.unwrap();
    let behaviours = get(&third, &format!("{}/behaviours", third.addresses().admin)).await;
    assert!(behaviours.as_array().unwrap().iter().all(|one| one["on"] == false), "this start's wish goes first");
    third.stop().await;

    std::fs::write(&file, "{").unwrap();
    let error = Sandbox::start(options()).await.err().unwrap().to_string();
    assert!(error.contains("cannot be read"), "{error}");
}
