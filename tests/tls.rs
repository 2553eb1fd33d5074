//! The engine serving TLS by itself, with a certificate from files.

use cosell::environment::{Environment, TlsSettings};
use cosell::failure::Failure;
use cosell::rehearsal::Rehearsal;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use reqwest::{Certificate, Client};
use tempfile::TempDir;

use crate::harness::pack_with;

#[tokio::test(flavor = "multi_thread")]
async fn the_listener_serves_tls_with_certificate_files() {
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let folder = TempDir::new().unwrap();
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let tls = TlsSettings { certificate: folder.path().join("cert.pem"), key: folder.path().join("key.pem") };
    std::fs::write(&tls.certificate, cert.pem()).unwrap();
    std::fs::write(&tls.key, signing_key.serialize_pem()).unwrap();
    let mut environment = Environment::default();
    environment.engine.tls = Some(tls.clone());
    let rehearsal = Rehearsal::start(&pack_with(&[]), environment).await.unwrap();
    let port = rehearsal.server.address().unwrap().port();
    let root = Certificate::from_pem(cert.pem().as_bytes()).unwrap();
    let client = Client::builder().no_proxy().tls_certs_only([root]).build().unwrap();
    let health = client.get(format!("https://localhost:{port}/health")).send().await.unwrap();
    assert_eq!(health.text().await.unwrap(), "ok\n");
    rehearsal.stop().await;

    std::fs::write(&tls.key, "no key").unwrap();
    let mut environment = Environment::default();
    environment.engine.tls = Some(tls);
    match Rehearsal::start(&pack_with(&[]), environment).await {
        Err(Failure::Data(message)) => assert!(message.contains("cannot serve TLS with"), "{message}"),
        _ => panic!("a key that is none was taken"),
    }
}
