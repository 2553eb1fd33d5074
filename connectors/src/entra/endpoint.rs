//! The endpoints of a tenant, and how an application proves there who it is.

use cosell_engine::connector::{CallError, CallErrorKind};
use jiff::Timestamp;
use reqwest::{Method, Url};
use secrecy::ExposeSecret;

use super::assertion::Signer;
use super::refusal;
use crate::client::{LONGEST_BODY, Reply, exchange};
use crate::odata::encode_segment;
use crate::settings::{Secret, SettingsError, SignIn};

/// The kind of proof that a certificate gives.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// What is posted: names and values.
pub(super) type Form = Vec<(&'static str, String)>;

/// The endpoints of a tenant for one application.
pub(super) struct Endpoint {
    http: reqwest::Client,
    /// Where tokens come from.
    token: Url,
    /// Where codes come from.
    device_code: Url,
    pub(super) sign_in: SignIn,
}

impl Endpoint {
    /// The endpoints below the sign-in service at `login`.
    pub(super) fn new(http: reqwest::Client, login: &Url, sign_in: SignIn) -> Result<Endpoint, SettingsError> {
        if sign_in.client_secret.is_some() && sign_in.client_certificate.is_some() {
            let message = "`sign_in` names both `client_secret` and `client_certificate`; leave one of them out";
            return Err(SettingsError::SignIn(message.to_owned()));
        }
        let tenant = encode_segment(&sign_in.tenant).to_string();
        let endpoint = |name: &str| {
            let mut url = login.clone();
            url.set_path(&format!("/{tenant}/oauth2/v2.0/{name}"));
            url
        };
        Ok(Endpoint { http, token: endpoint("token"), device_code: endpoint("devicecode"), sign_in })
    }

    /// Asks for a token. Whatever becomes of it, the call that needs the token was not made.
    pub(super) async fn ask_for_token(&self, form: &Form, doing: &str) -> Result<Reply, CallError> {
        self.post(self.token.clone(), form, doing).await
    }

    /// Asks for a code that a person types in.
    pub(super) async fn ask_for_code(&self, form: &Form, doing: &str) -> Result<Reply, CallError> {
        self.post(self.device_code.clone(), form, doing).await
    }

    /// Who the application is, and its proof.
    pub(super) fn application(&self) -> Result<Form, SettingsError> {
        let mut form = vec![("client_id", self.sign_in.client_id.clone())];
        if let Some(secret) = &self.sign_in.client_secret {
            form.push(("client_secret", secret.read()?.expose_secret().to_owned()));
        }
        if let Some(certificate) = &self.sign_in.client_certificate {
            form.push(("client_assertion_type", ASSERTION.to_owned()));
            form.push(("client_assertion", self.document(certificate)?));
        }
        Ok(form)
    }

    fn document(&self, certificate: &Secret) -> Result<String, SettingsError> {
        let pem = certificate.read()?;
        let signed = Signer::read(pem.expose_secret()).and_then(|signer| {
            let SignIn { certificate_algorithm, client_id, .. } = &self.sign_in;
            signer.document(*certificate_algorithm, client_id, self.token.as_str(), Timestamp::now())
        });
        signed.map_err(|reason| {
            SettingsError::SignIn(format!("the certificate {} cannot be used: {reason}", certificate.place()))
        })
    }

    async fn post(&self, url: Url, form: &Form, doing: &str) -> Result<Reply, CallError> {
        let request = self
            .http
            .request(Method::POST, url)
            .form(form)
            .build()
            .map_err(|error| CallError::new(CallErrorKind::Input, format!("{doing}: {}", error.without_url())))?;
        exchange("entra", &self.http, request, doing, LONGEST_BODY).await.map_err(refusal::nothing_was_done)
    }
}
