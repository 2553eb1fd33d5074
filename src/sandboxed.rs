//! The embedded sandbox beside an engine, and the environment that binds a pack to it.

use cosell_connectors::settings::{DataverseSettings, EventsSettings, PartnerCenterSettings};
use cosell_connectors::{Connections, Secret, SignIn};
use cosell_engine::document::{self, TableDocument};
use cosell_engine::pack::Pack;
use cosell_sandbox::{ColumnKind, CustomColumn, CustomTable, Sandbox, SandboxOptions};
use serde_json::Value;

use crate::environment::Environment;
use crate::failure::Failure;
use crate::packs::Opened;

/// Seconds between two polls of the sandbox: it is near, and people are watching.
const POLL_EVERY: f64 = 0.2;

/// Starts a sandbox with the tables of a pack, and binds the environment's connections to it.
pub async fn start(opened: &Opened, environment: Environment) -> Result<(Sandbox, Environment), Failure> {
    let options = SandboxOptions { custom: tables_of(opened, &environment)?, ..SandboxOptions::default() };
    let sandbox = Sandbox::start(options).await.map_err(Failure::world)?;
    let environment = bound_to(&sandbox, environment)?;
    Ok((sandbox, environment))
}

/// The tables of a pack, as the sandbox takes them.
pub fn tables_of(opened: &Opened, environment: &Environment) -> Result<Vec<CustomTable>, Failure> {
    let unbound = cosell_connectors::standard(&Connections::default()).map_err(Failure::world)?;
    Ok(tables(&opened.check(&environment.parameters, &unbound)?))
}

fn bound_to(sandbox: &Sandbox, mut environment: Environment) -> Result<Environment, Failure> {
    let addresses = sandbox.addresses();
    let credentials = sandbox.credentials();
    let sign_in = |delegated: bool| SignIn {
        client_secret: Some(Secret::given(credentials.client_secret.as_str())),
        refresh_token: delegated.then(|| Secret::given(credentials.refresh_token.as_str())),
        login_url: addresses.entra.clone(),
        ..SignIn::new(&credentials.tenant, &credentials.client_id)
    };
    environment.connections = Connections {
        partner_center: Some(PartnerCenterSettings::new(&addresses.referrals, sign_in(true))),
        events: Some(EventsSettings {
            certificate_hosts: vec![host(&addresses.certificates)],
            trust_pem: Some(sandbox.trust_pem().to_owned()),
            ..EventsSettings::new(&addresses.partner_center, sign_in(true))
        }),
        dataverse: Some(DataverseSettings::new(&addresses.dataverse, sign_in(false))),
    };
    // Nobody else needs to reach the engine, so it listens wherever there is room.
    environment.engine.listen = ([127, 0, 0, 1], 0).into();
    environment.engine.public_url = None;
    environment.engine.poll_every = environment.engine.poll_every.min(POLL_EVERY);
    Ok(environment)
}

fn host(address: &str) -> String {
    address.trim_start_matches("http://").to_owned()
}

/// The tables that a pack declares: the prefix stands before every new name.
fn tables(pack: &Pack) -> Vec<CustomTable> {
    let prefix = pack.parameters().get("prefix").and_then(Value::as_str).unwrap_or_default();
    pack.tables().iter().map(|(name, table)| custom(name, table, prefix)).collect()
}

fn custom(name: &str, table: &TableDocument, prefix: &str) -> CustomTable {
    let columns = table.columns.iter().map(|(column, document)| CustomColumn {
        name: format!("{prefix}{column}"),
        kind: kind(document.kind),
        title: document.title.clone(),
        key: document.key,
        max_length: document.length,
    });
    let is_new = table.of.is_some();
    CustomTable {
        name: if is_new { format!("{prefix}{name}") } else { name.to_owned() },
        parent: table.of.clone(),
        columns: columns.collect(),
    }
}

fn kind(kind: document::ColumnKind) -> ColumnKind {
    match kind {
        document::ColumnKind::Text => ColumnKind::Text,
        document::ColumnKind::LongText => ColumnKind::LongText,
        document::ColumnKind::YesNo => ColumnKind::YesNo,
        document::ColumnKind::Choice => ColumnKind::Choice,
        document::ColumnKind::Integer => ColumnKind::Integer,
        document::ColumnKind::Decimal => ColumnKind::Decimal,
        document::ColumnKind::Money => ColumnKind::Money,
        document::ColumnKind::Date => ColumnKind::Date,
        document::ColumnKind::Instant => ColumnKind::Instant,
    }
}
