//! Requests that claim to be events.
//!
//! Cheap checks come first and nothing of the body is read before its signature is found right. No token
//! is used anywhere on this way: the certificate is public.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use cosell_engine::connector::{Incoming, Refusal, TriggerEvent};
use reqwest::Url;
use tokio::sync::Mutex;

use super::certificate::{Chain, Trust};
use super::notification;
use super::settings::EventsSettings;
use crate::client::{address, body_up_to, plain_client};
use crate::settings::SettingsError;

/// The longest certificate that is read, in bytes.
const LONGEST_CERTIFICATE: usize = 64 * 1024;

/// How many certificates are kept.
const MOST_CERTIFICATES: usize = 8;

/// How soon a certificate may be fetched again because a signature did not fit it: whoever sends wrong
/// signatures must not make this machine fetch without end.
const FETCH_AGAIN_AFTER: Duration = Duration::from_secs(1);

/// Checks the requests that come in.
pub(crate) struct Receiver {
    own: Url,
    trust: Trust,
    longest_body: usize,
    http: reqwest::Client,
    fetch_again_after: Duration,
    /// Held while one is fetched, so that a burst of events fetches it once.
    known: Mutex<HashMap<Url, Known>>,
}

/// A certificate that was fetched.
#[derive(Clone)]
struct Known {
    chain: Chain,
    fetched: Instant,
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
            http: plain_client(Duration::from_secs(10))?,
            fetch_again_after: FETCH_AGAIN_AFTER,
            known: Mutex::default(),
        })
    }

    /// The event in the request, if it is one and was signed by the service.
    pub(super) async fn receive(&self, request: &Incoming) -> Result<Option<TriggerEvent>, Refusal> {
        if request.body.len() > self.longest_body {
            return Err(Refusal::new(413, format!("the body is longer than {} bytes", self.longest_body)));
        }
        let signed = self.signed(request)?;
        let known = self.certificate(&signed.certificate, None).await?;
        match self.trust.verify(&known.chain, &request.body, &signed.signature) {
            Ok(()) => {}
            // The service may have changed its certificate under the same address.
            Err(_) if known.fetched.elapsed() >= self.fetch_again_after => {
                let newer = self.certificate(&signed.certificate, Some(known.fetched)).await?;
                self.trust.verify(&newer.chain, &request.body, &signed.signature)?;
            }
            Err(refusal) => return Err(refusal),
        }
        notification::read(&request.body, &self.own)
    }

    fn signed(&self, request: &Incoming) -> Result<Signed, Refusal> {
        let signature = signature(request)?;
        let certificate = request
            .header("x-ms-certificate-url")
            .ok_or_else(|| Refusal::new(400, "the header `x-ms-certificate-url` is missing"))?;
        let certificate = self.trust.address(certificate)?;
        let algorithm = request
            .header("x-ms-signature-algorithm")
            .ok_or_else(|| Refusal::new(400, "the header `x-ms-signature-algorithm` is missing"))?;
        if !algorithm.trim().eq_ignore_ascii_case("rsa-sha256") {
            return Err(Refusal::new(401, "the signature's algorithm must be `rsa-sha256`"));
        }
        Ok(Signed { signature, certificate })
    }

    /// The certificate at that address: kept, unless it has expired or is that of `older_than` or before.
    async fn certificate(&self, url: &Url, older_than: Option<Instant>) -> Result<Known, Refusal> {
        let mut known = self.known.lock().await;
        if let Some(kept) = known.get(url) {
            let too_old = older_than.is_some_and(|fetched| kept.fetched <= fetched);
            if !too_old && !kept.chain.is_expired() {
                return Ok(kept.clone());
            }
        }
        let fetched = Known { chain: self.fetch(url).await?, fetched: Instant::now() };
        known.insert(url.clone(), fetched.clone());
        if known.len() > MOST_CERTIFICATES {
            let oldest = known.iter().min_by_key(|(_, known)| known.fetched).map(|(url, _)| url.clone());
            oldest.and_then(|url| known.remove(&url));
        }
        Ok(fetched)
    }

    async fn fetch(&self, url: &Url) -> Result<Chain, Refusal> {
        // 503 asks the service to deliver once more: the event may well be right.
        let unreachable = |reason: String| {
            tracing::warn!(reason, "an event's certificate cannot be fetched");
            Refusal::new(503, "the certificate cannot be fetched now")
        };
        let response = self.http.get(url.clone()).send().await;
        let response = response.map_err(|error| unreachable(error.without_url().to_string()))?;
        if !response.status().is_success() {
            return Err(unreachable(format!("status {}", response.status().as_u16())));
        }
        match body_up_to(response, LONGEST_CERTIFICATE).await {
            Ok(Some(bytes)) => Chain::read(&bytes),
            Ok(None) => Err(Refusal::new(401, "the certificate is too long")),
            Err(error) => Err(unreachable(error.without_url().to_string())),
        }
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
