//! The chain that signs events: a root, an intermediate whose organization is Microsoft
//! Corporation (receivers check the issuer's organization), and the leaf that signs.
//!
//! `signing` puts them to use, rightly or with a flaw that a receiver must find.

mod signing;

use std::sync::{Arc, OnceLock};

use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::{Engine, engine::general_purpose::STANDARD};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, date_time_ymd,
};

use crate::SandboxError;
pub(crate) use signing::{Signing, router};

const LEAF_NAME: &str = "pcnotifications-dispatch.microsoft.com";

/// A ready chain and the leaf's key. [`Sandbox`](crate::Sandbox) has one of its own; whoever signs events without a
/// sandbox makes another.
pub struct Certificates {
    leaf: Vec<u8>,
    trust: String,
    key: Arc<RsaKeyPair>,
    root: Authority,
    intermediate: Authority,
}

type Authority = Issuer<'static, KeyPair>;

/// What can be wrong with a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum LeafFlaw {
    /// Its time is over.
    Expired,
    /// Its time has not begun.
    Early,
    /// It chains to a root that nobody trusts, though all names are right.
    Untrusted,
    /// It vouches for itself.
    SelfSigned,
    /// It chains to the right root, yet not by an issuer of Microsoft's.
    WrongIssuer,
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
        let (root, root_issuer) = authority(ROOT, None)?;
        let (intermediate, issuer) = authority(INTERMEDIATE, Some(&root_issuer))?;
        let leaf = leaf_params()?.signed_by(&encoded(&key)?, &issuer).map_err(failed)?;
        let trust = format!("{}{}", root.pem(), intermediate.pem());
        Ok(Certificates {
            leaf: leaf.der().to_vec(),
            trust,
            key: Arc::new(key),
            root: root_issuer,
            intermediate: issuer,
        })
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
        sign(&self.key, body)
    }

    /// The same chain with a fresh leaf and key, as when the real service renews its own.
    fn rotated(&self) -> Result<(Vec<u8>, RsaKeyPair), SandboxError> {
        let key = RsaKeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let leaf = leaf_params()?.signed_by(&encoded(&key)?, &self.intermediate).map_err(failed)?;
        Ok((leaf.der().to_vec(), key))
    }

    /// A leaf for a key with something wrong about it, DER.
    fn flawed(&self, key: &RsaKeyPair, flaw: LeafFlaw) -> Result<Vec<u8>, SandboxError> {
        let mut params = leaf_params()?;
        let key = encoded(key)?;
        let leaf = match flaw {
            LeafFlaw::Expired => {
                params.not_after = date_time_ymd(2021, 1, 1);
                params.signed_by(&key, &self.intermediate)
            }
            LeafFlaw::Early => {
                params.not_before = date_time_ymd(2049, 1, 1);
                params.signed_by(&key, &self.intermediate)
            }
            LeafFlaw::Untrusted => {
                let (_, root) = authority(ROOT, None)?;
                let (_, intermediate) = authority(INTERMEDIATE, Some(&root))?;
                params.signed_by(&key, &intermediate)
            }
            LeafFlaw::SelfSigned => params.self_signed(&key),
            LeafFlaw::WrongIssuer => params.signed_by(&key, &self.root),
        };
        Ok(leaf.map_err(failed)?.der().to_vec())
    }
}

/// Name and organization of the authorities.
const ROOT: (&str, &str) = ("Sandbox Root", "Sandbox Authority");
const INTERMEDIATE: (&str, &str) = ("Sandbox Issuing CA", "Microsoft Corporation");

/// A certificate authority; without a parent it signs itself.
fn authority(
    (name, organization): (&str, &str),
    parent: Option<&Authority>,
) -> Result<(Certificate, Authority), SandboxError> {
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

fn leaf_params() -> Result<CertificateParams, SandboxError> {
    let mut params = named(vec![LEAF_NAME.to_owned()], LEAF_NAME, "Microsoft Corporation")?;
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    Ok(params)
}

/// The key as the maker of certificates takes it.
fn encoded(key: &RsaKeyPair) -> Result<KeyPair, SandboxError> {
    let encoded = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(key).map_err(failed)?;
    KeyPair::try_from(encoded.as_ref()).map_err(failed)
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

fn sign(key: &RsaKeyPair, body: &[u8]) -> Result<String, SandboxError> {
    let mut signature = vec![0; key.public_modulus_len()];
    key.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), body, &mut signature).map_err(failed)?;
    Ok(STANDARD.encode(signature))
}

fn failed(error: impl std::fmt::Display) -> SandboxError {
    SandboxError::Certificates(error.to_string())
}
