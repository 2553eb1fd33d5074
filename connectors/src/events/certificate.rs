//! The certificate that signs events: where it may come from, and whether it may be believed.
//!
//! A certificate is believed when it chains to a trusted root, is valid now and for a server, was issued
//! by Microsoft Corporation, and carries one of the expected names. The chain alone would not do: anybody
//! can get a certificate from Microsoft for a site of their own.
//!
//! To find that out costs several signatures, and thousands of events come with one certificate: so the answer
//! holds for a time, and whoever asks may remember it until then.

mod chain;

use std::ops::RangeInclusive;

use cosell_engine::connector::Refusal;
use reqwest::Url;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, TrustAnchor, UnixTime};
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, VerifiedPath, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::settings::EventsSettings;
use crate::client::is_loopback;
use crate::settings::SettingsError;
pub(super) use chain::Chain;
use chain::{unreadable, valid};

/// Who must have issued the certificate.
const ISSUER: &str = "Microsoft Corporation";

/// Whom to believe: roots, certificates that complete a chain, hosts and names.
pub(super) struct Trust {
    anchors: Vec<TrustAnchor<'static>>,
    intermediates: Vec<CertificateDer<'static>>,
    hosts: Vec<String>,
    names: Vec<String>,
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

    /// Whether the certificate may be believed at that time, and with it the time in which that stays so: for as long
    /// as every certificate of its chain is valid.
    pub(super) fn verify(&self, chain: &Chain, now: UnixTime) -> Result<RangeInclusive<UnixTime>, Refusal> {
        let leaf = EndEntityCert::try_from(&chain.leaf).map_err(|error| untrusted(&error))?;
        let intermediates: Vec<CertificateDer<'_>> = chain.rest.iter().chain(&self.intermediates).cloned().collect();
        let usage = KeyUsage::server_auth();
        let path = leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &self.anchors, &intermediates, now, usage, None, None);
        let path = path.map_err(|error| untrusted(&error))?;
        self.check_names(&chain.leaf)?;
        all_valid(&chain.leaf, &path)
    }

    fn check_names(&self, leaf: &CertificateDer<'_>) -> Result<(), Refusal> {
        let (_, leaf) = X509Certificate::from_der(leaf).map_err(|_| unreadable())?;
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

/// The time in which all certificates of a path are valid. A trusted root has no end here: it is trusted because the
/// settings say so.
fn all_valid(leaf: &CertificateDer<'_>, path: &VerifiedPath<'_>) -> Result<RangeInclusive<UnixTime>, Refusal> {
    let mut all = valid(leaf)?;
    for certificate in path.intermediate_certificates() {
        let one = valid(&certificate.der())?;
        all = *all.start().max(one.start())..=*all.end().min(one.end());
    }
    Ok(all)
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
