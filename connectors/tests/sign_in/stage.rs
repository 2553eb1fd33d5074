//! A sandbox, and connections to it that sign in as a test wants.

use std::path::Path;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use cosell_connectors::settings::{DataverseSettings, EventsSettings, PartnerCenterSettings};
use cosell_connectors::{Connections, Secret, SignIn, standard};
use cosell_engine::connector::{CallError, CallKey};
use cosell_sandbox::{Sandbox, SandboxOptions};
use rcgen::CertificateParams;
use serde_json::{Value, json};

/// A sandbox of its own.
pub(crate) struct Stage {
    sandbox: Sandbox,
    people: reqwest::Client,
}

impl Stage {
    pub(crate) async fn start() -> Stage {
        let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
        Stage { sandbox, people: reqwest::Client::new() }
    }

    /// The first refresh token.
    pub(crate) fn refresh_token(&self) -> &str {
        &self.sandbox.credentials().refresh_token
    }

    /// Dataverse alone, with a sign-in by the application's secret that is changed.
    pub(crate) fn dataverse(&self, change: impl FnOnce(&mut SignIn)) -> Connections {
        let mut sign_in = self.sign_in();
        change(&mut sign_in);
        let url = &self.sandbox.addresses().dataverse;
        Connections { dataverse: Some(DataverseSettings::new(url, sign_in)), ..Connections::default() }
    }

    /// All three in the name of a person, whose refresh token is in that file.
    pub(crate) fn for_person(&self, file: &Path) -> Connections {
        self.for_person_with(Secret::File(file.to_owned()))
    }

    /// All three in the name of a person, whose refresh token is there.
    pub(crate) fn for_person_with(&self, refresh_token: Secret) -> Connections {
        let sign_in = SignIn { refresh_token: Some(refresh_token), ..self.sign_in() };
        let addresses = self.sandbox.addresses();
        Connections {
            partner_center: Some(PartnerCenterSettings::new(&addresses.referrals, sign_in.clone())),
            events: Some(EventsSettings::new(&addresses.partner_center, sign_in.clone())),
            dataverse: Some(DataverseSettings::new(&addresses.dataverse, sign_in)),
        }
    }

    pub(crate) async fn admin(&self, path: &str, body: Value) {
        let address = format!("{}{path}", self.sandbox.addresses().admin);
        self.people.post(address).json(&body).send().await.unwrap().error_for_status().unwrap();
    }

    fn sign_in(&self) -> SignIn {
        let credentials = self.sandbox.credentials();
        SignIn {
            client_secret: Some(Secret::given(&credentials.client_secret)),
            login_url: self.sandbox.addresses().entra.clone(),
            ..SignIn::new(&credentials.tenant, &credentials.client_id)
        }
    }
}

/// A key and its certificate, in PEM.
pub(crate) fn certificate() -> (String, String) {
    let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
    let key = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
    let key = rcgen::KeyPair::try_from(key.as_ref()).unwrap();
    let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
    (key.serialize_pem(), certificate.pem())
}

/// Something that only who is signed in gets from Dataverse.
pub(crate) async fn ask(connections: &Connections) -> Result<(), CallError> {
    call(connections, "dataverse.list_rows", json!({ "table": "account" })).await
}

/// The same of all three services.
pub(crate) async fn ask_all(connections: &Connections) -> Result<(), CallError> {
    call(connections, "partner_center.list_referrals", json!({})).await?;
    call(connections, "events.view_registration", json!({})).await?;
    ask(connections).await
}

async fn call(connections: &Connections, operation: &str, input: Value) -> Result<(), CallError> {
    let connectors = standard(connections).unwrap();
    let key = CallKey::new("run", "step", "call");
    connectors.operation(operation).unwrap().call_any(&key, &input).await.map(drop)
}
