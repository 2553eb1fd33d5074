//! `cosell doctor` and `cosell connect` as people use them, on a sandbox.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use cosell::environment::Environment;
use cosell::packs::{Opened, built_in};
use cosell::sandboxed;
use cosell_sandbox::{Sandbox, SandboxOptions};
use serde_json::{Value, json};
use tempfile::TempDir;

/// A flow of a pack that declares no connection.
const CALLS: &str = "
flow: calls
trigger: { manual: {} }
steps:
  group:
    scope:
      row: { call: dataverse.get_row, with: { table: opportunity, id: 0f8fad5b-d9cb-469f-a165-70867728950e } }
";

/// A sandbox with what the pack adds to the CRM, and an environment that is bound to it.
struct Place {
    sandbox: Sandbox,
    folder: TempDir,
    people: reqwest::Client,
}

impl Place {
    async fn new(with_columns: bool) -> Place {
        let files = built_in("dynamics365").unwrap();
        let opened = Opened { files, folder: None, shown: "dynamics365".to_owned() };
        let custom = sandboxed::tables_of(&opened, &Environment::default()).unwrap();
        let custom = if with_columns { custom } else { Vec::new() };
        let sandbox = Sandbox::start(SandboxOptions { custom, ..SandboxOptions::default() }).await.unwrap();
        let place = Place { sandbox, folder: tempfile::tempdir().unwrap(), people: reqwest::Client::new() };
        let credentials = place.sandbox.credentials();
        place.write("secret", &credentials.client_secret);
        place.write("token", &credentials.refresh_token);
        place.write("environment.yaml", &place.environment());
        place
    }

    fn environment(&self) -> String {
        let (addresses, credentials) = (self.sandbox.addresses(), self.sandbox.credentials());
        let application = json!({ "tenant": credentials.tenant, "client_id": credentials.client_id,
            "client_secret": { "file": "secret" }, "login_url": addresses.entra });
        let mut person = application.clone();
        person["refresh_token"] = json!({ "file": "token" });
        json!({
            "connections": {
                "partner_center": { "url": addresses.referrals, "sign_in": person },
                "events": { "url": addresses.partner_center, "sign_in": person },
                "dataverse": { "url": addresses.dataverse, "sign_in": application },
            },
            "engine": { "public_url": "https://here.example" },
        })
        .to_string()
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    async fn admin(&self, path: &str, body: Value) {
        let address = format!("{}{path}", self.sandbox.addresses().admin);
        self.people.post(address).json(&body).send().await.unwrap().error_for_status().unwrap();
    }

    /// Registers an address with the service, as somebody of the tenant.
    async fn register(&self, url: &str) {
        let events = ["referral-created", "referral-updated", "related-referral-created", "related-referral-updated"];
        let address = format!("{}/webhooks/v1/registration", self.sandbox.addresses().partner_center);
        let request = self.people.post(address).bearer_auth(&self.sandbox.credentials().seller_token);
        let body = json!({ "WebhookUrl": url, "WebhookEvents": events });
        request.json(&body).send().await.unwrap().error_for_status().unwrap();
    }

    fn start(&self, arguments: &[&str]) -> Child {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cosell"));
        command.args(arguments).args(["--environment", "environment.yaml"]).current_dir(self.folder.path());
        command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    }

    /// What `cosell doctor` prints, and the code it ends with.
    fn doctor(&self) -> (String, i32) {
        self.doctor_with(&[])
    }

    fn doctor_with(&self, arguments: &[&str]) -> (String, i32) {
        let output = self.start(&[&["doctor"], arguments].concat()).wait_with_output().unwrap();
        let said = [output.stdout, output.stderr].concat();
        (String::from_utf8(said).unwrap(), output.status.code().unwrap())
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn all_that_is_in_place_is_told() {
    let place = Place::new(true).await;
    place.register("https://here.example/webhooks/events/referral").await;
    let (said, code) = place.doctor();
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("everything is in place") && !said.contains('✖'), "{said}");
    for check in [
        "✔ address",
        "✔ clock",
        "✔ token",
        "✔ audience",
        "✔ person",
        "✔ role",
        "✔ deadlines",
        "✔ registration",
        "✔ keys",
    ] {
        assert!(said.contains(check), "{check}: {said}");
    }
    assert!(!said.contains(&place.sandbox.credentials().client_secret), "{said}");
}

/// What is done to the services, what is said of it, and a word of what helps.
#[tokio::test(flavor = "multi_thread")]
async fn what_is_wrong_is_told_with_what_helps() {
    let cases = [
        (json!({ "consent_missing": true }), "✖ token", "consent"),
        (json!({ "interaction_required": true }), "✖ token", "second factor"),
        (json!({ "secret_expired": true }), "✖ token", "make a new secret"),
        (json!({ "tokens_without_mfa": true }), "✖ person", "second factor"),
        (json!({ "registration_wants_admin_agent": true }), "✖ role", "Admin agent"),
        (json!({}), "✖ registration", "no address is registered"),
    ];
    for (behaviours, sign, help) in cases {
        let place = Place::new(true).await;
        place.admin("/behaviours", behaviours.clone()).await;
        let (said, code) = place.doctor();
        assert_eq!(code, 1, "{behaviours}: {said}");
        assert!(said.contains(sign) && said.contains(help) && said.contains("    help: "), "{behaviours}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn t32_a_registration_that_was_taken_over_is_found() {
    let place = Place::new(true).await;
    place.register("https://there.example/in?sig=hush").await;
    let (said, code) = place.doctor();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("events go to `https://there.example/…`") && !said.contains("hush"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_crm_lacks_is_named() {
    let place = Place::new(false).await;
    place.register("https://here.example/webhooks/events/referral").await;
    let (said, code) = place.doctor();
    assert_eq!(code, 1, "{said}");
    for missing in [
        "✖ columns",
        "`opportunity.cosell_sync`",
        "the table `cosell_microsoftsolution`",
        "no key is over `opportunity.cosell_referralid`",
        "2 things are wrong",
    ] {
        assert!(said.contains(missing), "{missing}: {said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn addresses_and_secrets_that_are_wrong_are_told() {
    let place = Place::new(true).await;
    place.write("secret", "do-not-print");
    let nowhere = place.environment().replace(&place.sandbox.addresses().referrals, "http://127.0.0.1:1");
    place.write("environment.yaml", &nowhere);
    let (said, code) = place.doctor();
    assert_eq!(code, 1, "{said}");
    assert!(said.contains("✖ address") && said.contains("check `url`"), "{said}");
    assert!(said.contains("not its id") && !said.contains("do-not-print"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_not_looked_at_is_not_said_to_be_in_place() {
    let place = Place::new(true).await;
    let bound: Value = serde_json::from_str(&place.environment()).unwrap();
    let only = |names: &[&str], webhook: bool| {
        let mut environment = bound.clone();
        environment["engine"]["webhook"] = json!(webhook);
        environment["connections"].as_object_mut().unwrap().retain(|name, _| names.contains(&name.as_str()));
        environment.to_string()
    };
    place.write("bare/pack.yaml", "pack: bare\nversion: 1.0.0\n");
    place.write("calls/pack.yaml", "pack: calls\nversion: 1.0.0\n");
    place.write("calls/calls.yaml", CALLS);
    // What is bound, whether events are sent, the pack, the code, and what is said at the end.
    let cases: [(&[&str], bool, &str, i32, &str); 7] = [
        (&[], true, "dynamics365", 0, "not looked at: `partner_center`, `events`, `dataverse`\n"),
        (&["partner_center", "dataverse"], true, "dynamics365", 0, "not looked at: `events`\n"),
        (&["partner_center", "dataverse"], false, "dynamics365", 0, "everything is in place"),
        (&[], false, "dynamics365", 0, "not looked at: `partner_center`, `dataverse`\n"),
        (&[], true, "bare", 0, "everything is in place"),
        (&[], true, "calls", 0, "not looked at: `dataverse`\n"),
        (&["dataverse"], true, "nowhere", 1, "there is no pack `nowhere`"),
    ];
    for (names, webhook, pack, expected, words) in cases {
        place.write("environment.yaml", &only(names, webhook));
        let (said, code) = place.doctor_with(&["--pack", pack]);
        assert_eq!(code, expected, "{names:?} {pack}: {said}");
        assert!(said.contains(words), "{names:?} {pack}: {said}");
        assert_eq!(said.contains("everything is in place"), words.contains("everything"), "{said}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_signs_in_by_a_code() {
    let place = Place::new(true).await;
    place.write("token", "old");
    let mut child = place.start(&["connect", "partner_center"]);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let code = lines.find_map(|line| line.strip_prefix("type in  ").map(str::to_owned)).unwrap();
    place.admin(&format!("/device-codes/{code}"), json!({ "approve": true })).await;
    let rest: Vec<String> = lines.collect();
    assert!(child.wait().unwrap().success());
    assert!(rest.last().unwrap().contains("`partner_center` is signed in"), "{rest:?}");
    let kept = std::fs::read_to_string(place.folder.path().join("token")).unwrap();
    assert!(kept != "old" && !rest.concat().contains(&kept));
    assert!(place.doctor().0.contains("✔ token"));
}
