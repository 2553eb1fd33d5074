//! The certificate that signs events: where it may come from, and whether it may be believed.
//!
//! A certificate is believed when it chains to a trusted root, is valid now and for a server, was issued
//! by Microsoft Corporation, and carries one of the expected names. The chain alone would not do: anybody
//! can get a certificate from Microsoft for a site of their own.

use cosell_engine::connector::Refusal;
use reqwest::Url;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::settings::EventsSettings;
use crate::client::is_loopback;
use crate::settings::SettingsError;

/// Who must have issued the certificate.
const ISSUER: &str = "Microsoft Corporation";

/// Whom to believe: roots, certificates that complete a chain, hosts and names.
pub(super) struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    hosts: Vec<String>,
    names: Vec<String>,
}

/// A certificate as it was fetched, with what came along to complete its chain.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Chain {
    leaf: CertificateDer<'static>,
    rest: Vec<CertificateDer<'static>>,
}

impl Trust {
    /// What the settings say.
    pub(super) fn new(settings: &EventsSettings) -> Result<Trust, SettingsError> {
        let pem = settings.trusted_pem()?;
        let (roots, intermediates) = match &pem {
            Some(pem) => {
                split(pem).map_err(|reason| SettingsError::Trust { place: "of the events".to_owned(), reason })?
            }
            None => (Vec::new(), Vec::new()),
        };
        let mut anchors = Vec::new();
        for root in &roots {
            let anchor = anchor_from_trusted_cert(root).map_err(|error| SettingsError::Trust {
                place: "of the events".to_owned(),
                reason: error.to_string(),
            })?;
            anchors.push(anchor.to_owned());
        }
        if anchors.is_empty() {
            anchors = webpki_roots::TLS_SERVER_ROOTS.to_vec();
        }
        let (hosts, names) = (settings.certificate_hosts.clone(), settings.certificate_names.clone());
        Ok(Trust { anchors, intermediates, hosts, names })
    }

    /// The address of a certificate, if it may be fetched: `https` and a host of the list (T10).
    pub(super) fn address(&self, text: &str) -> Result<Url, Refusal> {
        let url = Url::parse(text).map_err(|_| Refusal::new(400, "the certificate's address is not one"))?;
        let encrypted = url.scheme() == "https" || (url.scheme() == "http" && is_loopback(&url));
        if !encrypted || !url.username().is_empty() || url.password().is_some() {
            return Err(Refusal::new(400, "the certificate's address must begin with `https://`"));
        }
        let host = url.host_str().unwrap_or_default();
        let here = match url.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        };
        match self.hosts.iter().any(|known| known.eq_ignore_ascii_case(&here)) {
            true => Ok(url),
            false => Err(Refusal::new(403, format!("certificates are not taken from `{here}`"))),
        }
    }

    /// Whether the signature over `body` was made with the certificate's key, and the certificate may be
    /// believed.
    pub(super) fn verify(&self, chain: &Chain, body: &[u8], signature: &[u8]) -> Result<(), Refusal> {
        let leaf = EndEntityCert::try_from(&chain.leaf).map_err(|error| untrusted(&error))?;
        self.check_chain(&leaf, chain)?;
        self.check_names(&chain.leaf)?;
        leaf.verify_signature(webpki::aws_lc_rs::RSA_PKCS1_2048_8192_SHA256, body, signature)
            .map_err(|_| Refusal::new(401, "the signature does not belong to the body"))
    }

    fn check_chain(&self, leaf: &EndEntityCert<'_>, chain: &Chain) -> Result<(), Refusal> {
        let intermediates: Vec<CertificateDer<'_>> = chain.rest.iter().chain(&self.intermediates).cloned().collect();
        leaf.verify_for_usage(
            ALL_VERIFICATION_ALGS,
            &self.anchors,
            &intermediates,
            UnixTime::now(),
            KeyUsage::server_auth(),
            None,
            None,
        )
        .map(|_| ())
        .map_err(|error| untrusted(&error))
    }

    fn check_names(&self, leaf: &CertificateDer<'_>) -> Result<(), Refusal> {
        let unreadable = |_| Refusal::new(401, "the certificate cannot be read");
        let (_, leaf) = X509Certificate::from_der(leaf).map_err(unreadable)?;
        let by_microsoft = leaf.issuer().iter_organization().any(|name| name.as_str() == Ok(ISSUER));
        if !by_microsoft {
            return Err(Refusal::new(401, format!("the certificate was not issued by {ISSUER}")));
        }
        let names = leaf.subject_alternative_name().ok().flatten();
        let named = names.is_some_and(|names| {
            names.value.general_names.iter().any(|name| match name {
                GeneralName::DNSName(name) => self.names.iter().any(|known| known.eq_ignore_ascii_case(name)),
                _ => false,
            })
        });
        if named { Ok(()) } else { Err(Refusal::new(401, "the certificate carries none of the expected names")) }
    }
}

impl Chain {
    /// Certificates from a download: one in DER, or one or more in PEM of which the first signs.
    pub(super) fn read(bytes: &[u8]) -> Result<Chain, Refusal> {
        let unreadable = || Refusal::new(401, "the certificate cannot be read");
        let mut all: Vec<CertificateDer<'static>> = if bytes.starts_with(b"-----") {
            CertificateDer::pem_slice_iter(bytes).collect::<Result<_, _>>().map_err(|_| unreadable())?
        } else {
            vec![CertificateDer::from(bytes.to_vec())]
        };
        if all.is_empty() || X509Certificate::from_der(&all[0]).is_err() {
            return Err(unreadable());
        }
        let leaf = all.remove(0);
        Ok(Chain { leaf, rest: all })
    }

    /// Whether the certificate's own time is over.
    pub(super) fn is_expired(&self) -> bool {
        X509Certificate::from_der(&self.leaf)
            .map_or(true, |(_, leaf)| leaf.validity().not_after < x509_parser::time::ASN1Time::now())
    }
}

/// Roots, which signed themselves, and the others.
type Split = (Vec<CertificateDer<'static>>, Vec<CertificateDer<'static>>);

fn split(pem: &str) -> Result<Split, String> {
    let (mut roots, mut others) = (Vec::new(), Vec::new());
    for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
        let certificate = certificate.map_err(|error| error.to_string())?;
        let (_, parsed) = X509Certificate::from_der(&certificate).map_err(|error| error.to_string())?;
        let of_itself = parsed.issuer() == parsed.subject();
        if of_itself {
            roots.push(certificate);
        } else {
            others.push(certificate);
        }
    }
    if roots.is_empty() && others.is_empty() {
        return Err("no certificate is in it".to_owned());
    }
    Ok((roots, others))
}

fn untrusted(error: &webpki::Error) -> Refusal {
    tracing::warn!(%error, "an event's certificate is not trusted");
    Refusal::new(401, "the certificate is not trusted")
}
