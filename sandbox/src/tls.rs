//! TLS by an authority of our own, on the same ports as plain http: the first byte of a connection tells them apart.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::serve::Listener;
use rcgen::{
    BasicConstraints, CertificateParams, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use rustls::ServerConfig;
use rustls::crypto::aws_lc_rs;
use rustls_pki_types::PrivateKeyDer;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::SandboxError;

/// How long a connection may take to say something and to agree on TLS.
const PATIENCE: Duration = Duration::from_secs(10);

/// Connections at that stage; more wait in the system's queue.
const MOST: usize = 256;

/// The first byte of a connection that begins with TLS.
const HANDSHAKE: u8 = 0x16;

/// The authority, and the means to speak as a server that it vouches for.
#[derive(Clone)]
pub(crate) struct LocalAuthority {
    /// The root certificate, which clients must trust.
    pub(crate) pem: String,
    acceptor: TlsAcceptor,
}

impl LocalAuthority {
    /// Makes an authority and a certificate for `localhost`, `127.0.0.1` and `::1`.
    pub(crate) fn generate() -> Result<LocalAuthority, SandboxError> {
        let failed = |error: rcgen::Error| SandboxError::Certificates(error.to_string());
        let mut root = named(Vec::new(), "Sandbox Local Authority").map_err(failed)?;
        root.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        root.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let root_key = KeyPair::generate().map_err(failed)?;
        let pem = root.self_signed(&root_key).map_err(failed)?.pem();
        let names = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).to_vec();
        let mut leaf = named(names, "localhost").map_err(failed)?;
        leaf.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        leaf.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        leaf.use_authority_key_identifier_extension = true;
        let key = KeyPair::generate().map_err(failed)?;
        let certificate = leaf.signed_by(&key, &Issuer::new(root, root_key)).map_err(failed)?;
        let failed = |error: rustls::Error| SandboxError::Certificates(error.to_string());
        let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .with_no_client_auth()
            .with_single_cert(vec![certificate.der().clone()], PrivateKeyDer::Pkcs8(key.serialize_der().into()))
            .map_err(failed)?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(LocalAuthority { pem, acceptor: TlsAcceptor::from(Arc::new(config)) })
    }
}

fn named(names: Vec<String>, name: &str) -> Result<CertificateParams, rcgen::Error> {
    let mut params = CertificateParams::new(names)?;
    params.distinguished_name.push(DnType::CommonName, name);
    // Fixed and wide, so that no clock can make it stale.
    params.not_before = date_time_ymd(2020, 1, 1);
    params.not_after = date_time_ymd(2049, 12, 31);
    Ok(params)
}

/// A connection that is ready for requests.
pub(crate) trait Greeted: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Greeted for T {}

type Arrival = Option<(Box<dyn Greeted>, SocketAddr)>;

/// Brings connections to where requests can be read. One that is slow to greet keeps no other waiting.
pub(crate) struct Greeter {
    authority: Option<LocalAuthority>,
    greeting: JoinSet<Arrival>,
}

impl Greeter {
    /// Without an authority every connection is plain.
    pub(crate) fn new(authority: Option<LocalAuthority>) -> Greeter {
        Greeter { authority, greeting: JoinSet::new() }
    }

    /// The next connection.
    pub(crate) async fn next(&mut self, listener: &mut TcpListener) -> (Box<dyn Greeted>, SocketAddr) {
        let Some(authority) = &self.authority else {
            let (stream, address) = Listener::accept(listener).await;
            return (Box::new(stream), address);
        };
        loop {
            tokio::select! {
                Some(arrival) = self.greeting.join_next() => {
                    if let Ok(Some(arrival)) = arrival {
                        return arrival;
                    }
                }
                (stream, address) = Listener::accept(listener), if self.greeting.len() < MOST => {
                    self.greeting.spawn(greet(authority.acceptor.clone(), stream, address));
                }
            }
        }
    }
}

async fn greet(acceptor: TlsAcceptor, stream: TcpStream, address: SocketAddr) -> Arrival {
    let greeting = async {
        let mut first = [0];
        stream.peek(&mut first).await.ok()?;
        if first != [HANDSHAKE] {
            return Some((Box::new(stream) as Box<dyn Greeted>, address));
        }
        let stream = acceptor.accept(stream).await.ok()?;
        Some((Box::new(stream) as Box<dyn Greeted>, address))
    };
    tokio::time::timeout(PATIENCE, greeting).await.ok().flatten()
}
