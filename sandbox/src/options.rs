//! What a sandbox is started with, and what it tells about itself.

use std::path::PathBuf;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::seed::Seed;

/// How to start a sandbox. The default takes any free ports and adds no tables.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// Which ports to listen on.
    pub ports: Ports,
    /// Columns and tables added to the CRM.
    pub custom: Vec<CustomTable>,
    /// The partner whose Partner Center this is.
    pub organization: Organization,
    /// Wait between two attempts to deliver an event. The real spacing is not documented.
    pub delivery_spacing: Duration,
    /// Whether the addresses are https, by an authority of the sandbox's own. Plain http works at them as well.
    pub tls: bool,
    /// Behaviours to turn on or off, by name.
    pub behaviours: Vec<(String, bool)>,
    /// Certificates that the application has registered, PEM: it can sign in with their keys.
    pub client_certificates: Vec<String>,
    /// The file that keeps the state between two starts; without one it is gone with the sandbox.
    pub state: Option<PathBuf>,
    /// What it begins with, unless there is a state already.
    pub seed: Option<Seed>,
}

impl Default for SandboxOptions {
    fn default() -> SandboxOptions {
        SandboxOptions {
            ports: Ports::default(),
            custom: Vec::new(),
            organization: Organization::default(),
            delivery_spacing: Duration::from_millis(200),
            tls: false,
            behaviours: Vec::new(),
            client_certificates: Vec::new(),
            state: None,
            seed: None,
        }
    }
}

/// A port for each server on the loopback address; 0 takes any free one.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ports {
    /// The token endpoint.
    pub entra: u16,
    /// The referrals host.
    pub referrals: u16,
    /// The host of webhook registrations.
    pub partner_center: u16,
    /// The CRM.
    pub dataverse: u16,
    /// The server of the signing certificate.
    pub certificates: u16,
    /// The server for the person at the keyboard.
    pub admin: u16,
}

/// The partner organization.
#[derive(Debug, Clone)]
pub struct Organization {
    /// Its id, a GUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Its partner location id, digits.
    pub mpn_id: String,
}

impl Default for Organization {
    fn default() -> Organization {
        Organization {
            id: "33333333-3333-4333-8333-333333333333".to_owned(),
            name: "Fabrikam Test AB".to_owned(),
            mpn_id: "1234567".to_owned(),
        }
    }
}

/// Columns for a standard table, or a whole new table.
#[derive(Debug, Clone)]
pub struct CustomTable {
    /// Logical name: `opportunity` to extend a standard table, `cosell_solution` for a new one.
    pub name: String,
    /// The table that a new table's rows belong to.
    pub parent: Option<String>,
    /// The columns to add.
    pub columns: Vec<CustomColumn>,
}

/// One added column.
#[derive(Debug, Clone)]
pub struct CustomColumn {
    /// Logical name, with the publisher's prefix.
    pub name: String,
    /// What it holds.
    pub kind: ColumnKind,
    /// Its label for people.
    pub title: String,
    /// Whether it is an alternate key by itself: no two rows share a value. Rows without one are
    /// not compared. Lines of text, choices, numbers, days and instants can be keys.
    pub key: bool,
    /// For text: the most characters. `None` takes the most its kind can hold.
    pub max_length: Option<u32>,
}

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnKind {
    /// One line of text.
    Text,
    /// Several lines of text.
    LongText,
    /// True or false.
    YesNo,
    /// One option, by its number.
    Choice,
    /// Several options, by their numbers: `1,3`.
    Choices,
    /// A whole number.
    Integer,
    /// A decimal number.
    Decimal,
    /// An amount in the row's currency.
    Money,
    /// A day without a time.
    Date,
    /// A date and time, kept in UTC.
    Instant,
}

/// Base address of each server, as `http://127.0.0.1:PORT` or `https://localhost:PORT`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Addresses {
    /// Tokens: `/{tenant}/oauth2/v2.0/token`.
    pub entra: String,
    /// Referrals: `/v1.0/engagements/referrals`.
    pub referrals: String,
    /// Webhook registration: `/webhooks/v1/registration`.
    pub partner_center: String,
    /// The CRM: `/api/data/v9.2/`.
    pub dataverse: String,
    /// The signing certificate: `/cert/pcnotifications-dispatch.microsoft.com.cer`.
    pub certificates: String,
    /// For the person at the keyboard: `/`.
    pub admin: String,
}

/// What a client needs to sign in.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Credentials {
    /// The tenant, a GUID.
    pub tenant: String,
    /// The application.
    pub client_id: String,
    /// The application's secret.
    pub client_secret: String,
    /// A refresh token of a partner user, good for Partner Center and the CRM.
    pub refresh_token: String,
    /// A bearer token that stands for a person who uses the portal or the CRM. Every service
    /// accepts it.
    pub seller_token: String,
}

/// Why a sandbox did not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A port is taken or may not be used.
    #[error("cannot listen on 127.0.0.1:{port} for `{service}`: {source}; choose another port or 0")]
    Listen {
        /// The server.
        service: &'static str,
        /// The port asked for.
        port: u16,
        /// The system's answer.
        source: std::io::Error,
    },
    /// The certificate chain could not be made.
    #[error("cannot make the signing certificates: {0}")]
    Certificates(String),
    /// The HTTP client for deliveries could not be made.
    #[error("cannot make the HTTP client for deliveries: {0}")]
    Client(#[from] reqwest::Error),
    /// No behaviour has that name.
    #[error("there is no behaviour `{0}`; `cosell sandbox --behaviours` lists them")]
    Behaviour(String),
    /// A client certificate cannot be used.
    #[error("the client certificate cannot be used: {0}; a certificate with an RSA key is needed, as PEM")]
    ClientCertificate(String),
    /// The seed cannot be read, or the CRM refuses a row of it.
    #[error("the seed cannot be sown: {0}")]
    Seed(String),
    /// The state cannot be read or written.
    #[error("the state in `{}` cannot be {verb}: {reason}", file.display())]
    State {
        /// The file.
        file: PathBuf,
        /// `read` or `written`.
        verb: &'static str,
        /// Why.
        reason: String,
    },
    /// A custom table does not fit the ones there are.
    #[error("custom table `{table}` cannot be added: {reason}")]
    CustomTable {
        /// The table's logical name.
        table: String,
        /// What is wrong with it.
        reason: String,
    },
}
