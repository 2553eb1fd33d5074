//! The chain that signs events: a root, an intermediate whose organization is Microsoft
//! Corporation (receivers check the issuer's organization), and the leaf that signs.

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use axum::{Router, http::header::CONTENT_TYPE, routing::get};
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::SandboxError;

/// Where the leaf is served; the file name is the real service's.
pub(crate) const PATH: &str = "/cert/pcnotifications-dispatch.microsoft.com.cer";

const LEAF_NAME: &str = "pcnotifications-dispatch.microsoft.com";

/// A ready chain and the leaf's key. [`Sandbox`](crate::Sandbox) has one of its own; whoever signs events without a
/// sandbox makes another.
pub struct Certificates {
    leaf: Vec<u8>,
    trust: String,
    key: RsaKeyPair,
}

impl Certificates {
    /// The chain of all sandboxes of this process, made for the first: a key takes longer to make than all else.
    pub(crate) fn shared() -> Result<Arc<Certificates>, SandboxError> {
        static CHAIN: OnceLock<Arc<Certificates>> = OnceLock::new();
        if let Some(chain) = CHAIN.get() {
            return Ok(Arc::clone(chain));
        }
        let made = Arc::new(Certificates::generate()?);
        Ok(Arc::clone(CHAIN.get_or_init(|| made)))
    }

    /// Makes a fresh chain.
    ///
    /// # Errors
    ///
    /// Where no key can be made.
    pub fn generate() -> Result<Certificates, SandboxError> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let (root, root_issuer) = authority("Sandbox Root", "Sandbox Authority", None)?;
        let (intermediate, issuer) = authority("Sandbox Issuing CA", "Microsoft Corporation", Some(&root_issuer))?;
        let leaf = leaf(&key, &issuer)?;
        let trust = format!("{}{}", root.pem(), intermediate.pem());
        Ok(Certificates { leaf: leaf.der().to_vec(), trust, key })
    }

    /// Root and intermediate, PEM.
    pub fn trust_pem(&self) -> &str {
        &self.trust
    }

    /// The leaf in DER, as it is to be served.
    pub fn leaf(&self) -> &[u8] {
        &self.leaf
    }

    /// The base64 signature of a body: RSA PKCS#1 v1.5 over SHA-256 (S25).
    ///
    /// # Errors
    ///
    /// Where the key cannot sign.
    pub fn sign(&self, body: &[u8]) -> Result<String, SandboxError> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).map_err(failed)?;
        Ok(STANDARD.encode(signature))
    }

    /// Serves the leaf in DER, as a blob store does.
    pub(crate) fn router(&self) -> Router {
        let leaf = self.leaf.clone();
        Router::new().route(PATH, get(async || ([(CONTENT_TYPE, "application/octet-stream")], leaf)))
    }
}

/// A certificate authority; without a parent it signs itself.
fn authority(
    name: &str,
    organization: &str,
    parent: Option<&Issuer<'static, KeyPair>>,
) -> Result<(Certificate, Issuer<'static, KeyPair>), SandboxError> {
    let mut params = named(Vec::new(), name, organization)?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    let key = KeyPair::generate().map_err(failed)?;
    let certificate = match parent {
        None => params.self_signed(&key),
        Some(parent) => params.signed_by(&key, parent),
    };
    Ok((certificate.map_err(failed)?, Issuer::new(params, key)))
}

fn leaf(key: &RsaKeyPair, issuer: &Issuer<'static, KeyPair>) -> Result<Certificate, SandboxError> {
    let mut params = named(vec![LEAF_NAME.to_owned()], LEAF_NAME, "Microsoft Corporation")?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let encoded = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(key).map_err(failed)?;
    let encoded = rcgen::KeyPair::try_from(encoded.as_ref()).map_err(failed)?;
    params.signed_by(&encoded, issuer).map_err(failed)
}

fn named(alternatives: Vec<String>, name: &str, organization: &str) -> Result<CertificateParams, SandboxError> {
    let mut params = CertificateParams::new(alternatives).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, name);
    params.distinguished_name.push(DnType::OrganizationName, organization);
    // Fixed and wide, so that no clock can make a sandbox's chain stale.
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}

fn failed(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::Certificates(error.to_string())
}
