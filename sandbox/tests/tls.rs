//! TLS by the sandbox's own authority, and plain http at the same ports.

use cosell_sandbox::{Sandbox, SandboxOptions};
use reqwest::{Certificate, Client};

#[tokio::test]
async fn tls_and_plain_http_share_the_ports() {
    let options = SandboxOptions { tls: true, ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options).await.unwrap();
    let root = Certificate::from_pem(sandbox.ca_pem().unwrap().as_bytes()).unwrap();
    let trusting = Client::builder().no_proxy().add_root_certificate(root).build().unwrap();
    let stranger = Client::builder().no_proxy().build().unwrap();
    let entra = &sandbox.addresses().entra;
    let path = format!("/{}/v2.0/.well-known/openid-configuration", sandbox.credentials().tenant);
    assert!(entra.starts_with("https://localhost:"), "{entra}");
    let cases = [
        (&trusting, entra.clone(), true),
        (&trusting, entra.replace("localhost", "127.0.0.1"), true),
        (&stranger, entra.clone(), false),
        (&stranger, entra.replace("https://localhost", "http://127.0.0.1"), true),
    ];
    for (client, base, answered) in cases {
        let answer = client.get(format!("{base}{path}")).send().await;
        assert_eq!(answer.is_ok_and(|answer| answer.status() == 200), answered, "{base}");
    }
    // A client that says nothing keeps no other waiting, and does not outlast the sandbox.
    let silent = tokio::net::TcpStream::connect(entra.trim_start_matches("https://")).await.unwrap();
    assert!(trusting.get(format!("{entra}{path}")).send().await.is_ok());
    sandbox.stop().await;
    drop(silent);
}

#[tokio::test]
async fn what_happens_is_told() {
    let sandbox = Sandbox::start(SandboxOptions::default()).await.unwrap();
    let mut happenings = sandbox.happenings();
    let client = Client::builder().no_proxy().build().unwrap();
    client.get(format!("{}/v1.0/engagements/referrals", sandbox.addresses().referrals)).send().await.unwrap();
    assert_eq!(happenings.next().await.unwrap(), "referrals: nobody GET /v1.0/engagements/referrals: 401");
    sandbox.stop().await;
    assert_eq!(happenings.next().await, None);
}
