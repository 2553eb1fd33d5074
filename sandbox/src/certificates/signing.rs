//! What stands in the headers of an event: a signature, where its certificate is, and how it was made (S25); and, on
//! demand, every way in which that can be wrong (S29).

use std::sync::Arc;

use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use indexmap::IndexMap;

use super::{Certificates, LeafFlaw, sign};
use crate::SandboxError;
use crate::behaviours::{Behaviour, Behaviours};
use crate::world::World;

/// Certificates that are still served; beyond this the oldest is gone.
const MOST: usize = 100;

/// The name of the first certificate's file; it is the real service's.
const FILE: &str = "pcnotifications-dispatch.microsoft.com.cer";

/// The flaws of certificates.
const LEAF_FLAWS: [(Behaviour, LeafFlaw, &str); 5] = [
    (Behaviour::ExpiredCertificate, LeafFlaw::Expired, "expired.microsoft.com.cer"),
    (Behaviour::EarlyCertificate, LeafFlaw::Early, "early.microsoft.com.cer"),
    (Behaviour::UntrustedCertificate, LeafFlaw::Untrusted, "untrusted.microsoft.com.cer"),
    (Behaviour::SelfSignedCertificate, LeafFlaw::SelfSigned, "self-signed.microsoft.com.cer"),
    (Behaviour::WrongIssuer, LeafFlaw::WrongIssuer, "wrong-issuer.microsoft.com.cer"),
];

/// Who signs events, and the certificates that are served.
pub(crate) struct Signing {
    chain: Arc<Certificates>,
    behaviours: Behaviours,
    /// Where certificates are served.
    host: String,
    /// The key in use.
    key: Arc<RsaKeyPair>,
    /// The file of the certificate in use.
    current: String,
    /// How often the key was changed; no two certificates have the same address.
    rotations: u64,
    served: IndexMap<String, Vec<u8>>,
}

/// What an event is signed with.
pub(crate) struct Seal {
    key: Arc<RsaKeyPair>,
    url: String,
    behaviours: Behaviours,
}

/// What goes with a body; a part that is missing is a flaw.
#[derive(Debug)]
pub(crate) struct Stamp {
    /// As `Signature BASE64`.
    pub(crate) signature: Option<String>,
    /// Where the certificate is.
    pub(crate) certificate_url: Option<String>,
    /// As `rsa-sha256`.
    pub(crate) algorithm: Option<&'static str>,
    /// The body as it is sent.
    pub(crate) body: Vec<u8>,
}

impl Signing {
    pub(crate) fn new(chain: Arc<Certificates>, behaviours: Behaviours, host: String) -> Signing {
        let served = IndexMap::from([(FILE.to_owned(), chain.leaf().to_vec())]);
        let key = Arc::clone(&chain.key);
        Signing { chain, behaviours, host, key, current: FILE.to_owned(), rotations: 0, served }
    }

    /// The chain behind every good signature.
    pub(crate) fn chain(&self) -> Arc<Certificates> {
        Arc::clone(&self.chain)
    }

    /// Signs with a new key from now on, whose certificate is at a new address. The old one stays served.
    pub(crate) fn rotate(&mut self) -> Result<String, SandboxError> {
        let (leaf, key) = self.chain.rotated()?;
        self.rotations += 1;
        let file = format!("pcnotifications-dispatch-{}.microsoft.com.cer", self.rotations);
        self.serve(&file, leaf);
        self.key = Arc::new(key);
        self.current = file;
        Ok(self.url(&self.current))
    }

    /// What the next event is signed with, with the flaw that is switched on.
    pub(crate) fn seal(&mut self) -> Result<Seal, SandboxError> {
        let on = |behaviour| self.behaviours.on(behaviour);
        let mut file = self.current.clone();
        if on(Behaviour::MissingCertificate) {
            "gone.microsoft.com.cer".clone_into(&mut file);
        }
        if let Some((_, flaw, flawed)) = LEAF_FLAWS.into_iter().find(|(behaviour, ..)| on(*behaviour)) {
            // Made anew each time: it is seldom asked for, and the key may have changed.
            let leaf = self.chain.flawed(&self.key, flaw)?;
            self.serve(flawed, leaf);
            flawed.clone_into(&mut file);
        }
        let url = match self.behaviours.on(Behaviour::ForeignCertificateUrl) {
            true => format!("https://certificates.invalid/cert/{file}"),
            false => self.url(&file),
        };
        Ok(Seal { key: Arc::clone(&self.key), url, behaviours: self.behaviours.clone() })
    }

    fn serve(&mut self, file: &str, leaf: Vec<u8>) {
        if self.served.len() == MOST {
            self.served.shift_remove_index(0);
        }
        self.served.insert(file.to_owned(), leaf);
    }

    fn url(&self, file: &str) -> String {
        format!("{}/cert/{file}", self.host)
    }
}

impl Seal {
    /// Signs a body, rightly or with the flaw that is switched on. This takes a while: no lock should be held.
    pub(crate) fn stamp(self, mut body: Vec<u8>) -> Result<Stamp, SandboxError> {
        let on = |behaviour| self.behaviours.on(behaviour);
        let signed = if on(Behaviour::BadSignature) { b"another body".as_slice() } else { &body };
        let signature = sign(&self.key, signed)?;
        if on(Behaviour::AlteredBody) {
            body.push(b' ');
        }
        let algorithm = if on(Behaviour::Sha1Announced) { "rsa-sha1" } else { "rsa-sha256" };
        Ok(Stamp {
            signature: (!on(Behaviour::NoSignature)).then(|| format!("Signature {signature}")),
            certificate_url: (!on(Behaviour::NoCertificateUrl)).then(|| self.url.clone()),
            algorithm: (!on(Behaviour::NoAlgorithm)).then_some(algorithm),
            body,
        })
    }
}

/// Serves certificates in DER, as a blob store does.
pub(crate) fn router(world: Arc<World>) -> Router {
    Router::new().route("/cert/{file}", get(served)).with_state(world)
}

async fn served(State(world): State<Arc<World>>, Path(file): Path<String>) -> Response {
    match world.signing.with(|signing| signing.served.get(&file).cloned()) {
        Some(leaf) => ([(CONTENT_TYPE, "application/octet-stream")], leaf).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn no_two_rotations_have_the_same_address() {
        let behaviours = Behaviours::new(&[]).unwrap();
        let mut signing = Signing::new(Certificates::shared().unwrap(), behaviours, "http://host".to_owned());
        for number in 0..MOST {
            signing.serve(&format!("{number}.cer"), Vec::new());
        }
        let first = signing.rotate().unwrap();
        assert_ne!(first, signing.rotate().unwrap());
        assert_eq!(signing.served.len(), MOST);
    }
}
