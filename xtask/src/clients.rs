//! `cargo xtask clients`: clients that others wrote for the real services, unmodified, against `cosell sandbox`.
//!
//! [`install`] fetches them at the versions of their lock files, and keeps them below the target folder. Each client has
//! one program with its checks in `tests/clients`; [`sandbox`] starts a sandbox of its own for it, and [`program`] runs
//! it and counts what it says.

mod install;
mod kept;
mod program;
mod sandbox;

use std::path::{Path, PathBuf};

use crate::command::{Failure, root};
use crate::suite::Counts;
use install::Installed;
use program::{Checks, Client, Runs, Service};

/// The clients, by the names of their packages.
const CLIENTS: [Client; 10] = [
    Client { name: "msal", runs: Runs::Python("msal_flows.py"), service: Service::Tls },
    Client { name: "adal", runs: Runs::Python("adal_flows.py"), service: Service::Tls },
    Client { name: "azure-identity", runs: Runs::Python("azure_identity_flows.py"), service: Service::Tls },
    Client { name: "@azure/msal-node", runs: Runs::Node("msal-node.mjs"), service: Service::Tls },
    Client { name: "bravado", runs: Runs::Python("partner_center_referrals.py"), service: Service::Plain },
    Client { name: "dynamics-web-api", runs: Runs::Node("dynamics-web-api.mjs"), service: Service::Plain },
    Client {
        name: "PowerPlatform-Dataverse-Client",
        runs: Runs::Python("powerplatform_dataverse_client.py"),
        service: Service::Tls,
    },
    Client { name: "dataverse-api", runs: Runs::Python("dataverse_api_client.py"), service: Service::Plain },
    Client { name: "@odata/client", runs: Runs::Node("odata-client.mjs"), service: Service::Plain },
    Client { name: "powerplatform-dataverse-service-client", runs: Runs::Rust, service: Service::Plain },
];

/// Runs the clients of these names, or all, and adds up their checks.
///
/// # Errors
///
/// When a client cannot be installed or the sandbox does not start, and when a check failed.
pub(crate) fn run(names: &[&str], counts: &mut Counts) -> Result<(), Failure> {
    let clients = chosen(names)?;
    let installed = install::install()?;
    let mut failing = Vec::new();
    for client in clients {
        let checks = run_one(client, &installed)?;
        counts.passed += checks.passed;
        counts.failed += checks.failed;
        if checks.failed > 0 {
            failing.push(client.name);
        }
    }
    if failing.is_empty() {
        return Ok(());
    }
    Err(Failure::new(format!("checks failed with {}; they say `not ok` above", failing.join(", "))))
}

#[expect(clippy::print_stdout, reason = "people read here how far it is")]
fn run_one(client: &Client, installed: &Installed) -> Result<Checks, Failure> {
    println!("== {}", client.name);
    let sandbox = sandbox::start(client.service, installed)?;
    program::run(client, &sandbox, installed)
}

fn chosen(names: &[&str]) -> Result<Vec<&'static Client>, Failure> {
    if names.is_empty() {
        return Ok(CLIENTS.iter().collect());
    }
    names.iter().map(|name| named(name)).collect()
}

fn named(name: &str) -> Result<&'static Client, Failure> {
    CLIENTS.iter().find(|client| client.name == name).ok_or_else(|| {
        let all: Vec<_> = CLIENTS.iter().map(|client| client.name).collect();
        Failure { message: format!("there is no client `{name}`; there are {}", all.join(", ")), code: 2 }
    })
}

/// The folder of the clients' programs.
fn programs() -> PathBuf {
    root().join("tests/clients")
}

/// A failure to do something with a file or folder.
fn failed(what: &str, path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(format!("cannot {what} `{}`: {error}", path.display()))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may panic")]

    use super::{CLIENTS, Client, Runs, programs};
    use crate::command::root;

    #[test]
    fn the_page_names_each_client_at_the_version_that_is_installed() {
        let page = std::fs::read_to_string(root().join("docs/clients.md")).unwrap();
        for client in &CLIENTS {
            let told = format!("`{}` {}", client.name, version(client));
            assert!(page.contains(&told), "{told} is not on the page");
        }
    }

    /// The version that the client's list of packages pins.
    fn version(client: &Client) -> String {
        let (file, before) = match client.runs {
            Runs::Node(_) => ("node/package.json", format!("\"{}\": \"", client.name)),
            Runs::Python(_) => ("python/requirements.txt", format!("\n{}==", client.name)),
            Runs::Rust => ("rust/Cargo.toml", format!("\n{} = {{ version = \"=", client.name)),
        };
        let list = format!("\n{}", std::fs::read_to_string(programs().join(file)).unwrap());
        let (_, version) = list.split_once(&before).unwrap();
        version.chars().take_while(|letter| letter.is_ascii_digit() || *letter == '.').collect()
    }
}
