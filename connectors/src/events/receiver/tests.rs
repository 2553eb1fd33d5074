//! Events as a sender would make them, right and wrong.

#![expect(clippy::unwrap_used, reason = "a test may panic")]

use std::time::Duration;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, PKCS_RSA_SHA256,
    RsaKeySize,
};

mod fetching;
mod remembering;

use super::*;
use crate::test_server::{Answer, TestServer};

const NAME: &str = "pcnotifications-dispatch.microsoft.com";
const BODY: &str = r#"{"EventName":"referral-updated",
    "ResourceUri":"https://api.partnercenter.microsoft.com/engagements/v1/referrals/11111111-1111-4111-8111-111111111111",
    "ResourceName":"referral","AuditUri":null,"ResourceChangeUtcDate":"2018-02-17T00:05:39.5485487+00:00"}"#;

/// A root that signs certificates, as a public authority would.
struct Authority {
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

/// A certificate and the key that signs events with it.
struct Sender {
    der: Vec<u8>,
    key: RsaKeyPair,
}

impl Authority {
    fn new(organization: &str) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.distinguished_name.push(DnType::CommonName, "Test root");
        let pem = params.self_signed(&key).unwrap().pem();
        Authority { pem, issuer: Issuer::new(params, key) }
    }

    /// An authority that this one signs; its PEM holds both.
    fn below(&self, organization: &str) -> Authority {
        self.below_until(organization, 2100)
    }

    fn below_until(&self, organization: &str, year: i32) -> Authority {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::default();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::OrganizationName, organization);
        params.distinguished_name.push(DnType::CommonName, "Test intermediate");
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let pem = params.signed_by(&key, &self.issuer).unwrap().pem();
        Authority { pem: format!("{pem}{}", self.pem), issuer: Issuer::new(params, key) }
    }

    fn sender(&self, name: &str) -> Sender {
        self.sender_until(name, 2100)
    }

    fn sender_until(&self, name: &str, year: i32) -> Sender {
        let key = KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048).unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.not_before = rcgen::date_time_ymd(2001, 1, 1);
        params.not_after = rcgen::date_time_ymd(year, 1, 1);
        let der = params.signed_by(&key, &self.issuer).unwrap().der().to_vec();
        Sender { der, key: RsaKeyPair::from_pkcs8(&key.serialize_der()).unwrap() }
    }
}

impl Sender {
    fn sign(&self, body: &str) -> String {
        let mut signature = vec![0; self.key.public_modulus_len()];
        let random = SystemRandom::new();
        self.key.sign(&RSA_PKCS1_SHA256, &random, body.as_bytes(), &mut signature).unwrap();
        STANDARD.encode(signature)
    }
}

async fn serving(certificate: Vec<u8>) -> TestServer {
    TestServer::ruled(move |_| Some(Answer::bytes(200, &certificate))).await
}

fn receiver(server: &TestServer, trusted: &Authority) -> Receiver {
    let settings = EventsSettings {
        certificate_hosts: vec![server.url.trim_start_matches("http://").to_owned()],
        certificate_names: vec![NAME.to_owned()],
        trust: None,
        trust_pem: Some(trusted.pem.clone()),
        max_body: 1000,
        ..EventsSettings::new(&server.url, server.sign_in())
    };
    let receiver = Receiver::new(&settings).unwrap();
    receiver.certificates.book.lock().unwrap().fetch_again_after = Duration::ZERO;
    receiver
}

fn request(server: &TestServer, signature: &str, body: &str) -> Incoming {
    let header = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    Incoming {
        headers: vec![
            header("x-ms-signature", &format!("Signature {signature}")),
            header("x-ms-certificate-url", &format!("{}/cert/dispatch.cer", server.url)),
            header("x-ms-signature-algorithm", "RSA-SHA256"),
        ],
        body: body.as_bytes().to_vec(),
    }
}

fn set(request: &mut Incoming, name: &str, value: Option<&str>) {
    request.headers.retain(|(known, _)| known != name);
    request.headers.extend(value.map(|value| (name.to_owned(), value.to_owned())));
}

#[tokio::test]
async fn a_signed_event_is_taken() {
    let authority = Authority::new("Microsoft Corporation");
    let sender = authority.sender(NAME);
    let server = serving(sender.der.clone()).await;
    let receiver = receiver(&server, &authority);
    let in_own_header = request(&server, &sender.sign(BODY), BODY);
    let mut in_authorization = in_own_header.clone();
    set(&mut in_authorization, "x-ms-signature", None);
    set(&mut in_authorization, "authorization", Some(&format!("signature {}", sender.sign(BODY))));
    for request in [in_own_header, in_authorization] {
        let event = receiver.receive(&request).await.unwrap().unwrap();
        assert_eq!(event.body["event"], "referral-updated");
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 1, "the certificate is fetched once");
    assert_eq!(asked[0].header("authorization"), None, "no token goes to the certificate's host");
}

#[tokio::test]
async fn a_chain_is_completed_from_the_trusted_file() {
    let root = Authority::new("Another Corporation");
    let between = root.below("Microsoft Corporation");
    let sender = between.sender(NAME);
    let server = serving(sender.der.clone()).await;
    let request = request(&server, &sender.sign(BODY), BODY);
    assert!(receiver(&server, &between).receive(&request).await.unwrap().is_some());
    let refusal = receiver(&server, &root).receive(&request).await.unwrap_err();
    assert_eq!(refusal.status, 401, "without the certificate between there is no chain");
}

#[tokio::test]
async fn t09_t10_headers_are_checked_before_anything_is_fetched() {
    let authority = Authority::new("Microsoft Corporation");
    let server = serving(Vec::new()).await;
    let receiver = receiver(&server, &authority);
    let long = "x".repeat(1001);
    // The header to set, its value, the body, and the status of the refusal.
    let cases = [
        ("x-other", None, long.as_str(), 413),
        ("x-ms-signature", None, BODY, 401),
        ("x-ms-signature", Some("Bearer abc"), BODY, 401),
        ("x-ms-signature", Some("Signature ***"), BODY, 401),
        ("x-ms-certificate-url", None, BODY, 400),
        ("x-ms-certificate-url", Some("no address"), BODY, 400),
        ("x-ms-certificate-url", Some("http://3psostorageacct.blob.core.windows.net/a.cer"), BODY, 400),
        ("x-ms-certificate-url", Some("https://evil.example/a.cer"), BODY, 403),
        ("x-ms-certificate-url", Some("http://127.0.0.1:1/a.cer"), BODY, 403),
        ("x-ms-signature-algorithm", None, BODY, 400),
        ("x-ms-signature-algorithm", Some("rsa-sha1"), BODY, 401),
        ("x-ms-signature-algorithm", Some("rsa-sha256-x"), BODY, 401),
    ];
    for (name, value, body, status) in cases {
        let mut request = request(&server, &STANDARD.encode("s"), body);
        if name != "x-other" {
            set(&mut request, name, value);
        }
        let refusal = receiver.receive(&request).await.unwrap_err();
        assert_eq!(refusal.status, status, "{name} {value:?}: {}", refusal.message);
    }
    // What is added to an address that would do, and the status of the refusal.
    let cases = [("user@", "", 400), ("", "?a=1", 403), ("", "?", 403), ("", "#a", 403)];
    for (before, after, status) in cases {
        let mut request = request(&server, &STANDARD.encode("s"), BODY);
        let here = server.url.trim_start_matches("http://");
        set(&mut request, "x-ms-certificate-url", Some(&format!("http://{before}{here}/a.cer{after}")));
        assert_eq!(receiver.receive(&request).await.unwrap_err().status, status, "{before}{after}");
    }
    assert_eq!(server.asked().len(), 0);
}

#[tokio::test]
async fn t10_certificates_are_not_believed_easily() {
    let microsoft = Authority::new("Microsoft Corporation");
    let other = Authority::new("Another Corporation");
    let cases = [
        ("of another root", microsoft.sender(NAME), &other, "not trusted"),
        ("of another issuer", other.sender(NAME), &other, "not issued by"),
        ("for another name", microsoft.sender("site.example"), &microsoft, "none of the expected names"),
        ("expired", microsoft.sender_until(NAME, 2002), &microsoft, "not trusted"),
    ];
    for (what, sender, trusted, expected) in cases {
        let server = serving(sender.der.clone()).await;
        let request = request(&server, &sender.sign(BODY), BODY);
        let refusal = receiver(&server, trusted).receive(&request).await.unwrap_err();
        assert_eq!(refusal.status, 401, "{what}");
        assert!(refusal.message.contains(expected), "{what}: {}", refusal.message);
    }
}

#[tokio::test]
async fn t10_a_changed_body_and_garbage_are_refused() {
    let authority = Authority::new("Microsoft Corporation");
    let sender = authority.sender(NAME);
    let server = serving(sender.der.clone()).await;
    let receiver = receiver(&server, &authority);
    let changed = request(&server, &sender.sign(BODY), &BODY.replace("updated", "created"));
    assert_eq!(receiver.receive(&changed).await.unwrap_err().status, 401);
    let no_json = request(&server, &sender.sign("{"), "{");
    assert_eq!(receiver.receive(&no_json).await.unwrap_err().status, 400);
    for garbage in [b"".as_slice(), b"-----BEGIN", b"\x30\x82\xff\xff"] {
        let server = serving(garbage.to_vec()).await;
        let request = request(&server, &sender.sign(BODY), BODY);
        assert_eq!(super::tests::receiver(&server, &authority).receive(&request).await.unwrap_err().status, 401);
    }
}

#[tokio::test]
async fn a_new_certificate_under_the_same_address_is_fetched() {
    let authority = Authority::new("Microsoft Corporation");
    let (old, new) = (authority.sender(NAME), authority.sender(NAME));
    let mut served = vec![new.der.clone(), old.der.clone()];
    let server = TestServer::ruled(move |_| served.pop().map(|der| Answer::bytes(200, &der))).await;
    let receiver = receiver(&server, &authority);
    receiver.receive(&request(&server, &old.sign(BODY), BODY)).await.unwrap();
    receiver.receive(&request(&server, &new.sign(BODY), BODY)).await.unwrap();
    assert_eq!(server.asked().len(), 2);
}

#[tokio::test]
async fn an_unreachable_certificate_asks_for_another_delivery() {
    let authority = Authority::new("Microsoft Corporation");
    let server = TestServer::ruled(|_| Some(Answer::bytes(500, b""))).await;
    let request = request(&server, &STANDARD.encode("s"), BODY);
    let refusal = receiver(&server, &authority).receive(&request).await.unwrap_err();
    assert_eq!(refusal.status, 503);
}
