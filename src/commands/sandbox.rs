//! `cosell sandbox`: the services alone, for clients of any kind, until it is stopped.

use std::path::Path;

use cosell_sandbox::{Ports, Sandbox, SandboxError, SandboxOptions, Seed};
use serde_json::json;

use super::run::stop_signal;
use crate::cli::SandboxArgs;
use crate::failure::Failure;
use crate::packs::Opened;
use crate::{print, sandboxed};

pub(super) async fn sandbox(args: &SandboxArgs) -> Result<(), Failure> {
    if args.behaviours {
        list_behaviours();
        return Ok(());
    }
    let sandbox = Sandbox::start(options(args)?).await.map_err(failed)?;
    if let (Some(file), Some(pem)) = (&args.ca, sandbox.ca_pem()) {
        std::fs::write(file, pem).map_err(|error| cannot("written", file, &error))?;
    }
    if args.json {
        announce_to_programs(&sandbox, args);
        stop_signal().await;
    } else {
        announce(&sandbox, args);
        tokio::select! {
            () = tell(&sandbox) => {}
            () = stop_signal() => {}
        }
    }
    sandbox.stop().await;
    Ok(())
}

fn options(args: &SandboxArgs) -> Result<SandboxOptions, Failure> {
    let opened = Opened::new(&args.pack.pack)?;
    let environment = opened.environment(&args.pack)?;
    let on = args.with.iter().map(|name| (name.clone(), true));
    let off = args.without.iter().map(|name| (name.clone(), false));
    let certificates = args.client_certificate.iter().map(|file| read(file));
    Ok(SandboxOptions {
        ports: args.port.map_or_else(|| Ok(Ports::default()), ports)?,
        custom: sandboxed::tables_of(&opened, &environment)?,
        tls: args.tls,
        behaviours: on.chain(off).collect(),
        client_certificates: certificates.collect::<Result<_, _>>()?,
        state: args.state.clone(),
        seed: args.seed.as_deref().map(seed).transpose()?,
        ..SandboxOptions::default()
    })
}

fn seed(file: &Path) -> Result<Seed, Failure> {
    Seed::parse(&read(file)?).map_err(|error| Failure::Data(format!("{}: {error}", file.display())))
}

/// Six ports in a row.
fn ports(first: u16) -> Result<Ports, Failure> {
    let port = |place: u16| {
        let room = first.checked_add(place).filter(|_| first > 0);
        room.ok_or_else(|| Failure::Usage(format!("there are no six ports from `{first}` on")))
    };
    Ok(Ports {
        entra: port(0)?,
        referrals: port(1)?,
        partner_center: port(2)?,
        dataverse: port(3)?,
        certificates: port(4)?,
        admin: port(5)?,
    })
}

fn read(file: &Path) -> Result<String, Failure> {
    std::fs::read_to_string(file).map_err(|error| cannot("read", file, &error))
}

fn cannot(verb: &str, file: &Path, error: &std::io::Error) -> Failure {
    Failure::World(format!("`{}` cannot be {verb}: {error}", file.display()))
}

fn failed(error: SandboxError) -> Failure {
    match error {
        SandboxError::Behaviour(_) => Failure::Usage(error.to_string()),
        SandboxError::ClientCertificate(_) | SandboxError::Seed(_) => Failure::Data(error.to_string()),
        other => Failure::world(other),
    }
}

fn list_behaviours() {
    for (name, what) in cosell_sandbox::behaviours() {
        print::line(format!("{name:32} {what}"));
    }
}

fn announce_to_programs(sandbox: &Sandbox, args: &SandboxArgs) {
    let told = json!({
        "addresses": sandbox.addresses(), "credentials": sandbox.credentials(),
        "ca_pem": args.ca, "trust_pem": sandbox.trust_pem(),
    });
    print::line(told.to_string());
}

fn announce(sandbox: &Sandbox, args: &SandboxArgs) {
    let addresses = sandbox.addresses();
    let credentials = sandbox.credentials();
    print::line("the sandbox runs; stop it with Ctrl-C");
    for (name, value) in [
        ("Entra ID", &addresses.entra),
        ("referrals", &addresses.referrals),
        ("Partner Center", &addresses.partner_center),
        ("Dataverse", &addresses.dataverse),
        ("certificates", &addresses.certificates),
        ("admin", &addresses.admin),
        ("tenant", &credentials.tenant),
        ("client id", &credentials.client_id),
        ("client secret", &credentials.client_secret),
        ("refresh token", &credentials.refresh_token),
        ("seller's token", &credentials.seller_token),
    ] {
        print::line(format!("  {name:15} {value}"));
    }
    if let Some(file) = &args.ca {
        print::line(format!("  {:15} {}", "authority", file.display()));
    }
    print::line("");
}

/// A line for each thing that happens.
async fn tell(sandbox: &Sandbox) {
    let mut happenings = sandbox.happenings();
    while let Some(line) = happenings.next().await {
        print::line(line);
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::*;

    #[test]
    fn six_ports_follow_the_first() {
        let taken = ports(8080).unwrap();
        assert_eq!((taken.entra, taken.dataverse, taken.admin), (8080, 8083, 8085));
        for first in [0, 65_531, u16::MAX] {
            assert!(ports(first).is_err(), "{first}");
        }
    }
}
