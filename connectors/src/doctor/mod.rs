//! Looks whether the services of an environment can be used, and says of what cannot why, and how to mend it.
//!
//! The checks of a connection stand in the order in which a call meets what they look at: address → clock → token →
//! whom the token is for → whether the service lets its bearer in (`access.rs`) → what only that service has: the
//! registration for events (`registration.rs`), the columns and keys of the CRM (`tables.rs`). After the first that
//! goes wrong, those that depend on it are not tried.
//!
//! Everything is read; nothing is changed.

mod access;
mod registration;
mod tables;

use crate::settings::{Connections, SettingsError};
pub use registration::where_events_go;

/// What a pack wants of the services.
#[derive(Debug, Clone, Default)]
pub struct Needs {
    /// The connectors that it goes through.
    pub connectors: Vec<String>,
    /// The public address that events are to be sent to; none where the engine asks for changes.
    pub events_at: Option<String>,
    /// The tables of the CRM.
    pub tables: Vec<TableNeeds>,
}

/// What a pack wants of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct TableNeeds {
    /// The table's logical name.
    pub name: String,
    /// Names of columns and of related rows.
    pub fields: Vec<String>,
    /// Columns by which rows are found: each an alternate key of its own.
    pub keys: Vec<String>,
}

/// One thing that was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// The connection's name, as in the environment file.
    pub connection: &'static str,
    /// What was looked at: `token`.
    pub name: &'static str,
    /// What came out.
    pub finding: Finding,
}

/// What came out of a check.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Finding {
    /// It is as it should be; what was seen.
    Good(String),
    /// Something is wrong.
    Wrong {
        /// What.
        what: String,
        /// What can be done about it.
        help: String,
    },
    /// It was not tried; why.
    NotTried(String),
    /// The pack wants the connection, and the environment does not say where the service is: nothing of it was tried.
    NotBound,
}

/// Looks at every connection that is bound, or that the pack wants.
///
/// # Errors
///
/// None that a service causes, those are findings: an address that is no address, or a sign-in that cannot be used.
pub async fn examine(connections: &Connections, needs: &Needs) -> Result<Vec<Check>, SettingsError> {
    let mut checks = Vec::new();
    match &connections.partner_center {
        Some(settings) => {
            let mut found = Findings::of("partner_center", &mut checks);
            access::of_person(&mut found, &settings.client()?, &settings.sign_in).await;
        }
        None => unbound("partner_center", needs, &mut checks),
    }
    match &connections.events {
        Some(settings) => {
            let mut found = Findings::of("events", &mut checks);
            registration::examine(&mut found, &settings.client()?, needs.events_at.as_deref()).await;
        }
        None => unbound("events", needs, &mut checks),
    }
    match &connections.dataverse {
        Some(settings) => {
            let mut found = Findings::of("dataverse", &mut checks);
            tables::examine(&mut found, &settings.service()?, &needs.tables).await;
        }
        None => unbound("dataverse", needs, &mut checks),
    }
    Ok(checks)
}

/// What was found at one connection, in order.
struct Findings<'a> {
    connection: &'static str,
    checks: &'a mut Vec<Check>,
}

impl<'a> Findings<'a> {
    fn of(connection: &'static str, checks: &'a mut Vec<Check>) -> Findings<'a> {
        Findings { connection, checks }
    }

    /// Notes a finding. True where it is not wrong.
    fn add(&mut self, name: &'static str, finding: Finding) -> bool {
        let goes_on = !matches!(finding, Finding::Wrong { .. });
        self.checks.push(Check { connection: self.connection, name, finding });
        goes_on
    }

    /// Notes what is not tried, since something before it is wrong.
    fn leave_out(&mut self, names: &[&'static str]) {
        for name in names {
            self.add(name, Finding::NotTried("what is wrong above comes first".to_owned()));
        }
    }
}

fn wrong(what: impl Into<String>, help: impl Into<String>) -> Finding {
    Finding::Wrong { what: what.into(), help: help.into() }
}

fn unbound(connection: &'static str, needs: &Needs, checks: &mut Vec<Check>) {
    if needs.connectors.iter().any(|name| name == connection) {
        checks.push(Check { connection, name: "address", finding: Finding::NotBound });
    }
}
