//! A certificate as it was fetched: read once, asked for every event.

use std::ops::RangeInclusive;
use std::time::Duration;

use aws_lc_rs::signature::{ParsedPublicKey, RSA_PKCS1_2048_8192_SHA256};
use cosell_engine::connector::Refusal;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

/// A certificate with what came along to complete its chain.
#[derive(Debug, Clone)]
pub(in crate::events) struct Chain {
    pub(super) leaf: CertificateDer<'static>,
    pub(super) rest: Vec<CertificateDer<'static>>,
    /// The leaf's key, ready for use; none where it is of another kind than events are signed with.
    key: Option<ParsedPublicKey>,
    /// The leaf's own time is over after this.
    ends: UnixTime,
}

impl Chain {
    /// Certificates from a download: one in DER, or one or more in PEM of which the first signs.
    pub(in crate::events) fn read(bytes: &[u8]) -> Result<Chain, Refusal> {
        let mut all: Vec<CertificateDer<'static>> = if bytes.starts_with(b"-----") {
            CertificateDer::pem_slice_iter(bytes).collect::<Result<_, _>>().map_err(|_| unreadable())?
        } else {
            vec![CertificateDer::from(bytes.to_vec())]
        };
        let (ends, key) = {
            let (_, leaf) = X509Certificate::from_der(all.first().ok_or_else(unreadable)?).map_err(|_| unreadable())?;
            let key = ParsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, leaf.public_key().raw).ok();
            (unix_time(leaf.validity().not_after), key)
        };
        let leaf = all.remove(0);
        Ok(Chain { leaf, rest: all, key, ends })
    }

    /// Whether the certificate's own time is over.
    pub(in crate::events) fn is_expired(&self, now: UnixTime) -> bool {
        self.ends < now
    }

    /// Whether the signature over `body` was made with the certificate's key. Says nothing about whether that may be
    /// believed.
    pub(in crate::events) fn verify_signature(&self, body: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let verified = self.key.as_ref().is_some_and(|key| key.verify_sig(body, signature).is_ok());
        if verified { Ok(()) } else { Err(Refusal::new(401, "the signature does not belong to the body")) }
    }
}

impl PartialEq for Chain {
    fn eq(&self, other: &Chain) -> bool {
        self.leaf == other.leaf && self.rest == other.rest
    }
}

/// The time in which a certificate says it is valid.
pub(super) fn valid(certificate: &CertificateDer<'_>) -> Result<RangeInclusive<UnixTime>, Refusal> {
    let (_, certificate) = X509Certificate::from_der(certificate).map_err(|_| unreadable())?;
    let validity = certificate.validity();
    Ok(unix_time(validity.not_before)..=unix_time(validity.not_after))
}

pub(super) fn unreadable() -> Refusal {
    Refusal::new(401, "the certificate cannot be read")
}

/// What lies before 1970 becomes its first second.
fn unix_time(time: ASN1Time) -> UnixTime {
    UnixTime::since_unix_epoch(Duration::from_secs(u64::try_from(time.timestamp()).unwrap_or(0)))
}
