//! Signatures and certificates that a receiver must refuse, and rotation, which it must bear.

use axum::http::{HeaderMap, StatusCode};
use base64::{Engine, engine::general_purpose::STANDARD};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, UnixTime};
use serde_json::{Value, json};

use super::{PATH, REFERRALS, next, receiver, registration};
use crate::harness::{Harness, Host, referral};

/// What a careful receiver finds wrong with an event first, in the documented order of checks.
async fn judged(harness: &Harness, headers: &HeaderMap, body: &[u8]) -> &'static str {
    let Some(signature) = headers.get("authorization") else { return "no signature" };
    let Some(url) = headers.get("x-ms-certificate-url") else { return "no certificate url" };
    let Some(algorithm) = headers.get("x-ms-signature-algorithm") else { return "no algorithm" };
    if algorithm != "rsa-sha256" {
        return "weak algorithm";
    }
    let url = url.to_str().unwrap();
    if !url.starts_with(&harness.sandbox.addresses().certificates) {
        return "foreign host";
    }
    let served = harness.client.get(url).send().await.unwrap();
    if served.status() != 200 {
        return "no certificate";
    }
    let served = served.bytes().await.unwrap();
    if let Some(wrong) = wrong_chain(harness.sandbox.trust_pem(), &served) {
        return wrong;
    }
    let (_, leaf) = x509_parser::parse_x509_certificate(&served).unwrap();
    if !leaf.issuer().to_string().contains("O=Microsoft Corporation") {
        return "wrong issuer";
    }
    let signature = signature.to_str().unwrap().strip_prefix("Signature ").unwrap();
    let key = aws_lc_rs::signature::UnparsedPublicKey::new(
        &aws_lc_rs::signature::RSA_PKCS1_2048_8192_SHA256,
        leaf.public_key().subject_public_key.data.as_ref(),
    );
    match key.verify(body, &STANDARD.decode(signature).unwrap()) {
        Ok(()) => "good",
        Err(_) => "wrong signature",
    }
}

fn wrong_chain(trust: &str, leaf: &[u8]) -> Option<&'static str> {
    let chain: Vec<_> = CertificateDer::pem_slice_iter(trust.as_bytes()).map(Result::unwrap).collect();
    let anchors = [webpki::anchor_from_trusted_cert(&chain[0]).unwrap()];
    let leaf = CertificateDer::from(leaf);
    let leaf = webpki::EndEntityCert::try_from(&leaf).unwrap();
    let verified = leaf.verify_for_usage(
        webpki::ALL_VERIFICATION_ALGS,
        &anchors,
        &chain[1..],
        UnixTime::now(),
        webpki::KeyUsage::server_auth(),
        None,
        None,
    );
    match verified.err() {
        None => None,
        Some(webpki::Error::CertExpired { .. }) => Some("expired"),
        Some(webpki::Error::CertNotValidYet { .. }) => Some("early"),
        Some(_) => Some("untrusted"),
    }
}

#[tokio::test]
async fn s29_every_flaw_is_there_to_be_found() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    let cases = [
        ("", "good"),
        ("expired_certificate", "expired"),
        ("early_certificate", "early"),
        ("untrusted_certificate", "untrusted"),
        ("self_signed_certificate", "untrusted"),
        ("wrong_issuer", "wrong issuer"),
        ("missing_certificate", "no certificate"),
        ("foreign_certificate_url", "foreign host"),
        ("bad_signature", "wrong signature"),
        ("altered_body", "wrong signature"),
        ("sha1_announced", "weak algorithm"),
        ("no_signature", "no signature"),
        ("no_certificate_url", "no certificate url"),
        ("no_algorithm", "no algorithm"),
        ("", "good"),
    ];
    for (behaviour, expected) in cases {
        let turn = async |on: bool| {
            if !behaviour.is_empty() {
                harness.json(Host::Admin, "POST", "/behaviours", json!({behaviour: on})).await;
            }
        };
        turn(true).await;
        harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
        let (headers, body) = next(&mut posts).await;
        assert_eq!(judged(&harness, &headers, &body).await, expected, "{behaviour}");
        turn(false).await;
    }
}

#[tokio::test]
async fn s29_a_rotated_certificate_is_at_a_new_address_and_as_good() {
    let harness = Harness::start().await;
    let (url, mut posts) = receiver(StatusCode::OK).await;
    harness.json(Host::PartnerCenter, "POST", PATH, registration(&url)).await;
    let mut seen = Vec::new();
    for _ in 0..3 {
        harness.json(Host::Referrals, "POST", REFERRALS, referral()).await;
        let (headers, body) = next(&mut posts).await;
        assert_eq!(judged(&harness, &headers, &body).await, "good");
        seen.push(headers["x-ms-certificate-url"].to_str().unwrap().to_owned());
        harness.json(Host::Admin, "POST", "/certificates/rotate", Value::Null).await;
    }
    assert!(seen[0] != seen[1] && seen[1] != seen[2], "{seen:?}");
    let old = harness.client.get(&seen[0]).send().await.unwrap();
    assert_eq!(old.status(), 200, "the old one is served on");
}
