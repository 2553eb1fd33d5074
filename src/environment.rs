//! `environments/NAME.yaml`: what binds a pack to addresses, credentials and parameter values.

mod store;

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cosell_connectors::Connections;
use cosell_engine::document::read_shape;
use cosell_engine::engine::EngineOptions;
use cosell_engine::source::{Problems, Route, Source};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::Value;

pub use store::{KeepSettings, KeySettings, StoreSettings};

use crate::failure::Failure;

/// An environment: bindings, parameter values, settings of the engine.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Environment {
    /// The environment's name.
    #[serde(default)]
    pub environment: String,
    /// Values for the parameters that the pack declares.
    #[serde(default)]
    pub parameters: IndexMap<String, Value>,
    /// Addresses and credentials of the services.
    #[serde(default)]
    pub connections: Connections,
    /// How the engine serves.
    #[serde(default)]
    pub engine: EngineSettings,
}

/// How the engine serves.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct EngineSettings {
    /// Where it listens for webhooks.
    pub listen: SocketAddr,
    /// The address under which the services reach it, such as `https://cosell.example.org`.
    pub public_url: Option<String>,
    /// Whether services send their events here. `false`: the engine asks for them, and needs no public address.
    pub webhook: bool,
    /// Seconds between two questions to a service that is polled.
    pub poll_every: f64,
    /// Certificate and key for serving TLS; without it a proxy in front of the engine does that.
    pub tls: Option<TlsSettings>,
    /// Where runs are kept, and for how long.
    pub store: StoreSettings,
    /// The most runs that are driven side by side. Those that sleep do not count.
    pub at_once: usize,
}

/// Files for serving TLS, in PEM.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TlsSettings {
    /// The certificate and those between it and its root.
    pub certificate: PathBuf,
    /// Its private key.
    pub key: PathBuf,
}

/// The shortest and the longest time between two polls.
const POLL_RANGE: (f64, f64) = (0.05, 86_400.0);

/// More runs side by side would only wait for each other.
const MOST_AT_ONCE: usize = 10_000;

impl Default for EngineSettings {
    fn default() -> EngineSettings {
        EngineSettings {
            listen: SocketAddr::from(([127, 0, 0, 1], 8080)),
            public_url: None,
            webhook: true,
            poll_every: 60.0,
            tls: None,
            store: StoreSettings::default(),
            at_once: 512,
        }
    }
}

impl EngineSettings {
    /// The time between two polls.
    pub fn poll_pause(&self) -> Duration {
        Duration::from_secs_f64(self.poll_every.clamp(POLL_RANGE.0, POLL_RANGE.1))
    }

    /// The same as the engine wants it.
    pub fn options(&self) -> EngineOptions {
        EngineOptions { at_once: self.at_once.clamp(1, MOST_AT_ONCE), keep: self.store.keep.keep() }
    }
}

impl Environment {
    /// Paths in the file count from its folder.
    fn relative_to(mut self, folder: &Path) -> Environment {
        self.connections = self.connections.relative_to(folder);
        if let Some(tls) = &mut self.engine.tls {
            tls.certificate = folder.join(&tls.certificate);
            tls.key = folder.join(&tls.key);
        }
        self.engine.store.relative_to(folder);
        self
    }

    /// Reads an environment file, with every mistake in it.
    pub fn read(path: &Path) -> Result<Environment, Failure> {
        let text = std::fs::read_to_string(path)
            .map_err(|error| Failure::Usage(format!("cannot read the environment {}: {error}", path.display())))?;
        let (source, mut problems) = Source::read(path.display().to_string(), text);
        if !problems.is_empty() && source.value().is_null() {
            return Err(Problems(problems).into());
        }
        if let Some(at) = written_secret(source.value(), &Route::root()) {
            let (line, _) = source.line_and_column(source.span(&at).start);
            let message =
                "a secret does not stand in the file; write `{ env: NAME }`, `{ file: PATH }` or `{ keyring: NAME }`";
            return Err(Failure::Data(format!("{}:{line}: {message}", source.name())));
        }
        let shaped = read_shape::<Environment>(&source, &Route::root(), source.value());
        problems.extend(shaped.problems);
        match shaped.document {
            Some(environment) if problems.is_empty() => {
                Ok(environment.relative_to(path.parent().unwrap_or(Path::new(""))))
            }
            _ => Err(Problems(problems).sorted().into()),
        }
    }
}

/// Where a secret stands as text: told without the line, which a problem would show.
fn written_secret(value: &Value, at: &Route) -> Option<Route> {
    value.as_object()?.iter().find_map(|(key, entry)| {
        let at = at.key(key);
        let is_secret = ["client_secret", "client_certificate", "refresh_token"].contains(&key.as_str());
        if is_secret && !entry.is_object() && !entry.is_null() { Some(at) } else { written_secret(entry, &at) }
    })
}
