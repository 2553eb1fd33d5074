//! Requests that claim to be events.
//!
//! Cheap checks come first and nothing of the body is read before its signature is found right. No token
//! is used anywhere on this way: the certificate is public, and kept once it was fetched
//! (`receiver/certificates.rs`).

mod certificates;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cosell_engine::connector::{Incoming, Refusal, TriggerEvent};
use reqwest::Url;
use rustls_pki_types::UnixTime;

use super::certificate::Trust;
use super::notification;
use super::settings::EventsSettings;
use crate::client::address;
use crate::settings::SettingsError;
use certificates::{Certificates, Known};

/// Checks the requests that come in.
pub(crate) struct Receiver {
    own: Url,
    trust: Trust,
    longest_body: usize,
    certificates: Certificates,
}

/// What the headers say.
#[derive(Debug, PartialEq)]
struct Signed {
    signature: Vec<u8>,
    certificate: Url,
}

impl Receiver {
    /// A receiver for those settings.
    pub(super) fn new(settings: &EventsSettings) -> Result<Receiver, SettingsError> {
        Ok(Receiver {
            own: address(&settings.url)?,
            trust: Trust::new(settings)?,
            longest_body: settings.max_body,
            certificates: Certificates::new()?,
        })
    }

    /// The event in the request, if it is one and was signed by the service.
    pub(super) async fn receive(&self, request: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        if request.body.len() > self.longest_body {
            return Err(Refusal::new(413, format!("the body is longer than {} bytes", self.longest_body)));
        }
        let signed = self.signed(request)?;
        self.verify(&signed, &request.body, UnixTime::now()).await?;
        notification::read(&request.body, &self.own)
    }

    async fn verify(&self, signed: &Signed, body: &[u8], now: UnixTime) -> Result<(), Refusal> {
        let url = &signed.certificate;
        let mut known = self.certificates.get(url, None).await?;
        if let Err(refusal) = self.check(&mut known, signed, body, now) {
            // The service may have changed its certificate under the same address.
            let mut newer = self.certificates.get(url, Some(known.fetched)).await?;
            if newer.fetched == known.fetched {
                return Err(refusal);
            }
            self.check(&mut newer, signed, body, now)?;
            known = newer;
        }
        self.certificates.prove(url, known);
        Ok(())
    }

    /// Checks the signature, and before it the certificate, unless that was found good for this time already.
    fn check(&self, known: &mut Known, signed: &Signed, body: &[u8], now: UnixTime) -> Result<(), Refusal> {
        if !known.good.as_ref().is_some_and(|good| good.contains(&now)) {
            known.good = Some(self.trust.verify(&known.chain, now)?);
        }
        known.chain.verify_signature(body, &signed.signature)
    }

    fn signed(&self, request: &Incoming) -> Result<Signed, Refusal> {
        let signature = signature(request)?;
        let certificate = request
            .header("x-ms-certificate-url")
            .ok_or_else(|| Refusal::new(400, "the header `x-ms-certificate-url` is missing"))?;
        let certificate = self.trust.address(certificate)?;
        // With them one certificate would have addresses without end.
        if certificate.query().is_some() || certificate.fragment().is_some() {
            return Err(Refusal::new(403, "the certificate's address must have no query and no fragment"));
        }
        let algorithm = request
            .header("x-ms-signature-algorithm")
            .ok_or_else(|| Refusal::new(400, "the header `x-ms-signature-algorithm` is missing"))?;
        if !algorithm.trim().eq_ignore_ascii_case("rsa-sha256") {
            return Err(Refusal::new(401, "the signature's algorithm must be `rsa-sha256`"));
        }
        Ok(Signed { signature, certificate })
    }
}

/// The signature: in `Authorization` with the scheme `Signature`, or in a header of its own.
fn signature(request: &Incoming) -> Result<Vec<u8>, Refusal> {
    let missing = || Refusal::new(401, "the request carries no signature");
    let of_scheme = |name: &str| {
        let (scheme, signature) = request.header(name)?.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("signature").then(|| signature.trim())
    };
    let text = of_scheme("authorization").or_else(|| of_scheme("x-ms-signature")).ok_or_else(missing)?;
    STANDARD.decode(text).map_err(|_| Refusal::new(401, "the signature is not base64"))
}

#[cfg(test)]
mod tests;
