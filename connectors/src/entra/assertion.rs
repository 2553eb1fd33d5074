//! A document signed with the key of a certificate, by which an application proves who it is (RFC 7523).
//!
//! It is made anew for every request and lives five minutes, which the service recommends.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{KeyPair, RSA_PKCS1_SHA256, RSA_PSS_SHA256, RsaEncoding, RsaKeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use uuid::Uuid;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::settings::AssertionAlgorithm;

/// How long the document is good for, in seconds.
const LIFE: i64 = 300;

/// A certificate and its key.
pub(super) struct Signer {
    key: RsaKeyPair,
    certificate: CertificateDer<'static>,
    /// The certificate's last second.
    ends: i64,
}

impl Signer {
    /// Reads a private key, and among the certificates beside it the one that belongs to it.
    pub(super) fn read(pem: &str) -> Result<Signer, String> {
        let key = private_key(pem)?;
        let mut certificates = 0;
        for certificate in CertificateDer::pem_slice_iter(pem.as_bytes()) {
            let certificate = certificate.map_err(|error| format!("a certificate cannot be read: {error}"))?;
            let (_, read) = X509Certificate::from_der(&certificate)
                .map_err(|error| format!("a certificate cannot be read: {error}"))?;
            let ends = read.validity().not_after.timestamp();
            let fits = read.public_key().subject_public_key.data.as_ref() == key.public_key().as_ref();
            if fits {
                return Ok(Signer { key, certificate, ends });
            }
            certificates += 1;
        }
        Err(match certificates {
            0 => "no certificate is beside the key".to_owned(),
            _ => "the key belongs to none of the certificates beside it".to_owned(),
        })
    }

    /// The document for the endpoint at `audience`.
    pub(super) fn document(
        &self,
        algorithm: AssertionAlgorithm,
        client_id: &str,
        audience: &str,
        now: Timestamp,
    ) -> Result<String, String> {
        let second = now.as_second();
        if self.ends < second {
            let ended = Timestamp::from_second(self.ends).map(|end| end.to_string()).unwrap_or_default();
            return Err(format!("the certificate ended at {ended}; register a new one with the application"));
        }
        let (header, padding) = self.header(algorithm);
        let claims = json!({
            "aud": audience, "iss": client_id, "sub": client_id, "jti": Uuid::new_v4(),
            "iat": second, "nbf": second, "exp": second + LIFE,
        });
        let signed = format!("{}.{}", encoded(&header), encoded(&claims));
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature)
            .map_err(|_| "the key cannot sign".to_owned())?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    fn header(&self, algorithm: AssertionAlgorithm) -> (Value, &'static dyn RsaEncoding) {
        let thumbprint = |kind| URL_SAFE_NO_PAD.encode(digest(kind, &self.certificate));
        match algorithm {
            AssertionAlgorithm::Ps256 => {
                (json!({ "alg": "PS256", "typ": "JWT", "x5t#S256": thumbprint(&SHA256) }), &RSA_PSS_SHA256)
            }
            AssertionAlgorithm::Rs256 => {
                let thumbprint = thumbprint(&SHA1_FOR_LEGACY_USE_ONLY);
                (json!({ "alg": "RS256", "typ": "JWT", "x5t": thumbprint }), &RSA_PKCS1_SHA256)
            }
        }
    }
}

fn private_key(pem: &str) -> Result<RsaKeyPair, String> {
    let key = PrivateKeyDer::from_pem_slice(pem.as_bytes())
        .map_err(|_| "no private key is in it that can be read; one that is encrypted cannot".to_owned())?;
    let read = match &key {
        PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
        PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
        _ => return Err("the private key is not an RSA key, and the sign-in service takes no other".to_owned()),
    };
    read.map_err(|_| "the private key is not an RSA key of 2048 bits or more".to_owned())
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

#[cfg(test)]
pub(super) mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
    use aws_lc_rs::rsa::{KeyPair as RsaKey, KeySize};
    use rcgen::CertificateParams;

    use super::*;

    /// A key and its certificate, which ends with the year 2029, both in PEM: apart, to be put together.
    pub(in crate::entra) fn certificate() -> (String, String) {
        let key = RsaKey::generate(KeySize::Rsa2048).unwrap();
        let key = AsDer::<Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        let key = rcgen::KeyPair::try_from(key.as_ref()).unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.not_after = rcgen::date_time_ymd(2029, 12, 31);
        (key.serialize_pem(), params.self_signed(&key).unwrap().pem())
    }

    #[test]
    fn a_document_says_who_signs_what_for_whom() {
        let (key, certificate) = certificate();
        let (_, other) = self::certificate();
        // The other certificate stands first: the one of the key counts.
        let signer = Signer::read(&[key, other, certificate].concat()).unwrap();
        let now: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        for (algorithm, name, digest, length) in
            [(AssertionAlgorithm::Ps256, "PS256", "x5t#S256", 43), (AssertionAlgorithm::Rs256, "RS256", "x5t", 27)]
        {
            let document = signer.document(algorithm, "app", "https://login/token", now).unwrap();
            let parts: Vec<Value> = document
                .split('.')
                .take(2)
                .map(|part| serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap())
                .collect();
            assert_eq!(parts[0]["alg"], json!(name));
            assert_eq!(parts[0][digest].as_str().unwrap().len(), length, "{name}");
            assert_eq!(parts[1]["aud"], json!("https://login/token"));
            assert_eq!((&parts[1]["iss"], &parts[1]["sub"]), (&json!("app"), &json!("app")));
            assert_eq!(parts[1]["exp"].as_i64().unwrap() - parts[1]["nbf"].as_i64().unwrap(), 300);
        }
        let late: Timestamp = "2030-01-01T00:00:00Z".parse().unwrap();
        let over = signer.document(AssertionAlgorithm::Ps256, "app", "x", late).unwrap_err();
        assert!(over.contains("ended at 2029-12-31"), "{over}");
    }

    #[test]
    fn what_cannot_sign_is_told() {
        let (key, certificate) = certificate();
        let (_, other) = self::certificate();
        let curve = rcgen::KeyPair::generate().unwrap().serialize_pem();
        let cases = [
            ("", "no private key"),
            (&certificate, "no private key"),
            ("-----BEGIN ENCRYPTED PRIVATE KEY-----\nAAAA\n-----END ENCRYPTED PRIVATE KEY-----\n", "encrypted"),
            (&key, "no certificate"),
            (&[&*key, &*other].concat(), "none of the certificates"),
            (&curve, "not an RSA key"),
        ];
        for (pem, expected) in cases {
            let error = Signer::read(pem).err().unwrap_or_default();
            assert!(error.contains(expected), "{error}");
        }
    }
}
