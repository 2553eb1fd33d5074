//! Sign-in with the key of a certificate.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use aws_lc_rs::encoding::AsDer;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RSA_PSS_SHA256};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use jiff::Timestamp;
use rcgen::CertificateParams;
use serde_json::{Value, json};

use crate::harness::{Harness, Host};

pub(super) struct Signer {
    key: KeyPair,
    der: Vec<u8>,
    pub(super) pem: String,
}

impl Signer {
    pub(super) fn new() -> Signer {
        let key = KeyPair::generate(KeySize::Rsa2048).unwrap();
        let encoded = AsDer::<aws_lc_rs::encoding::Pkcs8V1Der<'_>>::as_der(&key).unwrap();
        let encoded = rcgen::KeyPair::try_from(encoded.as_ref()).unwrap();
        let certificate = CertificateParams::new(Vec::new()).unwrap().self_signed(&encoded).unwrap();
        Signer { key, der: certificate.der().to_vec(), pem: certificate.pem() }
    }

    /// An assertion that does.
    pub(super) fn proof(&self, harness: &Harness) -> String {
        let credentials = harness.sandbox.credentials();
        let now = Timestamp::now().as_second();
        let endpoint = format!("{}/{}/oauth2/v2.0/token", harness.sandbox.addresses().entra, credentials.tenant);
        let claims = json!({
            "aud": endpoint, "iss": credentials.client_id, "sub": credentials.client_id, "jti": "1", "nbf": now,
            "exp": now + 600,
        });
        self.assertion("PS256", &claims)
    }

    fn assertion(&self, algorithm: &str, claims: &Value) -> String {
        let header = match algorithm {
            "RS256" => {
                json!({"alg": "RS256", "x5t": encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, &self.der).as_ref())})
            }
            _ => json!({"alg": algorithm, "x5t#S256": encode(digest(&SHA256, &self.der).as_ref())}),
        };
        let signed = format!("{}.{}", encode(header.to_string().as_bytes()), encode(claims.to_string().as_bytes()));
        let mut signature = vec![0; self.key.public_modulus_len()];
        let padding: &dyn aws_lc_rs::signature::RsaEncoding =
            if algorithm == "RS256" { &RSA_PKCS1_SHA256 } else { &RSA_PSS_SHA256 };
        self.key.sign(padding, &SystemRandom::new(), signed.as_bytes(), &mut signature).unwrap();
        format!("{signed}.{}", encode(&signature))
    }
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[tokio::test]
async fn a_certificate_signs_in_and_every_flaw_is_found() {
    let harness = Harness::start().await;
    let credentials = harness.sandbox.credentials().clone();
    let signer = Signer::new();
    harness.json(Host::Admin, "POST", "/applications/certificates", json!({"pem": signer.pem})).await;
    let now = Timestamp::now().as_second();
    let endpoint = format!("{}/{}/oauth2/v2.0/token", harness.sandbox.addresses().entra, credentials.tenant);
    let good = json!({
        "aud": endpoint, "iss": credentials.client_id, "sub": credentials.client_id, "jti": "1", "nbf": now,
        "exp": now + 600,
    });
    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    let stranger = Signer::new();
    let mut altered = signer.assertion("PS256", &good);
    altered.truncate(altered.len() - 4);
    altered.push_str("AAAA");
    let cases = [
        ("RS256", signer.assertion("RS256", &good), 0),
        ("PS256", signer.assertion("PS256", &good), 0),
        (
            "issuer's address",
            signer.assertion("PS256", &with("aud", json!(endpoint.replace("/oauth2/v2.0/token", "/v2.0")))),
            0,
        ),
        (
            "another name of the host",
            signer.assertion("PS256", &with("aud", json!(endpoint.replace("127.0.0.1", "localhost")))),
            0,
        ),
        ("not a document", "x".to_owned(), 50_027),
        ("stranger", stranger.assertion("PS256", &good), 700_027),
        ("altered", altered, 700_027),
        ("no algorithm", signer.assertion("none", &good), 700_027),
        ("somebody else", signer.assertion("PS256", &with("iss", json!("x"))), 700_021),
        ("elsewhere", signer.assertion("PS256", &with("aud", json!("https://nobody.example"))), 700_023),
        ("over", signer.assertion("PS256", &with("exp", json!(now - 900))), 700_024),
        ("early", signer.assertion("PS256", &with("nbf", json!(now + 900))), 700_024),
    ];
    for (title, assertion, code) in cases {
        let fields = [
            ("grant_type", "client_credentials"),
            ("client_id", &credentials.client_id),
            ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            ("client_assertion", &assertion),
            ("scope", "https://org.crm.dynamics.com/.default"),
        ];
        let (status, body) = harness.form("oauth2/v2.0/token", &fields).await;
        assert_eq!(status == 200, code == 0, "{title}: {body}");
        assert_eq!(body["error_codes"][0].as_u64().unwrap_or(0), code, "{title}: {body}");
    }
    let wrong =
        harness.send(Host::Admin, "POST", "/applications/certificates", &[], &json!({"pem": "x"})).await.unwrap();
    assert_eq!(wrong.status(), 400);
}
