//! A sandbox of its own for one call, connectors to it, and what can be seen of both.

use std::sync::Arc;

use cosell_connectors::{Connections, Secret, SignIn, standard};
use cosell_engine::connector::{Answer, AnyOperation, CallError, CallKey, Connectors};
use cosell_sandbox::{ColumnKind, CustomColumn, CustomTable, Sandbox, SandboxOptions};
use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::cases::Case;

/// A sandbox and connectors to it.
pub(crate) struct Stage {
    sandbox: Sandbox,
    connectors: Connectors,
    people: reqwest::Client,
}

/// A case that is ready to be called.
pub(crate) struct Begun {
    pub(crate) input: Value,
}

impl Stage {
    pub(crate) async fn start() -> Stage {
        let sandbox = Sandbox::start(SandboxOptions { custom: tables(), ..SandboxOptions::default() }).await.unwrap();
        let connectors = connected(&sandbox);
        Stage { sandbox, connectors, people: reqwest::Client::new() }
    }

    /// New connectors, which remember nothing.
    pub(crate) fn restart(&mut self) {
        self.connectors = connected(&self.sandbox);
    }

    pub(crate) fn operation(&self, name: &str) -> Arc<dyn AnyOperation> {
        Arc::clone(self.connectors.operation(name).unwrap())
    }

    pub(crate) async fn call(&self, key: &CallKey, operation: &str, input: &Value) -> Result<Value, CallError> {
        let answer: Answer = self.operation(operation).call_any(key, input).await?;
        Ok(Value::clone(&answer.value))
    }

    /// Makes what the case starts from, and fills in its input.
    pub(crate) async fn prepare(&self, case: &Case) -> Begun {
        let mut made = Vec::new();
        for (index, (operation, input)) in case.before.iter().enumerate() {
            let key = CallKey::new("before", index, "call");
            let input = self.filled(input, &json!(made));
            made.push(self.call(&key, operation, &input).await.unwrap());
        }
        Begun { input: self.filled(&case.input, &json!(made)) }
    }

    /// What the services hold.
    pub(crate) async fn observe(&self, case: &Case) -> Vec<Value> {
        let mut held = Vec::new();
        for (index, (operation, input)) in case.after.iter().enumerate() {
            let key = CallKey::new("after", index, "call");
            held.push(masked(&self.call(&key, operation, &self.filled(input, &Value::Null)).await.unwrap()));
        }
        held
    }

    /// Lets the lists of both services lag behind.
    pub(crate) async fn lag(&self, seconds: u32) {
        for service in ["referrals", "dataverse"] {
            self.admin("POST", "/lag", json!({ "service": service, "seconds": seconds })).await;
        }
    }

    pub(crate) async fn admin(&self, method: &str, path: &str, body: Value) -> Value {
        let address = format!("{}{path}", self.sandbox.addresses().admin);
        let request = self.people.request(method.parse().unwrap(), address).json(&body);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }

    /// An input with its places filled in: `{"$": "/0/id"}` by a part of what was made before, `$EVENTS` by an
    /// address.
    fn filled(&self, input: &Value, made: &Value) -> Value {
        match input {
            Value::Object(object) => match object.get("$").and_then(Value::as_str) {
                Some(pointer) => made.pointer(pointer).unwrap().clone(),
                None => object.iter().map(|(name, value)| (name.clone(), self.filled(value, made))).collect(),
            },
            Value::Array(items) => items.iter().map(|item| self.filled(item, made)).collect(),
            Value::String(text) => json!(text.replace("$EVENTS", &self.sandbox.addresses().partner_center)),
            other => other.clone(),
        }
    }
}

/// A value without what differs from one sandbox to the next (ids, versions, times and ports), and without the mark
/// of which only the connectors before a restart know.
pub(crate) fn masked(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members =
                object.iter().filter(|(name, _)| !["versionnumber", "@cosell.in_step"].contains(&name.as_str()));
            Value::Object(members.map(|(name, value)| (name.clone(), masked(value))).collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(masked).collect(),
        Value::String(text) => json!(masked_text(text)),
        other => other.clone(),
    }
}

fn masked_text(text: &str) -> String {
    let mut masked = String::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        if rest.get(..36).is_some_and(|id| Uuid::try_parse(id).is_ok()) {
            masked.push_str("ID");
            rest = &rest[36..];
            continue;
        }
        // Instants have more or fewer digits, so any number of them counts as one.
        match first {
            '0'..='9' if masked.ends_with('0') => {}
            '0'..='9' => masked.push('0'),
            _ => masked.push(first),
        }
        rest = &rest[first.len_utf8()..];
    }
    masked
}

fn connected(sandbox: &Sandbox) -> Connectors {
    let (addresses, credentials) = (sandbox.addresses(), sandbox.credentials());
    let sign_in = json!({
        "tenant": credentials.tenant, "client_id": credentials.client_id, "login_url": addresses.entra,
    });
    let bound = |url: &str| json!({ "url": url, "sign_in": sign_in });
    let mut connections: Connections = serde_json::from_value(json!({
        "partner_center": bound(&addresses.referrals),
        "events": bound(&addresses.partner_center),
        "dataverse": bound(&addresses.dataverse),
    }))
    .unwrap();
    let secrets = |sign_in: &mut SignIn| {
        sign_in.client_secret = Some(Secret::given(&credentials.client_secret));
        sign_in.refresh_token = Some(Secret::given(&credentials.refresh_token));
    };
    secrets(&mut connections.partner_center.as_mut().unwrap().sign_in);
    secrets(&mut connections.events.as_mut().unwrap().sign_in);
    secrets(&mut connections.dataverse.as_mut().unwrap().sign_in);
    standard(&connections).unwrap()
}

fn tables() -> Vec<CustomTable> {
    let column = |name: &str, kind, key| CustomColumn {
        name: name.to_owned(),
        kind,
        title: name.to_owned(),
        key,
        max_length: None,
    };
    let columns =
        vec![column("cosell_referralid", ColumnKind::Text, true), column("cosell_audit", ColumnKind::LongText, false)];
    vec![
        CustomTable { name: "opportunity".to_owned(), parent: None, columns },
        CustomTable { name: "cosell_solution".to_owned(), parent: Some("opportunity".to_owned()), columns: Vec::new() },
    ]
}
