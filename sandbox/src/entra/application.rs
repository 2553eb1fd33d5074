//! How an application proves who it is: by its secret, or by a document signed with the key of a certificate that
//! it registered.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rustls_pki_types::CertificateDer;
use rustls_pki_types::pem::PemObject;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::Entra;
use super::grants::Form;
use super::refusal::Refusal;
use crate::behaviours::Behaviour;

/// A certificate that the application registered. It is kept as the base64 of its DER form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(crate) struct ClientCertificate {
    der: Vec<u8>,
    /// Base64 of its SHA-1 and its SHA-256 digest; a document names its certificate by either.
    thumbprints: [String; 2],
    key: Vec<u8>,
    ends: i64,
}

/// The kind of proof.
const ASSERTION: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// How far the clocks of caller and service may be apart, in seconds.
const SKEW: i64 = 300;

impl ClientCertificate {
    /// Reads the first certificate of a PEM text; its key must be RSA.
    pub(crate) fn from_pem(pem: &str) -> Result<ClientCertificate, String> {
        let der = CertificateDer::from_pem_slice(pem.as_bytes()).map_err(|error| error.to_string())?;
        ClientCertificate::from_der(der.to_vec())
    }

    fn from_der(der: Vec<u8>) -> Result<ClientCertificate, String> {
        let (_, read) = x509_parser::parse_x509_certificate(&der).map_err(|error| error.to_string())?;
        let thumbprint = |algorithm| super::token::base64(digest(algorithm, &der).as_ref());
        Ok(ClientCertificate {
            thumbprints: [thumbprint(&SHA1_FOR_LEGACY_USE_ONLY), thumbprint(&SHA256)],
            key: read.public_key().subject_public_key.data.to_vec(),
            ends: read.validity().not_after.timestamp(),
            der,
        })
    }
}

impl TryFrom<String> for ClientCertificate {
    type Error = String;

    fn try_from(kept: String) -> Result<ClientCertificate, String> {
        ClientCertificate::from_der(STANDARD.decode(kept).map_err(|error| error.to_string())?)
    }
}

impl From<ClientCertificate> for String {
    fn from(certificate: ClientCertificate) -> String {
        STANDARD.encode(certificate.der)
    }
}

impl Entra {
    /// Checks that the caller is the application. Public clients have nothing to prove it by; where `public` is true
    /// that will do, unless the application allows none.
    pub(super) fn check_client(&self, form: &Form, tenant: &str, public: bool) -> Result<(), Refusal> {
        self.check_client_id(form)?;
        if let Some(assertion) = form.get("client_assertion") {
            return self.check_assertion(form, assertion, tenant);
        }
        match form.get("client_secret") {
            Some(secret) if secret != self.credentials.client_secret => {
                let text = "Invalid client secret provided. Ensure the secret being sent in the request is the client \
                            secret value, not the client secret ID";
                Err(Refusal::client(7_000_215, text))
            }
            Some(_) if self.behaviours.on(Behaviour::SecretExpired) => {
                let text = "The provided client secret keys for the application are expired";
                Err(Refusal::client(7_000_222, text))
            }
            Some(_) => Ok(()),
            None if public && !self.behaviours.on(Behaviour::NoPublicClients) => Ok(()),
            None => {
                let text = "The request body must contain the following parameter: 'client_assertion' or \
                            'client_secret'";
                Err(Refusal::client(7_000_218, text))
            }
        }
    }

    /// Checks that the application is one of the directory.
    pub(super) fn check_client_id(&self, form: &Form) -> Result<(), Refusal> {
        let id = form.get("client_id").ok_or_else(|| Refusal::missing("client_id"))?;
        if id.eq_ignore_ascii_case(&self.credentials.client_id) {
            return Ok(());
        }
        let text = format!("Application with identifier '{id}' was not found in the directory");
        Err(Refusal::new("unauthorized_client", 700_016, text))
    }

    fn check_assertion(&self, form: &Form, assertion: &str, tenant: &str) -> Result<(), Refusal> {
        if form.get("client_assertion_type") != Some(ASSERTION) {
            return Err(Refusal::missing("client_assertion_type"));
        }
        let malformed = || Refusal::new("invalid_request", 50_027, "JWT token is invalid or malformed");
        let document = Assertion::parse(assertion).ok_or_else(malformed)?;
        let certificate = self.certificates.iter().find(|one| document.names(one)).ok_or_else(|| {
            let text = "The certificate with identifier used to sign the client assertion is not registered on \
                        application";
            Refusal::client(700_027, text)
        })?;
        let now = self.clock.now();
        if certificate.ends < now.as_second() {
            return Err(Refusal::client(700_027, "The certificate used to sign the client assertion is expired"));
        }
        if !document.is_signed_by(certificate) {
            return Err(Refusal::client(700_027, "Client assertion failed signature validation"));
        }
        self.check_claims(&document.claims, tenant, now)
    }

    fn check_claims(&self, claims: &Value, tenant: &str, now: Timestamp) -> Result<(), Refusal> {
        let text = |name: &str| claims.get(name).and_then(Value::as_str).unwrap_or_default();
        let own = |name: &str| text(name).eq_ignore_ascii_case(&self.credentials.client_id);
        if !own("iss") || !own("sub") {
            let text = "Client assertion application identifier doesn't match 'client_id' parameter";
            return Err(Refusal::client(700_021, text));
        }
        if !self.is_own_address(text("aud"), tenant) {
            return Err(Refusal::client(700_023, "Client assertion audience claim does not match Realm issuer"));
        }
        let second = |name: &str| claims.get(name).and_then(Value::as_f64).map(|second| second as i64);
        let begun = second("nbf").is_none_or(|begin| begin <= now.as_second() + SKEW);
        let over = second("exp").is_none_or(|end| end < now.as_second() - SKEW);
        if begun && !over {
            return Ok(());
        }
        Err(Refusal::client(700_024, "Client assertion is not within its valid time range"))
    }

    /// Whether an address is the token endpoint or the issuer of this tenant.
    fn is_own_address(&self, address: &str, tenant: &str) -> bool {
        let own = &self.addresses.entra;
        let ends = ["/oauth2/v2.0/token", "/oauth2/token", "/v2.0", ""];
        ends.iter().any(|end| super::audience::same_place(address, &format!("{own}/{tenant}{end}")))
    }
}

/// A signed document in its parts.
struct Assertion<'a> {
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl<'a> Assertion<'a> {
    fn parse(text: &'a str) -> Option<Assertion<'a>> {
        let (signed, signature) = text.rsplit_once('.')?;
        let (header, claims) = signed.split_once('.')?;
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part.trim_end_matches('=')).ok();
        let read = |part: &str| serde_json::from_slice(&decoded(part)?).ok();
        Some(Assertion { header: read(header)?, claims: read(claims)?, signed, signature: decoded(signature)? })
    }

    fn names(&self, certificate: &ClientCertificate) -> bool {
        let thumbprint =
            |name: &str| self.header.get(name).and_then(Value::as_str).map(|text| text.trim_end_matches('='));
        let [sha1, sha256] = &certificate.thumbprints;
        thumbprint("x5t#S256").map_or_else(|| thumbprint("x5t") == Some(sha1), |named| named == sha256)
    }

    fn is_signed_by(&self, certificate: &ClientCertificate) -> bool {
        let algorithm = match self.header.get("alg").and_then(Value::as_str) {
            Some("RS256") => &RSA_PKCS1_2048_8192_SHA256,
            Some("PS256") => &RSA_PSS_2048_8192_SHA256,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, &certificate.key).verify(self.signed.as_bytes(), &self.signature).is_ok()
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn a_certificate_is_the_same_when_it_was_kept() {
        let key = rcgen::KeyPair::generate().unwrap();
        let made = rcgen::CertificateParams::new(Vec::new()).unwrap().self_signed(&key).unwrap();
        let certificate = ClientCertificate::from_pem(&made.pem()).unwrap();
        let kept = serde_json::to_string(&certificate).unwrap();
        assert_eq!(serde_json::from_str::<ClientCertificate>(&kept).unwrap(), certificate);
        assert!(serde_json::from_str::<ClientCertificate>("\"x\"").is_err());
    }
}
