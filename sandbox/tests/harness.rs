//! A started sandbox, a client for it, and tables of requests with their expected answers.

use std::collections::HashMap;

use cosell_sandbox::{ColumnKind, CustomColumn, CustomTable, Sandbox, SandboxOptions};
use reqwest::{Client, Method, Response, StatusCode};
use serde_json::{Value, json};

/// A sandbox with the co-sell tables, and tokens of a partner user for each host.
pub(crate) struct Harness {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: Client,
    pub(crate) tokens: HashMap<Host, String>,
}

/// A host of the sandbox.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Host {
    Referrals,
    PartnerCenter,
    Dataverse,
    Admin,
}

/// One request and what must come back.
pub(crate) struct Case {
    pub(crate) title: &'static str,
    pub(crate) method: &'static str,
    pub(crate) path: String,
    pub(crate) headers: &'static [(&'static str, &'static str)],
    pub(crate) body: Value,
    pub(crate) status: u16,
    /// Parts of the body; a part that begins with `!` must not be there.
    pub(crate) parts: &'static [&'static str],
}

impl Harness {
    pub(crate) async fn start() -> Harness {
        let options = SandboxOptions {
            custom: custom_tables(),
            delivery_spacing: std::time::Duration::from_millis(1),
            ..SandboxOptions::default()
        };
        let sandbox = Sandbox::start(options).await.unwrap();
        let client = Client::builder().no_proxy().build().unwrap();
        let mut harness = Harness { sandbox, client, tokens: HashMap::new() };
        for host in [Host::Referrals, Host::PartnerCenter, Host::Dataverse] {
            let token = harness.user_token(harness.base(host)).await;
            harness.tokens.insert(host, token);
        }
        harness
    }

    pub(crate) fn base(&self, host: Host) -> &str {
        let addresses = self.sandbox.addresses();
        match host {
            Host::Referrals => &addresses.referrals,
            Host::PartnerCenter => &addresses.partner_center,
            Host::Dataverse => &addresses.dataverse,
            Host::Admin => &addresses.admin,
        }
    }

    pub(crate) async fn token(&self, fields: &[(&str, &str)]) -> Response {
        let credentials = self.sandbox.credentials();
        let address = format!("{}/{}/oauth2/v2.0/token", self.sandbox.addresses().entra, credentials.tenant);
        self.client.post(address).form(fields).send().await.unwrap()
    }

    pub(crate) async fn user_token(&self, audience: &str) -> String {
        let credentials = self.sandbox.credentials();
        let scope = format!("{audience}/.default");
        let response = self
            .token(&[
                ("grant_type", "refresh_token"),
                ("client_id", &credentials.client_id),
                ("client_secret", &credentials.client_secret),
                ("refresh_token", &credentials.refresh_token),
                ("scope", &scope),
            ])
            .await;
        let body: Value = response.json().await.unwrap();
        body["access_token"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn send(
        &self,
        host: Host,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Result<Response, reqwest::Error> {
        let address = format!("{}{path}", self.base(host));
        let mut request = self.client.request(Method::from_bytes(method.as_bytes()).unwrap(), address);
        let replaced = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("authorization"));
        if let Some(token) = self.tokens.get(&host).filter(|_| !replaced) {
            request = request.bearer_auth(token);
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if !body.is_null() {
            request = request.json(body);
        }
        request.send().await
    }

    /// Sends a request that must succeed, and answers with its body.
    pub(crate) async fn json(&self, host: Host, method: &str, path: &str, body: Value) -> Value {
        let response = self.send(host, method, path, &[], &body).await.unwrap();
        let status = response.status();
        let text = response.text().await.unwrap();
        assert!(status.is_success(), "{method} {path}: {status} {text}");
        serde_json::from_str(&text).unwrap_or(Value::Null)
    }

    /// Follows the pages of a list in the CRM, and answers with one column of all rows.
    pub(crate) async fn pages(&self, first: &str, headers: &[(&str, &str)], column: &str) -> Vec<Value> {
        let mut path = first.to_owned();
        let mut seen = Vec::new();
        loop {
            let page = self.send(Host::Dataverse, "GET", &path, headers, &Value::Null).await.unwrap();
            let page: Value = page.json().await.unwrap();
            seen.extend(page["value"].as_array().unwrap().iter().map(|row| row[column].clone()));
            let Some(link) = page["@odata.nextLink"].as_str() else {
                return seen;
            };
            path = link.strip_prefix(self.base(Host::Dataverse)).unwrap().to_owned();
        }
    }

    /// The report on deliveries once nothing is on its way any more.
    pub(crate) async fn settled(&self) -> Value {
        loop {
            let report = self.json(Host::Admin, "GET", "/deliveries", Value::Null).await;
            if report["waiting"] == json!(0) {
                return report;
            }
        }
    }

    /// Sends each request in turn and compares.
    pub(crate) async fn check(&self, host: Host, cases: Vec<Case>) {
        for case in cases {
            let response = self.send(host, case.method, &case.path, case.headers, &case.body).await.unwrap();
            let status = response.status();
            // `text` would take a byte order mark away.
            let bytes = response.bytes().await.unwrap();
            let text = String::from_utf8_lossy(&bytes);
            let title = case.title;
            assert_eq!(status, StatusCode::from_u16(case.status).unwrap(), "{title}: {text}");
            for part in case.parts {
                match part.strip_prefix('!') {
                    Some(absent) => {
                        assert!(!text.contains(absent), "{title}: `{absent}` is in {text}");
                    }
                    None => assert!(text.contains(part), "{title}: `{part}` is not in {text}"),
                }
            }
        }
    }
}

/// A case without headers.
pub(crate) fn case(
    title: &'static str,
    method: &'static str,
    path: impl Into<String>,
    body: Value,
    status: u16,
    parts: &'static [&'static str],
) -> Case {
    Case { title, method, path: path.into(), headers: &[], body, status, parts }
}

/// An opportunity with columns of its own and two child tables, as the co-sell pack wants them.
fn custom_tables() -> Vec<CustomTable> {
    let column = |name: &str, kind| CustomColumn {
        name: name.to_owned(),
        kind,
        title: name.to_owned(),
        key: false,
        max_length: None,
    };
    let key = |name: &str, kind| CustomColumn { key: true, ..column(name, kind) };
    let code = CustomColumn { max_length: Some(20), ..column("cosell_code", ColumnKind::Text) };
    let table = |name: &str, parent: Option<&str>, columns| CustomTable {
        name: name.to_owned(),
        parent: parent.map(str::to_owned),
        columns,
    };
    let opportunity = vec![
        key("cosell_referralid", ColumnKind::Text),
        key("cosell_number", ColumnKind::Integer),
        column("cosell_sync", ColumnKind::YesNo),
        column("cosell_howcanmicrosofthelp", ColumnKind::Choice),
        column("cosell_audit", ColumnKind::LongText),
    ];
    vec![table("opportunity", None, opportunity), table("cosell_solution", Some("opportunity"), vec![code])]
}

/// A body that the referrals host accepts.
pub(crate) fn referral() -> Value {
    json!({
        "name": "Harbour pilot", "type": "Shared", "externalReferenceId": "crm-1", "status": "New", "substatus": "Pending",
        "customerProfile": {
            "name": "Contoso Test", "address": {"country": "SE", "postalCode": "111 22"},
            "team": [{
                "firstName": "Test", "lastName": "Person", "phoneNumber": "5550100",
                "email": "test.person@contoso.example",
            }],
        },
        "consent": {"consentToContact": true, "consentToToShareInfoWithOthers": true},
        "details": {
            "dealValue": 1000.5, "currency": "SEK", "closingDateTime": "2030-01-01T00:00:00Z",
            "requirements": {"solutions": [{"id": "SOL-1234-ABC"}]},
        },
        "team": [{"firstName": "Sales", "lastName": "Person", "email": "sales@fabrikam.example"}],
    })
}
