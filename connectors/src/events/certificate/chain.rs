//! A certificate as it was fetched: read once, asked for every event.

use std::ops::RangeInclusive;
use std::time::Duration;

use cosell_engine::connector::Refusal;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use webpki::EndEntityCert;
use x509_parser::prelude::{FromDer, X509Certificate};
use x509_parser::time::ASN1Time;

use super::untrusted;

/// A certificate with what came along to complete its chain.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::events) struct Chain {
    pub(super) leaf: CertificateDer<'static>,
    pub(super) rest: Vec<CertificateDer<'static>>,
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
        let ends = *valid(all.first().ok_or_else(unreadable)?)?.end();
        let leaf = all.remove(0);
        Ok(Chain { leaf, rest: all, ends })
    }

    /// Whether the certificate's own time is over.
    pub(in crate::events) fn is_expired(&self, now: UnixTime) -> bool {
        self.ends < now
    }

    /// Whether the signature over `body` was made with the certificate's key. Says nothing about whether that may be
    /// believed.
    pub(in crate::events) fn verify_signature(&self, body: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let leaf = EndEntityCert::try_from(&self.leaf).map_err(|error| untrusted(&error))?;
        leaf.verify_signature(webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256, body, signature)
            .map_err(|_| Refusal::new(401, "the signature does not belong to the body"))
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
